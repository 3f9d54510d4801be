import { type Backend, type Clock, ProviderError } from "../../providers/index.ts";
import { RunError, TrainingError } from "../errors.ts";
import type { Budget } from "../runs/budget.ts";
import { oneLine } from "../runs/history.ts";
import { failedEvent } from "../runs/new-run.ts";
import { foldRun } from "../runs/run-state.ts";
import type { Lease, RunRow, RunStore } from "../runs/run-store.ts";
import type { RunTask } from "../runs/run-task.ts";
import { writeSafetensors } from "../runs/safetensors.ts";
import { rowOf } from "../runs/stop-run.ts";
import type { MinimizeOptions, MinimizeResult, MinimizeStep } from "../training/minimize-options.ts";
import type { Run, RunKeeping } from "../training/run.ts";
import type { MinimizeRunConfig, ModelRunConfig, RunConfig } from "../training/run-config.ts";
import { drivenBy, madeBy, readRunConfig } from "../training/run-config-file.ts";
import type { StepReport, TrainOptions, TrainResult } from "../training/train.ts";
import { holding } from "./held-lease.ts";
import { type NamedProviders, namedProviders } from "./named-provider.ts";
import { type TaskSettings, taskSettings } from "./task-options.ts";

export interface ExecuteOptions {
  /** In place of what the store has for the run; kept for those who drive it later, once it is known to be the same run. */
  readonly task?: RunTask;
  /** What the run may take from here on, in place of what it might before and of what its task and file say. */
  readonly budget?: string | Budget | undefined;
  /** What the task's file exports, where it was read already. */
  readonly config?: RunConfig;
  /** By the names that tasks give; one's own by default, with the environment's credentials. */
  readonly providers?: NamedProviders;
  /** Leaves the run when it is aborted, with the signal's reason; jobs that are out go on. */
  readonly signal?: AbortSignal;
  /** While a long queue is waited for: stay (by default), or leave with RUN_PARKED. */
  readonly park?: "stay" | "leave";
  readonly clock?: Clock;
  /** Exports the weights at the end. */
  readonly weights?: boolean;
  /** Told of every step, also of those that earlier processes have done, and how many there will be where that is known. */
  readonly onStep?: (step: StepReport | MinimizeStep, total: number | undefined) => void;
  /** Told in plain words what is waited for. */
  readonly onActivity?: (words: string) => void;
  /** Told once it is known which backend it is. */
  readonly onProvider?: (provider: Backend) => void;
}

/** How a run ended, with its weights in the safetensors format where they were asked for. */
export type Executed =
  | { readonly kind: "train"; readonly result: TrainResult; readonly weights?: Uint8Array }
  | { readonly kind: "minimize"; readonly result: MinimizeResult; readonly weights?: Uint8Array };

/**
 * Drives a run as its task says, to its end: what `lepton train`, `lepton runs resume` and workers do. A run that has ended
 * gives its result again, and nothing is sent.
 * @param target a run's id, or a lease of it: then it is let go in any case, and what keeps it from being driven, such as a file
 * that throws, is written down as its failure
 * @throws RunError RUN_UNKNOWN, RUN_NO_TASK, RUN_OPTION, RUN_DRIVEN, RUN_PARKED, RUN_CHANGED; BudgetError; TrainingError CONFIG_FILE,
 * PROVIDER_UNKNOWN; what `train` and `minimize` throw; the signal's reason
 */
export async function executeRun(
  store: RunStore,
  target: string | Lease,
  options: ExecuteOptions = {},
): Promise<Executed> {
  const lease = typeof target === "string" ? undefined : target;
  const id = typeof target === "string" ? target : target.runId;
  let prepared: PreparedRun;
  try {
    prepared = await holding(store, lease, () => prepare(store, id, lease, options), options.clock);
    options.signal?.throwIfAborted();
  } catch (error) {
    if (lease === undefined) throw error;
    const left = options.signal?.aborted === true;
    if (!left && options.park === "leave" && error instanceof ProviderError && error.retryable)
      throw await park(store, lease, error);
    await giveUp(store, lease, error, left || isStoreTrouble(error));
    throw error;
  }
  try {
    return await prepared.execute();
  } catch (error) {
    if (lease !== undefined && (await isUndriven(store, lease, error, options.signal)))
      await giveUp(store, lease, error, false);
    throw error;
  } finally {
    prepared.dispose();
    // Where the run did not come so far as to let go of it itself.
    if (lease !== undefined) await store.release(lease);
  }
}

