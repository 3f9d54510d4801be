import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort, SHARE_ENV, Worker } from "node:worker_threads";
import { SimulatorError } from "../../errors.ts";
import { type KernelMemory, kernelModule } from "../kernels/kernel-memory.ts";
import type { FailureMessage, TeamMessage, WorkerStart } from "./messages.ts";
import { receivedFailure } from "./received-failure.ts";
import {
  doChunks,
  type Failure,
  PLACE,
  placeWord,
  sharedWords,
  shareOut,
  spin,
  WORD,
  type Work,
} from "./shared-run.ts";

/** How long the caller looks for workers to finish before it sleeps. */
const SPIN_MICROSECONDS = 100;
/** How often a sleeping caller looks whether the worker it waits for is still alive. */
const LIFE_SIGN_MILLISECONDS = 100;
/** Bytes of memory that its owner has dropped and workers still hold before they are ended, so that it is freed. */
const DROPPED_BYTES = 1 << 26;
const PAGE_BYTES = 65536;

interface TeamMember {
  readonly worker: Worker;
  readonly port: MessagePort;
}

interface KnownMemory {
  readonly id: number;
  bytes: number;
}

/**
 * The calling thread and worker threads over the same shared linear memory. They share out the chunks of one step after
 * another; the caller does chunks too and goes on when all are done. Workers start when they are first needed, join the
 * run that is on as soon as they are ready, sleep while there is nothing to do, and do not keep the process alive.
 * One team serves all simulators of a process.
 * @example
 * // The last statement of the worker's module is serveTeam(sweep); the URL is relative to import.meta.url.
 * const team = new WorkerTeam(sweepWorkerUrl, sweep);
 * const program = team.load({ strides: [16, 32] });
 * team.run(program, memory, 0, 64);
 * team.unload(program);
 */
export class WorkerTeam<Program> {
  /** The most threads of a run, the caller's included. */
  readonly maxThreads: number;
  readonly #module: URL;
  readonly #work: Work<Program>;
  #words: Int32Array<SharedArrayBuffer>;
  /** The workers by their numbers, which start at 1: the caller is 0. */
  #members = new Map<number, TeamMember>();
  readonly #programs = new Map<number, Program>();
  /** Memory by id; weak, so that it is freed once its owner has dropped it. */
  readonly #memories = new Map<number, WeakRef<KernelMemory>>();
  readonly #known = new WeakMap<KernelMemory, KnownMemory>();
  readonly #dropped = new FinalizationRegistry<KnownMemory>((known) => this.#drop(known));
  #droppedBytes = 0;
  #nextId = 1;
  #isRunning = false;
  #startFailure: unknown;

  /**
   * @param module the worker's module, whose last statement is `serveTeam(work)`: a new URL of its file's name in quotes,
   *   with "./" before it, and import.meta.url, as the build finds it
   * @param work the same function, for the calling thread
   */
  constructor(module: URL, work: Work<Program>, maxThreads: number = availableParallelism()) {
    this.#module = module;
    this.#work = work;
    this.maxThreads = maxThreads;
    this.#words = sharedWords(maxThreads);
  }

  /** Workers that are running or starting. */
  get workers(): number {
    return this.#members.size;
  }

  /** Makes a program known under the id that is returned. Every thread gets a copy: what changes goes into memory. */
  load(program: Program): number {
    const id = this.#nextId++;
    this.#programs.set(id, program);
    this.#post({ kind: "program", id, program });
    return id;
  }

