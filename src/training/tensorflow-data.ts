import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { denseArray, type NDArray, type NumericArray, PubError } from "../../providers/index.ts";
import { type Dataset, oneHot } from "../data/index.ts";
import { DataError } from "../errors.ts";
import { type ArrayData, isDataset, isFlat } from "./training-data.ts";

/** Rows for one input or output of a model. */
export type TensorData = tf.Tensor | ArrayData;
/** Rows for a model: for several inputs or outputs a list of tensors in their order, or an object by their names. */
export type ModelData = TensorData | readonly tf.Tensor[] | Readonly<Record<string, TensorData>>;

/** What a model learns from: features and targets with equally many rows. */
export type TrainingData = { readonly x: ModelData; readonly y: ModelData } | Dataset;

/** All rows for one input or output of a model, out of which batches are copied: tensors are made of no more than a batch. */
export interface RowArray {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** All rows, in the order of the model's inputs and outputs. */
export interface Rows {
  readonly x: readonly RowArray[];
  readonly y: readonly RowArray[];
  readonly numRows: number;
}

/**
 * Checks data against a model and brings it into tensors.
 * @throws DataError DATA_SHAPE, DATA_TYPE, DATA_EMPTY, DATA_NOT_FINITE, DATA_CLASSES
 */
export async function rowsFor(model: LayersModel, data: TrainingData, what = "data"): Promise<Rows> {
  if (isDataset(data)) {
    const { x, y } = datasetArrays(model, data);
    return rowsFor(model, { x, y }, what);
  }
  if (typeof data !== "object" || data === null || data.x === undefined || data.y === undefined)
    throw new DataError("DATA_SHAPE", `The ${what} must be { x, y } or a Dataset.`);
  const x = await rowArraysFor(data.x, model.inputNames, inputShapes(model), `${what}.x`);
  // Losses compute with float32 only.
  const y = (await rowArraysFor(data.y, model.outputNames, targetShapes(model), `${what}.y`)).map(asFloat32);
  checkClasses(model, y, `${what}.y`);
  const numRows = x[0]!.shape[0]!;
  for (const { shape } of [...x, ...y])
    if (shape[0] !== numRows)
      throw new DataError(
        "DATA_SHAPE",
        `All parts of the ${what} need as many rows, but there are ${numRows} and ${shape[0]}.`,
      );
  return { x, y, numRows };
}

/** Checks features alone. @throws DataError DATA_SHAPE, DATA_TYPE, DATA_EMPTY, DATA_NOT_FINITE */
export async function featuresFor(model: LayersModel, x: ModelData): Promise<Omit<Rows, "y">> {
  const arrays = await rowArraysFor(x, model.inputNames, inputShapes(model), "x");
  return { x: arrays, numRows: arrays[0]!.shape[0]! };
}

/** The given rows as tensors; the caller disposes them. */
export function takeRows(arrays: readonly RowArray[], rows: Int32Array): tf.Tensor[] {
  return arrays.map(({ shape, dtype, values }) => {
    const width = values.length / shape[0]!;
    const part = new (values.constructor as Float32ArrayConstructor)(rows.length * width);
    for (let row = 0, to = 0; row < rows.length; row++) {
      const from = rows[row]! * width;
      for (let k = 0; k < width; k++) part[to++] = values[from + k]!;
    }
    return tf.tensor(part, [rows.length, ...shape.slice(1)], dtype);
  });
}

type Shape = readonly (number | null)[];
/** The shapes that one part of the data may have, the usual one first. */
type Shapes = readonly Shape[];

function inputShapes(model: LayersModel): readonly Shapes[] {
  return model.inputs.map(({ shape }) => [shape]);
}

/** A loss of the user's own may want targets of any shape; only their rows are checked then. */
function targetShapes(model: LayersModel): readonly Shapes[] {
  return model.outputs.map(({ shape }, i) => {
    const loss = lossOf(model, i);
    if (typeof loss === "function") return [];
    return loss === "sparseCategoricalCrossentropy" ? [[...shape.slice(0, -1), 1]] : [shape];
  });
}

/** Classes given by number must be among the model's outputs: TensorFlow.js takes any, and trains on nothing. */
function checkClasses(model: LayersModel, targets: readonly RowArray[], what: string): void {
  for (const [i, { values }] of targets.entries()) {
    if (lossOf(model, i) !== "sparseCategoricalCrossentropy") continue;
    const classes = model.outputs[i]!.shape.at(-1) ?? Number.POSITIVE_INFINITY;
    const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
    if (bad >= 0)
      throw new DataError(
        "DATA_CLASSES",
        `${what} has class ${values[bad]} in row ${bad}; the model's classes are 0 to ${classes - 1}.`,
      );
  }
}

/** What one output of a compiled model is compared with; undefined where it is not compiled. */
function lossOf({ loss, outputNames }: LayersModel, output: number): unknown {
  if (Array.isArray(loss)) return loss[output];
  if (typeof loss === "object" && loss !== null) return (loss as Record<string, unknown>)[outputNames[output]!];
  return loss;
}

async function rowArraysFor(
  data: ModelData,
  names: readonly string[],
  shapes: readonly Shapes[],
  what: string,
): Promise<RowArray[]> {
  const parts = partsOf(data, names, what);
  if (parts.length !== names.length)
    throw new DataError(
      "DATA_SHAPE",
      `${what} has ${parts.length} part(s), but the model has ${names.length}: ${names.join(", ")}.`,
    );
  const arrays: RowArray[] = [];
  for (const [i, part] of parts.entries()) {
    const label = names.length === 1 ? what : `${what} for ${names[i]}`;
    const array = await toRowArray(part, label);
    checkShape(array.shape, shapes[i]!, label);
    const { shape, values } = array;
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const width = values.length / shape[0]!;
      throw new DataError(
        "DATA_NOT_FINITE",
        `${label} has ${values[bad]} in row ${Math.floor(bad / width)}; all numbers must be finite.`,
      );
    }
    arrays.push(array);
  }
  return arrays;
}

