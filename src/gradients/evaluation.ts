import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { Backend, RunOptions } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import type { GradientWants } from "./slot-circuit.ts";

/** Values of a circuit's parameters: B rows of D inputs that share W weights; radians. */
export interface GradientPoint {
  /** [W] */
  readonly weights: Float64Array;
  /** [B, D] row-major; may be left out where the circuit has no inputs. */
  readonly inputs?: Float64Array;
  /** B; by default as many as `inputs` holds, 1 without inputs. */
  readonly rows?: number;
}

/** Options of one evaluation; `signal` stops the waiting, not a job that was submitted. */
export interface EvaluateOptions extends RunOptions {
  /** Decides the backend's samples and SPSA's directions; 0 by default. */
  readonly seed?: number;
  /** [B, K], when they are known before the values: saves the adjoint method a second pass. */
  readonly cotangents?: Float64Array;
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
export interface GradientEvaluation {
  /** Expectation values [B, K]. */
  readonly values: Float64Array;
  /** Their standard errors [B, K]; 0 where exact. */
  readonly stderr: Float64Array;
  /** What the backend charged: rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
  /**
   * Gradients of Σ cotangents·values for cotangents [B, K], all 1 by default (or those of the options).
   * @throws GradientError GRADIENT_SHAPE
   */
  pullback(cotangents?: Float64Array): Gradients;
}

/** What is differentiated, and where it runs. */
export interface GradientProblem {
  readonly circuit: Circuit;
  /** The K observables. */
  readonly observables: readonly SparsePauliOp[];
  readonly backend: Backend;
  readonly wants: GradientWants;
  /** Target standard error of the values; undefined leaves it to the backend. */
  readonly precision: number | undefined;
}

/** One way to get gradients, prepared for one problem. */
export interface GradientStrategy {
  evaluate(point: CheckedPoint, options: EvaluateOptions): Promise<GradientEvaluation>;
}

export type CheckedPoint = Required<GradientPoint>;

/** @throws GradientError GRADIENT_SHAPE, GRADIENT_NOT_FINITE */
export function checkPoint(circuit: Circuit, point: GradientPoint): CheckedPoint {
  const { weights, inputs = new Float64Array(0) } = point;
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
