import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import { adam, type MinimizeResult, minimize, RunError } from "../../src/index.ts";
import type { RunStore } from "../../src/runs/index.ts";
import type { InProcessEmulator, InProcessProgram, ProcessOptions } from "./in-process-emulator.ts";

export const SMALL_STEPS = 2;
const BACKEND = "ibmq_manila";

const LEASE_MS = 31_000;

const problem = {
  circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
  steps: SMALL_STEPS,
  seed: 5,
  precision: 0.1,
} as const;

/** What a program does that minimises, in two steps on the service; with a store the run is kept. */
export async function minimizeSmall(
  program: InProcessProgram,
  kept: { readonly store: RunStore; readonly id: string } | undefined,
): Promise<MinimizeResult> {
  const provider = await program.provider.backend(BACKEND);
  const optimizer = adam({ learningRate: 0.1 });
  const { clock } = program;
  return minimize({
    ...problem,
    optimizer,
    provider,
    clock,
    ...(kept === undefined ? {} : { ...kept, budget: "600s" }),
  });
}

export interface SmallRun {
  readonly world: InProcessEmulator;
  readonly store: RunStore;
  readonly id: string;
  readonly options?: ProcessOptions;
  /** Called with each program before it begins. */
  readonly prepare?: (program: InProcessProgram) => void;
  /** Errors that a program may end with, after which it is started again. */
  readonly mostResumes: number;
}

export interface SmallOutcome {
  readonly result: MinimizeResult | undefined;
  readonly resumes: number;
  /** What each program but the last has ended with. */
  readonly errors: readonly unknown[];
}

/** Makes the same call, each time from a new program, until the run is finished. */
export async function driveSmall({ world, store, id, options, prepare, mostResumes }: SmallRun): Promise<SmallOutcome> {
  const errors: unknown[] = [];
  for (let resumes = 0; ; resumes++) {
    const program = world.process(options);
    prepare?.(program);
    try {
      return { result: await minimizeSmall(program, { store, id }), resumes, errors };
    } catch (error) {
      errors.push(error);
      // The answer to a claim was lost: who has it never learns of it, and the lease ends by itself.
      if (error instanceof RunError && error.code === "RUN_DRIVEN") await world.clock.sleep(LEASE_MS);
      if (resumes === mostResumes) return { result: undefined, resumes, errors };
    } finally {
      program.kill();
    }
  }
}
