import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fairnessReport } from "../../../src/metrics/index.ts";

describe("a fairness report", () => {
  test("counts each group by itself", () => {
    //            a  a  a  a  b  b  b  b  c
    const y = [1, 1, 0, 0, 1, 0, 0, 0, 1];
    const scores = [0.9, 0.4, 0.6, 0.1, 0.8, 0.7, 0.2, 0.1, 0.5];
    const report = fairnessReport(y, scores, [..."aaaabbbbc"]);
    const values = report.groups.map(
      ({ group, count, baseRate, selectionRate, truePositiveRate, falsePositiveRate, accuracy, auc }) => [
        ...[group, count, baseRate.value, selectionRate.value, truePositiveRate?.value ?? null],
        ...[falsePositiveRate?.value ?? null, accuracy.value, auc],
      ],
    );
    expect(values).toEqual([
      ["a", 4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75],
      ["b", 4, 0.25, 0.5, 1, expect.closeTo(1 / 3, 12), 0.75, 1],
      ["c", 1, 1, 1, 1, null, 1, null],
    ]);
    expect(report.selectionRateDifference).toBe(0.5);
    expect(report.selectionRateRatio).toBe(0.5);
    expect(report.truePositiveRateDifference).toBe(0.5);
    expect(report.falsePositiveRateDifference).toBeCloseTo(1 / 6, 12);
  });

  test("gives Wilson's intervals: 8 of 10 lie in 0.490 to 0.943", () => {
    const { groups } = fairnessReport(Array(10).fill(1), [...Array(8).fill(1), 0, 0], Array(10).fill("all"));
    expect(groups[0]!.truePositiveRate!.low).toBeCloseTo(0.490162, 6);
    expect(groups[0]!.truePositiveRate!.high).toBeCloseTo(0.943318, 6);
  });

  test("does not depend on the order of rows, and finds no difference between equal groups", () => {
    const rows = fc.array(fc.record({ y: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 8 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(rows, (half) => {
        const both = [...half.map((row) => ({ ...row, group: "a" })), ...half.map((row) => ({ ...row, group: "b" }))];
        const report = (list: typeof both) =>
          fairnessReport(
            list.map(({ y }) => y),
            list.map(({ score }) => score / 8),
            list.map(({ group }) => group),
          );
        const given = report(both);
        expect(report(both.toReversed())).toEqual(given);
        expect([given.selectionRateDifference, given.selectionRateRatio]).toEqual([0, 1]);
        expect([given.truePositiveRateDifference, given.falsePositiveRateDifference]).toEqual([0, 0]);
        for (const { selectionRate } of given.groups) {
          expect(selectionRate.low).toBeLessThanOrEqual(selectionRate.value + 1e-12);
          expect(selectionRate.high).toBeGreaterThanOrEqual(selectionRate.value - 1e-12);
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("refuses what it cannot count", () => {
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => fairnessReport([0, 1], [0, 1], ["a", "b"], { treshold: 0.3 } as never)).toThrow(/treshold.*threshold/);
    expect(() => fairnessReport([0, 1], [0, 1], ["a"])).toThrow(code("METRIC_LENGTH"));
    expect(() => fairnessReport([0, 2], [0, 1], ["a", "b"])).toThrow(code("METRIC_LABEL"));
    expect(() => fairnessReport([0, 1], [0, Number.NaN], ["a", "b"])).toThrow(code("METRIC_SCORE"));
    expect(() => fairnessReport([0, 1], [0, 1], ["a", "b"], { threshold: Number.NaN })).toThrow(code("METRIC_OPTION"));
  });
});
