import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunError } from "../../../src/errors.ts";
import {
  readSafetensors,
  type StoredTensor,
  type TensorDtype,
  writeSafetensors,
} from "../../../src/runs/safetensors.ts";

const file = (header: string, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
};
const headerOf = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))));
const bytesOf = ({ data }: StoredTensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Tensors with any bytes for values, so that NaNs with payloads and negative zeros are among them. */
const tensor: fc.Arbitrary<StoredTensor> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(ARRAYS) as TensorDtype[])),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const bytes = shape.reduce((size, dimension) => size * dimension, ARRAYS[dtype].BYTES_PER_ELEMENT);
    return fc.uint8Array({ minLength: bytes, maxLength: bytes, max: dtype === "BOOL" ? 1 : 255 }).map((values) => ({
      dtype,
      shape,
      data: new ARRAYS[dtype](values.slice().buffer),
    }));
  });
const named = fc
  .uniqueArray(fc.tuple(fc.string({ unit: "binary", maxLength: 12 }), tensor), { selector: ([name]) => name })
  .map((list) => list.filter(([name]) => name !== "__metadata__"));
const metadata = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), {
  selector: ([key]) => key,
});

describe("the safetensors container", () => {
  test("lays out one tensor as the format says", () => {
    const bytes = writeSafetensors(
      [["w", { dtype: "F32", shape: [2, 1], data: Float32Array.of(1, -0) }]],
      [["a", "b"]],
    );
    const header = '{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(Buffer.from(bytes)).toEqual(Buffer.from(file(padded, new Uint8Array(Float32Array.of(1, -0).buffer))));
    expect([...bytes.subarray(-8)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x80]);
  });

  test("gives back what was written, to the last bit", () => {
    fc.assert(
      fc.property(named, metadata, fc.integer({ min: 0, max: 7 }), (tensors, entries, shift) => {
        const bytes = writeSafetensors(tensors, entries);
        // Anywhere in memory, also where no wide element may lie.
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const read = readSafetensors(moved);
        expect(read.metadata).toEqual(new Map(entries));
        expect([...read.tensors.keys()].sort()).toEqual(tensors.map(([name]) => name).sort());
        for (const [name, { dtype, shape, data }] of tensors) {
          const found = read.tensors.get(name)!;
          expect([found.dtype, found.shape]).toEqual([dtype, shape]);
          expect(found.data).toBeInstanceOf(ARRAYS[dtype]);
          expect(bytesOf(found).equals(bytesOf({ dtype, shape, data }))).toBe(true);
        }
      }),
    );
  });

  test("is the same bytes for the same content in another order, each tensor where its elements may lie", () => {
    fc.assert(
      fc.property(named, metadata, (tensors, entries) => {
        const bytes = writeSafetensors(tensors, entries);
        expect(Buffer.from(writeSafetensors(tensors.toReversed(), entries.toReversed())).equals(bytes)).toBe(true);
        const header = JSON.parse(headerOf(bytes)) as Record<string, { data_offsets: number[] }>;
        expect(headerOf(bytes).length === 0 || Buffer.byteLength(headerOf(bytes)) % 8).toBe(0);
        for (const [name, { data }] of tensors) expect(header[name]!.data_offsets[0]! % data.BYTES_PER_ELEMENT).toBe(0);
      }),
    );
  });

  test("values are copies", () => {
    const bytes = writeSafetensors([["w", { dtype: "U8", shape: [1], data: Uint8Array.of(7) }]]);
    const { data } = readSafetensors(bytes).tensors.get("w")!;
    bytes.fill(0);
    expect([...data]).toEqual([7]);
  });

  test("a file with names that objects have themselves is a file like any other", () => {
    const one: StoredTensor = { dtype: "U8", shape: [], data: Uint8Array.of(3) };
    const names = ["__proto__", "constructor", "toString", ""];
    const { tensors, metadata } = readSafetensors(
      writeSafetensors(
        names.map((name) => [name, one]),
        [["__proto__", "polluted"]],
      ),
    );
    expect([...tensors.keys()].sort()).toEqual(names.toSorted());
    expect(metadata.get("__proto__")).toBe("polluted");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

const entry = (more: string): string => `{"w":{${more}}}`;
const F32 = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
const four = new Uint8Array(4);

describe("what is no safetensors data", () => {
  test.each<readonly [string, Uint8Array, RegExp]>([
    ["no length", Uint8Array.of(1, 2), /header: .*first 8 bytes, but there are 2/],
    ["an empty header", file(""), /header: it does not begin/],
    ["a header longer than the file", Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 1), /header: it has 9 bytes, but only 1/],
    ["a header of 2^64 - 1 bytes", new Uint8Array(9).fill(255), /it has 18446744073709551615 bytes/],
    ["a header over 10 MB", file(`{}${" ".repeat(10_000_000)}`), /at most 10000000 are read/],
    ["a header that is no UTF-8", file("{}").fill(0xff, 8), /header: it is no UTF-8/],
    ["a header that is no JSON", file('{"w":}'), /header: it is no JSON/],
    ["a list for a header", file("[]"), /header: it does not begin with/],
    ["spaces before the header", file(" {}"), /header: it does not begin with/],
    ["a key twice", file(`{"w":{${F32}},"w":{${F32}}}`, four), /the key "w" is there twice/],
    ["a key twice, spelled differently", file(`{"w":{${F32}},"\\u0077"   :{${F32}}}`, four), /"w" is there twice/],
    [
      "a key twice, far from its colon",
      file(`{"w":{${F32}},"w"${" ".repeat(500)}:{${F32}}}`, four),
      /"w" is there twice/,
    ],
    ["a key twice in an entry", file(entry(`${F32},"dtype":"I32"`), four), /"dtype" is there twice/],
    ["a key that is no text", file('{"\\x":1}'), /a key is no text of JSON/],
    ["deep nesting", file(`{"w":${"[".repeat(100_000)}`), /nested more than 3 levels/],
    [
      "too many entries",
      file(`{${Array.from({ length: 70_000 }, (_, i) => `"${i}":{}`).join()}}`),
      /more than 65536 entries/,
    ],
    ["metadata that is no object", file('{"__metadata__":"x"}'), /__metadata__: an object must stand here/],
    [
      "metadata that is no text",
      file('{"__metadata__":{"a":1}}'),
      /__metadata__, "a": a text must stand here, not number 1/,
    ],
    ["an entry that is no object", file('{"w":[1]}'), /tensor "w": an object must stand here/],
    [
      "an unknown dtype",
      file(entry(F32.replace("F32", "F16")), four),
      /tensor "w": the dtype is "F16"; these are read/,
    ],
    ["a dtype that objects have", file(entry(F32.replace("F32", "toString")), four), /the dtype is "toString"/],
    ["no dtype", file(entry('"shape":[1],"data_offsets":[0,4]'), four), /the dtype is undefined/],
    ["an unknown key", file(entry(`${F32},"strides":[1]`), four), /tensor "w": the key "strides" is unknown/],
    ["a negative dimension", file(entry(F32.replace("[1]", "[-1]")), four), /its shape must be/],
    ["a fractional dimension", file(entry(F32.replace("[1]", "[1.5]")), four), /its shape must be/],
    ["a dimension past 2^53", file(entry(F32.replace("[1]", "[9007199254740993]")), four), /its shape must be/],
    [
      "a shape that overflows to 4 bytes",
      file(entry(F32.replace("[1]", "[4294967296,4294967296,4294967296,1]")), four),
      /more values than can be counted/,
    ],
    [
      "a shape that overflows before a zero",
      file(entry('"dtype":"U8","shape":[9007199254740991,2,0],"data_offsets":[0,0]')),
      /more values than can be counted/,
    ],
    [
      "a shape that does not fit",
      file(entry(F32.replace("[1]", "[2]")), four),
      /shape \[2\] of F32 takes 8 bytes, but its data_offsets span 4/,
    ],
    ["offsets the wrong way round", file(entry(F32.replace("[0,4]", "[4,0]")), four), /data_offsets must be/],
    ["three offsets", file(entry(F32.replace("[0,4]", "[0,4,4]")), four), /data_offsets must be/],
    [
      "offsets past the end",
      file(entry('"dtype":"F32","shape":[2],"data_offsets":[0,8]'), four),
      /it ends at byte 8, but there are 4/,
    ],
    [
      "a gap before",
      file(entry(F32.replace("[0,4]", "[4,8]")), new Uint8Array(8)),
      /begins at byte 4, after a gap: that one ends at 0/,
    ],
    ["bytes at the end", file(entry(F32), new Uint8Array(5)), /values: there are 5 bytes, but the tensors take 4/],
    [
      "an overlap",
      file(`{"a":{${F32}},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}`, new Uint8Array(5)),
      /tensor "b": it begins at byte 3, inside the tensor before/,
    ],
    ["two on one place", file(`{"a":{${F32}},"b":{${F32}}}`, four), /tensor "b": it begins at byte 0, inside/],
    [
      "a BOOL of 2",
      file(entry('"dtype":"BOOL","shape":[1],"data_offsets":[0,1]'), Uint8Array.of(2)),
      /tensor "w": a BOOL must be 0 or 1/,
    ],
  ])("%s", (_, bytes, words) => {
    expect(() => readSafetensors(bytes)).toThrow(
      expect.objectContaining({ code: "SAFETENSORS_FORMAT", message: expect.stringMatching(words) }),
    );
  });

  test.each<readonly [string, string, StoredTensor, RegExp]>([
    ["the format's own name", "__metadata__", { dtype: "U8", shape: [], data: Uint8Array.of(1) }, /the format's own/],
    [
      "a shape that does not fit",
      "w",
      { dtype: "F64", shape: [3], data: Float64Array.of(1) },
      /takes 24 bytes, but its values have 8/,
    ],
    ["values of another type", "w", { dtype: "F32", shape: [1], data: Int32Array.of(1) }, /its values are no "F32"/],
  ])("is not written: %s", (_, name, tensor, words) => {
    expect(() => writeSafetensors([[name, tensor]])).toThrow(words);
  });

  test("is not written: two tensors of one name, or a header that could not be read", () => {
    const one: StoredTensor = { dtype: "U8", shape: [], data: Uint8Array.of(1) };
    expect(() =>
      writeSafetensors([
        ["w", one],
        ["w", one],
      ]),
    ).toThrow(/two tensors of this name/);
    expect(() => writeSafetensors([], [["a", "x".repeat(10_000_000)]])).toThrow(/10000000 bytes fit/);
  });

  const valid = writeSafetensors(
    [
      ["a", { dtype: "F64", shape: [2], data: Float64Array.of(1, 2) }],
      ["b", { dtype: "I32", shape: [1, 3], data: Int32Array.of(1, 2, 3) }],
      ["c", { dtype: "BOOL", shape: [], data: Uint8Array.of(1) }],
    ],
    [["format", "x"]],
  );
  const refusedOrRead = (bytes: Uint8Array): void => {
    try {
      const { tensors } = readSafetensors(bytes);
      for (const { shape, data } of tensors.values())
        expect(shape.reduce((size, dimension) => size * dimension, 1)).toBe(data.length);
    } catch (error) {
      expect(error).toBeInstanceOf(RunError);
      expect((error as RunError).code).toBe("SAFETENSORS_FORMAT");
      expect((error as RunError).message.length).toBeLessThan(600);
    }
  };

  test("fuzz: any bytes are refused with that error, or read as something whole", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refusedOrRead), { numRuns: 500 });
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.uint8Array({ maxLength: 32 }), (text, data) =>
        refusedOrRead(file(text, data)),
      ),
    );
  });

  test("fuzz: headers that are cut, spliced and scribbled over", () => {
    const edit = fc.record({
      at: fc.nat(valid.length - 1),
      drop: fc.nat(6),
      insert: fc.oneof(
        fc.constantFrom(
          "{",
          "}",
          "[",
          "]",
          '"',
          ":",
          ",",
          "0",
          "-",
          "9007199254740992",
          "null",
          '"a":',
          '"dtype":"U8",',
          "\\u0061",
          "1e400",
        ),
        fc.string({ maxLength: 3 }),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean(), (edits, mendLength) => {
        let bytes = Buffer.from(valid);
        for (const { at, drop, insert } of edits)
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + drop)]);
        if (mendLength && bytes.length > 8) {
          const end = bytes.lastIndexOf("}");
          bytes.writeBigUInt64LE(BigInt(Math.max(0, end + 1 - 8)));
        }
        refusedOrRead(new Uint8Array(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test("fuzz: every file that is cut off is refused", () => {
    for (let length = 0; length < valid.length; length++)
      expect(() => readSafetensors(valid.subarray(0, length))).toThrow(RunError);
  });
});
