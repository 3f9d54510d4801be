import { type AppendPlan, checkAppend, isPast, needsOf, planAppend, type SubmitPlace } from "../append-plan.ts";
import { type BudgetEntry, NO_MILLIONTHS, type ScopeMillionths } from "../budget-entry.ts";
import { encodeText } from "../kept-text.ts";
import type { Append, Lease } from "../run-store.ts";
import { holdBlobs } from "./blobs-table.ts";
import { lockRun, saveRun } from "./runs-table.ts";
import type { Row, Session } from "./session.ts";

/**
 * Locks the run, then budget entries, scopes and the account, each in one order, decides, and writes.
 * @throws RunError RUN_UNKNOWN, RUN_FENCED; BudgetError BUDGET_AMOUNT; what `append.events` throws
 */
export async function appendTo(session: Session, lease: Lease, append: Append, location: string): Promise<AppendPlan> {
  const { run, now } = await lockRun(session, lease.runId, location);
  checkAppend(run, lease, append);
  const { keys, scopes, account } = needsOf(append);
  const entries = await lockEntries(session, keys);
  const settled = append.settle?.flatMap(({ key, scopes }) => entries.get(key)?.scopes ?? scopes) ?? [];
  const reserved = append.reserve === undefined ? [] : (entries.get(append.reserve.key)?.scopes ?? []);
  const totals = await lockScopes(session, [...scopes, ...settled, ...reserved]);
  const places = account === undefined ? [] : await lockPlaces(session, account);

  const plan = planAppend(lease, append, { run, now, entries, totals, places });
  if ("refused" in plan) return plan;
  await holdBlobs(session, run.id, append.blobs ?? []);
  for (const entry of plan.entries)
    await session.query(
      `INSERT INTO lepton.budget_entries (key, entry) VALUES ($1, $2)
       ON CONFLICT (key) DO UPDATE SET entry = excluded.entry`,
      [encodeText(entry.key), JSON.stringify(entry)],
    );
  for (const [scope, change] of plan.totals) await addTotals(session, scope, change);
  if (account !== undefined && plan.place !== undefined) {
    const left = [...places.filter((place) => !isPast(place, now)), plan.place];
    await session.query("UPDATE lepton.submit_places SET places = $2 WHERE account = $1", [
      encodeText(account),
      JSON.stringify(left),
    ]);
  }
  await saveRun(session, run, plan.change);
  return plan;
}

/** Spent and set aside in a scope. */
export async function readTotals(session: Session, scope: string): Promise<ScopeMillionths> {
  const [row] = await session.query("SELECT * FROM lepton.budget_scopes WHERE scope = $1", [encodeText(scope)]);
  return row === undefined ? NO_MILLIONTHS : totalsIn(row);
}

async function lockEntries(session: Session, keys: readonly string[]): Promise<ReadonlyMap<string, BudgetEntry>> {
  if (keys.length === 0) return new Map();
  const rows = await session.query(
    "SELECT entry FROM lepton.budget_entries WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE",
    [keys.map(encodeText)],
  );
  const entries = rows.map(({ entry }) => JSON.parse(entry as string) as BudgetEntry);
  return new Map(entries.map((entry) => [entry.key, entry]));
}

async function lockScopes(session: Session, scopes: readonly string[]): Promise<ReadonlyMap<string, ScopeMillionths>> {
  const sorted = [...new Set(scopes.map(encodeText))].sort();
  if (sorted.length === 0) return new Map();
  // A scope that nobody has used yet has no row to lock: it gets one, in the same order for all.
  await session.query(
    "INSERT INTO lepton.budget_scopes (scope) SELECT unnest($1::text[]) ON CONFLICT (scope) DO NOTHING",
    [sorted],
  );
  const locked = new Map<string, ScopeMillionths>();
  const rows = await session.query(
    `SELECT * FROM lepton.budget_scopes WHERE scope = ANY($1::text[]) ORDER BY scope COLLATE "C" FOR UPDATE`,
    [sorted],
  );
  const totals = new Map(rows.map((row) => [row.scope as string, totalsIn(row)]));
  for (const scope of scopes) locked.set(scope, totals.get(encodeText(scope))!);
  return locked;
}

async function addTotals(session: Session, scope: string, { settled, reserved }: ScopeMillionths): Promise<void> {
  await session.query(
    `UPDATE lepton.budget_scopes SET
       settled_seconds = settled_seconds + $2, settled_money = settled_money + $3, settled_jobs = settled_jobs + $4,
       reserved_seconds = reserved_seconds + $5, reserved_money = reserved_money + $6, reserved_jobs = reserved_jobs + $7
     WHERE scope = $1`,
    [
      encodeText(scope),
      ...[settled, reserved].flatMap(({ quantumSeconds, money, jobs }) => [quantumSeconds, money, jobs]),
    ],
  );
}

async function lockPlaces(session: Session, account: string): Promise<readonly SubmitPlace[]> {
  await session.query(
    "INSERT INTO lepton.submit_places (account, places) VALUES ($1, '[]') ON CONFLICT (account) DO NOTHING",
    [encodeText(account)],
  );
  const [row] = await session.query("SELECT places FROM lepton.submit_places WHERE account = $1 FOR UPDATE", [
    encodeText(account),
  ]);
  return JSON.parse(row!.places as string) as readonly SubmitPlace[];
}

function totalsIn(row: Row): ScopeMillionths {
  const amount = (kind: string) => ({
    quantumSeconds: row[`${kind}_seconds`] as number,
    money: row[`${kind}_money`] as number,
    jobs: row[`${kind}_jobs`] as number,
  });
  return { settled: amount("settled"), reserved: amount("reserved") };
}
