import { ProblemError } from "../errors.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import type { Enumeration } from "./brute-force.ts";

/** An assignment that was measured. */
export interface Sample {
  /** The last variable leftmost. */
  readonly bits: string;
  readonly count: number;
  /** The function's value, whether or not constraints hold. */
  readonly value: number;
  readonly feasible: boolean;
}

export interface SampleSet {
  readonly shots: number;
  /** All distinct ones: feasible ones first, then by ascending value, then by text. */
  readonly samples: readonly Sample[];
  /** The feasible one with the lowest value; undefined where none is feasible. */
  readonly best: Sample | undefined;
  /** Which part of the shots keeps all constraints, 0 to 1. */
  readonly feasibleShare: number;
  /** The mean value of the feasible shots; undefined where there are none. */
  readonly mean: number | undefined;
}

/**
 * Reads counts, such as `counts()` of a sampler's register, as assignments of a problem.
 * @throws ProblemError PROBLEM_BITS
 */
export function readSamples(problem: BinaryProblem, counts: Readonly<Record<string, number>>): SampleSet {
  const samples = Object.entries(counts).map(([bits, count]): Sample => {
    return { bits, count, value: problem.value(bits), feasible: problem.isFeasible(bits) };
  });
  samples.sort((a, b) => Number(b.feasible) - Number(a.feasible) || a.value - b.value || (a.bits < b.bits ? -1 : 1));
  let [shots, kept, sum] = [0, 0, 0];
  for (const { count, value, feasible } of samples) {
    shots += count;
    if (!feasible) continue;
    kept += count;
    sum += count * value;
  }
  const [first] = samples;
  return {
    shots,
    samples,
    best: first?.feasible === true ? first : undefined,
    feasibleShare: shots === 0 ? 0 : kept / shots,
    mean: kept === 0 ? undefined : sum / kept,
  };
}

/**
 * (worst - value) / (worst - best) over the feasible assignments: 1 for an optimum, 0 for the worst of them, and 1 where all are alike.
 * Other definitions, such as value/best, depend on where the function's zero lies.
 */
export function approximationRatio({ best, worst }: Pick<Enumeration, "best" | "worst">, value: number): number {
  return worst === best ? 1 : (worst - value) / (worst - best);
}

/** How good samples are beside all assignments. Ratios are those of `approximationRatio`. */
export interface SampleQuality {
  /** Of the best feasible sample; 0 where none is feasible. */
  readonly bestRatio: number;
  /** Mean over the feasible shots; 0 where there are none. */
  readonly meanRatio: number;
  readonly feasibleShare: number;
  /** Which part of all shots is an optimum. */
  readonly optimumShare: number;
}

/** Holds samples against all assignments, as `enumerateProblem` lists them for the same problem. */
export function sampleQuality(
  { samples, shots, best, mean, feasibleShare }: SampleSet,
  exact: Enumeration,
): SampleQuality {
  const optima = new Set(exact.optima);
  const hits = samples.reduce((sum, { bits, count }) => sum + (optima.has(bits) ? count : 0), 0);
  return {
    // An optimum counts as 1 also where its value was summed in another order.
    bestRatio: best === undefined ? 0 : optima.has(best.bits) ? 1 : approximationRatio(exact, best.value),
    meanRatio: mean === undefined ? 0 : approximationRatio(exact, mean),
    feasibleShare,
    optimumShare: shots === 0 ? 0 : hits / shots,
  };
}

/**
 * Conditional value at risk: the mean of the lowest ceil(alpha·shots) values (Barkoutsos et al., Quantum 4, 256, 2020). 1 is the mean of
 * all; the smaller, the more only the best shots count.
 * @throws ProblemError PROBLEM_NUMBER unless 0 < alpha <= 1 and there is a shot
 */
export function conditionalValueAtRisk(samples: readonly Pick<Sample, "value" | "count">[], alpha: number): number {
  const shots = samples.reduce((sum, { count }) => sum + count, 0);
  if (!(alpha > 0 && alpha <= 1) || shots === 0)
    throw new ProblemError(
      "PROBLEM_NUMBER",
      `The conditional value at risk needs alpha above 0 and at most 1, not ${alpha}, and at least one shot of ${shots}.`,
    );
  const wanted = Math.ceil(alpha * shots);
  let [taken, sum] = [0, 0];
  for (const { value, count } of samples.toSorted((a, b) => a.value - b.value)) {
    const more = Math.min(count, wanted - taken);
    sum += more * value;
    taken += more;
  }
  return sum / wanted;
}
