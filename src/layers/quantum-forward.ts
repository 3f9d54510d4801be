import { type Circuit, optionsFault, type SparsePauliOp } from "../../circuits/index.ts";
import {
  type Backend,
  type ExpectationProgram,
  isDifferentiable,
  type NDArray,
  type RunOptions,
} from "../../providers/index.ts";
import { ModelError } from "../errors.ts";
import {
  type ExpectationRequest,
  type ExpectationResult,
  type GradientMethod,
  type GradientProgram,
  gradientProgram,
  type JobCosts,
  runExpectations,
  type ShotRequest,
  type SpsaGradientOptions,
} from "../gradients/index.ts";

/** Features of a batch: row-major numbers of shape [B, D]. */
export interface BatchInputs {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface ForwardOptions extends RunOptions {
  readonly provider: Backend;
  /** True by default. */
  readonly needWeightGradient?: boolean;
  /** False by default: on backends without adjoint gradients it costs shifted evaluations for every row. */
  readonly needInputGradient?: boolean;
  /** Target standard error of the outputs; 0 is exact, and without it the backend decides. */
  readonly precision?: number;
  /** In place of one precision: shots of the whole batch, shared out among its evaluations. */
  readonly shots?: ShotRequest;
  /** `auto` by default. */
  readonly gradient?: GradientMethod | "auto";
  /** Settings of gradient method `spsa`. */
  readonly spsa?: SpsaGradientOptions;
  /** Decides samples, and directions of `spsa`; 0 by default. */
  readonly seed?: number;
}

/** Gradients of Σ cotangents·outputs. */
export interface QuantumGradients {
  /** [W], summed over rows; undefined where it was not asked for. */
  readonly weightGradient: Float64Array | undefined;
  /** [B, D]; undefined where it was not asked for. */
  readonly inputGradient: Float64Array | undefined;
  /** Standard errors of the weights' gradient; 0 where exact, NaN where one sample cannot tell. */
  readonly weightStderr: Float64Array | undefined;
}

/** The outputs of a quantum layer for one batch, with what is needed to differentiate them. */
export interface MeasuredOutputs {
  /** [B, K] */
  readonly outputs: NDArray;
  /** Standard errors of the outputs [B, K]; 0 where exact. */
  readonly stderr: NDArray;
  /**
   * Vector-Jacobian product for cotangents [B, K]. Synchronous: all that it needs has been measured already. It must be
   * called before the weights' array changes.
   */
  pullback(cotangents: Float64Array): QuantumGradients;
  /** Standard error of Σ cotangents·outputs, cotangents [B, K]; an upper bound where observables share their shots. */
  standardError(cotangents: Float64Array): number;
  /** Where shots were asked for: the `variances` of a next request, for cotangents [B, K]. */
  shotVariances?(cotangents: Float64Array): Float64Array;
  /** How gradients are computed. */
  readonly method: GradientMethod;
}

/** Outputs, and what they cost. */
export interface QuantumForward extends MeasuredOutputs, JobCosts {}

/** A forward pass before it runs: those of several layers can share a job. */
export interface PreparedForward {
  /** What a backend must answer; undefined where this process simulates and differentiates itself. */
  readonly request: ExpectationRequest | undefined;
  /** Executions without a request. */
  readonly localExecutions: number;
  finish(result: ExpectationResult | undefined): MeasuredOutputs;
}

/** Runs one circuit and its observables on any backend, and keeps what was prepared for each. */
export class QuantumEvaluation {
  readonly #circuit: Circuit;
  readonly #observables: readonly SparsePauliOp[];
  readonly #programs = new WeakMap<Backend, Map<string, GradientProgram>>();

  constructor(circuit: Circuit, observables: readonly SparsePauliOp[]) {
    this.#circuit = circuit;
    this.#observables = observables;
  }

  async forward(inputs: BatchInputs, weights: Float64Array, options: ForwardOptions): Promise<QuantumForward> {
    checkForward(options);
    const { provider, precision, signal, tags, onSubmitted, seed } = options;
    signal?.throwIfAborted();
    const { request, localExecutions, finish } = this.prepare(inputs, weights, options);
    if (request === undefined)
      return { ...finish(undefined), executions: localExecutions, quantumSeconds: 0, jobIds: [] };
    const { results, ...costs } = await runExpectations(provider, [request], {
      precision,
      seed,
      ...(signal === undefined ? {} : { signal }),
      ...(tags === undefined ? {} : { tags }),
      ...(onSubmitted === undefined ? {} : { onSubmitted }),
    });
    return { ...finish(results[0]), ...costs };
  }

