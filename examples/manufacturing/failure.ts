/** Which machines break, from three sensors, the team that runs them and the provider that built them. */
import "@tensorflow/tfjs-backend-cpu";
import { columns, readCsv, splitByNames, standardise, type Table, textsOf } from "../../src/data/index.ts";
import { connection, engine, type LeptonEngine, perception, quantumLayer } from "../../src/index.ts";

export type Machines = Readonly<Record<"train" | "test", Table>>;

export const SENSORS = ["pressureInd", "moistureInd", "temperatureInd"] as const;

/** 1,000 machines. Those that are not broken are only not broken yet: watching them ended after `lifetime` weeks. */
export function loadMachines(): Machines {
  const table = readCsv(new URL("./maintenance.csv", import.meta.url));
  return splitByNames(table, textsOf(table, "split"), ["train", "test"]);
}

/** What is known while a machine runs. How long it ran in all, `lifetime`, is known afterwards: as a feature it leaks the answer. */
export const known = columns({
  target: "broken",
  number: [{ columns: SENSORS, transform: standardise() }],
  categorical: ["team", "provider"],
});

/** The same with the leak. Never do this; it is here to show what it does. */
export const leaking = columns({
  target: "broken",
  number: [{ columns: [...SENSORS, "lifetime"], transform: standardise() }],
  categorical: ["team", "provider"],
});

/** A trained layer brings the ten features to four angles; two strongly entangling layers and a softmax follow. */
export function failureModel(data: Machines, steps: number, seed: number): LeptonEngine<Table> {
  return engine({
    name: "failure",
    data,
    features: known,
    quantum: {
      layer: quantumLayer({
        qubits: 4,
        perception: perception.angle({ rotation: "Y" }),
        connection: connection.stronglyEntangling({ layers: 2 }),
        initializer: { type: "gaussian", std: 0.1 },
        seed,
      }),
      bottleneck: true,
    },
    optimize: { learningRate: 0.02, steps, batchSize: 32 },
    seed,
  });
}
