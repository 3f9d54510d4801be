import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import {
  approximationRatio,
  BinaryProblem,
  conditionalValueAtRisk,
  enumerateProblem,
  interpolatedAngles,
  keptGroups,
  rampAngles,
  randomAssignment,
  readSamples,
  sampleQuality,
  simulatedAnnealing,
} from "../../../src/index.ts";
import { randomProblem } from "./problems.ts";

/** Two of three: values a 1, b 2, c 4. */
const problem = BinaryProblem.from({ variables: ["a", "b", "c"], linear: [1, 2, 4], constraints: [{ exactly: 2 }] });

describe("samples", () => {
  test("are judged by the feasible ones, and all are kept", () => {
    const samples = readSamples(problem, { "011": 5, "101": 3, "110": 1, "000": 6, "111": 1 });
    expect(samples.shots).toBe(16);
    expect(samples.samples.map(({ bits }) => bits)).toEqual(["011", "101", "110", "000", "111"]);
    expect(samples.best).toEqual({ bits: "011", count: 5, value: 3, feasible: true });
    expect(samples.feasibleShare).toBe(9 / 16);
    expect(samples.mean).toBeCloseTo((5 * 3 + 3 * 5 + 6) / 9, 14);
    const quality = sampleQuality(samples, enumerateProblem(problem));
    expect(quality.bestRatio).toBe(1);
    expect(quality.meanRatio).toBeCloseTo((6 - 4) / (6 - 3), 14);
    expect(quality.optimumShare).toBe(5 / 16);
  });
  test("of which none is feasible have no answer", () => {
    const samples = readSamples(problem, { "000": 4 });
    expect([samples.best, samples.mean, samples.feasibleShare]).toEqual([undefined, undefined, 0]);
    expect(sampleQuality(samples, enumerateProblem(problem))).toEqual({
      ...{ bestRatio: 0, meanRatio: 0, feasibleShare: 0, optimumShare: 0 },
    });
  });
  test("the ratio is 1 at the best, 0 at the worst, and does not depend on the zero or the unit", () => {
    const scaled = { best: 3 * 7 - 100, worst: 6 * 7 - 100 };
    for (const value of [3, 4.5, 6])
      expect(approximationRatio(scaled, value * 7 - 100)).toBeCloseTo(
        approximationRatio({ best: 3, worst: 6 }, value),
        14,
      );
    expect(approximationRatio({ best: 3, worst: 6 }, 3)).toBe(1);
    expect(approximationRatio({ best: 3, worst: 6 }, 6)).toBe(0);
    expect(approximationRatio({ best: 3, worst: 3 }, 3)).toBe(1);
  });
  test("the conditional value at risk is the mean of the lowest shots", () => {
    const samples = [
      { value: 5, count: 2 },
      { value: 1, count: 1 },
      { value: 3, count: 2 },
    ];
    expect(conditionalValueAtRisk(samples, 1)).toBeCloseTo((1 + 3 + 3 + 5 + 5) / 5, 14);
    expect(conditionalValueAtRisk(samples, 0.4)).toBe(2);
    expect(conditionalValueAtRisk(samples, 0.01)).toBe(1);
    expect(conditionalValueAtRisk(samples, 0.41)).toBeCloseTo((1 + 3 + 3) / 3, 14);
    for (const alpha of [0, 1.1, Number.NaN])
      expect(() => conditionalValueAtRisk(samples, alpha)).toThrow(expect.objectContaining({ code: "PROBLEM_NUMBER" }));
  });
});

describe("angles", () => {
  test("a ramp switches the cost on and the mixer off", () => {
    expect([...rampAngles(2, 0.8)]).toEqual([0.2, 0.6000000000000001, -0.6000000000000001, -0.19999999999999996]);
    expect(() => rampAngles(0)).toThrow(expect.objectContaining({ code: "PROBLEM_NUMBER" }));
  });
  test("INTERP keeps ends and straight lines", () => {
    // Zhou et al., appendix B: one layer becomes two like ones; a straight schedule of three stays straight.
    expect([...interpolatedAngles([0.3, -0.5])]).toEqual([0.3, 0.3, -0.5, -0.5]);
    const grown = interpolatedAngles([1, 2, 3, -3, -2, -1]);
    [1, 5 / 3, 7 / 3, 3, -3, -7 / 3, -5 / 3, -1].forEach((value, i) => {
      expect(grown[i]).toBeCloseTo(value, 14);
    });
    expect(() => interpolatedAngles([1, 2, 3])).toThrow(expect.objectContaining({ code: "PROBLEM_NUMBER" }));
  });
});

describe("classical measures", () => {
  test("groups are those that no other one shares a variable with", () => {
    const grouped = randomProblem(5, 1, [
      { atMostOne: ["x0", "x1"] },
      { oneHot: ["x0", "x2"] },
      { exactly: 2, of: ["x2", "x3", "x4"] },
      { exactly: 1, of: ["x3", "x4"] },
    ]);
    expect(keptGroups(grouped).map(({ qubits, ones }) => [qubits, ones])).toEqual([
      [[0, 2], 1],
      [[3, 4], 1],
    ]);
  });
  test("a random assignment is uniform over what keeps the groups", () => {
    const choice = randomProblem(4, 1, [{ exactly: 2 }]);
    const rng = Rng.seed(4);
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const bits = randomAssignment(choice, rng).join("");
      counts.set(bits, (counts.get(bits) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Five standard deviations of a count with mean 1000.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
  test("annealing finds the optimum of small problems, keeps their constraints, and repeats itself", () => {
    for (let seed = 0; seed < 10; seed++) {
      const hard = randomProblem(10, seed, [
        { exactly: 4, of: ["x0", "x1", "x2", "x3", "x4", "x5", "x6"] },
        { atMostOne: ["x1", "x8"] },
      ]);
      const found = simulatedAnnealing(hard, { sweeps: 200, restarts: 3, seed });
      expect(found.feasible).toBe(true);
      expect(hard.value(found.bits)).toBeCloseTo(found.value, 10);
      expect(found.value).toBeCloseTo(enumerateProblem(hard).best, 10);
      expect(simulatedAnnealing(hard, { sweeps: 200, restarts: 3, seed })).toEqual(found);
    }
    expect(() => simulatedAnnealing(problem, { sweeps: 0 })).toThrow(
      expect.objectContaining({ code: "PROBLEM_NUMBER" }),
    );
    expect(() => simulatedAnnealing(problem, { steps: 4 } as never)).toThrow(
      expect.objectContaining({ code: "PROBLEM_OPTION" }),
    );
  });
});
