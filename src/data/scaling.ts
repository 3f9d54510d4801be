import { DataError } from "../errors.ts";
import type { Features } from "./dataset.ts";
import { checkOptions } from "./options.ts";
import {
  checkTrainingRows,
  type FitAccumulator,
  type FittedTransform,
  fittedTransform,
  type IncrementalTransform,
  namesFromJSON,
  numbersFromJSON,
  sameGrid,
  type Transform,
  type TransformJSON,
} from "./transform.ts";

type ScalingKind = "standardise" | "minMax" | "robust";

/**
 * Each feature to mean 0 and standard deviation 1 over the training rows: (x - mean) / sd, sd with divisor n. A feature
 * that is constant over the training rows, up to rounding, is only centred (divided by 1).
 */
export function standardise(): IncrementalTransform {
  return incremental(() => {
    let rows = 0;
    let mean = new Float64Array();
    let squares = new Float64Array();
    let first = new Float64Array();
    return {
      add({ numRows, numFeatures, x }) {
        if (rows === 0) {
          mean = new Float64Array(numFeatures);
          squares = new Float64Array(numFeatures);
          first = x.slice(0, numFeatures);
        }
        const total = rows + numRows;
        for (let f = 0; f < numFeatures; f++) {
          let partMean = 0;
          for (let row = 0; row < numRows; row++) partMean += (x[row * numFeatures + f]! - partMean) / (row + 1);
          let partSquares = 0;
          for (let row = 0; row < numRows; row++) partSquares += (x[row * numFeatures + f]! - partMean) ** 2;
          // Two parts' moments make those of both (Chan, Golub and LeVeque 1983).
          const shift = partMean - mean[f]!;
          mean[f] = rows === 0 ? partMean : mean[f]! + (shift * numRows) / total;
          squares[f]! += partSquares + (rows === 0 ? 0 : (shift * shift * rows * numRows) / total);
        }
        rows = total;
      },
      finish(names) {
        const constant = mean.map((value, f) => Number(isConstant(value, squares[f]!, rows)));
        return affine(
          "standardise",
          names,
          mean.map((value, f) => (constant[f] === 1 ? first[f]! : value)),
          squares.map((value, f) => (constant[f] === 1 ? 1 : 1 / Math.sqrt(value / rows))),
          0,
        );
      },
    };
  });
}

/**
 * Each feature from its training [min, max] onto `[low, high]` ([0, 1] by default; [0, Math.PI] suits angle encodings).
 * A constant feature goes to `low`. Rows outside the training range land outside `[low, high]`, unless `clip` is set;
 * clipped values cannot be brought back by `inverse`.
 * @throws DataError TRANSFORM_RANGE unless low < high, both finite
 */
export function minMax(
  options: { readonly range?: readonly [low: number, high: number]; readonly clip?: boolean } = {},
): IncrementalTransform {
  checkOptions("minMax", options, ["range", "clip"]);
  const { range: [low, high] = [0, 1], clip = false } = options;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new DataError(
      "TRANSFORM_RANGE",
      `A range goes from a lower to a higher finite number, not [${low}, ${high}].`,
    );
  return incremental(() => {
    let min: Float64Array | undefined;
    let max = new Float64Array();
    return {
      add({ numFeatures, x }) {
        if (min === undefined) {
          min = x.slice(0, numFeatures);
          max = x.slice(0, numFeatures);
        }
        for (let i = 0; i < x.length; i++) {
          const f = i % numFeatures;
          min[f] = Math.min(min[f]!, x[i]!);
          max[f] = Math.max(max[f]!, x[i]!);
        }
      },
      finish(names) {
        const scale = max.map((value, f) => (value > min![f]! ? (high - low) / (value - min![f]!) : 1));
        return affine("minMax", names, min!, scale, low, clip ? high : undefined);
      },
    };
  });
}

/**
 * Each feature by its training median and interquartile range, (x - median) / IQR, which outliers hardly move. Quartiles are
 * interpolated linearly between rows (numpy's default). A feature whose quartiles are equal is only centred (divided by 1).
 */
