import type { Matrix } from "../../matrices.ts";

/** out = a·b for 4×4 matrices (interleaved, length 32); `out` must be neither. */
export function multiply4(out: Matrix, a: Readonly<Matrix>, b: Readonly<Matrix>): void {
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      let re = 0;
      let im = 0;
      for (let k = 0; k < 4; k++) {
        const p = 8 * i + 2 * k;
        const q = 8 * k + 2 * j;
        re += a[p]! * b[q]! - a[p + 1]! * b[q + 1]!;
        im += a[p]! * b[q + 1]! + a[p + 1]! * b[q]!;
      }
      out[8 * i + 2 * j] = re;
      out[8 * i + 2 * j + 1] = im;
    }
}

/** The 4×4 matrix of `low` on the first qubit (least significant) and `high` on the second. */
export function tensor(high: Readonly<Matrix>, low: Readonly<Matrix>, out: Matrix = new Float64Array(32)): Matrix {
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const p = 4 * (i >> 1) + 2 * (j >> 1);
      const q = 4 * (i & 1) + 2 * (j & 1);
      out[8 * i + 2 * j] = high[p]! * low[q]! - high[p + 1]! * low[q + 1]!;
      out[8 * i + 2 * j + 1] = high[p]! * low[q + 1]! + high[p + 1]! * low[q]!;
    }
  return out;
}

/** The factors, each of determinant 1, of a product of two local unitaries; what is left over is a global phase. */
export function splitTensor(product: Readonly<Matrix>, high: Matrix, low: Matrix): void {
  // The block of the largest entry of `high` is a multiple of `low`; of two alike the first serves.
  let best = -1;
  let at = 0;
  for (let block = 0; block < 4; block++) {
    const corner = 16 * (block >> 1) + 4 * (block & 1);
    let norm = 0;
    for (let i = corner; i < corner + 4; i++) norm += product[i]! ** 2 + product[i + 8]! ** 2;
    if (norm > best + 1e-9) {
      best = norm;
      at = corner;
    }
  }
  for (let i = 0; i < 4; i++) {
    low[i] = product[at + i]!;
    low[4 + i] = product[at + 8 + i]!;
  }
  makeSpecial2(low);
  // high_ij = tr(low† · block_ij) / 2
  for (let block = 0; block < 4; block++) {
    const corner = 16 * (block >> 1) + 4 * (block & 1);
    let re = 0;
    let im = 0;
    for (let index = 0; index < 8; index += 2) {
      const offset = corner + (index < 4 ? index : index + 4);
      const lr = low[index]!;
      const li = low[index + 1]!;
      re += lr * product[offset]! + li * product[offset + 1]!;
      im += lr * product[offset + 1]! - li * product[offset]!;
    }
    high[2 * block] = re / 2;
    high[2 * block + 1] = im / 2;
  }
  makeSpecial2(high);
}

/** Divides a multiple of a 2×2 unitary by a root of its determinant. */
function makeSpecial2(m: Matrix): void {
  const re = m[0]! * m[6]! - m[1]! * m[7]! - (m[2]! * m[4]! - m[3]! * m[5]!);
  const im = m[0]! * m[7]! + m[1]! * m[6]! - (m[2]! * m[5]! + m[3]! * m[4]!);
  const scale = 1 / Math.sqrt(Math.sqrt(re * re + im * im));
  const half = -Math.atan2(im, re) / 2;
  const c = scale * Math.cos(half);
  const s = scale * Math.sin(half);
  for (let i = 0; i < 8; i += 2) {
    const x = m[i]!;
    const y = m[i + 1]!;
    m[i] = x * c - y * s;
    m[i + 1] = x * s + y * c;
  }
}

/** The matrix with both qubits exchanged. */
export function exchangeQubits(m: Readonly<Matrix>): Matrix {
  const order = [0, 2, 1, 3];
  const out = new Float64Array(32);
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      out[8 * i + 2 * j] = m[8 * order[i]! + 2 * order[j]!]!;
      out[8 * i + 2 * j + 1] = m[8 * order[i]! + 2 * order[j]! + 1]!;
    }
  return out;
}

/** How far two unitaries of n rows are apart, global phase aside: the largest |a - e^{iα} b| over all entries. */
export function phaseFreeDistance(a: Readonly<Matrix>, b: Readonly<Matrix>): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.length; i += 2) {
    re += a[i]! * b[i]! + a[i + 1]! * b[i + 1]!;
    im += a[i + 1]! * b[i]! - a[i]! * b[i + 1]!;
  }
  const norm = Math.hypot(re, im) || 1;
  const [c, s] = [re / norm, im / norm];
  let worst = 0;
  for (let i = 0; i < a.length; i += 2)
    worst = Math.max(worst, Math.hypot(a[i]! - (c * b[i]! - s * b[i + 1]!), a[i + 1]! - (s * b[i]! + c * b[i + 1]!)));
  return worst;
}
