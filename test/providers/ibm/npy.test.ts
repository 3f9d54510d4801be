import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LeptonError } from "../../../circuits/index.ts";
import { readNpy } from "../../../providers/ibm/npy.ts";

const files: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("../../fixtures/ibm/npy.json", import.meta.url), "utf8"),
);
const bytesOf = (name: string) => new Uint8Array(Buffer.from(files[name]!, "base64"));
const read = (name: string) => readNpy(bytesOf(name), name);

describe("readNpy", () => {
  const plain = [
    "<f8",
    ">f8",
    "<f4",
    ">f4",
    "<i1",
    "<i2",
    ">i2",
    "<i4",
    ">i4",
    "<i8",
    ">i8",
    "<u2",
    ">u2",
    "<u4",
    "<u8",
  ];
  test.each([...plain, ">u8", "|u1", "fortran f8", "fortran u1", "version 2", "version 3"])("%s", (name) => {
    const { shape, data, kind } = read(name);
    expect(shape).toEqual([2, 3]);
    expect([...(data as Float64Array)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(kind).toBe(name.includes("u1") ? "bytes" : "real");
  });

  test("bool, complex, text, scalars, empty and special values, three axes", () => {
    expect(read("bool")).toMatchObject({ kind: "bytes", shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 1, 1) });
    expect(read("c16")).toMatchObject({ kind: "complex", shape: [2], data: Float64Array.of(1, 2, -0.5, -1) });
    expect(read("big c8")).toMatchObject({ kind: "complex", data: Float64Array.of(1, 2, -0.5, -1) });
    expect(read("text")).toMatchObject({ kind: "text", data: ["linear", "exponential"] });
    expect(read("scalar")).toMatchObject({ shape: [], data: Float64Array.of(7.5) });
    expect(read("empty")).toMatchObject({ shape: [0, 3], data: new Float64Array(0) });
    expect([...(read("special").data as Float64Array)]).toEqual([Number.NaN, Infinity, -Infinity, -0]);
    expect([...(read("fortran 3d").data as Float64Array)]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  test.each(["object", "struct", "f2", "datetime"])("refuses %s arrays", (name) => {
    expect(() => read(name)).toThrow(expect.objectContaining({ code: "RESULT_FORMAT" }));
  });

  test("refuses what would take more memory than allowed", () => {
    expect(() => readNpy(bytesOf("<f4"), "x", 47)).toThrow(expect.objectContaining({ code: "RESULT_TOO_LARGE" }));
    expect(readNpy(bytesOf("<f4"), "x", 48).shape).toEqual([2, 3]);
  });

  test("text of no width, of which any number would fit in no bytes, is refused", () => {
    const header = "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000,), }\n";
    const bytes = Buffer.concat([
      Buffer.from("\x93NUMPY\x01\x00", "latin1"),
      Buffer.from([header.length, 0]),
      Buffer.from(header),
    ]);
    expect(() => readNpy(bytes, "x")).toThrow(expect.objectContaining({ code: "RESULT_FORMAT" }));
  });

  test("any bytes give an array or an error of ours", () => {
    const names = Object.keys(files);
    const damaged = fc
      .tuple(fc.constantFrom(...names), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }), fc.nat(300))
      .map(([name, changes, length]) => {
        const bytes = bytesOf(name);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes.subarray(0, length % 3 === 0 ? length : bytes.length);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          readNpy(bytes, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(LeptonError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