export function robust(): Transform {
  return {
    fit(train) {
      checkTrainingRows(train);
      const { numRows, numFeatures, x } = train;
      const offset = new Float64Array(numFeatures);
      const scale = new Float64Array(numFeatures);
      for (let f = 0; f < numFeatures; f++) {
        const sorted = Float64Array.from({ length: numRows }, (_, row) => x[row * numFeatures + f]!).sort();
        const low = quantile(sorted, 0.25);
        const high = quantile(sorted, 0.75);
        offset[f] = quantile(sorted, 0.5);
        // Quartiles that differ by rounding alone, or by less than has an inverse, are equal.
        const rounding = 10 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
        scale[f] = high - low > Math.max(rounding, 1e-300) ? 1 / (high - low) : 1;
      }
      return affine("robust", train.featureNames, offset, scale, 0);
    },
  };
}

/** The share-quantile of ascending values, interpolated linearly. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** A transform that learns in parts, and from all rows as from a single part. */
function incremental(
  start: () => {
    add(rows: Features): void;
    finish(names: readonly string[]): FittedTransform;
  },
): IncrementalTransform {
  const accumulate = (): FitAccumulator => {
    const inner = start();
    let names: readonly string[] | undefined;
    return {
      add(rows) {
        checkTrainingRows(rows);
        names ??= rows.featureNames;
        const other = rows.featureNames.findIndex((name, f) => name !== names![f]);
        if (rows.numFeatures !== names.length || other >= 0)
          throw new DataError(
            "DATA_SHAPE",
            `Earlier rows have the features ${names.join(", ")}, but these have ${rows.featureNames.join(", ")}.`,
          );
        inner.add(rows);
      },
      finish() {
        if (names === undefined)
          throw new DataError("DATA_EMPTY", "At least 1 row is needed to fit this transform, not 0.");
        return inner.finish(names);
      },
    };
  };
  return {
    accumulate,
    fit(train) {
      const accumulator = accumulate();
      accumulator.add(train);
      return accumulator.finish();
    },
  };
}

/** Whether a feature's variance is no more than rounding leaves of none (bound as in scikit-learn's StandardScaler). */
function isConstant(mean: number, squares: number, rows: number): boolean {
  const variance = squares / rows;
  return variance <= rows * Number.EPSILON * variance + (rows * mean * Number.EPSILON) ** 2;
}

/** low + (x - offset) · scale, cut to [low, high] where `high` is given. */
function affine(
  kind: ScalingKind,
  names: readonly string[],
  offset: Float64Array,
  scale: Float64Array,
  low: number,
  high?: number,
): FittedTransform {
  const numOutputs = offset.length;
  return fittedTransform(
    {
      numOutputs,
      names,
      grid: sameGrid,
      apply(from, fromStart, to, toStart) {
        for (let f = 0; f < numOutputs; f++) {
          const value = low + (from[fromStart + f]! - offset[f]!) * scale[f]!;
          to[toStart + f] = high === undefined ? value : Math.min(high, Math.max(low, value));
        }
      },
    },
    {
      numOutputs,
      names,
      grid: sameGrid,
      apply(from, fromStart, to, toStart) {
        for (let f = 0; f < numOutputs; f++) to[toStart + f] = (from[fromStart + f]! - low) / scale[f]! + offset[f]!;
      },
    },
    () => ({ kind, names, offset: [...offset], scale: [...scale], low, ...(high === undefined ? {} : { high }) }),
  );
}

/** @throws DataError TRANSFORM_JSON */
export function scalingFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const offset = numbersFromJSON(json, "offset", names.length);
  const scale = numbersFromJSON(json, "scale", names.length);
  const { low, high } = json;
  if (typeof low !== "number" || (high !== undefined && typeof high !== "number") || scale.includes(0))
    throw new DataError(
      "TRANSFORM_JSON",
      `A saved ${json.kind} transform needs a number "low" and scales other than 0.`,
    );
  return affine(json.kind as ScalingKind, names, offset, scale, low, high);
}
