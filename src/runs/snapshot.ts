import { describeValue } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";
import {
  readSafetensors,
  type StoredTensor,
  type TensorArray,
  type TensorDtype,
  writeSafetensors,
} from "./safetensors.ts";

const FORMAT = "lepton-state@1";
const DTYPE_OF: Readonly<Record<string, TensorDtype>> = {
  Float64Array: "F64",
  Float32Array: "F32",
  BigInt64Array: "I64",
  Int32Array: "I32",
  Uint32Array: "U32",
  Uint8Array: "U8",
};
const SPECIAL_NUMBERS: Readonly<Record<string, number>> = {
  "-0": -0,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};
/** The one key of objects that stand for what JSON has no word for. */
const TAG = "$";
/** A name that no path has, for a text that is too long for a header. */
const TEXT = "json";
const MAX_TEXT_IN_HEADER = 1_000_000;
const MAX_DEPTH = 500;

/**
 * Packs a tree of plain objects, arrays, texts, booleans, null, numbers and typed arrays of the kinds that the safetensors
 * format has, bit for bit: -0, NaN and infinities survive. Typed arrays become tensors that are named by their paths, the
 * rest JSON beside them. Fields that are undefined are left out. The same tree gives the same bytes.
 * @throws RunError SNAPSHOT_VALUE with the path of anything else: functions, instances of classes, cycles
 */
export function packState(value: unknown): Uint8Array {
  const encoder = new Encoder();
  const text = JSON.stringify(encoder.encode(value, undefined));
  const short = text.length <= MAX_TEXT_IN_HEADER;
  if (!short) encoder.add(TEXT, new TextEncoder().encode(text));
  return writeSafetensors(encoder.tensors, [
    ["format", FORMAT],
    ["state", short ? text : ""],
  ]);
}

/**
 * Reads what `packState` made. All objects in it are plain, and all arrays new.
 * @throws RunError SAFETENSORS_FORMAT, SNAPSHOT_FORMAT
 */
export function unpackState(bytes: Uint8Array): unknown {
  const { tensors, metadata } = readSafetensors(bytes);
  const format = metadata.get("format");
  if (format !== FORMAT)
    throw formatFault(
      format === undefined
        ? "they have no mark of Lepton"
        : `their format is ${JSON.stringify(format).slice(0, 60)}, but this version reads "${FORMAT}"; use the one that wrote them`,
    );
  const arrays = new Map([...tensors].map(([name, { data }]) => [name, data]));
  const state = metadata.get("state") || textOf(arrays.get(TEXT));
  arrays.delete(TEXT);
  let tree: unknown;
  try {
    tree = JSON.parse(state);
  } catch (error) {
    throw formatFault("the state is no JSON", error);
  }
  const value = decode(tree, arrays, 0);
  if (arrays.size > 0) throw formatFault(`nothing in the state is the array ${[...arrays.keys()][0]}`);
  return value;
}

/** A key on the way to a value; an index where it is a number. */
interface Path {
  readonly parent: Path | undefined;
  readonly key: string | number;
}

class Encoder {
  readonly tensors: [string, StoredTensor][] = [];
  readonly #open = new Set<object>();

  add(name: string, data: TensorArray): void {
    this.tensors.push([name, { dtype: DTYPE_OF[data[Symbol.toStringTag]]!, shape: [data.length], data }]);
  }

  encode(value: unknown, path: Path | undefined): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return isPlainNumber(value) ? value : { [TAG]: Object.is(value, -0) ? "-0" : String(value) };
      case "object":
        return value === null ? null : this.#encodeObject(value, path);
      default:
        throw valueFault(path, describeValue(value));
    }
  }

  #encodeObject(value: object, path: Path | undefined): unknown {
    if (ArrayBuffer.isView(value)) {
      if (DTYPE_OF[(value as TensorArray)[Symbol.toStringTag]] === undefined)
        throw valueFault(path, `of type ${Object.prototype.toString.call(value).slice(8, -1)}`);
      const name = pointer(path);
      this.add(name, value as TensorArray);
      return { [TAG]: { tensor: name } };
    }
    if (this.#open.has(value)) throw valueFault(path, "a value that it is itself part of");
    if (this.#open.size >= MAX_DEPTH) throw valueFault(path, `nested more than ${MAX_DEPTH} levels deep`);
    this.#open.add(value);
    const encoded = Array.isArray(value) ? this.#encodeList(value, path) : this.#encodeFields(value, path);
    this.#open.delete(value);
    return encoded;
  }

  #encodeList(list: readonly unknown[], path: Path | undefined): unknown {
    if (isNumberList(list)) return list;
    return Array.from(list, (item, key) => this.encode(item, { parent: path, key }));
  }

  #encodeFields(value: object, path: Path | undefined): unknown {
    if (!isPlainObject(value)) throw valueFault(path, `an instance of ${className(value)}`);
    if (Object.getOwnPropertySymbols(value).length > 0) throw valueFault(path, "an object with symbols as keys");
    const fields: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(value))
      if (field !== undefined) setOwn(fields, key, this.encode(field, { parent: path, key }));
    return Object.hasOwn(fields, TAG) ? { [TAG]: { object: fields } } : fields;
  }
}

