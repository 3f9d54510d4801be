import { Circuit, type Initializer, Rng, SparsePauliOp, uniformWeights } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { GradientError, TrainingError } from "../errors.ts";
import { type GradientMethod, gradientProgram, runExpectations, type SpsaGradientOptions } from "../gradients/index.ts";
import type { EvaluationOptimizer, GradientOptimizer, Optimizer } from "../optimizers/index.ts";
import { type RunDescription, type RunJournal, reached } from "../runs/index.ts";
import { assertBudgetFits } from "./kept-budget.ts";
import { type KeptCallbacks, restoreStates, statesOf } from "./kept-callbacks.ts";
import { checkNames, listOf } from "./options.ts";
import { planProblem } from "./problem-plan.ts";
import { providerParts, remoteOf } from "./provider-description.ts";
import { RUN_KEEPING, Run, type RunKeeping } from "./run.ts";

/** Where a minimisation stands, as plain JSON: give it as `from` to go on as if it had never stopped. */
export interface MinimizeCheckpoint {
  /** Steps done. */
  readonly step: number;
  readonly weights: readonly number[];
  /** The optimizer's name and state. */
  readonly optimizer: string;
  readonly state: unknown;
  /** The last step's value, and for how many steps in a row it has moved by less than `tolerance`. */
  readonly value: number;
  readonly still: number;
}

export interface MinimizeStep {
  /** Counted from 1. */
  readonly step: number;
  /** The objective as this step saw it: at its starting weights, or what a gradient-free optimizer says of its points. */
  readonly value: number;
  /** Standard error of `value`; 0 where exact. */
  readonly stderr: number;
  /** What the backend charged: rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  readonly quantumSeconds: number;
  /** Wall-clock time, queue included. */
  readonly seconds: number;
  readonly jobIds: readonly string[];
  /** After this step. */
  readonly checkpoint: MinimizeCheckpoint;
}

export interface MinimizeResult {
  readonly weights: Float64Array;
  /**
   * The objective at `weights`, evaluated once more after the last step; of a kept run that was stopped at a service, the last
   * step's value: it goes on later, and a job in between would be waited and paid for.
   */
  readonly value: number;
  readonly stderr: number;
  readonly history: readonly MinimizeStep[];
  /** Why it ended: all steps done, the value no longer moved, or `stop()`. */
  readonly ended: "steps" | "tolerance" | "stopped";
  /** How gradients were taken; undefined for a gradient-free optimizer. */
  readonly method: GradientMethod | undefined;
  /** Of all steps and the last evaluation. */
  readonly executions: number;
  readonly quantumSeconds: number;
}

/** Called in order, and waited for, before a step counts as done. */
export interface MinimizeCallbacks extends KeptCallbacks {
  onStep?(step: MinimizeStep): void | Promise<void>;
}

export interface MinimizeOptions extends RunKeeping {
  readonly circuit: Circuit;
  /** Its expectation value is minimised. */
  readonly observable: SparsePauliOp;
  readonly optimizer: Optimizer;
  readonly provider: Backend;
  /** Steps at most. */
  readonly steps: number;
  /** Starting weights [W] in radians, or how to draw them; uniform in ±π by default. */
  readonly initial?: ArrayLike<number> | Initializer;
  /** Decides starting weights and samples; 0 by default. */
  readonly seed?: number | string;
  /** How to take gradients; "auto" by default. */
  readonly method?: GradientMethod | "auto";
  /** Rows of parameter values that one step may send; the evaluation at the end sends one. */
  readonly maxRows?: number;
  /** Settings of gradient method "spsa". */
  readonly spsa?: SpsaGradientOptions;
  /** Target standard error of every value; 0 is exact, and undefined leaves it to the backend. */
  readonly precision?: number;
  /** One row [D] of values for the circuit's inputs, where it has any. */
  readonly inputs?: ArrayLike<number>;
  /** Ends when the value moves by less than this in `patience` steps in a row; never by default. */
  readonly tolerance?: number;
  /** 5 by default, or as many steps as the optimizer needs to give every weight its turn. */
  readonly patience?: number;
  readonly callbacks?: MinimizeCallbacks | readonly MinimizeCallbacks[];
  /** Aborts the run; a job that was submitted goes on. */
  readonly signal?: AbortSignal;
  /** Put on every job. */
  readonly tags?: readonly string[];
  readonly onSubmitted?: (jobId: string) => void | Promise<void>;
  readonly from?: MinimizeCheckpoint;
  /** Names the run in `store`. */
  readonly id?: string;
}

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

