import type { Circuit } from "../../../circuits/index.ts";
import type { StatevectorProgram } from "../engine.ts";
import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { assertLength } from "../program-arrays.ts";
import type { StateMemory } from "../state-memory.ts";
import { borrowStates } from "./linear-states.ts";
import { TileCircuit, type TileOptions } from "./tile-circuit.ts";

/** Smaller states are copied to an array of their own; the linear memory of larger ones is given away with them. */
const COPIED_QUBITS = 14;

/** The state of one row of parameter values, computed in linear memory. */
export class LargeStatevector implements StatevectorProgram {
  readonly circuit: Circuit;
  readonly #memory: StateMemory;
  readonly #tiles: TileCircuit;
  /** The memories behind the arrays that callers have been given. */
  readonly #given = new WeakMap<ArrayBufferLike, KernelMemory>();

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(circuit: Circuit, memory: StateMemory, options?: TileOptions) {
    memory.assertFits(circuit.numQubits, 1);
    this.circuit = circuit;
    this.#memory = memory;
    this.#tiles = new TileCircuit(circuit, null, options);
  }

  get bytes(): number {
    return this.#tiles.bytes;
  }

  statevector(values: Float64Array, out?: Float64Array): Float64Array {
    const steps = this.statevectorInSteps(values, out);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  *statevectorInSteps(values: Float64Array, out?: Float64Array): Generator<void, Float64Array> {
    const tiles = this.#tiles;
    const length = 2 * 2 ** this.circuit.numQubits;
    assertLength("values", values, "parameter", this.circuit.parameters.length);
    if (out !== undefined) assertLength("out", out, "re and im number", length);
    const given = out && this.#given.get(out.buffer);
    if (out !== undefined && given !== undefined && out.byteOffset === tiles.psi) {
      yield* tiles.forward(given, values);
      return out;
    }
    const lent = borrowStates(this.#memory, tiles, 1);
    let keep = true;
    try {
      yield* tiles.forward(lent, values);
      const state = new Float64Array(lent.memory.buffer, tiles.psi, length);
      if (out !== undefined) {
        out.set(state);
        return out;
      }
      if (this.circuit.numQubits <= COPIED_QUBITS) return state.slice();
      keep = false;
      this.#given.set(state.buffer, lent);
      return state;
    } finally {
      this.#memory.release(lent, keep);
    }
  }

  *lentStatevector(values: Float64Array, memory: StateMemory): Generator<void, Float64Array> {
    const tiles = this.#tiles;
    assertLength("values", values, "parameter", this.circuit.parameters.length);
    const lent = borrowStates(memory, tiles, 1);
    let done = false;
    try {
      yield* tiles.forward(lent, values);
      done = true;
      return memory.view(lent, tiles.psi, 2 * 2 ** this.circuit.numQubits);
    } finally {
      if (!done) memory.release(lent);
    }
  }
}
