import * as tf from "@tensorflow/tfjs-core";
import type { ModelPlan } from "../layers/tensorflow-plan.ts";
import type { KeptRate } from "../optimizers/index.ts";
import { type RunJournal, reached, takingStep } from "../runs/index.ts";
import type { EarlyStopping } from "./early-stopping.ts";
import { restoreStates, statesOf } from "./kept-callbacks.ts";
import type { Emit } from "./run.ts";
import type { SamplingState } from "./sampling.ts";
import { type Rows, takeRows } from "./tensorflow-data.ts";
import { setLearningRate } from "./tensorflow-learning-rate.ts";
import { jobIdsOf, secondsOf, type TrainingState } from "./tensorflow-loop-state.ts";
import type { Objective } from "./tensorflow-objective.ts";
import { evaluateWith } from "./tensorflow-predict.ts";
import { epochOrder, type Settings } from "./tensorflow-settings.ts";
import { captureTraining, restoreTraining } from "./tensorflow-state.ts";
import { TrainingStep } from "./tensorflow-step.ts";
import { noCosts, type QuantumOptions } from "./tensorflow-walk.ts";
import type { EpochReport, StepReport, TrainCallbacks, TrainResult } from "./train.ts";

/** What a run gives its body. */
export interface TrainingRun {
  readonly emit: Emit<StepReport>;
  readonly signal: AbortSignal;
  /** Of a run that is kept. */
  readonly journal: RunJournal | undefined;
}

const NO_JOBS: readonly string[] = Object.freeze([]);

