import type { StoredTensor } from "../../runs/safetensors.ts";

/** Weights that are integers times the scale of their output channel; channels are the last axis, or the last two in order. */
export interface WeightGrid {
  /** With the sign. */
  readonly bits: number;
  readonly scales: Float32Array;
}

export type Part = StoredTensor & { readonly part: "values" | "mask" | "integers" | "scales" };

/** The smallest form of weights: dense or with a bit for each place, in f32 or, on a grid, in integers. */
export function encodeWeights(values: Float32Array, grid?: WeightGrid): readonly Part[] {
  const nonzero = values.filter((value) => value !== 0);
  const isSparse = Math.ceil(values.length / 8) + bytesOf(nonzero.length, grid) < bytesOf(values.length, grid);
  const parts: Part[] = [];
  if (isSparse)
    parts.push(
      bytesPart(
        "mask",
        packBits(values, (value) => (value === 0 ? 0 : 1), 1),
      ),
    );
  if (grid === undefined) {
    const data = isSparse ? nonzero : values;
    return [...parts, { part: "values", dtype: "F32", shape: [data.length], data }];
  }
  const { bits, scales } = grid;
  const integers = values.map((value, i) => Math.round(value / scales[i % scales.length]!));
  const kept = isSparse ? integers.filter((_, i) => values[i] !== 0) : integers;
  parts.push(
    bytesPart(
      "integers",
      packBits(kept, (integer) => integer & (2 ** bits - 1), bits),
    ),
  );
  return [...parts, { part: "scales", dtype: "F32", shape: [scales.length], data: scales }];
}

/** Weights of their parts by name; undefined where these are not whole. */
export function decodeWeights(
  parts: ReadonlyMap<string, StoredTensor["data"]>,
  length: number,
  bits: number | undefined,
): Float32Array | undefined {
  const mask = parts.get("mask") as Uint8Array | undefined;
  if (mask !== undefined && mask.length !== Math.ceil(length / 8)) return undefined;
  const isThere = (i: number): boolean => mask === undefined || ((mask[i >> 3]! >> (i & 7)) & 1) === 1;
  let count = 0;
  for (let i = 0; i < length; i++) if (isThere(i)) count++;
  const numbers = bits === undefined ? parts.get("values") : integersOf(parts, count, bits);
  const scales = bits === undefined ? Float32Array.of(1) : parts.get("scales");
  if (!isNumbers(numbers) || numbers.length !== count || !(scales instanceof Float32Array)) return undefined;
  let at = 0;
  return Float32Array.from({ length }, (_, i) => (isThere(i) ? numbers[at++]! * scales[i % scales.length]! : 0));
}

const isNumbers = (data: StoredTensor["data"] | undefined): data is Float32Array | Int32Array =>
  data instanceof Float32Array || data instanceof Int32Array;

function integersOf(parts: ReadonlyMap<string, StoredTensor["data"]>, count: number, bits: number) {
  const packed = parts.get("integers");
  if (!(packed instanceof Uint8Array) || !(bits >= 2 && bits <= 8)) return undefined;
  if (packed.length !== Math.ceil((count * bits) / 8)) return undefined;
  return Int32Array.from({ length: count }, (_, i) => {
    let value = 0;
    for (let bit = 0; bit < bits; bit++) {
      const place = i * bits + bit;
      value |= ((packed[place >> 3]! >> (place & 7)) & 1) << bit;
    }
    return (value << (32 - bits)) >> (32 - bits);
  });
}

function bytesOf(count: number, grid: WeightGrid | undefined): number {
  return grid === undefined ? 4 * count : Math.ceil((count * grid.bits) / 8);
}

/** Integers one after the other, each lowest bit first, from the lowest bit of the first byte on. */
function packBits(values: Float32Array, integerOf: (value: number) => number, bits: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((values.length * bits) / 8));
  for (const [i, value] of values.entries()) {
    const integer = integerOf(value);
    for (let bit = 0; bit < bits; bit++) {
      const place = i * bits + bit;
      packed[place >> 3]! |= ((integer >> bit) & 1) << (place & 7);
    }
  }
  return packed;
}

function bytesPart(part: "mask" | "integers", data: Uint8Array): Part {
  return { part, dtype: "U8", shape: [data.length], data };
}
