import { ObservableError } from "../errors.ts";
import type { SparsePauliOp } from "../observable.ts";
import { optionsFault } from "../options-fault.ts";
import { Rng } from "../rng.ts";

export interface GroundState {
  /** The lowest eigenvalue, in the observable's unit. */
  readonly energy: number;
  /** The computational basis states of the space; bit q is qubit q. */
  readonly basis: ArrayLike<number>;
  /** Interleaved complex amplitudes [2·basis], norm 1. Of a degenerate level this is one of its states. */
  readonly amplitudes: Float64Array;
}

const MAX_QUBITS = 20;
/** Krylov vectors that are kept before a restart from the best state so far. */
const KRYLOV = 48;
const MAX_RESTARTS = 400;

/**
 * The lowest eigenvalue of an observable and a state of it, by the Lanczos method with full reorthogonalisation and restarts;
 * with `basis`, of the observable projected onto the span of these basis states: a sector of fixed particle number or
 * magnetisation, or the determinants of a configuration interaction.
 * @param options.basis different integers in [0, 2^n); all by default
 * @param options.tolerance of the residual |H v - E v|, relative to the sum of |coefficients|; 1e-10 by default
 * @throws ObservableError EIGEN_BASIS for more than 20 qubits or a basis that is none; EIGEN_CONVERGENCE
 */
export function groundState(
  observable: SparsePauliOp,
  options: { readonly basis?: ArrayLike<number>; readonly tolerance?: number } = {},
): GroundState {
  const fault = optionsFault("groundState", options, ["basis", "tolerance"]);
  if (fault !== undefined) throw new ObservableError("EIGEN_BASIS", fault);
  const basis = checkedBasis(observable.numQubits, options.basis);
  const scale = observable.terms.reduce((sum, { coefficient }) => sum + Math.abs(coefficient), 0) || 1;
  const multiply = projected(observable, basis, scale);
  const { tolerance = 1e-10 } = options;
  const rng = Rng.seed(0).fork("ground-state");
  let state = normalised(Float64Array.from({ length: 2 * basis.length }, () => rng.normal()));
  for (let restart = 0; restart < MAX_RESTARTS; restart++) {
    const { energy, vector, residual } = lanczos(multiply, state, Math.min(KRYLOV, basis.length));
    state = vector;
    if (residual <= tolerance) return { energy: energy * scale, basis, amplitudes: state };
  }
  throw new ObservableError(
    "EIGEN_CONVERGENCE",
    `The lowest eigenvalue was not found to ${tolerance} of its scale in ${MAX_RESTARTS * KRYLOV} products; give a larger tolerance.`,
  );
}

function checkedBasis(numQubits: number, given: ArrayLike<number> | undefined): Int32Array {
  if (numQubits > MAX_QUBITS)
    throw new ObservableError("EIGEN_BASIS", `groundState takes ${MAX_QUBITS} qubits at most, not ${numQubits}.`);
  const basis = Int32Array.from(given ?? { length: 2 ** numQubits }, (value, i) =>
    given === undefined ? i : Number(value),
  );
  const wrong = basis.findIndex((state, i) => state !== (given?.[i] ?? i) || state < 0 || state >= 2 ** numQubits);
  if (basis.length === 0 || wrong >= 0 || new Set(basis).size !== basis.length)
    throw new ObservableError(
      "EIGEN_BASIS",
      wrong >= 0
        ? `Basis state ${given![wrong]} is none of ${numQubits} qubit(s), which count from 0 to ${2 ** numQubits - 1}.`
        : "A basis lists one basis state or more, each once.",
    );
  return basis;
}

/** out = H·v / scale on the span of `basis`, interleaved complex. */
function projected(
  observable: SparsePauliOp,
  basis: Int32Array,
  scale: number,
): (v: Float64Array, out: Float64Array) => void {
  const place = new Int32Array(2 ** observable.numQubits).fill(-1);
  for (const [index, state] of basis.entries()) place[state] = index;
  // A string takes |c> to i^(number of Y)·(-1)^(ones of c under Z or Y)·|c with X and Y flipped>; strings of equal flips share a table.
  const tables = new Map<number, Float64Array>();
  for (const { coefficient, pauli } of observable.terms) {
    let flips = 0;
    let signs = 0;
    let turns = 0;
    for (const [qubit, letter] of pauli.letters) {
      if (letter !== "Z") flips |= 1 << qubit;
      if (letter !== "X") signs |= 1 << qubit;
      if (letter === "Y") turns++;
    }
    const table = tables.get(flips) ?? new Float64Array(2 * basis.length);
    tables.set(flips, table);
    const part = turns % 2;
    const factor = (turns % 4 >= 2 ? -coefficient : coefficient) / scale;
    for (let i = 0; i < basis.length; i++) table[2 * i + part]! += isOdd(basis[i]! & signs) ? -factor : factor;
  }
  const entries = [...tables];
  return (v, out) => {
    out.fill(0);
    for (const [flips, table] of entries)
      for (let i = 0; i < basis.length; i++) {
        const to = place[basis[i]! ^ flips]!;
        if (to < 0) continue;
        const [re, im, x, y] = [table[2 * i]!, table[2 * i + 1]!, v[2 * i]!, v[2 * i + 1]!];
        out[2 * to]! += re * x - im * y;
        out[2 * to + 1]! += re * y + im * x;
      }
  };
}

