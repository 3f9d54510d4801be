import type { Backend } from "../../providers/index.ts";
import type { GradientMethod, SpsaGradientOptions } from "../gradients/index.ts";
import type { LearningRate } from "../optimizers/index.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import type { EarlyStoppingOptions } from "./early-stopping.ts";
import type { KeptCallbacks } from "./kept-callbacks.ts";
import { Run, type RunKeeping } from "./run.ts";
import type { Precision, ShotOptions } from "./sampling.ts";
import type { ComputePlace } from "./tensorflow-compute.ts";
import type { ModelData, TrainingData } from "./tensorflow-data.ts";
import type { FitOptions, History } from "./tensorflow-fit.ts";
import type { EvaluateResult, PredictOptions, PredictResult } from "./tensorflow-predict.ts";
import type { LayersModel, ModelCompileArgs } from "./tensorflow-types.ts";

/** One finished training step. */
export interface StepReport {
  /** Counted from 1, over all epochs. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean loss of the batch before the update, with penalties of regularizers. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * Standard error of the loss from the quantum layers' samples, to first order; 0 where exact, an upper bound where
   * observables share their shots, and NaN where a sampled layer feeds another one and nothing before that is trained.
   */
  readonly stderr: number;
  /** Wall time. */
  readonly seconds: number;
  /** Seconds of the quantum computer that were charged. */
  readonly quantumSeconds: number;
  /** What the provider charged: rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  /** One, and one more for each further quantum layer in a row; empty where the simulator differentiates without jobs. */
  readonly jobIds: readonly string[];
}

/** One finished epoch. */
export interface EpochReport {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps so far, over all epochs. */
  readonly steps: number;
  /** Means over the epoch's batches, weighted by their rows. */
  readonly loss: number;
  /** Standard error of the loss from the quantum layers' samples; see that of a step. */
  readonly stderr: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly validation?: { readonly loss: number; readonly metrics: Readonly<Record<string, number>> };
  readonly seconds: number;
  /** Of the validation; those of steps stand in their reports. */
  readonly jobIds: readonly string[];
}