/** Steps and epochs of one `train` run, from where an earlier process has left it. */
export class TrainingLoop {
  plan!: ModelPlan;
  objective!: Objective;
  rows!: Rows;
  quantum!: QuantumOptions;
  validation: Rows | undefined;
  readonly #settings: Settings;
  readonly #run: TrainingRun;
  readonly #control = {
    stop: () => {
      this.#isToldToStop = true;
      this.#stop("stopped");
    },
  };
  /** By a callback, which a step taken again would do again; `stop()` of the run depends on who calls it when. */
  #isToldToStop = false;
  #history: EpochReport[] = [];
  #costs = noCosts();
  #best: tf.Tensor[] = [];
  #step: TrainingStep | undefined;
  #steps = 0;
  #epoch = 0;
  #rowsDone = 0;
  #sums: Record<string, number> = {};
  #lossVariance = 0;
  #loss = Number.NaN;
  #rate: KeptRate;
  #sampling: SamplingState;
  #ended: TrainResult["ended"] | undefined;
  /** When the run and the epoch at hand would have begun, had they gone on without a break; milliseconds. */
  #began = performance.now();
  #epochBegan = performance.now();

  constructor(settings: Settings, run: TrainingRun) {
    this.#settings = settings;
    this.#run = run;
    this.#rate = settings.learningRate?.init() ?? {};
    this.#sampling = settings.sampling.init();
  }

  /** Tells the optimizer the rate of the next step. */
  setRate(): void {
    const { learningRate } = this.#settings;
    if (learningRate !== undefined)
      setLearningRate(this.objective.optimizer, learningRate.rate(this.#steps, this.#rate));
  }

  get stepsDone(): number {
    return this.#steps;
  }

  /** What decides the next number. */
  state(): TrainingState {
    const { earlyStopping, callbacks, learningRate, sampling } = this.#settings;
    return {
      training: captureTraining(this.plan.model, this.objective.optimizer),
      steps: this.#steps,
      epoch: this.#epoch,
      rowsDone: this.#rowsDone,
      sums: this.#sums,
      lossVariance: this.#lossVariance,
      loss: this.#loss,
      ...(learningRate === undefined ? {} : { rate: this.#rate }),
      ...(sampling.hasState ? { sampling: this.#sampling } : {}),
      // The jobs of steps stand in their reports.
      costs: { ...this.#costs, jobIds: [] },
      ended: isItsOwnEnd(this.#ended) ? this.#ended : this.#isToldToStop ? "stopped" : null,
      early: earlyStopping?.state() ?? null,
      best: this.#best.map((tensor) => tensor.dataSync() as Float32Array),
      callbacks: statesOf(callbacks),
    };
  }

  /** Puts everything where the last step of an earlier process has left it. */
  async resume(journal: RunJournal): Promise<void> {
    const kept = (await journal.checkpoint()) as TrainingState | undefined;
    if (kept === undefined) return;
    const { earlyStopping, callbacks } = this.#settings;
    const { model } = this.plan;
    restoreTraining(model, this.objective.optimizer, kept.training);
    this.#steps = kept.steps;
    this.#epoch = kept.epoch;
    this.#rowsDone = kept.rowsDone;
    this.#sums = { ...kept.sums };
    this.#loss = kept.loss;
    this.#lossVariance = kept.lossVariance ?? Number.NaN;
    this.#rate = kept.rate ?? this.#rate;
    this.#sampling = kept.sampling ?? this.#sampling;
    // One that was stopped is resumed to go on, unless its process was killed before it had stopped.
    const { stoppedAt, parent } = journal.state;
    const goesOn = kept.ended === "stopped" && (stoppedAt === kept.steps || parent?.step === kept.steps);
    this.#ended = goesOn ? undefined : (kept.ended ?? undefined);
    if (kept.early !== null) earlyStopping?.restore(kept.early as ReturnType<EarlyStopping["state"]>);
    this.#best = kept.best.map((values, i) => tf.keep(tf.tensor(values, model.weights[i]!.shape as number[])));
    restoreStates(callbacks, kept.callbacks);
    this.#history = [...journal.epochs<EpochReport>()];
    const steps = journal.steps<StepReport>();
    this.#costs = { ...kept.costs, jobIds: jobIdsOf(steps, this.#history) };
    const sinceEpoch = secondsOf(steps.slice(this.#history.at(-1)?.steps ?? 0));
    this.#epochBegan = performance.now() - 1000 * sinceEpoch;
    this.#began = performance.now() - 1000 * (secondsOf(this.#history) + sinceEpoch);
  }

  async run(): Promise<TrainResult> {
    const { epochs, earlyStopping } = this.#settings;
    const { journal } = this.#run;
    if (this.#steps === 0) this.#began = performance.now();
    await this.#call("onTrainBegin", { numRows: this.rows.numRows, stepsPerEpoch: this.#stepsPerEpoch });
    // An epoch whose last step is done may still lack its end.
    while (this.#epoch < epochs && (!this.#isOver || (this.#rowsDone > 0 && this.#ended !== "stopped")))
      await this.#runEpoch();
    const state = journal === undefined ? undefined : this.state();
    const { weights } = this.plan.model;
    if (this.#best.length > 0) for (const [i, weight] of weights.entries()) weight.write(this.#best[i]!);
    const result: TrainResult = {
      steps: this.#steps,
      epochs: this.#history.length,
      ended: this.#ended ?? "completed",
      loss: this.#loss,
      history: this.#history,
      ...(earlyStopping === undefined ? {} : { bestEpoch: earlyStopping.bestEpoch }),
      seconds: (performance.now() - this.#began) / 1000,
      executions: this.#costs.executions,
      quantumSeconds: this.#costs.quantumSeconds,
      jobIds: this.#costs.jobIds,
    };
    await this.#call("onTrainEnd", result);
    if (this.#ended === "stopped") await journal?.stop("It was asked to stop.");
    else await journal?.finish(result, this.#best.length > 0 ? this.state() : state);
    return result;
  }

  dispose(): void {
    tf.dispose(this.#best);
  }

  get #stepsPerEpoch(): number {
    return Math.ceil(this.rows.numRows / this.#settings.batchSize);
  }
  get #isOver(): boolean {
    return this.#steps >= this.#settings.steps || this.#ended !== undefined;
  }

  async #runEpoch(): Promise<void> {
    const { batchSize, shuffle, rng } = this.#settings;
    const { numRows } = this.rows;
    if (this.#rowsDone === 0) {
      this.#epochBegan = performance.now();
      this.#lossVariance = 0;
    }
    const order = epochOrder(numRows, shuffle, rng, this.#epoch);
    while (this.#rowsDone < numRows && !this.#isOver)
      await this.#runStep(order.subarray(this.#rowsDone, this.#rowsDone + batchSize));
    const means = Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#rowsDone]);
    const { loss, ...metrics } = Object.fromEntries(means);
    // A run that is kept goes on with this epoch when it is resumed.
    if (this.#ended === "stopped" && this.#run.journal !== undefined && this.#rowsDone < numRows) {
      this.#loss = loss;
      return;
    }
    this.#run.journal?.phase(`validation-${this.#epoch + 1}`);
    const { validation, jobIds = NO_JOBS } =
      this.validation === undefined ? {} : await this.#validate(this.#epoch, this.validation);
    const report: EpochReport = {
      epoch: this.#epoch + 1,
      steps: this.#steps,
      loss: loss!,
      stderr: Math.sqrt(this.#lossVariance) / this.#rowsDone,
      metrics,
      ...(validation === undefined ? {} : { validation }),
      seconds: (performance.now() - this.#epochBegan) / 1000,
      jobIds,
    };
    this.#history.push(report);
    this.#loss = loss;
    this.#checkEarly(report);
    this.#rate = this.#settings.learningRate?.observe(this.#rate, validation?.loss ?? loss!) ?? this.#rate;
    await this.#call("onEpochEnd", report);
    const isCut = this.#rowsDone < numRows;
    this.#epoch++;
    this.#rowsDone = 0;
    this.#sums = {};
    this.#lossVariance = 0;
    await this.#run.journal?.commitEpoch(report.epoch, this.#steps, report, this.state(), isCut);
  }

  async #runStep(rows: Int32Array): Promise<void> {
    const start = performance.now();
    const { journal } = this.#run;
    this.quantum.signal?.throwIfAborted();
    this.setRate();
    const { sampling } = this.#settings;
    const batch = { x: takeRows(this.rows.x, rows), y: takeRows(this.rows.y, rows) };
    try {
      this.#step ??= new TrainingStep(this.plan, this.objective, this.quantum);
      const step = this.#step;
      const outcome = await takingStep(journal, this.#steps + 1, () =>
        step.run(batch, this.#settings.rng.fork("step", this.#steps), sampling.now(this.#sampling)),
      );
      reached("k12");
      this.#steps++;
      this.#rowsDone += rows.length;
      this.#addCosts(outcome);
      const { loss, metrics, stderr, quantumSeconds, executions, jobIds, sampled } = outcome;
      this.#lossVariance += (stderr * rows.length) ** 2;
      if (sampling.hasState && sampled !== undefined) this.#sampling = sampling.observe(this.#sampling, sampled);
      for (const [name, value] of Object.entries({ loss, ...metrics }))
        this.#sums[name] = (this.#sums[name] ?? 0) + value * rows.length;
      // A run keeps its reports, so they are to be small: the engine makes a spread object with a table of its own.
      const report: StepReport = {
        step: this.#steps,
        epoch: this.#epoch + 1,
        loss,
        metrics,
        stderr,
        seconds: (performance.now() - start) / 1000,
        quantumSeconds,
        executions,
        jobIds: jobIds.length === 0 ? NO_JOBS : jobIds,
      };
      // A step is done when those who look on are done with it, so that their state is of the same step; its jobs' values
      // are written down already.
      await this.#call("onBatchEnd", report);
      if (!(await this.#run.emit(report, () => this.state()))) this.#stop("stopped");
    } finally {
      for (const tensor of [...batch.x, ...batch.y]) tensor.dispose();
    }
  }

  async #validate(epoch: number, rows: Rows): Promise<Required<Pick<EpochReport, "validation" | "jobIds">>> {
    const rng = this.#settings.rng.fork("validation", epoch);
    const { batchSize, sampling } = this.#settings;
    const quantum = { ...this.quantum, ...sampling.now(this.#sampling) };
    const result = await evaluateWith(this.plan, this.objective, rows, batchSize, rng, quantum);
    this.#addCosts(result);
    const { loss, metrics, jobIds } = result;
    return { validation: { loss, metrics }, jobIds };
  }

  #checkEarly({ epoch, loss, stderr, metrics, validation }: EpochReport): void {
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
    const isAtFloor = earlyStopping.isAtNoiseFloor(loss, stderr);
    if (!stop && !isAtFloor) return;
    const how = stop ? "early-stopping" : "noise-floor";
    // What has come to its end is not to go on because it was asked to stop at the same time.
    if (this.#run.journal === undefined) this.#stop(how);
    else this.#ended = how;
  }

  #stop(how: "stopped" | "early-stopping" | "noise-floor"): void {
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

function isItsOwnEnd(ended: TrainResult["ended"] | undefined): ended is "early-stopping" | "noise-floor" {
  return ended === "early-stopping" || ended === "noise-floor";
}
