import { TranspilerError } from "../../errors.ts";
import type { Matrix } from "../../matrices.ts";
import { multiply4, splitTensor, tensor } from "./four-by-four.ts";
import { diagonalizeJointly } from "./joint-diagonalization.ts";
import { multiply2 } from "./two-by-two.ts";

const { PI, SQRT1_2 } = Math;
/** Coordinates closer to a wall of the Weyl chamber than this lie on it. */
export const WALL = 1e-10;
const QUARTER_TURN_Z = Float64Array.of(SQRT1_2, -SQRT1_2, 0, 0, 0, 0, SQRT1_2, SQRT1_2);
const QUARTER_TURN_X = Float64Array.of(SQRT1_2, 0, 0, -SQRT1_2, 0, -SQRT1_2, SQRT1_2, 0);
const QUARTER_TURN_Y = Float64Array.of(SQRT1_2, 0, -SQRT1_2, 0, SQRT1_2, 0, SQRT1_2, 0);
/** X, Y, Z by the index of their coordinate. */
const PAULIS: readonly Matrix[] = [
  Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0),
  Float64Array.of(0, 0, 0, -1, 0, 1, 0, 0),
  Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0),
];
/** The quarter turn that exchanges two coordinates, by the index of the third. */
const EXCHANGES: readonly Matrix[] = [QUARTER_TURN_X, QUARTER_TURN_Y, QUARTER_TURN_Z];

/**
 * The Cartan decomposition of two-qubit unitaries: U = e^{iα} (afterHigh ⊗ afterLow) exp(i(x XX + y YY + z ZZ))
 * (beforeHigh ⊗ beforeLow), where "low" acts on the first qubit, the least significant one. In the magic basis local
 * unitaries are real, so that MᵀM of the transformed matrix shows the coordinates as its eigenvalues (Kraus and Cirac,
 * PRA 63, 062309, 2001). One instance holds the working memory and the last result; no call allocates.
 */
export class KakDecomposition {
  /** x, y, z in radians. */
  readonly coordinates: Float64Array = new Float64Array(3);
  readonly afterLow: Matrix = new Float64Array(8);
  readonly afterHigh: Matrix = new Float64Array(8);
  readonly beforeLow: Matrix = new Float64Array(8);
  readonly beforeHigh: Matrix = new Float64Array(8);
  readonly #special = new Float64Array(32);
  readonly #magic = new Float64Array(32);
  readonly #work = new Float64Array(32);
  readonly #x = new Float64Array(16);
  readonly #y = new Float64Array(16);
  readonly #p = new Float64Array(16);
  readonly #o = new Float64Array(16);
  readonly #phases = new Float64Array(4);
  readonly #small = new Float64Array(8);

