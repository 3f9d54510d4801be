import { describeValue, optionsFault, SparsePauliOp } from "../../circuits/index.ts";
import { ProblemError } from "../errors.ts";
import {
  type Constraint,
  type ConstraintDescription,
  readConstraint,
  smallestViolation,
  violation,
} from "./constraints.ts";

/** A value for each variable: 0 and 1 in their order, or a bitstring with the last variable leftmost, as counts have it. */
export type Assignment = string | ArrayLike<number>;

/** A problem in plain words; it is JSON where its arrays are plain. */
export interface ProblemDescription {
  /** Names in order, or how many there are: then they are called x0, x1, ... */
  readonly variables: readonly string[] | number;
  readonly constant?: number;
  /** Coefficients [n] in the variables' order, or by name. */
  readonly linear?: ArrayLike<number> | Readonly<Record<string, number>>;
  /** Pairs of names with a coefficient, or a matrix [n, n] of which all entries count, so that the value is xᵀQx. */
  readonly quadratic?: readonly (readonly [a: string, b: string, coefficient: number])[] | readonly ArrayLike<number>[];
  readonly constraints?: readonly ConstraintDescription[];
}

/** A dense matrix of couplings is kept. */
const MAX_VARIABLES = 1000;

/**
 * A quadratic function of n variables that are 0 or 1, to be minimised, and constraints. Without constraints it is a QUBO. Variable i is
 * qubit i. Immutable.
 */
export class BinaryProblem {
  readonly variables: readonly string[];
  readonly constant: number;
  /** [n] */
  readonly linear: Float64Array;
  /** Couplings [n, n], symmetric with a zero diagonal: the pair i < j adds couplings[i, j]·x_i·x_j, once. */
  readonly couplings: Float64Array;
  readonly constraints: readonly Constraint[];

  private constructor(parts: Pick<BinaryProblem, "variables" | "constant" | "linear" | "couplings" | "constraints">) {
    this.variables = Object.freeze([...parts.variables]);
    this.constant = parts.constant;
    this.linear = parts.linear;
    this.couplings = parts.couplings;
    this.constraints = Object.freeze([...parts.constraints]);
    Object.freeze(this);
  }

  /**
   * @example BinaryProblem.from({ variables: ["a", "b", "c"], linear: { a: -1, c: 2 }, quadratic: [["a", "b", 3]], constraints: [{ exactly: 2 }] })
   * @throws ProblemError PROBLEM_OPTION, PROBLEM_VARIABLE, PROBLEM_NUMBER, PROBLEM_CONSTRAINT
   */
  static from(description: ProblemDescription): BinaryProblem {
    const fault = optionsFault("A problem", description, [
      ...["variables", "constant", "linear", "quadratic", "constraints"],
    ]);
    if (fault !== undefined) throw new ProblemError("PROBLEM_OPTION", fault);
    const variables = readNames(description.variables);
    const n = variables.length;
    const places = new Map(variables.map((name, index) => [name, index]));
    const indexOf = (name: string): number => {
      const index = places.get(name);
      if (index === undefined)
        throw new ProblemError(
          "PROBLEM_VARIABLE",
          `There is no variable ${typeof name === "string" ? `"${name}"` : describeValue(name)}; there are ${variables.slice(0, 12).join(", ")}${n > 12 ? ", ..." : ""}.`,
        );
      return index;
    };
    const linear = new Float64Array(n);
    const couplings = new Float64Array(n * n);
    readLinear(description.linear ?? {}, linear, indexOf);
    const add = (i: number, j: number, coefficient: number): void => {
      finite(coefficient, `The coefficient of ${variables[i]}·${variables[j]}`);
      // x·x = x
      if (i === j) linear[i]! += coefficient;
      else {
        couplings[i * n + j]! += coefficient;
        couplings[j * n + i]! += coefficient;
      }
    };
    readQuadratic(description.quadratic ?? [], n, add, indexOf);
    const constant = finite(description.constant ?? 0, "The constant");
    const { constraints = [] } = description;
    if (!Array.isArray(constraints))
      throw new ProblemError("PROBLEM_OPTION", `constraints is a list, not ${describeValue(constraints)}.`);
    return new BinaryProblem({
      ...{ variables, constant, linear, couplings },
      constraints: constraints.map((one: ConstraintDescription, i) => readConstraint(one, i, indexOf, n)),
    });
  }

  get numVariables(): number {
    return this.variables.length;
  }

