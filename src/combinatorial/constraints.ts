import { describeValue } from "../../circuits/index.ts";
import { ProblemError } from "../errors.ts";

/**
 * What an assignment must fulfil, in plain words: exactly so many of the variables are 1 (of all, where none are named); exactly one of
 * them; at most one of them; or a weighted sum of them has a value.
 */
export type ConstraintDescription =
  | { readonly exactly: number; readonly of?: readonly string[] }
  | { readonly oneHot: readonly string[] }
  | { readonly atMostOne: readonly string[] }
  | { readonly sum: Readonly<Record<string, number>>; readonly equals: number };

/** A constraint over variables by index. */
export interface Constraint {
  readonly kind: "exactly" | "at most one" | "sum";
  readonly variables: readonly number[];
  /** One for each of `variables`; all 1 but for a sum. */
  readonly coefficients: readonly number[];
  /** What the sum must be, and at most for "at most one". */
  readonly target: number;
}

/** Sums that differ by less, relative to their largest coefficient, are equal. */
const TOLERANCE = 1e-9;
/** The subsets of more variables are too many to look at. */
const MAX_ENUMERATED = 20;

/** @throws ProblemError PROBLEM_CONSTRAINT, PROBLEM_VARIABLE */
export function readConstraint(
  description: ConstraintDescription,
  number: number,
  indexOf: (name: string) => number,
  numVariables: number,
): Constraint {
  const fail = (what: string): never => {
    throw new ProblemError(
      "PROBLEM_CONSTRAINT",
      `Constraint ${number} ${what}; give { exactly: 2, of: ["a", "b", "c"] }, { oneHot: [...] }, { atMostOne: [...] } or { sum: { a: 1, b: 2 }, equals: 2 }.`,
    );
  };
  if (typeof description !== "object" || description === null) fail(`is ${describeValue(description)}`);
  const kinds = ["exactly", "oneHot", "atMostOne", "sum"].filter((kind) => kind in description);
  const fields: Readonly<Record<string, readonly string[]>> = { exactly: ["of"], sum: ["equals"] };
  const odd = Object.keys(description).find((key) => key !== kinds[0] && !(fields[kinds[0]!] ?? []).includes(key));
  if (kinds.length !== 1 || odd !== undefined) fail(odd === undefined ? "is of no known kind" : `has "${odd}"`);
  const members = (names: unknown): readonly number[] => {
    if (!Array.isArray(names) || names.length === 0) return fail("names no variables");
    const variables = names.map((name) => indexOf(name as string));
    if (new Set(variables).size !== variables.length) fail("names a variable twice");
    return variables;
  };
  const counted = (kind: Constraint["kind"], variables: readonly number[], target: number): Constraint =>
    Object.freeze({ kind, variables, coefficients: variables.map(() => 1), target });
  if ("exactly" in description) {
    const { exactly, of } = description;
    const variables = of === undefined ? Array.from({ length: numVariables }, (_, i) => i) : members(of);
    if (!Number.isSafeInteger(exactly) || exactly < 0 || exactly > variables.length)
      fail(`asks for exactly ${describeValue(exactly)} of ${variables.length}`);
    return counted("exactly", variables, exactly);
  }
  if ("oneHot" in description) return counted("exactly", members(description.oneHot), 1);
  if ("atMostOne" in description) return counted("at most one", members(description.atMostOne), 1);
  const { sum, equals } = description;
  if (typeof sum !== "object" || sum === null) fail("has no sum");
  const coefficients = Object.values(sum);
  if (![...coefficients, equals].every((value) => Number.isFinite(value))) fail("has a number that is not finite");
  return Object.freeze({ kind: "sum", variables: members(Object.keys(sum)), coefficients, target: equals });
}

/**
 * By how much `x` [n] of 0 and 1 breaks the constraint: the square of the sum's distance from its target, and for "at most one" the
 * number of pairs that are both 1. Both are quadratic in x.
 */
export function violation({ kind, variables, coefficients, target }: Constraint, x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < variables.length; i++) if (x[variables[i]!] === 1) sum += coefficients[i]!;
  if (kind === "at most one") return (sum * (sum - 1)) / 2;
  const distance = sum - target;
  return Math.abs(distance) <= TOLERANCE * scaleOf(coefficients, target) ? 0 : distance * distance;
}

function scaleOf(coefficients: readonly number[], target: number): number {
  return coefficients.reduce((most, value) => Math.max(most, Math.abs(value)), Math.abs(target));
}

/**
 * The smallest violation of an assignment that breaks the constraint: 1 where all numbers are whole, else found among all sums of up to
 * 20 variables. Undefined where there are more.
 */
export function smallestViolation({ coefficients, target }: Constraint): number | undefined {
  if ([...coefficients, target].every(Number.isSafeInteger)) return 1;
  if (coefficients.length > MAX_ENUMERATED) return undefined;
  const atol = TOLERANCE * scaleOf(coefficients, target);
  const sums = new Float64Array(2 ** coefficients.length);
  let smallest = Number.POSITIVE_INFINITY;
  for (let subset = 0; subset < sums.length; subset++) {
    if (subset > 0) {
      const top = 31 - Math.clz32(subset);
      sums[subset] = sums[subset - (1 << top)]! + coefficients[top]!;
    }
    const distance = Math.abs(sums[subset]! - target);
    if (distance > atol) smallest = Math.min(smallest, distance);
  }
  // All sums may be right: then nothing can break it.
  return smallest === Number.POSITIVE_INFINITY ? 1 : smallest * smallest;
}
