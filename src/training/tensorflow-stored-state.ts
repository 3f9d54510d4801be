import * as tf from "@tensorflow/tfjs-core";
import { TrainingError } from "../errors.ts";

/** Values of a tensor as they lie in memory; `bool` has a byte each. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

const VALUES = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A tensor as plain data. */
export interface StoredValues {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** What an optimizer has in a field, as plain data. */
export type StoredField =
  | { readonly kind: "value"; readonly value: string | number | boolean | null }
  | { readonly kind: "nothing" }
  /** `trainable` is there where it is a variable. */
  | ({ readonly kind: "tensor"; readonly trainable?: boolean } & StoredValues)
  /** One of the model's own variables, by its place. */
  | { readonly kind: "weight"; readonly weight: number }
  /** A text that begins with a variable's name, which another model gives its own name. */
  | { readonly kind: "name"; readonly weight: number; readonly rest: string }
  | { readonly kind: "array"; readonly values: TypedArray }
  | { readonly kind: "list"; readonly items: readonly StoredField[] }
  | { readonly kind: "object"; readonly fields: StoredFields }
  | ({ readonly kind: "optimizer" } & StoredOptimizer);

export type StoredFields = Readonly<Record<string, StoredField>>;

export interface StoredOptimizer {
  readonly className: string;
  readonly fields: StoredFields;
}

export type TypedArray = TensorValues | Float64Array | Uint32Array;

const ARRAYS = [Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array] as const;

/** Bit for bit. @throws TrainingError TRAINING_STATE for tensors of texts or complex numbers, and those disposed */
export function readValues(tensor: tf.Tensor, place: string): StoredValues {
  const { dtype, shape } = tensor;
  if (tensor.isDisposed) throw captureFault(place, "a tensor that is disposed");
  if (!Object.hasOwn(VALUES, dtype)) throw captureFault(place, `a tensor of dtype ${dtype}`);
  // The cpu backend gives out its own memory.
  return { dtype, shape: [...shape], values: tensor.dataSync().slice() as TensorValues };
}

/** A new tensor; the values stay the caller's. */
export function makeTensor({ dtype, shape, values }: StoredValues): tf.Tensor {
  return tf.tensor(values.slice(), [...shape], dtype as tf.NumericDataType);
}

/** @throws TrainingError TRAINING_STATE */
export function checkValues(stored: StoredValues, place: string): void {
  const { dtype, shape, values } = stored;
  const size = Array.isArray(shape) ? shape.reduce<number>((product, dimension) => product * dimension, 1) : -1;
  if (!Object.hasOwn(VALUES, dtype) || !(values instanceof VALUES[dtype as keyof typeof VALUES]))
    throw restoreFault(place, `no values of dtype ${String(dtype)}`);
  if (values.length !== size) throw restoreFault(place, `${values.length} values for shape [${shape}]`);
}

/** What the optimizer's class is called, apart from how a bundler renames it where TensorFlow.js names it. */
export function optimizerClass(optimizer: tf.Optimizer): string {
  const type = optimizer.constructor as { readonly name: string; readonly className?: string };
  const { className = "Optimizer" } = type;
  return Object.hasOwn(type, "className") ? className : `${type.name} extends ${className}`;
}

/** Their own `instanceof` looks into whatever it is given. */
export function isOptimizer(value: unknown): value is tf.Optimizer {
  return typeof value === "object" && value !== null && value instanceof tf.Optimizer;
}

export function isTypedArray(value: unknown): value is TypedArray {
  return ARRAYS.some((Type) => value instanceof Type);
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function captureFault(place: string, what: string): TrainingError {
  return new TrainingError(
    "TRAINING_STATE",
    `Field ${place} of the optimizer is ${what}, so a run could not go on from a saved state as if nothing had happened. Keep numbers, texts, tensors, and lists and plain objects of these in fields, and functions in methods.`,
  );
}

export function restoreFault(place: string, what: string): TrainingError {
  return new TrainingError(
    "TRAINING_STATE",
    `The saved state${place === "" ? "" : ` for ${place.slice(0, 100)}`} is ${what}. It belongs to another model or optimizer, or is damaged.`,
  );
}