/** The best state in the Krylov space of `start`, and its residual. */
function lanczos(
  multiply: (v: Float64Array, out: Float64Array) => void,
  start: Float64Array,
  size: number,
): { readonly energy: number; readonly vector: Float64Array; readonly residual: number } {
  const vectors: Float64Array[] = [start];
  const diagonal: number[] = [];
  const off: number[] = [];
  for (let k = 0; k < size; k++) {
    const next = new Float64Array(start.length);
    multiply(vectors[k]!, next);
    diagonal.push(innerReal(vectors[k]!, next));
    // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, section 6.9).
    for (let pass = 0; pass < 2; pass++) for (const vector of vectors) removePart(next, vector);
    const norm = Math.sqrt(innerReal(next, next));
    off.push(norm);
    if (norm < 1e-13 || k + 1 === size) break;
    vectors.push(next.map((value) => value / norm));
  }
  const { value, vector: mix } = lowestOfTridiagonal(diagonal, off);
  const vector = new Float64Array(start.length);
  for (const [k, share] of mix.entries()) for (let i = 0; i < vector.length; i++) vector[i]! += share * vectors[k]![i]!;
  return { energy: value, vector: normalised(vector), residual: Math.abs(off.at(-1)! * mix.at(-1)!) };
}

/** By bisection on the number of negative pivots, then inverse iteration. `off[k]` couples k and k+1; its last is not used. */
function lowestOfTridiagonal(
  diagonal: readonly number[],
  off: readonly number[],
): { readonly value: number; readonly vector: readonly number[] } {
  const size = diagonal.length;
  const reach = (k: number): number => Math.abs(off[k - 1] ?? 0) + (k + 1 < size ? Math.abs(off[k]!) : 0);
  let low = Math.min(...diagonal.map((d, k) => d - reach(k)));
  let high = Math.min(...diagonal);
  const isAbove = (x: number): boolean => {
    let pivot = diagonal[0]! - x;
    for (let k = 1; k < size && pivot > 0; k++) pivot = diagonal[k]! - x - off[k - 1]! ** 2 / pivot;
    return pivot <= 0;
  };
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  // `low` is below the eigenvalue by a rounding error, so that all pivots are positive.
  const shift = low - 1e-15;
  let vector = new Array<number>(size).fill(1);
  for (let round = 0; round < 4; round++) {
    const pivots = [diagonal[0]! - shift];
    const right = [...vector];
    for (let k = 1; k < size; k++) {
      const factor = off[k - 1]! / pivots[k - 1]!;
      pivots.push(Math.max(diagonal[k]! - shift - factor * off[k - 1]!, 1e-300));
      right[k]! -= factor * right[k - 1]!;
    }
    for (let k = size - 1; k >= 0; k--)
      right[k] = (right[k]! - (k + 1 < size ? off[k]! * right[k + 1]! : 0)) / pivots[k]!;
    const largest = Math.max(...right.map(Math.abs));
    const norm = largest * Math.hypot(...right.map((value) => value / largest));
    vector = right.map((value) => value / norm);
  }
  return { value: low, vector };
}

function innerReal(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** v -= u <u|v> for interleaved complex vectors. */
function removePart(v: Float64Array, u: Float64Array): void {
  let re = 0;
  let im = 0;
  for (let i = 0; i < u.length; i += 2) {
    re += u[i]! * v[i]! + u[i + 1]! * v[i + 1]!;
    im += u[i]! * v[i + 1]! - u[i + 1]! * v[i]!;
  }
  for (let i = 0; i < u.length; i += 2) {
    v[i]! -= re * u[i]! - im * u[i + 1]!;
    v[i + 1]! -= re * u[i + 1]! + im * u[i]!;
  }
}

function normalised(v: Float64Array): Float64Array {
  const norm = Math.sqrt(innerReal(v, v));
  return v.map((value) => value / norm);
}

function isOdd(bits: number): boolean {
  let odd = false;
  for (let rest = bits; rest !== 0; rest &= rest - 1) odd = !odd;
  return odd;
}
