import type { Matrix } from "../../../circuits/index.ts";

/**
 * A linear map on operators of k qubits in the Pauli basis: R[i, j] = Tr(P_i E(P_j)) / 2^k, 4^k x 4^k real numbers,
 * row-major. Strings are numbered by base-4 digits (I, X, Y, Z = 0, 1, 2, 3), the first qubit the lowest digit. Source:
 * D. Greenbaum, "Introduction to Quantum Gate Set Tomography", arXiv:1509.02921, section 2.
 */
export type TransferMatrix = Float64Array;

/** The base-4 digit of a letter. */
export const LETTER_DIGITS = { X: 1, Y: 2, Z: 3 } as const;

/** The transfer matrix of rho -> sum of K rho K† over operators K of k qubits (row-major, interleaved re/im). */
export function transferMatrix(operators: readonly Readonly<Matrix>[], numQubits: number): TransferMatrix {
  const size = 2 ** numQubits;
  const count = 4 ** numQubits;
  const transfer = new Float64Array(count * count);
  const image = new Float64Array(2 * size * size);
  const left = new Float64Array(2 * size * size);
  for (let column = 0; column < count; column++) {
    image.fill(0);
    for (const operator of operators) {
      timesPauli(operator, column, size, left);
      addTimesAdjoint(left, operator, size, image);
    }
    for (let row = 0; row < count; row++) transfer[row * count + column] = overlap(image, row, size) / size;
  }
  return transfer;
}

/** The transfer matrix of `second` after `first`. */
export function composed(second: TransferMatrix, first: TransferMatrix): TransferMatrix {
  const count = Math.round(Math.sqrt(first.length));
  const out = new Float64Array(first.length);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < count; k++) {
      const factor = second[i * count + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < count; j++) out[i * count + j]! += factor * first[k * count + j]!;
    }
  return out;
}

/** A map of one qubit as one of two, on the first (0) or the second (1). */
export function onOneOfTwo(transfer: TransferMatrix, place: number): TransferMatrix {
  const out = new Float64Array(256);
  for (let row = 0; row < 16; row++)
    for (let column = 0; column < 16; column++) {
      const [own, other] = place === 0 ? [row & 3, row >> 2] : [row >> 2, row & 3];
      const [ownColumn, otherColumn] = place === 0 ? [column & 3, column >> 2] : [column >> 2, column & 3];
      if (other === otherColumn) out[row * 16 + column] = transfer[own * 4 + ownColumn]!;
    }
  return out;
}

/** A map of two qubits with the two exchanged. */
export function exchanged(transfer: TransferMatrix): TransferMatrix {
  const swap = (index: number): number => (index >> 2) | ((index & 3) << 2);
  return Float64Array.from(transfer, (_, at) => transfer[swap(at >> 4) * 16 + swap(at & 15)]!);
}

/** out = matrix · P. P|c> = i^turns |c xor flips>, so column c of the product is column c xor flips of the matrix. */
function timesPauli(matrix: Readonly<Matrix>, pauli: number, size: number, out: Float64Array): void {
  const flips = flipsOf(pauli);
  for (let column = 0; column < size; column++) {
    const turns = quarterTurns(pauli, column);
    for (let row = 0; row < size; row++) {
      const from = 2 * (row * size + (column ^ flips));
      const to = 2 * (row * size + column);
      const re = matrix[from]!;
      const im = matrix[from + 1]!;
      out[to] = turns === 0 ? re : turns === 1 ? -im : turns === 2 ? -re : im;
      out[to + 1] = turns === 0 ? im : turns === 1 ? re : turns === 2 ? -im : -re;
    }
  }
}

/** out += a · b†. */
function addTimesAdjoint(a: Float64Array, b: Readonly<Matrix>, size: number, out: Float64Array): void {
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      let re = 0;
      let im = 0;
      for (let k = 0; k < size; k++) {
        const x = 2 * (row * size + k);
        const y = 2 * (column * size + k);
        re += a[x]! * b[y]! + a[x + 1]! * b[y + 1]!;
        im += a[x + 1]! * b[y]! - a[x]! * b[y + 1]!;
      }
      out[2 * (row * size + column)]! += re;
      out[2 * (row * size + column) + 1]! += im;
    }
}

/** Re Tr(P · matrix), which is all of it for Hermitian matrices. */
function overlap(matrix: Float64Array, pauli: number, size: number): number {
  const flips = flipsOf(pauli);
  let sum = 0;
  for (let column = 0; column < size; column++) {
    const at = 2 * (column * size + (column ^ flips));
    const turns = quarterTurns(pauli, column);
    sum += turns === 0 ? matrix[at]! : turns === 1 ? -matrix[at + 1]! : turns === 2 ? -matrix[at]! : matrix[at + 1]!;
  }
  return sum;
}

/** The bits that a Pauli string flips. */
function flipsOf(pauli: number): number {
  let flips = 0;
  for (let rest = pauli, bit = 1; rest > 0; rest >>= 2, bit <<= 1)
    if ((rest & 3) === 1 || (rest & 3) === 2) flips |= bit;
  return flips;
}

/** P|column> = i^turns |column xor flips>. */
function quarterTurns(pauli: number, column: number): number {
  let turns = 0;
  for (let rest = pauli, bits = column; rest > 0; rest >>= 2, bits >>= 1) {
    const letter = rest & 3;
    if (letter === 2) turns += (bits & 1) === 0 ? 1 : 3;
    else if (letter === 3 && (bits & 1) === 1) turns += 2;
  }
  return turns & 3;
}
