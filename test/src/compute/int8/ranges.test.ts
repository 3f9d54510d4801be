import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../../circuits/index.ts";
import { dequantizeValues, quantizeValues, rangeOf, scaleOf } from "../../../../src/compute/int8/index.ts";

const values = fc
  .array(fc.float({ min: Math.fround(-1e6), max: Math.fround(1e6), noNaN: true }), { minLength: 1, maxLength: 50 })
  .map((list) => Float32Array.from(list));

describe("ranges of integers", () => {
  test("with the range of the largest number, rounding is off by half a step at most", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 8 }), (list, bits) => {
        const range = rangeOf(list, false, { method: "min-max", percentile: 100, bits });
        const back = dequantizeValues(quantizeValues(list, range), range);
        for (const [i, value] of list.entries())
          expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual((range.scale / 2) * (1 + 1e-4));
      }),
      { seed: 1 },
    );
  });

  test("the scale of least error is never worse than the largest number's", () => {
    fc.assert(
      fc.property(values, (list) => {
        const limits = { low: -7, high: 7 };
        const error = (method: "mse" | "min-max"): number => {
          const range = { ...limits, scale: scaleOf(list, limits, { method, percentile: 100 }) };
          return dequantizeValues(quantizeValues(list, range), range).reduce(
            (sum, x, i) => sum + (x - list[i]!) ** 2,
            0,
          );
        };
        expect(error("mse")).toBeLessThanOrEqual(error("min-max") * (1 + 1e-4) + 1e-30);
      }),
      { seed: 1 },
    );
  });

  test("for numbers of a normal distribution the bound of least error is the known one", () => {
    const rng = Rng.seed(3);
    const normal = Float32Array.from({ length: 10_000 }, () => rng.normal());
    const scale = scaleOf(normal, { low: -7, high: 7 }, { method: "mse", percentile: 100 });
    // Best uniform quantiser of 16 levels for N(0, 1): step 0.3352 (Max, 1960); ours has the 15 with a zero.
    expect(scale).toBeGreaterThan(0.32);
    expect(scale).toBeLessThan(0.38);
  });

  test("a percentile cuts off what is beyond it", () => {
    const list = Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1e6 : i / 1000));
    expect(scaleOf(list, { low: -127, high: 127 }, { method: "percentile", percentile: 99 })).toBeCloseTo(
      0.99 / 127,
      5,
    );
  });

  test("without a sign all bits count, up to 127", () => {
    const list = Float32Array.of(0, 3);
    const options = { method: "min-max", percentile: 100 } as const;
    expect(rangeOf(list, true, { ...options, bits: 4 })).toEqual({ scale: Math.fround(3 / 15), low: 0, high: 15 });
    expect(rangeOf(list, true, { ...options, bits: 8 })).toEqual({ scale: Math.fround(3 / 127), low: 0, high: 127 });
    expect(rangeOf(list, false, { ...options, bits: 4 })).toEqual({ scale: Math.fround(3 / 7), low: -7, high: 7 });
  });
});
