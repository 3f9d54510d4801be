import { bothClasses, checkBinary } from "./checks.ts";

/** Points of a ROC curve, from (0, 0) to (1, 1), one for each distinct score. */
export interface RocCurve {
  /** 1 - specificity, ascending. */
  readonly falsePositiveRate: Float64Array;
  /** Sensitivity, ascending. */
  readonly truePositiveRate: Float64Array;
  /** Rows with a score of at least this are positive; the first is infinite: none is. Descending. */
  readonly thresholds: Float64Array;
}

/**
 * The area under the ROC curve: the probability that a row of class 1 scores above one of class 0, ties counted half
 * (Mann-Whitney U over the number of pairs). 1 is perfect, 0.5 is chance.
 * @param yTrue 0 or 1 for each row
 * @param scores larger for class 1; only their order counts
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE, METRIC_UNDEFINED unless both classes occur
 */
export function rocAuc(yTrue: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkBinary(yTrue, scores);
  const { negatives, positives } = bothClasses(yTrue, "The area under the ROC curve");
  const order = byScore(scores);
  let pairs = 0;
  let below = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let tied = 0;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) tied += yTrue[order[end++]!]!;
    const tiedNegatives = end - start - tied;
    pairs += tied * (below + tiedNegatives / 2);
    below += tiedNegatives;
    start = end;
  }
  return pairs / (positives * negatives);
}

/**
 * The ROC curve, with every distinct score as a threshold.
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE, METRIC_UNDEFINED unless both classes occur
 */
export function rocCurve(yTrue: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  checkBinary(yTrue, scores);
  const { negatives, positives } = bothClasses(yTrue, "A ROC curve");
  const order = byScore(scores).reverse();
  const falsePositiveRate = [0];
  const truePositiveRate = [0];
  const thresholds = [Number.POSITIVE_INFINITY];
  let truePositives = 0;
  for (let i = 0; i < order.length; i++) {
    truePositives += yTrue[order[i]!]!;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[order[i]!]) continue;
    falsePositiveRate.push((i + 1 - truePositives) / negatives);
    truePositiveRate.push(truePositives / positives);
    thresholds.push(scores[order[i]!]!);
  }
  return {
    falsePositiveRate: Float64Array.from(falsePositiveRate),
    truePositiveRate: Float64Array.from(truePositiveRate),
    thresholds: Float64Array.from(thresholds),
  };
}

/** Rows by ascending score. */
function byScore(scores: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!);
}
