import type { Budget } from "./budget.ts";

/** How a worker finds out what to run. */
export interface RunTask {
  /** Path of the file whose default export is a `RunConfig`. */
  readonly config: string;
  /** What the command line said in place of the file: names and values of options. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** What the schedule that started it allows; kept here, since the schedule may be gone when the run goes on. */
  readonly budget?: TaskBudget;
}

export interface TaskBudget {
  readonly run?: Budget;
  /** For all runs of the schedule together. */
  readonly schedule?: Budget;
  /** Where days of both begin and end. */
  readonly timeZone: string;
}

/** `numbers.ts lr=0.1 seed=2`. */
export function taskText({ config, options }: RunTask): string {
  return [config, ...Object.entries(options).map(([name, value]) => `${name}=${value}`)].join(" ");
}
