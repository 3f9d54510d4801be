/** P(positive) = 1/(1 + exp(slope·f + offset)) for a decision value f. */
export interface Sigmoid {
  readonly slope: number;
  readonly offset: number;
}

const MAX_STEPS = 100;
const SMALLEST_STEP = 1e-10;
const RIDGE = 1e-12;
const ACCURACY = 1e-5;

/**
 * Platt's sigmoid (1999) by Newton's method with backtracking (Lin, Lin and Weng, Machine Learning 68, 2007). Give decision values of rows
 * that the classifier has not seen: those of its own training rows are too sure.
 */
export function plattSigmoid(decisions: ArrayLike<number>, labels: ArrayLike<number>): Sigmoid {
  const n = decisions.length;
  let positives = 0;
  for (let i = 0; i < n; i++) if (labels[i]! > 0) positives++;
  const negatives = n - positives;
  // Targets a little off 0 and 1, as if one more row of each class had been seen on the other side.
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const target = (i: number): number => (labels[i]! > 0 ? high : low);
  const loss = (slope: number, offset: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const z = decisions[i]! * slope + offset;
      sum += z >= 0 ? target(i) * z + Math.log1p(Math.exp(-z)) : (target(i) - 1) * z + Math.log1p(Math.exp(z));
    }
    return sum;
  };
  let slope = 0;
  let offset = Math.log((negatives + 1) / (positives + 1));
  let value = loss(slope, offset);
  for (let step = 0; step < MAX_STEPS; step++) {
    let [h11, h22, h21, g1, g2] = [RIDGE, RIDGE, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const f = decisions[i]!;
      const p = sigmoidOf({ slope, offset }, f);
      const curvature = p * (1 - p);
      h11 += f * f * curvature;
      h22 += curvature;
      h21 += f * curvature;
      const error = target(i) - p;
      g1 += f * error;
      g2 += error;
    }
    if (Math.abs(g1) < ACCURACY && Math.abs(g2) < ACCURACY) break;
    const determinant = h11 * h22 - h21 * h21;
    const dSlope = -(h22 * g1 - h21 * g2) / determinant;
    const dOffset = -(h11 * g2 - h21 * g1) / determinant;
    const descent = g1 * dSlope + g2 * dOffset;
    let size = 1;
    while (size >= SMALLEST_STEP) {
      const next = loss(slope + size * dSlope, offset + size * dOffset);
      if (next < value + 1e-4 * size * descent) {
        slope += size * dSlope;
        offset += size * dOffset;
        value = next;
        break;
      }
      size /= 2;
    }
    if (size < SMALLEST_STEP) break;
  }
  return { slope, offset };
}

/** The probability of the positive class, without overflow. */
export function sigmoidOf({ slope, offset }: Sigmoid, decision: number): number {
  const z = decision * slope + offset;
  return z >= 0 ? Math.exp(-z) / (1 + Math.exp(-z)) : 1 / (1 + Math.exp(z));
}

/**
 * Probabilities of k classes from those of each pair, by the second method of Wu, Lin and Weng (JMLR 5, 2004).
 * @param pairwise [k, k], row-major: r_ij is the probability of class i where it is i or j, r_ji = 1 - r_ij
 */
export function coupledProbabilities(pairwise: Float64Array, k: number): Float64Array {
  const q = new Float64Array(k * k);
  for (let i = 0; i < k; i++)
    for (let j = 0; j < k; j++) {
      if (i === j) continue;
      q[i * k + i]! += pairwise[j * k + i]! ** 2;
      q[i * k + j] = -pairwise[j * k + i]! * pairwise[i * k + j]!;
    }
  const p = new Float64Array(k).fill(1 / k);
  const qp = new Float64Array(k);
  for (let round = 0; round < Math.max(100, k); round++) {
    let total = 0;
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += q[i * k + j]! * p[j]!;
      qp[i] = sum;
      total += p[i]! * sum;
    }
    let worst = 0;
    for (let i = 0; i < k; i++) worst = Math.max(worst, Math.abs(qp[i]! - total));
    if (worst < 1e-12) break;
    for (let i = 0; i < k; i++) {
      const change = (total - qp[i]!) / q[i * k + i]!;
      p[i]! += change;
      total = (total + change * (change * q[i * k + i]! + 2 * qp[i]!)) / (1 + change) ** 2;
      for (let j = 0; j < k; j++) {
        qp[j] = (qp[j]! + change * q[i * k + j]!) / (1 + change);
        p[j]! /= 1 + change;
      }
    }
  }
  return p;
}
