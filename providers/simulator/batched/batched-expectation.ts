import type { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import type { StateMemory } from "../state-memory.ts";
import { LaneProgram } from "./lane-program.ts";
import { type LevelPlan, planLevels } from "./levels.ts";

/** Up to this many qubits a batch of states stays in the cache together with what is read from it. */
export const BATCHED_QUBITS = 14;

/**
 * Expectation values and gradients of a unitary circuit of at most `BATCHED_QUBITS` qubits, many rows at once. Two programs
 * share the plan: one for rows with the same weights, as in training, and one for rows that have nothing in common.
 */
export class BatchedExpectation {
  readonly #circuit: Circuit;
  readonly #observables: readonly SparsePauliOp[];
  readonly #memory: StateMemory;
  readonly #realBits: 32 | 64;
  readonly #plan: LevelPlan;
  #training: LaneProgram | undefined;
  #rows: LaneProgram | undefined;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], memory: StateMemory, realBits: 32 | 64 = 64) {
    this.#circuit = circuit;
    this.#observables = observables;
    this.#memory = memory;
    this.#realBits = realBits;
    this.#plan = planLevels(
      circuit,
      observables.every(({ isDiagonal }) => isDiagonal),
    );
  }

  get bytes(): number {
    return this.#plan.tables.bytes + (this.#training?.bytes ?? 0) + (this.#rows?.bytes ?? 0);
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
