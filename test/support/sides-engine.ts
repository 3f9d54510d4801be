import { fromArrays, pca, randomSplit, standardise } from "../../src/data/index.ts";
import { connection, engine, perception, quantumLayer, Rng } from "../../src/index.ts";

const rng = Rng.seed(4);
/** Two classes of points in six columns, each of which tells them apart a little. */
const rows = Array.from({ length: 120 }, (_, i) => {
  const label = i % 2;
  return [3 * label + rng.normal(), 2 * label - rng.normal(), ...Array.from({ length: 4 }, () => label + rng.normal())];
});
const points = fromArrays(
  rows,
  rows.map((_, i) => (i % 2 === 0 ? "left" : "right")),
  { targetName: "side" },
);

/** 72, 24 and 24 rows. */
export const sidesParts = randomSplit(
  points,
  { train: 0.6, validation: 0.2, test: 0.2 },
  { seed: 1, stratified: true },
);

export const sidesLayer = (qubits: number) =>
  quantumLayer({
    qubits,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 1 }),
    seed: 3,
  });

/** An engine with two qubits that has learned nothing yet: 2 epochs of 6 steps. */
export const sides = () =>
  engine({
    name: "sides",
    data: sidesParts,
    features: [standardise(), pca({ numComponents: 2 })],
    quantum: sidesLayer(2),
    optimize: { learningRate: 0.1, epochs: 2, batchSize: 12 },
    seed: 5,
  });
