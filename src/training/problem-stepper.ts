import { GradientError, TrainingError } from "../errors.ts";
import { type GradientMethod, gradientProgram, measuredParts, runExpectations } from "../gradients/index.ts";
import type { EvaluationOptimizer, GradientOptimizer } from "../optimizers/index.ts";
import { reached } from "../runs/index.ts";
import type { MinimizeOptions } from "./minimize-options.ts";
import { Sampling, type SamplingState } from "./sampling.ts";

/** What one step found out. */
interface StepOutcome {
  readonly value: number;
  readonly stderr: number;
  readonly weights: Float64Array;
  readonly state: unknown;
  /** For the next step. */
  readonly sampling: SamplingState;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

type Value = Pick<StepOutcome, "value" | "stderr" | "executions" | "quantumSeconds">;
/** What an evaluation starts from. */
interface Place {
  readonly weights: Float64Array;
  readonly state: unknown;
  readonly sampling: SamplingState;
}
type Evaluator = (place: Place, seed: number, signal: AbortSignal) => Promise<Value>;
type Stepper = (place: Place, seed: number, signal: AbortSignal) => Promise<StepOutcome>;

export interface ProblemStepper {
  readonly takeStep: Stepper;
  readonly lastValue: Evaluator;
  readonly method: GradientMethod | undefined;
  readonly sampling: Sampling;
}

/** Of the one circuit that is differentiated. */
const CIRCUIT = "circuit";

export function stepperFor(options: MinimizeOptions, inputs: Float64Array): ProblemStepper {
  const { optimizer } = options;
  if (optimizer.kind === "gradient") return gradientStepper(options, optimizer, inputs);
  const takeStep = evaluationStepper(options, optimizer, inputs);
  const sampling = Sampling.of(options);
  return { takeStep, lastValue: valueByJob(options, inputs, sampling), method: undefined, sampling };
}

function gradientStepper(options: MinimizeOptions, optimizer: GradientOptimizer, inputs: Float64Array): ProblemStepper {
  const { provider, method, maxRows, spsa } = options;
  const sampling = Sampling.of(options);
  // Shots are more than none, so that no method is chosen that takes none.
  const precision = sampling.shots === undefined ? sampling.precision(sampling.init()) : 1;
  const program = gradientProgram(options.circuit, [options.observable], {
    provider,
    ...(method === undefined ? {} : { method }),
    ...(precision === undefined ? {} : { precision }),
    ...(maxRows === undefined ? {} : { budget: maxRows }),
    ...(spsa === undefined ? {} : { spsa }),
  });
  const cotangents = Float64Array.of(1);
  if (sampling.shots !== undefined && program.method !== "parameter-shift")
    throw new TrainingError(
      "TRAINING_SAMPLING",
      `Shots are shared out among the evaluations of parameter shift, but the gradients are taken by ${program.method}: ${program.reason}`,
    );
  const takeStep: Stepper = async ({ weights, state, sampling: kept }, seed, signal) => {
    const point = { weights, inputs, rows: 1 };
    const { precision: now, shotsOf } = sampling.now(kept);
    const shots = shotsOf?.(CIRCUIT, 1);
    const found = await program.evaluate(point, {
      ...jobOptions(options),
      seed,
      signal,
      cotangents,
      ...(now === undefined ? {} : { precision: now }),
      ...(shots === undefined ? {} : { shots }),
    });
    reached("k11");
    const { executions, quantumSeconds, jobIds } = found;
    const { weights: gradient, weightStderr } = found.pullback();
    const value = found.values[0]!;
    const next = optimizer.update(gradient!, state, weights, value);
    const variances = new Map(shots === undefined ? [] : [[CIRCUIT, found.shotVariances!()]]);
    const report = { squaredNorm: sumOfSquares(gradient!), variance: sumOfSquares(weightStderr!), variances };
    return {
      ...next,
      sampling: sampling.hasState ? sampling.observe(kept, report) : kept,
      value,
      stderr: found.stderr[0]!,
      executions,
      quantumSeconds,
      jobIds,
    };
  };
  const value: Evaluator = async ({ weights }, _seed, signal) => {
    const { values, stderr, executions, quantumSeconds } = await program.evaluate(
      { weights, inputs, rows: 1 },
      { signal },
    );
    return { value: values[0]!, stderr: stderr[0]!, executions, quantumSeconds };
  };
  // Adjoint gives values without a job; other methods would pay for all their shifts.
  const { method: chosen } = program;
  const lastValue = chosen === "adjoint" ? value : valueByJob(options, inputs, sampling);
  return { takeStep, lastValue, method: chosen, sampling };
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}

/** One value, which takes the shots of a step where these are given. */
function valueByJob(options: MinimizeOptions, inputs: Float64Array, sampling: Sampling): Evaluator {
  return async ({ weights, sampling: kept }, seed, signal) => {
    const { total } = sampling.shots ?? {};
    const precision =
      total === undefined
        ? sampling.precision(kept)
        : 1 / Math.sqrt(Math.floor(total / measuredParts([options.observable]).length));
    const { evs, stds, executions, quantumSeconds } = await evaluateOnce(
      options,
      inputs,
      [weights],
      precision,
      seed,
      signal,
    );
    return { value: evs[0]!, stderr: stds[0]!, executions, quantumSeconds };
  };
}

function evaluationStepper(options: MinimizeOptions, optimizer: EvaluationOptimizer, inputs: Float64Array): Stepper {
  const { maxRows = Number.POSITIVE_INFINITY } = options;
  const sampling = Sampling.of(options);
  return async ({ state, sampling: kept }, seed, signal) => {
    const precision = sampling.precision(kept);
    const points = optimizer.propose(state);
    if (points.length > maxRows)
      throw new GradientError(
        "GRADIENT_BUDGET",
        `This step of ${optimizer.name} needs ${points.length} evaluations but maxRows is ${maxRows}.`,
      );
    const { evs, stds, executions, quantumSeconds, jobIds } = await evaluateOnce(
      options,
      inputs,
      points,
      precision,
      seed,
      signal,
    );
    reached("k11");
    const { state: next, value, stderr } = optimizer.accept(state, evs, stds);
    const weights = optimizer.weights(next);
    return { value, stderr, weights, state: next, sampling: kept, executions, quantumSeconds, jobIds };
  };
}

async function evaluateOnce(
  options: MinimizeOptions,
  inputs: Float64Array,
  points: readonly Float64Array[],
  precision: number | undefined,
  seed: number,
  signal: AbortSignal,
) {
  const { provider, circuit, observable } = options;
  const data = Float64Array.from(points.flatMap((point) => [...inputs, ...point]));
  const request = { circuit, observables: [observable], shape: [points.length], data };
  const { results, ...costs } = await runExpectations(provider, [request], {
    ...jobOptions(options),
    signal,
    seed,
    precision,
  });
  return { ...results[0]!, ...costs };
}

function jobOptions({ tags, onSubmitted }: MinimizeOptions): Pick<MinimizeOptions, "tags" | "onSubmitted"> {
  return { ...(tags === undefined ? {} : { tags }), ...(onSubmitted === undefined ? {} : { onSubmitted }) };
}