export interface TrainResult {
  readonly steps: number;
  readonly epochs: number;
  /** Why it ended: all epochs or steps done, early stopping, its noise floor, or `stop()` on the run or in a callback. */
  readonly ended: "completed" | "early-stopping" | "noise-floor" | "stopped";
  /** Mean loss of the last epoch. */
  readonly loss: number;
  readonly history: readonly EpochReport[];
  /** With early stopping: the epoch with the best monitored value. */
  readonly bestEpoch?: number;
  readonly seconds: number;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/** Ends the run after the step at hand. */
export interface TrainControl {
  stop(): void;
}

/**
 * Called in order, and waited for, before a step counts as done: a step that is taken again after a crash is told again, at
 * no further cost.
 */
export interface TrainCallbacks extends KeptCallbacks {
  onTrainBegin?(info: { readonly numRows: number; readonly stepsPerEpoch: number }, control: TrainControl): unknown;
  onBatchEnd?(report: StepReport, control: TrainControl): unknown;
  onEpochEnd?(report: EpochReport, control: TrainControl): unknown;
  onTrainEnd?(result: TrainResult, control: TrainControl): unknown;
}

export interface TrainOptions extends RunKeeping {
  /** Where quantum layers run; the local simulator by default. */
  readonly provider?: Backend;
  /** As `model.compile` takes it, such as `tf.train.adam(0.01)`; needed unless the model is compiled. */
  readonly optimizer?: ModelCompileArgs["optimizer"];
  /** In place of the optimizer's own: one for each step, such as `cosineDecay({ rate: 0.05, steps: 400 })`. */
  readonly learningRate?: LearningRate;
  readonly loss?: ModelCompileArgs["loss"];
  readonly metrics?: ModelCompileArgs["metrics"];
  /** Passes over the data; 1 by default, or as many as `steps` need. */
  readonly epochs?: number;
  /** Ends after so many steps, within an epoch if need be. */
  readonly steps?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Decides the order of the data, dropout and samples; 0 by default. */
  readonly seed?: number | string;
  /** A new order of rows in every epoch; true by default. */
  readonly shuffle?: boolean;
  /** Evaluated after every epoch. */
  readonly validation?: TrainingData;
  readonly callbacks?: TrainCallbacks | readonly TrainCallbacks[];
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Aborts the run; jobs that are out go on. */
  readonly signal?: AbortSignal;
  /**
   * Target standard error of the quantum layers' outputs; 0 is exact, and without it the provider decides. With
   * `adaptivePrecision` it goes by the gradient of the quantum layers' weights.
   */
  readonly precision?: Precision;
  /** In its place: shots of each step, and of each batch of the validation, shared out among its evaluations. */
  readonly shots?: ShotOptions;
  /** How quantum layers are differentiated; `auto` by default. */
  readonly gradient?: GradientMethod | "auto";
  /** Settings of gradient method `spsa`. */
  readonly spsa?: SpsaGradientOptions;
  /**
   * Where classical layers run: TensorFlow.js by default; with `wasm` those that the compute unit has run on it, which is
   * faster and, but for dropout's masks, comes to the same numbers within rounding.
   */
  readonly compute?: ComputePlace;
  /** Names the run in its store; a random UUID by default. */
  readonly id?: string;
}

/**
 * Trains a model of TensorFlow.js layers on any provider, local or remote, in the steps of `model.fit`. A step is one job
 * with one PUB for each distinct circuit (with `shots` more of them), which holds the values and all that gradients need;
 * quantum layers that need each other's outputs take one job each, in a row. A local simulator submits none.
 * The order of data, dropout and samples depend only on `seed`.
 *
 * With a store the run is kept: every step is written down with all that decides the next one, every job before it is
 * submitted, and its values before they are used. Called again with the same id and the same model, data and options, after
 * whatever ended the process, it goes on from there, takes over jobs that are out, and comes to the same weights bit for bit;
 * where it is finished the model gets its weights and nothing runs.
 * @returns a run: a promise of the result and an async iterable of its steps
 * @throws (by the run) ModelError TENSORFLOW_MISSING, TENSORFLOW_BACKEND, MODEL_NOT_BUILT, MODEL_QUANTUM_WRAPPED, MODEL_LAYER_RANDOM, MODEL_LAYER_STATEFUL;
 * TrainingError TRAINING_NOT_COMPILED, TRAINING_COMPILE, TRAINING_CONCURRENT, TRAINING_LENGTH, TRAINING_EARLY_STOPPING, TRAINING_SAMPLING, TRAINING_LEARNING_RATE, OPTIMIZER_SETTING,
 * TRAINING_NOTHING_TRAINABLE, TRAINING_LOSS_NOT_FINITE, TRAINING_GRADIENT_NOT_FINITE, TRAINING_PROVIDER; DataError; GradientError; the provider's errors; the signal's reason
 * @example const run = train(model, { x, y }, { provider, optimizer: tf.train.adam(0.05), loss: "meanSquaredError", epochs: 5 });
 *          for await (const { step, loss } of run) console.log(step, loss);
 */
export function train(
  model: LayersModel,
  data: TrainingData,
  options: TrainOptions = {},
): Run<StepReport, TrainResult> {
  return Run.start(async (emit, signal, journal) => {
    const { executeTraining } = await withTensorFlow(() => import("./tensorflow-train.ts"));
    return executeTraining(model, data, options, { emit, signal, journal });
  }, options);
}

/**
 * Trains with `model.fit`'s own loop, which is synchronous inside a step: so only on a local simulator. Rows are shuffled
 * by seed, in the same order as `train`.
 * @throws TrainingError FIT_REMOTE_PROVIDER for a provider that is not local; otherwise as `train`
 */
export async function fit(model: LayersModel, data: TrainingData, options: FitOptions = {}): Promise<History> {
  const { executeFit } = await withTensorFlow(() => import("./tensorflow-fit.ts"));
  return executeFit(model, data, options);
}

/**
 * Loss and metrics of a compiled model, with its quantum layers on any provider; one job a batch (more where they stand in a
 * row).
 * @throws TrainingError TRAINING_NOT_COMPILED; otherwise as `train`
 */
export async function evaluate(
  model: LayersModel,
  data: TrainingData,
  options: PredictOptions = {},
): Promise<EvaluateResult> {
  const { evaluateRows } = await withTensorFlow(() => import("./tensorflow-predict.ts"));
  return evaluateRows(model, data, options);
}

/**
 * Outputs of a model, with its quantum layers on any provider; one job a batch (more where they stand in a row).
 * @throws as `train`
 */
export async function predict(model: LayersModel, x: ModelData, options: PredictOptions = {}): Promise<PredictResult> {
  const { predictRows } = await withTensorFlow(() => import("./tensorflow-predict.ts"));
  return predictRows(model, x, options);
}
