import { type DifferentiableBackend, type ExpectationProgram, isDifferentiable } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import {
  type CheckedPoint,
  checkCotangents,
  type GradientProblem,
  type GradientStrategy,
  type Gradients,
  type PreparedEvaluation,
  type PrepareOptions,
} from "./evaluation.ts";

/** Reverse-mode gradients of a local simulator: exact, at the cost of a few simulations whatever the number of weights. */
export class Adjoint implements GradientStrategy {
  readonly #problem: GradientProblem;
  readonly #program: ExpectationProgram;

  /** @throws what the backend's `differentiate` throws */
  constructor(problem: GradientProblem) {
    const { provider, circuit, observables } = problem;
    this.#problem = problem;
    this.#program = differentiable(provider).differentiate(circuit, observables);
  }

  prepare(given: CheckedPoint, options: PrepareOptions): PreparedEvaluation {
    // The caller may update its arrays in place before it pulls back.
    const point = { ...given, weights: given.weights.slice(), inputs: given.inputs.slice() };
    const count = this.#problem.observables.length;
    const known = options.cotangents;
    const check = (cotangents: Float64Array | undefined) => checkCotangents(cotangents, point.rows, count);
    return {
      request: undefined,
      finish: () => {
        const values = new Float64Array(point.rows * count);
        let gradients: Gradients | undefined;
        if (known === undefined) this.#program.forward(point.inputs, point.weights, point.rows, values);
        else gradients = this.#backward(point, check(known), values);
        assertFiniteValues(values);
        return {
          values,
          stderr: new Float64Array(values.length),
          pullback: (cotangents = known) =>
            gradients !== undefined && cotangents === known
              ? gradients
              : this.#backward(point, check(cotangents), new Float64Array(values.length)),
          standardError: (cotangents) => {
            check(cotangents);
            return 0;
          },
        };
      },
    };
  }

  #backward(point: CheckedPoint, cotangents: Float64Array, values: Float64Array): Gradients {
    const { wants } = this.#problem;
    const weights = wants.weights ? new Float64Array(point.weights.length) : null;
    const inputs = wants.inputs ? new Float64Array(point.inputs.length) : null;
    this.#program.backward(point.inputs, point.weights, point.rows, cotangents, values, weights, inputs);
    return {
      weights: weights ?? undefined,
      weightStderr: weights === null ? undefined : new Float64Array(weights.length),
      inputs: inputs ?? undefined,
      inputStderr: inputs === null ? undefined : new Float64Array(inputs.length),
    };
  }
}

function differentiable(provider: GradientProblem["provider"]): DifferentiableBackend {
  if (isDifferentiable(provider)) return provider;
  throw new GradientError(
    "GRADIENT_METHOD_IMPOSSIBLE",
    `Backend ${provider.name} has no adjoint differentiation; use method "parameter-shift" or "auto".`,
  );
}

/**
 * An expression such as ln(x) can give an angle that is no number; the simulation then is none either.
 * @throws GradientError GRADIENT_NOT_FINITE
 */
export function assertFiniteValues(values: Float64Array): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new GradientError(
      "GRADIENT_NOT_FINITE",
      `Expectation value ${bad} is ${values[bad]}; some gate's angle expression is not finite at these parameter values.`,
    );
}
