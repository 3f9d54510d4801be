import { describeValue } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import { checkBinary, checkOptions } from "./checks.ts";
import { rocAuc } from "./roc.ts";

/** A share of rows with its 95 % Wilson score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 209, 1927). */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a binary classifier does to the rows of one group. */
export interface GroupRates {
  readonly group: string;
  readonly count: number;
  /** Rows that are of class 1. */
  readonly baseRate: Share;
  /** Rows with a score of at least the threshold. */
  readonly selectionRate: Share;
  /** Of the rows of class 1, those that are found; null where there is none. */
  readonly truePositiveRate: Share | null;
  /** Of the rows of class 0, those that are taken for class 1; null where there is none. */
  readonly falsePositiveRate: Share | null;
  readonly accuracy: Share;
  /** Null unless both classes occur in the group. */
  readonly auc: number | null;
}

/** How differently a classifier treats groups; the largest distance between any two of them. */
export interface FairnessReport {
  /** In order of their names. */
  readonly groups: readonly GroupRates[];
  /** Of selection rates: 0 is demographic parity. */
  readonly selectionRateDifference: number;
  /** The smallest selection rate over the largest; 1 where nobody is selected. */
  readonly selectionRateRatio: number;
  /** Of true positive rates: 0 is equal opportunity (Hardt et al., arXiv:1610.02413). */
  readonly truePositiveRateDifference: number;
  /** Of false positive rates; with the one above 0 this is equalised odds. */
  readonly falsePositiveRateDifference: number;
}

/**
 * Rates of a binary classifier by group, such as of age or sex. Small groups have wide intervals: a difference that lies within
 * them says nothing.
 * @param yTrue 0 or 1 for each row
 * @param scores of class 1, one for each row
 * @param groups the group of each row, by name
 * @param options.threshold rows with a score of at least that are taken for class 1; 0.5 by default
 * @throws DataError METRIC_LENGTH, METRIC_LABEL, METRIC_SCORE, METRIC_OPTION
 */
export function fairnessReport(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  groups: readonly string[],
  options: { readonly threshold?: number } = {},
): FairnessReport {
  checkOptions("fairnessReport", options, ["threshold"]);
  const { threshold = 0.5 } = options;
  if (!Number.isFinite(threshold))
    throw new DataError("METRIC_OPTION", `threshold is ${describeValue(threshold)}; it must be a finite number.`);
  checkBinary(yTrue, scores);
  if (groups.length !== yTrue.length)
    throw new DataError("METRIC_LENGTH", `${yTrue.length} true value(s) were given with ${groups.length} group(s).`);
  const rates = [...new Set(groups)].sort().map((group) => {
    const rows = groups.flatMap((name, row) => (name === group ? [row] : []));
    return groupRates(
      group,
      rows.map((row) => yTrue[row]!),
      rows.map((row) => scores[row]!),
      threshold,
    );
  });
  const selection = rates.map(({ selectionRate }) => selectionRate.value);
  const most = Math.max(...selection);
  return {
    groups: rates,
    selectionRateDifference: range(selection),
    selectionRateRatio: most === 0 ? 1 : Math.min(...selection) / most,
    truePositiveRateDifference: range(rates.flatMap(({ truePositiveRate }) => truePositiveRate?.value ?? [])),
    falsePositiveRateDifference: range(rates.flatMap(({ falsePositiveRate }) => falsePositiveRate?.value ?? [])),
  };
}

function groupRates(group: string, y: readonly number[], scores: readonly number[], threshold: number): GroupRates {
  const said = scores.map((score) => score >= threshold);
  const count = (holds: (row: number) => boolean): number => y.reduce((sum, _, row) => sum + (holds(row) ? 1 : 0), 0);
  const positives = count((row) => y[row] === 1);
  const negatives = y.length - positives;
  const truePositives = count((row) => y[row] === 1 && said[row]!);
  const falsePositives = count((row) => y[row] === 0 && said[row]!);
  return {
    group,
    count: y.length,
    baseRate: share(positives, y.length),
    selectionRate: share(truePositives + falsePositives, y.length),
    truePositiveRate: positives === 0 ? null : share(truePositives, positives),
    falsePositiveRate: negatives === 0 ? null : share(falsePositives, negatives),
    accuracy: share(truePositives + negatives - falsePositives, y.length),
    auc: positives === 0 || negatives === 0 ? null : rocAuc(y, scores),
  };
}

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

function share(hits: number, count: number): Share {
  const value = hits / count;
  const spread = (Z * Z) / count;
  const centre = (value + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((value * (1 - value)) / count + spread / (4 * count));
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function range(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
}
