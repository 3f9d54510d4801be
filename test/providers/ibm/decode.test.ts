import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LeptonError } from "../../../circuits/index.ts";
import { type DecodedBits, type DecodedNumbers, decodeResult } from "../../../providers/ibm/decode.ts";

const tagged: Readonly<Record<string, { __value__: unknown }>> = JSON.parse(
  readFileSync(new URL("../../fixtures/ibm/tagged-results.json", import.meta.url), "utf8"),
);
const bits = (result: ReturnType<typeof decodeResult>, pub: number, name: string) =>
  result.pubs[pub]!.fields.get(name) as DecodedBits;
const numbers = (result: ReturnType<typeof decodeResult>, pub: number, name: string) =>
  result.pubs[pub]!.fields.get(name) as DecodedNumbers;
const plain = (data: unknown, metadata: unknown = {}) => ({ results: [{ data, metadata }], metadata: { version: 2 } });
const fault = (body: unknown, options = {}) => {
  try {
    decodeResult(body, options);
  } catch (error) {
    return error as LeptonError;
  }
  throw new Error("it was read");
};

describe("plain results", () => {
  test("a sampler's samples: bit 0 least significant, shots in order, spans of time", () => {
    // The body that a job of 2025 had, with fewer shots.
    const result = decodeResult({
      results: [{ data: { c: { samples: ["0x3", "0x0", "0x2"], num_bits: 2 } }, metadata: { circuit_metadata: {} } }],
      metadata: {
        execution: {
          execution_spans: [
            [{ date: "2025-09-05T10:26:40.1" }, { date: "2025-09-05T10:26:42.9" }, { "0": [[100], [0, 1], [0, 100]] }],
          ],
        },
        version: 2,
      },
    });
    expect(bits(result, 0, "c")).toEqual({ kind: "bits", numBits: 2, shape: [3], bytes: Uint8Array.of(3, 0, 2) });
    expect(result.pubs[0]!.metadata).toEqual({ circuit_metadata: {} });
    expect(result.executionSpans).toEqual([
      {
        start: "2025-09-05T10:26:40.1",
        stop: "2025-09-05T10:26:42.9",
        slices: [{ pub: 0, shape: [100], elements: [0, 1], shots: [0, 100] }],
      },
    ]);
  });

  test("registers of more than 53 bits lose none", () => {
    const text = `0x${"8000000000000001".padStart(25, "0")}`;
    const result = decodeResult(plain({ wide: { samples: [text, "0xfffffffffffffffff"], num_bits: 70 } }));
    expect([...bits(result, 0, "wide").bytes]).toEqual([
      0, 128, 0, 0, 0, 0, 0, 0, 1, 15, 255, 255, 255, 255, 255, 255, 255, 255,
    ]);
  });

  test("a sweep nested by its shape keeps the shape", () => {
    const result = decodeResult(
      plain({
        c: {
          samples: [
            ["0x0", "0x1"],
            ["0x1", "0x1"],
            ["0x0", "0x0"],
          ],
          num_bits: 1,
        },
      }),
    );
    expect(bits(result, 0, "c")).toMatchObject({ shape: [3, 2], bytes: Uint8Array.of(0, 1, 1, 1, 0, 0) });
  });

  test("an estimator's numbers: one, nested, misspelt, NaN, infinite, null and with noise factors", () => {
    const one = decodeResult(plain({ evs: 0.5, stds: 0.1, ensamble_standard_error: 0.2 }));
    expect(numbers(one, 0, "evs")).toEqual({ kind: "numbers", shape: [], data: Float64Array.of(0.5) });
    expect(numbers(one, 0, "ensemble_standard_error").data[0]).toBe(0.2);
    const many = decodeResult(
      plain({
        evs: [
          [0.5, Number.NaN],
          [null, Infinity],
        ],
        stds: [
          [1, 2],
          [3, 4],
        ],
        evs_noise_factors: [[[1, 2, 3]]],
        names: ["linear"],
      }),
    );
    expect(numbers(many, 0, "evs").shape).toEqual([2, 2]);
    expect([...numbers(many, 0, "evs").data]).toEqual([0.5, Number.NaN, Number.NaN, Infinity]);
    expect(numbers(many, 0, "evs_noise_factors").shape).toEqual([1, 1, 3]);
    expect(many.pubs[0]!.fields.get("names")).toEqual({ kind: "other", value: ["linear"] });
  });

  test.each<[string, unknown, RegExp]>([
    ["no object", [], /result is no object/],
    ["no list of results", { results: {} }, /results is no list/],
    ["a PUB without data", { results: [{}] }, /results\[0\]\.data is no object/],
    ["ragged numbers", plain({ evs: [[1, 2], [3]] }), /ragged/],
    ["numbers at different depths", plain({ evs: [[1], 2] }), /ragged/],
    ["samples that are no text", plain({ c: { samples: [3], num_bits: 2 } }), /a number at shot 0/],
    ["samples that are no hexadecimal", plain({ c: { samples: ["3"], num_bits: 2 } }), /"3" at shot 0/],
    [
      "more bits than the register",
      plain({ c: { samples: ["0x0", "0x4"], num_bits: 2 } }),
      /shot 1, which has more than 2 bit/,
    ],
    ["no number of bits", plain({ c: { samples: [], num_bits: -1 } }), /num_bits/],
    ["another tag", { __type__: "NoiseLearnerResult", __value__: {} }, /NoiseLearnerResult/],
  ])("refuses %s and says where", (_, body, message) => {
    const error = fault(body);
    expect(error.code).toBe("RESULT_FORMAT");
    expect(error.message).toMatch(message);
  });
});

