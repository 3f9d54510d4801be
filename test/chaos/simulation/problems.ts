import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { Circuit, input, Rng, realAmplitudes, SparsePauliOp, weight } from "../../../circuits/index.ts";
import type { Backend } from "../../../providers/index.ts";
import { adam, minimize, quantumLayer, rotosolve, sgd, spsa, train } from "../../../src/index.ts";
import type { RunRecord } from "../../../src/runs/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import type { RunKeeping } from "../../../src/training/run.ts";

/** How a process drives a run: the documented call, and nothing else. */
export interface Driving extends RunKeeping {
  readonly id: string;
  readonly provider: Backend;
  readonly signal?: AbortSignal;
}

/** A run as it is driven: what can be asked of it, and at the end its numbers bit by bit. */
export interface Driven {
  stop(): void;
  suspend(): Promise<void>;
  /** Whether it is done, or was asked to stop before; and its numbers. */
  readonly outcome: Promise<{ readonly stopped: boolean; readonly bits: string }>;
}

export interface Problem {
  readonly name: string;
  readonly steps: number;
  start(driving: Driving): Driven;
}

const circuit = realAmplitudes({ numQubits: 2, reps: 1 });
const observable = SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX");
const OPTIMIZERS = {
  adam: () => adam({ learningRate: 0.1 }),
  sgd: () => sgd({ learningRate: 0.2 }),
  spsa: () => spsa({ seed: 1 }),
  rotosolve: () => rotosolve(circuit),
};
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as (keyof typeof OPTIMIZERS)[];

/** So large that a run does not keep every snapshot. */
const BULK = 40_000;

export interface MinimizeForm {
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly steps: number;
  readonly seed: number;
  /** With a callback of a large state. */
  readonly bulky: boolean;
}

export function minimizeProblem({ optimizer, steps, seed, bulky }: MinimizeForm): Problem {
  return {
    name: `minimize ${optimizer} ${steps} ${seed}${bulky ? " bulky" : ""}`,
    steps,
    start({ provider, ...driving }) {
      let seen = new Float64Array(bulky ? BULK : 0);
      const callback = {
        onStep({ step, value }: { readonly step: number; readonly value: number }): void {
          seen[step] = value;
        },
        state: () => seen.slice(),
        restore(state: unknown): void {
          seen = Float64Array.from(state as Float64Array);
        },
      };
      const run = minimize({
        ...driving,
        ...{ circuit, observable, steps, seed, precision: 0.1, provider, optimizer: OPTIMIZERS[optimizer]() },
        ...(bulky ? { callbacks: callback } : {}),
      });
      return {
        stop: () => run.stop(),
        suspend: () => run.suspend(),
        outcome: run.result().then(({ ended, weights, value, stderr }) => ({
          stopped: ended === "stopped",
          bits: bitsOf([...weights, value, stderr]),
        })),
      };
    },
  };
}

const x = input("x", 2);
const w = weight("w", 2);
const layerCircuit = Circuit.build(2, (c) => {
  c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).cx(0, 1).ry(w.at(1), 1);
});
const rows = (count: number, seed: string) => {
  const rng = Rng.seed(seed);
  return {
    x: Array.from({ length: count }, () => [rng.uniform(), rng.uniform()]),
    y: Array.from({ length: count }, () => [rng.uniform()]),
  };
};
const data = rows(5, "rows");
const validation = rows(2, "validation");

/** Two epochs of two steps each, with all that draws from a generator or has a memory. */
export function trainProblem(seed: number): Problem {
  return {
    name: `train ${seed}`,
    steps: 4,
    start({ provider, ...driving }) {
      const model = hybrid();
      const run = train(model, data, {
        ...driving,
        ...{ provider, seed, validation, batchSize: 3, epochs: 2, precision: 0.1 },
        ...{ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" },
      });
      return {
        stop: () => run.stop(),
        suspend: () => run.suspend(),
        outcome: run.result().then(({ ended, loss, history }) => {
          const numbers = model.getWeights().flatMap((tensor) => [...tensor.dataSync()]);
          for (const epoch of history) numbers.push(epoch.loss, epoch.validation?.loss ?? Number.NaN);
          return { stopped: ended === "stopped", bits: bitsOf([...numbers, loss]) };
        }),
      };
    },
  };
}

function hybrid(): tfl.Sequential {
  const dense = (units: number, seed: number) =>
    tfl.layers.dense({ units, activation: "tanh", kernelInitializer: tfl.initializers.glorotNormal({ seed }) });
  const model = tfl.sequential();
  model.add(tfl.layers.inputLayer({ inputShape: [2] }));
  model.add(dense(2, 1));
  model.add(tfl.layers.dropout({ rate: 0.25 }));
  model.add(quantum(quantumLayer({ circuit: layerCircuit, observables: ["ZI", "IZ"] })));
  model.add(dense(1, 2));
  return model;
}

/** The numbers of the steps in a journal, bit by bit. */
export function stepBits(records: readonly RunRecord[]): readonly string[] {
  return records.flatMap(({ event }) => {
    if (event.type !== "step") return [];
    const { value, loss, stderr, checkpoint } = event.report as {
      readonly value?: number;
      readonly loss?: number;
      readonly stderr?: number | null;
      readonly checkpoint?: { readonly weights: readonly number[] };
    };
    return [bitsOf([value ?? loss ?? Number.NaN, stderr ?? 0, ...(checkpoint?.weights ?? [])])];
  });
}

export function bitsOf(numbers: readonly number[]): string {
  return Buffer.from(Float64Array.from(numbers).buffer).toString("hex");
}

/** Numbers that are none, among such bits. */
export function notFinite(bits: string): number {
  const bytes = Buffer.from(bits, "hex");
  let found = 0;
  for (let at = 0; at + 8 <= bytes.length; at += 8) if (!Number.isFinite(bytes.readDoubleLE(at))) found++;
  return found;
}
