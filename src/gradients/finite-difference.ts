import {
  type CheckedPoint,
  checkCotangents,
  type GradientProblem,
  type GradientStrategy,
  type Gradients,
  type PreparedEvaluation,
  type PrepareOptions,
  parameterRowsOf,
  spreadOf,
  unshifted,
} from "./evaluation.ts";

/** Balances truncation (step²) against rounding (1e-16/step) for angles of order 1: about 1e-10 of error. */
export const FINITE_DIFFERENCE_STEP = 1e-5;

/**
 * Central differences (f(t+h) - f(t-h))/2h on the parameters themselves, whatever the circuit does with them; one job of
 * [B, 1 + 2·wanted parameters] rows. For checks on exact backends: noise is amplified by 1/2h.
 */
export class FiniteDifference implements GradientStrategy {
  readonly #problem: GradientProblem;
  readonly #step: number;
  /** Columns of the row of parameter values that are differentiated. */
  readonly #columns: readonly number[];

  constructor(problem: GradientProblem, step: number) {
    const { circuit, wants } = problem;
    this.#problem = problem;
    this.#step = step;
    this.#columns = circuit.parameters.flatMap(({ role }, column) =>
      (role === "weight" ? wants.weights : wants.inputs) ? [column] : [],
    );
  }

  prepare(point: CheckedPoint, options: PrepareOptions): PreparedEvaluation {
    const { circuit, observables } = this.#problem;
    const { rows } = point;
    const count = observables.length;
    const base = parameterRowsOf(circuit, point);
    const width = circuit.parameters.length;
    const evaluations = 1 + 2 * this.#columns.length;
    const data = new Float64Array(rows * evaluations * width);
    for (let row = 0; row < rows; row++)
      for (let e = 0; e < evaluations; e++) {
        const at = (row * evaluations + e) * width;
        data.set(base.subarray(row * width, (row + 1) * width), at);
        if (e > 0) data[at + this.#columns[(e - 1) >> 1]!]! += e % 2 === 1 ? this.#step : -this.#step;
      }
    const check = (cotangents: Float64Array | undefined) => checkCotangents(cotangents, rows, count);
    return {
      request: { circuit, observables, shape: [rows, evaluations], data },
      finish: (result) => {
        const { evs, stds } = result!;
        const { values, stderr } = unshifted(result!, rows, evaluations, count);
        return {
          values,
          stderr,
          pullback: (cotangents = options.cotangents) => this.#pullback(rows, evs, stds, check(cotangents)),
          standardError: (cotangents) => spreadOf(check(cotangents), stderr, count),
        };
      },
    };
  }

  #pullback(rows: number, evs: Float64Array, stds: Float64Array, cotangents: Float64Array): Gradients {
    const { circuit, observables, wants } = this.#problem;
    const { numInputs, numWeights } = circuit;
    const count = observables.length;
    const stride = (1 + 2 * this.#columns.length) * count;
    const weights = new Float64Array(numWeights);
    const weightVariance = new Float64Array(numWeights);
    const inputs = new Float64Array(rows * numInputs);
    const inputVariance = new Float64Array(rows * numInputs);
    for (let row = 0; row < rows; row++)
      for (const [index, column] of this.#columns.entries()) {
        const plus = row * stride + (1 + 2 * index) * count;
        const minus = plus + count;
        let slope = 0;
        let spreadPlus = 0;
        let spreadMinus = 0;
        for (let k = 0; k < count; k++) {
          const seed = cotangents[row * count + k]! / (2 * this.#step);
          slope += seed * (evs[plus + k]! - evs[minus + k]!);
          spreadPlus += Math.abs(seed) * stds[plus + k]!;
          spreadMinus += Math.abs(seed) * stds[minus + k]!;
        }
        const [sums, variances, at] =
          column < numInputs
            ? [inputs, inputVariance, row * numInputs + column]
            : [weights, weightVariance, column - numInputs];
        sums[at]! += slope;
        variances[at]! += spreadPlus ** 2 + spreadMinus ** 2;
      }
    return {
      weights: wants.weights ? weights : undefined,
      weightStderr: wants.weights ? weightVariance.map(Math.sqrt) : undefined,
      inputs: wants.inputs ? inputs : undefined,
      inputStderr: wants.inputs ? inputVariance.map(Math.sqrt) : undefined,
    };
  }
}
