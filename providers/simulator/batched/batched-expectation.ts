import type { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import type { Dtype } from "../dtype.ts";
import type { StateMemory } from "../state-memory.ts";
import { LaneProgram } from "./lane-program.ts";
import { type LevelPlan, planLevels } from "./levels.ts";

/** Up to this many qubits a batch of states stays in the cache together with what is read from it. */
export const BATCHED_QUBITS = 14;

/** Beyond this many bytes of tables a circuit is run as a single state, which has tables for parts of it only. */
const TABLE_BYTES = 1 << 26;

/** Bytes of the objects of one angle or Pauli string in both programs, about. */
const BYTES_PER_OBJECT = 800;

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
  #training: LaneProgram | undefined;
  #rows: LaneProgram | undefined;

  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], memory: StateMemory, realBits: 32 | 64 = 64) {
    this.#circuit = circuit;
    this.#observables = observables;
    this.#memory = memory;
    this.#realBits = realBits;
    this.#plan = planLevels(
      circuit,
      observables.every(({ isDiagonal }) => isDiagonal),
    );
    const uses = this.#plan.levels.reduce((sum, { rotations, phases }) => sum + rotations.length + phases.length, 0);
    const terms = observables.reduce((sum, { terms: own }) => sum + own.length, 0);
    this.bytes = this.#plan.bytes + BYTES_PER_OBJECT * (uses + terms);
  }

  get dtype(): Dtype {
    return this.#realBits === 32 ? "float32" : "float64";
  }

  /** Whether its tables fit into a share of the memory; by what the user set, never by what happens to be free. */
  get fits(): boolean {
    return this.#plan.tableBytes <= Math.min(TABLE_BYTES, (this.#memory.maxBytes ?? Number.POSITIVE_INFINITY) / 8);
  }

  /** Writes [rows, K] for values [rows, P], pausing between chunks of rows. @throws SimulatorError STATE_TOO_LARGE */
  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    this.#rows ??= this.#program(false);
    yield* this.#rows.run(values, null, rows, outputs, null);
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
    this.#training.runAll(
      inputs,
      weights,
      rows,
      outputs,
      cotangents === null ? null : { cotangents, weights: weightGradients, inputs: inputGradients },
    );
  }

  #program(sharesWeights: boolean): LaneProgram {
    return new LaneProgram(this.#circuit, this.#plan, this.#observables, {
      memory: this.#memory,
      sharesWeights,
      realBits: this.#realBits,
    });
  }
}
