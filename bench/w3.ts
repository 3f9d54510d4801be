import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { AER, LIGHTNING, QULACS } from "./peer-list.ts";
import { stateCase } from "./state.ts";
import { qftCircuit, w3Circuit } from "./workloads.ts";

const PEERS = [LIGHTNING, QULACS, AER];

/** W3: the whole state of a random circuit of depth 20. */
export async function runW3(options: BenchOptions): Promise<void> {
  const cases = [20, 22, 24].map((numQubits) =>
    stateCase({ workload: "W3", circuit: w3Circuit(numQubits), peers: PEERS }),
  );
  await benchmark("w3", cases, options);
}

/** W3q: the quantum Fourier transform of a state that is no product. */
export async function runW3q(options: BenchOptions): Promise<void> {
  const work = { workload: "W3q", preparation: w3Circuit(22, 1), circuit: qftCircuit(22), peers: PEERS };
  await benchmark("w3q", [stateCase(work)], options);
}
