import { DataError } from "../errors.ts";
import { assertFinite, type Features, type GridShape } from "./dataset.ts";

/** A fitted transform's state as JSON; `transformFromJSON` reads it. */
export interface TransformJSON {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A preprocessing step before it has seen data. */
export interface Transform {
  /**
   * Learns from these rows alone. Give it the training part only: what it learns from test rows leaks into training.
   * @throws DataError DATA_EMPTY, DATA_NOT_FINITE
   */
  fit(train: Features): FittedTransform;
}

/** A preprocessing step that can also learn from rows in parts, such as those of a file larger than memory. */
export interface IncrementalTransform extends Transform {
  accumulate(): FitAccumulator;
}

/** What a transform has learned so far. */
export interface FitAccumulator {
  /** @throws DataError DATA_NOT_FINITE, DATA_SHAPE for other features than before */
  add(rows: Features): void;
  /** @throws DataError DATA_EMPTY before any row */
  finish(): FittedTransform;
}

/**
 * Fits a transform on training rows that come in parts; memory does not grow with their number.
 * @throws DataError DATA_EMPTY, DATA_NOT_FINITE, DATA_SHAPE
 */
export async function fitOnStream(
  transform: IncrementalTransform,
  parts: AsyncIterable<Features> | Iterable<Features>,
): Promise<FittedTransform> {
  const accumulator = transform.accumulate();
  for await (const rows of parts) accumulator.add(rows);
  return accumulator.finish();
}

/** A preprocessing step with what it learned. Immutable; it never changes its arguments. */
export interface FittedTransform {
  readonly numInputs: number;
  readonly numOutputs: number;
  /** The same rows with transformed features; all else (targets, classes) is kept. @throws DataError DATA_SHAPE, DATA_NOT_FINITE */
  transform<Source extends Features>(source: Source): Source;
  /** Back to the original features; exact but for what the transform cannot keep (see each). @throws DataError DATA_SHAPE */
  inverse<Source extends Features>(source: Source): Source;
  toJSON(): TransformJSON;
}

/** What a concrete transform gives: names and a function from one row to another. */
export interface RowMap {
  readonly numOutputs: number;
  readonly names: readonly string[];
  readonly apply: (from: Float64Array, fromStart: number, to: Float64Array, toStart: number) => void;
  /** The grid that the outputs form, from the inputs' one; without it they form none. */
  readonly grid?: (inputs: GridShape | undefined) => GridShape | undefined;
  /** Whether inputs may be missing (NaN). */
  readonly takesMissing?: boolean;
}

/** The `grid` of a row map whose output i belongs to the same place as its input i. */
export const sameGrid = (inputs: GridShape | undefined): GridShape | undefined => inputs;

/** A fitted transform from its two row maps. */
export function fittedTransform(forward: RowMap, backward: RowMap, toJSON: () => TransformJSON): FittedTransform {
  const numInputs = backward.numOutputs;
  const { numOutputs } = forward;
  return Object.freeze({
    numInputs,
    numOutputs,
    transform: <Source extends Features>(source: Source) => mapRows(source, numInputs, forward),
    inverse: <Source extends Features>(source: Source) => mapRows(source, numOutputs, backward),
    toJSON,
  });
}

function mapRows<Source extends Features>(source: Source, expected: number, map: RowMap): Source {
  if (source.numFeatures !== expected)
    throw new DataError(
      "DATA_SHAPE",
      `The transform was fitted on ${expected} feature(s), but these rows have ${source.numFeatures}.`,
    );
  assertFinite(source, map.takesMissing);
  const x = new Float64Array(source.numRows * map.numOutputs);
  for (let row = 0; row < source.numRows; row++) map.apply(source.x, row * expected, x, row * map.numOutputs);
  const { grid: inputs, ...rest } = source;
  const grid = map.grid?.(inputs);
  return Object.freeze({
    ...rest,
    x,
    numFeatures: map.numOutputs,
    featureNames: map.names,
    ...(grid === undefined ? {} : { grid }),
  }) as unknown as Source;
}

/** @throws DataError DATA_EMPTY, DATA_NOT_FINITE, DATA_SHAPE */
export function checkTrainingRows(train: Features, minimum = 1, takesMissing = false): void {
  if (!(train?.x instanceof Float64Array))
    throw new DataError(
      "DATA_SHAPE",
      "A transform is fitted on a dataset or on { x: Float64Array, numRows, numFeatures, featureNames }; datasetFromTable makes one of a table, fromArrays of arrays.",
    );
  if (train.numRows < minimum)
    throw new DataError(
      "DATA_EMPTY",
      `At least ${minimum} row(s) are needed to fit this transform, not ${train.numRows}.`,
    );
  if (train.x.length !== train.numRows * train.numFeatures)
    throw new DataError(
      "DATA_SHAPE",
      `${train.numRows} row(s) of ${train.numFeatures} feature(s) need ${train.numRows * train.numFeatures} values, but ${train.x.length} were given.`,
    );
  assertFinite(train, takesMissing);
}

/** A list of finite numbers of that length out of JSON. @throws DataError TRANSFORM_JSON */
export function numbersFromJSON(json: TransformJSON, field: string, length?: number): Float64Array {
  const list = json[field];
  if (
    !Array.isArray(list) ||
    !list.every((value) => typeof value === "number" && Number.isFinite(value)) ||
    (length !== undefined && list.length !== length)
  )
    throw new DataError(
      "TRANSFORM_JSON",
      `"${field}" of a saved ${json.kind} transform must be a list of ${length ?? "finite"} number(s).`,
    );
  return Float64Array.from(list);
}

/** A list of texts out of JSON. @throws DataError TRANSFORM_JSON */
export function namesFromJSON(json: TransformJSON): readonly string[] {
  const list = json.names;
  if (!Array.isArray(list) || list.length === 0 || !list.every((value) => typeof value === "string"))
    throw new DataError("TRANSFORM_JSON", `"names" of a saved ${json.kind} transform must be a list of texts.`);
  return Object.freeze([...list]);
}
