import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { gradientCase } from "./gradient.ts";
import { JAX, LIGHTNING, PENNYLANE_JAX, QULACS } from "./peer-list.ts";
import { everyZ, w1Circuit } from "./workloads.ts";

const SIZES = [4, 8, 12].flatMap((numQubits) => [32, 256].map((batch) => [numQubits, batch] as const));

/** W1: one step of a quantum machine learning model, gradients for weights and inputs. */
export async function runW1(options: BenchOptions): Promise<void> {
  const cases = SIZES.map(([numQubits, batch]) =>
    gradientCase({
      workload: "W1",
      circuit: w1Circuit(numQubits),
      observables: everyZ(numQubits),
      batch,
      seeds: { inputs: 1, weights: 2, cotangents: 3 },
      peers: [PENNYLANE_JAX, JAX, LIGHTNING, QULACS],
    }),
  );
  await benchmark("w1", cases, options);
}
