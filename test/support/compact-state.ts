import { type Circuit, type Operation, operationMatrix, type UnitaryKind } from "../../circuits/index.ts";
import { applyMatrix } from "./state-kernels.ts";

/** What a compiler answers, as far as a state needs it. */
export interface Compiled {
  readonly operations: readonly Operation[];
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
}

const isUnitary = (operation: Operation): operation is UnitaryKind =>
  operation.kind === "gate" || operation.kind === "unitary";

/**
 * A state of only those qubits that are in use: one joins as |0⟩ when it is first touched, and leaves after its last gate if
 * it is |0⟩ again. So a circuit on a device of 133 qubits costs no more than its source.
 */
class CompactState {
  amplitudes: Float64Array;
  readonly #bits: number[];
  readonly #kept = new Map<number, Float64Array>();

  constructor(amplitudes: Float64Array, bits: readonly number[]) {
    this.amplitudes = amplitudes;
    this.#bits = [...bits];
  }

  bitOf(qubit: number): number {
    const bit = this.#bits.indexOf(qubit);
    if (bit !== -1) return bit;
    const grown = new Float64Array(2 * this.amplitudes.length);
    grown.set(this.amplitudes);
    this.amplitudes = grown;
    this.#bits.push(qubit);
    return this.#bits.length - 1;
  }

  /** Gates on one qubit are kept until its next gate on several, so that the state is passed over less often. */
  apply(operation: UnitaryKind): void {
    const matrix = operationMatrix(operation);
    const [qubit] = operation.qubits;
    if (operation.qubits.length === 1) {
      const before = this.#kept.get(qubit!);
      this.#kept.set(qubit!, before === undefined ? matrix : product2(matrix, before));
      return;
    }
    for (const own of operation.qubits) this.settle(own);
    const bits = operation.qubits.map((own) => this.bitOf(own));
    applyMatrix(this.amplitudes, matrix, bits);
  }

  settle(qubit: number): void {
    const matrix = this.#kept.get(qubit);
    if (matrix === undefined) return;
    this.#kept.delete(qubit);
    // Found first: a new qubit makes a new array.
    const bit = this.bitOf(qubit);
    applyMatrix(this.amplitudes, matrix, [bit]);
  }

  /** Takes out a qubit that is in |0⟩. @throws Error where it is not */
  release(qubit: number): void {
    this.settle(qubit);
    const bit = this.#bits.indexOf(qubit);
    if (bit === -1) return;
    const size = this.amplitudes.length / 2;
    const kept = new Float64Array(size);
    let lost = 0;
    for (let i = 0, to = 0; i < size; i++) {
      const re = this.amplitudes[2 * i]!;
      const im = this.amplitudes[2 * i + 1]!;
      if ((i >> bit) & 1) lost += re * re + im * im;
      else {
        kept[to++] = re;
        kept[to++] = im;
      }
    }
    if (lost > 1e-12) throw new Error(`Qubit ${qubit}, which the source does not have, ends with P(1) = ${lost}.`);
    this.amplitudes = kept;
    this.#bits.splice(bit, 1);
  }
}

/**
 * The state at the end of a compiled circuit as one of the source's qubits, [2^n] interleaved, from `initial` (|0…0⟩ by
 * default) on the source's qubits. Measurements are passed over. @throws Error where another qubit is left in use
 */
export function compiledState(compiled: Compiled, initial = zeroState(compiled.initialLayout.length)): Float64Array {
  const { operations, initialLayout, finalLayout } = compiled;
  const lastUse = new Map<number, number>();
  operations.forEach((operation, index) => {
    if (isUnitary(operation)) for (const qubit of operation.qubits) lastUse.set(qubit, index);
  });
  const kept = new Set(finalLayout);
  const state = new CompactState(initial.slice(), initialLayout);
  operations.forEach((operation, index) => {
    if (!isUnitary(operation)) return;
    state.apply(operation);
    for (const qubit of operation.qubits) if (lastUse.get(qubit) === index && !kept.has(qubit)) state.release(qubit);
  });
  for (const qubit of initialLayout) if (!kept.has(qubit)) state.release(qubit);
  for (const qubit of finalLayout) state.settle(qubit);
  const bits = finalLayout.map((qubit) => state.bitOf(qubit));
  const ordered = new Float64Array(2 * 2 ** finalLayout.length);
  for (let i = 0; i < ordered.length / 2; i++) {
    const from = bits.reduce((sum, bit, qubit) => sum + (((i >> qubit) & 1) << bit), 0);
    ordered[2 * i] = state.amplitudes[2 * from]!;
    ordered[2 * i + 1] = state.amplitudes[2 * from + 1]!;
  }
  return ordered;
}

function product2(a: Float64Array, b: Float64Array): Float64Array {
  const product = new Float64Array(8);
  for (let row = 0; row < 2; row++)
    for (let column = 0; column < 2; column++)
      for (let k = 0; k < 2; k++) {
        const [x, y] = [a[4 * row + 2 * k]!, a[4 * row + 2 * k + 1]!];
        const [u, v] = [b[4 * k + 2 * column]!, b[4 * k + 2 * column + 1]!];
        product[4 * row + 2 * column]! += x * u - y * v;
        product[4 * row + 2 * column + 1]! += x * v + y * u;
      }
  return product;
}

/** The state at the end of a bound circuit, measurements passed over. */
export function sourceState(circuit: Circuit, initial = zeroState(circuit.numQubits)): Float64Array {
  const layout = Array.from({ length: circuit.numQubits }, (_, qubit) => qubit);
  return compiledState({ operations: circuit.operations, initialLayout: layout, finalLayout: layout }, initial);
}

export function zeroState(numQubits: number): Float64Array {
  const state = new Float64Array(2 * 2 ** numQubits);
  state[0] = 1;
  return state;
}

/** 1 - |⟨a|b⟩| for states of norm 1: 0 where they are equal up to a global phase. */
export function infidelity(a: Float64Array, b: Float64Array): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.length; i += 2) {
    re += a[i]! * b[i]! + a[i + 1]! * b[i + 1]!;
    im += a[i]! * b[i + 1]! - a[i + 1]! * b[i]!;
  }
  return Math.abs(1 - Math.hypot(re, im));
}
