import { DataError } from "../errors.ts";
import { checkBinary, checkLabels, checkLengths, checkOptions, checkProbabilities } from "./checks.ts";

/** The rows whose predicted probability lies in one bin. */
export interface CalibrationBin {
  /** Probabilities above `low` up to and including `high`; the first bin holds 0 as well. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean predicted probability of class 1. */
  readonly meanProbability: number;
  /** Share of rows that are of class 1; equal to `meanProbability` where the model is calibrated. */
  readonly positiveFraction: number;
}

export interface Calibration {
  /** Bins that hold rows, ascending. */
  readonly bins: readonly CalibrationBin[];
  /** Mean distance of `meanProbability` and `positiveFraction` over the rows, 0 to 1; depends on the number of bins. */
  readonly expectedCalibrationError: number;
  /** Mean squared distance of probability and label, 0 (best) to 1. */
  readonly brierScore: number;
}

/**
 * How far predicted probabilities of class 1 are frequencies (a reliability diagram): bins of equal width over [0, 1].
 * @param yTrue 0 or 1 for each row
 * @param options.bins 10 by default
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE unless all are from 0 to 1, METRIC_OPTION
 */
export function calibrationCurve(
  yTrue: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: { readonly bins?: number } = {},
): Calibration {
  checkOptions("calibrationCurve", options, ["bins"]);
  const { bins = 10 } = options;
  if (!(Number.isSafeInteger(bins) && bins >= 1 && bins <= 10_000))
    throw new DataError("METRIC_OPTION", `bins is ${String(bins)}; it is an integer from 1 to 10000.`);
  checkBinary(yTrue, probabilities);
  checkProbabilities(probabilities);
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const positives = new Float64Array(bins);
  let squares = 0;
  for (let row = 0; row < yTrue.length; row++) {
    const probability = probabilities[row]!;
    let bin = Math.max(0, Math.ceil(probability * bins) - 1);
    // The product rounds: the edges themselves decide.
    if (bin > 0 && probability <= bin / bins) bin--;
    else if (probability > (bin + 1) / bins) bin++;
    counts[bin]!++;
    sums[bin]! += probability;
    positives[bin]! += yTrue[row]!;
    squares += (probability - yTrue[row]!) ** 2;
  }
  const filled: CalibrationBin[] = [];
  let distance = 0;
  for (let bin = 0; bin < bins; bin++) {
    const count = counts[bin]!;
    if (count === 0) continue;
    filled.push({
      low: bin / bins,
      high: (bin + 1) / bins,
      count,
      meanProbability: sums[bin]! / count,
      positiveFraction: positives[bin]! / count,
    });
    distance += Math.abs(sums[bin]! - positives[bin]!);
  }
  return {
    bins: filled,
    expectedCalibrationError: distance / yTrue.length,
    brierScore: squares / yTrue.length,
  };
}

/**
 * Mean negative log-likelihood of the true classes, in nats. Probabilities are cut to [ε, 1 - ε] with ε = 2^-52, so that one
 * confident mistake costs about 36 and not infinity.
 * @param probabilities of class 1, one for each row (classes 0 and 1); or [rows, numClasses], row-major, each row with sum 1
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE unless all are from 0 to 1 and rows sum to 1 within 1e-4
 */
export function logLoss(yTrue: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const numClasses = probabilities.length / yTrue.length;
  if (numClasses === 1) checkLengths(yTrue, probabilities, "probabilities");
  else if (!(Number.isInteger(numClasses) && numClasses >= 2))
    throw new DataError(
      "METRIC_LENGTH",
      `${yTrue.length} true class(es) were given with ${probabilities.length} probabilities; one or one for each class belongs to a row.`,
    );
  checkLabels(yTrue, "true", Math.max(2, numClasses));
  checkProbabilities(probabilities);
  let loss = 0;
  for (let row = 0; row < yTrue.length; row++) {
    let likelihood: number;
    if (numClasses === 1) likelihood = yTrue[row] === 1 ? probabilities[row]! : 1 - probabilities[row]!;
    else {
      let total = 0;
      for (let label = 0; label < numClasses; label++) total += probabilities[row * numClasses + label]!;
      if (Math.abs(total - 1) > 1e-4)
        throw new DataError("METRIC_SCORE", `The probabilities of row ${row} sum to ${total}, not to 1.`);
      likelihood = probabilities[row * numClasses + yTrue[row]!]! / total;
    }
    loss -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, likelihood)));
  }
  return loss / yTrue.length;
}
