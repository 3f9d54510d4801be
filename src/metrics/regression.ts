import { DataError } from "../errors.ts";
import { checkLengths, checkScores } from "./checks.ts";

/** Root of the mean squared error, in the target's unit. @throws DataError METRIC_LENGTH, METRIC_SCORE */
export function rmse(yTrue: ArrayLike<number>, yPredicted: ArrayLike<number>): number {
  return Math.sqrt(meanError(yTrue, yPredicted, (error) => error * error));
}

/** Mean absolute error, in the target's unit. @throws DataError METRIC_LENGTH, METRIC_SCORE */
export function mae(yTrue: ArrayLike<number>, yPredicted: ArrayLike<number>): number {
  return meanError(yTrue, yPredicted, Math.abs);
}

/**
 * The coefficient of determination, 1 - Σ(y - ŷ)² / Σ(y - mean y)²: 1 is perfect, 0 is as good as the mean, below is worse.
 * @throws DataError METRIC_LENGTH, METRIC_SCORE, METRIC_UNDEFINED where all true values are equal
 */
export function r2(yTrue: ArrayLike<number>, yPredicted: ArrayLike<number>): number {
  const squared = meanError(yTrue, yPredicted, (error) => error * error);
  const { mean } = meanAndSpread(yTrue);
  let variance = 0;
  let constant = true;
  for (let row = 0; row < yTrue.length; row++) {
    variance += (yTrue[row]! - mean) ** 2 / yTrue.length;
    if (yTrue[row] !== yTrue[0]) constant = false;
  }
  if (constant)
    throw new DataError("METRIC_UNDEFINED", `R² is undefined where all ${yTrue.length} true value(s) are equal.`);
  return 1 - squared / variance;
}

/**
 * Mean and sample standard deviation (divisor n - 1; null for a single value), as of one metric over several seeds.
 * @throws DataError METRIC_LENGTH, METRIC_SCORE
 */
export function meanAndSpread(values: ArrayLike<number>): { readonly mean: number; readonly spread: number | null } {
  if (values.length === 0) throw new DataError("METRIC_LENGTH", "A mean needs at least one value.");
  checkScores(values, "value");
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += (values[i]! - mean) / (i + 1);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return { mean, spread: values.length === 1 ? null : Math.sqrt(squares / (values.length - 1)) };
}

function meanError(yTrue: ArrayLike<number>, yPredicted: ArrayLike<number>, size: (error: number) => number): number {
  checkLengths(yTrue, yPredicted, "predicted value(s)");
  checkScores(yTrue, "true value");
  checkScores(yPredicted, "predicted value");
  let sum = 0;
  for (let row = 0; row < yTrue.length; row++) sum += size(yPredicted[row]! - yTrue[row]!);
  return sum / yTrue.length;
}
