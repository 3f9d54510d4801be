import type { Rng } from "../../circuits/index.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import type { Constraint } from "./constraints.ts";

/** A group of variables of which exactly `ones` are 1. */
export interface KeptGroup {
  readonly constraint: Constraint;
  readonly qubits: readonly number[];
  readonly ones: number;
}

/**
 * The constraints that moves within groups can keep by themselves: those of kind "exactly" (one-hot ones, too), in order, as long as they
 * share no variable with one before.
 */
export function keptGroups(problem: BinaryProblem): readonly KeptGroup[] {
  const taken = new Set<number>();
  const groups: KeptGroup[] = [];
  for (const constraint of problem.constraints) {
    const { kind, variables, target } = constraint;
    if (kind !== "exactly" || variables.some((variable) => taken.has(variable))) continue;
    for (const variable of variables) taken.add(variable);
    groups.push({ constraint, qubits: variables, ones: target });
  }
  return groups;
}

/** The variables in no group, ascending. */
export function freeVariables(problem: BinaryProblem, groups: readonly KeptGroup[]): readonly number[] {
  const taken = new Set(groups.flatMap(({ qubits }) => qubits));
  return Array.from({ length: problem.numVariables }, (_, i) => i).filter((i) => !taken.has(i));
}

/** Uniform over the assignments that keep the groups; variables in none are 0 or 1 alike. [n] */
export function randomAssignment(
  problem: BinaryProblem,
  rng: Rng,
  groups: readonly KeptGroup[] = keptGroups(problem),
): Uint8Array {
  const bits = new Uint8Array(problem.numVariables);
  for (const { qubits, ones } of groups)
    for (const place of rng.permutation(qubits.length).subarray(0, ones)) bits[qubits[place]!] = 1;
  for (const variable of freeVariables(problem, groups)) bits[variable] = rng.uint32() >>> 31;
  return bits;
}

/** As a bitstring, the last variable leftmost. */
export function bitstring(bits: ArrayLike<number>): string {
  return Array.from(bits).reverse().join("");
}
