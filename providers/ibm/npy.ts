import { resultError, resultTooLarge } from "./result-error.ts";

export type NpyKind = "real" | "complex" | "bytes" | "text";

/** An array as numpy stores it. */
export class NpyArray {
  readonly shape: readonly number[];
  readonly kind: NpyKind;
  /**
   * In C order: numbers for `real`, re, im pairs for `complex`, bytes for `bytes` (uint8 and bool), strings for `text`.
   */
  readonly data: Float64Array | Uint8Array | readonly string[];

  constructor(shape: readonly number[], kind: NpyKind, data: Float64Array | Uint8Array | readonly string[]) {
    this.shape = shape;
    this.kind = kind;
    this.data = data;
  }
}

const MAGIC = "\x93NUMPY";
/** numpy itself refuses longer headers. */
const MAX_HEADER_BYTES = 10_000;
const MAX_DIMENSIONS = 32;

type Reader = (view: DataView, offset: number, little: boolean) => number;
const READERS: Readonly<Record<string, Reader>> = {
  f8: (view, offset, little) => view.getFloat64(offset, little),
  f4: (view, offset, little) => view.getFloat32(offset, little),
  i1: (view, offset) => view.getInt8(offset),
  i2: (view, offset, little) => view.getInt16(offset, little),
  i4: (view, offset, little) => view.getInt32(offset, little),
  i8: (view, offset, little) => Number(view.getBigInt64(offset, little)),
  u2: (view, offset, little) => view.getUint16(offset, little),
  u4: (view, offset, little) => view.getUint32(offset, little),
  u8: (view, offset, little) => Number(view.getBigUint64(offset, little)),
};

/**
 * Reads a `.npy` file (format 1.0 to 3.0, numpy's NEP 1): bool, integers, floats, complex and text of either byte order, in
 * C or Fortran order. The header is read by a grammar of its own; arrays of Python objects are refused.
 * @param at where the file comes from, for messages
 * @param maxBytes the most that the array may take here, where small integers and floats become 8 bytes each
 * @throws ProviderError RESULT_FORMAT, RESULT_TOO_LARGE
 */
export function readNpy(bytes: Uint8Array, at: string, maxBytes = Infinity): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || latin1(bytes, 0, 6) !== MAGIC) throw resultError(at, "is no .npy file");
  const wide = bytes[6]! >= 2;
  if (bytes[6]! < 1 || bytes[6]! > 3) throw resultError(at, `is a .npy file of version ${bytes[6]}, not 1 to 3`);
  const start = wide ? 12 : 10;
  if (bytes.length < start) throw resultError(at, "is a .npy file without a header");
  const headerBytes = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (headerBytes > MAX_HEADER_BYTES || start + headerBytes > bytes.length)
    throw resultError(at, `has a .npy header of ${headerBytes} bytes, which cannot be`);
  const { descr, fortran, shape } = readHeader(latin1(bytes, start, headerBytes), at);
  const size = shape.reduce((product, length) => product * length, 1);
  const body = bytes.subarray(start + headerBytes);
  const [, order, type, width] = /^([<>|=]?)([a-zA-Z])(\d{1,6})$/.exec(descr) ?? [];
  if (type === undefined)
    throw resultError(at, `holds ${JSON.stringify(descr.slice(0, 40))}, which is no type of numbers`);
  const little = order !== ">";
  const itemBytes = type === "U" ? 4 * Number(width) : Number(width);
  if (!Number.isSafeInteger(size) || itemBytes === 0 || size * itemBytes !== body.length)
    throw resultError(at, `of shape [${shape.join(", ")}] and type ${descr} has ${body.length} bytes of data`);
  if (8 * size > maxBytes && !(itemBytes === 1 && type !== "i")) throw resultTooLarge(at, maxBytes);
  const place = fortran ? fortranPlaces(shape, size) : undefined;
  const source = (element: number): number => itemBytes * (place === undefined ? element : place[element]!);
  const data = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if ((type === "u" || type === "b") && itemBytes === 1)
    return new NpyArray(shape, "bytes", place === undefined ? body : Uint8Array.from(place, (from) => body[from]!));
  if (type === "U")
    return new NpyArray(
      shape,
      "text",
      Array.from({ length: size }, (_, i) => ucs4(data, source(i), itemBytes, little)),
    );
  if (type === "c" && (itemBytes === 16 || itemBytes === 8)) {
    const half = itemBytes / 2;
    const read = READERS[`f${half}`]!;
    const numbers = new Float64Array(2 * size);
    for (let i = 0; i < size; i++) {
      numbers[2 * i] = read(data, source(i), little);
      numbers[2 * i + 1] = read(data, source(i) + half, little);
    }
    return new NpyArray(shape, "complex", numbers);
  }
  const read = Object.hasOwn(READERS, type + width) ? READERS[type + width] : undefined;
  if (read === undefined) throw resultError(at, `holds items of type ${descr}, which are not read`);
  const numbers = new Float64Array(size);
  for (let i = 0; i < size; i++) numbers[i] = read(data, source(i), little);
  return new NpyArray(shape, "real", numbers);
}

function readHeader(text: string, at: string): { descr: string; fortran: boolean; shape: readonly number[] } {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shapeText = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shapeText === undefined)
    throw resultError(at, "has a .npy header without descr, fortran_order and shape of plain numbers");
  const shape = shapeText
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  if (shape.length > MAX_DIMENSIONS || !shape.every((length) => Number.isSafeInteger(length)))
    throw resultError(at, "has a shape that no array has");
  return { descr, fortran: fortran === "True", shape };
}

/** For each element in C order its place in Fortran order. */
function fortranPlaces(shape: readonly number[], size: number): Float64Array {
  const places = new Float64Array(size);
  const index = new Array<number>(shape.length).fill(0);
  for (let element = 0; element < size; element++) {
    let place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) place = place * shape[axis]! + index[axis]!;
    places[element] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return places;
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
}

function ucs4(view: DataView, offset: number, bytes: number, little: boolean): string {
  let text = "";
  for (let at = offset; at < offset + bytes; at += 4) {
    const point = view.getUint32(at, little);
    if (point > 0 && point <= 0x10ffff) text += String.fromCodePoint(point);
  }
  return text;
}
