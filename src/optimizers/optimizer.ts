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
  /**
   * @param value of what is minimised, at these weights; needed by a learning rate that goes by values
   * @throws TrainingError OPTIMIZER_SHAPE, OPTIMIZER_NOT_FINITE
   */
  update(
    gradient: Float64Array,
    state: State,
    weights: Float64Array,
    value?: number,
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
