import type { SharedTask } from "../simulator-team.ts";
import type { StateMemory } from "../state-memory.ts";
import { MAX_PAGES } from "../wasm/index.ts";
import { type ExchangeShape, exchangeBytes, exchangeOf, writeShape } from "./exchange.ts";
import type { GradientTargets, LaneProgram } from "./lane-program.ts";

/** Numbers of calls start again behind this one: a step of a team is a 32-bit integer. */
const MAX_CALL = 2 ** 30;
/** The largest exchange: addresses have 32 bits. */
const MAX_EXCHANGE_BYTES = MAX_PAGES[32] * 65536;

/** Runs the shares of a program's batches in several threads, each on states of its own. */
export class ThreadedBatch {
  readonly #program: LaneProgram;
  readonly #memory: StateMemory;
  readonly #threads: number;
  readonly #task: SharedTask;
  readonly #free: () => void;
  #call = 0;
  /** The most bytes that there was room for, where the machine decides: asking it takes as long as a small batch. */
  #knownBytes = 0;

  /** @param task that of the program */
  constructor(program: LaneProgram, task: SharedTask, memory: StateMemory, threads: number) {
    this.#program = program;
    this.#memory = memory;
    this.#threads = threads;
    this.#task = task;
    this.#free = task.dismissWorkers;
  }

  /**
   * Does what the program's `run` does with as many shares, to the last bit. False, with nothing done, where memory has no
   * room for two threads.
   */
  run(
    values: Float64Array,
    weights: Float64Array | null,
    rows: number,
    outputs: Float64Array,
    targets: GradientTargets | null,
    shares: number,
  ): boolean {
    const { width, numWeights, numObservables } = this.#program;
    const shape: ExchangeShape = {
      rows,
      shares,
      width,
      numWeights,
      numObservables,
      gradients: targets !== null,
      weightGradients: targets !== null && targets.weights !== null,
      inputGradients: targets !== null && targets.inputs !== null,
    };
    const bytes = exchangeBytes(shape);
    const threads = this.#threadsFor(bytes, Math.min(this.#threads, shares));
    if (threads < 2) return false;
    const memory = this.#memory.borrow({ addressBits: 32, realBits: 64, shared: true }, bytes);
    try {
      const { f64 } = memory;
      writeShape(f64, shape);
      const shared = exchangeOf(f64, shape, 0);
      shared.values.set(values.subarray(0, rows * width));
      if (weights !== null) shared.weights.set(weights);
      if (targets !== null) {
        shared.targets!.cotangents.set(targets.cotangents.subarray(0, rows * numObservables));
        // Shares add to what is there already, in the order in which one thread would.
        if (targets.inputs !== null) shared.targets!.inputs!.set(targets.inputs.subarray(0, rows * width));
        if (targets.weights !== null)
          for (let share = 0; share < shares; share++) exchangeOf(f64, shape, share).targets!.weights!.fill(0);
      }
      this.#call = (this.#call % MAX_CALL) + 1;
      this.#memory.keepElsewhere((threads - 1) * this.#program.callBytes, this.#free);
      this.#task.run(memory, this.#call, shares, threads);
      outputs.set(shared.outputs);
      if (targets === null) return true;
      if (targets.inputs !== null) targets.inputs.set(shared.targets!.inputs!);
      if (targets.weights !== null)
        for (let share = 0; share < shares; share++) {
          const own = exchangeOf(f64, shape, share).targets!.weights!;
          for (let k = 0; k < own.length; k++) targets.weights[k]! += own[k]!;
        }
      return true;
    } finally {
      this.#memory.release(memory);
    }
  }

  /** Threads that there is room for beside an exchange of so many bytes, each with states of its own. */
  #threadsFor(bytes: number, threads: number): number {
    if (bytes > MAX_EXCHANGE_BYTES) return 1;
    const { callBytes } = this.#program;
    const needed = bytes + threads * callBytes;
    const { maxBytes } = this.#memory;
    if (maxBytes === undefined && needed <= this.#knownBytes) return threads;
    const room = this.#memory.availableBytes;
    if (needed <= room) {
      this.#knownBytes = needed;
      return threads;
    }
    return Math.floor((room - bytes) / callBytes);
  }
}