/**
 * Minimises an expectation value over a circuit's weights: VQE, QAOA and the like. Every step is one job with one PUB, or
 * none where the backend has adjoint gradients, and one more for the value at the end. The same options and seed give the
 * same steps.
 * @example const { weights, value } = await minimize({ circuit, observable, optimizer: adam(), provider, steps: 200 });
 * @throws TrainingError TRAINING_OPTION, TRAINING_SHAPE, TRAINING_CHECKPOINT, OPTIMIZER_*; GradientError; at once. What a step throws fails the run.
 */
export function minimize(options: MinimizeOptions): Run<MinimizeStep, MinimizeResult> {
  checkMinimizeOptions(options);
  const { circuit, optimizer, steps, seed = 0, tolerance = 0, from } = options;
  const callbacks = listOf(options.callbacks);
  const rng = Rng.seed(seed);
  const inputs = Float64Array.from(options.inputs ?? []);
  const startWeights = from?.weights ?? options.initial ?? uniformWeights();
  const initial =
    typeof startWeights === "function"
      ? startWeights(circuit, rng.fork("initial"))
      : Float64Array.from(startWeights as ArrayLike<number>);
  checkWeights(circuit, initial);
  const start: MinimizeCheckpoint = from ?? {
    step: 0,
    weights: Array.from(initial),
    optimizer: optimizer.name,
    state: optimizer.init(initial),
    value: Number.POSITIVE_INFINITY,
    still: 0,
  };
  const patience = options.patience ?? Math.max(5, optimizer.kind === "gradient" ? 1 : optimizer.stepsPerSweep);
  // Made at once, so that a method that the backend cannot do fails here and not in the run.
  const unkept = stepperFor(options, inputs);

  return Run.start<MinimizeStep, MinimizeResult>(async (emit, signal, journal) => {
    if (journal?.state.description === undefined) await checkForked(journal, options);
    await journal?.describe(problemDescription(options, inputs, patience), () => ({ checkpoint: start }));
    if (journal?.finished === true) return finishedResult(await journal.result(), journal.steps<MinimizeStep>());
    const { takeStep, lastValue, method } =
      journal === undefined ? unkept : stepperFor({ ...options, provider: journal.provider(options.provider) }, inputs);
    const history: MinimizeStep[] = [...(journal?.steps<MinimizeStep>() ?? [])];
    const kept = (await journal?.checkpoint()) as KeptProblem | undefined;
    if (journal !== undefined)
      await assertBudgetFits(journal, options.provider, {
        replan: ({ gradient, batchSize: _batchSize, ...overrides }) => {
          // Planned from its first step: what is done is subtracted.
          const { from: _from, ...whole } = options;
          const method = gradient === undefined ? {} : { method: gradient };
          return planProblem(minimize, { ...whole, ...overrides, ...method });
        },
        precision: options.precision,
        gradientOption: "method",
        stepsDone: kept?.checkpoint.step ?? start.step,
        mayEndEarly: tolerance > 0,
      });
    if (kept !== undefined) restoreStates(callbacks, kept.callbacks);
    let checkpoint = kept?.checkpoint ?? start;
    let current: { readonly weights: Float64Array; readonly state: unknown } = {
      weights: Float64Array.from(checkpoint.weights),
      state: checkpoint.state,
    };
    let ended: MinimizeResult["ended"] = "steps";
    let { value: before, still } = checkpoint;
    // A run that was cut off after its last step has none to take.
    if (still >= patience) ended = "tolerance";
    for (let step = checkpoint.step + 1; step <= steps && ended === "steps"; step++) {
      const began = performance.now();
      const stepSeed = rng.fork("step", step).uint32();
      journal?.phase(`step-${step}`);
      const { weights, state: next, ...outcome } = await takeStep(current.weights, current.state, stepSeed, signal);
      current = { weights, state: next };
      const { value } = outcome;
      still = Math.abs(value - before) < tolerance ? still + 1 : 0;
      before = value;
      checkpoint = { step, weights: Array.from(weights), optimizer: optimizer.name, state: next, value, still };
      const done = { step, ...outcome, seconds: (performance.now() - began) / 1000, checkpoint };
      // A step is done when those who look on are done with it, so that their state is of the same step.
      for (const callback of callbacks) await callback.onStep?.(done);
      history.push(done);
      reached("k12");
      const goOn = await emit(done, () => ({ checkpoint, callbacks: statesOf(callbacks) }));
      if (!goOn) ended = "stopped";
      else if (still >= patience) ended = "tolerance";
    }
    journal?.phase(`final-${checkpoint.step}`);
    const isLeft = ended === "stopped" && journal !== undefined && !options.provider.capabilities.local;
    const last = isLeft
      ? { ...history.at(-1)!, executions: 0, quantumSeconds: 0 }
      : await lastValue(current.weights, rng.fork("final").uint32(), signal);
    const total = (key: "executions" | "quantumSeconds"): number =>
      history.reduce((sum, done) => sum + done[key], last[key]);
    const result = {
      weights: current.weights,
      value: last.value,
      stderr: last.stderr,
      ended,
      method,
      executions: total("executions"),
      quantumSeconds: total("quantumSeconds"),
    };
    if (ended === "stopped") await journal?.stop("It was asked to stop.");
    else await journal?.finish(result);
    return { ...result, history };
  }, options);
}

