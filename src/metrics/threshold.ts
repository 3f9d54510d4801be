import { DataError } from "../errors.ts";
import { bothClasses, checkBinary, checkOptions } from "./checks.ts";
import { rocCurve } from "./roc.ts";

/** What a binary classifier does at a threshold: rows with a score of at least that are taken for positive (class 1). */
export interface ThresholdRates {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  /** TP / (TP + FN), also called recall. */
  readonly sensitivity: number;
  /** TN / (TN + FP). */
  readonly specificity: number;
  /** TP / (TP + FP); null where no row is taken for positive. */
  readonly precision: number | null;
  /** 2·TP / (2·TP + FP + FN). */
  readonly f1: number;
  readonly accuracy: number;
}

/**
 * Counts and rates at a threshold on the scores.
 * @param yTrue 0 or 1 for each row
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE, METRIC_OPTION for a threshold that is NaN, METRIC_UNDEFINED unless
 * both classes occur
 */
export function ratesAtThreshold(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  threshold: number,
): ThresholdRates {
  checkBinary(yTrue, scores);
  if (typeof threshold !== "number" || Number.isNaN(threshold))
    throw new DataError("METRIC_OPTION", `The threshold is ${String(threshold)}; it must be a number.`);
  const { negatives, positives } = bothClasses(yTrue, "A rate at a threshold");
  let truePositives = 0;
  let falsePositives = 0;
  for (let row = 0; row < yTrue.length; row++)
    if (scores[row]! >= threshold) {
      if (yTrue[row] === 1) truePositives++;
      else falsePositives++;
    }
  const saidPositive = truePositives + falsePositives;
  return {
    truePositives,
    falsePositives,
    trueNegatives: negatives - falsePositives,
    falseNegatives: positives - truePositives,
    sensitivity: truePositives / positives,
    specificity: (negatives - falsePositives) / negatives,
    precision: saidPositive === 0 ? null : truePositives / saidPositive,
    f1: (2 * truePositives) / (saidPositive + positives),
    accuracy: (truePositives + negatives - falsePositives) / yTrue.length,
  };
}

/** See `ratesAtThreshold`. */
export function sensitivity(yTrue: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): number {
  return ratesAtThreshold(yTrue, scores, threshold).sensitivity;
}

/** See `ratesAtThreshold`. */
export function specificity(yTrue: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): number {
  return ratesAtThreshold(yTrue, scores, threshold).specificity;
}

/** Null where no row is taken for positive; see `ratesAtThreshold`. */
export function precision(yTrue: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): number | null {
  return ratesAtThreshold(yTrue, scores, threshold).precision;
}

/**
 * The threshold that serves the given rows best: by Youden's J = sensitivity + specificity - 1 (default), or by F1. It lies midway
 * between the two scores that it parts; of equally good ones, the highest. Give it training or validation rows: a threshold
 * chosen on the rows that it is then judged by flatters the classifier.
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE, METRIC_OPTION, METRIC_UNDEFINED unless both classes occur
 */
export function bestThreshold(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: { readonly by?: "youden" | "f1" } = {},
): { readonly threshold: number; readonly value: number } {
  checkOptions("bestThreshold", options, ["by"]);
  const { by = "youden" } = options;
  if (by !== "youden" && by !== "f1")
    throw new DataError("METRIC_OPTION", `by is "${String(by)}"; it is "youden" or "f1".`);
  const { thresholds, truePositiveRate, falsePositiveRate } = rocCurve(yTrue, scores);
  const { negatives, positives } = bothClasses(yTrue, "A threshold");
  let best = 0;
  let value = Number.NEGATIVE_INFINITY;
  // The first point takes no row for positive; a threshold that does is always as good.
  for (let i = 1; i < thresholds.length; i++) {
    const sensitive = truePositiveRate[i]!;
    const wrong = falsePositiveRate[i]!;
    const score =
      by === "youden"
        ? sensitive - wrong
        : (2 * sensitive * positives) / (sensitive * positives + wrong * negatives + positives);
    // Rates are quotients, so equally good thresholds may differ by rounding.
    if (score <= value + 1e-12) continue;
    best = i;
    value = score;
  }
  const lowest = thresholds[best]!;
  const next = thresholds[best + 1];
  return { threshold: next === undefined ? lowest : between(next, lowest), value };
}

/** Midway, above `low` and at most `high`, also where no number lies between. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle > low && middle <= high ? middle : high;
}
