import type { GradientTargets } from "./lane-program.ts";

/** What is asked of a batch, by which its arrays are placed in the memory that threads share. */
export interface ExchangeShape {
  readonly rows: number;
  readonly shares: number;
  /** Numbers of each row: its inputs, or all of its parameters where rows share no weights. */
  readonly width: number;
  readonly numWeights: number;
  readonly numObservables: number;
  /** Whether there are cotangents, and which gradients are wanted. */
  readonly gradients: boolean;
  readonly weightGradients: boolean;
  readonly inputGradients: boolean;
}

/** The arrays of a batch in the memory that threads share. */
export interface Exchange {
  /** [rows, width] */
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly outputs: Float64Array;
  readonly targets: GradientTargets | null;
}

/** Numbers at the start of the memory: rows, shares, and what is wanted. */
const HEADER = 8;

/** Bytes that an exchange takes. */
export function exchangeBytes(shape: ExchangeShape): number {
  const { rows, shares, width, numWeights, numObservables } = shape;
  const inputs = (shape.inputGradients ? 2 : 1) * rows * width;
  const outputs = (shape.gradients ? 2 : 1) * rows * numObservables;
  return 8 * (HEADER + inputs + outputs + numWeights + (shape.weightGradients ? shares * numWeights : 0));
}

export function writeShape(f64: Float64Array, shape: ExchangeShape): void {
  f64[0] = shape.rows;
  f64[1] = shape.shares;
  f64[2] = shape.gradients ? 1 : 0;
  f64[3] = shape.weightGradients ? 1 : 0;
  f64[4] = shape.inputGradients ? 1 : 0;
}

/** The shape that is written in an exchange, for a program whose rows have `width` values. */
export function readShape(
  f64: Float64Array,
  program: { readonly width: number; readonly numWeights: number; readonly numObservables: number },
): ExchangeShape {
  const { width, numWeights, numObservables } = program;
  return {
    rows: f64[0]!,
    shares: f64[1]!,
    width,
    numWeights,
    numObservables,
    gradients: f64[2] === 1,
    weightGradients: f64[3] === 1,
    inputGradients: f64[4] === 1,
  };
}

/** The arrays of an exchange as one share sees them: gradients of the weights are its own. */
export function exchangeOf(f64: Float64Array, shape: ExchangeShape, share: number): Exchange {
  const { rows, width, numWeights, numObservables, gradients } = shape;
  let at = HEADER;
  const take = (length: number): Float64Array => {
    at += length;
    return f64.subarray(at - length, at);
  };
  const values = take(rows * width);
  const weights = take(numWeights);
  const outputs = take(rows * numObservables);
  if (!gradients) return { values, weights, outputs, targets: null };
  const cotangents = take(rows * numObservables);
  const inputs = shape.inputGradients ? take(rows * width) : null;
  at += share * numWeights;
  return {
    values,
    weights,
    outputs,
    targets: { cotangents, inputs, weights: shape.weightGradients ? take(numWeights) : null },
  };
}
