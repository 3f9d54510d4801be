import { KernelError } from "../errors.ts";

/** A support vector classifier of two classes, in its dual form. */
export interface DualProblem {
  /** Kernel values of all rows with each other [n, n], row-major, symmetric. */
  readonly kernel: Float64Array;
  /** 1 or -1 for each row, both of which occur. */
  readonly labels: Int8Array;
  /** Largest value of each row's multiplier, above 0: C, weighted by its class. */
  readonly bounds: Float64Array;
  /** The largest violation of the optimality conditions that is accepted. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

/** f(x) = Σ coefficients_i k(x_i, x) + bias; above 0 for the class of label 1. */
export interface DualSolution {
  /** labels_i · α_i for each row; 0 for all but the support vectors. */
  readonly coefficients: Float64Array;
  readonly bias: number;
  readonly iterations: number;
}

/** Curvature of a pair where the kernel has none, or is not positive semidefinite. */
const FLAT = 1e-12;

/**
 * Minimises ½ αᵀQα - Σα with Q_ij = y_i y_j k_ij, 0 <= α_i <= bounds_i and Σ y_i α_i = 0 by sequential minimal optimization with
 * second-order choice of the pair (Fan, Chen and Lin, JMLR 6, 2005), the method of LIBSVM. Deterministic.
 * @throws KernelError SVC_CONVERGENCE after `maxIterations` pairs
 */
export function solveDual({ kernel, labels, bounds, tolerance, maxIterations }: DualProblem): DualSolution {
  const n = labels.length;
  const alpha = new Float64Array(n);
  const gradient = new Float64Array(n).fill(-1);
  for (let iterations = 0; iterations < maxIterations; iterations++) {
    // The most violating row that can move up, in terms of y·α.
    let i = -1;
    let up = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < n; t++) {
      const y = labels[t]!;
      const movesUp = y > 0 ? alpha[t]! < bounds[t]! : alpha[t]! > 0;
      if (movesUp && -y * gradient[t]! > up) {
        up = -y * gradient[t]!;
        i = t;
      }
    }
    // The partner with which the objective falls most.
    let j = -1;
    let down = Number.POSITIVE_INFINITY;
    let best = 0;
    for (let t = 0; t < n && i >= 0; t++) {
      const y = labels[t]!;
      const movesDown = y > 0 ? alpha[t]! > 0 : alpha[t]! < bounds[t]!;
      if (!movesDown) continue;
      const slope = -y * gradient[t]!;
      if (slope < down) down = slope;
      const gap = up - slope;
      if (gap <= 0) continue;
      const curvature = kernel[i * n + i]! + kernel[t * n + t]! - 2 * kernel[i * n + t]!;
      const gain = (gap * gap) / Math.max(curvature, FLAT);
      if (gain > best) {
        best = gain;
        j = t;
      }
    }
    if (j < 0 || up - down < tolerance)
      return {
        coefficients: alpha.map((a, t) => labels[t]! * a),
        bias: biasOf(alpha, gradient, labels, bounds),
        iterations,
      };
    step(kernel, labels, bounds, alpha, gradient, i, j);
  }
  throw new KernelError(
    "SVC_CONVERGENCE",
    `The classifier has not converged after ${maxIterations} steps; use a smaller C, a larger tolerance, or a kernel of smaller values.`,
  );
}

/** Moves y·α of row i up and of row j down by the same amount, to the pair's minimum or a bound. */
function step(
  kernel: Float64Array,
  labels: Int8Array,
  bounds: Float64Array,
  alpha: Float64Array,
  gradient: Float64Array,
  i: number,
  j: number,
): void {
  const n = labels.length;
  const yi = labels[i]!;
  const yj = labels[j]!;
  const curvature = Math.max(kernel[i * n + i]! + kernel[j * n + j]! - 2 * kernel[i * n + j]!, FLAT);
  const roomUp = yi > 0 ? bounds[i]! - alpha[i]! : alpha[i]!;
  const roomDown = yj > 0 ? alpha[j]! : bounds[j]! - alpha[j]!;
  const length = Math.min((yj * gradient[j]! - yi * gradient[i]!) / curvature, roomUp, roomDown);
  // A bound is met exactly, so that rounding leaves no row almost at it.
  alpha[i] = length === roomUp ? (yi > 0 ? bounds[i]! : 0) : alpha[i]! + yi * length;
  alpha[j] = length === roomDown ? (yj > 0 ? 0 : bounds[j]!) : alpha[j]! - yj * length;
  const rowI = i * n;
  const rowJ = j * n;
  for (let t = 0; t < n; t++) gradient[t]! += labels[t]! * length * (kernel[rowI + t]! - kernel[rowJ + t]!);
}

/** From the rows on the margin; where there are none, the middle of what the others allow. */
function biasOf(alpha: Float64Array, gradient: Float64Array, labels: Int8Array, bounds: Float64Array): number {
  let lowest = Number.NEGATIVE_INFINITY;
  let highest = Number.POSITIVE_INFINITY;
  let sum = 0;
  let free = 0;
  for (let t = 0; t < alpha.length; t++) {
    const slope = labels[t]! * gradient[t]!;
    if (alpha[t]! > 0 && alpha[t]! < bounds[t]!) {
      sum += slope;
      free++;
    } else if (alpha[t] === 0 ? labels[t]! > 0 : labels[t]! < 0) highest = Math.min(highest, slope);
    else lowest = Math.max(lowest, slope);
  }
  return -(free > 0 ? sum / free : (lowest + highest) / 2);
}