/** Whether an error is the store's, which another try may find in order, and says nothing against the run. */
export function isStoreTrouble(error: unknown): boolean {
  return error instanceof RunError && /^LEDGER_(BUSY|CLOSED|FULL|IO|OPEN|READ_ONLY)$/.test(error.code);
}

/** Before a service is asked again that did not answer, for as long as its client tries, when a run was prepared. */
const DOWN_MS = 60_000;

/** Leaves a run, against which nothing speaks, until its service may be there again. */
async function park(store: RunStore, lease: Lease, cause: ProviderError): Promise<RunError> {
  const words = `Its backend cannot be had now: ${oneLine(cause.message)}`;
  const wakeAt = (await store.now()) + DOWN_MS;
  await store.append(lease, { events: [{ type: "parked", words, wakeAt }], activity: words });
  await store.release(lease);
  return new RunError("RUN_PARKED", `Run ${lease.runId} is parked: ${words}`, { cause });
}

/** Whether nobody has written down how the run ended: what drives it lets go of its lease when it has. */
async function isUndriven(
  store: RunStore,
  { runId, epoch }: Lease,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const code = error instanceof RunError ? error.code : "";
  if (signal?.aborted === true || /^(RUN_PARKED|RUN_FENCED|LEDGER_.*)$/.test(code)) return false;
  const row = await store.run(runId);
  return row?.lease?.epoch === epoch;
}

async function giveUp(store: RunStore, lease: Lease, error: unknown, left: boolean): Promise<void> {
  try {
    if (!left) await store.append(lease, { events: [failedEvent(error)], activity: null });
    await store.release(lease);
  } catch {
    // Somebody else has the run, or the store takes nothing now; the lease ends by itself.
  }
}

interface PreparedRun {
  execute(): Promise<Executed>;
  dispose(): void;
}

async function prepare(
  store: RunStore,
  id: string,
  lease: Lease | undefined,
  options: ExecuteOptions,
): Promise<PreparedRun> {
  const row = await rowOf(store, id);
  const task = options.task ?? requireTask(row);
  const settings = taskSettings(task.options);
  const config = options.config ?? (await readRunConfig(task.config, task.options));
  const provider = await providerFor(store, id, task.config, settings, config, options.providers ?? namedProviders());
  if (provider !== undefined) options.onProvider?.(provider);
  const kept = keeping(store, row, task, settings.budget ?? task.budget?.run ?? config.budget, lease, options);
  const prepared = await ("model" in config
    ? prepareTraining(task.config, config, settings, provider, kept, options)
    : prepareMinimisation(config, settings, provider, kept, options));
  return { ...prepared, execute: () => drivenBy(task.config, () => prepared.execute()) };
}

/** @throws RunError RUN_NO_TASK */
export function requireTask({ id, task }: RunRow): RunTask {
  if (task !== undefined) return task;
  throw new RunError(
    "RUN_NO_TASK",
    `Run ${id} was started by a program, which alone knows what it does: run that program again with the same id.`,
  );
}

/** The backend that the task names, else the file's own. `ibm` chose one when the run was first driven, and it stays there. */
async function providerFor(
  store: RunStore,
  id: string,
  file: string,
  { provider }: TaskSettings,
  config: RunConfig,
  providers: NamedProviders,
): Promise<Backend | undefined> {
  if (provider === undefined) return madeBy(file, "provider", config.provider);
  if (provider !== "ibm") return providers(provider);
  const backend = foldRun(await store.read(id)).description?.parts.backend;
  return providers(typeof backend === "string" ? `ibm:${backend}` : provider);
}

type Kept = RunKeeping & { readonly id: string; readonly signal?: AbortSignal };

