import { ProblemError } from "../errors.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import { violation } from "./constraints.ts";

/** 2^20 values take 8 MB. */
const MAX_VARIABLES = 20;
/** Values closer than this, relative to the width of all of them, are one. */
const TIE = 1e-12;

/** All assignments of a problem. Index b has variable i at bit i. */
export interface Enumeration {
  /** The function's value of each assignment [2^n]. */
  readonly values: Float64Array;
  /** 1 where all constraints hold [2^n]. */
  readonly feasible: Uint8Array;
  readonly numFeasible: number;
  /** The lowest and the highest value of a feasible assignment. */
  readonly best: number;
  readonly worst: number;
  /** All feasible assignments with the lowest value, as bitstrings, the last variable leftmost. */
  readonly optima: readonly string[];
}

/**
 * Looks at every assignment of at most 20 variables. Each value is that of the assignment without its highest variable, plus what this
 * one adds, which is found in the same way: two additions an assignment, and no more than n² of them in any value.
 * @throws ProblemError PROBLEM_TOO_LARGE; PROBLEM_INFEASIBLE when no assignment keeps all constraints
 */
export function enumerateProblem(problem: BinaryProblem): Enumeration {
  const n = problem.numVariables;
  if (n > MAX_VARIABLES)
    throw new ProblemError(
      "PROBLEM_TOO_LARGE",
      `${n} variables have 2^${n} assignments; at most ${MAX_VARIABLES} variables are enumerated. simulatedAnnealing takes more.`,
    );
  const size = 2 ** n;
  const values = new Float64Array(size);
  const added = new Float64Array(size / 2);
  values[0] = problem.constant;
  for (let top = 0; top < n; top++) {
    const half = 2 ** top;
    added[0] = problem.linear[top]!;
    values[half] = values[0]! + added[0];
    for (let low = 0; low < top; low++) {
      const coupling = problem.couplings[top * n + low]!;
      for (let rest = 0; rest < 1 << low; rest++) {
        const at = (1 << low) + rest;
        added[at] = added[rest]! + coupling;
        values[half + at] = values[at]! + added[at]!;
      }
    }
  }
  const feasible = new Uint8Array(size).fill(1);
  const x = new Uint8Array(n);
  for (let index = 0; index < size && problem.constraints.length > 0; index++) {
    for (let i = 0; i < n; i++) x[i] = (index >>> i) & 1;
    for (const constraint of problem.constraints)
      if (violation(constraint, x) !== 0) {
        feasible[index] = 0;
        break;
      }
  }
  let [best, worst, numFeasible] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let index = 0; index < size; index++)
    if (feasible[index] === 1) {
      best = Math.min(best, values[index]!);
      worst = Math.max(worst, values[index]!);
      numFeasible++;
    }
  if (numFeasible === 0)
    throw new ProblemError("PROBLEM_INFEASIBLE", "No assignment keeps all constraints; they contradict each other.");
  const optima: string[] = [];
  for (let index = 0; index < size; index++)
    if (feasible[index] === 1 && values[index]! - best <= TIE * (worst - best))
      optima.push(index.toString(2).padStart(n, "0"));
  return { values, feasible, numFeasible, best, worst, optima };
}
