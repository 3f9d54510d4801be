/** Applies a matrix (row-major, interleaved) to bits of a state in place; the first bit is the matrix's least significant. */
export function applyMatrix(state: Float64Array, matrix: Float64Array, bits: readonly number[]): void {
  if (isDiagonal(matrix, 2 ** bits.length)) applyDiagonal(state, matrix, bits);
  else if (bits.length === 1) applySingle(state, matrix, bits[0]!);
  else applyGeneral(state, matrix, bits);
}

function isDiagonal(matrix: Float64Array, size: number): boolean {
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (row !== column && (matrix[2 * (row * size + column)] !== 0 || matrix[2 * (row * size + column) + 1] !== 0))
        return false;
  return true;
}

function applyDiagonal(state: Float64Array, matrix: Float64Array, bits: readonly number[]): void {
  const size = 2 ** bits.length;
  for (let k = 0; k < size; k++) {
    const re = matrix[2 * (k * size + k)]!;
    const im = matrix[2 * (k * size + k) + 1]!;
    if (re === 1 && im === 0) continue;
    const mask = bits.reduce((sum, bit) => sum + 2 ** bit, 0);
    const value = bits.reduce((sum, bit, i) => sum + ((k >> i) & 1) * 2 ** bit, 0);
    // All indices with the bits of `value` under the mask, the others counting up.
    const others = (state.length / 2 - 1) & ~mask;
    for (let rest = 0; ; rest = ((rest | mask) + 1) & others) {
      const i = 2 * (rest | value);
      const x = state[i]!;
      const y = state[i + 1]!;
      state[i] = x * re - y * im;
      state[i + 1] = x * im + y * re;
      if (rest === others) break;
    }
  }
}

function applySingle(state: Float64Array, matrix: Float64Array, bit: number): void {
  const [ar, ai, br, bi, cr, ci, dr, di] = matrix as unknown as number[];
  const stride = 2 * 2 ** bit;
  for (let base = 0; base < state.length; base += 2 * stride)
    for (let i = base, j = base + stride; i < base + stride; i += 2, j += 2) {
      const xr = state[i]!;
      const xi = state[i + 1]!;
      const yr = state[j]!;
      const yi = state[j + 1]!;
      state[i] = ar! * xr - ai! * xi + br! * yr - bi! * yi;
      state[i + 1] = ar! * xi + ai! * xr + br! * yi + bi! * yr;
      state[j] = cr! * xr - ci! * xi + dr! * yr - di! * yi;
      state[j + 1] = cr! * xi + ci! * xr + dr! * yi + di! * yr;
    }
}

function applyGeneral(state: Float64Array, matrix: Float64Array, bits: readonly number[]): void {
  const size = 2 ** bits.length;
  const offsets = Int32Array.from({ length: size }, (_, local) =>
    bits.reduce((sum, bit, i) => sum + ((local >> i) & 1) * 2 ** bit, 0),
  );
  const mask = offsets[size - 1]!;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let base = 0; base < state.length / 2; base++) {
    if (base & mask) continue;
    for (let k = 0; k < size; k++) {
      re[k] = state[2 * (base + offsets[k]!)]!;
      im[k] = state[2 * (base + offsets[k]!) + 1]!;
    }
    for (let row = 0; row < size; row++) {
      let x = 0;
      let y = 0;
      for (let k = 0; k < size; k++) {
        const a = matrix[2 * (row * size + k)]!;
        const b = matrix[2 * (row * size + k) + 1]!;
        x += a * re[k]! - b * im[k]!;
        y += a * im[k]! + b * re[k]!;
      }
      state[2 * (base + offsets[row]!)] = x;
      state[2 * (base + offsets[row]!) + 1] = y;
    }
  }
}