function partsOf(data: ModelData, names: readonly string[], what: string): readonly TensorData[] {
  if (typeof data !== "object" || data === null)
    throw new DataError("DATA_SHAPE", `${what} is ${String(data)}; give arrays of numbers or tensors.`);
  if (data instanceof tf.Tensor || ArrayBuffer.isView(data) || isFlat(data)) return [data as TensorData];
  if (Array.isArray(data)) return data[0] instanceof tf.Tensor ? (data as tf.Tensor[]) : [data as ArrayData];
  const named = data as Readonly<Record<string, TensorData>>;
  return names.map((name) => {
    const part = named[name];
    if (part === undefined)
      throw new DataError(
        "DATA_SHAPE",
        `${what} has no part named ${name}; it has: ${Object.keys(named).join(", ") || "none"}.`,
      );
    return part;
  });
}

async function toRowArray(part: TensorData, label: string): Promise<RowArray> {
  const array = part instanceof tf.Tensor ? await readTensor(part) : fromDense(dense(part, label));
  const { shape, values } = array;
  if (shape.length === 0 || values.length === 0)
    throw new DataError("DATA_EMPTY", `${label} has no rows; give one or more.`);
  return shape.length > 1 ? array : { ...array, shape: [values.length, 1] };
}

async function readTensor(tensor: tf.Tensor): Promise<RowArray> {
  return { shape: tensor.shape, dtype: tensor.dtype, values: await tensor.data() };
}

function fromDense({ shape, data }: NDArray): RowArray {
  return { shape, dtype: "float32", values: new Float32Array(data) };
}

function asFloat32(array: RowArray): RowArray {
  return array.dtype === "float32" ? array : { ...array, dtype: "float32", values: new Float32Array(array.values) };
}

function dense(part: ArrayData, label: string): NDArray {
  try {
    return denseArray(part as NumericArray, label);
  } catch (error) {
    if (!(error instanceof PubError)) throw error;
    const code = error.code === "PUB_VALUES_TYPE" ? "DATA_TYPE" : "DATA_SHAPE";
    throw new DataError(code, error.message, { cause: error });
  }
}

function checkShape(given: readonly number[], shapes: Shapes, label: string): void {
  const fits = (shape: Shape): boolean =>
    shape.length === given.length && shape.every((size, axis) => axis === 0 || size === null || size === given[axis]);
  if (shapes.length === 0 || shapes.some(fits)) return;
  const text = (shape: Shape): string => `[${shape.map((size) => size ?? "rows").join(", ")}]`;
  throw new DataError(
    "DATA_SHAPE",
    `${label} has shape ${text(given)}, but the model needs ${shapes.map(text).join(" or ")}.`,
  );
}

function datasetArrays(model: LayersModel, data: Dataset) {
  const { numRows, numFeatures, classes } = data;
  const columns = model.outputs[0]!.shape.at(-1);
  // A loss by name would take the numbers of the classes for amounts.
  if (classes !== undefined && classes.length > 2 && columns === 1 && typeof lossOf(model, 0) === "string")
    throw new DataError(
      "DATA_CLASSES",
      `The data have ${classes.length} classes, but the model has one output: end it in layers.dense({ units: ${classes.length}, activation: "softmax" }) and take the loss categoricalCrossentropy, or give the dataset the task "regression".`,
    );
  const encode =
    classes !== undefined &&
    columns === classes.length &&
    columns > 1 &&
    model.loss !== "sparseCategoricalCrossentropy";
  return {
    x: { shape: [numRows, numFeatures], data: data.x },
    y: encode
      ? { shape: [numRows, classes.length], data: oneHot(data.y, classes.length) }
      : { shape: [numRows, 1], data: data.y },
  };
}
