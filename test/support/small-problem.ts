import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import { adam } from "../../src/index.ts";

/** What to minimise where a test is about the run and not about the minimum: two qubits, four weights, three Paulis. */
export function smallProblem(steps: number) {
  return {
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    steps,
    seed: 5,
    precision: 0.1,
  };
}
