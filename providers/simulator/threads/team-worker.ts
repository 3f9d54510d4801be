import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { bindKernels, type Kernels } from "../kernels/bound-kernels.ts";
import { failureMessage, type PostedMemory, type TeamMessage, type WorkerStart } from "./messages.ts";
import {
  doChunks,
  type Failure,
  PLACE,
  placeWord,
  spin,
  stopRun,
  WORD,
  type Work,
  type WorkMemory,
} from "./shared-run.ts";

/** How long a worker that has nothing to do looks for the next run before it sleeps: the passes of a circuit follow at once. */
const SPIN_MICROSECONDS = 50;
const PAGE_BYTES = 65536;

/** Makes this thread a worker of the team that started it: the last statement of a worker's module. Never returns. */
export function serveTeam<Program>(work: Work<Program>): never {
  const { thread, words, port } = workerData as WorkerStart;
  const place = placeWord(thread);
  const programs = new Map<number, Program>();
  const memories = new Map<number, WorkerMemory>();
  let read = 0;
  let last = 0;

  const receive = (): void => {
    const posted = Atomics.load(words, WORD.posted);
    if (posted === read) return;
    read = posted;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const message = next.message as TeamMessage;
      if (message.kind === "program") programs.set(message.id, message.program as Program);
      else if (message.kind === "memory") memories.set(message.id, new WorkerMemory(message));
      else if (message.kind === "forget-program") programs.delete(message.id);
    }
  };
  const isCalled = (): boolean => {
    const run = Atomics.load(words, WORD.run);
    return run !== last && (run & 1) === 1;
  };
  const takePart = (): void => {
    if (thread >= words[WORD.threads]!) return;
    let failure: Failure | undefined;
    try {
      const memory = memories.get(words[WORD.memory]!)!;
      memory.refresh(words[WORD.pages]!);
      failure = doChunks(words, work, memory, programs.get(words[WORD.program]!)!, thread);
    } catch (error) {
      stopRun(words);
      failure = { chunk: Number.POSITIVE_INFINITY, error };
    }
    if (failure === undefined) return;
    port.postMessage(failureMessage(failure));
    Atomics.store(words, WORD.failed, 1);
  };

  for (;;) {
    // Entering and closing are each a write and then a look at what the other wrote, so one of the two sees the other.
    Atomics.store(words, place, PLACE.inside);
    const run = Atomics.load(words, WORD.run);
    const isOpen = run !== last && (run & 1) === 1;
    receive();
    if (isOpen) {
      last = run;
      takePart();
    }
    Atomics.store(words, place, PLACE.outside);
    Atomics.notify(words, place);
    if (spin(SPIN_MICROSECONDS, isCalled)) continue;
    const now = Atomics.load(words, WORD.run);
    if (now === last || (now & 1) === 0) Atomics.wait(words, WORD.run, now);
  }
}

/** The caller's memory in a worker. */
class WorkerMemory implements WorkMemory {
  readonly #posted: PostedMemory;
  #kernels: Kernels | undefined;
  f64: Float64Array = new Float64Array(0);
  f32: Float32Array = new Float32Array(0);
  u32: Uint32Array = new Uint32Array(0);

  constructor(posted: PostedMemory) {
    this.#posted = posted;
  }

  get kernels(): Kernels {
    this.#kernels ??= bindKernels(this.#posted.module, this.#posted.memory);
    return this.#kernels;
  }

  /** Takes the views anew when the caller has made the memory grow. */
  refresh(pages: number): void {
    const bytes = pages * PAGE_BYTES;
    if (this.f64.byteLength === bytes) return;
    const { memory, target } = this.#posted;
    // Growth in another thread need not show in this thread's buffer before an instruction that asks for the size.
    if (memory.buffer.byteLength !== bytes) memory.grow(target.addressBits === 64 ? 0n : 0);
    this.f64 = new Float64Array(memory.buffer);
    this.f32 = new Float32Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
  }
}
