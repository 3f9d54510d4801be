/**
 * Kernels on a density matrix in the Pauli basis: r[P] = Tr(P rho), 4^n real numbers, where digit q (base 4) of an index
 * is the letter (I, X, Y, Z = 0, 1, 2, 3) on qubit q. Channels are real matrices, Pauli strings are read at once, and
 * Clifford gates are signed permutations.
 */

/** |0...0>: strings of I and Z have the value 1. */
export function prepareZero(vector: Float64Array, numQubits: number): void {
  vector.fill(0);
  vector[0] = 1;
  for (let qubit = 0, size = 1; qubit < numQubits; qubit++, size *= 4)
    for (let i = 0; i < size; i++) vector[3 * size + i] = vector[i]!;
}

/** Applies a trace-preserving map of one qubit (4x4, first row 1 0 0 0) in place. O(4^n). */
export function applyLocal(vector: Float64Array, qubit: number, map: Float64Array): void {
  const stride = 4 ** qubit;
  const xi = map[4]!;
  const xx = map[5]!;
  const xy = map[6]!;
  const xz = map[7]!;
  const yi = map[8]!;
  const yx = map[9]!;
  const yy = map[10]!;
  const yz = map[11]!;
  const zi = map[12]!;
  const zx = map[13]!;
  const zy = map[14]!;
  const zz = map[15]!;
  const low = stride - 1;
  const groups = vector.length >> 2;
  for (let group = 0; group < groups; group++) {
    const at = ((group & ~low) << 2) | (group & low);
    const i = vector[at]!;
    const x = vector[at + stride]!;
    const y = vector[at + 2 * stride]!;
    const z = vector[at + 3 * stride]!;
    vector[at + stride] = xi * i + xx * x + xy * y + xz * z;
    vector[at + 2 * stride] = yi * i + yx * x + yy * y + yz * z;
    vector[at + 3 * stride] = zi * i + zx * x + zy * y + zz * z;
  }
}

/** The rows of a 16x16 map that differ from the unit matrix, without their zeros. */
export interface SparseMap {
  readonly rows: Uint8Array;
  /** Where the entries of each of `rows` begin, and where the last end. */
  readonly starts: Uint16Array;
  readonly columns: Uint8Array;
  readonly values: Float64Array;
}

/** What is smaller than this is left over from rounding: entries are at most 1. */
const ROUNDING = 1e-15;

export function sparseMap(map: Float64Array): SparseMap {
  const rows: number[] = [];
  const starts = [0];
  const columns: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < 16; row++) {
    const entries = Array.from(map.subarray(16 * row, 16 * row + 16), (value, column) => [column, value] as const);
    const kept = entries.filter(([, value]) => Math.abs(value) > ROUNDING);
    if (kept.length === 1 && kept[0]![0] === row && kept[0]![1] === 1) continue;
    rows.push(row);
    for (const [column, value] of kept) {
      columns.push(column);
      values.push(value);
    }
    starts.push(columns.length);
  }
  return {
    rows: Uint8Array.from(rows),
    starts: Uint16Array.from(starts),
    columns: Uint8Array.from(columns),
    values: Float64Array.from(values),
  };
}

const gathered = new Float64Array(16);
const offsets = new Int32Array(16);

/** Applies a map of two qubits in place; `a` is the lower digit of the map's indices. O(4^n · entries / 16). */
export function applyPair(vector: Float64Array, a: number, b: number, map: SparseMap): void {
  const { rows, starts, columns, values } = map;
  const strideA = 4 ** a;
  const strideB = 4 ** b;
  for (let k = 0; k < 16; k++) offsets[k] = (k & 3) * strideA + (k >> 2) * strideB;
  const low = Math.min(strideA, strideB) - 1;
  const high = Math.max(strideA, strideB) - 1;
  const count = rows.length;
  const groups = vector.length >> 4;
  for (let group = 0; group < groups; group++) {
    const spread = ((group & ~low) << 2) | (group & low);
    const at = ((spread & ~high) << 2) | (spread & high);
    for (let k = 0; k < 16; k++) gathered[k] = vector[at + offsets[k]!]!;
    for (let row = 0; row < count; row++) {
      let sum = 0;
      const end = starts[row + 1]!;
      for (let entry = starts[row]!; entry < end; entry++) sum += values[entry]! * gathered[columns[entry]!]!;
      vector[at + offsets[rows[row]!]!] = sum;
    }
  }
}

