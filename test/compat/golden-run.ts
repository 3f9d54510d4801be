import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import { adam, localSimulator, type MinimizeOptions, minimize } from "../../src/index.ts";

/** The run that is recorded in `run-v1.lepton.tar.gz`. It must never change. */
export function goldenRun(kept: Partial<MinimizeOptions>) {
  return minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    provider: localSimulator(),
    steps: 4,
    seed: 5,
    precision: 0.1,
    ...kept,
  });
}
