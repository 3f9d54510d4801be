import type { NDArray } from "../../providers/index.ts";
import type { Dataset } from "../data/index.ts";

/** Nested arrays of one shape, a flat array with its shape, or a list of numbers. */
export type ArrayData =
  | readonly NestedNumbers[]
  | Float32Array
  | Float64Array
  | Int32Array
  | { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array | Int32Array };
export type NestedNumbers = number | ArrayLike<number> | readonly NestedNumbers[];

/** A dataset of this package: its classes become one column each where the model has as many outputs. */
export type DatasetLike = Dataset;

export function isDataset(value: unknown): value is Dataset {
  return typeof value === "object" && value !== null && "numRows" in value && "numFeatures" in value && "x" in value;
}

export function isFlat(value: unknown): value is Pick<NDArray, "shape"> & { data: ArrayLike<number> } {
  return (
    typeof value === "object" &&
    value !== null &&
    "shape" in value &&
    "data" in value &&
    Array.isArray(value.shape) &&
    ArrayBuffer.isView(value.data)
  );
}
