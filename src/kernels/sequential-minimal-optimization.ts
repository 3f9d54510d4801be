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
  // Everything in terms of s = y·α, whose sum is kept at 0: its slope downhill, and which ways its bounds leave.
  const signed = new Float64Array(n);
  const slope = Float64Array.from(labels);
  const ways = new Uint8Array(n);
  const diagonal = Float64Array.from(labels, (_, t) => kernel[t * n + t]!);
  for (let t = 0; t < n; t++) ways[t] = waysOf(signed[t]!, labels[t]!, bounds[t]!);
  let i = steepestUp(slope, ways);
  for (let iterations = 0; iterations < maxIterations; iterations++) {
    const up = i < 0 ? Number.NEGATIVE_INFINITY : slope[i]!;
    // The partner with which the objective falls most.
    let j = -1;
    let down = Number.POSITIVE_INFINITY;
    let best = 0;
    const row = i * n;
    const own = i < 0 ? 0 : diagonal[i]!;
    for (let t = 0; t < n && i >= 0; t++) {
      if ((ways[t]! & DOWN) === 0) continue;
      const gap = up - slope[t]!;
      if (slope[t]! < down) down = slope[t]!;
      if (gap <= 0) continue;
      const curvature = own + diagonal[t]! - 2 * kernel[row + t]!;
      const gain = (gap * gap) / Math.max(curvature, FLAT);
      if (gain > best) {
        best = gain;
        j = t;
      }
    }
    if (j < 0 || up - down < tolerance) return { coefficients: signed, bias: biasOf(slope, ways), iterations };
    const other = j * n;
    const curvature = Math.max(own + diagonal[j]! - 2 * kernel[row + j]!, FLAT);
    const roomUp = (labels[i]! > 0 ? bounds[i]! : 0) - signed[i]!;
    const roomDown = signed[j]! + (labels[j]! > 0 ? 0 : bounds[j]!);
    const length = Math.min((up - slope[j]!) / curvature, roomUp, roomDown);
    // A bound is met exactly, so that rounding leaves no row almost at it.
    signed[i] = length === roomUp ? (labels[i]! > 0 ? bounds[i]! : 0) : signed[i]! + length;
    signed[j] = length === roomDown ? (labels[j]! > 0 ? 0 : -bounds[j]!) : signed[j]! - length;
    ways[i] = waysOf(signed[i]!, labels[i]!, bounds[i]!);
    ways[j] = waysOf(signed[j]!, labels[j]!, bounds[j]!);
    let next = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < n; t++) {
      const value = slope[t]! - length * (kernel[row + t]! - kernel[other + t]!);
      slope[t] = value;
      if (value > most && (ways[t]! & UP) !== 0) {
        most = value;
        next = t;
      }
    }
    i = next;
  }
  throw new KernelError(
    "SVC_CONVERGENCE",
    `The classifier has not converged after ${maxIterations} steps; use a smaller C, a larger tolerance, or a kernel of smaller values.`,
  );
}

/** A row whose y·α can rise, or fall. */
const UP = 1;
const DOWN = 2;

/** y·α lies from 0 to the bound where y is 1, and from minus the bound to 0 where it is -1. */
function waysOf(signed: number, label: number, bound: number): number {
  const low = label > 0 ? 0 : -bound;
  const high = label > 0 ? bound : 0;
  return (signed < high ? UP : 0) | (signed > low ? DOWN : 0);
}

/** The row that violates optimality most, of those that can rise; -1 where there is none. */
function steepestUp(slope: Float64Array, ways: Uint8Array): number {
  let steepest = -1;
  for (let t = 0; t < slope.length; t++)
    if ((ways[t]! & UP) !== 0 && (steepest < 0 || slope[t]! > slope[steepest]!)) steepest = t;
  return steepest;
}

/** From the rows on the margin; where there are none, the middle of what the others allow. */
function biasOf(slope: Float64Array, ways: Uint8Array): number {
  let lowest = Number.NEGATIVE_INFINITY;
  let highest = Number.POSITIVE_INFINITY;
  let sum = 0;
  let free = 0;
  for (let t = 0; t < slope.length; t++) {
    if (ways[t] === (UP | DOWN)) {
      sum += slope[t]!;
      free++;
    } else if (ways[t] === UP) lowest = Math.max(lowest, slope[t]!);
    else highest = Math.min(highest, slope[t]!);
  }
  return free > 0 ? sum / free : (lowest + highest) / 2;
}
