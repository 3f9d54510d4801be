import { type ExecutionSpan, executionSpans } from "./execution-spans.ts";
import { NpyArray } from "./npy.ts";
import { resultError } from "./result-error.ts";
import { isRecord, isTagged, TaggedObject, untag } from "./tagged-json.ts";

/** Numbers of one field of a PUB's result, in C order. NaN and infinities stand for what the service could not tell. */
export interface DecodedNumbers {
  readonly kind: "numbers";
  /** As nested in the body; [] for a single number. */
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Complex numbers (re, im pairs), as measurements that are not classified give. */
export interface DecodedComplex {
  readonly kind: "complex";
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Measured bits of one register in the layout of `BitArray`, one row of ceil(numBits/8) bytes a shot. */
export interface DecodedBits {
  readonly kind: "bits";
  readonly numBits: number;
  /** [...batch, shots] as nested in the body; a flat list of all shots has one dimension. */
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Something that is kept as it came. */
export interface DecodedOther {
  readonly kind: "other";
  readonly value: unknown;
}

export type DecodedField = DecodedNumbers | DecodedComplex | DecodedBits | DecodedOther;

export interface DecodedPub {
  readonly fields: ReadonlyMap<string, DecodedField>;
  /** The PUB's batch shape where the body tells it. */
  readonly shape: readonly number[] | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The result of a primitive, whichever way it was encoded. */
export interface DecodedResult {
  readonly pubs: readonly DecodedPub[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly executionSpans: readonly ExecutionSpan[];
}

export interface DecodeOptions {
  /** The most bytes that all compressed parts may unpack to; 256 MiB by default. */
  readonly maxResultBytes?: number;
}

const MAX_RESULT_BYTES = 2 ** 28;
/** Fields that hold other names at older versions of the service. */
const RENAMED: ReadonlyMap<string, string> = new Map([["ensamble_standard_error", "ensemble_standard_error"]]);

/**
 * Reads what a sampler or estimator job answered: plain JSON, or the tagged JSON that jobs of the Python client have.
 * @param body parsed JSON, in which bare NaN and Infinity have become numbers
 * @throws ProviderError RESULT_FORMAT, RESULT_TOO_LARGE
 */
export function decodeResult(body: unknown, options: DecodeOptions = {}): DecodedResult {
  const { maxResultBytes = MAX_RESULT_BYTES } = options;
  const value = untag(body, { maxInflatedBytes: maxResultBytes });
  if (isTagged(body)) {
    if (!(value instanceof TaggedObject) || value.tag !== "PrimitiveResult")
      throw resultError(
        "result",
        `is tagged ${JSON.stringify(body.__type__.slice(0, 40))}, which is no result of a primitive`,
      );
    return assemble(value.fields.pub_results, value.fields.metadata, "result.pub_results");
  }
  if (!isRecord(value)) throw resultError("result", "is no object");
  return assemble(value.results, value.metadata, "result.results");
}

function assemble(pubs: unknown, metadata: unknown, at: string): DecodedResult {
  if (!Array.isArray(pubs)) throw resultError(at, "is no list");
  const own = isRecord(metadata) ? metadata : {};
  return {
    pubs: pubs.map((pub, index) => decodePub(pub, `${at}[${index}]`)),
    metadata: own,
    executionSpans: executionSpans(spansOf(own)),
  };
}

function spansOf(metadata: Readonly<Record<string, unknown>>): unknown {
  const execution = metadata.execution;
  const spans = isRecord(execution) ? execution.execution_spans : undefined;
  if (!(spans instanceof TaggedObject)) return spans;
  const list = spans.fields.spans;
  return Array.isArray(list) ? list.map((span) => (span instanceof TaggedObject ? span.fields : span)) : undefined;
}

function decodePub(pub: unknown, at: string): DecodedPub {
  const fields = pub instanceof TaggedObject ? pub.fields : pub;
  if (!isRecord(fields)) throw resultError(at, "is no object");
  const { data } = fields;
  const metadata = isRecord(fields.metadata) ? fields.metadata : {};
  if (data instanceof TaggedObject && data.tag === "DataBin") {
    const { fields: inner, shape } = data.fields;
    return {
      // A DataBin without fields has null for them.
      fields: decodeFields(isRecord(inner) ? inner : {}, `${at}.data`),
      shape: isShape(shape) ? shape : undefined,
      metadata,
    };
  }
  if (!isRecord(data)) throw resultError(`${at}.data`, "is no object");
  return { fields: decodeFields(data, `${at}.data`), shape: undefined, metadata };
}

function decodeFields(data: Readonly<Record<string, unknown>>, at: string): ReadonlyMap<string, DecodedField> {
  return new Map(
    Object.entries(data).map(([name, value]) => [RENAMED.get(name) ?? name, decodeField(value, `${at}.${name}`)]),
  );
}

function decodeField(value: unknown, at: string): DecodedField {
  if (value instanceof TaggedObject && value.tag === "BitArray") return taggedBits(value.fields, at);
  if (value instanceof NpyArray) return arrayField(value);
  if (isRecord(value) && Object.hasOwn(value, "samples")) return plainBits(value, at);
  if (typeof value === "number") return { kind: "numbers", shape: [], data: Float64Array.of(value) };
  if (value === null) return { kind: "numbers", shape: [], data: Float64Array.of(Number.NaN) };
  if (Array.isArray(value)) return listField(value, at);
  return { kind: "other", value };
}

function arrayField(array: NpyArray): DecodedField {
  const { shape, kind, data } = array;
  if (kind === "real") return { kind: "numbers", shape, data: data as Float64Array };
  if (kind === "bytes") return { kind: "numbers", shape, data: Float64Array.from(data as Uint8Array) };
  if (kind === "complex") return { kind: "complex", shape, data: data as Float64Array };
  return { kind: "other", value: { shape, data } };
}

/** Nested lists of numbers; of anything else (such as names of extrapolators) they stay what they are. */
function listField(value: readonly unknown[], at: string): DecodedField {
  const leaves: number[] = [];
  const shape = nestedShape(value, at, (leaf) => {
    if (typeof leaf === "number") leaves.push(leaf);
    else if (leaf === null) leaves.push(Number.NaN);
    else return false;
    return true;
  });
  return shape === undefined ? { kind: "other", value } : { kind: "numbers", shape, data: Float64Array.from(leaves) };
}

/**
 * The shape of nested lists, whose leaves are handed to `take` in C order; undefined as soon as it takes none.
 * @throws ProviderError RESULT_FORMAT when they are ragged
 */
function nestedShape(
  value: readonly unknown[],
  at: string,
  take: (leaf: unknown) => boolean,
): readonly number[] | undefined {
  const shape: number[] = [];
  const visit = (item: unknown, depth: number): boolean => {
    if (!Array.isArray(item)) {
      if (depth !== shape.length) throw resultError(at, "is ragged: numbers stand at different depths");
      return take(item);
    }
    // The first list of each depth says how long all of them are.
    if (depth === shape.length) shape.push(item.length);
    if (shape[depth] !== item.length) throw resultError(at, "is ragged: its lists differ in length");
    return item.every((inner) => visit(inner, depth + 1));
  };
  if (!visit(value, 0)) return undefined;
  return shape;
}

/** `{samples: ["0x3", ...], num_bits}`: one hexadecimal text a shot. */
function plainBits(value: Readonly<Record<string, unknown>>, at: string): DecodedBits {
  const { samples, num_bits: numBits } = value;
  if (!isCount(numBits) || numBits > 65_536) throw resultError(`${at}.num_bits`, "is no number of bits");
  if (!Array.isArray(samples)) throw resultError(`${at}.samples`, "is no list");
  const texts: string[] = [];
  const shape = nestedShape(samples, `${at}.samples`, (leaf) => {
    if (typeof leaf !== "string" || !/^0x[0-9a-fA-F]+$/.test(leaf))
      throw resultError(
        `${at}.samples`,
        `holds ${describe(leaf)} at shot ${texts.length}, which is no hexadecimal text`,
      );
    texts.push(leaf);
    return true;
  })!;
  const width = Math.ceil(numBits / 8);
  const bytes = new Uint8Array(texts.length * width);
  for (const [shot, text] of texts.entries())
    if (!writeHex(text, bytes, shot * width, width, numBits))
      throw resultError(
        `${at}.samples`,
        `holds ${describe(text)} at shot ${shot}, which has more than ${numBits} bit(s)`,
      );
  return { kind: "bits", numBits, shape, bytes };
}

/** Writes hexadecimal digits as big-endian bytes, from the last digit on. False when they need more bits. */
function writeHex(text: string, bytes: Uint8Array, offset: number, width: number, numBits: number): boolean {
  for (let digit = 0; digit < text.length - 2; digit++) {
    const value = Number.parseInt(text[text.length - 1 - digit]!, 16);
    if (value === 0) continue;
    if (4 * digit + 32 - Math.clz32(value) > numBits) return false;
    bytes[offset + width - 1 - (digit >> 1)]! |= value << (4 * (digit & 1));
  }
  return true;
}

function taggedBits(fields: Readonly<Record<string, unknown>>, at: string): DecodedBits {
  const { array, num_bits: numBits } = fields;
  if (!isCount(numBits) || !(array instanceof NpyArray) || array.kind !== "bytes" || array.shape.length < 2)
    throw resultError(at, "is a BitArray without num_bits and bytes of shape [..., shots, bytes]");
  const width = Math.ceil(numBits / 8);
  if (array.shape.at(-1) !== width)
    throw resultError(at, `is a BitArray of ${numBits} bit(s) with ${array.shape.at(-1)} byte(s) a shot`);
  return { kind: "bits", numBits, shape: array.shape.slice(0, -1), bytes: array.data as Uint8Array };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `a ${value === null ? "null" : typeof value}`;
}
