import { DataError } from "../errors.ts";
import { checkOptions } from "./options.ts";
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

/**
 * Each feature to mean 0 and standard deviation 1 over the training rows: (x - mean) / sd, sd with divisor n. A feature
 * that is constant over the training rows, up to rounding, is only centred (divided by 1).
 */
export function standardise(): Transform {
  return {
    fit(train) {
      checkTrainingRows(train);
      const { numRows, numFeatures, x } = train;
      const offset = new Float64Array(numFeatures);
      const scale = new Float64Array(numFeatures);
      for (let f = 0; f < numFeatures; f++) {
        let mean = 0;
        for (let row = 0; row < numRows; row++) mean += (x[row * numFeatures + f]! - mean) / (row + 1);
        let squares = 0;
        for (let row = 0; row < numRows; row++) squares += (x[row * numFeatures + f]! - mean) ** 2;
        const constant = isConstant(mean, squares, numRows);
        offset[f] = constant ? x[f]! : mean;
        scale[f] = constant ? 1 : 1 / Math.sqrt(squares / numRows);
      }
      return affine("standardise", train.featureNames, offset, scale, 0);
    },
  };
}

/**
 * Each feature from its training [min, max] onto `[low, high]` ([0, 1] by default; [0, Math.PI] suits angle encodings).
 * A constant feature goes to `low`. Rows outside the training range land outside `[low, high]`, unless `clip` is set;
 * clipped values cannot be brought back by `inverse`.
 * @throws DataError TRANSFORM_RANGE unless low < high, both finite
 */
export function minMax(
  options: { readonly range?: readonly [low: number, high: number]; readonly clip?: boolean } = {},
): Transform {
  checkOptions("minMax", options, ["range", "clip"]);
  const { range: [low, high] = [0, 1], clip = false } = options;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new DataError(
      "TRANSFORM_RANGE",
      `A range goes from a lower to a higher finite number, not [${low}, ${high}].`,
    );
  return {
    fit(train) {
      checkTrainingRows(train);
      const { numRows, numFeatures, x } = train;
      const offset = x.slice(0, numFeatures);
      const scale = new Float64Array(numFeatures);
      for (let f = 0; f < numFeatures; f++) {
        let max = x[f]!;
        for (let row = 1; row < numRows; row++) {
          offset[f] = Math.min(offset[f]!, x[row * numFeatures + f]!);
          max = Math.max(max, x[row * numFeatures + f]!);
        }
        scale[f] = max > offset[f]! ? (high - low) / (max - offset[f]!) : 1;
      }
      return affine("minMax", train.featureNames, offset, scale, low, clip ? high : undefined);
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
  kind: "standardise" | "minMax",
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
  return affine(json.kind as "standardise" | "minMax", names, offset, scale, low, high);
}
