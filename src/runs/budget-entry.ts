import { describeValue } from "../../circuits/index.ts";
import { BudgetError } from "../errors.ts";
import {
  AMOUNT_UNITS,
  type Amount,
  addAmounts,
  type Grant,
  grantOf,
  MAX_AMOUNT,
  NO_AMOUNT,
  type ReservationRequest,
  type ScopeTotals,
} from "./budget.ts";
import type { Settlement } from "./run-store.ts";

/** What was set aside and charged under one key. */
export interface BudgetEntry {
  readonly key: string;
  readonly scopes: readonly string[];
  /** What its reservation granted, for as long as the entry is kept; undefined where there was none. */
  readonly granted: Amount | undefined;
  /** The grant is still set aside. */
  readonly open: boolean;
  readonly settled: Amount;
}

/**
 * Amounts in whole millionths, the form in which totals are kept: sums of whole numbers do not depend on their order, and
 * taking away what was added leaves nothing behind.
 */
export interface ScopeMillionths {
  readonly settled: Amount;
  readonly reserved: Amount;
}

export const NO_MILLIONTHS: ScopeMillionths = Object.freeze({ settled: NO_AMOUNT, reserved: NO_AMOUNT });

/** What a key that may have an entry already is granted; `entry` is the one to keep where it is granted. */
export function reserveEntry(
  known: BudgetEntry | undefined,
  request: ReservationRequest,
  totals: readonly ScopeMillionths[],
): { readonly grant: Grant; readonly entry?: BudgetEntry } {
  // What was settled as nothing was given back, and is to be asked for anew.
  if (known?.granted !== undefined && (known.open || !isNothing(known.settled)))
    return { grant: { granted: known.granted } };
  const grant = grantOf(request, totals.map(totalsOf));
  if (!("granted" in grant)) return { grant };
  const { granted } = grant;
  checkAmount(granted, `The reservation of "${request.key}"`);
  const scopes = unique(request.scopes.map(({ scope }) => scope));
  return { grant, entry: { key: request.key, scopes, granted, open: true, settled: known?.settled ?? NO_AMOUNT } };
}

/** @throws BudgetError BUDGET_AMOUNT */
export function settleEntry(known: BudgetEntry | undefined, { key, scopes, amount }: Settlement): BudgetEntry {
  checkAmount(amount, `The charge of "${key}"`);
  if (known === undefined) return { key, scopes: unique(scopes), granted: undefined, open: false, settled: amount };
  return { ...known, open: false, settled: amount };
}

/** By how much each scope's totals change when one entry takes the place of another. */
export function entryChange(before: BudgetEntry | undefined, after: BudgetEntry): ReadonlyMap<string, ScopeMillionths> {
  const changes = new Map<string, ScopeMillionths>();
  if (before !== undefined) addEntry(changes, before, -1);
  addEntry(changes, after, 1);
  return changes;
}

export function addMillionths(a: ScopeMillionths, b: ScopeMillionths, sign: 1 | -1 = 1): ScopeMillionths {
  return { settled: addAmounts(a.settled, b.settled, sign), reserved: addAmounts(a.reserved, b.reserved, sign) };
}

/** In seconds, money and jobs. */
export function totalsOf({ settled, reserved }: ScopeMillionths): ScopeTotals {
  return { settled: scaled(settled, (value) => value / 1e6), reserved: scaled(reserved, (value) => value / 1e6) };
}

function addEntry(changes: Map<string, ScopeMillionths>, entry: BudgetEntry, sign: 1 | -1): void {
  const { scopes, granted, open, settled } = entry;
  const share = { settled: millionths(settled), reserved: millionths(open ? (granted ?? NO_AMOUNT) : NO_AMOUNT) };
  for (const scope of scopes) changes.set(scope, addMillionths(changes.get(scope) ?? NO_MILLIONTHS, share, sign));
}

function millionths(amount: Amount): Amount {
  return scaled(amount, (value) => Math.round(value * 1e6));
}

function scaled({ quantumSeconds, money, jobs }: Amount, by: (value: number) => number): Amount {
  return { quantumSeconds: by(quantumSeconds), money: by(money), jobs: by(jobs) };
}

function isNothing(amount: Amount): boolean {
  return AMOUNT_UNITS.every((unit) => amount[unit] === 0);
}

function checkAmount(amount: Amount, what: string): void {
  for (const unit of AMOUNT_UNITS) {
    const value: unknown = amount[unit];
    if (!(typeof value === "number" && value >= 0 && value <= MAX_AMOUNT))
      throw new BudgetError(
        "BUDGET_AMOUNT",
        `${what} has ${describeValue(value)} for ${unit}; it is a number from 0 to ${MAX_AMOUNT}.`,
      );
  }
}

function unique(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes)];
}
