import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { BATCH, digitsTask, fitSide, trainSide } from "./digits-step.ts";
import { PENNYLANE_TORCH, QISKIT_TORCH } from "./peer-list.ts";

/** W5: a whole training step of the digits example's hybrid model, forward, loss, backward and Adam. */
export async function runW5(options: BenchOptions): Promise<void> {
  const measured = {
    workload: "W5",
    numQubits: 4,
    batch: BATCH,
    task: digitsTask(),
    peers: [PENNYLANE_TORCH, QISKIT_TORCH],
    ours: trainSide,
    otherSides: [fitSide],
    // Tensors are float32 on all sides.
    tolerance: 1e-4,
  };
  await benchmark("w5", [measured], options);
}
