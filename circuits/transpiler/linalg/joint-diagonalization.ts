/** Rotations beyond this many sweeps over all pairs do not happen for matrices that commute. */
const MAX_SWEEPS = 60;
const NEGLIGIBLE = 1e-15;

/**
 * Diagonalises two commuting real symmetric 4×4 matrices (row-major, length 16) by one rotation: on return x and y hold
 * PᵀXP and PᵀYP and p holds P. Jacobi rotations that make the off-diagonal parts of both small together, so that equal or
 * nearly equal eigenvalues of one do no harm (Cardoso and Souloumiac, SIAM J. Matrix Anal. Appl. 17, 161, 1996). Returns
 * the largest entry left off the diagonals. Allocates nothing.
 */
export function diagonalizeJointly(x: Float64Array, y: Float64Array, p: Float64Array): number {
  p.fill(0);
  for (let i = 0; i < 4; i++) p[5 * i] = 1;
  let left = largestOffDiagonal(x, y);
  for (let sweep = 0; sweep < MAX_SWEEPS && left > NEGLIGIBLE; sweep++) {
    // A start from which every rotation is stationary is left by mixing; none is known for commuting matrices.
    if (sweep % 20 === 19) rotate(x, y, p, sweep % 3, 3, Math.cos(sweep), Math.sin(sweep));
    let moved = false;
    for (let a = 0; a < 3; a++)
      for (let b = a + 1; b < 4; b++) {
        const dx = x[5 * a]! - x[5 * b]!;
        const dy = y[5 * a]! - y[5 * b]!;
        const ox = 2 * x[4 * a + b]!;
        const oy = 2 * y[4 * a + b]!;
        if (ox * ox + oy * oy < 1e-34) continue;
        // The angle is a quarter of that of (cosine, sine); halved twice by formulas that lose no digits.
        const across = dx * dx + dy * dy - ox * ox - oy * oy;
        const along = 2 * (dx * ox + dy * oy);
        const norm = Math.sqrt(across * across + along * along);
        if (norm === 0) continue;
        const half = Math.sqrt((norm + Math.abs(across)) / (2 * norm));
        const other = Math.abs(along) / (2 * norm * half);
        const cosineTwice = across >= 0 ? half : other;
        const sineTwice = along < 0 ? -(across >= 0 ? other : half) : across >= 0 ? other : half;
        const cosine = Math.sqrt((1 + cosineTwice) / 2);
        const sine = sineTwice / (2 * cosine);
        if (Math.abs(sine) < 1e-17) continue;
        rotate(x, y, p, a, b, cosine, sine);
        moved = true;
      }
    left = largestOffDiagonal(x, y);
    if (!moved) break;
  }
  return left;
}

function largestOffDiagonal(x: Float64Array, y: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < 3; i++)
    for (let j = i + 1; j < 4; j++) worst = Math.max(worst, Math.abs(x[4 * i + j]!), Math.abs(y[4 * i + j]!));
  return worst;
}

function rotate(
  x: Float64Array,
  y: Float64Array,
  p: Float64Array,
  a: number,
  b: number,
  cosine: number,
  sine: number,
): void {
  conjugate(x, a, b, cosine, sine);
  conjugate(y, a, b, cosine, sine);
  rotateColumns(p, a, b, cosine, sine);
}

function conjugate(m: Float64Array, a: number, b: number, cosine: number, sine: number): void {
  rotateColumns(m, a, b, cosine, sine);
  for (let column = 0; column < 4; column++) {
    const u = m[4 * a + column]!;
    const v = m[4 * b + column]!;
    m[4 * a + column] = cosine * u + sine * v;
    m[4 * b + column] = cosine * v - sine * u;
  }
}

function rotateColumns(m: Float64Array, a: number, b: number, cosine: number, sine: number): void {
  for (let row = 0; row < 16; row += 4) {
    const u = m[row + a]!;
    const v = m[row + b]!;
    m[row + a] = cosine * u + sine * v;
    m[row + b] = cosine * v - sine * u;
  }
}
