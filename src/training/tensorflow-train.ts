import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describeNumber, Rng } from "../../circuits/index.ts";
import { localSimulator } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import { EarlyStopping } from "./early-stopping.ts";
import { checkNames, listOf } from "./options.ts";
import type { Emit } from "./run.ts";
import { type Rows, rowsFor, type TrainingData, takeRows } from "./tensorflow-data.ts";
import { lockForTraining } from "./tensorflow-lock.ts";
import { compileObjective, type Objective } from "./tensorflow-objective.ts";
import { type ModelPlan, planModel } from "./tensorflow-plan.ts";
import { checkBatchSize, checkProvider, evaluateWith } from "./tensorflow-predict.ts";
import { TrainingStep } from "./tensorflow-step.ts";
import { noCosts, type QuantumOptions } from "./tensorflow-walk.ts";
import type { EpochReport, StepReport, TrainCallbacks, TrainOptions, TrainResult } from "./train.ts";

/** The body of a `train` run. */
export async function executeTraining(
  model: LayersModel,
  data: TrainingData,
  options: TrainOptions,
  emit: Emit<StepReport>,
  signal: AbortSignal,
): Promise<TrainResult> {
  const settings = checkSettings(options);
  checkProvider(options.provider);
  const release = lockForTraining(model);
  const loop = new TrainingLoop(settings, emit);
  try {
    loop.plan = planModel(model);
    loop.objective = compileObjective(model, options);
    settings.earlyStopping?.checkMonitor(loop.objective.metricNames, options.validation !== undefined);
    checkTrainable(model);
    loop.rows = await rowsFor(model, data);
    if (options.validation !== undefined) loop.validation = await rowsFor(model, options.validation, "validation data");
    loop.quantum = {
      provider: options.provider ?? localSimulator(),
      precision: options.precision,
      gradient: options.gradient ?? "auto",
      spsa: options.spsa,
      signal,
      tags: [],
    };
    return await loop.run();
  } finally {
    release();
    loop.dispose();
  }
}

const OPTIONS = [
  ..."provider optimizer loss metrics epochs steps batchSize seed shuffle validation callbacks earlyStopping".split(
    " ",
  ),
  ..."signal precision gradient spsa id store".split(" "),
];

interface Settings {
  readonly epochs: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly rng: Rng;
  readonly earlyStopping: EarlyStopping | undefined;
  readonly callbacks: readonly TrainCallbacks[];
}

/** @throws TrainingError TRAINING_LENGTH, TRAINING_EARLY_STOPPING; DataError DATA_BATCH_SIZE; ParameterError SEED */
export function checkSettings(options: TrainOptions, what = "train", more: readonly string[] = []): Settings {
  checkNames(what, options, [...OPTIONS, ...more]);
  const { batchSize = 32, shuffle = true, seed = 0 } = options;
  const steps = options.steps ?? Number.POSITIVE_INFINITY;
  const epochs = options.epochs ?? (options.steps === undefined ? 1 : Number.POSITIVE_INFINITY);
  for (const [name, value] of [
    ["epochs", options.epochs],
    ["steps", options.steps],
  ] as const)
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new TrainingError(
        "TRAINING_LENGTH",
        `${name} is ${describeNumber(value)}; it must be an integer of 1 or more.`,
      );
  checkBatchSize(batchSize);
  return {
    epochs,
    steps,
    batchSize,
    shuffle,
    rng: Rng.seed(seed),
    earlyStopping: options.earlyStopping == null ? undefined : new EarlyStopping(options.earlyStopping),
    callbacks: listOf(options.callbacks),
  };
}

/** @throws TrainingError TRAINING_NOTHING_TRAINABLE */
export function checkTrainable(model: LayersModel): void {
  if (model.trainableWeights.length === 0)
    throw new TrainingError("TRAINING_NOTHING_TRAINABLE", `Model ${model.name} has no trainable weights.`);
}

/** The order in which an epoch, counted from 0, takes the rows. */
export function epochOrder(numRows: number, shuffle: boolean, rng: Rng, epoch: number): Int32Array {
  return shuffle ? rng.fork("epoch", epoch).permutation(numRows) : Int32Array.from({ length: numRows }, (_, i) => i);
}

const NO_JOBS: readonly string[] = Object.freeze([]);

class TrainingLoop {
  plan!: ModelPlan;
  objective!: Objective;
  rows!: Rows;
  quantum!: QuantumOptions;
  validation: Rows | undefined;
  readonly #settings: Settings;
  readonly #emit: Emit<StepReport>;
  readonly #history: EpochReport[] = [];
  readonly #costs = noCosts();
  readonly #control = { stop: () => this.#stop("stopped") };
  #best: tf.Tensor[] = [];
  #step: TrainingStep | undefined;
  #steps = 0;
  #ended: TrainResult["ended"] | undefined;

  constructor(settings: Settings, emit: Emit<StepReport>) {
    this.#settings = settings;
    this.#emit = emit;
  }

