import { DataError } from "../../errors.ts";
import { checkOptions } from "../options.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  sameGrid,
  type Transform,
  type TransformJSON,
} from "../transform.ts";

/**
 * All features times one factor, such as the bandwidth with which they become angles. It learns nothing.
 * @throws DataError TRANSFORM_FACTOR unless the factor is finite and not 0
 */
export function scale(options: { readonly factor: number }): Transform {
  checkOptions("scale", options, ["factor"]);
  const { factor } = options;
  if (!(typeof factor === "number" && Number.isFinite(factor) && factor !== 0))
    throw new DataError("TRANSFORM_FACTOR", `factor is ${String(factor)}; give a finite number other than 0.`);
  return {
    fit(train) {
      checkTrainingRows(train);
      return scaled(train.featureNames, factor);
    },
  };
}

function scaled(names: readonly string[], factor: number): FittedTransform {
  const numOutputs = names.length;
  const times = (by: number) => ({
    numOutputs,
    names,
    grid: sameGrid,
    apply(from: Float64Array, fromStart: number, to: Float64Array, toStart: number) {
      for (let f = 0; f < numOutputs; f++) to[toStart + f] = from[fromStart + f]! * by;
    },
  });
  return fittedTransform(times(factor), times(1 / factor), () => ({ kind: "scale", names, factor }));
}

/** @throws DataError TRANSFORM_JSON */
export function scaleFromJSON(json: TransformJSON): FittedTransform {
  const { factor } = json;
  if (!(typeof factor === "number" && Number.isFinite(factor) && factor !== 0))
    throw new DataError("TRANSFORM_JSON", 'A saved scale transform needs a number "factor" other than 0.');
  return scaled(namesFromJSON(json), factor);
}
