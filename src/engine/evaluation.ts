import type { Dataset } from "../data/index.ts";
import {
  accuracy,
  calibrationCurve,
  confusionMatrix,
  f1,
  logLoss,
  mae,
  predictedClasses,
  r2,
  ratesAtThreshold,
  rmse,
  rocAuc,
} from "../metrics/index.ts";
import type { RunCosts } from "../training/tensorflow-predict.ts";

/** What a pipeline says about rows. */
export interface Prediction extends RunCosts {
  readonly numRows: number;
  /** Columns of `outputs`: one for each class, or 1 for regression. */
  readonly numOutputs: number;
  /** [numRows, numOutputs], row-major: probabilities of the classes, or values. */
  readonly outputs: Float64Array;
  /** The most probable class of each row by its name; undefined for regression. */
  readonly labels: readonly string[] | undefined;
}

/** How good a pipeline is on rows whose targets are known. */
export interface Evaluation extends RunCosts {
  readonly numRows: number;
  /**
   * Classification: `accuracy`, `logLoss` and `f1` (macro); with two classes also `auc`, `sensitivity` and `specificity` at
   * even odds of the second one, `brier` and `calibrationError`; those of two classes only where both occur. Regression:
   * `rmse`, `mae`, and `r2` where the targets differ.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** [true][predicted] counts; undefined for regression. */
  readonly confusion: readonly Int32Array[] | undefined;
  readonly prediction: Prediction;
}

export function evaluationOf(rows: Dataset, prediction: Prediction): Evaluation {
  const { numRows, executions, quantumSeconds, jobIds } = prediction;
  const costs = { numRows, executions, quantumSeconds, jobIds, prediction };
  if (rows.classes === undefined)
    return { ...costs, metrics: regressionMetrics(rows.y, prediction.outputs), confusion: undefined };
  const numClasses = rows.classes.length;
  const predicted = predictedClasses(prediction.outputs, numClasses);
  const metrics = {
    accuracy: accuracy(rows.y, predicted),
    logLoss: logLoss(rows.y, prediction.outputs),
    f1: f1(rows.y, predicted, { average: "macro" }),
    ...(numClasses === 2 ? binaryMetrics(rows.y, prediction.outputs) : {}),
  };
  return { ...costs, metrics, confusion: confusionMatrix(rows.y, predicted, { numClasses }) };
}

function binaryMetrics(y: Float64Array, outputs: Float64Array): Readonly<Record<string, number>> {
  if (y.every((label) => label === y[0])) return {};
  const positive = Float64Array.from(y, (_, row) => Math.min(1, Math.max(0, outputs[2 * row + 1]!)));
  const { sensitivity, specificity } = ratesAtThreshold(y, positive, 0.5);
  const { brierScore, expectedCalibrationError } = calibrationCurve(y, positive);
  return {
    auc: rocAuc(y, positive),
    sensitivity,
    specificity,
    brier: brierScore,
    calibrationError: expectedCalibrationError,
  };
}

function regressionMetrics(y: Float64Array, outputs: Float64Array): Readonly<Record<string, number>> {
  return {
    rmse: rmse(y, outputs),
    mae: mae(y, outputs),
    ...(y.some((value) => value !== y[0]) ? { r2: r2(y, outputs) } : {}),
  };
}

/** The most probable class of each row by its name. */
export function labelsOf(outputs: Float64Array, classes: readonly string[]): readonly string[] {
  const width = classes.length;
  return Array.from({ length: outputs.length / width }, (_, row) => {
    let best = 0;
    for (let k = 1; k < width; k++) if (outputs[row * width + k]! > outputs[row * width + best]!) best = k;
    return classes[best]!;
  });
}
