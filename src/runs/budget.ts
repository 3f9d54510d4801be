import { describeValue, optionsFault } from "../../circuits/index.ts";
import { BudgetError } from "../errors.ts";

/** What jobs take. */
export interface Amount {
  /** Seconds of the quantum computer. */
  readonly quantumSeconds: number;
  /** In the currency of the budget; 0 where no price is known. */
  readonly money: number;
  /** Jobs at the service. */
  readonly jobs: number;
}

export const NO_AMOUNT: Amount = Object.freeze({ quantumSeconds: 0, money: 0, jobs: 0 });

/** The most that may be spent; what is left out is not limited. */
export type BudgetLimits = Partial<Amount>;

/** What a run, all runs of a schedule, or either in one day (UTC, or the schedule's time zone) may spend. */
export interface Budget extends BudgetLimits {
  readonly perDay?: BudgetLimits;
}

/** Whose spending is added up, such as "run:digits-1", "schedule:nightly" or "day:schedule:nightly:2026-11-26". */
export interface BudgetScope {
  readonly scope: string;
  readonly limits: BudgetLimits;
}

/** Spent and set aside in one scope. */
export interface ScopeTotals {
  /** Charged, by what is known. */
  readonly settled: Amount;
  /** Set aside for jobs that are out. */
  readonly reserved: Amount;
}

export const NO_TOTALS: ScopeTotals = Object.freeze({ settled: NO_AMOUNT, reserved: NO_AMOUNT });

/** Asks for as much as a job may take. */
export interface ReservationRequest {
  /** The submit key. A key that has a reservation keeps it: asking again grants the same. */
  readonly key: string;
  readonly scopes: readonly BudgetScope[];
  /** Planned: with less it is not worth submitting. */
  readonly needSeconds: number;
  /** Seconds at which it is stopped in any case. */
  readonly capSeconds: number;
  readonly jobs: number;
  /** Money for a second; 0 where no price is known. */
  readonly perSecond: number;
}

/** What a reservation found; amounts are never below zero. */
export type Grant =
  | { readonly granted: Amount }
  | {
      /** The scope that has too little left. */
      readonly denied: BudgetScope;
      readonly totals: ScopeTotals;
      /** Jobs that are out may leave enough when they are settled. */
      readonly maySettle: boolean;
    };

/**
 * As many whole seconds as all scopes have free, up to the cap; none where one scope has less than is needed. Pure, so that every store grants alike inside its transaction.
 * @param totals of each scope of the request, in order
 */
export function grantOf(request: ReservationRequest, totals: readonly ScopeTotals[]): Grant {
  const { scopes, needSeconds, capSeconds, jobs, perSecond } = request;
  let seconds = capSeconds;
  for (const [index, scope] of scopes.entries()) {
    const { settled, reserved } = totals[index]!;
    const free = (withReserved: boolean): { seconds: number; jobs: number } => {
      const left = (unit: keyof Amount): number =>
        (scope.limits[unit] ?? Number.POSITIVE_INFINITY) - settled[unit] - (withReserved ? reserved[unit] : 0);
      const byMoney = perSecond > 0 ? left("money") / perSecond : left("money") >= 0 ? Infinity : 0;
      return { seconds: Math.min(left("quantumSeconds"), byMoney), jobs: left("jobs") };
    };
    const now = free(true);
    // Services take the limit of a job in whole seconds.
    if (Math.floor(now.seconds) < needSeconds || now.jobs < jobs) {
      const later = free(false);
      const maySettle = Math.floor(later.seconds) >= needSeconds && later.jobs >= jobs;
      return { denied: scope, totals: totals[index]!, maySettle };
    }
    seconds = Math.min(seconds, now.seconds);
  }
  const granted = Math.floor(seconds);
  return { granted: { quantumSeconds: granted, money: granted * perSecond, jobs } };
}

export function addAmounts(a: Amount, b: Amount, sign: 1 | -1 = 1): Amount {
  return {
    quantumSeconds: a.quantumSeconds + sign * b.quantumSeconds,
    money: a.money + sign * b.money,
    jobs: a.jobs + sign * b.jobs,
  };
}

const UNITS = ["quantumSeconds", "money", "jobs"] as const;

/** @throws BudgetError BUDGET_FORM */
export function checkBudget(budget: unknown): Budget {
  const check = (what: string, limits: unknown, more: readonly string[]): void => {
    const fault = optionsFault(what, limits as object, [...UNITS, ...more]);
    if (fault !== undefined) throw new BudgetError("BUDGET_FORM", fault);
    for (const unit of UNITS) {
      const value = (limits as BudgetLimits)[unit];
      if (value !== undefined && !(typeof value === "number" && value >= 0 && value < Infinity))
        throw new BudgetError(
          "BUDGET_FORM",
          `${what}.${unit} is ${describeValue(value)}; it is a number of 0 or more.`,
        );
    }
  };
  check("budget", budget, ["perDay"]);
  const { perDay } = budget as Budget;
  if (perDay !== undefined) check("budget.perDay", perDay, []);
  return budget as Budget;
}
