import type { Matrix } from "../../matrices.ts";

/** Below this an entry of a unitary counts as zero: far under the 1e-9 that compiled circuits keep, far over rounding. */
export const ZERO = 1e-11;

/** out = a·b for 2×2 matrices (interleaved, length 8); `out` must be neither. */
export function multiply2(out: Matrix, a: Readonly<Matrix>, b: Readonly<Matrix>): void {
  for (let row = 0; row < 8; row += 4) {
    const pr = a[row]!;
    const pi = a[row + 1]!;
    const qr = a[row + 2]!;
    const qi = a[row + 3]!;
    for (let column = 0; column < 4; column += 2) {
      const xr = b[column]!;
      const xi = b[column + 1]!;
      const yr = b[column + 4]!;
      const yi = b[column + 5]!;
      out[row + column] = pr * xr - pi * xi + qr * yr - qi * yi;
      out[row + column + 1] = pr * xi + pi * xr + qr * yi + qi * yr;
    }
  }
}

/** The product of 2×2 matrices, the last factor acting first. */
export function product2(...factors: readonly Readonly<Matrix>[]): Matrix {
  let product: Matrix = Float64Array.of(1, 0, 0, 0, 0, 0, 1, 0);
  for (const factor of factors) {
    const next = new Float64Array(8);
    multiply2(next, product, factor);
    product = next;
  }
  return product;
}

/** Angles of U = e^{iα} Rz(φ) Ry(θ) Rz(λ) with 0 ≤ θ ≤ π. */
export interface EulerAngles {
  readonly theta: number;
  readonly phi: number;
  readonly lambda: number;
}

/** The Z-Y-Z angles of a 2×2 unitary; where only φ ± λ counts (θ = 0 or π), λ = 0. */
export function eulerAngles(u: Readonly<Matrix>): EulerAngles {
  const cosine = Math.hypot(u[0]!, u[1]!);
  const sine = Math.hypot(u[4]!, u[5]!);
  const theta = 2 * Math.atan2(sine, cosine);
  // U = e^{iα} [[e^{-i(φ+λ)/2} c, -e^{-i(φ-λ)/2} s], [e^{i(φ-λ)/2} s, e^{i(φ+λ)/2} c]]
  if (sine < ZERO) return { theta: 0, phi: argument(u, 6) - argument(u, 0), lambda: 0 };
  if (cosine < ZERO) return { theta: Math.PI, phi: argument(u, 4) - argument(u, 2) - Math.PI, lambda: 0 };
  // The phases of small entries are noise: of φ + λ and φ - λ the one that matters more comes from the large ones.
  const lambda = cosine < sine ? argument(u, 2) + Math.PI - argument(u, 0) : argument(u, 6) - argument(u, 4);
  return { theta, phi: argument(u, 4) - argument(u, 0), lambda };
}

function argument(u: Readonly<Matrix>, at: number): number {
  return Math.atan2(u[at + 1]!, u[at]!);
}

/** What a 2×2 unitary is of, up to a global phase: a rotation about one axis commutes with the others about it. */
export type Axis = "I" | "Z" | "X" | "Y" | "none";

/** The axis of a 2×2 unitary, within `ZERO`. */
export function axisOf(u: Readonly<Matrix>): Axis {
  // U = a·1 + b·X + c·Y + d·Z
  const norm = (re: number, im: number): boolean => Math.hypot(re, im) / 2 < ZERO;
  const noX = norm(u[2]! + u[4]!, u[3]! + u[5]!);
  const noY = norm(u[2]! - u[4]!, u[3]! - u[5]!);
  const noZ = norm(u[0]! - u[6]!, u[1]! - u[7]!);
  if (noX && noY) return noZ ? "I" : "Z";
  if (noY && noZ) return "X";
  if (noX && noZ) return "Y";
  return "none";
}

/** The angle in (-π, π] of a rotation about `axis` that equals `u` up to a global phase. */
export function angleAbout(u: Readonly<Matrix>, axis: "X" | "Y" | "Z"): number {
  if (axis === "Z") return wrapped(argument(u, 6) - argument(u, 0));
  // [[c, -is], [-is, c]] and [[c, -s], [s, c]]: the quotient of the column's entries is -i·tan(θ/2) or tan(θ/2).
  const [ar, ai, br, bi] = [u[0]!, u[1]!, u[4]!, u[5]!];
  const re = br * ar + bi * ai;
  const im = bi * ar - br * ai;
  const cosine = Math.hypot(ar, ai);
  const sine = Math.hypot(br, bi);
  return wrapped(2 * Math.atan2(cosine < ZERO ? sine : (axis === "X" ? -im : re) < 0 ? -sine : sine, cosine));
}

/** The angle modulo 2π in (-π, π], multiples of π/4 within rounding made exact. */
export function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  let rest = angle - turn * Math.round(angle / turn);
  if (rest <= -Math.PI + 1e-13) rest += turn;
  const eighths = Math.round(rest / (Math.PI / 4));
  return Math.abs(rest - (eighths * Math.PI) / 4) < 1e-13 ? (eighths * Math.PI) / 4 : rest;
}
