import { DataError } from "../../errors.ts";
import { assertFinite, type Features } from "../dataset.ts";
import { checkOptions } from "../options.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  namesFromJSON,
  numbersFromJSON,
  type Transform,
  type TransformJSON,
} from "../transform.ts";

export interface LagOptions {
  /** Steps into the past, each 0 or more; 0 is the row itself. In the order in which they are to appear. */
  readonly lags: readonly number[];
}

/**
 * For rows in the order of time: each row with the features of rows before it, so that a model of single rows sees the past. Row t
 * has features of rows t - lag only, never of later ones. **Rows are lost**: the first max(lags) rows of what is transformed have no such
 * past and are left out, their targets as well. Rows must be one series, evenly spaced; split it in time first, or transform it whole and
 * split then. `inverse` needs lag 0, and gives back what is left.
 * @throws DataError LAGS; when rows are fitted or transformed DATA_EMPTY where none is left
 */
export function lagFeatures(options: LagOptions): Transform {
  checkOptions("lagFeatures", options, ["lags"]);
  const lags = checkedLags(options.lags);
  return {
    fit(train) {
      checkTrainingRows(train, Math.max(...lags) + 1);
      return lagged(train.featureNames, lags);
    },
  };
}

/** @throws DataError LAGS */
function checkedLags(lags: readonly number[]): readonly number[] {
  if (
    !Array.isArray(lags) ||
    lags.length === 0 ||
    new Set(lags).size !== lags.length ||
    !lags.every((lag) => Number.isSafeInteger(lag) && lag >= 0)
  )
    throw new DataError(
      "LAGS",
      `lags is ${JSON.stringify(lags)}; give different integers of 0 or more, such as [0, 1, 2].`,
    );
  return Object.freeze([...lags]);
}

function lagged(names: readonly string[], lags: readonly number[]): FittedTransform {
  const numInputs = names.length;
  const numOutputs = numInputs * lags.length;
  const longest = Math.max(...lags);
  const outputNames = Object.freeze(
    lags.flatMap((lag) => names.map((name) => (lag === 0 ? name : `${name}[t-${lag}]`))),
  );
  return Object.freeze({
    numInputs,
    numOutputs,
    transform<Source extends Features>(source: Source): Source {
      checkWidth(source, numInputs);
      const numRows = source.numRows - longest;
      if (numRows < 1)
        throw new DataError(
          "DATA_EMPTY",
          `${source.numRows} row(s) have no row with a past of ${longest}; give ${longest + 1} or more.`,
        );
      const x = new Float64Array(numRows * numOutputs);
      for (let row = 0; row < numRows; row++)
        for (const [place, lag] of lags.entries()) {
          const from = (row + longest - lag) * numInputs;
          x.set(source.x.subarray(from, from + numInputs), row * numOutputs + place * numInputs);
        }
      return withRows(source, x, numRows, outputNames, longest);
    },
    inverse<Source extends Features>(source: Source): Source {
      checkWidth(source, numOutputs);
      const own = lags.indexOf(0);
      if (own < 0)
        throw new DataError(
          "TRANSFORM_NO_INVERSE",
          "Without lag 0 a row's own features are not among its lagged ones.",
        );
      const x = new Float64Array(source.numRows * numInputs);
      for (let row = 0; row < source.numRows; row++) {
        const from = row * numOutputs + own * numInputs;
        x.set(source.x.subarray(from, from + numInputs), row * numInputs);
      }
      return withRows(source, x, source.numRows, names, 0);
    },
    toJSON: () => ({ kind: "lagFeatures", names, lags }),
  });
}

function checkWidth(source: Features, expected: number): void {
  if (source.numFeatures !== expected)
    throw new DataError(
      "DATA_SHAPE",
      `The transform was fitted on ${expected} feature(s), but these rows have ${source.numFeatures}.`,
    );
  assertFinite(source);
}

/** Other rows of the same source; what else there is one of for each row, such as targets, loses its first `dropped` values. */
function withRows<Source extends Features>(
  source: Source,
  x: Float64Array,
  numRows: number,
  featureNames: readonly string[],
  dropped: number,
): Source {
  const { grid: _grid, ...rest } = source;
  const targets = (source as { readonly y?: Float64Array }).y;
  return Object.freeze({
    ...rest,
    x,
    numRows,
    numFeatures: featureNames.length,
    featureNames,
    ...(targets === undefined ? {} : { y: targets.slice(dropped) }),
  }) as unknown as Source;
}

/** @throws DataError TRANSFORM_JSON */
export function lagFeaturesFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const lags = [...numbersFromJSON(json, "lags")];
  try {
    return lagged(names, checkedLags(lags));
  } catch (error) {
    throw new DataError("TRANSFORM_JSON", `A saved lagFeatures transform: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