  prepare(given: BatchInputs, weights: Float64Array, options: ForwardOptions): PreparedForward {
    checkForward(options);
    const inputs = { shape: given.shape, data: new Float64Array(given.data) };
    const { numInputs, numWeights } = this.#circuit;
    const [rows = 0, width] = inputs.shape;
    if (inputs.shape.length !== 2 || rows < 1 || width !== numInputs || inputs.data.length !== rows * numInputs)
      throw new ModelError(
        "LAYER_INPUT_SHAPE",
        `A quantum layer takes inputs of shape [batch, ${numInputs}] with one row or more, one column for each input of its circuit, but was given [${inputs.shape.join(", ")}] with ${inputs.data.length} number(s).`,
      );
    if (weights.length !== numWeights)
      throw new ModelError(
        "LAYER_WEIGHT_SHAPE",
        `The layer's circuit has ${numWeights} weight(s) but was given ${weights.length}.`,
      );
    const badInput = inputs.data.findIndex((value) => !Number.isFinite(value));
    if (badInput >= 0)
      throw new ModelError(
        "LAYER_NOT_FINITE",
        `Input ${badInput % numInputs} of row ${Math.floor(badInput / numInputs)} is ${inputs.data[badInput]}; angles must be finite.`,
      );
    const badWeight = weights.findIndex((value) => !Number.isFinite(value));
    if (badWeight >= 0)
      throw new ModelError("LAYER_NOT_FINITE", `Weight ${badWeight} is ${weights[badWeight]}; angles must be finite.`);

    const program = this.#program(options);
    const { seed, shots } = options;
    const prepared = program.prepare(
      { inputs: inputs.data, weights, rows },
      { ...(seed === undefined ? {} : { seed }), ...(shots === undefined ? {} : { shots }) },
    );
    const shape = [rows, this.#observables.length];
    return {
      request: prepared.request,
      localExecutions: prepared.request === undefined ? rows : 0,
      finish: (result) => {
        const measured = prepared.finish(result);
        const { shotVariances } = measured;
        return {
          outputs: { shape, data: measured.values },
          stderr: { shape, data: measured.stderr },
          pullback: (cotangents) => {
            const { weights: weightGradient, weightStderr, inputs: inputGradient } = measured.pullback(cotangents);
            return { weightGradient, weightStderr, inputGradient };
          },
          standardError: (cotangents) => measured.standardError(cotangents),
          ...(shotVariances === undefined ? {} : { shotVariances }),
          method: program.method,
        };
      },
    };
  }

  /** The compiled circuit where values and gradients come from this process, without jobs; otherwise undefined. */
  simulation(options: ForwardOptions): ExpectationProgram | undefined {
    checkForward(options);
    const { provider } = options;
    if (this.#program(options).method !== "adjoint" || !isDifferentiable(provider)) return undefined;
    return provider.differentiate(this.#circuit, this.#observables);
  }

  #program(options: ForwardOptions): GradientProgram {
    const { provider, shots, gradient = "auto", spsa } = options;
    // Whether values are sampled decides how they are differentiated; how well they are, each job says itself.
    const precision = shots === undefined ? options.precision && 1 : 1;
    const wants = { weights: options.needWeightGradient ?? true, inputs: options.needInputGradient ?? false };
    let programs = this.#programs.get(provider);
    if (programs === undefined) {
      programs = new Map();
      this.#programs.set(provider, programs);
    }
    const key = JSON.stringify([wants, precision, gradient, spsa]);
    let program = programs.get(key);
    if (program === undefined) {
      program = gradientProgram(this.#circuit, this.#observables, {
        provider,
        wants,
        method: gradient,
        ...(precision === undefined ? {} : { precision }),
        ...(spsa === undefined ? {} : { spsa }),
      });
      programs.set(key, program);
    }
    return program;
  }
}

const OPTIONS = [
  ..."provider needWeightGradient needInputGradient precision shots gradient spsa seed".split(" "),
  ..."signal tags onSubmitted".split(" "),
];

function checkForward(options: ForwardOptions): void {
  const fault = optionsFault("forward", options, OPTIONS);
  if (fault !== undefined) throw new ModelError("LAYER_OPTION", fault);
  if (typeof options.provider?.estimator !== "function")
    throw new ModelError("LAYER_OPTION", "A quantum layer runs on a provider, such as localSimulator().");
}
