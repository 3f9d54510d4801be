import { threadId } from "node:worker_threads";
import { SimulatorError } from "../../../providers/errors.ts";
import type { Work } from "../../../providers/simulator/threads/index.ts";

/** What the tests let the threads do. */
export type TestProgram =
  /** Step s rotates the pairs of units that are 16·2^s bytes apart, in chunks of `bytes` bytes. */
  | { readonly kind: "rotate"; readonly bytes: number; readonly t: number }
  /** Every chunk waits until all `chunks` have begun, and then writes its thread's id at word `at + chunk`, its number after those. */
  | { readonly kind: "meet"; readonly chunks: number; readonly at: number }
  /** As "meet", and then the chunks in other threads than `caller` end as `end` says. */
  | { readonly kind: "end"; readonly chunks: number; readonly caller: number; readonly end: keyof typeof ENDS };

class OwnError extends Error {
  override readonly name = "OwnError";
  readonly code = "OWN_CODE";
}

const ENDS = {
  simulator: (chunk: number): void => {
    throw new SimulatorError("STATE_NOT_FINITE", `chunk ${chunk}`);
  },
  range: (chunk: number): void => {
    throw new RangeError(`chunk ${chunk}`);
  },
  own: (chunk: number): void => {
    throw new OwnError(`chunk ${chunk}`);
  },
  word: (chunk: number): void => {
    throw `chunk ${chunk}`;
  },
  exit: (): void => process.exit(7),
} as const;

/** The words in which chunks of step `step` meet; each step has its own. */
function meet(u32: Uint32Array, step: number, chunks: number): void {
  Atomics.add(u32, step, 1);
  const end = performance.now() + 20_000;
  while (Atomics.load(u32, step) < chunks)
    if (performance.now() > end) throw new Error("The other threads have not come.");
}

export const work: Work<TestProgram> = ({ kernels, u32 }, program, step, chunk, thread) => {
  switch (program.kind) {
    case "rotate":
      kernels.givens1!(chunk * program.bytes, program.bytes, 16 * 2 ** step, step & 1, program.t);
      break;
    case "meet":
      meet(u32, step, program.chunks);
      u32[program.at + chunk] = threadId + 1;
      u32[program.at + program.chunks + chunk] = thread;
      break;
    case "end":
      meet(u32, step, program.chunks);
      if (threadId !== program.caller) ENDS[program.end](chunk);
      break;
  }
};
