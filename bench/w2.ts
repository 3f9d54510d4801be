import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { gradientCase } from "./gradient.ts";
import { LIGHTNING, PENNYLANE_JAX, QULACS } from "./peer-list.ts";
import { isingChain, w2Circuit } from "./workloads.ts";

/** W2: an energy and its gradient, one step of a variational eigensolver. */
export async function runW2(options: BenchOptions): Promise<void> {
  const cases = [12, 16, 20].map((numQubits) =>
    gradientCase({
      workload: "W2",
      circuit: w2Circuit(numQubits),
      observables: [isingChain(numQubits)],
      batch: 1,
      seeds: { inputs: 1, weights: 5, cotangents: 3 },
      peers: [LIGHTNING, QULACS, ...(numQubits <= 12 ? [PENNYLANE_JAX] : [])],
    }),
  );
  await benchmark("w2", cases, options);
}
