import type { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import type { StateMemory } from "../state-memory.ts";
import { borrowStates } from "./linear-states.ts";
import { TileCircuit, type TileOptions } from "./tile-circuit.ts";

/** Expectation values and adjoint gradients of one unitary circuit, row by row: one state, or two for gradients. */
export class LargeExpectation {
  readonly bytes: number;
  readonly #memory: StateMemory;
  readonly #tiles: TileCircuit;
  readonly #numObservables: number;
  readonly #numInputs: number;
  readonly #row: Float64Array;
  readonly #gradient: Float64Array;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], memory: StateMemory, options?: TileOptions) {
    memory.assertFits(circuit.numQubits, 1);
    this.#memory = memory;
    this.#tiles = new TileCircuit(circuit, observables, options);
    this.#numObservables = observables.length;
    this.#numInputs = circuit.numInputs;
    this.#row = new Float64Array(circuit.parameters.length);
    this.#gradient = new Float64Array(circuit.parameters.length);
    this.bytes = this.#tiles.bytes + 16 * this.#row.length;
  }

  /** Writes [rows, K] for values [rows, P], pausing after each row, and within it where the state is large. */
  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    const width = this.#row.length;
    const lent = borrowStates(this.#memory, this.#tiles, 1);
    try {
      this.#tiles.want(false, false);
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < width; k++) this.#row[k] = values[row * width + k]!;
        yield* this.#tiles.forward(lent, this.#row);
        yield* this.#tiles.read(lent, outputs, row * this.#numObservables);
        yield;
      }
    } finally {
      this.#memory.release(lent);
    }
  }

  /** Writes outputs; with cotangents also adds to the gradients that are not null. */
  run(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array | null,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void {
    const tiles = this.#tiles;
    const numInputs = this.#numInputs;
    const row = this.#row;
    const lent = borrowStates(this.#memory, tiles, cotangents === null ? 1 : 2);
    try {
      tiles.want(cotangents !== null && inputGradients !== null, cotangents !== null && weightGradients !== null);
      for (let index = 0; index < rows; index++) {
        row.set(weights, numInputs);
        for (let k = 0; k < numInputs; k++) row[k] = inputs[index * numInputs + k]!;
        for (const _ of tiles.forward(lent, row));
        for (const _ of tiles.read(lent, outputs, index * this.#numObservables));
        if (cotangents === null) continue;
        tiles.adjoint(lent, cotangents, index * this.#numObservables);
        const gradient = this.#gradient.fill(0);
        tiles.backward(lent, row, gradient);
        if (inputGradients !== null)
          for (let k = 0; k < numInputs; k++) inputGradients[index * numInputs + k]! += gradient[k]!;
        if (weightGradients !== null)
          for (let k = 0; k < weightGradients.length; k++) weightGradients[k]! += gradient[numInputs + k]!;
      }
    } finally {
      this.#memory.release(lent);
    }
  }
}
