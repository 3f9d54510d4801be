/**
 * Small runs on a service, for processes that are killed: the file of a run as the command line takes it, and what a program
 * needs to drive the same. KILLED_RUN says in JSON which one.
 */
import { createHash } from "node:crypto";
import { Circuit, input, weight } from "../../circuits/index.ts";
import { SubmitLimiter } from "../../providers/ibm/index.ts";
import type { Backend } from "../../providers/index.ts";
import type { MinimizeOptions, RunConfig, TrainOptions } from "../../src/index.ts";
import { readSafetensors } from "../../src/runs/safetensors.ts";
import { EMULATED_BACKEND, emulatedProvider, type ServiceAddress } from "./emulated-provider.ts";
import { smallProblem } from "./small-problem.ts";

export interface KilledRunSettings {
  readonly kind: "minimize" | "train";
  readonly seed: number;
  readonly steps: number;
  /** With snapshots of which not all are kept. */
  readonly large?: boolean;
  /** Says nothing of its steps. */
  readonly quiet?: boolean;
  readonly service: ServiceAddress;
}

/** Within so long a job is listed that was accepted, and a submit that was broken off is accepted. */
export const LAG_SECONDS = 0.5;
export const SUBMIT_TIMEOUT_SECONDS = 2;

export function killedBackend(service: ServiceAddress): Promise<Backend> {
  const provider = emulatedProvider(service, {
    poll: { firstSeconds: 0.02, queuedSeconds: 0.05, runningSeconds: 0.05 },
    lagSeconds: LAG_SECONDS,
    submitTimeoutSeconds: SUBMIT_TIMEOUT_SECONDS,
    limiter: new SubmitLimiter({ limit: Number.POSITIVE_INFINITY }),
  });
  return provider.backend(EMULATED_BACKEND);
}

/** One job a step, and one for the value at the end. */
export function minimisation({
  seed,
  steps,
  large = false,
}: Pick<KilledRunSettings, "seed" | "steps" | "large">): Omit<MinimizeOptions, "provider" | "price"> {
  return {
    ...smallProblem(steps),
    seed,
    ...(large ? { callbacks: weighty() } : {}),
  };
}

/** A callback with a state of 320 kB, another one after each step. */
function weighty() {
  let steps = 0;
  return {
    onStep() {
      steps++;
    },
    state: () => ({ steps, values: new Float64Array(40_000).fill(steps) }),
    restore(state: unknown) {
      ({ steps } = state as { steps: number });
    },
  };
}

/** One job a step, and one for the validation at the end of the epoch. The weights depend on draws in every step. */
export async function training({ seed, steps }: Pick<KilledRunSettings, "seed" | "steps">) {
  await import("@tensorflow/tfjs-backend-cpu");
  const tf = await import("@tensorflow/tfjs-core");
  const tfl = await import("@tensorflow/tfjs-layers");
  const { quantum } = await import("../../src/tfjs.ts");
  const { quantumLayer } = await import("../../src/layers/index.ts");
  await tf.setBackend("cpu");
  const x = input("x", 2);
  const w = weight("w", 2);
  const circuit = Circuit.build(2, (c) => {
    c.ry(x.at(0), 0).ry(x.at(1), 1).cx(0, 1).ry(w.at(0), 0).ry(w.at(1), 1);
  });
  const model = tfl.sequential();
  const kernelInitializer = tfl.initializers.glorotNormal({ seed });
  model.add(tfl.layers.dense({ units: 2, activation: "tanh", inputShape: [3], kernelInitializer }));
  model.add(tfl.layers.dropout({ rate: 0.25 }));
  model.add(quantum(quantumLayer({ circuit, observables: ["ZI", "IZ"] })));
  model.add(tfl.layers.dense({ units: 1, kernelInitializer: tfl.initializers.glorotNormal({ seed: seed + 1 }) }));
  const rows = (count: number, shift: number) => ({
    x: Array.from({ length: count }, (_, i) => [0, 1, 2].map((j) => Math.sin(3 * i + j + shift))),
    y: Array.from({ length: count }, (_, i) => [Math.cos(i + shift)]),
  });
  return {
    model,
    data: rows(2 * steps, seed),
    options: {
      validation: rows(2, seed + 0.5),
      optimizer: tf.train.adam(0.05),
      loss: "meanSquaredError",
      batchSize: 2,
      epochs: 1,
      seed,
      precision: 0.1,
    } satisfies TrainOptions,
  };
}

/** SHA-256 of the tensors of a file of weights, whatever else stands in it. */
export function weightsDigest(safetensors: Uint8Array): string {
  const { tensors } = readSafetensors(safetensors);
  const digest = createHash("sha256");
  for (const [name, { dtype, shape, data }] of tensors)
    digest
      .update(JSON.stringify([name, dtype, shape]))
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return digest.digest("hex");
}

export function killedRunSettings(): KilledRunSettings {
  return JSON.parse(process.env.KILLED_RUN!) as KilledRunSettings;
}

export default async function killedRun(): Promise<RunConfig> {
  const settings = killedRunSettings();
  const provider = await killedBackend(settings.service);
  if (settings.kind === "minimize") return { ...minimisation(settings), provider };
  const { model, data, options } = await training(settings);
  return { model, data, ...options, provider };
}
