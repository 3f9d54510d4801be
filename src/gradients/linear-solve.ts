/** The inverse of a dense matrix [n, n] by Gauss-Jordan elimination with partial pivoting; undefined where it is singular. O(n³). */
export function invert(matrix: Float64Array, n: number): Float64Array | undefined {
  const a = Float64Array.from(matrix);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  const scale = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row;
    const head = a[pivot * n + column]!;
    if (!(Math.abs(head) > 1e-12 * scale)) return undefined;
    for (const m of [a, inverse])
      for (let k = 0; k < n; k++) {
        const value = m[pivot * n + k]!;
        m[pivot * n + k] = m[column * n + k]!;
        m[column * n + k] = value / head;
      }
    for (let row = 0; row < n; row++) {
      const factor = a[row * n + column]!;
      if (row === column || factor === 0) continue;
      for (const m of [a, inverse]) for (let k = 0; k < n; k++) m[row * n + k]! -= factor * m[column * n + k]!;
    }
  }
  return inverse;
}
