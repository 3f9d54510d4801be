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

/** Tensors of all rows, in the order of the model's inputs and outputs. */
export interface Rows {
  readonly x: readonly tf.Tensor[];
  readonly y: readonly tf.Tensor[];
  readonly numRows: number;
  /** Frees what was made here, not what the caller gave. */
  dispose(): void;
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
  const own: tf.Tensor[] = [];
  try {
    const x = await tensorsFor(data.x, model.inputNames, inputShapes(model), `${what}.x`, own);
    const y = (await tensorsFor(data.y, model.outputNames, targetShapes(model), `${what}.y`, own)).map((target) => {
      if (target.dtype === "float32") return target;
      // Losses compute with float32 only.
      const cast = tf.cast(target, "float32");
      own.push(cast);
      return cast;
    });
    await checkClasses(model, y, `${what}.y`);
    const numRows = x[0]!.shape[0]!;
    for (const tensor of [...x, ...y])
      if (tensor.shape[0] !== numRows)
        throw new DataError(
          "DATA_SHAPE",
          `All parts of the ${what} need as many rows, but there are ${numRows} and ${tensor.shape[0]}.`,
        );
    return { x, y, numRows, dispose: () => tf.dispose(own) };
  } catch (error) {
    tf.dispose(own);
    throw error;
  }
}

/** Checks features alone. @throws DataError DATA_SHAPE, DATA_TYPE, DATA_EMPTY, DATA_NOT_FINITE */
export async function featuresFor(model: LayersModel, x: ModelData): Promise<Omit<Rows, "y">> {
  const own: tf.Tensor[] = [];
  try {
    const tensors = await tensorsFor(x, model.inputNames, inputShapes(model), "x", own);
    return { x: tensors, numRows: tensors[0]!.shape[0]!, dispose: () => tf.dispose(own) };
  } catch (error) {
    tf.dispose(own);
    throw error;
  }
}

/** The given rows of tensors; the caller disposes them. */
export function takeRows(tensors: readonly tf.Tensor[], rows: Int32Array): tf.Tensor[] {
  return tf.tidy(() => {
    const indices = tf.tensor1d(rows, "int32");
    return tensors.map((tensor) => tf.gather(tensor, indices));
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
async function checkClasses(model: LayersModel, targets: readonly tf.Tensor[], what: string): Promise<void> {
  for (const [i, target] of targets.entries()) {
    if (lossOf(model, i) !== "sparseCategoricalCrossentropy") continue;
    const classes = model.outputs[i]!.shape.at(-1) ?? Number.POSITIVE_INFINITY;
    const bad = (await target.data()).findIndex(
      (value: number) => !(Number.isInteger(value) && value >= 0 && value < classes),
    );
    if (bad >= 0)
      throw new DataError(
        "DATA_CLASSES",
        `${what} has class ${(await target.data())[bad]} in row ${bad}; the model's classes are 0 to ${classes - 1}.`,
      );
  }
}

/** What one output of a compiled model is compared with; undefined where it is not compiled. */
function lossOf({ loss, outputNames }: LayersModel, output: number): unknown {
  if (Array.isArray(loss)) return loss[output];
  if (typeof loss === "object" && loss !== null) return (loss as Record<string, unknown>)[outputNames[output]!];
  return loss;
}

async function tensorsFor(
  data: ModelData,
  names: readonly string[],
  shapes: readonly Shapes[],
  what: string,
  own: tf.Tensor[],
): Promise<tf.Tensor[]> {
  const parts = partsOf(data, names, what);
  if (parts.length !== names.length)
    throw new DataError(
      "DATA_SHAPE",
      `${what} has ${parts.length} part(s), but the model has ${names.length}: ${names.join(", ")}.`,
    );
  const tensors: tf.Tensor[] = [];
  for (const [i, part] of parts.entries()) {
    const label = names.length === 1 ? what : `${what} for ${names[i]}`;
    const tensor = toTensor(part, label, own);
    checkShape(tensor, shapes[i]!, label);
    const values = await tensor.data();
    const bad = values.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0) {
      const width = tensor.size / tensor.shape[0]!;
      throw new DataError(
        "DATA_NOT_FINITE",
        `${label} has ${values[bad]} in row ${Math.floor(bad / width)}; all numbers must be finite.`,
      );
    }
    tensors.push(tensor);
  }
  return tensors;
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

function toTensor(part: TensorData, label: string, own: tf.Tensor[]): tf.Tensor {
  let tensor: tf.Tensor;
  if (part instanceof tf.Tensor) tensor = part;
  else {
    const { shape, data } = dense(part, label);
    tensor = tf.tensor(Float32Array.from(data), [...shape]);
    own.push(tensor);
  }
  if (tensor.shape.length === 0 || tensor.size === 0)
    throw new DataError("DATA_EMPTY", `${label} has no rows; give one or more.`);
  if (tensor.shape.length > 1) return tensor;
  const column = tf.reshape(tensor, [tensor.size, 1]);
  own.push(column);
  return column;
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

function checkShape(tensor: tf.Tensor, shapes: Shapes, label: string): void {
  const fits = (shape: Shape): boolean =>
    shape.length === tensor.shape.length &&
    shape.every((size, axis) => axis === 0 || size === null || size === tensor.shape[axis]);
  if (shapes.length === 0 || shapes.some(fits)) return;
  const text = (shape: Shape): string => `[${shape.map((size) => size ?? "rows").join(", ")}]`;
  throw new DataError(
    "DATA_SHAPE",
    `${label} has shape ${text(tensor.shape)}, but the model needs ${shapes.map(text).join(" or ")}.`,
  );
}

function datasetArrays(model: LayersModel, data: Dataset) {
  const { numRows, numFeatures, classes } = data;
  const columns = model.outputs[0]!.shape.at(-1);
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