  /** 0 and 1 [n] in the variables' order. @throws ProblemError PROBLEM_BITS */
  bits(assignment: Assignment): Uint8Array {
    const n = this.numVariables;
    const given: ArrayLike<number> =
      typeof assignment === "string"
        ? Array.from(assignment, (bit) => "01".indexOf(bit)).reverse()
        : (assignment ?? []);
    const bits = Uint8Array.from(given);
    for (let i = 0; i < n; i++) if (given[i] !== 0 && given[i] !== 1) return badBits(assignment, n);
    return given.length === n ? bits : badBits(assignment, n);
  }

  /** The names of the variables that are 1. @throws ProblemError PROBLEM_BITS */
  chosen(assignment: Assignment): readonly string[] {
    const bits = this.bits(assignment);
    return this.variables.filter((_, i) => bits[i] === 1);
  }

  /** The function's value; constraints do not count. @throws ProblemError PROBLEM_BITS */
  value(assignment: Assignment): number {
    const bits = this.bits(assignment);
    const n = this.numVariables;
    let value = this.constant;
    for (let i = 0; i < n; i++)
      if (bits[i] === 1) {
        value += this.linear[i]!;
        for (let j = 0; j < i; j++) if (bits[j] === 1) value += this.couplings[i * n + j]!;
      }
    return value;
  }

  /** True when all constraints hold. @throws ProblemError PROBLEM_BITS */
  isFeasible(assignment: Assignment): boolean {
    const bits = this.bits(assignment);
    return this.constraints.every((constraint) => violation(constraint, bits) === 0);
  }

  /** Numbers between which the function's values lie for all assignments; the range need not be reached. */
  get bounds(): readonly [low: number, high: number] {
    let low = this.constant;
    let high = this.constant;
    const n = this.numVariables;
    const count = (coefficient: number): void => {
      if (coefficient < 0) low += coefficient;
      else high += coefficient;
    };
    for (const coefficient of this.linear) count(coefficient);
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) count(this.couplings[i * n + j]!);
    return [low, high];
  }

  /**
   * A weight at which every assignment that breaks one of `constraints` has a larger penalised value than every one that keeps them all:
   * 1.1 times the width of `bounds` over the smallest violation there is. Safe, not tight.
   * @throws ProblemError PROBLEM_PENALTY for a sum of more than 20 variables with fractions
   */
  penaltyWeight(constraints: readonly Constraint[] = this.constraints): number {
    const [low, high] = this.bounds;
    const smallest = constraints.map(smallestViolation);
    const unknown = smallest.indexOf(undefined);
    if (unknown >= 0)
      throw new ProblemError(
        "PROBLEM_PENALTY",
        `Constraint ${this.constraints.indexOf(constraints[unknown]!)} sums ${constraints[unknown]!.variables.length} variables with fractions, so no safe penalty is known; give \`weight\`, or whole numbers.`,
      );
    // Where all values are alike any weight is safe; with no constraint there is nothing to weigh.
    const width = high > low ? high - low : 1;
    return smallest.length === 0 ? width : (1.1 * width) / Math.min(...(smallest as number[]));
  }

  /**
   * The problem with constraints turned into penalties weight·violation, all of them or those that are named; the others stay.
   * @throws ProblemError PROBLEM_NUMBER unless `weight` is above 0, PROBLEM_PENALTY
   */
  penalised(
    options: { readonly constraints?: readonly Constraint[]; readonly weight?: number | undefined } = {},
  ): BinaryProblem {
    const { constraints = this.constraints } = options;
    if (constraints.length === 0 && options.weight === undefined) return this;
    const { weight = this.penaltyWeight(constraints) } = options;
    if (!(weight > 0) || !Number.isFinite(weight))
      throw new ProblemError("PROBLEM_NUMBER", `A penalty's weight is a number above 0, not ${describeValue(weight)}.`);
    const n = this.numVariables;
    const linear = this.linear.slice();
    const couplings = this.couplings.slice();
    let { constant } = this;
    for (const { kind, variables, coefficients, target } of constraints) {
      const isSquare = kind !== "at most one";
      if (isSquare) constant += weight * target * target;
      for (const [i, a] of variables.entries()) {
        if (isSquare) linear[a]! += weight * coefficients[i]! * (coefficients[i]! - 2 * target);
        for (const [j, b] of variables.slice(0, i).entries()) {
          const coupling = weight * (isSquare ? 2 * coefficients[i]! * coefficients[j]! : 1);
          couplings[a * n + b]! += coupling;
          couplings[b * n + a]! += coupling;
        }
      }
    }
    return new BinaryProblem({
      ...{ variables: this.variables, constant, linear, couplings },
      constraints: this.constraints.filter((constraint) => !constraints.includes(constraint)),
    });
  }

  /** The function as a diagonal observable, by x = (1 - Z)/2: its eigenvalue at each bitstring is the function's value there. */
  hamiltonian(): SparsePauliOp {
    const n = this.numVariables;
    let { constant } = this;
    const fields = new Float64Array(n);
    const pairs: [number, number, number][] = [];
    for (let i = 0; i < n; i++) {
      constant += this.linear[i]! / 2;
      fields[i]! -= this.linear[i]! / 2;
      for (let j = 0; j < i; j++) {
        const quarter = this.couplings[i * n + j]! / 4;
        if (quarter === 0) continue;
        constant += quarter;
        fields[i]! -= quarter;
        fields[j]! -= quarter;
        pairs.push([j, i, quarter]);
      }
    }
    return SparsePauliOp.fromTerms(n, [
      { coefficient: constant, pauli: { letters: [] } },
      ...Array.from(fields, (coefficient, qubit) => ({ coefficient, pauli: { letters: [[qubit, "Z"] as const] } })),
      ...pairs.map(([a, b, coefficient]) => ({
        coefficient,
        pauli: { letters: [[a, "Z"] as const, [b, "Z"] as const] },
      })),
    ]);
  }
}

