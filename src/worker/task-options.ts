import { describeValue } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";
import type { Budget } from "../runs/budget.ts";
import { parseBudget } from "../runs/budget-text.ts";
import { RUN_POLICIES, type RunPolicies } from "../runs/run-policies.ts";
import type { RunTask } from "../runs/run-task.ts";

/** What a task's options say in place of its file. */
export interface TaskSettings extends RunPolicies {
  readonly provider?: string;
  readonly precision?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly seed?: number | string;
  readonly budget?: Budget;
}

const positiveInteger = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const text = (value: unknown): boolean => typeof value === "string" && value !== "";

type Check = readonly [check: (value: unknown) => boolean, words: string];
const oneOf = (known: readonly unknown[]): Check => [(value) => known.includes(value), `one of ${known.join(", ")}`];

const CHECKS: Readonly<Record<keyof TaskSettings, Check>> = {
  provider: [text, "local, device:NAME, ibm:NAME or ibm"],
  precision: [(value) => typeof value === "number" && value >= 0 && value < Infinity, "a number of 0 or more"],
  steps: [positiveInteger, "an integer of 1 or more"],
  epochs: [positiveInteger, "an integer of 1 or more"],
  batchSize: [positiveInteger, "an integer of 1 or more"],
  seed: [(value) => (Number.isSafeInteger(value) && (value as number) >= 0) || text(value), "an integer or a text"],
  budget: [text, `a text such as "60s"`],
  recalibration: oneOf(RUN_POLICIES.recalibration),
  lostResults: oneOf(RUN_POLICIES.lostResults),
};

/**
 * The options that `train` and `minimize` know, checked; the others are for the task's file.
 * @throws RunError RUN_OPTION; BudgetError BUDGET_UNIT, BUDGET_FORM
 */
export function taskSettings(options: RunTask["options"]): TaskSettings {
  const settings: Record<string, unknown> = {};
  for (const [name, [fits, words]] of Object.entries(CHECKS)) {
    const value = options[name];
    if (value === undefined) continue;
    if (!fits(value)) throw new RunError("RUN_OPTION", `Option ${name} is ${describeValue(value)}; it is ${words}.`);
    settings[name] = name === "budget" ? parseBudget(value as string) : value;
  }
  return settings;
}
