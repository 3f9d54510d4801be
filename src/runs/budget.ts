import { describeValue, optionsFault } from "../../circuits/index.ts";
import { BudgetError } from "../errors.ts";

/** What jobs take. Amounts are kept to a millionth: see `exact`. */
export interface Amount {
  /** Seconds of the quantum computer. */
  readonly quantumSeconds: number;
  /** In the currency of the price; 0 where no price is known. */
  readonly money: number;
  /** Jobs at the service. */
  readonly jobs: number;
}

export const NO_AMOUNT: Amount = Object.freeze({ quantumSeconds: 0, money: 0, jobs: 0 });

/** The most that may be spent; what is left out is not limited. */
export type BudgetLimits = Partial<Amount>;

/** What a run, all runs of a schedule, or either in one day (UTC, or the schedule's time zone) may spend. */
export interface Budget extends BudgetLimits {
  /** Of all money in it, such as "USD": given if and only if money is limited. */
  readonly currency?: string;
  readonly perDay?: BudgetLimits;
}

export interface Price {
  /** Of a second of the quantum computer. */
  readonly perSecond: number;
  /** Such as "USD". */
  readonly currency: string;
}

/** Whose spending is added up, such as "run:digits-1", "schedule:nightly" or "day:schedule:nightly:2026-11-26"; `scopesOf` names them. */
export interface BudgetScope {
  readonly scope: string;
  readonly limits: BudgetLimits;
  /** Of the money; absent where none is limited. */
  readonly currency?: string;
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
  /** Seconds at which it is stopped in any case; finite. */
  readonly capSeconds: number;
  readonly jobs: number;
  /** Money for a second; 0 where no price is known. */
  readonly perSecond: number;
}

/** What a reservation found; amounts are never below zero. */
export type Grant = { readonly granted: Amount } | Denial;

export interface Denial {
  /** The scope that has too little left. */
  readonly denied: BudgetScope;
  readonly totals: ScopeTotals;
  /** Jobs that are out may leave enough when they are settled, in all scopes that have too little now. */
  readonly maySettle: boolean;
}

/**
 * As many whole seconds as all scopes have free, up to the cap, and never fewer than are needed; none where one scope has less.
 * Pure, so that every store grants alike inside its transaction.
 * @param totals of each scope of the request, in order
 */
export function grantOf(request: ReservationRequest, totals: readonly ScopeTotals[]): Grant {
  const { scopes, jobs, perSecond } = request;
  // Services take the limit of a job in whole seconds.
  const need = Math.ceil(request.needSeconds);
  let seconds = Math.max(need, Math.floor(request.capSeconds));
  let denial: Denial | undefined;
  for (const [index, denied] of scopes.entries()) {
    const { settled, reserved } = totals[index]!;
    const free = wholeSeconds(leftOf(denied.limits, settled, reserved), jobs, perSecond);
    seconds = Math.min(seconds, free);
    if (free >= need) continue;
    const maySettle = wholeSeconds(leftOf(denied.limits, settled), jobs, perSecond) >= need;
    // Waiting for one scope is no use where another stays too small.
    if (denial === undefined || (denial.maySettle && !maySettle))
      denial = { denied, totals: totals[index]!, maySettle };
  }
  return denial ?? { granted: { ...amountFor(seconds, perSecond), jobs } };
}

/** What is left of limits: infinite where there is none, below zero where more was charged than was allowed. */
export function leftOf(limits: BudgetLimits, ...spent: readonly Amount[]): Amount {
  const { quantumSeconds = Infinity, money = Infinity, jobs = Infinity } = limits;
  return exactAmount(
    spent.reduce<Amount>((left, amount) => addAmounts(left, amount, -1), { quantumSeconds, money, jobs }),
  );
}

/** Seconds of which limits leave room for a job, or several; below zero where for none. */
function wholeSeconds(left: Amount, jobs: number, perSecond: number): number {
  if (left.jobs < jobs || left.money < 0) return -1;
  const seconds = Math.floor(left.quantumSeconds);
  if (perSecond === 0 || left.money === Infinity) return seconds;
  // The quotient may be off by a rounding in either direction, 0.3 / 0.1 is below 3; what counts is what will be charged.
  let affordable = Math.floor(left.money / perSecond) + 1;
  while (affordable > 0 && exact(affordable * perSecond) > left.money) affordable--;
  return Math.min(seconds, affordable);
}

