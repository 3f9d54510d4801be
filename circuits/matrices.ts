/** A square complex matrix: row-major, interleaved re/im, length 2·4^k for k qubits. */
export type Matrix = Float64Array;
type Entry = number | readonly [re: number, im: number];

/** Builds a matrix from rows of real numbers or [re, im] pairs. */
export function complexMatrix(rows: readonly (readonly Entry[])[]): Matrix {
  const matrix = new Float64Array(2 * rows.length * rows.length);
  let at = 0;
  for (const row of rows)
    for (const entry of row) {
      matrix[at++] = typeof entry === "number" ? entry : entry[0];
      matrix[at++] = typeof entry === "number" ? 0 : entry[1];
    }
  return matrix;
}

/** The number of rows. */
export function dimensionOf(matrix: Matrix): number {
  return Math.round(Math.sqrt(matrix.length / 2));
}

/**
 * `phase · base` on the high bits, controlled by `controls` low bits being equal to `state` (default: all ones); the
 * identity elsewhere.
 */
export function controlledMatrix(
  base: Matrix,
  controls: number,
  phase: readonly [number, number] = [1, 0],
  state: number = 2 ** controls - 1,
): Matrix {
  const inner = dimensionOf(base);
  const stride = 2 ** controls;
  const size = inner * stride;
  const matrix = new Float64Array(2 * size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = 2 * (row * size + column);
      if (row % stride !== state || column % stride !== state) {
        if (row === column) matrix[at] = 1;
        continue;
      }
      const from = 2 * (Math.floor(row / stride) * inner + Math.floor(column / stride));
      matrix[at] = phase[0] * base[from]! - phase[1] * base[from + 1]!;
      matrix[at + 1] = phase[0] * base[from + 1]! + phase[1] * base[from]!;
    }
  return matrix;
}

/** exp(-i·angle/2·P) for a Pauli label (highest qubit leftmost). */
export function rotationMatrix(pauli: string, angle: number): Matrix {
  const size = 2 ** pauli.length;
  const matrix = new Float64Array(2 * size * size);
  const cosine = Math.cos(angle / 2);
  const sine = Math.sin(angle / 2);
  for (let column = 0; column < size; column++) {
    let row = column;
    let quarterTurns = 0; // P|column> = i^quarterTurns |row>
    for (let qubit = 0; qubit < pauli.length; qubit++) {
      const letter = pauli[pauli.length - 1 - qubit];
      const bit = (column >> qubit) & 1;
      if (letter === "X" || letter === "Y") row ^= 1 << qubit;
      if (letter === "Y") quarterTurns += bit === 0 ? 1 : 3;
      if (letter === "Z" && bit === 1) quarterTurns += 2;
    }
    matrix[2 * (column * size + column)]! += cosine;
    const at = 2 * (row * size + column);
    // -i · i^k · sin
    const turn = (quarterTurns + 3) % 4;
    if (turn === 0) matrix[at]! += sine;
    else if (turn === 1) matrix[at + 1]! += sine;
    else if (turn === 2) matrix[at]! -= sine;
    else matrix[at + 1]! -= sine;
  }
  return matrix;
}

/** The product a·b. */
export function multiplyMatrices(a: Matrix, b: Matrix): Matrix {
  const size = dimensionOf(a);
  const out = new Float64Array(a.length);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const re = a[2 * (i * size + k)]!;
      const im = a[2 * (i * size + k) + 1]!;
      if (re === 0 && im === 0) continue;
      for (let j = 0; j < size; j++) {
        const from = 2 * (k * size + j);
        const at = 2 * (i * size + j);
        out[at]! += re * b[from]! - im * b[from + 1]!;
        out[at + 1]! += re * b[from + 1]! + im * b[from]!;
      }
    }
  return out;
}

/** The conjugate transpose. */
export function adjointMatrix(matrix: Matrix): Matrix {
  const size = dimensionOf(matrix);
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      out[2 * (j * size + i)] = matrix[2 * (i * size + j)]!;
      out[2 * (j * size + i) + 1] = -matrix[2 * (i * size + j) + 1]!;
    }
  return out;
}

/** The largest element of |U†U - 1|: 0 for a unitary matrix. */
export function unitarityError(matrix: Matrix): number {
  const product = multiplyMatrices(adjointMatrix(matrix), matrix);
  const size = dimensionOf(matrix);
  let worst = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = 2 * (i * size + j);
      worst = Math.max(worst, Math.hypot(product[at]! - (i === j ? 1 : 0), product[at + 1]!));
    }
  return worst;
}

/** Bytes of text that two matrices share exactly when all their numbers do. */
export function matrixKey(matrix: Matrix): string {
  return Array.from(matrix).join(",");
}
