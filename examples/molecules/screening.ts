/** How well molecules dissolve in water, from four descriptors: the simplest question of a screening. */
import "@tensorflow/tfjs-backend-cpu";
import {
  type Dataset,
  datasetFromTable,
  minMax,
  readCsv,
  splitByNames,
  standardise,
  textsOf,
} from "../../src/data/index.ts";
import { connection, engine, type LeptonEngine, perception, quantumLayer } from "../../src/index.ts";

/** 1,282 molecules; the target is log10 of the solubility in mol/l, and the split is the table's own. */
export function loadSolubility(): Readonly<Record<"train" | "test", Dataset>> {
  const table = readCsv(new URL("./solubility.csv", import.meta.url));
  const all = datasetFromTable(table, { target: "log_solubility", task: "regression", exclude: ["name", "split"] });
  return splitByNames(all, textsOf(table, "split"), ["train", "test"]);
}

/** Descriptors as angles, two strongly entangling layers, and a linear combination of the four expectation values. */
export function solubilityModel(
  data: Readonly<Record<"train" | "test", Dataset>>,
  steps: number,
  seed: number,
): LeptonEngine {
  return engine({
    name: "solubility",
    data,
    features: [standardise(), minMax({ range: [-Math.PI / 2, Math.PI / 2] })],
    quantum: quantumLayer({
      qubits: 4,
      perception: perception.angle({ rotation: "Y" }),
      connection: connection.stronglyEntangling({ layers: 2 }),
      initializer: { type: "gaussian", std: 0.1 },
      seed,
    }),
    optimize: { learningRate: 0.05, steps, batchSize: 32 },
    seed,
  });
}