function decode(value: unknown, arrays: Map<string, TensorArray>, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  // What stands for another value takes two levels more than it had.
  if (depth > 3 * MAX_DEPTH) throw formatFault("the state is nested too deeply");
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = decode(value[i], arrays, depth + 1);
    return value;
  }
  if (Object.hasOwn(value, TAG)) return decodeTagged(value as Record<string, unknown>, arrays, depth);
  return decodeFields(value as Record<string, unknown>, arrays, depth);
}

function decodeFields(
  fields: Record<string, unknown>,
  arrays: Map<string, TensorArray>,
  depth: number,
): Record<string, unknown> {
  // JSON.parse has made own fields of all keys, "__proto__" included, so that this sets no prototype.
  for (const key of Object.keys(fields)) fields[key] = decode(fields[key], arrays, depth + 1);
  return fields;
}

function decodeTagged(tagged: Record<string, unknown>, arrays: Map<string, TensorArray>, depth: number): unknown {
  const meant = tagged[TAG];
  if (Object.keys(tagged).length === 1) {
    if (typeof meant === "string" && Object.hasOwn(SPECIAL_NUMBERS, meant)) return SPECIAL_NUMBERS[meant];
    const { tensor, object } = (meant ?? {}) as { readonly tensor?: unknown; readonly object?: unknown };
    if (typeof tensor === "string") {
      const data = arrays.get(tensor);
      if (data === undefined) throw formatFault(`an array ${tensor} is missing, or meant twice`);
      arrays.delete(tensor);
      return data;
    }
    if (typeof object === "object" && object !== null && !Array.isArray(object))
      return decodeFields(object as Record<string, unknown>, arrays, depth + 1);
  }
  throw formatFault(`an object with the key "${TAG}" stands for nothing that this version knows`);
}

function textOf(data: TensorArray | undefined): string {
  if (!(data instanceof Uint8Array)) throw formatFault("they hold no state");
  return new TextDecoder().decode(data);
}

function isPlainNumber(value: unknown): value is number {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** In a loop, since `every` passes over holes. */
function isNumberList(list: readonly unknown[]): boolean {
  for (let i = 0; i < list.length; i++) if (!isPlainNumber(list[i])) return false;
  return true;
}

/** Of any realm: its prototype is one that has none itself. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const name = (value.constructor as { readonly name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name : "a class";
}

function setOwn(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") fields[key] = value;
  else Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A path as a JSON pointer (RFC 6901); halves of surrogate pairs are spelled out, since other readers refuse them. */
function pointer(path: Path | undefined): string {
  if (path === undefined) return "";
  const key = String(path.key).replaceAll(/[~/]|\p{Surrogate}/gu, (unit) =>
    unit === "~" ? "~0" : unit === "/" ? "~1" : `~u${unit.charCodeAt(0).toString(16)}`,
  );
  return `${pointer(path.parent)}/${key}`;
}

function valueFault(path: Path | undefined, what: string): RunError {
  const place = pointer(path);
  return new RunError(
    "SNAPSHOT_VALUE",
    `The state${place === "" ? "" : ` at ${place.slice(0, 200)}`} is ${what}; it can hold plain objects, arrays, texts, booleans, null, numbers and typed arrays.`,
  );
}

function formatFault(reason: string, cause?: unknown): RunError {
  return new RunError("SNAPSHOT_FORMAT", `These bytes are no state that can be read: ${reason}.`, { cause });
}
