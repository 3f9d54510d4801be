import { describeValue, optionsFault } from "../../circuits/index.ts";
import { nearNames } from "../../providers/index.ts";
import { ScheduleError } from "../errors.ts";
import type { Budget, BudgetLimits } from "../runs/budget.ts";
import { checkBudget } from "../runs/budget.ts";
import { parseBudget } from "../runs/budget-text.ts";
import { Condition } from "./condition.ts";
import { CronExpression } from "./cron-expression.ts";
import { firstInstant, isZone } from "./zone.ts";

/** What to run, when, and under what limits. Plain JSON, as the store keeps it. */
export interface ScheduleSpec {
  /** Path of the file whose default export is the run; a relative one starts at the working directory of the worker. */
  readonly config: string;
  /** Options of the run, as the command line would give them. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Five fields, minute to day of the week, or six from the second on, or a name such as "@daily". */
  readonly cron: string;
  /** The clock that the cron expression means, such as "Europe/Berlin". */
  readonly timeZone: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** The condition on which a tick starts. */
  readonly when?: string;
  /** How long a tick waits for its condition; after that it is skipped. 0 without a condition. */
  readonly windowSeconds: number;
  readonly budget?: ScheduleBudget;
  /** No tick lies before it: ISO 8601, UTC. */
  readonly start?: string;
}

/**
 * What becomes of ticks that nobody was there for: none of them is started, the last one is, or the last `all` are, in order.
 * With `overlap: "queue"` it is also how many may wait.
 */
export type CatchUp = "none" | "last" | { readonly all: number };

/** What becomes of a tick while an earlier run of the schedule has not ended: it is left out, waits for that end, or starts. */
export type Overlap = "skip" | "queue" | "allow";

export interface ScheduleBudget {
  /** Of each run. */
  readonly perRun?: Budget;
  /** Of all runs together, for all time and for each day in the schedule's time zone. */
  readonly total?: BudgetLimits;
  readonly perDay?: BudgetLimits;
  /** Of the money in `total` and `perDay`, such as "USD". */
  readonly currency?: string;
}

export interface ScheduleOptions
  extends Pick<ScheduleSpec, "config" | "cron">,
    Partial<Omit<ScheduleSpec, "config" | "cron" | "budget">> {
  /** UTC by default. */
  readonly timeZone?: string;
  /** "last" by default. */
  readonly catchUp?: CatchUp;
  /** "skip" by default. */
  readonly overlap?: Overlap;
  /** An hour by default, where there is a condition. */
  readonly windowSeconds?: number;
  /** Limits of a run also as text, such as "60s". */
  readonly budget?: Omit<ScheduleBudget, "perRun"> & { readonly perRun?: Budget | string };
  /** Also a date or time on the clock of `timeZone`, such as "2026-12-01" or "2026-12-01T20:00". */
  readonly start?: string;
}

const NAMES = [
  "config",
  "options",
  "cron",
  "timeZone",
  "catchUp",
  "overlap",
  "when",
  "windowSeconds",
  "budget",
  "start",
] as const satisfies readonly (keyof ScheduleSpec)[];
const OVERLAPS: readonly unknown[] = ["skip", "queue", "allow"];
export const MAX_CATCH_UP = 1000;
const MAX_WINDOW_SECONDS = 7 * 86_400;
const WINDOW_SECONDS = 3600;

/**
 * A schedule with all that was left out.
 * @throws ScheduleError SCHEDULE_CRON, SCHEDULE_ZONE, SCHEDULE_CONDITION, SCHEDULE_OPTION, SCHEDULE_PACKAGE; BudgetError
 * BUDGET_FORM, BUDGET_UNIT
 */
export async function checkSchedule(options: ScheduleOptions): Promise<ScheduleSpec> {
  const spec = checkSpec(options);
  (await CronExpression.parse(spec.cron)).checkComes();
  return spec;
}

/** As `checkSchedule`, all but the cron expression. */
export function checkSpec(options: unknown): ScheduleSpec {
  const fault = optionsFault("A schedule", options, NAMES);
  if (fault !== undefined) throw optionError(fault);
  const {
    config,
    cron,
    timeZone = "UTC",
    catchUp = "last",
    overlap = "skip",
    when,
    budget,
    start,
    ...rest
  } = options as ScheduleOptions;
  if (typeof config !== "string" || config.trim() === "")
    throw optionError(`config of a schedule is the path of the file to run, not ${describeValue(config)}.`);
  checkZone(timeZone);
  checkCatchUp(catchUp);
  if (!OVERLAPS.includes(overlap))
    throw optionError(`overlap of a schedule is "skip", "queue" or "allow", not ${describeValue(overlap)}.`);
  if (overlap === "queue" && catchUp === "none")
    throw optionError(
      `overlap "queue" of a schedule needs catchUp "last" or { all: n }, which says how many ticks may wait; with "none" none can.`,
    );
  const condition = when === undefined ? undefined : Condition.parse(when);
  return {
    config,
    options: checkRunOptions(rest.options ?? {}),
    cron,
    timeZone,
    catchUp: typeof catchUp === "object" ? { all: catchUp.all } : catchUp,
    overlap,
    ...(condition === undefined ? {} : { when: condition.text }),
    windowSeconds: checkWindow(rest.windowSeconds, condition !== undefined),
    ...(budget === undefined ? {} : { budget: checkScheduleBudget(budget) }),
    ...(start === undefined ? {} : { start: startOf(start, timeZone) }),
  };
}

