import { inflateSync } from "node:zlib";
import { readNpy } from "./npy.ts";
import { resultError, resultTooLarge } from "./result-error.ts";

/** Nesting beyond this is no result, and would end the stack. */
const MAX_DEPTH = 64;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A tagged value of a class that is read as an object of its fields. */
export class TaggedObject {
  /** The tag, such as `PrimitiveResult`. */
  readonly tag: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(tag: string, fields: Readonly<Record<string, unknown>>) {
    this.tag = tag;
    this.fields = fields;
  }
}

const CLASSES: ReadonlySet<string> = new Set([
  "PrimitiveResult",
  "PubResult",
  "SamplerPubResult",
  "EstimatorPubResult",
  "NoiseLearnerResult",
  "DataBin",
  "BitArray",
  "ExecutionSpans",
  "ExecutionSpan",
  "DoubleSliceSpan",
  "TwirledSliceSpan",
  "TwirledSliceSpanV2",
  "BindingsArray",
]);

export interface UntagOptions {
  /** The most that all compressed parts of one body may unpack to. */
  readonly maxInflatedBytes: number;
}

/**
 * Reads the tagged JSON of Qiskit's `RuntimeEncoder`: arrays become `NpyArray`, known classes `TaggedObject`, dates and sets
 * texts and lists, complex numbers `{re, im}`. What it does not know stays as it is; nothing is ever made by its name.
 * @throws ProviderError RESULT_FORMAT, RESULT_TOO_LARGE
 */
export function untag(value: unknown, options: UntagOptions): unknown {
  return new Untagger(options.maxInflatedBytes).read(value, "result", 0);
}

export function isTagged(value: unknown): value is { readonly __type__: string; readonly __value__?: unknown } {
  return isRecord(value) && typeof value.__type__ === "string";
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

class Untagger {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  read(value: unknown, at: string, depth: number): unknown {
    if (depth > MAX_DEPTH) throw resultError(at, `is nested more than ${MAX_DEPTH} levels deep`);
    // There may be millions of numbers, whose places nobody asks for.
    if (Array.isArray(value))
      return value.map((item: unknown, index) =>
        typeof item === "object" && item !== null ? this.read(item, `${at}[${index}]`, depth + 1) : item,
      );
    if (!isRecord(value)) return value;
    return isTagged(value) ? this.#tagged(value, at, depth) : this.#record(value, at, depth);
  }

  #record(value: Readonly<Record<string, unknown>>, at: string, depth: number): Readonly<Record<string, unknown>> {
    // The flag says that the keys were integers in Python; here all keys are texts. fromEntries sets no prototype.
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "__int_keys__")
        .map(([key, item]) => [key, this.read(item, `${at}.${key}`, depth + 1)]),
    );
  }

  #tagged(tagged: { readonly __type__: string; readonly __value__?: unknown }, at: string, depth: number): unknown {
    const { __type__: tag, __value__: value } = tagged;
    switch (tag) {
      case "ndarray":
        return typeof value === "string"
          ? readNpy(this.#inflated(value, at), at, this.#limit)
          : this.read(value, at, depth + 1);
      case "complex": {
        if (!Array.isArray(value) || typeof value[0] !== "number" || typeof value[1] !== "number")
          throw resultError(at, "is a complex number without two parts");
        return { re: value[0], im: value[1] };
      }
      case "datetime":
        return value;
      case "set":
        return this.read(value, at, depth + 1);
      default:
        if (!CLASSES.has(tag)) return tagged;
        if (!isRecord(value)) throw resultError(at, `is a ${tag} without fields`);
        return new TaggedObject(tag, this.#record(value, at, depth + 1));
    }
  }

  /** Inflates at most as much as is left, counted while it unpacks. */
  #inflated(text: string, at: string): Uint8Array {
    if (!BASE64.test(text)) throw resultError(at, "is no base64");
    const packed = Buffer.from(text, "base64");
    try {
      const bytes = inflateSync(packed, { maxOutputLength: Math.max(1, this.#left) });
      this.#left -= bytes.length;
      return bytes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw resultTooLarge(at, this.#left);
      throw resultError(at, "is no zlib stream");
    }
  }
}
