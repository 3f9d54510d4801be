import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frequenciesOf, GATES } from "../../../circuits/index.ts";
import { generalShiftRule, type ShiftTerm, shiftRule } from "../../../src/gradients/index.ts";

interface Polynomial {
  readonly at: (t: number) => number;
  readonly slope: (t: number) => number;
}

/** c + Σ a_l cos(Ω_l t) + b_l sin(Ω_l t) and its derivative. */
function polynomial(frequencies: readonly number[], c: number, ab: readonly (readonly [number, number])[]): Polynomial {
  const sum = (term: (f: number, a: number, b: number) => number): number =>
    frequencies.reduce((total, f, l) => total + term(f, ab[l]![0], ab[l]![1]), 0);
  return {
    at: (t) => c + sum((f, a, b) => a * Math.cos(f * t) + b * Math.sin(f * t)),
    slope: (t) => sum((f, a, b) => f * (b * Math.cos(f * t) - a * Math.sin(f * t))),
  };
}

const apply = (rule: readonly ShiftTerm[], f: (t: number) => number, t: number): number =>
  rule.reduce((sum, { coefficient, shift }) => sum + coefficient * f(t + shift), 0);

const unit = fc.double({ min: -1, max: 1, noNaN: true });
const coefficients = fc.array(fc.tuple(unit, unit), { minLength: 6, maxLength: 6 });
const angle = fc.double({ min: -10, max: 10, noNaN: true });

function expectExact(frequencies: readonly number[]): void {
  const rule = shiftRule(frequencies);
  expect(rule.length).toBe(2 * frequencies.length);
  fc.assert(
    fc.property(unit, coefficients, angle, (c, ab, t) => {
      const { at, slope } = polynomial(frequencies, c, ab);
      expect(Math.abs(apply(rule, at, t) - slope(t))).toBeLessThan(1e-9);
    }),
    { numRuns: 20, seed: 1 },
  );
}

describe("shiftRule", () => {
  test("is the two-term rule for one frequency", () => {
    expect(shiftRule([1])).toEqual([
      { coefficient: expect.closeTo(0.5, 15), shift: Math.PI / 2 },
      { coefficient: expect.closeTo(-0.5, 15), shift: -Math.PI / 2 },
    ]);
    const [plus] = shiftRule([2]);
    expect(plus!.coefficient).toBeCloseTo(1, 14);
    expect(plus!.shift).toBeCloseTo(Math.PI / 4, 14);
  });

  test("is the four-term rule (√2±1)/(4√2) at π/2 and 3π/2 for frequencies 1/2 and 1", () => {
    const [a, , b] = shiftRule([0.5, 1]);
    expect(a!.shift).toBeCloseTo(Math.PI / 2, 14);
    expect(a!.coefficient).toBeCloseTo((Math.SQRT2 + 1) / (4 * Math.SQRT2), 14);
    expect(b!.shift).toBeCloseTo((3 * Math.PI) / 2, 14);
    expect(b!.coefficient).toBeCloseTo(-(Math.SQRT2 - 1) / (4 * Math.SQRT2), 14);
  });

  test("has no term for a parameter without effect", () => {
    expect(shiftRule([])).toEqual([]);
  });

  test.each([
    [[1]],
    [[0.5, 1]],
    [[1, 2]],
    [[0.5, 1, 1.5, 2, 2.5]],
    [[1, 2, 3, 4, 5, 6]],
    [[1, 3]],
    [[0.3, 1]],
    [[1, 1.1]],
  ])("is exact for frequencies %j", expectExact);

  test("is exact for frequencies of any spacing, in any order", () => {
    const frequencies = fc
      .uniqueArray(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 5 })
      .map((numbers) => numbers.map((n) => n / 4));
    fc.assert(fc.property(frequencies, expectExact), { numRuns: 25, seed: 2 });
  });

  test("is exact for every parameter of the gate table", () => {
    const all = Object.values(GATES).flatMap(({ harmonics }) => harmonics.map((one) => frequenciesOf(one)));
    expect(all.length).toBeGreaterThan(20);
    for (const frequencies of new Map(all.map((one) => [one.join(), one])).values()) expectExact(frequencies);
  });

  test("amplifies noise no more than it must: Σ coefficient² is R-independent in its leading factor", () => {
    // Wierichs et al.: with equal noise the equidistant rule has Σ |coefficient| = R for unit spacing.
    for (const R of [1, 2, 3, 8])
      expect(
        shiftRule(Array.from({ length: R }, (_, i) => i + 1)).reduce((sum, t) => sum + Math.abs(t.coefficient), 0),
      ).toBeCloseTo(R, 10);
  });

  test.each([[[0]], [[-1]], [[1, 1]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])(
    "refuses frequencies %j",
    (bad) => {
      expect(() => shiftRule(bad)).toThrow(expect.objectContaining({ code: "SHIFT_RULE_FREQUENCIES" }));
    },
  );
});

describe("generalShiftRule", () => {
  test("is exact for chosen shifts", () => {
    const frequencies = [1, 2.5];
    const rule = generalShiftRule(frequencies, [0.4, 1.1]);
    const { at, slope } = polynomial(frequencies, 0.2, [
      [0.3, -0.7],
      [0.9, 0.1],
    ]);
    for (const t of [-2, 0, 0.3, 5]) expect(apply(rule, at, t)).toBeCloseTo(slope(t), 11);
  });

  test.each([
    [
      [1, 2],
      [Math.PI, 1],
    ],
    [[1, 2], [0.5]],
    [
      [1, 2],
      [0.5, 0.5],
    ],
  ])("refuses frequencies %j with shifts %j", (frequencies, shifts) => {
    expect(() => generalShiftRule(frequencies, shifts)).toThrow(
      expect.objectContaining({ code: "SHIFT_RULE_SINGULAR" }),
    );
  });
});
