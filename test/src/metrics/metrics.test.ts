import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  bestThreshold,
  calibrationCurve,
  confusionMatrix,
  f1,
  logLoss,
  mae,
  meanAndSpread,
  precision,
  predictedClasses,
  r2,
  ratesAtThreshold,
  rmse,
  rocAuc,
  rocCurve,
  sensitivity,
  specificity,
} from "../../../src/metrics/index.ts";

/** Computed by scikit-learn; see make.py beside the file. */
const truth = JSON.parse(readFileSync(new URL("../../fixtures/metrics/sklearn.json", import.meta.url), "utf8"));
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 12);
};
/** Both classes, and scores of few values so that there are ties. */
const scored = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 12 })), { minLength: 1, maxLength: 40 })
  .map((rows) => [...rows, [0, 5] as const, [1, 6] as const])
  .map((rows) => ({ y: rows.map(([label]) => label), scores: rows.map(([, score]) => score / 12) }));

describe("binary metrics", () => {
  test.each([0, 1, 2, 3])("agree with scikit-learn (case %i)", (index) => {
    const wanted = truth.binary[index];
    const { y, p } = wanted;
    expect(rocAuc(y, p)).toBeCloseTo(wanted.rocAuc, 12);
    const curve = rocCurve(y, p);
    close(curve.falsePositiveRate, wanted.fpr);
    close(curve.truePositiveRate, wanted.tpr);
    const rates = ratesAtThreshold(y, p, 0.5);
    for (const name of ["sensitivity", "specificity", "precision", "f1", "accuracy"] as const)
      expect(rates[name], name).toBeCloseTo(wanted[name], 12);
    expect([sensitivity(y, p, 0.5), specificity(y, p, 0.5), precision(y, p, 0.5)]).toEqual([
      rates.sensitivity,
      rates.specificity,
      rates.precision,
    ]);
    const calibration = calibrationCurve(y, p, { bins: 7 });
    close(
      calibration.bins.map((bin) => bin.meanProbability),
      wanted.meanProbability,
    );
    close(
      calibration.bins.map((bin) => bin.positiveFraction),
      wanted.positiveFraction,
    );
    expect(calibration.brierScore).toBeCloseTo(wanted.brier, 12);
    expect(logLoss(y, p)).toBeCloseTo(wanted.logLoss, 12);
  });

  test("the area is the share of pairs in the right order, ties half, and that under the curve", () => {
    fc.assert(
      fc.property(scored, ({ y, scores }) => {
        let right = 0;
        let pairs = 0;
        for (const [i, label] of y.entries())
          for (const [j, other] of y.entries())
            if (label === 1 && other === 0) {
              pairs++;
              right += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
            }
        expect(rocAuc(y, scores)).toBeCloseTo(right / pairs, 12);
        const { falsePositiveRate: x, truePositiveRate: t } = rocCurve(y, scores);
        let area = 0;
        for (let i = 1; i < x.length; i++) area += ((x[i]! - x[i - 1]!) * (t[i]! + t[i - 1]!)) / 2;
        expect(area).toBeCloseTo(right / pairs, 12);
        expect([x[0], t[0], x.at(-1), t.at(-1)]).toEqual([0, 0, 1, 1]);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test.each(["youden", "f1"] as const)("no threshold is better than the best by %s", (by) => {
    fc.assert(
      fc.property(scored, fc.double({ min: 0, max: 1, noNaN: true }), ({ y, scores }, other) => {
        const judge = (threshold: number) => {
          const rates = ratesAtThreshold(y, scores, threshold);
          return by === "f1" ? rates.f1 : rates.sensitivity + rates.specificity - 1;
        };
        const { threshold, value } = bestThreshold(y, scores, { by });
        expect(judge(threshold)).toBeCloseTo(value, 10);
        for (const candidate of [other, ...scores, 2]) expect(judge(candidate)).toBeLessThanOrEqual(value + 1e-10);
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  test("class 1 is the positive one, and scores speak for it", () => {
    const [truth, scores] = [
      [0, 1, 1, 0, 1],
      [0.1, 0.9, 0.4, 0.2, 0.6],
    ];
    expect(ratesAtThreshold(truth, scores, 0.5)).toMatchObject({ sensitivity: 2 / 3, specificity: 1 });
    expect(rocAuc(truth, scores)).toBe(1);
    expect(f1(truth, [0, 1, 0, 0, 1])).toBeCloseTo(0.8, 15);
  });

  test("the best threshold lies between the scores that it parts, also where no number does", () => {
    expect(bestThreshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9])).toEqual({ threshold: 0.4, value: 1 });
    const above = 0.2 + Number.EPSILON / 8;
    expect(bestThreshold([0, 1], [0.2, above])).toEqual({ threshold: above, value: 1 });
  });

  test("no positive prediction has no precision, and bins hold their upper edge", () => {
    expect(precision([0, 1], [0.2, 0.3], 0.5)).toBeNull();
    const { bins } = calibrationCurve([0, 1, 1, 0], [0, 0.1, 0.3, 1]);
    expect(bins.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0, 0.1, 2],
      [0.2, 0.3, 1],
      [0.9, 1, 1],
    ]);
  });

  test.each([10, 30, 100, 7])(
    "an edge belongs to the bin below it, whatever the product of it and %i rounds to",
    (bins) => {
      const edges = Array.from({ length: bins }, (_, i) => (i + 1) / bins);
      const labels = edges.map((_, i) => i % 2);
      const filled = calibrationCurve(labels, edges, { bins }).bins;
      expect(filled.map(({ high, count }) => [high, count])).toEqual(edges.map((edge) => [edge, 1]));
      const above = edges.slice(0, -1).map((edge) => edge * (1 + Number.EPSILON));
      const next = calibrationCurve(labels.slice(1), above, { bins }).bins;
      expect(next.map(({ low, count }) => [low, count])).toEqual(edges.slice(0, -1).map((edge) => [edge, 1]));
    },
  );

  test("expected calibration error: 0 where frequencies match, the gap where they do not", () => {
    expect(calibrationCurve([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]).expectedCalibrationError).toBe(0);
    expect(calibrationCurve([1, 1, 0, 0], [0.9, 0.9, 0.2, 0.2]).expectedCalibrationError).toBeCloseTo(0.15, 12);
  });
});

describe("metrics of several classes", () => {
  test("agree with scikit-learn", () => {
    const { y, said, probabilities, confusion, ...wanted } = truth.multiclass;
    expect(confusionMatrix(y, said).map((row) => [...row])).toEqual(confusion);
    expect(f1(y, said, { average: "macro" })).toBeCloseTo(wanted.macroF1, 12);
    expect(accuracy(y, said)).toBeCloseTo(wanted.accuracy, 12);
    expect(logLoss(y, probabilities)).toBeCloseTo(wanted.logLoss, 12);
  });

  test("rows of the matrix are true classes, columns predicted ones", () => {
    expect(confusionMatrix([0, 0, 1], [1, 0, 1], { numClasses: 3 })).toEqual([
      Int32Array.of(1, 1, 0),
      Int32Array.of(0, 1, 0),
      Int32Array.of(0, 0, 0),
    ]);
  });

  test("the predicted class has the highest score, the first of equal ones", () => {
    expect([...predictedClasses([0.1, 0.7, 0.2, 0.4, 0.2, 0.4, -3, -2, -1], 3)]).toEqual([1, 0, 2]);
  });
});

describe("regression metrics", () => {
  test("agree with scikit-learn and numpy", () => {
    const { y, said, ...wanted } = truth.regression;
    expect(rmse(y, said)).toBeCloseTo(wanted.rmse, 12);
    expect(mae(y, said)).toBeCloseTo(wanted.mae, 12);
    expect(r2(y, said)).toBeCloseTo(wanted.r2, 12);
    expect(meanAndSpread(y).spread).toBeCloseTo(wanted.spread, 12);
  });

  test("a single value has no spread", () => {
    expect(meanAndSpread([4])).toEqual({ mean: 4, spread: null });
    expect(meanAndSpread([1, 3])).toEqual({ mean: 2, spread: Math.SQRT2 });
  });
});

test.each([
  ["another number of predictions", () => accuracy([0, 1], [0]), "METRIC_LENGTH"],
  ["no row", () => rmse([], []), "METRIC_LENGTH"],
  ["no value", () => meanAndSpread([]), "METRIC_LENGTH"],
  ["half a row of probabilities", () => logLoss([0, 1], [0.5, 0.5, 1]), "METRIC_LENGTH"],
  ["no row of probabilities", () => logLoss([], []), "METRIC_LENGTH"],
  ["half a row of scores", () => predictedClasses([1, 2, 3], 2), "METRIC_LENGTH"],
  ["half a class", () => accuracy([0.5], [0]), "METRIC_LABEL"],
  ["a class below 0", () => confusionMatrix([0], [-1]), "METRIC_LABEL"],
  ["more classes than were named", () => confusionMatrix([0], [2], { numClasses: 2 }), "METRIC_LABEL"],
  ["a third class for a binary F1", () => f1([0, 2], [0, 1]), "METRIC_LABEL"],
  ["a third class for an area", () => rocAuc([0, 2], [0, 1]), "METRIC_LABEL"],
  ["a score that is NaN", () => rocAuc([0, 1], [0, Number.NaN]), "METRIC_SCORE"],
  ["a class score that is NaN", () => predictedClasses([Number.NaN, 1], 2), "METRIC_SCORE"],
  ["a probability above 1", () => calibrationCurve([0, 1], [0, 1.1]), "METRIC_SCORE"],
  ["probabilities that do not sum to 1", () => logLoss([0], [0.5, 0.6]), "METRIC_SCORE"],
  ["one class for an area", () => rocAuc([1, 1], [0, 1]), "METRIC_UNDEFINED"],
  ["one class for rates", () => sensitivity([0, 0], [0, 1], 0.5), "METRIC_UNDEFINED"],
  ["an F1 without positives", () => f1([0, 0], [0, 0]), "METRIC_UNDEFINED"],
  ["R² of a constant", () => r2([0.1, 0.1, 0.1], [1, 2, 3]), "METRIC_UNDEFINED"],
  ["an unknown average", () => f1([0], [1], { average: "micro" as never }), "METRIC_OPTION"],
  ["an unknown option", () => f1([0], [1], { mean: "macro" } as never), "METRIC_OPTION"],
  ["an unknown way to choose", () => bestThreshold([0, 1], [0, 1], { by: "cost" as never }), "METRIC_OPTION"],
  ["no bins", () => calibrationCurve([0, 1], [0, 1], { bins: 0 }), "METRIC_OPTION"],
  ["a threshold that is NaN", () => ratesAtThreshold([0, 1], [0, 1], Number.NaN), "METRIC_OPTION"],
])("refuses %s", (_name, make, expected) => {
  expect(make).toThrowError(code(expected));
});