interface KeptProblem {
  readonly checkpoint: MinimizeCheckpoint;
  readonly callbacks?: readonly unknown[];
}

/** Where a fork begins may be of another problem. @throws TrainingError TRAINING_CHECKPOINT, TRAINING_SHAPE */
async function checkForked(journal: RunJournal | undefined, { circuit, optimizer }: MinimizeOptions): Promise<void> {
  const kept = (await journal?.checkpoint()) as KeptProblem | undefined;
  if (kept === undefined) return;
  checkCheckpoint(kept.checkpoint, optimizer);
  checkWeights(circuit, Float64Array.from(kept.checkpoint.weights));
}

interface ProblemStepper {
  readonly takeStep: Stepper;
  readonly lastValue: Evaluator;
  readonly method: GradientMethod | undefined;
}

function stepperFor(options: MinimizeOptions, inputs: Float64Array): ProblemStepper {
  const { optimizer } = options;
  if (optimizer.kind === "gradient") {
    const { step, value, method } = gradientStepper(options, optimizer, inputs);
    return { takeStep: step, lastValue: value, method };
  }
  return {
    takeStep: evaluationStepper(options, optimizer, inputs),
    lastValue: valueByJob(options, inputs),
    method: undefined,
  };
}

function finishedResult(result: unknown, history: readonly MinimizeStep[]): MinimizeResult {
  return { ...(result as Omit<MinimizeResult, "history">), history };
}

/** What decides the numbers of a run. */
function problemDescription(options: MinimizeOptions, inputs: Float64Array, patience: number): RunDescription {
  const {
    circuit,
    observable,
    optimizer,
    provider,
    seed = 0,
    method = "auto",
    precision,
    spsa,
    tolerance = 0,
  } = options;
  return {
    kind: "minimize",
    ...remoteOf(provider),
    parts: {
      circuit: circuit.hash,
      observable: observable.toString(),
      inputs: inputs.join(" "),
      optimizer: optimizer.name,
      optimizerSettings: optimizer.settings ?? null,
      steps: options.steps,
      seed,
      method,
      precision: precision ?? null,
      spsa: spsa === undefined ? null : JSON.stringify(spsa),
      tolerance,
      patience,
      maxRows: options.maxRows ?? null,
      ...providerParts(provider),
    },
  };
}