  /** Lets the threads forget a program. */
  unload(id: number): void {
    if (this.#programs.delete(id)) this.#post({ kind: "forget-program", id });
  }

  /**
   * Does chunks 0, 1, ..., chunks - 1 of a step on up to `threads` threads, and returns when all are done. With the same
   * number of chunks in every step, threads mostly meet the same chunks again. A run inside a run is done by the caller alone.
   * @param id what `load` returned
   * @param memory shared linear memory
   * @throws what a chunk has thrown, of several the one of the lowest chunk, when all threads have stopped;
   * SimulatorError WORKER_LOST
   */
  run(id: number, memory: KernelMemory, step: number, chunks: number, threads: number = this.maxThreads): void {
    const program = this.#programs.get(id);
    if (program === undefined) throw new Error(`No program ${id} is loaded.`);
    const used = Math.min(threads, this.maxThreads, chunks);
    if (used < 2 || this.#isRunning) {
      for (let chunk = 0; chunk < chunks; chunk++) this.#work(memory, program, step, chunk, 0);
      return;
    }
    this.#isRunning = true;
    try {
      this.#start(used);
      this.#runShared(id, memory, program, step, chunks, used);
    } finally {
      this.#isRunning = false;
    }
  }

  #runShared(id: number, memory: KernelMemory, program: Program, step: number, chunks: number, threads: number): void {
    const words = this.#words;
    words[WORD.memory] = this.#know(memory);
    words[WORD.pages] = memory.bytes / PAGE_BYTES;
    words[WORD.program] = id;
    words[WORD.step] = step;
    words[WORD.chunks] = chunks;
    words[WORD.threads] = threads;
    words[WORD.failed] = 0;
    shareOut(words);
    Atomics.add(words, WORD.run, 1);
    Atomics.notify(words, WORD.run);
    const failures: Failure[] = [];
    const own = doChunks(words, this.#work, memory, program, 0);
    if (own !== undefined) failures.push(own);
    Atomics.add(words, WORD.run, 1);
    let lost = 0;
    for (let thread = 1; thread < this.maxThreads; thread++) if (!this.#hasLeft(thread)) lost++;
    if (words[WORD.failed] !== 0) this.#receiveFailures(failures);
    if (lost > 0)
      throw new SimulatorError(
        "WORKER_LOST",
        "A worker thread of the simulator ended while it was computing, so the result is incomplete. Run it again: another thread will take its place; with threads: 1 there are none.",
      );
    if (failures.length > 0) throw failures.reduce((first, next) => (next.chunk < first.chunk ? next : first)).error;
  }

  /** Waits until a worker is not in the run; false when it has died there. */
  #hasLeft(thread: number): boolean {
    const words = this.#words;
    const place = placeWord(thread);
    if (Atomics.load(words, place) !== PLACE.inside) return true;
    if (spin(SPIN_MICROSECONDS, () => Atomics.load(words, place) !== PLACE.inside)) return true;
    while (Atomics.load(words, place) === PLACE.inside) {
      if (Atomics.wait(words, place, PLACE.inside, LIFE_SIGN_MILLISECONDS) !== "timed-out") continue;
      if (this.#isAlive(thread)) continue;
      // It may have left and then ended between the two looks.
      if (Atomics.load(words, place) !== PLACE.inside) return true;
      Atomics.store(words, place, PLACE.outside);
      this.#members.delete(thread);
      return false;
    }
    return true;
  }

  /**
   * Whether a thread still runs. Its events come only when the caller returns to its event loop, but Node tells at once
   * whether a port has another end: `postMessage` returns false when there is none.
   */
  #isAlive(thread: number): boolean {
    const ping: TeamMessage = { kind: "ping" };
    const hasOtherEnd = this.#members.get(thread)?.port.postMessage(ping) as unknown;
    Atomics.add(this.#words, WORD.posted, 1);
    return hasOtherEnd !== false;
  }

  #receiveFailures(failures: Failure[]): void {
    for (const { port } of this.#members.values())
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        failures.push(receivedFailure(next.message as FailureMessage));
  }

  /** The id of a memory, which workers then have. */
  #know(memory: KernelMemory): number {
    let known = this.#known.get(memory);
    if (known === undefined) {
      known = { id: this.#nextId++, bytes: 0 };
      this.#known.set(memory, known);
      this.#memories.set(known.id, new WeakRef(memory));
      this.#dropped.register(memory, known);
      this.#post(memoryMessage(known.id, memory));
    }
    known.bytes = memory.bytes;
    return known.id;
  }

  /**
   * Counts memory that the caller's thread has freed. Workers hold on to it, as they sleep and so never collect garbage;
   * with enough of it they are ended, and others start when they are needed.
   */
  #drop({ id, bytes }: KnownMemory): void {
    this.#memories.delete(id);
    if (this.#members.size === 0) return;
    this.#droppedBytes += bytes;
    if (this.#droppedBytes >= DROPPED_BYTES) this.dismiss();
  }

  /** Ends all workers, and so frees what they hold; others start when they are needed. Does nothing within a run. */
  dismiss(): void {
    if (this.#isRunning) return;
    this.#droppedBytes = 0;
    const members = this.#members;
    this.#members = new Map();
    // Those that end may yet write their words once.
    this.#words = sharedWords(this.maxThreads);
    for (const { worker } of members.values()) void worker.terminate();
  }

  #post(message: TeamMessage): void {
    for (const { port } of this.#members.values()) port.postMessage(message);
    Atomics.add(this.#words, WORD.posted, 1);
  }

  /** Starts workers until there are this many threads with the caller's. */
  #start(threads: number): void {
    const failure = this.#startFailure;
    this.#startFailure = undefined;
    if (failure !== undefined) throw notStarted(failure);
    for (let thread = 1; thread < threads; thread++)
      if (!this.#members.has(thread)) this.#members.set(thread, this.#startWorker(thread));
  }

  #startWorker(thread: number): TeamMember {
    const { port1: port, port2 } = new MessageChannel();
    const words = this.#words;
    const place = placeWord(thread);
    Atomics.store(words, place, PLACE.starting);
    const start: WorkerStart = { thread, words, port: port2 };
    let worker: Worker;
    try {
      worker = new Worker(this.#module, {
        name: "lepton",
        workerData: start,
        transferList: [port2],
        // The caller's own options may belong to another program, such as --eval or --import.
        execArgv: [],
        env: SHARE_ENV,
      });
    } catch (error) {
      port.close();
      throw notStarted(error);
    }
    const member = { worker, port };
    const left = (error: unknown): void => {
      if (this.#members.get(thread) !== member) return;
      this.#members.delete(thread);
      if (Atomics.load(words, place) === PLACE.starting) this.#startFailure ??= error;
    };
    worker.on("error", left);
    worker.on("exit", (code) => left(new Error(`The thread ended with status ${code}.`)));
    worker.unref();
    port.unref();
    for (const [id, program] of this.#programs) port.postMessage({ kind: "program", id, program });
    for (const [id, memory] of this.#memories) {
      const alive = memory.deref();
      if (alive !== undefined) port.postMessage(memoryMessage(id, alive));
    }
    Atomics.add(words, WORD.posted, 1);
    return member;
  }
}

function memoryMessage(id: number, { target, memory }: KernelMemory): TeamMessage {
  return { kind: "memory", id, target, module: kernelModule(target), memory };
}

function notStarted(cause: unknown): SimulatorError {
  return new SimulatorError(
    "WORKER_LOST",
    `A worker thread of the simulator could not start: ${cause instanceof Error ? cause.message : String(cause)} With threads: 1 there are none.`,
    { cause },
  );
}
