/** The run that workers drive in chaos tests: small, on a service, with as many outcomes as it has variants. */
import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import { adam, type MinimizeOptions } from "../../src/index.ts";

export const CHAOS_STEPS = 2;

export default function chaosRun({ variant = 0 }: { readonly variant?: number }): Omit<MinimizeOptions, "provider"> {
  return {
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    steps: CHAOS_STEPS,
    seed: variant,
    precision: 0.1,
  };
}