function gradientStepper(
  options: MinimizeOptions,
  optimizer: GradientOptimizer,
  inputs: Float64Array,
): { readonly step: Stepper; readonly value: Evaluator; readonly method: GradientMethod } {
  const { provider, method, precision, maxRows, spsa } = options;
  const program = gradientProgram(options.circuit, [options.observable], {
    provider,
    ...(method === undefined ? {} : { method }),
    ...(precision === undefined ? {} : { precision }),
    ...(maxRows === undefined ? {} : { budget: maxRows }),
    ...(spsa === undefined ? {} : { spsa }),
  });
  const cotangents = Float64Array.of(1);
  const step: Stepper = async (weights, state, seed, signal) => {
    const point = { weights, inputs, rows: 1 };
    const found = await program.evaluate(point, { ...jobOptions(options), seed, signal, cotangents });
    reached("k11");
    const { executions, quantumSeconds, jobIds } = found;
    const next = optimizer.update(found.pullback().weights!, state, weights);
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
  return { step, value: program.method === "adjoint" ? value : valueByJob(options, inputs), method: program.method };
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

function checkWeights(circuit: Circuit, weights: Float64Array): void {
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (weights.length !== circuit.numWeights || bad >= 0)
    throw new TrainingError(
      "TRAINING_SHAPE",
      bad >= 0
        ? `Starting weight ${bad} is ${weights[bad]}; weights must be finite.`
        : `The circuit has ${circuit.numWeights} weight(s) but ${weights.length} starting value(s) were given.`,
    );
}

/** @throws TrainingError TRAINING_CHECKPOINT */
function checkCheckpoint(from: MinimizeCheckpoint, optimizer: Optimizer): void {
  const { step, weights, optimizer: name, state, value, still } = from;
  const wrong =
    !Number.isSafeInteger(step) || step < 0
      ? `step ${step}`
      : !Array.isArray(weights)
        ? "no weights"
        : state === undefined
          ? "no optimizer state"
          : typeof value !== "number" || !Number.isSafeInteger(still)
            ? "no last value"
            : undefined;
  if (wrong !== undefined)
    throw new TrainingError("TRAINING_CHECKPOINT", `The checkpoint has ${wrong}; give one that a step reported.`);
  if (name !== optimizer.name)
    throw new TrainingError(
      "TRAINING_CHECKPOINT",
      `The checkpoint is one of optimizer "${name}", whose state "${optimizer.name}" cannot take over.`,
    );
}

const OPTIONS = [
  ..."circuit observable optimizer provider steps initial seed method maxRows spsa precision inputs tolerance".split(
    " ",
  ),
  ..."patience callbacks signal tags onSubmitted from id".split(" "),
  ...RUN_KEEPING,
];

/** @throws TrainingError TRAINING_OPTION, TRAINING_PROVIDER, TRAINING_SHAPE, TRAINING_CHECKPOINT */
export function checkMinimizeOptions(options: MinimizeOptions): void {
  checkNames("minimize", options, OPTIONS);
  const { circuit, observable, provider, optimizer, steps, inputs = [], tolerance = 0, patience = 1, from } = options;
  if (!(circuit instanceof Circuit) || !(observable instanceof SparsePauliOp))
    throw new TrainingError(
      "TRAINING_OPTION",
      "minimize needs a circuit, a Circuit, and an observable, a SparsePauliOp; SparsePauliOp.parse(text) reads one.",
    );
  if (typeof provider?.estimator !== "function")
    throw new TrainingError("TRAINING_PROVIDER", "minimize needs a provider, such as localSimulator().");
  if (optimizer?.kind !== "gradient" && optimizer?.kind !== "evaluation")
    throw new TrainingError("TRAINING_OPTION", "minimize needs an optimizer, such as adam() or spsa().");
  if (circuit.numWeights === 0)
    throw new TrainingError("TRAINING_OPTION", "The circuit has no weights, so there is nothing to minimise over.");
  if (inputs.length !== circuit.numInputs)
    throw new TrainingError(
      "TRAINING_SHAPE",
      `The circuit has ${circuit.numInputs} input(s) but ${inputs.length} value(s) were given; give one row as \`inputs\`.`,
    );
  if (observable.numQubits !== circuit.numQubits)
    throw new TrainingError(
      "TRAINING_SHAPE",
      `The observable acts on ${observable.numQubits} qubit(s) but the circuit has ${circuit.numQubits}.`,
    );
  for (const [name, value, valid] of [
    ["steps", steps, Number.isSafeInteger(steps) && steps >= 0],
    ["tolerance", tolerance, tolerance >= 0],
    ["patience", patience, Number.isSafeInteger(patience) && patience > 0],
  ] as const)
    if (!valid) throw new TrainingError("TRAINING_OPTION", `${name} cannot be ${value}.`);
  if (from != null) checkCheckpoint(from, optimizer);
}
