import { decodeWeights, encodeWeights, type Part, type WeightGrid } from "../compression/classical/compact-weights.ts";

/** How one weight stands among the bytes of a compact file; what is left out is not there. */
export interface CompactEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** A bit for each place comes first, 1 where the weight is not zero; the others follow. */
  readonly sparse?: true;
  /** Of the integers that stand in place of f32 numbers, and how many f32 scales follow them. */
  readonly grid?: { readonly bits: number; readonly scales: number };
}

/** A model's weights one after another, each in its smallest form, without anything between them. */
export interface CompactWeights {
  readonly entries: readonly CompactEntry[];
  readonly bytes: Uint8Array;
}

/**
 * Brings f32 weights to their smallest form without a loss: integers only where the weights lie on their grid to the last bit.
 * @param weights in order
 */
export function packWeights(
  weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array }[],
  grids: ReadonlyMap<string, WeightGrid>,
): CompactWeights {
  const parts: Part[] = [];
  const entries = weights.map(({ name, shape, values }): CompactEntry => {
    const own = grids.get(name);
    const grid = own !== undefined && liesOn(values, own) ? own : undefined;
    const encoded = encodeWeights(values, grid);
    parts.push(...encoded);
    return {
      name,
      shape,
      ...(encoded.some(({ part }) => part === "mask") ? { sparse: true as const } : {}),
      ...(grid === undefined ? {} : { grid: { bits: grid.bits, scales: grid.scales.length } }),
    };
  });
  const bytes = new Uint8Array(parts.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of parts) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return { entries, bytes };
}

/**
 * The weights again, to the last bit, with the grids that they lie on.
 * @returns undefined where entries and bytes do not belong together
 */
export function unpackWeights({ entries, bytes }: CompactWeights):
  | {
      readonly values: readonly Float32Array[];
      readonly grids: ReadonlyMap<string, WeightGrid>;
    }
  | undefined {
  let at = 0;
  const take = (length: number): Uint8Array => {
    // A Buffer's own slice would share its memory.
    const part = Uint8Array.from(bytes.subarray(at, at + length));
    at += length;
    return part;
  };
  const floats = (count: number): Float32Array => {
    const part = take(4 * count);
    return new Float32Array(part.buffer, 0, Math.floor(part.length / 4));
  };
  const grids = new Map<string, WeightGrid>();
  const values: Float32Array[] = [];
  for (const { name, shape, sparse, grid } of entries) {
    const length = shape.reduce((product, size) => product * size, 1);
    const parts = new Map<string, Uint8Array | Float32Array>();
    let count = length;
    if (sparse === true) {
      const mask = take(Math.ceil(length / 8));
      parts.set("mask", mask);
      count = mask.reduce((sum, byte) => sum + onesOf(byte), 0);
    }
    if (grid === undefined) parts.set("values", floats(count));
    else {
      parts.set("integers", take(Math.ceil((count * grid.bits) / 8)));
      const scales = floats(grid.scales);
      parts.set("scales", scales);
      grids.set(name, { bits: grid.bits, scales });
    }
    const decoded = decodeWeights(parts, length, grid?.bits);
    if (decoded === undefined) return undefined;
    values.push(decoded);
  }
  return at === bytes.length ? { values, grids } : undefined;
}

function liesOn(values: Float32Array, { bits, scales }: WeightGrid): boolean {
  const high = 2 ** (bits - 1) - 1;
  return values.every((value, i) => {
    const scale = scales[i % scales.length]!;
    const integer = Math.round(value / scale);
    return Math.abs(integer) <= high && Math.fround(integer * scale) === value;
  });
}

function onesOf(byte: number): number {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
