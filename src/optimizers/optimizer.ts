import { optionsFault } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";

/**
 * Moves weights by gradients. A set of pure functions: all memory is in `State`, plain JSON that survives
 * `JSON.parse(JSON.stringify(state))` unchanged, so weights and state are a full checkpoint.
 */
export interface GradientOptimizer<State = unknown> {
  readonly kind: "gradient";
  readonly name: string;
  /** All settings as text, so that a run which goes on can tell whether they are the same. */
  readonly settings?: string;
  init(weights: Float64Array): State;
  /** @throws TrainingError OPTIMIZER_SHAPE, OPTIMIZER_NOT_FINITE */
  update(
    gradient: Float64Array,
    state: State,
    weights: Float64Array,
  ): { readonly weights: Float64Array; readonly state: State };
}

/** Moves weights by values alone. A step asks for the values at a list of points, which can then run as one job. */
export interface EvaluationOptimizer<State = unknown> {
  readonly kind: "evaluation";
  readonly name: string;
  /** As `GradientOptimizer.settings`. */
  readonly settings?: string;
  /** Steps after which every weight had its turn. */
  readonly stepsPerSweep: number;
  init(weights: Float64Array): State;
  /** The weights so far. */
  weights(state: State): Float64Array;
  /** The points [M, W] whose values the next step needs. */
  propose(state: State): readonly Float64Array[];
  /**
   * Takes the values [M] of the proposed points and their standard errors (0 by default). `value` is what they say about
   * the weights: see the optimizer.
   * @throws TrainingError OPTIMIZER_SHAPE, OPTIMIZER_NOT_FINITE
   */
  accept(
    state: State,
    values: Float64Array,
    stds?: Float64Array,
  ): { readonly state: State; readonly value: number; readonly stderr: number };
}

export type Optimizer = GradientOptimizer | EvaluationOptimizer;

/** A learning rate: a number, or one for each step counted from 0. */
export type LearningRate = number | ((step: number) => number);

/** @throws TrainingError OPTIMIZER_SETTING */
export function checkRate(optimizer: string, rate: LearningRate): (step: number) => number {
  if (typeof rate !== "function") {
    checkSetting(optimizer, "learningRate", rate, rate > 0);
    return () => rate;
  }
  return (step) => {
    const value = rate(step);
    checkSetting(optimizer, `learningRate(${step})`, value, value >= 0);
    return value;
  };
}

/** @throws TrainingError OPTIMIZER_SETTING unless `options` is an object of known options */
export function checkOptions<Options extends object>(
  optimizer: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const fault = optionsFault(optimizer, options, known);
  if (fault !== undefined) throw new TrainingError("OPTIMIZER_SETTING", fault);
}

/** @throws TrainingError OPTIMIZER_SETTING */
export function checkSetting(optimizer: string, name: string, value: number, valid: boolean): void {
  if (!valid || !Number.isFinite(value))
    throw new TrainingError("OPTIMIZER_SETTING", `${optimizer} cannot work with ${name} = ${value}.`);
}

/** @throws TrainingError OPTIMIZER_SHAPE, OPTIMIZER_NOT_FINITE */
export function checkNumbers(optimizer: string, what: string, values: ArrayLike<number>, length: number): void {
  if (values?.length !== length)
    throw new TrainingError(
      "OPTIMIZER_SHAPE",
      `${optimizer} needs ${length} ${what}(s) but was given ${values?.length ?? "none"}; does its state belong to these weights?`,
    );
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(values[i]))
      throw new TrainingError(
        "OPTIMIZER_NOT_FINITE",
        `${what} ${i} is ${values[i]}; ${optimizer} stops here rather than spoil the weights. Is the learning rate too high?`,
      );
}

/** Numbers for a state. JSON has one zero; adding 0 turns -0 into it, so that a round trip changes nothing. */
export function plain(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => value + 0);
}

/** Settings as text, in which a function stands by its source. */
export function settingsText(settings: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(settings, (_name, value: unknown) => (typeof value === "function" ? String(value) : value));
}