/**
 * Measures a qubit: keeps the part in which `read` is read, with its probability in its trace.
 * @param given probabilities of that reading for a true 0 and a true 1
 */
export function project(from: Float64Array, qubit: number, given: readonly [number, number], to: Float64Array): void {
  const stride = 4 ** qubit;
  const low = stride - 1;
  const same = (given[0] + given[1]) / 2;
  const cross = (given[0] - given[1]) / 2;
  const groups = from.length >> 2;
  for (let group = 0; group < groups; group++) {
    const at = ((group & ~low) << 2) | (group & low);
    const i = from[at]!;
    const z = from[at + 3 * stride]!;
    to[at] = same * i + cross * z;
    to[at + stride] = 0;
    to[at + 2 * stride] = 0;
    to[at + 3 * stride] = cross * i + same * z;
  }
}

export function addInto(target: Float64Array, other: Float64Array): void {
  for (let at = 0; at < target.length; at++) target[at]! += other[at]!;
}

/**
 * Matrix elements from the Pauli basis: interleaved re/im at index digits e_q = row bit + 2·column bit, so that bit 2q of
 * an index is qubit q of the row and bit 2q + 1 that of the column. O(n 4^n).
 */
export function toElements(vector: Float64Array, numQubits: number, out: Float64Array): void {
  for (let at = 0; at < vector.length; at++) {
    out[2 * at] = vector[at]!;
    out[2 * at + 1] = 0;
  }
  eachDigit(out, numQubits, (at, stride) => {
    const [i, x, y, z] = [at, at + stride, at + 2 * stride, at + 3 * stride];
    const [ir, ii, xr, xi] = [out[i]!, out[i + 1]!, out[x]!, out[x + 1]!];
    const [yr, yi, zr, zi] = [out[y]!, out[y + 1]!, out[z]!, out[z + 1]!];
    out[i] = (ir + zr) / 2;
    out[i + 1] = (ii + zi) / 2;
    // Row 1, column 0: (X + iY)/2.
    out[x] = (xr - yi) / 2;
    out[x + 1] = (xi + yr) / 2;
    out[y] = (xr + yi) / 2;
    out[y + 1] = (xi - yr) / 2;
    out[z] = (ir - zr) / 2;
    out[z + 1] = (ii - zi) / 2;
  });
}

/** The inverse of `toElements`; spoils the elements. */
export function fromElements(elements: Float64Array, numQubits: number, out: Float64Array): void {
  eachDigit(elements, numQubits, (at, stride) => {
    const [a, b, c, d] = [at, at + stride, at + 2 * stride, at + 3 * stride];
    const [ar, ai, br, bi] = [elements[a]!, elements[a + 1]!, elements[b]!, elements[b + 1]!];
    const [cr, ci, dr, di] = [elements[c]!, elements[c + 1]!, elements[d]!, elements[d + 1]!];
    elements[a] = ar + dr;
    elements[a + 1] = ai + di;
    elements[b] = br + cr;
    elements[b + 1] = bi + ci;
    // Y = -i (row 1 column 0 - row 0 column 1).
    elements[c] = bi - ci;
    elements[c + 1] = cr - br;
    elements[d] = ar - dr;
    elements[d + 1] = ai - di;
  });
  for (let at = 0; at < out.length; at++) out[at] = elements[2 * at]!;
}

/** Visits, for each qubit, the first of every four interleaved numbers that differ in its digit. */
function eachDigit(elements: Float64Array, numQubits: number, visit: (at: number, stride: number) => void): void {
  const groups = elements.length >> 3;
  for (let qubit = 0, stride = 1; qubit < numQubits; qubit++, stride *= 4)
    for (let group = 0; group < groups; group++) {
      const low = stride - 1;
      visit(2 * (((group & ~low) << 2) | (group & low)), 2 * stride);
    }
}
