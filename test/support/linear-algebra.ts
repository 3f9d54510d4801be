import { expect } from "vitest";
import { type Circuit, circuitMatrix, complexMatrix, type Matrix, type SparsePauliOp } from "../../circuits/index.ts";

/** The largest absolute difference of two lists of numbers of the same length. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
  }
  return worst;
}

export function identity(size: number): Matrix {
  return Float64Array.from({ length: 2 * size * size }, (_, i) => (i % (2 * size + 2) === 0 ? 1 : 0));
}

/** `high ⊗ low`: `low` acts on the least significant bits. */
export function kronecker(high: Matrix, low: Matrix): Matrix {
  const a = Math.sqrt(high.length / 2);
  const b = Math.sqrt(low.length / 2);
  const size = a * b;
  const out = new Float64Array(2 * size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const i = 2 * (Math.floor(row / b) * a + Math.floor(column / b));
      const j = 2 * ((row % b) * b + (column % b));
      const at = 2 * (row * size + column);
      out[at] = high[i]! * low[j]! - high[i + 1]! * low[j + 1]!;
      out[at + 1] = high[i]! * low[j + 1]! + high[i + 1]! * low[j]!;
    }
  return out;
}

const PAULI: Readonly<Record<string, Matrix>> = {
  I: identity(2),
  X: complexMatrix([
    [0, 1],
    [1, 0],
  ]),
  Y: complexMatrix([
    [0, [0, -1]],
    [[0, 1], 0],
  ]),
  Z: complexMatrix([
    [1, 0],
    [0, -1],
  ]),
};

/** The matrix of a Pauli label (highest qubit leftmost), as a Kronecker product. */
export const labelMatrix = (label: string): Matrix =>
  [...label].reduce<Matrix>((matrix, letter) => kronecker(matrix, PAULI[letter]!), identity(1));

export function observableMatrix(observable: SparsePauliOp): Matrix {
  const out = new Float64Array(2 * 4 ** observable.numQubits);
  for (const [label, coefficient] of observable.toLabels()) {
    const matrix = labelMatrix(label);
    for (let i = 0; i < out.length; i++) out[i]! += coefficient * matrix[i]!;
  }
  return out;
}

/** The state a bound circuit prepares from |0...0>: interleaved re, im. */
export function stateOf(circuit: Circuit): Float64Array {
  const matrix = circuitMatrix(circuit);
  const size = 2 ** circuit.numQubits;
  return Float64Array.from({ length: 2 * size }, (_, i) => matrix[2 * (i >> 1) * size + (i & 1)]!);
}

/** Re <state|matrix|state>. */
export function expectationOf(matrix: Matrix, state: Float64Array): number {
  const size = state.length / 2;
  let total = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = 2 * (i * size + j);
      const re = matrix[at]! * state[2 * j]! - matrix[at + 1]! * state[2 * j + 1]!;
      const im = matrix[at]! * state[2 * j + 1]! + matrix[at + 1]! * state[2 * j]!;
      total += state[2 * i]! * re + state[2 * i + 1]! * im;
    }
  return total;
}
