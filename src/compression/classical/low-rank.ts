import { PCA } from "ml-pca";

/** A = left · right up to the rank wanted, and what each further dimension adds. */
export interface Factors {
  /** Descending. */
  readonly singularValues: Float64Array;
  /** [rows, rank] */
  left(rank: number): Float32Array;
  /** [rank, columns], orthonormal rows. */
  right(rank: number): Float32Array;
}

/**
 * The singular value decomposition of a matrix [rows, columns]: the first dimensions make its best approximation of that rank in the
 * least squares (Eckart and Young, 1936).
 */
export function factorsOf(matrix: ArrayLike<number>, rows: number, columns: number): Factors {
  const list = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => matrix[row * columns + column]!),
  );
  // Principal components of rows that are not centred are right singular vectors.
  const pca = new PCA(list, { method: "SVD", center: false, scale: false });
  const vectors = pca.getEigenvectors();
  const dimensions = Math.min(rows, columns);
  const singularValues = Float64Array.from({ length: dimensions }, (_, k) =>
    Math.sqrt(Math.max(0, pca.getEigenvalues()[k]!) * (rows - 1)),
  );
  return {
    singularValues,
    left: (rank) =>
      Float32Array.from({ length: rows * rank }, (_, i) => {
        const row = list[Math.floor(i / rank)]!;
        const k = i % rank;
        return row.reduce((sum, value, column) => sum + value * vectors.get(column, k), 0);
      }),
    right: (rank) =>
      Float32Array.from({ length: rank * columns }, (_, i) => vectors.get(i % columns, Math.floor(i / columns))),
  };
}

/** The least rank whose squared singular values are at least this share of all; 1 at least. */
export function rankOfEnergy(singularValues: Float64Array, energy: number): number {
  const total = singularValues.reduce((sum, value) => sum + value ** 2, 0);
  let sum = 0;
  for (const [k, value] of singularValues.entries()) {
    sum += value ** 2;
    // A share of 1 is reached within rounding.
    if (sum >= energy * total * (1 - 1e-12)) return k + 1;
  }
  return Math.max(1, singularValues.length);
}
