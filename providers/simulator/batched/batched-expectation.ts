import { type Circuit, ParameterError, type SparsePauliOp, slotsOf } from "../../../circuits/index.ts";
import type { Dtype } from "../dtype.ts";
import { SharedTask } from "../simulator-team.ts";
import type { StateMemory } from "../state-memory.ts";
import { type GradientTargets, LaneProgram } from "./lane-program.ts";
import { angleUses } from "./lane-steps.ts";
import { type LevelPlan, planLevels } from "./levels.ts";
import { batchTask } from "./share-work.ts";
import { callMicroseconds, rowMicroseconds, type ShareSize, sharesOf } from "./shares.ts";
import { ThreadedBatch } from "./threaded-batch.ts";

/** Up to this many qubits a batch of states stays in the cache together with what is read from it. */
export const BATCHED_QUBITS = 14;

/** Beyond this many bytes of tables a circuit is run as a single state, which has tables for parts of it only. */
const TABLE_BYTES = 1 << 26;

/** Bytes of the objects of one angle or Pauli string in both programs, about. */
const BYTES_PER_OBJECT = 800;

/** Work between two pauses where threads share out rows, in microseconds of one thread. */
const PAUSE_MICROSECONDS = 8000;

/** Starting a thread takes about this long, in microseconds; as much work shows that it is worth it. */
const START_MICROSECONDS = 50_000;

export interface BatchThreads {
  /** Threads that shares of large batches may run in, the caller's included; they never change a result. 1 when left out. */
  readonly threads?: number | undefined;
  /** Work of shareable batches before there are threads, in microseconds of one thread. */
  readonly startMicroseconds?: number | undefined;
  /** Work of a share at least, and its rows. */
  readonly share?: ShareSize | undefined;
}

/**
 * Expectation values and gradients of a unitary circuit of at most `BATCHED_QUBITS` qubits, many rows at once. Two programs
 * share the plan: one for rows with the same weights, as in training, and one for rows that have nothing in common.
 */
export class BatchedExpectation {
  /** Bytes of the tables that both programs use, and of their objects, about. */
  readonly bytes: number;
  readonly #circuit: Circuit;
  readonly #observables: readonly SparsePauliOp[];
  readonly #memory: StateMemory;
  readonly #realBits: 32 | 64;
  readonly #plan: LevelPlan;
  readonly #threads: number;
  readonly #startMicroseconds: number;
  readonly #share: ShareSize | undefined;
  /** Of a row forward, in training and by itself, about. */
  readonly #trainingMicroseconds: number;
  readonly #rowMicroseconds: number;
  #training: LaneProgram | undefined;
  #rows: LaneProgram | undefined;
  #threadedTraining: ThreadedBatch | null | undefined;
  #threadedRows: ThreadedBatch | null | undefined;
  /** Of batches that threads could have shared, about. */
  #microseconds = 0;

  constructor(
    circuit: Circuit,
    observables: readonly SparsePauliOp[],
    memory: StateMemory,
    realBits: 32 | 64 = 64,
    { threads = 1, startMicroseconds = START_MICROSECONDS, share }: BatchThreads = {},
  ) {
    this.#circuit = circuit;
    this.#observables = observables;
    this.#memory = memory;
    this.#realBits = realBits;
    this.#threads = threads;
    this.#startMicroseconds = startMicroseconds;
    this.#share = share;
    this.#plan = planLevels(
      circuit,
      observables.every(({ isDiagonal }) => isDiagonal),
    );
    const uses = angleUses(this.#plan).length;
    const usesInput = slotsOf(circuit).map(({ expression }) =>
      expression.parameters.some(({ role }) => role === "input"),
    );
    this.#trainingMicroseconds = rowMicroseconds(this.#plan, ({ slots }) => slots.some((slot) => usesInput[slot]));
    this.#rowMicroseconds = rowMicroseconds(this.#plan, ({ slots }) => slots.length > 0);
    const terms = observables.reduce((sum, { terms: own }) => sum + own.length, 0);
    this.bytes = this.#plan.bytes + BYTES_PER_OBJECT * (uses + terms);
  }

  get dtype(): Dtype {
    return this.#realBits === 32 ? "float32" : "float64";
  }

