import { describeValue } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import { optionsCheck } from "../options-check.ts";

/** @throws DataError METRIC_OPTION unless `options` is an object of known options */
export const checkOptions = optionsCheck(DataError, "METRIC_OPTION");

/** @throws DataError METRIC_LENGTH unless both have as many entries, at least one */
export function checkLengths(truth: ArrayLike<number>, other: ArrayLike<number>, what: string): void {
  if (truth.length !== other.length)
    throw new DataError("METRIC_LENGTH", `${truth.length} true value(s) were given with ${other.length} ${what}.`);
  if (truth.length === 0) throw new DataError("METRIC_LENGTH", "A metric needs at least one row.");
}

/** @throws DataError METRIC_LABEL unless all are integers from 0 to below `numClasses` (any above 0 where it is not known) */
export function checkLabels(labels: ArrayLike<number>, what: string, numClasses = 2 ** 15): void {
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < numClasses))
      throw new DataError(
        "METRIC_LABEL",
        `The ${what} class of row ${row} is ${describeValue(label)}; classes are integers from 0 to ${numClasses - 1}.`,
      );
  }
}

/** @throws DataError METRIC_SCORE unless all are finite */
export function checkScores(scores: ArrayLike<number>, what: string): void {
  for (let row = 0; row < scores.length; row++)
    if (!Number.isFinite(scores[row]))
      throw new DataError(
        "METRIC_SCORE",
        `The ${what} at ${row} is ${describeValue(scores[row])}; it must be a finite number.`,
      );
}

/** @throws DataError METRIC_SCORE unless all are from 0 to 1 */
export function checkProbabilities(probabilities: ArrayLike<number>): void {
  for (let i = 0; i < probabilities.length; i++)
    if (!(probabilities[i]! >= 0 && probabilities[i]! <= 1))
      throw new DataError(
        "METRIC_SCORE",
        `The probability at ${i} is ${describeValue(probabilities[i])}; probabilities are from 0 to 1.`,
      );
}

/** Labels 0 and 1 with a finite score each. @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE */
export function checkBinary(yTrue: ArrayLike<number>, scores: ArrayLike<number>): void {
  checkLengths(yTrue, scores, "score(s)");
  checkLabels(yTrue, "true", 2);
  checkScores(scores, "score");
}

/**
 * How many rows are of class 0 and of class 1.
 * @throws DataError METRIC_UNDEFINED unless both classes occur
 */
export function bothClasses(yTrue: ArrayLike<number>, metric: string): { negatives: number; positives: number } {
  let positives = 0;
  for (let row = 0; row < yTrue.length; row++) positives += yTrue[row]!;
  const negatives = yTrue.length - positives;
  if (positives === 0 || negatives === 0)
    throw new DataError(
      "METRIC_UNDEFINED",
      `${metric} needs rows of class 0 and of class 1, but all ${yTrue.length} row(s) are of class ${positives === 0 ? 0 : 1}.`,
    );
  return { negatives, positives };
}
