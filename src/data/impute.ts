import { DataError } from "../errors.ts";
import type { Features } from "./dataset.ts";
import { checkOptions } from "./options.ts";
import { quantile } from "./scaling.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  numbersFromJSON,
  sameGrid,
  type Transform,
  type TransformJSON,
} from "./transform.ts";

export interface ImputeOptions {
  /** Of the training rows that have a value: their mean, median or most frequent value (the least of equally frequent ones); or `value`. */
  readonly strategy: "mean" | "median" | "most-frequent" | "constant";
  /** For `constant`. */
  readonly value?: number;
  /** Appends a feature `missing:NAME`, 1 where the value was missing and else 0, for each feature with missing training values. */
  readonly indicator?: boolean;
}

/**
 * Fills in missing features (NaN). Read the table with `missing: "keep"` and make the dataset with it as well. `inverse` takes the
 * indicators away; which values were filled in is not undone.
 * @throws DataError DATA_OPTION; by `fit` IMPUTE_EMPTY for a feature without any training value, unless it is `constant`
 */
export function impute(options: ImputeOptions): Transform {
  checkOptions("impute", options, ["strategy", "value", "indicator"]);
  const { strategy, value, indicator = false } = options;
  if (!["mean", "median", "most-frequent", "constant"].includes(strategy))
    throw new DataError(
      "DATA_OPTION",
      `strategy is "${String(strategy)}"; it is "mean", "median", "most-frequent" or "constant".`,
    );
  if ((strategy === "constant") !== (value !== undefined) || (value !== undefined && !Number.isFinite(value)))
    throw new DataError("DATA_OPTION", 'A finite value belongs to the strategy "constant", and only to that one.');
  return {
    fit(train) {
      checkTrainingRows(train, 1, true);
      const fill = new Float64Array(train.numFeatures);
      const indicated: number[] = [];
      for (let f = 0; f < train.numFeatures; f++) {
        const present = presentValues(train, f);
        if (present.length < train.numRows && indicator) indicated.push(f);
        if (strategy !== "constant" && present.length === 0)
          throw new DataError(
            "IMPUTE_EMPTY",
            `Feature ${train.featureNames[f]} has no value in ${train.numRows} training row(s); leave it out, or give a constant.`,
          );
        fill[f] =
          strategy === "mean"
            ? present.reduce((mean, x, i) => mean + (x - mean) / (i + 1), 0)
            : strategy === "median"
              ? quantile(present.sort(), 0.5)
              : strategy === "most-frequent"
                ? mostFrequent(present.sort())
                : value!;
      }
      return fittedImpute(train.featureNames, fill, indicated);
    },
  };
}

function presentValues({ x, numRows, numFeatures }: Features, feature: number): Float64Array {
  return Float64Array.from({ length: numRows }, (_, row) => x[row * numFeatures + feature]!).filter(
    (value) => !Number.isNaN(value),
  );
}

function mostFrequent(sorted: Float64Array): number {
  let best = sorted[0]!;
  let bestCount = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start > bestCount) {
      best = sorted[start]!;
      bestCount = end - start;
    }
    start = end;
  }
  return best;
}

function fittedImpute(names: readonly string[], fill: Float64Array, indicated: readonly number[]): FittedTransform {
  const numInputs = names.length;
  return fittedTransform(
    {
      numOutputs: numInputs + indicated.length,
      names: Object.freeze([...names, ...indicated.map((f) => `missing:${names[f]}`)]),
      takesMissing: true,
      ...(indicated.length === 0 ? { grid: sameGrid } : {}),
      apply(from, fromStart, to, toStart) {
        for (let f = 0; f < numInputs; f++) {
          const value = from[fromStart + f]!;
          to[toStart + f] = Number.isNaN(value) ? fill[f]! : value;
        }
        for (let i = 0; i < indicated.length; i++)
          to[toStart + numInputs + i] = Number.isNaN(from[fromStart + indicated[i]!]!) ? 1 : 0;
      },
    },
    {
      numOutputs: numInputs,
      names,
      ...(indicated.length === 0 ? { grid: sameGrid } : {}),
      apply(from, fromStart, to, toStart) {
        for (let f = 0; f < numInputs; f++) to[toStart + f] = from[fromStart + f]!;
      },
    },
    () => ({ kind: "impute", names, fill: [...fill], indicated: [...indicated] }),
  );
}

/** @throws DataError TRANSFORM_JSON */
export function imputeFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const indicated = [...numbersFromJSON(json, "indicated")];
  if (!indicated.every((f) => Number.isInteger(f) && f >= 0 && f < names.length))
    throw new DataError(
      "TRANSFORM_JSON",
      'A saved impute transform names a feature in "indicated" that it does not have.',
    );
  return fittedImpute(names, numbersFromJSON(json, "fill", names.length), indicated);
}
