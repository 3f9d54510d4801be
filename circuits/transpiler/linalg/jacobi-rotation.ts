import { dimensionOf, type Matrix } from "../../matrices.ts";

/** A rotation of two columns (p, q) to (c·p - s·q', s·p + c·q') with q' = e^{-iφ} q. */
export interface JacobiRotation {
  readonly c: number;
  readonly s: number;
  /** e^{iφ} */
  readonly phaseRe: number;
  readonly phaseIm: number;
}

/** The smaller rotation that diagonalises [[a, h], [h*, b]] with h = re + i·im ≠ 0 (Golub and Van Loan, section 8.5). */
export function jacobiRotation(a: number, b: number, re: number, im: number): JacobiRotation {
  const overlap = Math.hypot(re, im);
  const zeta = (b - a) / (2 * overlap);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, tangent);
  return { c, s: c * tangent, phaseRe: re / overlap, phaseIm: im / overlap };
}

/** Rotates columns p and q of a square matrix. */
export function rotateColumns(m: Matrix, p: number, q: number, { c, s, phaseRe, phaseIm }: JacobiRotation): void {
  const size = dimensionOf(m);
  for (let i = 0; i < size; i++) {
    const x = 2 * (i * size + p);
    const y = 2 * (i * size + q);
    const [pr, pi] = [m[x]!, m[x + 1]!];
    const qr = m[y]! * phaseRe + m[y + 1]! * phaseIm;
    const qi = m[y + 1]! * phaseRe - m[y]! * phaseIm;
    m[x] = c * pr - s * qr;
    m[x + 1] = c * pi - s * qi;
    m[y] = s * pr + c * qr;
    m[y + 1] = s * pi + c * qi;
  }
}
