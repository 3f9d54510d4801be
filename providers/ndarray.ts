import { PubError } from "./errors.ts";
import type { NDArray, NumericArray } from "./primitives.ts";

/** How many elements an array of this shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** `[2, 3]`, as messages print shapes. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

export function isNDArray(value: unknown): value is NDArray {
  return (
    typeof value === "object" &&
    value !== null &&
    "shape" in value &&
    "data" in value &&
    Array.isArray(value.shape) &&
    isNumericView(value.data)
  );
}

function isNumericView(value: unknown): value is ArrayLike<number> {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

/**
 * A dense array from a number, nested lists, a typed array (one dimension) or a flat array with its shape.
 * @param field what the value is, for messages
 * @throws PubError PUB_VALUES_TYPE, PUB_VALUES_RAGGED, PUB_VALUES_SHAPE (data and shape disagree), PUB_VALUES_NOT_FINITE
 */
export function toNDArray(value: NumericArray, field: string): NDArray {
  const array = denseArray(value, field);
  const bad = array.data.findIndex((element) => !Number.isFinite(element));
  if (bad >= 0)
    throw new PubError(
      "PUB_VALUES_NOT_FINITE",
      `${field}${indexText(bad, array.shape)} is ${array.data[bad]}; parameter values must be finite numbers (radians).`,
    );
  return array;
}

/**
 * As `toNDArray`, whatever the numbers are.
 * @throws PubError PUB_VALUES_TYPE, PUB_VALUES_RAGGED, PUB_VALUES_SHAPE
 */
export function denseArray(value: NumericArray, field: string): NDArray {
  return nested(value, field, []);
}

function nested(value: NumericArray, field: string, path: readonly number[]): NDArray {
  if (typeof value === "number") return { shape: [], data: Float64Array.of(value) };
  if (isNumericView(value)) return { shape: [value.length], data: Float64Array.from(value) };
  if (isNDArray(value)) {
    const { shape, data } = value;
    if (shape.some((dimension) => !Number.isSafeInteger(dimension) || dimension < 0) || data.length !== sizeOf(shape))
      throw new PubError(
        "PUB_VALUES_SHAPE",
        `${field}${pathText(path)} has ${data.length} number(s) but shape ${shapeText(shape)}, which holds ${sizeOf(shape)}.`,
      );
    return { shape: [...shape], data: Float64Array.from(data) };
  }
  if (!Array.isArray(value))
    throw new PubError(
      "PUB_VALUES_TYPE",
      `${field}${pathText(path)} is ${value === null ? "null" : `of type ${typeof value}`}; give numbers, nested arrays of numbers, a Float64Array, or {shape, data}.`,
    );
  if (value.length === 0) return { shape: [0], data: new Float64Array(0) };
  // Unlike the array itself, its copy has no holes that every and map would pass over.
  const elements: readonly NumericArray[] = Array.from(value);
  if (elements.every((element) => typeof element === "number"))
    return { shape: [elements.length], data: Float64Array.from(elements) };
  const items = elements.map((item, index) => nested(item, field, [...path, index]));
  const { shape } = items[0]!;
  const odd = items.findIndex((item) => item.shape.join() !== shape.join());
  if (odd >= 0)
    throw new PubError(
      "PUB_VALUES_RAGGED",
      `${field} is ragged: ${field}${pathText([...path, 0])} has shape ${shapeText(shape)} but ${field}${pathText([...path, odd])} has shape ${shapeText(items[odd]!.shape)}. All parts of a nested array must have one shape.`,
    );
  const data = new Float64Array(items.length * sizeOf(shape));
  for (const [index, item] of items.entries()) data.set(item.data, index * item.data.length);
  return { shape: [items.length, ...shape], data };
}

function pathText(path: readonly number[]): string {
  return path.map((index) => `[${index}]`).join("");
}

/** The position of a flat row-major index, such as `[1][0]`. */
function indexText(flat: number, shape: readonly number[]): string {
  const indices: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift(flat % shape[axis]!);
    flat = Math.floor(flat / shape[axis]!);
  }
  return pathText(indices);
}

/** The common shape of arrays by numpy's rule (trailing axes aligned, 1 stretches); undefined where there is none. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    for (let axis = 1; axis <= shape.length; axis++) {
      const dimension = shape[shape.length - axis]!;
      const found = result[rank - axis]!;
      if (found === 1) result[rank - axis] = dimension;
      else if (dimension !== 1 && dimension !== found) return undefined;
    }
  return result;
}

/** For each element of an array of shape `to`, the flat index of the element of shape `from` that is broadcast to it. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const indices = new Int32Array(sizeOf(to));
  let stride = 1;
  let repeat = 1;
  for (let axis = 1; axis <= to.length; axis++) {
    const length = to[to.length - axis]!;
    const own = from[from.length - axis] ?? 1;
    if (own !== 1) for (let i = 0; i < indices.length; i++) indices[i]! += (Math.floor(i / repeat) % length) * stride;
    stride *= own;
    repeat *= length;
  }
  return indices;
}
