import { JOB_OVERHEAD_SECONDS } from "../../providers/index.ts";
import { type Amount, type BudgetScope, exact, isDaily, leftIn, type ScopeTotals } from "../runs/index.ts";
import type { PlannedRun, PlannedWork } from "./training-plan.ts";

/** A scope and what is charged and set aside in it. */
export interface BudgetUse {
  readonly scope: BudgetScope;
  readonly totals: ScopeTotals;
}

/** What some work takes of a budget. */
export interface Need {
  readonly jobs: number;
  /** Planned. */
  readonly seconds: number;
  /** What is missing to whole seconds of the last job: that is how they are set aside. */
  readonly rounding: number;
}

/** Some work of a plan in the room that one budget leaves. */
export interface Placed {
  readonly of: "step" | "run";
  readonly need: Need;
  readonly use: BudgetUse;
  readonly left: Amount;
  /** What of `left` money pays for, too. */
  readonly secondsLeft: number;
}

/** The rooms that a run has to fit in, and how far it has come. */
export interface Rooms {
  readonly uses: readonly BudgetUse[];
  /** Money for a second; 0 where no price is known. */
  readonly perSecond: number;
  readonly stepsDone: number;
}

/**
 * A step in every budget; and the run in all but those of a day, since it may go on on another one. A run without an end is
 * ended by its budget.
 */
export function placesOf(planned: PlannedRun, { uses, perSecond, stepsDone }: Rooms): readonly Placed[] {
  const run = runNeed(planned, stepsDone);
  const step = needOf(planned.step, roundingOf(planned.step));
  return uses.flatMap((use) => {
    const left = leftIn(use.scope, use.totals);
    const secondsLeft = Math.min(left.quantumSeconds, perSecond > 0 ? left.money / perSecond : Infinity);
    const place = (of: Placed["of"], need: Need): Placed => ({ of, need, use, left, secondsLeft });
    const ends = Number.isFinite(run.seconds) && !isDaily(use.scope);
    return [place("step", step), ...(ends ? [place("run", run)] : [])];
  });
}

/** Of all steps that are not done, and of what comes between and after them. */
export function runNeed({ step, total, steps }: PlannedRun, stepsDone: number): Need {
  const rest = workLeft(total, step, steps);
  return needOf(workLeft(total, step, stepsDone), Math.max(roundingOf(step), roundingOf(rest)));
}

export function isTooSmall({ need, left, secondsLeft }: Placed): boolean {
  return need.jobs > left.jobs || exact(need.seconds + need.rounding) > exact(secondsLeft);
}

/** The part of what circuits take for which there is room in all places: below 1 where it has to shrink. */
export function shareOfCircuits(places: readonly Placed[]): number {
  const shares = places.map(({ need, left, secondsLeft }) => {
    if (need.jobs > left.jobs) return 0;
    const fixed = JOB_OVERHEAD_SECONDS * need.jobs;
    return (secondsLeft - need.rounding - fixed) / (need.seconds - fixed);
  });
  return Math.min(...shares);
}

function needOf({ jobs, quantumSeconds }: PlannedWork, rounding: number): Need {
  return { jobs, seconds: quantumSeconds, rounding };
}

/** What is missing to whole seconds of one job, of jobs that are alike. */
function roundingOf({ jobs, quantumSeconds }: PlannedWork): number {
  if (!(jobs > 0) || !Number.isFinite(quantumSeconds)) return 0;
  const seconds = exact(quantumSeconds / jobs);
  return Math.ceil(seconds) - seconds;
}

/** A total without its first so many steps. */
function workLeft(total: PlannedWork, step: PlannedWork, steps: number): PlannedWork {
  const without = (key: keyof PlannedWork): number =>
    Math.max(0, exact(total[key] - (steps === 0 ? 0 : steps * step[key])));
  return {
    jobs: without("jobs"),
    pubs: without("pubs"),
    rows: without("rows"),
    executions: without("executions"),
    quantumSeconds: without("quantumSeconds"),
  };
}
