import { adjointMatrix, dimensionOf, type Matrix, multiplyMatrices } from "../../matrices.ts";
import { type JacobiRotation, jacobiRotation, rotateColumns } from "./jacobi-rotation.ts";

/** X = V · diag(e^{i phases}) · V† */
export interface UnitaryEigen {
  readonly vectors: Matrix;
  readonly phases: Float64Array;
}

const MAX_SWEEPS = 60;
const TOLERANCE = 1e-11;

/**
 * Eigenvectors and phases of a unitary: those of the Hermitian cos μ·(X + X†)/2 + sin μ·(X - X†)/2i by Jacobi rotations,
 * with another μ where two different eigenvalues of X fall together in it. O(n³) a sweep.
 */
export function unitaryEigen(x: Readonly<Matrix>): UnitaryEigen {
  const size = dimensionOf(x as Matrix);
  let best: { readonly error: number; readonly found: UnitaryEigen } | undefined;
  for (let attempt = 0; attempt < 8; attempt++) {
    const angle = 0.7 + 1.3 * attempt;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const h = new Float64Array(x.length);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const a = 2 * (i * size + j);
        const b = 2 * (j * size + i);
        const sumRe = (x[a]! + x[b]!) / 2;
        const sumIm = (x[a + 1]! - x[b + 1]!) / 2;
        const differenceRe = (x[a]! - x[b]!) / 2;
        const differenceIm = (x[a + 1]! + x[b + 1]!) / 2;
        h[a] = c * sumRe + s * differenceIm;
        h[a + 1] = c * sumIm - s * differenceRe;
      }
    const vectors = hermitianVectors(h, size);
    const diagonal = multiplyMatrices(multiplyMatrices(adjointMatrix(vectors), x as Matrix), vectors);
    let error = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        if (i !== j)
          error = Math.max(error, Math.hypot(diagonal[2 * (i * size + j)]!, diagonal[2 * (i * size + j) + 1]!));
    const phases = Float64Array.from({ length: size }, (_, i) =>
      Math.atan2(diagonal[2 * (i * size + i) + 1]!, diagonal[2 * (i * size + i)]!),
    );
    if (best === undefined || error < best.error) best = { error, found: { vectors, phases } };
    if (error < TOLERANCE) break;
  }
  return best!.found;
}

/** The eigenvectors of a Hermitian matrix as columns; `h` is used up. */
function hermitianVectors(h: Matrix, size: number): Matrix {
  const v = new Float64Array(h.length);
  for (let i = 0; i < size; i++) v[2 * (i * size + i)] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = false;
    for (let p = 0; p < size - 1; p++)
      for (let q = p + 1; q < size; q++) {
        const re = h[2 * (p * size + q)]!;
        const im = h[2 * (p * size + q) + 1]!;
        if (Math.hypot(re, im) < 1e-16) continue;
        const rotation = jacobiRotation(h[2 * (p * size + p)]!, h[2 * (q * size + q)]!, re, im);
        for (const matrix of [h, v]) rotateColumns(matrix, p, q, rotation);
        rotateRows(h, p, q, rotation);
        moved = true;
      }
    if (!moved) break;
  }
  return v;
}

/** The adjoint of a rotation of columns, on rows. */
function rotateRows(m: Matrix, p: number, q: number, { c, s, phaseRe, phaseIm }: JacobiRotation): void {
  const size = dimensionOf(m);
  for (let j = 0; j < size; j++) {
    const x = 2 * (p * size + j);
    const y = 2 * (q * size + j);
    const [pr, pi] = [m[x]!, m[x + 1]!];
    const qr = m[y]! * phaseRe - m[y + 1]! * phaseIm;
    const qi = m[y + 1]! * phaseRe + m[y]! * phaseIm;
    m[x] = c * pr - s * qr;
    m[x + 1] = c * pi - s * qi;
    m[y] = s * pr + c * qr;
    m[y + 1] = s * pi + c * qi;
  }
}
