import { resolve } from "node:path";
import { RunError } from "../errors.ts";
import { createdEvent } from "../runs/new-run.ts";
import type { RunRow, RunStore } from "../runs/run-store.ts";
import type { RunTask } from "../runs/run-task.ts";
import type { RunConfigOptions } from "../training/run-config.ts";
import { taskSettings } from "./task-options.ts";

/** Values by option: every combination is one configuration. */
export type Grid = Readonly<Record<string, readonly (string | number | boolean)[]>>;

const MAX_RUNS = 10_000;

/**
 * All combinations of a grid; the last option changes fastest.
 * @throws RunError SWEEP_GRID for an option without values, one given twice, or too many combinations
 */
export function gridOptions(grid: Grid): readonly RunConfigOptions[] {
  let combinations: RunConfigOptions[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    if (values.length === 0 || new Set(values).size < values.length)
      throw new RunError(
        "SWEEP_GRID",
        values.length === 0
          ? `Option ${name} of the grid has no values; list some, or leave it out.`
          : `Option ${name} of the grid has a value twice.`,
      );
    if (combinations.length * values.length > MAX_RUNS)
      throw new RunError("SWEEP_GRID", `The grid has more than ${MAX_RUNS.toLocaleString("en")} combinations.`);
    combinations = combinations.flatMap((before) => values.map((value) => ({ ...before, [name]: value })));
  }
  return combinations;
}

export interface SweepOptions {
  /** Its runs are `NAME-1` and so on. */
  readonly name: string;
  /** The file that describes each run. */
  readonly config: string;
  /** One run each, in this order. */
  readonly options: readonly RunConfigOptions[];
}

export interface Sweep {
  readonly runs: readonly RunRow[];
  /** How many of them are new; the others were there from the same sweep, which was asked for before. */
  readonly created: number;
}

/**
 * Creates a run for each configuration; workers share them. Asking again for the same sweep creates what is missing of it.
 * @throws RunError SWEEP_CHANGED where a run of that name has another task; SWEEP_GRID, RUN_OPTION, RUN_ID; BudgetError; LEDGER_*
 */
export async function createSweep(store: RunStore, { name, config, options }: SweepOptions): Promise<Sweep> {
  if (options.length === 0) throw new RunError("SWEEP_GRID", "The sweep has no configuration.");
  if (options.length > MAX_RUNS)
    throw new RunError("SWEEP_GRID", `A sweep has up to ${MAX_RUNS.toLocaleString("en")} runs, not ${options.length}.`);
  for (const own of options) taskSettings(own);
  const path = resolve(config);
  const digits = String(options.length).length;
  const wanted = options.map((own, index) => ({
    id: `${name}-${String(index + 1).padStart(digits, "0")}`,
    task: { config: path, options: own } satisfies RunTask,
  }));
  // All are looked at before any is made.
  const found: (RunRow | undefined)[] = [];
  for (const { id, task } of wanted) found.push(checkSame(await store.run(id), id, task));
  const runs: RunRow[] = [];
  for (const [index, { id, task }] of wanted.entries())
    runs.push(found[index] ?? (await store.create({ id, task, events: [createdEvent()] })));
  return { runs, created: found.filter((row) => row === undefined).length };
}

/** @throws RunError SWEEP_CHANGED */
function checkSame(row: RunRow | undefined, id: string, wanted: RunTask): RunRow | undefined {
  if (row === undefined || isSameTask(row.task, wanted)) return row;
  const { task } = row;
  const other = task === undefined ? "of a program" : `of ${task.config} with ${JSON.stringify(task.options)}`;
  throw new RunError("SWEEP_CHANGED", `There is a run ${id} already, ${other}; give this sweep another name.`);
}

function isSameTask(one: RunTask | undefined, other: RunTask): boolean {
  const sorted = ({ config, options }: RunTask): string =>
    JSON.stringify([config, Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return one !== undefined && sorted(one) === sorted(other);
}
