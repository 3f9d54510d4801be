import { type Circuit, describeValue, type SparsePauliOp } from "../../circuits/index.ts";
import type { Backend, RunOptions } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import type { ExpectationRequest, ExpectationResult, JobCosts } from "./expectation-job.ts";
import type { ShotRequest } from "./shot-allocation.ts";
import type { GradientWants } from "./slot-circuit.ts";

/** Values of a circuit's parameters: B rows of D inputs that share W weights; radians. */
export interface GradientPoint {
  /** [W] */
  readonly weights: ArrayLike<number>;
  /** [B, D] row-major; may be left out where the circuit has no inputs. */
  readonly inputs?: ArrayLike<number>;
  /** B; by default as many as `inputs` holds, 1 without inputs. */
  readonly rows?: number;
}

export interface PrepareOptions {
  /** Decides SPSA's directions; 0 by default. */
  readonly seed?: number;
  /** [B, K], when they are known before the values: saves the adjoint method a second pass. */
  readonly cotangents?: Float64Array;
  /** Shots in place of a precision, shared out among evaluations; of method "parameter-shift" on backends that sample. */
  readonly shots?: ShotRequest;
}

/**
 * Options of one evaluation; `seed` decides the backend's samples too, and `signal` stops the waiting, not a job that was
 * submitted.
 */
export interface EvaluateOptions extends RunOptions, PrepareOptions {
  /** In place of the program's, for this evaluation alone; above 0. */
  readonly precision?: number;
}

/** Gradients of Σ cotangents·values. Standard errors are 0 where exact and NaN where one sample cannot tell. */
export interface Gradients {
  /** [W], summed over rows; undefined unless wanted. */
  readonly weights: Float64Array | undefined;
  /** [W] */
  readonly weightStderr: Float64Array | undefined;
  /** [B, D]; undefined unless wanted. */
  readonly inputs: Float64Array | undefined;
  /** [B, D] */
  readonly inputStderr: Float64Array | undefined;
}

/** Expectation values at a point, with all that is needed to pull cotangents back; nothing further is submitted. */
export interface MeasuredValues {
  /** Expectation values [B, K]. */
  readonly values: Float64Array;
  /** Their standard errors [B, K]; 0 where exact. */
  readonly stderr: Float64Array;
  /**
   * Gradients of Σ cotangents·values for cotangents [B, K], all 1 by default (or those of the options).
   * @throws GradientError GRADIENT_SHAPE
   */
  pullback(cotangents?: Float64Array): Gradients;
  /**
   * Standard error of Σ cotangents·values, cotangents [B, K]; 0 where exact. The K values of one evaluation may come from
   * the same shots, so their errors add up in the worst way: where they do not, this is an upper bound.
   * @throws GradientError GRADIENT_SHAPE
   */
  standardError(cotangents: Float64Array): number;
  /**
   * Where shots were asked for: of each shifted evaluation and measurement group [T, M] the variance that one shot of it adds to
   * the gradient of Σ cotangents·values, as a mean over rows. The `variances` of a next request.
   * @throws GradientError GRADIENT_SHAPE
   */
  shotVariances?(cotangents?: Float64Array): Float64Array;
}

/** Measured values, and what they cost. */
export interface GradientEvaluation extends MeasuredValues, JobCosts {}

/** An evaluation before it runs: several of them can share a job. */
export interface PreparedEvaluation {
  /** What a backend must answer; undefined where this process differentiates itself. */
  readonly request: ExpectationRequest | undefined;
  /** Takes the answer to `request`. Where there is none, this is where the work is done. */
  finish(result: ExpectationResult | undefined): MeasuredValues;
}

/** What is differentiated, and where it runs. */
export interface GradientProblem {
  readonly circuit: Circuit;
  /** The K observables. */
  readonly observables: readonly SparsePauliOp[];
  readonly provider: Backend;
  readonly wants: GradientWants;
  /** Target standard error of the values; undefined leaves it to the backend. */
  readonly precision: number | undefined;
}

/** One way to get gradients, prepared for one problem. */
export interface GradientStrategy {
  prepare(point: CheckedPoint, options: PrepareOptions): PreparedEvaluation;
}

export interface CheckedPoint {
  readonly weights: Float64Array;
  readonly inputs: Float64Array;
  readonly rows: number;
}