  /**
   * Whether its tables fit into a share of the memory, and all that a call needs into the whole; by what the user set, never
   * by what happens to be free.
   */
  get fits(): boolean {
    const { maxBytes } = this.#memory;
    if (this.#plan.tableBytes > Math.min(TABLE_BYTES, (maxBytes ?? Number.POSITIVE_INFINITY) / 8)) return false;
    if (maxBytes === undefined) return true;
    this.#rows ??= this.#program(false);
    this.#training ??= this.#program(true);
    return Math.max(this.#rows.callBytes, this.#training.callBytes) <= maxBytes;
  }

  /** Writes [rows, K] for values [rows, P], pausing every few milliseconds. @throws SimulatorError STATE_TOO_LARGE */
  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    this.#rows ??= this.#program(false);
    const program = this.#rows;
    const { rowsPerChunk, width, numObservables } = program;
    const work = callMicroseconds(this.#rowMicroseconds, false, this.#realBits);
    const threaded = this.#paysThreads(rows * work, sharesOf(rows, work, rowsPerChunk, this.#share));
    const perBlock = rowsPerChunk * Math.max(1, Math.floor(PAUSE_MICROSECONDS / work / rowsPerChunk));
    for (let row = 0; row < rows; row += perBlock) {
      if (row > 0) yield;
      const count = Math.min(perBlock, rows - row);
      const own = values.subarray(row * width, (row + count) * width);
      const target = outputs.subarray(row * numObservables, (row + count) * numObservables);
      const shares = threaded ? sharesOf(count, work, rowsPerChunk, this.#share) : 1;
      if (shares > 1) {
        if (this.#threadedRows === undefined) this.#threadedRows = this.#threaded(program, false);
        if (this.#threadedRows?.run(own, null, count, target, null, shares)) continue;
      }
      yield* program.evaluateInSteps(own, count, target);
    }
  }

  /**
   * Writes outputs [rows, K]; with cotangents [rows, K] also adds to the gradients that are not null.
   * @throws SimulatorError STATE_TOO_LARGE
   */
  run(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array | null,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void {
    this.#training ??= this.#program(true);
    const program = this.#training;
    const targets: GradientTargets | null =
      cotangents === null ? null : { cotangents, weights: weightGradients, inputs: inputGradients };
    const work = callMicroseconds(this.#trainingMicroseconds, targets !== null, this.#realBits);
    const shares = sharesOf(rows, work, program.rowsPerChunk, this.#share);
    if (this.#paysThreads(rows * work, shares)) {
      if (this.#threadedTraining === undefined) this.#threadedTraining = this.#threaded(program, true);
      if (this.#threadedTraining?.run(inputs, weights, rows, outputs, targets, shares)) return;
    }
    // Only the weights' gradients are sums over rows, and depend on how these are cut.
    program.run(inputs, weights, rows, outputs, targets, targets === null || targets.weights === null ? 1 : shares);
  }

  /** Whether a batch is to run in threads; counts its work. */
  #paysThreads(microseconds: number, shares: number): boolean {
    if (this.#threads < 2 || shares < 2) return false;
    this.#microseconds += microseconds;
    return this.#microseconds >= this.#startMicroseconds;
  }

  #program(sharesWeights: boolean): LaneProgram {
    return new LaneProgram(this.#circuit, this.#plan, this.#observables, {
      memory: this.#memory,
      sharesWeights,
      realBits: this.#realBits,
      maxBytes: this.#memory.maxBytes,
    });
  }

  /** Null where threads cannot be told of the circuit. */
  #threaded(program: LaneProgram, sharesWeights: boolean): ThreadedBatch | null {
    const { maxBytes } = this.#memory;
    try {
      const options = { sharesWeights, realBits: this.#realBits, maxBytes };
      const task = batchTask(program, this.#circuit, this.#observables, options);
      return new ThreadedBatch(program, new SharedTask(task), this.#memory, this.#threads);
    } catch (error) {
      // The circuit has expressions that are too large for JSON.
      if (error instanceof ParameterError && error.code === "PARAMETER_TOO_LARGE") return null;
      throw error;
    }
  }
}
