import { PCA } from "ml-pca";
import { KernelError } from "../errors.ts";

/**
 * The positive semidefinite matrix next to a symmetric one in the Frobenius norm: its negative eigenvalues set to 0 (Higham,
 * Linear Algebra Appl. 103, 1988). Sampled kernel matrices need it, since shot noise makes eigenvalues negative, for which
 * the training problem of a support vector machine has no unique solution.
 * @param matrix [n, n], row-major; what is above and below the diagonal is averaged
 * @param options.unitDiagonal scales rows and columns so that the diagonal is 1 again, as in an exact fidelity kernel; false by
 * default
 * @returns a new array [n, n]
 * @throws KernelError KERNEL_MATRIX unless there are n·n finite numbers
 */
export function nearestPositiveSemidefinite(
  matrix: ArrayLike<number>,
  n: number,
  options: { readonly unitDiagonal?: boolean } = {},
): Float64Array {
  const symmetric = symmetricRows(matrix, n);
  // The eigenvalue decomposition of the PCA library, which takes any symmetric matrix for a covariance.
  const model = new PCA(symmetric, { isCovarianceMatrix: true });
  const values = model.getEigenvalues();
  const vectors = model.getEigenvectors();
  const result = new Float64Array(n * n);
  if (values.every((value) => value >= 0)) for (const [i, row] of symmetric.entries()) result.set(row, i * n);
  else
    for (let k = 0; k < n; k++) {
      const value = values[k]!;
      if (value <= 0) continue;
      for (let i = 0; i < n; i++) {
        const scaled = value * vectors.get(i, k);
        for (let j = 0; j <= i; j++) result[i * n + j]! += scaled * vectors.get(j, k);
      }
    }
  const scale = Float64Array.from({ length: n }, (_, i) => {
    const diagonal = result[i * n + i]!;
    return options.unitDiagonal === true && diagonal > 0 ? 1 / Math.sqrt(diagonal) : 1;
  });
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const value = i === j && scale[i] !== 1 ? 1 : result[i * n + j]! * scale[i]! * scale[j]!;
      result[i * n + j] = value;
      result[j * n + i] = value;
    }
  return result;
}

/** The eigenvalues of a symmetric matrix [n, n], descending. @throws KernelError KERNEL_MATRIX */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): Float64Array {
  const values = new PCA(symmetricRows(matrix, n), { isCovarianceMatrix: true }).getEigenvalues();
  return Float64Array.from(values).sort((a, b) => b - a);
}

function symmetricRows(matrix: ArrayLike<number>, n: number): number[][] {
  if (!Number.isSafeInteger(n) || n < 1 || matrix?.length !== n * n)
    throw new KernelError("KERNEL_MATRIX", `A matrix [${n}, ${n}] has ${n * n} values, not ${matrix?.length}.`);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      const value = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
      if (!Number.isFinite(value))
        throw new KernelError("KERNEL_MATRIX", `Entry [${i}, ${j}] is ${value}; a kernel matrix holds finite numbers.`);
      return value;
    }),
  );
}
