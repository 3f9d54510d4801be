import { BudgetError, RunError } from "../errors.ts";
import type { Budget, BudgetLimits, BudgetScope, Price } from "./budget.ts";
import { formatBudget } from "./budget-text.ts";

export interface ScopeOptions {
  /** Of a second of the quantum computer; without one no money is added up. */
  readonly price?: Price | undefined;
  /** Where days begin and end, such as "Europe/Berlin"; UTC by default. */
  readonly timeZone?: string | undefined;
  /** The schedule that started the run, and what all its runs together may spend. */
  readonly schedule?: { readonly id: string; readonly budget?: Budget | undefined } | undefined;
}

/**
 * Whose spending a job of a run adds to, now: the run's, and its schedule's, each for all time and for the day. They are added
 * up without limits too, so that a budget that is given later counts what was spent before. Money has scopes of its own, named
 * after its currency, so that two currencies never make one sum.
 * @param now milliseconds since 1970 by the store's clock: a reservation belongs to the day on which it is made
 * @throws BudgetError BUDGET_PRICE
 */
export function scopesOf(
  runId: string,
  budget: Budget | undefined,
  now: number,
  { price, timeZone = "UTC", schedule }: ScopeOptions = {},
): readonly BudgetScope[] {
  const day = dayOf(now, timeZone);
  const spender = (name: string, own: Budget = {}): readonly BudgetScope[] => {
    checkBudgetPrice(own, price);
    return [...scopesFor(name, own, price), ...scopesFor(`day:${name}:${day}`, own.perDay ?? {}, price)];
  };
  return [
    ...spender(`run:${runId}`, budget),
    ...(schedule === undefined ? [] : spender(`schedule:${schedule.id}`, schedule.budget)),
  ];
}

function scopesFor(
  scope: string,
  { quantumSeconds, money, jobs }: BudgetLimits,
  price: Price | undefined,
): readonly BudgetScope[] {
  const limits = {
    ...(quantumSeconds === undefined ? {} : { quantumSeconds }),
    ...(jobs === undefined ? {} : { jobs }),
  };
  if (price === undefined) return [{ scope, limits }];
  const { currency } = price;
  const paid = { scope: `${scope}:${currency}`, limits: money === undefined ? {} : { money }, currency };
  return [{ scope, limits }, paid];
}

/**
 * A limit of money is kept only where the price of a second is known, in the same currency: without one nothing would ever be
 * charged, and with another one the sums would mean nothing.
 * @throws BudgetError BUDGET_PRICE
 */
export function checkBudgetPrice(budget: Budget, price: Price | undefined): void {
  const { currency } = budget;
  if (currency === undefined || currency === price?.currency) return;
  throw new BudgetError(
    "BUDGET_PRICE",
    price === undefined
      ? `The budget (${formatBudget(budget)}) limits money, but no price of a second of the quantum computer is known; give the price: { perSecond: 1.6, currency: "${currency}" } with the number of your plan, or limit seconds.`
      : `The budget (${formatBudget(budget)}) is in ${currency}, but the price of a second is in ${price.currency}; give both in one currency.`,
  );
}

/** A scope in words, such as "run digits-1" or "schedule nightly on 2026-11-26". */
export function scopeText({ scope }: Pick<BudgetScope, "scope">): string {
  const parts = scope.split(":");
  const [kind, id, day] = parts[0] === "day" ? parts.slice(1) : parts;
  return parts[0] === "day" ? `${kind} ${id} on ${day}` : `${kind} ${id}`;
}

/** Whether a scope is that of one day. */
export function isDaily({ scope }: Pick<BudgetScope, "scope">): boolean {
  return scope.startsWith("day:");
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RunError RUN_OPTION */
export function checkTimeZone(timeZone: string): void {
  try {
    dayOf(0, timeZone);
  } catch (cause) {
    throw new RunError(
      "RUN_OPTION",
      `There is no time zone ${JSON.stringify(timeZone)} to count days in; names are such as "UTC" or "Europe/Berlin".`,
      { cause },
    );
  }
}

/** The day of a time, such as "2026-11-26". */
export function dayOf(now: number, timeZone = "UTC"): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const digits = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    format = new Intl.DateTimeFormat("en", { ...digits, timeZone, calendar: "iso8601", numberingSystem: "latn" });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}

/** When the day of a time ends: the first millisecond of another day. */
export function dayEnd(now: number, timeZone = "UTC"): number {
  const today = dayOf(now, timeZone);
  let before = now;
  // No day is longer: clocks are put back by an hour at most.
  let after = now + 26 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle, timeZone) === today) before = middle;
    else after = middle;
  }
  return after;
}
