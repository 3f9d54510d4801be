import { type Amount, NO_AMOUNT } from "./budget.ts";
import {
  addMillionths,
  type BudgetEntry,
  entryChange,
  NO_MILLIONTHS,
  reserveEntry,
  type ScopeMillionths,
  settleEntry,
} from "./budget-entry.ts";
import type { RunEvent } from "./events.ts";
import type { Append, Appended, Lease, SubmitSlot } from "./run-store.ts";
import { activityAfter, type ChangedRun, checkLease, type StoredRun, withEvents } from "./store-rules.ts";

/** A submit of an account in the last minute. */
export interface SubmitPlace {
  readonly key: string;
  /** When it was taken. */
  readonly at: number;
}

/** What an append has to know, to be read (and locked) first. */
export interface AppendNeeds {
  /** Keys of budget entries. */
  readonly keys: readonly string[];
  /** Scopes whose totals decide. */
  readonly scopes: readonly string[];
  /** Whose places of the last minute decide. */
  readonly account: string | undefined;
}

export interface AppendGround {
  readonly run: StoredRun;
  readonly now: number;
  /** Those of the needed keys that there are. */
  readonly entries: ReadonlyMap<string, BudgetEntry>;
  /** Of the needed scopes, where they are not nothing. */
  readonly totals: ReadonlyMap<string, ScopeMillionths>;
  /** Of the needed account; older ones do no harm. */
  readonly places: readonly SubmitPlace[];
}

export type AppendPlan =
  | {
      /** What to write, in one transaction with `run` and its records. */
      readonly change: ChangedRun;
      readonly entries: readonly BudgetEntry[];
      /** To be added to the totals of each scope. */
      readonly totals: ReadonlyMap<string, ScopeMillionths>;
      readonly place: SubmitPlace | undefined;
    }
  | { readonly refused: Exclude<Appended, { readonly outcome: "written" }> };

const MINUTE = 60_000;

export function needsOf({ reserve, settle = [], submit }: Append): AppendNeeds {
  const keys = settle.map(({ key }) => key);
  if (reserve !== undefined) keys.push(reserve.key);
  const scopes = reserve?.scopes.map(({ scope }) => scope) ?? [];
  return { keys: [...new Set(keys)], scopes: [...new Set(scopes)], account: submit?.account };
}

/**
 * What an append writes. What is settled is free for what is reserved; a denied reservation goes before a place that is not
 * free.
 * @throws RunError RUN_FENCED; BudgetError BUDGET_AMOUNT; what `append.events` throws
 */
export function planAppend(lease: Lease, append: Append, ground: AppendGround): AppendPlan {
  const { run, now } = ground;
  checkAppend(run, lease, append);
  const entries = new Map<string, BudgetEntry>();
  const totals = new Map<string, ScopeMillionths>();
  const entryOf = (key: string): BudgetEntry | undefined => entries.get(key) ?? ground.entries.get(key);
  const put = (entry: BudgetEntry): void => {
    for (const [scope, change] of entryChange(entryOf(entry.key), entry))
      totals.set(scope, addMillionths(totals.get(scope) ?? NO_MILLIONTHS, change));
    entries.set(entry.key, entry);
  };
  const nowIn = (scope: string): ScopeMillionths =>
    addMillionths(ground.totals.get(scope) ?? NO_MILLIONTHS, totals.get(scope) ?? NO_MILLIONTHS);

  for (const settlement of append.settle ?? []) put(settleEntry(entryOf(settlement.key), settlement));
  let granted: Amount = NO_AMOUNT;
  if (append.reserve !== undefined) {
    const { scopes, key } = append.reserve;
    const { grant, entry } = reserveEntry(
      entryOf(key),
      append.reserve,
      scopes.map(({ scope }) => nowIn(scope)),
    );
    if (!("granted" in grant)) return { refused: { outcome: "denied", ...grant } };
    granted = grant.granted;
    if (entry !== undefined) put(entry);
  }
  const place = append.submit === undefined ? undefined : placeFor(append.submit, ground.places, now);
  if (typeof place === "number") return { refused: { outcome: "later", at: place } };

  const events = typeof append.events === "function" ? append.events(granted) : append.events;
  const change = withEvents(run, events, now);
  const activity = activityAfter(change.run.activity, append.activity);
  return { change: { ...change, run: { ...change.run, activity } }, entries: [...entries.values()], totals, place };
}

/**
 * What a driver that was replaced has sent may arrive after all else: it alone knows of it, and may write down that nobody
 * uses it.
 * @throws RunError RUN_FENCED
 */
export function checkAppend(run: StoredRun, lease: Lease, { events, settle = [], ...more }: Append): void {
  const onlyOrphans =
    Array.isArray(events) &&
    events.length > 0 &&
    events.every(({ type }: RunEvent) => type === "orphan") &&
    settle.every(({ key }) => key.startsWith("orphan:")) &&
    Object.values(more).every((value) => value === undefined);
  if (!onlyOrphans) checkLease(run, lease);
}

/** Whether a place taken at that time no longer counts, also since the clock was set back by more than a minute. */
export function isPast({ at }: SubmitPlace, now: number): boolean {
  return Math.abs(now - at) >= MINUTE;
}

/** The place to take, undefined where the key has one, or when there will be one. */
function placeFor(
  { key, perMinute }: SubmitSlot,
  places: readonly SubmitPlace[],
  now: number,
): SubmitPlace | number | undefined {
  const taken = places.filter((place) => !isPast(place, now));
  if (taken.some((place) => place.key === key)) return undefined;
  if (taken.length < perMinute) return { key, at: now };
  const times = taken.map(({ at }) => at).sort((a, b) => a - b);
  return times[times.length - perMinute]! + MINUTE;
}
