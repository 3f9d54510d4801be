import { JOB_OVERHEAD_SECONDS } from "../../providers/index.ts";
import { type Amount, type BudgetScope, exact, isDaily, leftOf, type ScopeTotals } from "../runs/index.ts";
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
  /** Jobs were submitted before, perhaps for the step after these: it counts as done, since what they leave is not known yet. */
  readonly begun: boolean;
}

/**
 * The run in every budget but those of a day: where one of these is used up, it goes on on the next. A step has to fit in all
 * of them, in those of a day with nothing spent. A run without an end is ended by its budget. What is set aside for jobs that
 * are out, the run's own or others, is far more than they will be charged, and counts as free: whoever needs it waits for it.
 */
export function placesOf(planned: PlannedRun, rooms: Rooms): readonly Placed[] {
  const { uses, perSecond } = rooms;
  const run = runNeed(planned, rooms);
  const step = needOf(planned.step, roundingOf(planned.step));
  const hasStep = planned.steps > stepsPaid(planned, rooms);
  return uses.flatMap((use) => {
    const { limits } = use.scope;
    const left = isDaily(use.scope) ? leftOf(limits) : leftOf(limits, use.totals.settled);
    const secondsLeft = Math.min(left.quantumSeconds, perSecond > 0 ? left.money / perSecond : Infinity);
    const place = (of: Placed["of"], need: Need): Placed => ({ of, need, use, left, secondsLeft });
    const ends = Number.isFinite(run.seconds) && !isDaily(use.scope);
    return [...(hasStep ? [place("step", step)] : []), ...(ends ? [place("run", run)] : [])];
  });
}

function stepsPaid({ steps }: PlannedRun, { stepsDone, begun }: Rooms): number {
  return Math.min(steps, stepsDone + (begun ? 1 : 0));
}

/** Of all steps that are not done, and of what comes between and after them. */
export function runNeed(planned: PlannedRun, rooms: Rooms): Need {
  const { step, total, steps } = planned;
  const rest = workLeft(total, step, steps);
  return needOf(workLeft(total, step, stepsPaid(planned, rooms)), Math.max(roundingOf(step), roundingOf(rest)));
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
