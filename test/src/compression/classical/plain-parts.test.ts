import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeWeights, encodeWeights } from "../../../../src/compression/classical/compact-weights.ts";
import { factorsOf, rankOfEnergy } from "../../../../src/compression/classical/low-rank.ts";
import { cubicSparsity, magnitudeMasks } from "../../../../src/compression/classical/magnitude.ts";

describe("compact weights", () => {
  const partsOf = (parts: ReturnType<typeof encodeWeights>) => new Map(parts.map(({ part, data }) => [part, data]));

  test("numbers come back as they were, from any form", () => {
    const weight = fc.oneof(
      fc.constant(0),
      fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => x || 0),
    );
    fc.assert(
      fc.property(fc.array(weight), (list) => {
        const values = Float32Array.from(list);
        expect(decodeWeights(partsOf(encodeWeights(values)), values.length, undefined)).toEqual(values);
      }),
      { seed: 1 },
    );
  });

  test("numbers on a grid come back as they were", () => {
    const bits = fc.integer({ min: 2, max: 8 });
    const grid = bits.chain((count) =>
      fc.record({
        bits: fc.constant(count),
        scales: fc.array(fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true }), { minLength: 1, maxLength: 4 }),
        rows: fc.array(
          fc.array(fc.integer({ min: 1 - 2 ** (count - 1), max: 2 ** (count - 1) - 1 }), {
            minLength: 4,
            maxLength: 4,
          }),
        ),
      }),
    );
    fc.assert(
      fc.property(grid, ({ bits, rows, ...rest }) => {
        const scales = Float32Array.from(rest.scales);
        const integers = rows.flatMap((row) => row.slice(0, scales.length));
        const values = Float32Array.from(integers, (integer, i) => integer * scales[i % scales.length]!);
        const parts = encodeWeights(values, { bits, scales });
        expect(decodeWeights(partsOf(parts), values.length, bits)).toEqual(values);
        const bytes = parts.reduce((sum, { data }) => sum + data.byteLength, 0);
        expect(bytes).toBeLessThanOrEqual(Math.ceil((bits * values.length) / 8) + 4 * scales.length);
      }),
      { seed: 1 },
    );
  });

  test("weights of which most are zero take a bit each and what is left", () => {
    const values = new Float32Array(80);
    values[7] = 1;
    values[79] = -2;
    const bytes = (grid?: Parameters<typeof encodeWeights>[1]) =>
      encodeWeights(values, grid).reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(bytes()).toBe(10 + 8);
    expect(bytes({ bits: 4, scales: Float32Array.of(1) })).toBe(10 + 1 + 4);
  });
});

describe("magnitude pruning", () => {
  const groups = fc.array(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 30 }), {
    minLength: 1,
    maxLength: 4,
  });

  test("exactly the share goes, and nothing that goes is larger than what stays", () => {
    fc.assert(
      fc.property(groups, fc.double({ min: 0, max: 1, noNaN: true }), (lists, sparsity) => {
        const arrays = lists.map((list) => Float32Array.from(list));
        const masks = magnitudeMasks(arrays, sparsity, "global");
        const flat = arrays.flatMap((array, i) =>
          Array.from(array, (x, k) => ({ size: Math.abs(x), stays: masks[i]![k] === 1 })),
        );
        const gone = flat.filter(({ stays }) => !stays).map(({ size }) => size);
        expect(gone.length).toBe(Math.round(sparsity * flat.length));
        const least = Math.min(...flat.filter(({ stays }) => stays).map(({ size }) => size));
        expect(Math.max(...gone, 0)).toBeLessThanOrEqual(least);
      }),
      { seed: 1 },
    );
  });

  test("by layer each loses its share", () => {
    const [large, small] = magnitudeMasks([Float32Array.of(9, 8, 7, 6), Float32Array.of(1, 2, 3, 4)], 0.5, "layer");
    expect([...large!, ...small!]).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
    const together = magnitudeMasks([Float32Array.of(9, 8, 7, 6), Float32Array.of(1, 2, 3, 4)], 0.5, "global");
    expect(together.flatMap((mask) => [...mask])).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("the cubic schedule begins steeply and ends flat", () => {
    const at = [0, 25, 50, 75, 100, 200].map((step) => cubicSparsity(step, 100, 0, 0.8));
    for (const [i, expected] of [0, 0.4625, 0.7, 0.7875, 0.8, 0.8].entries()) expect(at[i]).toBeCloseTo(expected, 12);
    expect(cubicSparsity(0, 0, 0.1, 0.8)).toBe(0.8);
  });
});

describe("low-rank factors", () => {
  const rows = 7;
  const columns = 5;
  const matrix = Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(1 + 3 * i + (i * i) / 7));
  const product = (left: Float32Array, right: Float32Array, rank: number, height: number, width: number) =>
    Array.from({ length: height * width }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += left[Math.floor(i / width) * rank + k]! * right[k * width + (i % width)]!;
      return sum;
    });

  test("singular values are those of numpy, of the matrix and of its transpose", () => {
    // numpy 2.4.6, numpy.linalg.svd
    const expected = [
      3.0889761394540773, 2.629428075403497, 2.43562173368856, 0.48766290541107715, 0.25257032504690186,
    ];
    const transposed = Float64Array.from(
      { length: rows * columns },
      (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!,
    );
    for (const { singularValues } of [factorsOf(matrix, rows, columns), factorsOf(transposed, columns, rows)])
      for (const [k, value] of expected.entries()) expect(singularValues[k]).toBeCloseTo(value, 10);
  });

  test("at full rank the product is the matrix, at less the error is that of the values left out", () => {
    const { left, right } = factorsOf(matrix, rows, columns);
    const error = (rank: number) =>
      Math.hypot(...product(left(rank), right(rank), rank, rows, columns).map((value, i) => value - matrix[i]!));
    expect(error(5)).toBeLessThan(1e-6);
    expect(error(2)).toBeCloseTo(2.4967699349408097, 5);
  });

  test("energy decides the rank", () => {
    const values = Float64Array.of(3, 2, 1, 0);
    expect([0.5, 9 / 14, 0.65, 13 / 14, 0.95, 1].map((energy) => rankOfEnergy(values, energy))).toEqual([
      1, 1, 2, 2, 3, 3,
    ]);
    expect(rankOfEnergy(Float64Array.of(0, 0), 0.9)).toBe(1);
  });
});