function keeping(
  store: RunStore,
  { id, schedule }: RunRow,
  task: RunTask,
  defaultBudget: string | Budget | undefined,
  lease: Lease | undefined,
  { budget, signal, park, clock, onActivity }: ExecuteOptions,
): Kept {
  const { budget: allowed } = task;
  return {
    store,
    id,
    ...(lease === undefined ? {} : { lease }),
    // That of the file is among the defaults.
    budget,
    defaultBudget,
    task,
    ...(allowed === undefined ? {} : { timeZone: allowed.timeZone }),
    ...(schedule === undefined ? {} : { schedule: { id: schedule.id, budget: allowed?.schedule } }),
    ...(signal === undefined ? {} : { signal }),
    ...(park === undefined ? {} : { park }),
    ...(clock === undefined ? {} : { clock }),
    ...(onActivity === undefined ? {} : { onActivity }),
  };
}

/** Objects that a run changes: each may be in one run of this process. */
const taken = new WeakSet<object>();

function take(file: string, what: string, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (taken.has(value))
    throw new TrainingError(
      "CONFIG_FILE",
      `${file} gives a second run the ${what} of an earlier one, which that run has changed; make it inside the function.`,
    );
  taken.add(value);
}

async function prepareTraining(
  file: string,
  { model: lazyModel, data: lazyData, provider: _own, ...own }: ModelRunConfig,
  { provider: _named, budget: _allowed, ...settings }: TaskSettings,
  provider: Backend | undefined,
  kept: Kept,
  { onStep, weights }: ExecuteOptions,
): Promise<PreparedRun> {
  const model = await madeBy(file, "model", lazyModel);
  const data = await madeBy(file, "data", lazyData);
  take(file, "model", model);
  take(file, "optimizer", own.optimizer);
  const { train } = await import("../training/train.ts");
  let total: number | undefined;
  const length = {
    onTrainBegin({ stepsPerEpoch }: { readonly stepsPerEpoch: number }): void {
      const { steps = Number.POSITIVE_INFINITY, epochs = steps === Number.POSITIVE_INFINITY ? 1 : steps } = options;
      total = Math.min(steps, epochs * stepsPerEpoch);
    },
  };
  const options: TrainOptions = {
    ...own,
    ...settings,
    ...(provider === undefined ? {} : { provider }),
    // Last, so that the states of the file's own callbacks keep their places.
    callbacks: [...[own.callbacks ?? []].flat(), length],
    ...kept,
  };
  return {
    async execute() {
      const result = await follow(train(model, data, options), (step) => onStep?.(step, total));
      if (weights !== true) return { kind: "train", result };
      const { exportWeights } = await import("../models/tensorflow-safetensors.ts");
      return { kind: "train", result, weights: exportWeights(model) };
    },
    dispose: () => void model.dispose(),
  };
}

async function prepareMinimisation(
  config: MinimizeRunConfig,
  { provider: _named, budget: _allowed, epochs, batchSize, ...settings }: TaskSettings,
  provider: Backend | undefined,
  kept: Kept,
  { onStep, weights }: ExecuteOptions,
): Promise<PreparedRun> {
  for (const [name, value] of Object.entries({ epochs, batchSize }))
    if (value !== undefined)
      throw new RunError("RUN_OPTION", `A run of minimize has no ${name}; say how long it is with steps.`);
  const { minimize } = await import("../training/minimize.ts");
  const { localSimulator } = await import("../../providers/index.ts");
  const options: MinimizeOptions = { ...config, ...settings, provider: provider ?? localSimulator(), ...kept };
  return {
    async execute() {
      const result = await follow(minimize(options), (step) => onStep?.(step, options.steps));
      if (weights !== true) return { kind: "minimize", result };
      const data = Float64Array.from(result.weights);
      const tensor = { dtype: "F64", shape: [data.length], data } as const;
      return { kind: "minimize", result, weights: writeSafetensors([["weights", tensor]], [["run", kept.id]]) };
    },
    dispose: () => {},
  };
}

async function follow<Step, Result>(run: Run<Step, Result>, onStep: (step: Step) => void): Promise<Result> {
  for await (const step of run) onStep(step);
  return run.result();
}