  async run(): Promise<TrainResult> {
    const start = performance.now();
    const { epochs, steps, earlyStopping } = this.#settings;
    await this.#call("onTrainBegin", { numRows: this.rows.numRows, stepsPerEpoch: this.#stepsPerEpoch });
    let loss = Number.NaN;
    for (let epoch = 0; epoch < epochs && this.#steps < steps && this.#ended === undefined; epoch++)
      loss = (await this.#runEpoch(epoch)).loss;
    const { weights } = this.plan.model;
    if (this.#best.length > 0) for (const [i, weight] of weights.entries()) weight.write(this.#best[i]!);
    const result: TrainResult = {
      steps: this.#steps,
      epochs: this.#history.length,
      ended: this.#ended ?? "completed",
      loss,
      history: this.#history,
      ...(earlyStopping === undefined ? {} : { bestEpoch: earlyStopping.bestEpoch }),
      seconds: (performance.now() - start) / 1000,
      executions: this.#costs.executions,
      quantumSeconds: this.#costs.quantumSeconds,
      jobIds: this.#costs.jobIds,
    };
    await this.#call("onTrainEnd", result);
    return result;
  }

  dispose(): void {
    tf.dispose(this.#best);
  }

  get #stepsPerEpoch(): number {
    return Math.ceil(this.rows.numRows / this.#settings.batchSize);
  }

  async #runEpoch(epoch: number): Promise<EpochReport> {
    const { batchSize, shuffle, rng, steps } = this.#settings;
    const start = performance.now();
    const { numRows } = this.rows;
    const order = epochOrder(numRows, shuffle, rng, epoch);
    const sums: Record<string, number> = {};
    let seen = 0;
    for (let from = 0; from < numRows && this.#steps < steps && this.#ended === undefined; from += batchSize) {
      const rows = order.subarray(from, from + batchSize);
      const report = await this.#runStep(epoch, rows);
      seen += rows.length;
      for (const [name, value] of Object.entries({ loss: report.loss, ...report.metrics }))
        sums[name] = (sums[name] ?? 0) + value * rows.length;
    }
    const { loss, ...metrics } = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / seen]));
    const report: EpochReport = {
      epoch: epoch + 1,
      steps: this.#steps,
      loss: loss!,
      metrics,
      ...(this.validation === undefined ? {} : { validation: await this.#validate(epoch, this.validation) }),
      seconds: (performance.now() - start) / 1000,
    };
    this.#history.push(report);
    this.#checkEarly(report);
    await this.#call("onEpochEnd", report);
    return report;
  }

  async #runStep(epoch: number, rows: Int32Array): Promise<StepReport> {
    const start = performance.now();
    this.quantum.signal?.throwIfAborted();
    const batch = { x: takeRows(this.rows.x, rows), y: takeRows(this.rows.y, rows) };
    try {
      this.#step ??= new TrainingStep(this.plan, this.objective, this.quantum);
      const outcome = await this.#step.run(batch, this.#settings.rng.fork("step", this.#steps));
      this.#steps++;
      this.#addCosts(outcome);
      const { loss, metrics, stderr, quantumSeconds, executions, jobIds } = outcome;
      // A run keeps its reports, so they are to be small: the engine makes a spread object with a table of its own.
      const report: StepReport = {
        step: this.#steps,
        epoch: epoch + 1,
        loss,
        metrics,
        stderr,
        seconds: (performance.now() - start) / 1000,
        quantumSeconds,
        executions,
        jobIds: jobIds.length === 0 ? NO_JOBS : jobIds,
      };
      // Recorded first: what a callback throws must not lose a step that was paid for.
      if (!(await this.#emit(report))) this.#stop("stopped");
      await this.#call("onBatchEnd", report);
      return report;
    } finally {
      for (const tensor of [...batch.x, ...batch.y]) tensor.dispose();
    }
  }

  async #validate(epoch: number, rows: Rows): Promise<NonNullable<EpochReport["validation"]>> {
    const rng = this.#settings.rng.fork("validation", epoch);
    const result = await evaluateWith(this.plan, this.objective, rows, this.#settings.batchSize, rng, this.quantum);
    this.#addCosts(result);
    return { loss: result.loss, metrics: result.metrics };
  }

  #checkEarly({ epoch, loss, metrics, validation }: EpochReport): void {
    const { earlyStopping } = this.#settings;
    if (earlyStopping === undefined) return;
    const logs: Record<string, number> = { loss, ...metrics };
    if (validation !== undefined) {
      logs.val_loss = validation.loss;
      for (const [name, value] of Object.entries(validation.metrics)) logs[`val_${name}`] = value;
    }
    const { improved, stop } = earlyStopping.update(epoch, logs);
    if (improved && earlyStopping.restoreBest) {
      tf.dispose(this.#best);
      this.#best = this.plan.model.weights.map((weight) => tf.keep(weight.read().clone()));
    }
    if (stop) this.#stop("early-stopping");
  }

  #stop(how: "stopped" | "early-stopping"): void {
    this.#ended ??= how;
  }

  #addCosts(costs: {
    readonly executions: number;
    readonly quantumSeconds: number;
    readonly jobIds: readonly string[];
  }) {
    this.#costs.executions += costs.executions;
    this.#costs.quantumSeconds += costs.quantumSeconds;
    this.#costs.jobIds.push(...costs.jobIds);
  }

  async #call<Name extends keyof TrainCallbacks>(
    name: Name,
    report: Parameters<NonNullable<TrainCallbacks[Name]>>[0],
  ): Promise<void> {
    for (const callbacks of this.#settings.callbacks)
      await (callbacks[name] as ((report: unknown, control: { stop(): void }) => unknown) | undefined)?.(
        report,
        this.#control,
      );
  }
}
