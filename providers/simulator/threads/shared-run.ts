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
  /** Not 0 when a worker has posted an error. */
  failed: LINE,
  chunks: 2 * LINE,
  step: 2 * LINE + 1,
  program: 2 * LINE + 2,
  memory: 2 * LINE + 3,
  /** Pages of the memory, by which workers see that it has grown. */
  pages: 2 * LINE + 4,
  /** Threads that may take part, the caller's included. */
  threads: 2 * LINE + 5,
  /** Messages posted to the workers so far. */
  posted: 2 * LINE + 6,
} as const;

/** The word that says where a thread is; the caller waits here until a worker has left the run. */
export function placeWord(thread: number): number {
  return (3 + 2 * thread) * LINE;
}
export const PLACE = { starting: -1, outside: 0, inside: 1 } as const;

/** The next chunk of a thread's share that nobody has taken. */
function nextWord(thread: number): number {
  return (4 + 2 * thread) * LINE;
}

export function sharedWords(threads: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * placeWord(threads)));
}

/** Where a thread's share of the chunks begins. */
function shareStart(thread: number, threads: number, chunks: number): number {
  return Math.floor((thread * chunks) / threads);
}

export function shareOut(words: Int32Array): void {
  const threads = words[WORD.threads]!;
  for (let thread = 0; thread < threads; thread++)
    words[nextWord(thread)] = shareStart(thread, threads, words[WORD.chunks]!);
}

/** Lets no thread take another chunk. */
export function stopRun(words: Int32Array): void {
  const threads = words[WORD.threads]!;
  for (let thread = 0; thread < threads; thread++) Atomics.store(words, nextWord(thread), words[WORD.chunks]!);
}

/**
 * Does chunks until none is left: first those of the thread's own share, whose amplitudes the last step has left in its
 * processor's cache, then what others have not got to. An error ends the run for all.
 */
export function doChunks<Program>(
  words: Int32Array,
  work: Work<Program>,
  memory: WorkMemory,
  program: Program,
  thread: number,
): Failure | undefined {
  const chunks = words[WORD.chunks]!;
  const threads = words[WORD.threads]!;
  const step = words[WORD.step]!;
  let chunk = 0;
  try {
    for (let turn = 0; turn < threads; turn++) {
      const owner = (thread + turn) % threads;
      const end = shareStart(owner + 1, threads, chunks);
      const next = nextWord(owner);
      for (chunk = Atomics.add(words, next, 1); chunk < end; chunk = Atomics.add(words, next, 1))
        work(memory, program, step, chunk, thread);
    }
    return undefined;
  } catch (error) {
    stopRun(words);
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
