import { adjointMatrix, dimensionOf, type Matrix } from "../../matrices.ts";
import { jacobiRotation, rotateColumns } from "./jacobi-rotation.ts";

/**
 * U = [[L, 0], [0, M]] · [[C, -S], [S, C]] · [[W†, 0], [0, R]] with C = diag(cos θ), S = diag(sin θ): halves by the highest
 * bit of the index.
 */
export interface CosineSineDecomposition {
  readonly afterFirst: Matrix;
  readonly afterSecond: Matrix;
  /** Radians, 0 to π/2. */
  readonly angles: Float64Array;
  readonly beforeFirst: Matrix;
  readonly beforeSecond: Matrix;
}

const MAX_SWEEPS = 60;

/**
 * The cosine-sine decomposition of a unitary of even size. One-sided Jacobi rotations make the columns of the upper left
 * block orthogonal, then, where these are long, those of the lower left, which are short: so both are exact to rounding.
 * O(n³) a sweep.
 */
export function cosineSine(u: Readonly<Matrix>): CosineSineDecomposition {
  const half = dimensionOf(u as Matrix) / 2;
  const upper = quarter(u, half, 0, 0);
  const lower = quarter(u, half, half, 0);
  const turn = identity(half);
  orthogonalize(upper, [lower, turn], () => true);
  orthogonalize(lower, [upper, turn], (p, q) => norm2(lower, p) < 0.25 && norm2(lower, q) < 0.25);
  const cosines = Float64Array.from({ length: half }, (_, j) => Math.sqrt(norm2(upper, j)));
  const sines = Float64Array.from({ length: half }, (_, j) => Math.sqrt(norm2(lower, j)));
  const afterFirst = orthonormal(upper, cosines);
  const afterSecond = orthonormal(lower, sines);
  const [right, corner] = [quarter(u, half, 0, half), quarter(u, half, half, half)];
  const beforeSecond = new Float64Array(2 * half * half);
  for (let j = 0; j < half; j++)
    for (let k = 0; k < half; k++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < half; i++) {
        // cos·(m_j† U₁₁) - sin·(l_j† U₀₁)
        for (const [factor, vector, block] of [
          [cosines[j]!, afterSecond, corner],
          [-sines[j]!, afterFirst, right],
        ] as const) {
          const a = 2 * (i * half + j);
          const b = 2 * (i * half + k);
          re += factor * (vector[a]! * block[b]! + vector[a + 1]! * block[b + 1]!);
          im += factor * (vector[a]! * block[b + 1]! - vector[a + 1]! * block[b]!);
        }
      }
      beforeSecond[2 * (j * half + k)] = re;
      beforeSecond[2 * (j * half + k) + 1] = im;
    }
  return {
    afterFirst,
    afterSecond,
    angles: sines.map((sine, j) => Math.atan2(sine, cosines[j]!)),
    beforeFirst: adjointMatrix(turn),
    beforeSecond,
  };
}

function quarter(u: Readonly<Matrix>, half: number, row: number, column: number): Matrix {
  const out = new Float64Array(2 * half * half);
  for (let i = 0; i < half; i++)
    for (let k = 0; k < 2 * half; k++) out[2 * i * half + k] = u[2 * ((row + i) * 2 * half + column) + k]!;
  return out;
}

function identity(size: number): Matrix {
  const out = new Float64Array(2 * size * size);
  for (let i = 0; i < size; i++) out[2 * (i * size + i)] = 1;
  return out;
}

/** The squared length of a column. */
function norm2(m: Matrix, column: number): number {
  const size = dimensionOf(m);
  let sum = 0;
  for (let i = 0; i < size; i++) sum += m[2 * (i * size + column)]! ** 2 + m[2 * (i * size + column) + 1]! ** 2;
  return sum;
}

/** a_p† a_q of two columns. */
function inner(a: Matrix, p: number, b: Matrix, q: number): readonly [re: number, im: number] {
  const size = dimensionOf(a);
  let re = 0;
  let im = 0;
  for (let i = 0; i < size; i++) {
    const x = 2 * (i * size + p);
    const y = 2 * (i * size + q);
    re += a[x]! * b[y]! + a[x + 1]! * b[y + 1]!;
    im += a[x]! * b[y + 1]! - a[x + 1]! * b[y]!;
  }
  return [re, im];
}

/** Rotates columns until those of `m` are orthogonal, and those of the others along with them (Hestenes). */
function orthogonalize(m: Matrix, along: readonly Matrix[], isMeant: (p: number, q: number) => boolean): void {
  const size = dimensionOf(m);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = false;
    for (let p = 0; p < size - 1; p++)
      for (let q = p + 1; q < size; q++) {
        if (!isMeant(p, q)) continue;
        const [re, im] = inner(m, p, m, q);
        const overlap = Math.hypot(re, im);
        const [a, b] = [norm2(m, p), norm2(m, q)];
        if (overlap <= 1e-15 * Math.sqrt(a * b) || overlap < 1e-300) continue;
        const rotation = jacobiRotation(a, b, re, im);
        for (const matrix of [m, ...along]) rotateColumns(matrix, p, q, rotation);
        moved = true;
      }
    if (!moved) return;
  }
}

/** The columns with length 1, the longest first made exact; those without a direction get one that is left. */
function orthonormal(m: Matrix, lengths: Float64Array): Matrix {
  const size = dimensionOf(m);
  const out = new Float64Array(m.length);
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]!);
  const done: number[] = [];
  const reduce = (column: number): number => {
    for (let pass = 0; pass < 2; pass++)
      for (const other of done) {
        const [re, im] = inner(out, other, out, column);
        for (let i = 0; i < size; i++) {
          const x = 2 * (i * size + other);
          const y = 2 * (i * size + column);
          out[y] = out[y]! - (re * out[x]! - im * out[x + 1]!);
          out[y + 1] = out[y + 1]! - (re * out[x + 1]! + im * out[x]!);
        }
      }
    const length = Math.sqrt(norm2(out, column));
    for (let i = 0; i < size; i++) for (const part of [0, 1]) out[2 * (i * size + column) + part]! /= length || 1;
    return length;
  };
  for (const column of order) {
    const length = lengths[column]!;
    if (length > 1e-13)
      for (let i = 0; i < size; i++)
        for (const part of [0, 1]) out[2 * (i * size + column) + part] = m[2 * (i * size + column) + part]! / length;
    if (length <= 1e-13 || reduce(column) < 0.5)
      for (let basis = 0; basis < size; basis++) {
        for (let i = 0; i < size; i++)
          for (const part of [0, 1]) out[2 * (i * size + column) + part] = i === basis && part === 0 ? 1 : 0;
        if (reduce(column) > 0.5 / Math.sqrt(size)) break;
      }
    done.push(column);
  }
  return out;
}
