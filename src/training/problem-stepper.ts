import { GradientError } from "../errors.ts";
import { type GradientMethod, gradientProgram, runExpectations } from "../gradients/index.ts";
import type { EvaluationOptimizer, GradientOptimizer } from "../optimizers/index.ts";
import { reached } from "../runs/index.ts";
import type { MinimizeOptions } from "./minimize-options.ts";

/** What one step found out. */
interface StepOutcome {
  readonly value: number;
  readonly stderr: number;
  readonly weights: Float64Array;
  readonly state: unknown;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

type Value = Pick<StepOutcome, "value" | "stderr" | "executions" | "quantumSeconds">;
type Evaluator = (weights: Float64Array, seed: number, signal: AbortSignal) => Promise<Value>;
type Stepper = (weights: Float64Array, state: unknown, seed: number, signal: AbortSignal) => Promise<StepOutcome>;

export interface ProblemStepper {
  readonly takeStep: Stepper;
  readonly lastValue: Evaluator;
  readonly method: GradientMethod | undefined;
}

export function stepperFor(options: MinimizeOptions, inputs: Float64Array): ProblemStepper {
  const { optimizer } = options;
  if (optimizer.kind === "gradient") return gradientStepper(options, optimizer, inputs);
  const takeStep = evaluationStepper(options, optimizer, inputs);
  return { takeStep, lastValue: valueByJob(options, inputs), method: undefined };
}

function gradientStepper(options: MinimizeOptions, optimizer: GradientOptimizer, inputs: Float64Array): ProblemStepper {
  const { provider, method, precision, maxRows, spsa } = options;
  const program = gradientProgram(options.circuit, [options.observable], {
    provider,
    ...(method === undefined ? {} : { method }),
    ...(precision === undefined ? {} : { precision }),
    ...(maxRows === undefined ? {} : { budget: maxRows }),
    ...(spsa === undefined ? {} : { spsa }),
  });
  const cotangents = Float64Array.of(1);
  const takeStep: Stepper = async (weights, state, seed, signal) => {
    const point = { weights, inputs, rows: 1 };
    const found = await program.evaluate(point, { ...jobOptions(options), seed, signal, cotangents });
    reached("k11");
    const { executions, quantumSeconds, jobIds } = found;
    const next = optimizer.update(found.pullback().weights!, state, weights, found.values[0]!);
    return { ...next, value: found.values[0]!, stderr: found.stderr[0]!, executions, quantumSeconds, jobIds };
  };
  const value: Evaluator = async (weights, _seed, signal) => {
    const { values, stderr, executions, quantumSeconds } = await program.evaluate(
      { weights, inputs, rows: 1 },
      { signal },
    );
    return { value: values[0]!, stderr: stderr[0]!, executions, quantumSeconds };
  };
  // Adjoint gives values without a job; other methods would pay for all their shifts.
  const { method: chosen } = program;
  return { takeStep, lastValue: chosen === "adjoint" ? value : valueByJob(options, inputs), method: chosen };
}

function valueByJob(options: MinimizeOptions, inputs: Float64Array): Evaluator {
  return async (weights, seed, signal) => {
    const { evs, stds, executions, quantumSeconds } = await evaluateOnce(options, inputs, [weights], seed, signal);
    return { value: evs[0]!, stderr: stds[0]!, executions, quantumSeconds };
  };
}

function evaluationStepper(options: MinimizeOptions, optimizer: EvaluationOptimizer, inputs: Float64Array): Stepper {
  const { maxRows = Number.POSITIVE_INFINITY } = options;
  return async (_weights, state, seed, signal) => {
    const points = optimizer.propose(state);
    if (points.length > maxRows)
      throw new GradientError(
        "GRADIENT_BUDGET",
        `This step of ${optimizer.name} needs ${points.length} evaluations but maxRows is ${maxRows}.`,
      );
    const { evs, stds, executions, quantumSeconds, jobIds } = await evaluateOnce(options, inputs, points, seed, signal);
    reached("k11");
    const { state: next, value, stderr } = optimizer.accept(state, evs, stds);
    return { value, stderr, weights: optimizer.weights(next), state: next, executions, quantumSeconds, jobIds };
  };
}

async function evaluateOnce(
  options: MinimizeOptions,
  inputs: Float64Array,
  points: readonly Float64Array[],
  seed: number,
  signal: AbortSignal,
) {
  const { provider, circuit, observable, precision } = options;
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
