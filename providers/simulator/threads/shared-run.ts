import type { Kernels } from "../kernels/bound-kernels.ts";

/** Shared linear memory as a work function sees it, in whichever thread: addresses start at 0 in all of them. */
export interface WorkMemory {
  readonly kernels: Kernels;
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
}

/**
 * Does chunk `chunk` of step `step` of a program. Any thread may do any chunk, in any order and at the same time as others:
 * it writes only to places that no other chunk of the step reads or writes, so that results do not depend on who did what.
 * Scratch space may belong to a thread instead: `thread` is 0 for the caller and below the team's `maxThreads` for all.
 */
export type Work<Program> = (memory: WorkMemory, program: Program, step: number, chunk: number, thread: number) => void;

/** An error that ended a run, and the chunk that threw it. */
export interface Failure {
  readonly chunk: number;
  readonly error: unknown;
}

/** 32-bit words of a line of the caches; words that different threads write are kept a line apart. */
const LINE = 16;

/** Where the words stand by which the threads of a team agree on a run. */
export const WORD = {
  /** Number of the run, odd while threads may enter it; workers without work wait here. */
  run: 0,
  /** The next chunk that nobody has taken. */
  next: LINE,
  chunks: 2 * LINE,
  step: 2 * LINE + 1,
  program: 2 * LINE + 2,
  memory: 2 * LINE + 3,
  /** Pages of the memory, by which workers see that it has grown. */
  pages: 2 * LINE + 4,
  /** Workers of this number and above stay out. */
  limit: 2 * LINE + 5,
  /** Messages posted to the workers so far. */
  posted: 2 * LINE + 6,
  /** Not 0 when a worker has posted an error. */
  failed: 3 * LINE,
} as const;

/** The word that says where a worker is; the caller waits here until it has left the run. */
export function placeWord(worker: number): number {
  return (4 + worker) * LINE;
}
export const PLACE = { starting: -1, outside: 0, inside: 1 } as const;

export function sharedWords(workers: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * placeWord(workers)));
}

/** Does chunks until none is left. An error ends the run for all threads. */
export function doChunks<Program>(
  words: Int32Array,
  work: Work<Program>,
  memory: WorkMemory,
  program: Program,
  thread: number,
): Failure | undefined {
  const chunks = words[WORD.chunks]!;
  const step = words[WORD.step]!;
  let chunk = Atomics.add(words, WORD.next, 1);
  try {
    for (; chunk < chunks; chunk = Atomics.add(words, WORD.next, 1)) work(memory, program, step, chunk, thread);
    return undefined;
  } catch (error) {
    Atomics.store(words, WORD.next, chunks);
    return { chunk, error };
  }
}

/** Atomics.pause tells the processor that this is a spin; engines before V8 13.4 do without. */
const pause = (Atomics as unknown as { readonly pause?: () => void }).pause ?? ((): void => {});

/** Looks again and again for at most `microseconds`. Whether the condition came true. */
export function spin(microseconds: number, condition: () => boolean): boolean {
  const end = performance.now() + microseconds / 1000;
  do {
    for (let look = 0; look < 32; look++) {
      if (condition()) return true;
      pause();
    }
  } while (performance.now() < end);
  return false;
}
