import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float, section, signed, text, unsigned, vector } from "../../../providers/simulator/wasm/encoding.ts";

/** The number that LEB128 bytes stand for, read as the WebAssembly specification writes it (5.2.2). */
function readUnsigned(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0);
}
function readSigned(bytes: readonly number[]): number {
  const value = bytes.reduceRight((sum, byte) => sum * 128n + BigInt(byte & 0x7f), 0n);
  return Number(BigInt.asIntN(7 * bytes.length, value));
}

/** All bytes but the last say that another follows. */
function expectChained(bytes: readonly number[]): void {
  for (const [i, byte] of bytes.entries()) expect(byte >> 7).toBe(i + 1 < bytes.length ? 1 : 0);
}

describe("LEB128", () => {
  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("unsigned %i", (value, bytes) => {
    expect(unsigned(value)).toEqual(bytes);
  });

  test.each([
    [0, [0]],
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("signed %i", (value, bytes) => {
    expect(signed(value)).toEqual(bytes);
  });

  test("reads back as what was written, in no more bytes than it takes", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = unsigned(value);
        expectChained(bytes);
        expect(readUnsigned(bytes)).toBe(value);
        expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      }),
      { seed: 1 },
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = signed(value);
        expectChained(bytes);
        expect(readSigned(bytes)).toBe(value);
        const magnitude = value < 0 ? -value - 1 : value;
        const bits = 1 + (magnitude === 0 ? 0 : magnitude.toString(2).length);
        expect(bytes.length).toBe(Math.ceil(bits / 7));
      }),
      { seed: 2 },
    );
  });
});

test("vectors, names and sections say how long they are", () => {
  expect(vector([[1, 2], [], [3]])).toEqual([3, 1, 2, 3]);
  expect(text("aπ")).toEqual([3, 0x61, 0xcf, 0x80]);
  expect(section(10, [7, 8])).toEqual([10, 2, 7, 8]);
  const long = section(
    1,
    Array.from({ length: 300 }, () => 5),
  );
  expect(long.slice(0, 4)).toEqual([1, 0xac, 0x02, 5]);
  expect(long).toHaveLength(303);
});

test("numbers are little-endian", () => {
  expect(float(1, 64)).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  expect(float(-2, 32)).toEqual([0, 0, 0, 0xc0]);
  expect(float(-0, 32)).toEqual([0, 0, 0, 0x80]);
});
