import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunError } from "../../../src/errors.ts";
import { readSafetensors, writeSafetensors } from "../../../src/runs/safetensors.ts";
import { packState, unpackState } from "../../../src/runs/snapshot.ts";

/** Values of any bits: the doubles are made of bytes. */
const arrays = [Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array, BigInt64Array] as const;
const typedArray = fc
  .tuple(fc.constantFrom(...arrays), fc.uint8Array({ maxLength: 64 }))
  .map(([Type, bytes]) => new Type(bytes.slice(0, bytes.length & ~7).buffer));
const key = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 3 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "$",
    "tensor",
    "object",
    "json",
    "0",
    "-0",
    "a/b",
    "a~b",
    "~1",
  ),
);
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, 2 ** 53),
    fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
    fc.constantFrom("NaN", "-0", "$", ""),
    fc.boolean(),
    fc.constant(null),
    typedArray,
  ),
  tree: fc.oneof(
    { maxDepth: 5 },
    tie("leaf"),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.array(fc.double(), { maxLength: 8 }),
    fc.uniqueArray(fc.tuple(key, tie("tree")), { selector: ([name]) => name, maxLength: 4 }).map(Object.fromEntries),
  ),
}));

/** A value as text with every bit of it, keys in order. */
function bits(value: unknown): string {
  if (typeof value === "number") return `n${Buffer.from(Float64Array.of(value).buffer).toString("hex")}`;
  if (ArrayBuffer.isView(value)) {
    const name = Object.prototype.toString.call(value);
    return `${name}${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
  }
  if (typeof value !== "object" || value === null) return `${typeof value}${JSON.stringify(value)}`;
  if (Array.isArray(value)) return `[${value.map(bits).join()}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${JSON.stringify(name)}:${bits(field)}`)
    .join()}}`;
}

describe("a packed state", () => {
  test("is unpacked to the last bit, and packs to the same bytes", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const bytes = packState(value);
        const back = unpackState(bytes);
        expect(bits(back)).toBe(bits(value));
        expect(Buffer.from(packState(value)).equals(bytes)).toBe(true);
        expect(Buffer.from(packState(back)).equals(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("is a safetensors file whose arrays are named by their paths", () => {
    const { tensors, metadata } = readSafetensors(
      packState({ weights: [{ values: Float32Array.of(1, 2) }], "a/b": Int32Array.of(3), step: 4 }),
    );
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ["/a~1b", "I32", [1]],
      ["/weights/0/values", "F32", [2]],
    ]);
    expect(JSON.parse(metadata.get("state")!)).toMatchObject({ step: 4 });
  });

  test("leaves out fields that are undefined, and takes frozen values and those without a prototype", () => {
    const value = Object.freeze({
      a: undefined,
      b: Object.freeze([1, 2]),
      c: Object.assign(Object.create(null), { d: 1 }),
    });
    expect(unpackState(packState(value))).toEqual({ b: [1, 2], c: { d: 1 } });
    expect(Object.keys(unpackState(packState(value)) as object)).toEqual(["b", "c"]);
  });

  test("has copies of its arrays, also of a part of a buffer and of a Buffer", () => {
    const whole = Float64Array.of(1, 2, 3, 4);
    const bytes = packState({ part: whole.subarray(1, 3), buffer: Buffer.from("ab") });
    whole.fill(9);
    expect(unpackState(bytes)).toEqual({ part: Float64Array.of(2, 3), buffer: Uint8Array.of(97, 98) });
  });

  test("one value at two places is packed twice", () => {
    const shared = { values: Float32Array.of(1) };
    const back = unpackState(packState([shared, shared])) as (typeof shared)[];
    expect(back).toEqual([shared, shared]);
    expect(back[0]!.values).not.toBe(back[1]!.values);
  });

  test("may be larger than a header", () => {
    const history = Array.from({ length: 60_000 }, (_, step) => ({
      step,
      loss: 1 / (step + 3),
      metrics: { 'acc"\\é': step / 7 },
      jobIds: ["local-123456789", "a\ud800"],
      exact: step % 2 === 0 ? -0 : Number.NaN,
    }));
    const bytes = packState({ history, weights: Float32Array.of(0.1) });
    expect(bytes.length).toBeGreaterThan(5_000_000);
    expect(bits(unpackState(bytes))).toBe(bits({ history, weights: Float32Array.of(0.1) }));
  });

  test("does not set prototypes", () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"list":[{"__proto__":{"$":2}}]}');
    const back = unpackState(packState(value)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.keys(back)).toEqual(["__proto__", "list"]);
    expect((back as { polluted?: unknown }).polluted).toBeUndefined();
    expect(bits(back)).toBe(bits(value));
  });
});

describe("what cannot be packed", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = { list: [cycle] };
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  test.each<readonly [string, unknown, RegExp]>([
    ["a function", { a: [1, () => 1] }, /at \/a\/1 is function/],
    ["undefined in a list", [1, undefined], /at \/1 is undefined/],
    ["a hole in a list", Object.assign([1], { 2: 3 }), /at \/1 is undefined/],
    ["undefined alone", undefined, /^The state is undefined/],
    ["a symbol", { s: Symbol("x") }, /at \/s is symbol/],
    ["a key that is a symbol", { s: { [Symbol("x")]: 1 } }, /at \/s is an object with symbols/],
    ["a bigint", { n: 1n }, /at \/n is bigint 1/],
    ["a date", { when: new Date(0) }, /at \/when is an instance of Date/],
    ["a map", { "a/b": new Map() }, /at \/a~1b is an instance of Map/],
    ["an instance of a class", { x: new (class Model {})() }, /at \/x is an instance of Model/],
    ["a cycle", cycle, /at \/self\/list\/0 is a value that it is itself part of/],
    ["deep nesting", nested(501), /nested more than 500 levels/],
    ["another typed array", { x: new Int16Array(1) }, /at \/x is of type Int16Array/],
    ["a DataView", { x: new DataView(new ArrayBuffer(1)) }, /at \/x is of type DataView/],
  ])("%s", (_, value, words) => {
    expect(() => packState(value)).toThrow(
      expect.objectContaining({ code: "SNAPSHOT_VALUE", message: expect.stringMatching(words) }),
    );
  });

  test("as deep as may be, it can be packed and read", () => {
    expect(bits(unpackState(packState(nested(500))))).toBe(bits(nested(500)));
  });
});

