import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { countsOf, trainedSampler } from "../../examples/application/trained-sampler.ts";
import { momentsOf, performance, portfolioProblem } from "../../examples/finance/portfolio.ts";
import { greedy } from "../../examples/finance/portfolio-study.ts";
import { type Prices, readPrices, splitInTime, withAssets } from "../../examples/finance/prices.ts";
import { samplePrices } from "../../examples/finance/sample-prices.ts";
import { enumerateProblem, Rng, readSamples, sampleQuality } from "../../src/index.ts";

const prices = samplePrices(7);

describe("prices", () => {
  test("of two days' returns have the mean and covariance that one computes by hand", () => {
    // Returns 10 %, -10 % and 0 %, 20 %.
    const two: Prices = {
      days: ["1", "2", "3"],
      assets: ["a", "b"],
      series: [Float64Array.of(100, 110, 99), Float64Array.of(50, 50, 60)],
    };
    const { mean, covariance } = momentsOf(two);
    expect(mean[0]).toBeCloseTo(0, 12);
    expect(mean[1]).toBeCloseTo(252 * 0.1, 12);
    expect(covariance[0]![0]).toBeCloseTo(252 * 0.02, 12);
    expect(covariance[1]![1]).toBeCloseTo(252 * 0.02, 12);
    expect(covariance[0]![1]).toBeCloseTo(252 * -0.02, 12);
    expect(covariance[1]![0]).toBe(covariance[0]![1]);
  });

  test("are parted in time: the later days have no say in the choice", () => {
    const [earlier, later] = splitInTime(prices, 0.6);
    expect([...earlier.days, ...later.days]).toEqual(prices.days);
    const changed: Prices = {
      ...prices,
      series: prices.series.map((one) => one.map((price, day) => (day < earlier.days.length ? price : 2 * price))),
    };
    expect(momentsOf(splitInTime(changed, 0.6)[0])).toEqual(momentsOf(earlier));
  });

  test("that are made up are positive, repeat themselves, and move together more within a sector", () => {
    expect(prices.series.flatMap((one) => [...one]).every((price) => price > 0)).toBe(true);
    expect(samplePrices(7)).toEqual(prices);
    expect(samplePrices(8).series).not.toEqual(prices.series);
    const { covariance } = momentsOf(prices);
    const correlation = (i: number, j: number) =>
      covariance[i]![j]! / Math.sqrt(covariance[i]![i]! * covariance[j]![j]!);
    const pairs = prices.assets.flatMap((_, i) => prices.assets.slice(0, i).map((_, j) => [i, j] as const));
    const meanOf = (inSector: boolean): number => {
      const some = pairs.filter(([i, j]) => (Math.floor(i / 4) === Math.floor(j / 4)) === inSector);
      return some.reduce((sum, [i, j]) => sum + correlation(i, j), 0) / some.length;
    };
    expect(meanOf(true)).toBeGreaterThan(meanOf(false) + 0.1);
    expect(meanOf(false)).toBeGreaterThan(0.1);
  });

  test("are read from a file with dates", () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-prices-"));
    const path = join(folder, "prices.csv");
    writeFileSync(path, "Date,A,B\n2020-01-01,1,2\n2020-01-02,1.5,3\n");
    const read = readPrices(path);
    expect([read.assets, read.days, read.series.map((one) => [...one])]).toEqual([
      ["A", "B"],
      ["2020-01-01", "2020-01-02"],
      [
        [1, 1.5],
        [2, 3],
      ],
    ]);
    for (const [code, text] of [
      ["DATA_COLUMN_UNKNOWN", "Day,A\n1,2\n"],
      ["DATA_SHAPE", "Date,A\n2020-01-01,2\n"],
      ["WINDOW_TIME", "Date,A,B\n2020-01-02,2,1\n2020-01-01,2,1\n"],
      ["DATA_NOT_FINITE", "Date,A,B\n2020-01-01,2,1\n2020-01-02,2,0\n"],
      ["DATA_COLUMN_TYPE", "Date,A,B\n2020-01-01,2,n/a\n"],
    ] as const) {
      writeFileSync(path, text);
      expect(() => readPrices(path, 2), code).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe("the portfolio problem", () => {
  const moments = momentsOf(withAssets(prices, [1, 4, 7, 11, 13, 18]));
  const problem = portfolioProblem(moments, { choose: 3, riskAversion: 4 });
  const exact = enumerateProblem(problem);

  test("costs what return and volatility of each choice say", () => {
    expect(exact.numFeasible).toBe(20);
    for (const [index, feasible] of exact.feasible.entries()) {
      if (feasible === 0) continue;
      const bits = index.toString(2).padStart(6, "0");
      const { yearly, volatility } = performance(moments, problem.chosen(bits));
      expect(problem.value(bits)).toBeCloseTo(2 * volatility ** 2 - yearly, 12);
    }
  });

  test("greedy choice takes as many as asked for, and the best one first", () => {
    const one = portfolioProblem(moments, { choose: 1, riskAversion: 4 });
    expect(greedy(one, 1)).toBe(enumerateProblem(one).optima[0]);
    expect(problem.isFeasible(greedy(problem, 3))).toBe(true);
  });

  test("a sampler that is trained keeps the rule, and draws better than before", () => {
    const sampler = trainedSampler(problem, Rng.seed(1));
    expect([sampler.params, sampler.evaluations]).toEqual([6, 1500]);
    const samples = readSamples(problem, sampler.draw(200, Rng.seed(2)));
    expect([samples.shots, samples.feasibleShare]).toEqual([200, 1]);
    expect(sampleQuality(samples, exact).optimumShare).toBeGreaterThan(0.5);
    expect(sampler.draw(200, Rng.seed(2))).toEqual(sampler.draw(200, Rng.seed(2)));
    expect(countsOf(3, () => Uint8Array.of(1, 0, 0))).toEqual({ "001": 3 });
  });
});
