import { describeValue } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";

/** Element types that are read and written, by their names in the format. */
const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
  /** A byte each, 0 or 1. */
  BOOL: Uint8Array,
} as const;

export type TensorDtype = keyof typeof DTYPES;
export type TensorArray = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint32Array | Uint8Array;

/** A named array in a safetensors container; row-major. */
export interface StoredTensor {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** As many values as the shape has places. */
  readonly data: TensorArray;
}

export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format allows 100 MB; a header has some 100 bytes a tensor, so that this is for a hundred thousand of them. */
const MAX_HEADER_BYTES = 10_000_000;
const MAX_ENTRIES = 65_536;
/** The header, a tensor's entry, its shape. */
const MAX_DEPTH = 3;
const LENGTH_BYTES = 8;
const METADATA = "__metadata__";

/**
 * Writes arrays in the safetensors format: the header's length in 8 bytes, a header in JSON, then the values, all
 * little-endian. The same content gives the same bytes, in whatever order it comes.
 * @throws RunError SAFETENSORS_FORMAT for what could not be read again: a shape that does not fit its values, too many tensors
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Iterable<readonly [key: string, value: string]> = [],
): Uint8Array {
  const named = [...tensors].sort(byName);
  const keys = [...metadata].sort(byName);
  // Wide elements first: so each tensor lies where its elements may, for readers that map the file.
  const placed = named.toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [name, tensor] of placed) {
    checkTensor(name, tensor);
    if (offsets.has(name)) throw fault(placeOf(name), "there are two tensors of this name");
    offsets.set(name, size);
    size += tensor.data.byteLength;
  }
  const entries = named.map(([name, { dtype, shape, data }]) => {
    const begin = offsets.get(name)!;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, begin + data.byteLength] })}`;
  });
  if (keys.length > 0)
    entries.unshift(
      `"${METADATA}":{${keys.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
    );
  const header = new TextEncoder().encode(`{${entries.join()}}`);
  const padded = Math.ceil(header.length / LENGTH_BYTES) * LENGTH_BYTES;
  if (padded > MAX_HEADER_BYTES || named.length > MAX_ENTRIES || keys.length > MAX_ENTRIES)
    throw fault(
      "header",
      `${named.length} tensors and ${keys.length} entries of metadata take ${padded} bytes; at most ${MAX_ENTRIES} each and ${MAX_HEADER_BYTES} bytes fit`,
    );
  const bytes = new Uint8Array(LENGTH_BYTES + padded + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(header, LENGTH_BYTES);
  bytes.fill(0x20, LENGTH_BYTES + header.length, LENGTH_BYTES + padded);
  for (const [name, { data }] of named)
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      LENGTH_BYTES + padded + offsets.get(name)!,
    );
  return bytes;
}

/**
 * Reads arrays in the safetensors format, of any origin: nothing in the bytes is trusted, and no more memory is taken than
 * they have. The values are copies.
 * @throws RunError SAFETENSORS_FORMAT with the place of what is wrong
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsContent {
  const { header, start } = readHeader(bytes);
  const metadata = new Map<string, string>();
  const spans: Span[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== METADATA) spans.push(readEntry(name, entry));
    else
      for (const [key, value] of Object.entries(readObject(METADATA, entry))) {
        if (typeof value !== "string")
          throw fault(`${METADATA}, ${quote(key)}`, `a text must stand here, not ${describeValue(value)}`);
        metadata.set(key, value);
      }
  }
  checkSpans(spans, bytes.length - start);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of spans) {
    // A copy, since a view would need the bytes to lie where elements of this width may.
    const copy = new Uint8Array(end - begin);
    copy.set(bytes.subarray(start + begin, start + end));
    if (dtype === "BOOL" && copy.some((value) => value > 1))
      throw fault(placeOf(name), "a BOOL must be 0 or 1, but another byte is among the values");
    tensors.set(name, { dtype, shape, data: new DTYPES[dtype](copy.buffer) });
  }
  return { tensors, metadata };
}

interface Span {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array): { readonly header: Readonly<Record<string, unknown>>; readonly start: number } {
  if (bytes.length < LENGTH_BYTES)
    throw fault("header", `its length should be in the first ${LENGTH_BYTES} bytes, but there are ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw fault("header", `it has ${length} bytes; at most ${MAX_HEADER_BYTES} are read`);
  const start = LENGTH_BYTES + Number(length);
  if (start > bytes.length)
    throw fault("header", `it has ${length} bytes, but only ${bytes.length - LENGTH_BYTES} are there`);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(LENGTH_BYTES, start));
  } catch (error) {
    throw fault("header", "it is no UTF-8", error);
  }
  checkKeys(text);
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw fault("header", `it is no JSON: ${(error as Error).message}`, error);
  }
  return { header: readObject("header", header), start };
}

/** What `JSON.parse` would pass over, or follow without end: keys that stand twice, very many, nested deeply. */
function checkKeys(text: string): void {
  if (!text.startsWith("{")) throw fault("header", "it does not begin with {");
  const open: (Set<string> | undefined)[] = [];
  const colon = /[ \t\r\n]*:/y;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === "{" || letter === "[") {
      open.push(letter === "{" ? new Set() : undefined);
      if (open.length > MAX_DEPTH) throw fault("header", `it is nested more than ${MAX_DEPTH} levels deep`);
    } else if (letter === "}" || letter === "]") open.pop();
    else if (letter === '"') {
      const from = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
      const keys = open.at(-1);
      colon.lastIndex = i + 1;
      if (keys === undefined || !colon.test(text)) continue;
      const key = readKey(text.slice(from, i + 1));
      if (keys.has(key)) throw fault("header", `the key ${quote(key)} is there twice`);
      if (keys.add(key).size > MAX_ENTRIES) throw fault("header", `it has more than ${MAX_ENTRIES} entries`);
    }
  }
}