/** What all runs of a schedule may spend together; undefined for any amount. */
export function budgetOfAll({ total, perDay, currency }: ScheduleBudget): Budget | undefined {
  if (total === undefined && perDay === undefined) return undefined;
  return {
    ...total,
    ...(perDay === undefined ? {} : { perDay }),
    ...(currency === undefined ? {} : { currency }),
  };
}

function checkZone(zone: unknown): void {
  if (typeof zone === "string" && isZone(zone)) return;
  const near =
    typeof zone === "string"
      ? nearNames(zone.replaceAll(" ", "_"), ["UTC", ...Intl.supportedValuesOf("timeZone")])
      : [];
  const hint =
    near.length === 0 ? `Zones have names such as "UTC" or "Europe/Berlin".` : `Did you mean ${near.join(" or ")}?`;
  const given = typeof zone === "string" ? JSON.stringify(zone.slice(0, 60)) : describeValue(zone);
  throw new ScheduleError("SCHEDULE_ZONE", `There is no time zone ${given}. ${hint}`);
}

function checkCatchUp(catchUp: unknown): void {
  if (catchUp === "none" || catchUp === "last") return;
  const all = (catchUp as { readonly all?: unknown } | null | undefined)?.all;
  const isForm = typeof catchUp === "object" && catchUp !== null && Object.keys(catchUp).length === 1;
  if (isForm && Number.isSafeInteger(all) && Number(all) >= 1 && Number(all) <= MAX_CATCH_UP) return;
  throw optionError(
    `catchUp of a schedule is "none", "last" or { all: n } with n from 1 to ${MAX_CATCH_UP}, not ${all === undefined ? describeValue(catchUp) : `{ all: ${describeValue(all)} }`}.`,
  );
}

function checkWindow(seconds: unknown, hasCondition: boolean): number {
  if (seconds === undefined) return hasCondition ? WINDOW_SECONDS : 0;
  if (!hasCondition && seconds !== 0)
    throw optionError(
      "windowSeconds of a schedule says how long a tick waits for its condition; give when, or leave it out.",
    );
  if (typeof seconds === "number" && seconds >= 0 && seconds <= MAX_WINDOW_SECONDS) return seconds;
  throw optionError(
    `windowSeconds of a schedule is a number from 0 to ${MAX_WINDOW_SECONDS} (a week), not ${describeValue(seconds)}.`,
  );
}

function checkRunOptions(options: unknown): ScheduleSpec["options"] {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw optionError(`options of a schedule are an object of names and values, not ${describeValue(options)}.`);
  for (const [name, value] of Object.entries(options)) {
    if (!/^[A-Za-z][\w-]*$/.test(name))
      throw optionError(`${JSON.stringify(name)} in the options of a schedule is no name of an option.`);
    if (!(typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)))
      throw optionError(
        `options.${name} of a schedule is a text, a number, true or false, not ${describeValue(value)}.`,
      );
  }
  return { ...options };
}

function checkScheduleBudget(budget: NonNullable<ScheduleOptions["budget"]>): ScheduleBudget {
  const fault = optionsFault("budget of a schedule", budget, ["perRun", "total", "perDay", "currency"]);
  if (fault !== undefined) throw optionError(fault);
  const { perRun, ...all } = budget;
  const { perDay, currency, ...total } = checkBudget({
    ...limitsOf("total", all.total),
    ...(all.perDay === undefined ? {} : { perDay: limitsOf("perDay", all.perDay) }),
    ...(all.currency === undefined ? {} : { currency: all.currency }),
  });
  return {
    ...(perRun === undefined ? {} : { perRun: parseBudget(perRun) }),
    ...(Object.keys(total).length === 0 ? {} : { total }),
    ...(perDay === undefined ? {} : { perDay }),
    ...(currency === undefined ? {} : { currency }),
  };
}

function limitsOf(what: string, limits: BudgetLimits | undefined): BudgetLimits {
  if (limits === undefined) return {};
  const fault = optionsFault(`budget.${what} of a schedule`, limits, ["quantumSeconds", "money", "jobs"]);
  if (fault !== undefined) throw optionError(fault);
  return limits;
}

const START = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/;

function startOf(start: unknown, zone: string): string {
  const [, day, time = "00:00", offset] = (typeof start === "string" && START.exec(start)) || [];
  const local = Date.parse(`${day}T${time}Z`);
  // Dates such as 30 February are read as others.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(`${day}T${time}`))
    throw optionError(
      `start of a schedule is a date such as "2026-12-01", or with a time "2026-12-01T20:00" or "2026-12-01T20:00Z", not ${describeValue(start)}.`,
    );
  const instant = offset === undefined ? firstInstant(local, zone) : Date.parse(`${day}T${time}${offset}`);
  if (Number.isNaN(instant)) throw optionError(`start of a schedule has no offset ${offset}.`);
  return new Date(instant).toISOString();
}

function optionError(words: string): ScheduleError {
  return new ScheduleError("SCHEDULE_OPTION", words);
}