describe("tagged results", () => {
  test("a sampler's bit arrays, also of a PUB without any, and every kind of span", () => {
    const result = decodeResult(tagged.sampler);
    expect(bits(result, 0, "meas")).toMatchObject({ numBits: 3, shape: [2, 4] });
    expect([...bits(result, 0, "meas").bytes]).toEqual([5, 4, 7, 0, 0, 3, 7, 1]);
    expect(bits(result, 0, "wide")).toMatchObject({ numBits: 60, shape: [2, 4] });
    expect([...bits(result, 0, "wide").bytes.subarray(0, 8)]).toEqual([2, 0, 0, 0, 0, 0, 0, 1]);
    expect(result.pubs[0]!.shape).toEqual([2]);
    expect(result.pubs[1]).toEqual({ fields: new Map(), shape: [], metadata: {} });
    expect(result.executionSpans.map(({ slices }) => slices)).toEqual([
      [{ pub: 0, shape: [2], elements: [0, 2], shots: [0, 3] }],
      [{ pub: 0, shape: [5, 2], elements: [0, 10], shots: [0, 4], randomizationsFirst: true }],
      [{ pub: 0, shape: [8], elements: [2, 6], shots: undefined }],
    ]);
  });

  test("an estimator's arrays and metadata", () => {
    const result = decodeResult(tagged.estimator);
    expect(numbers(result, 0, "evs").shape).toEqual([2, 3]);
    expect([...numbers(result, 0, "evs").data]).toEqual([0.5, -0.25, 1, 0, Number.NaN, -1]);
    expect([...numbers(result, 0, "ensemble_standard_error").data]).toEqual([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]);
    expect(numbers(result, 0, "evs_noise_factors").shape).toEqual([2, 3, 3]);
    expect(result.pubs[0]!.metadata).toMatchObject({
      shots: 4096,
      target_precision: 0.015625,
      a_set: [1],
      z: { re: 1, im: 2 },
      levels: { "1": "a" },
    });
  });

  test("kerneled measurements are complex", () => {
    expect(decodeResult(tagged.kerneled).pubs[0]!.fields.get("iq")).toEqual({
      kind: "complex",
      shape: [1, 2],
      data: Float64Array.of(1, 2, 3, -4),
    });
  });

  test("unknown tags stay as they are and make nothing", () => {
    const strange = { __type__: "settings", __module__: "os", __class__: "system", __value__: { command: "x" } };
    const body = {
      __type__: "PrimitiveResult",
      __value__: { pub_results: [], metadata: { __int_keys__: true, "3": strange } },
    };
    expect(decodeResult(body).metadata).toEqual({ "3": strange });
  });

  test("null shapes and fields are no fault", () => {
    const bin = { __type__: "DataBin", __value__: { field_names: [], field_types: [], shape: null, fields: null } };
    const pub = { __type__: "PubResult", __value__: { data: bin, metadata: null } };
    const body = { __type__: "PrimitiveResult", __value__: { pub_results: [pub], metadata: null } };
    expect(decodeResult(body).pubs).toEqual([{ fields: new Map(), shape: undefined, metadata: {} }]);
  });

  test("objects that only look like what the reader makes are not taken for it", () => {
    const fake = { tag: "BitArray", fields: { num_bits: 1, array: { shape: [1, 1], kind: "bytes", data: [1] } } };
    expect(decodeResult(plain({ c: fake })).pubs[0]!.fields.get("c")!.kind).toBe("other");
    expect(fault({ tag: "PrimitiveResult", fields: { pub_results: [] } }).code).toBe("RESULT_FORMAT");
  });

  test("a prototype cannot be set from a body", () => {
    const body = JSON.parse('{"results":[{"data":{"evs":1},"metadata":{"__proto__":{"polluted":true}}}]}');
    const { metadata } = decodeResult(body).pubs[0]!;
    expect((metadata as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });
});

describe("hostile results", () => {
  const array = (bytes: Uint8Array) => ({
    __type__: "ndarray",
    __value__: Buffer.from(deflateSync(bytes)).toString("base64"),
  });

  test("a bomb is stopped while it unpacks", () => {
    const bomb = array(new Uint8Array(64 << 20));
    const before = process.memoryUsage().rss;
    const error = fault(plain({ evs: bomb }), { maxResultBytes: 1 << 20 });
    expect(error.code).toBe("RESULT_TOO_LARGE");
    expect(error.message).toMatch(/1048576 bytes.*results\[0\]\.data\.evs/);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
  });

  test("many small arrays together count too", () => {
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (100000,), }\n";
    const npy = Buffer.concat([
      Buffer.from("\x93NUMPY\x01\x00", "latin1"),
      Buffer.from([header.length, 0]),
      Buffer.from(header),
      Buffer.alloc(100_000),
    ]);
    const body = plain(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, array(npy)])));
    expect(decodeResult(body, { maxResultBytes: 3_000_000 }).pubs[0]!.fields.size).toBe(20);
    expect(fault(body, { maxResultBytes: 1_000_000 }).code).toBe("RESULT_TOO_LARGE");
  });

  test("deep nesting is refused before the stack ends", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(fault(plain({ evs: deep })).message).toMatch(/64 levels/);
  });

  test("any change to a body gives a result or an error of ours", () => {
    const bodies = [
      ...Object.values(tagged),
      plain({ c: { samples: [["0x0"], ["0x1"]], num_bits: 1 } }),
      plain({ evs: [[1, 2]], stds: [[1, 2]] }),
    ];
    const changed = fc
      .tuple(fc.constantFrom(...bodies), fc.nat(), fc.oneof(fc.jsonValue(), fc.constant(undefined)))
      .map(([body, at, value]) => {
        const copy = structuredClone(body);
        const places: (readonly [holder: Record<string, unknown>, key: string])[] = [];
        const visit = (item: unknown): void => {
          if (typeof item !== "object" || item === null) return;
          for (const [key, inner] of Object.entries(item)) {
            places.push([item as Record<string, unknown>, key]);
            visit(inner);
          }
        };
        visit(copy);
        const [holder, key] = places[at % places.length]!;
        const old = holder[key];
        // Half of the changes to texts keep most of the text, so that they reach the inner readers.
        holder[key] =
          typeof old === "string" && at % 2 === 0 && old.length > 4
            ? old.slice(0, at % old.length) + String.fromCharCode(48 + (at % 40)) + old.slice((at % old.length) + 1)
            : value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.jsonValue()), (body) => {
        try {
          decodeResult(body, { maxResultBytes: 1 << 20 });
        } catch (error) {
          expect(error).toBeInstanceOf(LeptonError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