function readKey(literal: string): string {
  try {
    return JSON.parse(literal);
  } catch (error) {
    throw fault("header", `a key is no text of JSON: ${(error as Error).message}`, error);
  }
}

function readEntry(name: string, entry: unknown): Span {
  const place = placeOf(name);
  const { dtype, shape, data_offsets: offsets, ...more } = readObject(place, entry);
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw fault(place, `the key ${quote(unknown)} is unknown`);
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype))
    throw fault(place, `the dtype is ${quote(dtype)}; these are read: ${Object.keys(DTYPES).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw fault(place, "its shape must be a list of integers of 0 or more");
  const [begin, end, third] = Array.isArray(offsets) ? (offsets as unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || begin > end || third !== undefined)
    throw fault(place, "its data_offsets must be two integers of 0 or more, where it begins and where it ends");
  const width = DTYPES[dtype as TensorDtype].BYTES_PER_ELEMENT;
  const size = bytesOf(place, shape, width);
  if (size !== end - begin)
    throw fault(place, `${shapeText(shape)} of ${dtype} takes ${size} bytes, but its data_offsets span ${end - begin}`);
  return { name, dtype: dtype as TensorDtype, shape, begin, end };
}

/** Every byte belongs to one tensor: no gaps, no overlaps, nothing at the end. */
function checkSpans(spans: readonly Span[], size: number): void {
  let at = 0;
  for (const { name, begin, end } of spans.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw fault(
        placeOf(name),
        `it begins at byte ${begin}, ${begin < at ? "inside the tensor before" : "after a gap"}: that one ends at ${at}`,
      );
    if (end > size) throw fault(placeOf(name), `it ends at byte ${end}, but there are ${size} bytes of values`);
    at = end;
  }
  if (at !== size) throw fault("values", `there are ${size} bytes, but the tensors take ${at}`);
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  const place = placeOf(name);
  if (name === METADATA) throw fault(place, "this name is the format's own");
  if (!Object.hasOwn(DTYPES, dtype) || !(data instanceof DTYPES[dtype]))
    throw fault(place, `its values are no ${quote(dtype)}`);
  if (!shape.every(isCount)) throw fault(place, "its shape must be a list of integers of 0 or more");
  const size = bytesOf(place, shape, data.BYTES_PER_ELEMENT);
  if (size !== data.byteLength)
    throw fault(place, `${shapeText(shape)} of ${dtype} takes ${size} bytes, but its values have ${data.byteLength}`);
}

function bytesOf(place: string, shape: readonly number[], width: number): number {
  let size = width;
  for (const dimension of shape) {
    size *= dimension;
    if (!Number.isSafeInteger(size)) throw fault(place, `${shapeText(shape)} has more values than can be counted`);
  }
  return size;
}

function readObject(place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fault(place, `an object must stand here, not ${describeValue(value)}`);
  return value as Record<string, unknown>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function placeOf(name: string): string {
  return `tensor ${quote(name)}`;
}

function quote(value: unknown): string {
  return cut(JSON.stringify(value) ?? String(value));
}

function shapeText(shape: readonly number[]): string {
  return cut(`shape [${shape.slice(0, 20).join(", ")}${shape.length > 20 ? ", ..." : ""}]`);
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function fault(place: string, reason: string, cause?: unknown): RunError {
  return new RunError("SAFETENSORS_FORMAT", `These bytes are no safetensors data: ${place}: ${reason}.`, { cause });
}
