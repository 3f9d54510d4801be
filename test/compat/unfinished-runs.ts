import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { Circuit, input, Rng, realAmplitudes, SparsePauliOp, weight } from "../../circuits/index.ts";
import { startEmulator } from "../../providers/emulator/index.ts";
import { adam, minimize, type RunStore, spsa, train } from "../../src/index.ts";
import { quantumLayer } from "../../src/layers/index.ts";
import { hashOf } from "../../src/runs/index.ts";
import { quantum } from "../../src/tfjs.ts";
import { EMULATED_BACKEND, emulatedProvider } from "../support/emulated-provider.ts";

/** A run that was stopped after `stopAt` steps by the version of its ledger, to be finished by this one. */
export interface UnfinishedRun {
  readonly id: string;
  readonly stopAt: number;
  /** Drives it to its end, or until it has done so many steps; resolves to the hash of its weights. */
  drive(store: RunStore, stopAt?: number): Promise<string>;
}

const circuit = realAmplitudes({ numQubits: 2, reps: 1 });
const observable = SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX");

async function until<Step extends { readonly step: number }>(
  run: AsyncIterable<Step> & { stop(): void },
  stopAt: number | undefined,
): Promise<void> {
  for await (const { step } of run) if (step === stopAt) run.stop();
}

const bytesOf = (values: Float64Array | Float32Array): Uint8Array => new Uint8Array(values.buffer.slice(0));

const local: UnfinishedRun = {
  id: "local-minimize",
  stopAt: 3,
  async drive(store, stopAt) {
    const { localSimulator } = await import("../../providers/index.ts");
    const options = { circuit, observable, steps: 6, seed: 5, precision: 0.1, method: "parameter-shift" } as const;
    const optimizer = adam({ learningRate: 0.1 });
    const run = minimize({ ...options, optimizer, provider: localSimulator(), store, id: "local-minimize" });
    await until(run, stopAt);
    return hashOf(bytesOf((await run).weights));
  },
};

const emulated: UnfinishedRun = {
  id: "emulated-minimize",
  stopAt: 2,
  async drive(store, stopAt) {
    await using emulator = await startEmulator({ devices: ["manila"], clock: "automatic", seed: 3, noise: false });
    const options = { circuit, observable, steps: 4, seed: 5, precision: 0.1, optimizer: spsa({ seed: 1 }) } as const;
    const backend = await emulatedProvider(emulator).backend(EMULATED_BACKEND);
    const run = minimize({ ...options, provider: backend, store, id: "emulated-minimize", budget: "500s" });
    await until(run, stopAt);
    return hashOf(bytesOf((await run).weights));
  },
};

const x = input("x", 2);
const w = weight("w", 4);
const hybridCircuit = Circuit.build(2, (c) => {
  c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).ry(w.at(1), 1).cx(0, 1).ry(w.at(2), 0).ry(w.at(3), 1);
});

const hybrid: UnfinishedRun = {
  id: "hybrid-train",
  stopAt: 4,
  async drive(store, stopAt) {
    const rng = Rng.seed("compat");
    const rows = (count: number) => ({
      x: Array.from({ length: count }, () => Array.from({ length: 3 }, () => rng.uniform())),
      y: Array.from({ length: count }, () => [rng.uniform()]),
    });
    const [data, validation] = [rows(10), rows(5)];
    const model = tfl.sequential();
    model.add(tfl.layers.dense({ units: 2, inputShape: [3], activation: "tanh" }));
    model.add(tfl.layers.dropout({ rate: 0.25 }));
    model.add(tfl.layers.batchNormalization());
    model.add(quantum(quantumLayer({ circuit: hybridCircuit, observables: ["ZI", "IZ"] })));
    model.add(tfl.layers.dense({ units: 1 }));
    const run = train(model, data, {
      optimizer: tf.train.adam(0.05),
      loss: "meanSquaredError",
      batchSize: 4,
      epochs: 3,
      validation,
      earlyStopping: { patience: 3 },
      store,
      id: "hybrid-train",
    });
    await until(run, stopAt);
    await run;
    return hashOf(Buffer.concat(model.getWeights().map((tensor) => bytesOf(tensor.dataSync() as Float32Array))));
  },
};

export const UNFINISHED: readonly UnfinishedRun[] = [local, emulated, hybrid];
