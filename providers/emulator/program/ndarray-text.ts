import { deflateSync, inflateSync } from "node:zlib";
import { readNpy } from "../../ibm/npy.ts";
import { denseArray } from "../../ndarray.ts";
import type { NDArray, NumericArray } from "../../primitives.ts";

/** Bytes that one array of a body may unpack to. */
const MAX_ARRAY_BYTES = 1 << 28;

/**
 * An array as the Python client sends it: a `.npy` file, packed by zlib and written in base64, or a plain list.
 * @throws Error whose message says what is wrong with it
 */
export function readTaggedArray(value: unknown): NDArray {
  if (typeof value !== "string") return denseArray(value as NumericArray, "the array");
  const bytes = inflateSync(Buffer.from(value, "base64"), { maxOutputLength: MAX_ARRAY_BYTES });
  const { kind, shape, data } = readNpy(bytes, "the array");
  if (kind !== "real" && kind !== "bytes") throw new TypeError(`the array holds ${kind} instead of real numbers`);
  return { shape, data: Float64Array.from(data as Float64Array | Uint8Array) };
}

/** An array as a `.npy` file of version 1.0 (numpy's NEP 1), packed by zlib and written in base64. */
export function taggedArray(data: Float64Array | Uint8Array, shape: readonly number[]): unknown {
  const descr = data instanceof Float64Array ? "<f8" : "|u1";
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  // The data starts at a multiple of 64 bytes: 10 before the header, and a line feed after it.
  const header = dictionary.padEnd(Math.ceil((11 + dictionary.length) / 64) * 64 - 11);
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(header.length + 1, 8);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const file = Buffer.concat([start, Buffer.from(`${header}\n`, "latin1"), body]);
  return { __type__: "ndarray", __value__: deflateSync(file).toString("base64") };
}
