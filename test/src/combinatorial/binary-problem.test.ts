import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pauliKey } from "../../../circuits/index.ts";
import { BinaryProblem, enumerateProblem, type ProblemDescription } from "../../../src/index.ts";
import { golden } from "../../circuits/library/golden.ts";
import { allBits, problems, randomProblem } from "./problems.ts";

const runs = { seed: 3, numRuns: 60 };

/** The function, written out. */
const described: ProblemDescription = {
  variables: ["a", "b", "c"],
  constant: 1,
  linear: { a: -2, c: 0.5 },
  quadratic: [
    ["a", "b", 3],
    ["c", "a", -1],
    ["b", "b", 4],
  ],
};
const byHand = (a: number, b: number, c: number): number => 1 - 2 * a + 0.5 * c + 3 * a * b - a * c + 4 * b;

/** Constraints of a problem as a person reads them. */
const holds = (problem: BinaryProblem, bits: Uint8Array): boolean =>
  problem.constraints.every(({ kind, variables, coefficients, target }) => {
    const sum = variables.reduce((total, variable, i) => total + coefficients[i]! * bits[variable]!, 0);
    return kind === "at most one" ? sum <= 1 : sum === target;
  });

describe("a problem", () => {
  test("by names, by lists and by a matrix is the same function", () => {
    const named = BinaryProblem.from(described);
    const matrix = BinaryProblem.from({
      variables: 3,
      constant: 1,
      linear: [-2, 0, 0.5],
      quadratic: [
        [0, 1.5, -1],
        [1.5, 4, 0],
        [0, 0, 0],
      ],
    });
    for (const bits of allBits(3)) {
      const [c, b, a] = [...bits].map(Number) as [number, number, number];
      expect(named.value(bits)).toBeCloseTo(byHand(a, b, c), 14);
      expect(named.value([a, b, c])).toBeCloseTo(byHand(a, b, c), 14);
      expect(matrix.value(bits)).toBeCloseTo(byHand(a, b, c), 14);
    }
    expect(named.chosen("101")).toEqual(["a", "c"]);
    expect(named.chosen("001")).toEqual(["a"]);
    expect(matrix.variables).toEqual(["x0", "x1", "x2"]);
  });

  test("its Hamiltonian's diagonal is its value at every bitstring", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const n = problem.numVariables;
        const operator = problem.hamiltonian();
        expect(operator.isDiagonal).toBe(true);
        const matrix = operator.toMatrix();
        for (const [index, bits] of allBits(n).entries())
          expect(matrix[2 * index * (2 ** n + 1)]).toBeCloseTo(problem.value(bits), 10);
      }),
      runs,
    );
  });

  test.each(["maxcut_ring6", "maxcut_house5", "maxcut_3reg8", "maxcut_weighted4"])("golden %s", (id) => {
    const item = golden("hamiltonians", id) as ReturnType<typeof golden> & {
      readonly edges: readonly (readonly [number, number, number])[];
      readonly best_bitstrings_int: readonly number[];
      readonly max_energy: number;
    };
    const cut = BinaryProblem.from({
      variables: item.n,
      quadratic: item.edges.flatMap(([a, b, w]) => [
        [`x${a}`, `x${a}`, -w] as const,
        [`x${b}`, `x${b}`, -w] as const,
        [`x${a}`, `x${b}`, 2 * w] as const,
      ]),
    });
    const terms = cut.hamiltonian().simplify().terms;
    expect(new Set(terms.map(({ pauli }) => pauliKey(pauli)))).toEqual(new Set(item.terms.map(([key]) => key)));
    for (const { pauli, coefficient } of terms)
      expect(coefficient).toBeCloseTo(item.terms.find(([key]) => key === pauliKey(pauli))![1], 12);
    const exact = enumerateProblem(cut);
    expect(exact.best).toBeCloseTo(item.ground_energy, 12);
    expect(exact.worst).toBeCloseTo(item.max_energy, 12);
    expect(exact.optima.map((bits) => Number.parseInt(bits, 2))).toEqual(item.best_bitstrings_int);
  });

  test("penalties are 0 where a constraint holds, and dearer than any value where it does not", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { numVariables: n } = problem;
        const [low, high] = problem.bounds;
        const penalised = problem.penalised();
        expect(penalised.constraints).toEqual([]);
        const all = allBits(n).map((bits) => ({
          value: problem.value(bits),
          penalised: penalised.value(bits),
          feasible: holds(problem, problem.bits(bits)),
        }));
        const dearest = Math.max(...all.filter(({ feasible }) => feasible).map(({ value }) => value));
        for (const one of all) {
          expect(one.value).toBeGreaterThanOrEqual(low - 1e-12);
          expect(one.value).toBeLessThanOrEqual(high + 1e-12);
          if (one.feasible) expect(one.penalised).toBeCloseTo(one.value, 8);
          else expect(one.penalised).toBeGreaterThan(dearest);
        }
      }),
      runs,
    );
  });

  test("a weighted sum with fractions is safe by its nearest miss", () => {
    const problem = BinaryProblem.from({
      variables: ["a", "b", "c"],
      linear: [-1, 0, 2],
      constraints: [{ sum: { a: 0.5, b: 0.25, c: 0.3 }, equals: 0.55 }],
    });
    // b and c: the nearest miss is a, by 0.05.
    expect(enumerateProblem(problem).optima).toEqual(["110"]);
    expect(enumerateProblem(problem.penalised()).optima).toEqual(["110"]);
    const wide = BinaryProblem.from({
      variables: 21,
      linear: Array.from({ length: 21 }, () => 1),
      constraints: [{ sum: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x${i}`, 0.1])), equals: 1 }],
    });
    expect(() => wide.penaltyWeight()).toThrow(expect.objectContaining({ code: "PROBLEM_PENALTY" }));
    expect(wide.penalised({ weight: 3 }).constraints).toEqual([]);
  });

  test("what cannot be read is named", () => {
    const codes: readonly (readonly [string, unknown])[] = [
      ["PROBLEM_OPTION", { ...described, minimise: true }],
      ["PROBLEM_OPTION", 7],
      ["PROBLEM_VARIABLE", { variables: ["a", "a"] }],
      ["PROBLEM_VARIABLE", { variables: 0 }],
      ["PROBLEM_VARIABLE", { variables: 1.5 }],
      ["PROBLEM_VARIABLE", { ...described, linear: { z: 1 } }],
      ["PROBLEM_VARIABLE", { ...described, quadratic: [["a", "z", 1]] }],
      ["PROBLEM_NUMBER", { ...described, linear: [1, 2] }],
      ["PROBLEM_NUMBER", { ...described, linear: { a: Number.NaN } }],
      ["PROBLEM_NUMBER", { ...described, quadratic: [["a", "b", Number.POSITIVE_INFINITY]] }],
      ["PROBLEM_NUMBER", { ...described, quadratic: [[1, 2]] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ exactly: 4 }] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ exactly: 1, of: [] }] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ oneHot: ["a", "a"] }] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ atLeast: 2 }] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ exactly: 1, among: ["a"] }] }],
      ["PROBLEM_CONSTRAINT", { ...described, constraints: [{ sum: { a: 1 }, equals: Number.NaN }] }],
    ];
    for (const [code, description] of codes)
      expect(() => BinaryProblem.from(description as ProblemDescription), JSON.stringify(description)).toThrow(
        expect.objectContaining({ name: "ProblemError", code }),
      );
    const problem = BinaryProblem.from(described);
    for (const bits of ["01", "0121", "01x", "01 ", undefined as never, [0, 1], [0, 1, 2], [0, 1, 0.5]])
      expect(() => problem.value(bits)).toThrow(expect.objectContaining({ code: "PROBLEM_BITS" }));
  });
});

describe("enumerateProblem", () => {
  test("lists every value, and finds best and worst of what keeps the constraints", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const all = allBits(problem.numVariables);
        const kept = all.filter((bits) => holds(problem, problem.bits(bits)));
        if (kept.length === 0) {
          expect(() => enumerateProblem(problem)).toThrow(expect.objectContaining({ code: "PROBLEM_INFEASIBLE" }));
          return;
        }
        const exact = enumerateProblem(problem);
        for (const [index, bits] of all.entries()) {
          expect(exact.values[index]).toBeCloseTo(problem.value(bits), 10);
          expect(exact.feasible[index] === 1).toBe(kept.includes(bits));
        }
        expect(exact.numFeasible).toBe(kept.length);
        const values = kept.map((bits) => problem.value(bits));
        expect(exact.best).toBeCloseTo(Math.min(...values), 10);
        expect(exact.worst).toBeCloseTo(Math.max(...values), 10);
        expect(kept).toContain(exact.optima[0]);
        expect(problem.value(exact.optima[0]!)).toBeCloseTo(exact.best, 10);
      }),
      runs,
    );
  });
  test("refuses what is too large", () => {
    expect(() => enumerateProblem(randomProblem(21, 1))).toThrow(
      expect.objectContaining({ code: "PROBLEM_TOO_LARGE" }),
    );
    expect(enumerateProblem(randomProblem(16, 1)).values.length).toBe(65536);
  });
});
