import { CircuitError } from "./errors.ts";
import { adjointMatrix, dimensionOf, type Matrix, multiplyMatrices } from "./matrices.ts";

// Two generic angles; eigenvalues that happen to be reflections about one are none about the other.
const ALPHAS = [0.7390851332, 2.1537292646];

/**
 * The principal power U^exponent of a unitary: eigenvalues e^{iφ} with φ in (-π, π] become e^{iφ·exponent}. A unitary
 * is normal, so its Hermitian and anti-Hermitian parts share eigenvectors; those of a fixed generic mixture of the two
 * are found by Jacobi rotations (Golub and Van Loan, Matrix Computations, section 8.5).
 * @throws CircuitError CIRCUIT_POWER when the eigenvectors leave an element above 1e-9 beside the diagonal
 */
export function unitaryPower(matrix: Matrix, exponent: number): Matrix {
  for (const alpha of ALPHAS) {
    const vectors = hermitianEigenvectors(mixtureOf(matrix, alpha));
    const diagonal = multiplyMatrices(multiplyMatrices(adjointMatrix(vectors), matrix), vectors);
    if (!isDiagonal(diagonal)) continue;
    raiseDiagonal(diagonal, exponent);
    return multiplyMatrices(multiplyMatrices(vectors, diagonal), adjointMatrix(vectors));
  }
  throw new CircuitError("CIRCUIT_POWER", "The unitary could not be diagonalised to 1e-9; use an integer power.");
}

/** cos(α)·(U+U†)/2 + sin(α)·(U-U†)/2i: eigenvalue cos(φ-α), distinct for distinct φ but for reflections about α. */
function mixtureOf(matrix: Matrix, alpha: number): Matrix {
  const dagger = adjointMatrix(matrix);
  const [cosine, sine] = [Math.cos(alpha) / 2, Math.sin(alpha) / 2];
  const mixture = new Float64Array(matrix.length);
  for (let i = 0; i < matrix.length; i += 2) {
    mixture[i] = cosine * (matrix[i]! + dagger[i]!) + sine * (matrix[i + 1]! - dagger[i + 1]!);
    mixture[i + 1] = cosine * (matrix[i + 1]! + dagger[i + 1]!) - sine * (matrix[i]! - dagger[i]!);
  }
  return mixture;
}

function isDiagonal(matrix: Matrix): boolean {
  const size = dimensionOf(matrix);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = 2 * (i * size + j);
      if (i !== j && Math.hypot(matrix[at]!, matrix[at + 1]!) > 1e-9) return false;
    }
  return true;
}

function raiseDiagonal(matrix: Matrix, exponent: number): void {
  const size = dimensionOf(matrix);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = 2 * (i * size + j);
      const phase = i === j ? principalPhase(matrix[at]!, matrix[at + 1]!) * exponent : 0;
      matrix[at] = i === j ? Math.cos(phase) : 0;
      matrix[at + 1] = i === j ? Math.sin(phase) : 0;
    }
}

/** atan2 with rounding noise around -π mapped to +π, so that the root of -1 is i as the principal value asks. */
function principalPhase(re: number, im: number): number {
  const phase = Math.atan2(im, re);
  return phase < -Math.PI + 1e-9 ? Math.PI : phase;
}

/** Columns are orthonormal eigenvectors of a Hermitian matrix. Cyclic complex Jacobi, a few sweeps of O(size³). */
function hermitianEigenvectors(hermitian: Matrix): Matrix {
  const size = dimensionOf(hermitian);
  const a = hermitian.slice();
  const v = new Float64Array(a.length);
  for (let i = 0; i < size; i++) v[2 * (i * size + i)] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        const re = a[2 * (p * size + q)]!;
        const im = a[2 * (p * size + q) + 1]!;
        const magnitude = Math.hypot(re, im);
        off += magnitude * magnitude;
        if (magnitude < 1e-300) continue;
        const theta = (a[2 * (q * size + q)]! - a[2 * (p * size + p)]!) / (2 * magnitude);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        rotateColumns(a, size, p, q, c, s, re / magnitude, im / magnitude);
        rotateRows(a, size, p, q, c, s, re / magnitude, im / magnitude);
        rotateColumns(v, size, p, q, c, s, re / magnitude, im / magnitude);
      }
    if (off < 1e-30) break;
  }
  return v;
}

/** Column p becomes c·p - s·e^{-iφ}·q, column q becomes s·e^{iφ}·p + c·q, with e^{iφ} = (cp, sp). */
function rotateColumns(
  m: Matrix,
  size: number,
  p: number,
  q: number,
  c: number,
  s: number,
  cp: number,
  sp: number,
): void {
  for (let row = 0; row < size; row++) {
    const i = 2 * (row * size + p);
    const j = 2 * (row * size + q);
    const pr = m[i]!;
    const pi = m[i + 1]!;
    const qr = m[j]!;
    const qi = m[j + 1]!;
    m[i] = c * pr - s * (cp * qr + sp * qi);
    m[i + 1] = c * pi - s * (cp * qi - sp * qr);
    m[j] = s * (cp * pr - sp * pi) + c * qr;
    m[j + 1] = s * (cp * pi + sp * pr) + c * qi;
  }
}

/** The conjugate transpose of `rotateColumns`, from the left. */
function rotateRows(m: Matrix, size: number, p: number, q: number, c: number, s: number, cp: number, sp: number): void {
  for (let column = 0; column < size; column++) {
    const i = 2 * (p * size + column);
    const j = 2 * (q * size + column);
    const pr = m[i]!;
    const pi = m[i + 1]!;
    const qr = m[j]!;
    const qi = m[j + 1]!;
    m[i] = c * pr - s * (cp * qr - sp * qi);
    m[i + 1] = c * pi - s * (cp * qi + sp * qr);
    m[j] = s * (cp * pr + sp * pi) + c * qr;
    m[j + 1] = s * (cp * pi - sp * pr) + c * qi;
  }
}
