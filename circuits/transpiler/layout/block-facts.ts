import { constantValue } from "../../expression.ts";
import { gateSpec } from "../../gates.ts";
import { controlledMatrix, type Matrix } from "../../matrices.ts";
import type { UnitaryKind } from "../../operation.ts";

/** The Pauli of one qubit with which an operation commutes; `none` where it commutes with no single one. */
export const AXIS = { none: 0, z: 1, x: 2, y: 3 } as const;
export type Axis = (typeof AXIS)[keyof typeof AXIS];

/** What routing needs to know of a run of gates on one pair of qubits. */
export interface PairFacts {
  /** CX gates that the run needs, 0 to 3. */
  readonly cost: number;
  /** CX gates that the run followed by a swap needs, 0 to 3. */
  readonly swappedCost: number;
  readonly axisFirst: Axis;
  readonly axisSecond: Axis;
}

const TOLERANCE = 1e-9;
/** A CX count is a class of measure zero: looser, so that rounding in long runs does not hide it. */
const CLASS_TOLERANCE = 1e-7;

/** Facts of a run of gates on the pair (first, second). Free angles count as unrelated numbers, so what is found holds for all. */
export function pairFacts(operations: readonly UnitaryKind[], first: number, second: number): PairFacts {
  const fresh = freeAngles();
  let u = IDENTITY4;
  for (const operation of operations) u = multiply(embed(operation, first, second, fresh), u);
  if (!u.every(Number.isFinite)) return { cost: 3, swappedCost: 3, axisFirst: AXIS.none, axisSecond: AXIS.none };
  return {
    cost: entanglersFor(u),
    swappedCost: entanglersFor(swapRows(u)),
    axisFirst: axisOf(u, 0),
    axisSecond: axisOf(u, 1),
  };
}

/** The axis of a run of gates on one qubit. */
export function singleAxis(operations: readonly UnitaryKind[], qubit: number): Axis {
  const fresh = freeAngles();
  let u = IDENTITY4;
  for (const operation of operations) u = multiply(embed(operation, qubit, -1, fresh), u);
  return u.every(Number.isFinite) ? axisOf(u, 0) : AXIS.none;
}

/**
 * The least number of CX for a two-qubit unitary, from the spectrum of γ(U) = U Y⊗Y Uᵀ Y⊗Y (Shende, Bullock and Markov,
 * quant-ph/0308033). 16 complex entries, row-major and interleaved.
 */
export function entanglersFor(u: Matrix): 0 | 1 | 2 | 3 {
  // Y⊗Y is the antidiagonal (-1, 1, 1, -1): it reverses columns with a sign.
  const sign = [-1, 1, 1, -1];
  const flipped = new Float64Array(32);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++) {
      const from = 2 * (4 * column + (3 - row));
      // (Y⊗Y Uᵀ)[row, column] = sign[row] U[column, 3 - row]
      flipped[2 * (4 * row + column)] = sign[row]! * u[from]!;
      flipped[2 * (4 * row + column) + 1] = sign[row]! * u[from + 1]!;
    }
  const product = multiply(u, flipped);
  const gamma = new Float64Array(32);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++) {
      const from = 2 * (4 * row + (3 - column));
      gamma[2 * (4 * row + column)] = sign[column]! * product[from]!;
      gamma[2 * (4 * row + column) + 1] = sign[column]! * product[from + 1]!;
    }
  // γ / sqrt(det U) is the γ of the special unitary; its sign is free.
  const [detRe, detIm] = determinant(u);
  const half = -0.5 * Math.atan2(detIm, detRe);
  const cosine = Math.cos(half);
  const sine = Math.sin(half);
  let traceRe = 0;
  let traceIm = 0;
  for (let i = 0; i < 16; i++) {
    const re = gamma[2 * i]! * cosine - gamma[2 * i + 1]! * sine;
    const im = gamma[2 * i]! * sine + gamma[2 * i + 1]! * cosine;
    gamma[2 * i] = re;
    gamma[2 * i + 1] = im;
    if (i % 5 === 0) {
      traceRe += re;
      traceIm += im;
    }
  }
  if (Math.abs(traceIm) > CLASS_TOLERANCE) return 3;
  if (Math.abs(Math.abs(traceRe) - 4) < CLASS_TOLERANCE) return 0;
  if (Math.abs(traceRe) < CLASS_TOLERANCE) {
    const square = multiply(gamma, gamma);
    let distance = 0;
    for (let i = 0; i < 16; i++)
      distance += Math.abs(square[2 * i]! + (i % 5 === 0 ? 1 : 0)) + Math.abs(square[2 * i + 1]!);
    if (distance < CLASS_TOLERANCE) return 1;
  }
  return 2;
}

const IDENTITY4: Matrix = Float64Array.from({ length: 32 }, (_, i) => (i % 10 === 0 ? 1 : 0));

/** A supply of numbers in no rational relation: the fractional parts of multiples of the golden ratio, as angles. */
function freeAngles(): () => number {
  let count = 0;
  return () => {
    count++;
    return 0.2 + 2.6 * ((count * 0.618_033_988_749_894_9) % 1);
  };
}