/** @throws GradientError GRADIENT_SHAPE, GRADIENT_NOT_FINITE */
export function checkPoint(circuit: Circuit, point: GradientPoint): CheckedPoint {
  const weights = float64("weights", point.weights);
  const inputs = float64("inputs", point.inputs ?? []);
  const { numInputs, numWeights } = circuit;
  const rows = point.rows ?? (numInputs === 0 ? 1 : inputs.length / numInputs);
  if (weights.length !== numWeights)
    throw new GradientError(
      "GRADIENT_SHAPE",
      `The circuit has ${numWeights} weight(s) but ${weights.length} value(s) were given.`,
    );
  if (!Number.isSafeInteger(rows) || rows < 1 || inputs.length !== rows * numInputs)
    throw new GradientError(
      "GRADIENT_SHAPE",
      `The circuit has ${numInputs} input(s) a row, so ${inputs.length} input value(s) do not make ${point.rows ?? "whole"} row(s); give inputs of shape [rows, ${numInputs}] with one row or more.`,
    );
  for (const [name, values] of [
    ["weights", weights],
    ["inputs", inputs],
  ] as const) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new GradientError("GRADIENT_NOT_FINITE", `${name}[${bad}] is ${values[bad]}; angles must be finite.`);
  }
  return { weights, inputs, rows };
}

/** Typed arrays as they are, lists as copies. */
function float64(name: string, values: ArrayLike<number>): Float64Array {
  if (typeof values !== "object" || typeof values?.length !== "number")
    throw new GradientError("GRADIENT_SHAPE", `${name} are a list of numbers, not ${describeValue(values)}.`);
  if (values instanceof Float64Array) return values;
  const odd = Array.isArray(values) ? values.find((value) => typeof value !== "number") : undefined;
  if (odd !== undefined)
    throw new GradientError("GRADIENT_SHAPE", `${name} are a list of numbers, but hold ${describeValue(odd)}.`);
  return Float64Array.from(values);
}

/** @throws GradientError GRADIENT_SHAPE */
export function checkCotangents(cotangents: Float64Array | undefined, rows: number, count: number): Float64Array {
  if (cotangents === undefined) return new Float64Array(rows * count).fill(1);
  if (cotangents.length === rows * count) return cotangents;
  throw new GradientError(
    "GRADIENT_SHAPE",
    `There are ${cotangents.length} cotangent(s) for ${rows} row(s) of ${count} value(s); give shape [${rows}, ${count}].`,
  );
}

/** Rows of parameter values [B, P], inputs then weights, from a point. */
export function parameterRowsOf(circuit: Circuit, { weights, inputs, rows }: CheckedPoint): Float64Array {
  const { numInputs, parameters } = circuit;
  const values = new Float64Array(rows * parameters.length);
  for (let row = 0; row < rows; row++) {
    values.set(inputs.subarray(row * numInputs, (row + 1) * numInputs), row * parameters.length);
    values.set(weights, row * parameters.length + numInputs);
  }
  return values;
}

/**
 * Standard error of Σ cotangents·values. Rows of one group share one evaluation, so their errors add up as they are; groups
 * are independent of each other.
 * @param groupOf for each row its group; by default every row is one
 */
export function spreadOf(
  cotangents: Float64Array,
  stderr: Float64Array,
  count: number,
  groupOf?: ArrayLike<number>,
): number {
  if (!stderr.some((std) => std !== 0)) return 0;
  const rows = stderr.length / count;
  const groups = new Map<number, { readonly row: number; readonly sums: Float64Array }>();
  for (let row = 0; row < rows; row++) {
    const group = groupOf?.[row] ?? row;
    let found = groups.get(group);
    if (found === undefined) {
      found = { row, sums: new Float64Array(count) };
      groups.set(group, found);
    }
    for (let k = 0; k < count; k++) found.sums[k]! += cotangents[row * count + k]!;
  }
  let variance = 0;
  for (const { row, sums } of groups.values()) {
    let spread = 0;
    for (let k = 0; k < count; k++) spread += Math.abs(sums[k]!) * stderr[row * count + k]!;
    variance += spread ** 2;
  }
  return Math.sqrt(variance);
}

/** The first evaluation of each row: values [B, K] and their standard errors from results [B, evaluations, K]. */
export function unshifted(
  { evs, stds }: ExpectationResult,
  rows: number,
  evaluations: number,
  count: number,
): { readonly values: Float64Array; readonly stderr: Float64Array } {
  const values = new Float64Array(rows * count);
  const stderr = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const from = row * evaluations * count;
    values.set(evs.subarray(from, from + count), row * count);
    stderr.set(stds.subarray(from, from + count), row * count);
  }
  return { values, stderr };
}
