import { DataError } from "../errors.ts";
import { checkLabels, checkLengths, checkOptions } from "./checks.ts";

/**
 * The share of rows whose predicted class is the true one, 0 to 1.
 * @throws DataError METRIC_LENGTH, METRIC_LABEL
 */
export function accuracy(yTrue: ArrayLike<number>, yPredicted: ArrayLike<number>): number {
  checkLengths(yTrue, yPredicted, "predicted class(es)");
  checkLabels(yTrue, "true");
  checkLabels(yPredicted, "predicted");
  let right = 0;
  for (let row = 0; row < yTrue.length; row++) if (yTrue[row] === yPredicted[row]) right++;
  return right / yTrue.length;
}

/**
 * Counts of rows by true and predicted class: `matrix[t][p]` rows of class t were predicted to be of class p.
 * @param options.numClasses by default the highest class that occurs, plus 1
 * @throws DataError METRIC_LENGTH, METRIC_LABEL
 */
export function confusionMatrix(
  yTrue: ArrayLike<number>,
  yPredicted: ArrayLike<number>,
  options: { readonly numClasses?: number } = {},
): readonly Int32Array[] {
  checkOptions("confusionMatrix", options, ["numClasses"]);
  checkLengths(yTrue, yPredicted, "predicted class(es)");
  checkLabels(yTrue, "true", options.numClasses);
  checkLabels(yPredicted, "predicted", options.numClasses);
  let numClasses = options.numClasses ?? 0;
  if (options.numClasses === undefined)
    for (let row = 0; row < yTrue.length; row++)
      numClasses = Math.max(numClasses, yTrue[row]! + 1, yPredicted[row]! + 1);
  const matrix = Array.from({ length: numClasses }, () => new Int32Array(numClasses));
  for (let row = 0; row < yTrue.length; row++) matrix[yTrue[row]!]![yPredicted[row]!]!++;
  return matrix;
}

/**
 * F1, 2·TP / (2·TP + FP + FN), from 0 to 1. `binary` (default) is that of class 1 against class 0; `macro` is the mean, without
 * weights, over the classes that occur among true or predicted ones.
 * @throws DataError METRIC_LENGTH; METRIC_LABEL, also for a class above 1 with `binary`; METRIC_UNDEFINED where no row is or is
 * predicted to be of class 1 (`binary`)
 */
export function f1(
  yTrue: ArrayLike<number>,
  yPredicted: ArrayLike<number>,
  options: { readonly average?: "binary" | "macro" } = {},
): number {
  checkOptions("f1", options, ["average"]);
  const { average = "binary" } = options;
  if (average !== "binary" && average !== "macro")
    throw new DataError("METRIC_OPTION", `average is "${String(average)}"; it is "binary" or "macro".`);
  const matrix = confusionMatrix(yTrue, yPredicted, average === "binary" ? { numClasses: 2 } : {});
  const scores = matrix.flatMap((row, label) => {
    const isLabel = row.reduce((sum, count) => sum + count, 0);
    const saidLabel = matrix.reduce((sum, other) => sum + other[label]!, 0);
    return isLabel + saidLabel === 0 ? [] : [{ label, score: (2 * row[label]!) / (isLabel + saidLabel) }];
  });
  if (average === "macro") return scores.reduce((sum, { score }) => sum + score, 0) / scores.length;
  const positive = scores.find(({ label }) => label === 1);
  if (positive === undefined)
    throw new DataError("METRIC_UNDEFINED", "F1 is 0/0 where no row is, or is predicted to be, of class 1.");
  return positive.score;
}

/**
 * The class with the highest score in each row of [rows, numClasses] scores, row-major; the first of equal ones.
 * @throws DataError METRIC_LENGTH, METRIC_SCORE
 */
export function predictedClasses(scores: ArrayLike<number>, numClasses: number): Int32Array {
  const rows = scores.length / numClasses;
  if (!(Number.isInteger(numClasses) && numClasses >= 1 && Number.isInteger(rows)))
    throw new DataError("METRIC_LENGTH", `${scores.length} score(s) are no whole rows of ${numClasses} class(es).`);
  const classes = new Int32Array(rows);
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new DataError("METRIC_SCORE", `The score at ${i} is NaN.`);
    const row = Math.floor(i / numClasses);
    if (scores[i]! > scores[row * numClasses + classes[row]!]!) classes[row] = i % numClasses;
  }
  return classes;
}
