import { Rng, uniformWeights } from "../../circuits/index.ts";
import { type RunJournal, reached } from "../runs/index.ts";
import { assertBudgetFits } from "./kept-budget.ts";
import { restoreStates, statesOf } from "./kept-callbacks.ts";
import {
  checkCheckpoint,
  checkMinimizeOptions,
  checkWeights,
  type MinimizeCheckpoint,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeStep,
} from "./minimize-options.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { listOf } from "./options.ts";
import { problemDescription } from "./problem-description.ts";
import { planProblem } from "./problem-plan.ts";
import { stepperFor } from "./problem-stepper.ts";
import { Run } from "./run.ts";
import { finestPrecision, type SamplingState } from "./sampling.ts";

/**
 * Minimises an expectation value over a circuit's weights: VQE, QAOA and the like. Every step is one job with one PUB (with
 * `shots` more of them), or none where the backend has adjoint gradients, and one more for the value at the end. The same
 * options and seed give the same steps.
 * @example const { weights, value } = await minimize({ circuit, observable, optimizer: adam(), provider, steps: 200 });
 * @throws TrainingError TRAINING_OPTION, TRAINING_SHAPE, TRAINING_CHECKPOINT, TRAINING_SAMPLING, TRAINING_EARLY_STOPPING, OPTIMIZER_*; GradientError; at once. What a step throws fails the run.
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
  const noiseFloor = options.noiseFloor == null ? undefined : new NoiseFloor(options.noiseFloor);
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
    const { takeStep, lastValue, method, sampling } =
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
        precision: finestPrecision(options),
        gradientOption: "method",
        stepsDone: kept?.checkpoint.step ?? start.step,
        mayEndEarly: tolerance > 0 || noiseFloor !== undefined || sampling.adaptive !== undefined,
      });
    if (kept !== undefined) restoreStates(callbacks, kept.callbacks);
    let checkpoint = kept?.checkpoint ?? start;
    let current: { readonly weights: Float64Array; readonly state: unknown; readonly sampling: SamplingState } = {
      weights: Float64Array.from(checkpoint.weights),
      state: checkpoint.state,
      sampling: checkpoint.sampling ?? sampling.init(),
    };
    let ended: MinimizeResult["ended"] = "steps";
    let { value: before, still } = checkpoint;
    let floor = checkpoint.floor ?? noiseFloor?.init();
    const isAtFloor = (): boolean => floor !== undefined && noiseFloor?.isReached(floor) === true;
    // A run that was cut off after its last step has none to take.
    if (still >= patience) ended = "tolerance";
    else if (isAtFloor()) ended = "noise-floor";
    for (let step = checkpoint.step + 1; step <= steps && ended === "steps"; step++) {
      const began = performance.now();
      const stepSeed = rng.fork("step", step).uint32();
      journal?.phase(`step-${step}`);
      const { weights, state: next, sampling: samples, ...outcome } = await takeStep(current, stepSeed, signal);
      current = { weights, state: next, sampling: samples };
      const { value, stderr } = outcome;
      still = Math.abs(value - before) < tolerance ? still + 1 : 0;
      before = value;
      floor = floor === undefined ? undefined : noiseFloor?.observe(floor, value, stderr);
      checkpoint = {
        step,
        weights: Array.from(weights),
        optimizer: optimizer.name,
        state: next,
        value,
        still,
        ...(sampling.hasState ? { sampling: samples } : {}),
        ...(floor === undefined ? {} : { floor }),
      };
      const done = { step, ...outcome, seconds: (performance.now() - began) / 1000, checkpoint };
      // A step is done when those who look on are done with it, so that their state is of the same step.
      for (const callback of callbacks) await callback.onStep?.(done);
      history.push(done);
      reached("k12");
      const goOn = await emit(done, () => ({ checkpoint, callbacks: statesOf(callbacks) }));
      if (!goOn) ended = "stopped";
      else if (still >= patience) ended = "tolerance";
      else if (isAtFloor()) ended = "noise-floor";
    }
    journal?.phase(`final-${checkpoint.step}`);
    const isLeft = ended === "stopped" && journal !== undefined && !options.provider.capabilities.local;
    const last = isLeft
      ? { ...history.at(-1)!, executions: 0, quantumSeconds: 0 }
      : await lastValue(current, rng.fork("final").uint32(), signal);
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

function finishedResult(result: unknown, history: readonly MinimizeStep[]): MinimizeResult {
  return { ...(result as Omit<MinimizeResult, "history">), history };
}
