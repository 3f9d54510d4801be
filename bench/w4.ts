import { Rng } from "../circuits/index.ts";
import { createStatevectorEngine } from "../providers/index.ts";
import { sampleShuffled } from "../providers/simulator/sampling.ts";
import type { BenchOptions } from "./arguments.ts";
import { benchmark } from "./benchmark.ts";
import { type Measured, ownSide } from "./measure.ts";
import { QULACS } from "./peer-list.ts";
import { stateTask } from "./state.ts";
import { w3Circuit } from "./workloads.ts";

const SHOTS = 100_000;
/** Six standard errors of a mean of ±1. */
const SIX_SIGMA = 6 / Math.sqrt(SHOTS);

/** W4: 100,000 shots of all qubits from a state that is there already. */
export async function runW4(options: BenchOptions): Promise<void> {
  const circuit = w3Circuit(20);
  const prepare = () => {
    const state = createStatevectorEngine().statevector(circuit).statevector(new Float64Array(0));
    const rng = Rng.seed(11);
    let outcomes: Int32Array = new Int32Array(0);
    return {
      run: () => {
        outcomes = sampleShuffled(state, SHOTS, rng);
      },
      check: () => [meanZ(outcomes, 0), meanZ(outcomes, 19)],
    };
  };
  const measured: Measured = {
    workload: "W4",
    numQubits: circuit.numQubits,
    batch: SHOTS,
    task: stateTask(circuit, undefined, "sampling"),
    peers: [QULACS],
    ours: () => ownSide("lepton", prepare),
    // Two samples, so the error of their difference.
    tolerance: Math.SQRT2 * SIX_SIGMA,
  };
  await benchmark("w4", [measured], options);
}

const meanZ = (outcomes: Int32Array, qubit: number): number =>
  outcomes.reduce((sum, outcome) => sum + 1 - 2 * ((outcome >> qubit) & 1), 0) / outcomes.length;