/** Seconds with what they cost. */
export function amountFor(quantumSeconds: number, perSecond: number): Amount {
  return { quantumSeconds: exact(quantumSeconds), money: exact(quantumSeconds * perSecond), jobs: 0 };
}

/** As they are, whatever unit they are in; `exactAmount` takes off what adding decimals leaves. */
export function addAmounts(a: Amount, b: Amount, sign: 1 | -1 = 1): Amount {
  return {
    quantumSeconds: a.quantumSeconds + sign * b.quantumSeconds,
    money: a.money + sign * b.money,
    jobs: a.jobs + sign * b.jobs,
  };
}

export function exactAmount({ quantumSeconds, money, jobs }: Amount): Amount {
  return { quantumSeconds: exact(quantumSeconds), money: exact(money), jobs: exact(jobs) };
}

/**
 * The number that stands for the nearest whole number of millionths. Sums and differences of such numbers that are made
 * exact again are those of whole numbers, up to a billion, in any order and however many.
 */
export function exact(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

export const MAX_AMOUNT = 1e9;
export const AMOUNT_UNITS = ["quantumSeconds", "money", "jobs"] as const;

/** Whether a text is the code of a currency, such as "USD". */
export function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf("currency").includes(code);
}

/**
 * A budget without what is undefined, to the millionth.
 * @throws BudgetError BUDGET_FORM; BUDGET_UNIT for money without a currency
 */
export function checkBudget(budget: unknown): Budget {
  const { currency, perDay, ...own } = checkNames("budget", budget, ["currency", "perDay"]) as Budget;
  const limits = checkLimits("budget", own);
  const daily =
    perDay === undefined ? {} : checkLimits("budget.perDay", checkNames("budget.perDay", perDay, []) as BudgetLimits);
  const money = limits.money ?? daily.money;
  if (currency !== undefined && !isCurrency(currency))
    throw new BudgetError(
      "BUDGET_FORM",
      `budget.currency is ${describeValue(currency)}; it is the code of a currency, such as "USD".`,
    );
  if (money !== undefined && currency === undefined)
    throw new BudgetError(
      "BUDGET_UNIT",
      `The budget limits money to ${money} without a currency; write { money: ${money}, currency: "USD" } if that is meant.`,
    );
  if (money === undefined && currency !== undefined)
    throw new BudgetError(
      "BUDGET_FORM",
      `The budget has a currency, ${currency}, but no money; give money: 25, or leave the currency out.`,
    );
  return {
    ...limits,
    ...(currency === undefined ? {} : { currency }),
    ...(Object.keys(daily).length === 0 ? {} : { perDay: daily }),
  };
}

function checkNames(what: string, options: unknown, more: readonly string[]): object {
  const fault = Array.isArray(options)
    ? `${what} is a list; it is one object or one text.`
    : optionsFault(what, options, [...AMOUNT_UNITS, ...more]);
  if (fault !== undefined) throw new BudgetError("BUDGET_FORM", fault);
  return options as object;
}

function checkLimits(what: string, limits: BudgetLimits): BudgetLimits {
  const checked: { -readonly [Unit in keyof Amount]?: number } = {};
  for (const unit of AMOUNT_UNITS) {
    const value: unknown = limits[unit];
    if (value === undefined) continue;
    if (!(typeof value === "number" && value >= 0 && value <= MAX_AMOUNT))
      throw new BudgetError(
        "BUDGET_FORM",
        `${what}.${unit} is ${describeValue(value)}; it is a number from 0 to ${MAX_AMOUNT}. What is not limited is left out.`,
      );
    if (unit === "jobs" && !Number.isInteger(value))
      throw new BudgetError("BUDGET_FORM", `${what}.jobs is ${value}; jobs are whole.`);
    checked[unit] = exact(value);
  }
  return checked;
}
