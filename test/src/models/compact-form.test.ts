import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packWeights, unpackWeights } from "../../../src/models/compact-form.ts";

/** Weights on a grid of few bits, or anywhere, with many zeros or few. */
const weight = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 4 }),
    bits: fc.option(fc.integer({ min: 2, max: 8 })),
    zeros: fc.double({ min: 0, max: 1, noNaN: true }),
    numbers: fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
  })
  .map(({ rows, channels, bits, zeros, numbers }) => {
    const next = (): number => numbers.next().value;
    const scales = Float32Array.from({ length: channels }, () => Math.abs(next()) + 0.01);
    const high = bits === null ? 0 : 2 ** (bits - 1) - 1;
    const values = Float32Array.from({ length: rows * channels }, (_, i) => {
      if (Math.abs(next()) < zeros) return 0;
      return bits === null ? next() : Math.round(next() * high) * scales[i % channels]!;
    });
    return { shape: [rows, channels], values, grid: bits === null ? undefined : { bits, scales } };
  });

describe("the compact form of weights", () => {
  test("gives every weight back to the last bit, with its grid, and takes no more than f32", () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 4 }), (list) => {
        const weights = list.map(({ shape, values }, i) => ({ name: `w${i}`, shape, values }));
        const grids = new Map(list.flatMap(({ grid }, i) => (grid === undefined ? [] : [[`w${i}`, grid] as const])));
        const packed = packWeights(weights, grids);
        const unpacked = unpackWeights(packed)!;
        // What is -0 comes back as 0.
        expect(unpacked.values.map((values) => [...values].map((value) => value + 0))).toEqual(
          weights.map(({ values }) => [...values].map((value) => value + 0)),
        );
        expect([...unpacked.grids]).toEqual([...grids]);
        const scales = [...grids.values()].reduce((sum, grid) => sum + 4 * grid.scales.length, 0);
        expect(packed.bytes.length).toBeLessThanOrEqual(
          scales + weights.reduce((sum, { values }) => sum + 4 * values.length, 0),
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("counts bits: 10 weights of 4 bits are 5 bytes and a scale, half of 16 in f32 two bytes of places and 8 numbers", () => {
    const scales = Float32Array.of(0.5);
    const values = Float32Array.from({ length: 10 }, (_, i) => 0.5 * ((i % 7) + 1));
    const grids = new Map([["w", { bits: 4, scales }]]);
    const { bytes, entries } = packWeights([{ name: "w", shape: [10], values }], grids);
    expect(bytes.length).toBe(5 + 4);
    expect(entries).toEqual([{ name: "w", shape: [10], grid: { bits: 4, scales: 1 } }]);
    const half = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0 : i));
    const sparse = packWeights([{ name: "w", shape: [16], values: half }], new Map());
    expect([sparse.bytes.length, sparse.entries[0]!.sparse]).toEqual([2 + 4 * 8, true]);
  });

  test("keeps weights that have left their grid as they are", () => {
    const values = Float32Array.of(0.5, 1, 1.25);
    const grids = new Map([["w", { bits: 8, scales: Float32Array.of(0.5) }]]);
    const packed = packWeights([{ name: "w", shape: [3], values }], grids);
    expect(packed.entries).toEqual([{ name: "w", shape: [3] }]);
    expect(unpackWeights(packed)!.values).toEqual([values]);
    expect(unpackWeights(packed)!.grids.size).toBe(0);
  });

  test("tells bytes that do not belong to the entries", () => {
    const packed = packWeights([{ name: "w", shape: [3], values: Float32Array.of(1, 2, 3) }], new Map());
    const { entries, bytes } = packed;
    expect(unpackWeights({ entries, bytes: bytes.subarray(0, 8) })).toBeUndefined();
    expect(unpackWeights({ entries, bytes: Uint8Array.of(...bytes, 0) })).toBeUndefined();
  });
});