  /**
   * Decomposes a 4×4 unitary (interleaved, length 32); the coordinates are any that fit, not folded.
   * @throws TranspilerError KAK_NOT_UNITARY when the matrix is so far from unitary that no decomposition fits it to 1e-7
   */
  decompose(u: Readonly<Matrix>): void {
    toSpecial(this.#special, u);
    this.decomposeSpecial(this.#special);
  }

  /** As `decompose`, for a matrix of determinant 1. */
  decomposeSpecial(u: Readonly<Matrix>): void {
    toMagic(this.#magic, u, this.#work);
    const m = this.#magic;
    const x = this.#x;
    const y = this.#y;
    const p = this.#p;
    const o = this.#o;
    const d = this.#phases;
    for (let i = 0; i < 4; i++)
      for (let j = i; j < 4; j++) {
        let re = 0;
        let im = 0;
        for (let k = 0; k < 32; k += 8) {
          const ar = m[k + 2 * i]!;
          const ai = m[k + 2 * i + 1]!;
          const br = m[k + 2 * j]!;
          const bi = m[k + 2 * j + 1]!;
          re += ar * br - ai * bi;
          im += ar * bi + ai * br;
        }
        x[4 * i + j] = re;
        x[4 * j + i] = re;
        y[4 * i + j] = im;
        y[4 * j + i] = im;
      }
    if (!(diagonalizeJointly(x, y, p) < 1e-7))
      throw new TranspilerError(
        "KAK_NOT_UNITARY",
        "A two-qubit gate's matrix is not unitary; check where it came from.",
      );
    if (determinant(p) < 0) for (let row = 0; row < 16; row += 4) p[row] = -p[row]!;
    for (let i = 0; i < 4; i++) d[i] = Math.atan2(y[5 * i]!, x[5 * i]!) / 2;
    this.#leftRotation();
    if (determinant(o) < 0) {
      d[0] = d[0]! + PI;
      for (let row = 0; row < 16; row += 4) o[row] = -o[row]!;
    }
    fromMagic(this.#work, o, false);
    splitTensor(this.#work, this.afterHigh, this.afterLow);
    fromMagic(this.#work, p, true);
    splitTensor(this.#work, this.beforeHigh, this.beforeLow);
    coordinatesOf(this.coordinates, d);
  }

  /** O = M P e^{-iD}, which is real. */
  #leftRotation(): void {
    const m = this.#magic;
    const p = this.#p;
    const o = this.#o;
    const d = this.#phases;
    for (let j = 0; j < 4; j++) {
      const c = Math.cos(d[j]!);
      const s = Math.sin(d[j]!);
      for (let i = 0; i < 4; i++) {
        let re = 0;
        let im = 0;
        for (let k = 0; k < 4; k++) {
          re += m[8 * i + 2 * k]! * p[4 * k + j]!;
          im += m[8 * i + 2 * k + 1]! * p[4 * k + j]!;
        }
        o[4 * i + j] = re * c + im * s;
      }
    }
  }

  /** Moves the coordinates into the Weyl chamber π/4 ≥ x ≥ y ≥ |z|, z ≥ 0 where x = π/4, and the local gates with them. */
  fold(): void {
    const c = this.coordinates;
    for (let axis = 0; axis < 3; axis++) {
      const turns = Math.round(c[axis]! / (PI / 2));
      this.shift(axis, turns);
    }
    if (Math.abs(c[0]!) < Math.abs(c[1]!)) this.exchange(0, 1);
    if (Math.abs(c[1]!) < Math.abs(c[2]!)) this.exchange(1, 2);
    if (Math.abs(c[0]!) < Math.abs(c[1]!)) this.exchange(0, 1);
    if (c[0]! < 0) this.flip(0, 2);
    if (c[1]! < 0) this.flip(1, 2);
    if (c[0]! > PI / 4 - WALL && c[2]! < 0) {
      this.shift(0, 1);
      this.flip(0, 2);
    }
  }

  /** Takes `turns`·π/2 off a coordinate: exp(iπ/2 PP) is iPP, which is local. */
  shift(axis: number, turns: number): void {
    this.coordinates[axis] = this.coordinates[axis]! - (turns * PI) / 2;
    if (turns % 2 === 0) return;
    this.#after(this.afterLow, PAULIS[axis]!);
    this.#after(this.afterHigh, PAULIS[axis]!);
  }

  /** Exchanges two coordinates by a quarter turn of both qubits about the third axis. */
  exchange(a: number, b: number): void {
    const turn = EXCHANGES[3 - a - b]!;
    const kept = this.coordinates[a]!;
    this.coordinates[a] = this.coordinates[b]!;
    this.coordinates[b] = kept;
    // V N(x, y, z) V† = N(y, x, z), hence N(x, y, z) = V† N(y, x, z) V.
    this.#afterAdjoint(this.afterLow, turn);
    this.#afterAdjoint(this.afterHigh, turn);
    this.#before(this.beforeLow, turn);
    this.#before(this.beforeHigh, turn);
  }

  /** Negates two coordinates by a Pauli of the third axis on the first qubit, before and after. */
  flip(a: number, b: number): void {
    const pauli = PAULIS[3 - a - b]!;
    this.coordinates[a] = -this.coordinates[a]!;
    this.coordinates[b] = -this.coordinates[b]!;
    this.#after(this.afterLow, pauli);
    this.#before(this.beforeLow, pauli);
  }

  #after(gate: Matrix, factor: Matrix): void {
    multiply2(this.#small, gate, factor);
    gate.set(this.#small);
  }
  #afterAdjoint(gate: Matrix, factor: Matrix): void {
    // A quarter turn's adjoint is its inverse about the same axis: the cube of it, up to a sign.
    for (let i = 0; i < 3; i++) this.#after(gate, factor);
  }
  #before(gate: Matrix, factor: Matrix): void {
    multiply2(this.#small, factor, gate);
    gate.set(this.#small);
  }

  /** The unitary that the result stands for, up to a global phase. */
  rebuild(): Matrix {
    const [after, before] = [tensor(this.afterHigh, this.afterLow), tensor(this.beforeHigh, this.beforeLow)];
    const out = new Float64Array(32);
    multiply4(this.#work, canonicalGate(this.coordinates), before);
    multiply4(out, after, this.#work);
    return out;
  }
}

/** exp(i(x XX + y YY + z ZZ)). */
export function canonicalGate([x, y, z]: ArrayLike<number> & Iterable<number>): Matrix {
  const out = new Float64Array(32);
  const pair = (phase: number, angle: number, a: number, b: number): void => {
    const [pr, pi] = [Math.cos(phase), Math.sin(phase)];
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    for (const [i, j] of [
      [a, a],
      [b, b],
    ] as const) {
      out[8 * i + 2 * j] = pr * c;
      out[8 * i + 2 * j + 1] = pi * c;
    }
    for (const [i, j] of [
      [a, b],
      [b, a],
    ] as const) {
      out[8 * i + 2 * j] = -pi * s;
      out[8 * i + 2 * j + 1] = pr * s;
    }
  };
  pair(z!, x! - y!, 0, 3);
  pair(-z!, x! + y!, 1, 2);
  return out;
}

/** CX, CZ or ECR gates that coordinates folded into the Weyl chamber cost (Shende, Bullock and Markov, PRA 70, 012310, 2004). */
export function entanglerCount(folded: ArrayLike<number>): 0 | 1 | 2 | 3 {
  const [x, y, z] = [folded[0]!, folded[1]!, folded[2]!];
  if (x < WALL) return 0;
  if (Math.abs(x - PI / 4) < WALL && y < WALL) return 1;
  return Math.abs(z) < WALL ? 2 : 3;
}

/** A 4×4 unitary divided by a fourth root of its determinant. */
export function specialUnitary(u: Readonly<Matrix>): Matrix {
  const out = new Float64Array(32);
  toSpecial(out, u);
  return out;
}

function toSpecial(out: Matrix, u: Readonly<Matrix>): void {
  // The determinant's phase, by elimination with pivots on a copy in `out`.
  out.set(u);
  let angle = 0;
  for (let column = 0; column < 4; column++) {
    let pivot = column;
    let best = -1;
    for (let row = column; row < 4; row++) {
      const size = Math.hypot(out[8 * row + 2 * column]!, out[8 * row + 2 * column + 1]!);
      if (size > best + 1e-9) {
        best = size;
        pivot = row;
      }
    }
    if (pivot !== column) {
      angle += PI;
      for (let k = 0; k < 8; k++) {
        const kept = out[8 * column + k]!;
        out[8 * column + k] = out[8 * pivot + k]!;
        out[8 * pivot + k] = kept;
      }
    }
    const [pr, pi] = [out[10 * column]!, out[10 * column + 1]!];
    const norm = pr * pr + pi * pi;
    angle += Math.atan2(pi, pr);
    for (let row = column + 1; row < 4; row++) {
      const [ar, ai] = [out[8 * row + 2 * column]!, out[8 * row + 2 * column + 1]!];
      const [fr, fi] = [(ar * pr + ai * pi) / norm, (ai * pr - ar * pi) / norm];
      for (let k = column; k < 4; k++) {
        const [br, bi] = [out[8 * column + 2 * k]!, out[8 * column + 2 * k + 1]!];
        out[8 * row + 2 * k] = out[8 * row + 2 * k]! - (fr * br - fi * bi);
        out[8 * row + 2 * k + 1] = out[8 * row + 2 * k + 1]! - (fr * bi + fi * br);
      }
    }
  }
  const [c, s] = [Math.cos(-angle / 4), Math.sin(-angle / 4)];
  for (let i = 0; i < 32; i += 2) {
    out[i] = u[i]! * c - u[i + 1]! * s;
    out[i + 1] = u[i]! * s + u[i + 1]! * c;
  }
}

/**
 * Q†UQ, where the columns of Q are the magic basis: Φ+, iΦ-, iΨ+, Ψ- with Φ± = (|00⟩ ± |11⟩)/√2, Ψ± = (|01⟩ ± |10⟩)/√2
 * (|01⟩ being index 1).
 */
export function toMagic(out: Matrix, u: Readonly<Matrix>, work: Matrix): void {
  for (let row = 0; row < 32; row += 8) {
    const ar = u[row]!;
    const ai = u[row + 1]!;
    const br = u[row + 2]!;
    const bi = u[row + 3]!;
    const cr = u[row + 4]!;
    const ci = u[row + 5]!;
    const dr = u[row + 6]!;
    const di = u[row + 7]!;
    work[row] = (ar + dr) * SQRT1_2;
    work[row + 1] = (ai + di) * SQRT1_2;
    work[row + 2] = (di - ai) * SQRT1_2;
    work[row + 3] = (ar - dr) * SQRT1_2;
    work[row + 4] = -(bi + ci) * SQRT1_2;
    work[row + 5] = (br + cr) * SQRT1_2;
    work[row + 6] = (br - cr) * SQRT1_2;
    work[row + 7] = (bi - ci) * SQRT1_2;
  }
  for (let k = 0; k < 8; k += 2) {
    const ar = work[k]!;
    const ai = work[k + 1]!;
    const br = work[8 + k]!;
    const bi = work[9 + k]!;
    const cr = work[16 + k]!;
    const ci = work[17 + k]!;
    const dr = work[24 + k]!;
    const di = work[25 + k]!;
    out[k] = (ar + dr) * SQRT1_2;
    out[k + 1] = (ai + di) * SQRT1_2;
    out[8 + k] = (ai - di) * SQRT1_2;
    out[9 + k] = (dr - ar) * SQRT1_2;
    out[16 + k] = (bi + ci) * SQRT1_2;
    out[17 + k] = -(br + cr) * SQRT1_2;
    out[24 + k] = (br - cr) * SQRT1_2;
    out[25 + k] = (bi - ci) * SQRT1_2;
  }
}

/** Q O Q† for a real O, or for its transpose. */
function fromMagic(out: Matrix, o: Float64Array, transposed: boolean): void {
  const across = transposed ? 1 : 4;
  const along = transposed ? 4 : 1;
  // Rows of √2·Q: (1, i, 0, 0), (0, 0, i, 1), (0, 0, i, -1), (1, -i, 0, 0).
  for (let i = 0; i < 4; i++) {
    const outer = i === 0 || i === 3;
    const realRow = (outer ? 0 : 3) * across;
    const imaginaryRow = (outer ? 1 : 2) * across;
    const realSign = i === 2 ? -1 : 1;
    const imaginarySign = i === 3 ? -1 : 1;
    for (let j = 0; j < 4; j++) {
      const outerColumn = j === 0 || j === 3;
      const realColumn = (outerColumn ? 0 : 3) * along;
      const imaginaryColumn = (outerColumn ? 1 : 2) * along;
      const realFactor = j === 2 ? -0.5 : 0.5;
      const imaginaryFactor = j === 3 ? -0.5 : 0.5;
      // (r + i·s) · O · (r' - i·s')
      out[8 * i + 2 * j] =
        realSign * realFactor * o[realRow + realColumn]! +
        imaginarySign * imaginaryFactor * o[imaginaryRow + imaginaryColumn]!;
      out[8 * i + 2 * j + 1] =
        imaginarySign * realFactor * o[imaginaryRow + realColumn]! -
        realSign * imaginaryFactor * o[realRow + imaginaryColumn]!;
    }
  }
}

/** Coordinates from the four phases of the magic basis, in its order. */
export function coordinatesOf(out: Float64Array, d: ArrayLike<number>): void {
  const [a, b, c, e] = [d[0]!, d[1]!, d[2]!, d[3]!];
  out[0] = (a + c - b - e) / 4;
  out[1] = (b + c - a - e) / 4;
  out[2] = (a + b - c - e) / 4;
}

/** The determinant of a real 4×4 matrix that is nearly orthogonal. */
function determinant(m: Float64Array): number {
  const minor = (a: number, b: number, row: number): number =>
    m[4 * row + a]! * m[4 * row + 4 + b]! - m[4 * row + b]! * m[4 * row + 4 + a]!;
  return (
    minor(0, 1, 0) * minor(2, 3, 2) -
    minor(0, 2, 0) * minor(1, 3, 2) +
    minor(0, 3, 0) * minor(1, 2, 2) +
    minor(1, 2, 0) * minor(0, 3, 2) -
    minor(1, 3, 0) * minor(0, 2, 2) +
    minor(2, 3, 0) * minor(0, 1, 2)
  );
}
