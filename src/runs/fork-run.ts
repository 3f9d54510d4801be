import { describeNumber } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";
import type { BudgetEvent, EpochEvent, RunRecord, StepEvent } from "./events.ts";
import { createdEvent } from "./new-run.ts";
import type { RunRow, RunStore } from "./run-store.ts";
import type { RunTask } from "./run-task.ts";
import { rowOf } from "./stop-run.ts";

export interface ForkOptions {
  /** After this step of the old run, from 1. */
  readonly at: number;
  /** Id of the new run. */
  readonly as: string;
  /** Replaces what the old run's task says, name by name. */
  readonly options?: RunTask["options"];
}

/**
 * A new run that starts from where another one stood after a step: with its weights, optimizer state, generator and place in
 * the data. Its settings may differ from the old run's, which stays as it is; no job is paid again. The budget that the old run
 * was last given holds for it too, with nothing spent, unless `options` has one.
 * @throws RunError RUN_UNKNOWN, RUN_STEP, RUN_STATE_DROPPED, RUN_NO_TASK (with options), RUN_EXISTS, RUN_ID; LEDGER_*
 */
export async function forkRun(store: RunStore, id: string, { at, as, options }: ForkOptions): Promise<RunRow> {
  const { task, step } = await rowOf(store, id);
  if (options !== undefined && Object.keys(options).length > 0 && task === undefined)
    throw new RunError(
      "RUN_NO_TASK",
      `Run ${id} was started by a program, which alone knows its options. Fork it without any, and change the program.`,
    );
  if (!(Number.isSafeInteger(at) && at >= 1 && at <= step))
    throw new RunError(
      "RUN_STEP",
      `Run ${id} has no step ${describeNumber(at)} to be forked at: ${step === 0 ? "it has done none" : `it has done 1 to ${step}`}.`,
    );
  const records = await store.read(id);
  const copied = records.flatMap(({ event }: RunRecord): readonly (StepEvent | EpochEvent)[] =>
    (event.type === "step" || (event.type === "epoch" && event.isCut !== true)) && event.step <= at ? [event] : [],
  );
  const blob = await stateOf(store, id, at, copied);
  const budgets = records.flatMap(({ event }): readonly BudgetEvent[] => (event.type === "budget" ? [event] : []));
  const budget = options?.budget === undefined ? budgets.slice(-1) : [];
  return store.create({
    id: as,
    ...(task === undefined ? {} : { task: { ...task, options: { ...task.options, ...options } } }),
    events: [createdEvent({ run: id, step: at }), ...budget, ...copied],
    blobs: [blob],
  });
}

async function stateOf(
  store: RunStore,
  id: string,
  at: number,
  events: readonly (StepEvent | EpochEvent)[],
): Promise<Uint8Array> {
  try {
    return await store.blob(events.at(-1)!.snapshot);
  } catch (cause) {
    if (!(cause instanceof RunError && cause.code === "LEDGER_BLOB")) throw cause;
    const epochs = events.flatMap((event) => (event.type === "epoch" ? [event.step] : []));
    const kept = epochs.length === 0 ? "" : ` (${epochs.slice(-10).join(", ")} before it)`;
    throw new RunError(
      "RUN_STATE_DROPPED",
      `The state after step ${at} of run ${id} is not kept: of large states there are only the last few and those at the end of an epoch${kept}. Fork at one of those.`,
      { cause },
    );
  }
}