/** The operation's 4x4 matrix on (first, second), `first` being the least significant bit; identity where it acts on neither. */
function embed(operation: UnitaryKind, first: number, second: number, free: () => number): Matrix {
  const base =
    operation.kind === "unitary"
      ? operation.matrix
      : gateSpec(operation.gate).matrix(operation.params.map((param) => constantValue(param) ?? free()));
  const matrix =
    operation.numControls === 0 ? base : controlledMatrix(base, operation.numControls, [1, 0], operation.controlState);
  const places = operation.qubits.map((qubit) => (qubit === first ? 0 : qubit === second ? 1 : 2));
  const size = 2 ** places.length;
  const used = places.reduce<number>((mask, place) => mask | (1 << place), 0);
  const result = new Float64Array(32);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++) {
      if ((row ^ column) & ~used) continue;
      const r = localIndex(row, places);
      const c = localIndex(column, places);
      result[2 * (4 * row + column)] = matrix[2 * (size * r + c)]!;
      result[2 * (4 * row + column) + 1] = matrix[2 * (size * r + c) + 1]!;
    }
  return result;
}

function localIndex(index: number, places: readonly number[]): number {
  let local = 0;
  for (let bit = 0; bit < places.length; bit++) local |= ((index >> places[bit]!) & 1) << bit;
  return local;
}

function axisOf(u: Matrix, bit: number): Axis {
  if (commutesWithFlip(u, bit, false)) return AXIS.z;
  if (commutesWithFlip(u, bit, true)) return AXIS.x;
  return commutesWithY(u, bit) ? AXIS.y : AXIS.none;
}

/** Whether U commutes with X (`flip`) or Z on a bit. */
function commutesWithFlip(u: Matrix, bit: number, flip: boolean): boolean {
  const mask = 1 << bit;
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++) {
      const at = 2 * (4 * row + column);
      if (flip) {
        const to = 2 * (4 * (row ^ mask) + (column ^ mask));
        if (Math.abs(u[at]! - u[to]!) > TOLERANCE || Math.abs(u[at + 1]! - u[to + 1]!) > TOLERANCE) return false;
      } else if (((row ^ column) & mask) !== 0 && Math.hypot(u[at]!, u[at + 1]!) > TOLERANCE) return false;
    }
  return true;
}

function commutesWithY(u: Matrix, bit: number): boolean {
  const mask = 1 << bit;
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++) {
      // (Y U Y)[row, column] = ± U[row^1, column^1], minus where exactly one of the bits is set.
      const sign = ((row ^ column) & mask) !== 0 ? -1 : 1;
      const at = 2 * (4 * row + column);
      const to = 2 * (4 * (row ^ mask) + (column ^ mask));
      if (Math.abs(u[at]! - sign * u[to]!) > TOLERANCE || Math.abs(u[at + 1]! - sign * u[to + 1]!) > TOLERANCE)
        return false;
    }
  return true;
}

function swapRows(u: Matrix): Matrix {
  const swapped = u.slice();
  swapped.set(u.subarray(16, 24), 8);
  swapped.set(u.subarray(8, 16), 16);
  return swapped;
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const product = new Float64Array(32);
  for (let row = 0; row < 4; row++)
    for (let inner = 0; inner < 4; inner++) {
      const re = a[2 * (4 * row + inner)]!;
      const im = a[2 * (4 * row + inner) + 1]!;
      if (re === 0 && im === 0) continue;
      for (let column = 0; column < 4; column++) {
        const from = 2 * (4 * inner + column);
        const to = 2 * (4 * row + column);
        product[to] = product[to]! + re * b[from]! - im * b[from + 1]!;
        product[to + 1] = product[to + 1]! + re * b[from + 1]! + im * b[from]!;
      }
    }
  return product;
}

/** Determinant of a 4x4 complex matrix by elimination with pivots. */
function determinant(matrix: Matrix): readonly [re: number, im: number] {
  const m = matrix.slice();
  let re = 1;
  let im = 0;
  for (let k = 0; k < 4; k++) {
    let pivot = k;
    for (let row = k + 1; row < 4; row++)
      if (
        Math.hypot(m[8 * row + 2 * k]!, m[8 * row + 2 * k + 1]!) >
        Math.hypot(m[8 * pivot + 2 * k]!, m[8 * pivot + 2 * k + 1]!)
      )
        pivot = row;
    if (pivot !== k) {
      const kept = m.slice(8 * k, 8 * k + 8);
      m.copyWithin(8 * k, 8 * pivot, 8 * pivot + 8);
      m.set(kept, 8 * pivot);
      re = -re;
      im = -im;
    }
    const pr = m[8 * k + 2 * k]!;
    const pi = m[8 * k + 2 * k + 1]!;
    [re, im] = [re * pr - im * pi, re * pi + im * pr];
    const norm = pr * pr + pi * pi;
    for (let row = k + 1; row < 4; row++) {
      const xr = m[8 * row + 2 * k]!;
      const xi = m[8 * row + 2 * k + 1]!;
      const fr = (xr * pr + xi * pi) / norm;
      const fi = (xi * pr - xr * pi) / norm;
      for (let column = k; column < 4; column++) {
        const br = m[8 * k + 2 * column]!;
        const bi = m[8 * k + 2 * column + 1]!;
        m[8 * row + 2 * column] = m[8 * row + 2 * column]! - (fr * br - fi * bi);
        m[8 * row + 2 * column + 1] = m[8 * row + 2 * column + 1]! - (fr * bi + fi * br);
      }
    }
  }
  return [re, im];
}