function badBits(assignment: Assignment, n: number): never {
  throw new ProblemError(
    "PROBLEM_BITS",
    `An assignment is ${n} zeros and ones, not ${typeof assignment === "string" ? `"${assignment}"` : `[${Array.from(assignment ?? []).join(", ")}]`}.`,
  );
}

function finite(value: number, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new ProblemError("PROBLEM_NUMBER", `${what} is ${describeValue(value)}; it must be a finite number.`);
  return value;
}

function readNames(given: readonly string[] | number): readonly string[] {
  const names =
    typeof given === "number" && Number.isSafeInteger(given) && given > 0 && given <= MAX_VARIABLES
      ? Array.from({ length: given }, (_, i) => `x${i}`)
      : given;
  if (!Array.isArray(names) || names.length === 0 || names.length > MAX_VARIABLES)
    throw new ProblemError(
      "PROBLEM_VARIABLE",
      `variables is a list of 1 to ${MAX_VARIABLES} names or their number, not ${Array.isArray(names) ? `${names.length} names` : describeValue(given)}.`,
    );
  const odd = names.find((name, i) => typeof name !== "string" || name === "" || names.indexOf(name) !== i);
  if (odd !== undefined)
    throw new ProblemError(
      "PROBLEM_VARIABLE",
      `Each variable has a name of its own, which ${describeValue(odd)} is not.`,
    );
  return names;
}

function readLinear(
  given: ArrayLike<number> | Readonly<Record<string, number>>,
  linear: Float64Array,
  indexOf: (name: string) => number,
): void {
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    const values = given as unknown as ArrayLike<number>;
    if (values.length !== linear.length)
      throw new ProblemError(
        "PROBLEM_NUMBER",
        `linear has ${values.length} number(s) for ${linear.length} variable(s).`,
      );
    for (let i = 0; i < linear.length; i++) linear[i] = finite(values[i]!, `linear[${i}]`);
    return;
  }
  if (typeof given !== "object" || given === null)
    throw new ProblemError("PROBLEM_OPTION", `linear is numbers by name or in order, not ${describeValue(given)}.`);
  for (const [name, value] of Object.entries(given))
    linear[indexOf(name)] = finite(value, `The coefficient of ${name}`);
}

function readQuadratic(
  given: NonNullable<ProblemDescription["quadratic"]>,
  n: number,
  add: (i: number, j: number, coefficient: number) => void,
  indexOf: (name: string) => number,
): void {
  if (!Array.isArray(given))
    throw new ProblemError("PROBLEM_OPTION", `quadratic is a list of pairs or a matrix, not ${describeValue(given)}.`);
  const isMatrix = given.length > 0 && typeof given[0]?.[0] === "number";
  if (isMatrix && (given.length !== n || given.some((row) => row?.length !== n)))
    throw new ProblemError("PROBLEM_NUMBER", `The matrix \`quadratic\` needs ${n} rows of ${n} numbers.`);
  for (const [i, row] of given.entries())
    if (isMatrix) for (let j = 0; j < n; j++) add(i, j, (row as ArrayLike<number>)[j]!);
    else {
      if (!Array.isArray(row) || row.length !== 3)
        throw new ProblemError(
          "PROBLEM_OPTION",
          `quadratic[${i}] is two names and a coefficient, not ${describeValue(row)}.`,
        );
      const [a, b, coefficient] = row as [string, string, number];
      add(indexOf(a), indexOf(b), coefficient);
    }
}