describe("what cannot be unpacked", () => {
  const packed = (state: string, format = "lepton-state@1", tensors: Parameters<typeof writeSafetensors>[0] = []) =>
    writeSafetensors(tensors, [
      ["format", format],
      ["state", state],
    ]);
  const one = ["/a", { dtype: "U8", shape: [1], data: Uint8Array.of(1) }] as const;
  test.each<readonly [string, Uint8Array, RegExp]>([
    ["a file of another kind", writeSafetensors([], [["a", "b"]]), /no mark of Lepton/],
    [
      "a newer state",
      packed("1", "lepton-state@2"),
      /format is "lepton-state@2", but this version reads "lepton-state@1"/,
    ],
    ["no JSON", packed("{"), /no JSON/],
    ["no state", packed(""), /hold no state/],
    ["a missing array", packed('{"a":{"$":{"tensor":"/a"}}}'), /array \/a is missing/],
    [
      "an array that is meant twice",
      packed('[{"$":{"tensor":"/a"}},{"$":{"tensor":"/a"}}]', undefined, [one]),
      /meant twice/,
    ],
    ["an array that nothing means", packed("1", undefined, [one]), /nothing in the state is the array \/a/],
    ["a tag that stands for nothing", packed('{"$":"toString"}'), /stands for nothing/],
    ["a tag beside other keys", packed('{"$":"NaN","a":1}'), /stands for nothing/],
    ["a state that is nested too deeply", packed("[".repeat(200_000) + "]".repeat(200_000)), /nested too deeply/],
  ])("%s", (_, bytes, words) => {
    expect(() => unpackState(bytes)).toThrow(
      expect.objectContaining({ code: "SNAPSHOT_FORMAT", message: expect.stringMatching(words) }),
    );
  });

  test("fuzz: a state with a flipped byte is refused, or another state", () => {
    const bytes = packState({ w: Float32Array.of(1, 2), $: { n: -0 }, list: [Number.NaN, "x"], i: Int32Array.of(5) });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const flipped = bytes.slice();
        flipped[at]! ^= mask;
        try {
          expect(() => packState(unpackState(flipped))).not.toThrow(TypeError);
        } catch (error) {
          expect(error).toBeInstanceOf(RunError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
