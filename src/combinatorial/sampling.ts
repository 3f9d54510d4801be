import type { Circuit } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import { conditionalValueAtRisk, readSamples, type SampleSet } from "./samples.ts";

export interface SampledPoints {
  /** Counts by bitstring, one for each point. */
  readonly counts: readonly Readonly<Record<string, number>>[];
  readonly executions: number;
  readonly quantumSeconds: number;
}

/** Measures all qubits at each of M points [M, W] of the circuit's weights, in one job. */
export async function sampleAt(
  circuit: Circuit,
  points: readonly ArrayLike<number>[],
  options: {
    readonly provider: Backend;
    readonly shots: number;
    readonly seed: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<SampledPoints> {
  const { provider, shots, seed, signal } = options;
  const waiting = signal === undefined ? {} : { signal };
  const measured = circuit.extend((c) => c.measureAll("x"));
  const values = points.map((point) => Array.from(point));
  const job = await provider.sampler({ shots, seed }).run([{ circuit: measured, parameterValues: values }], waiting);
  const [result] = await job.result(waiting);
  const { executions, quantumSeconds } = await job.usage();
  return { counts: points.map((_, i) => result!.registers.x!.counts(i)), executions, quantumSeconds };
}

/**
 * Samples of a problem from its circuit, at one set of weights.
 * @param options.seed 0 by default
 * @throws ProblemError PROBLEM_BITS when the circuit has another number of qubits; what the backend throws
 */
export async function sampleProblem(
  problem: BinaryProblem,
  circuit: Circuit,
  weights: ArrayLike<number>,
  options: {
    readonly provider: Backend;
    readonly shots: number;
    readonly seed?: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<SampleSet & { readonly executions: number; readonly quantumSeconds: number }> {
  const { counts, ...costs } = await sampleAt(circuit, [weights], { seed: 0, ...options });
  return { ...readSamples(problem, counts[0]!), ...costs };
}

/** The conditional value at risk of a problem's values, constraints not counted, in counts. */
export function riskOf(problem: BinaryProblem, counts: Readonly<Record<string, number>>, alpha: number): number {
  const values = Object.entries(counts).map(([bits, count]) => ({ value: problem.value(bits), count }));
  return conditionalValueAtRisk(values, alpha);
}
