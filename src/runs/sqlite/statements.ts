import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Parameters are bare question marks: Node 22 takes numbered ones for named. */
const SQL = {
  insertRun: `INSERT INTO runs (status, created_at, updated_at, seq, epoch, step, activity, wake_at, lease, lease_host,
    stop_requested, due_at, task, id, schedule, tick) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateRun: `UPDATE runs SET status = ?, created_at = ?, updated_at = ?, seq = ?, epoch = ?, step = ?, activity = ?,
    wake_at = ?, lease = ?, lease_host = ?, stop_requested = ?, due_at = ?, task = ? WHERE number = ?`,
  run: "SELECT * FROM runs WHERE id = ?",
  runs: "SELECT * FROM runs WHERE status = coalesce(?, status) ORDER BY number DESC LIMIT ?",
  runsOfSchedule: "SELECT * FROM runs WHERE schedule = ? AND status = coalesce(?, status) ORDER BY number DESC LIMIT ?",
  firstDue: "SELECT * FROM runs WHERE due_at <= ? ORDER BY due_at, number LIMIT 1",
  nextDue: "SELECT min(due_at) AS due FROM runs WHERE due_at IS NOT NULL",
  /** Those whose owner may be gone. */
  leasedHere: "SELECT * FROM runs WHERE due_at > ? AND lease_host = ? ORDER BY number",

  insertEvent: "INSERT INTO events (run, seq, at, epoch, event) VALUES (?, ?, ?, ?, ?)",
  events: "SELECT seq, at, epoch, event FROM events WHERE run = ? AND seq >= ? ORDER BY seq",

  /** Node 22 hands over an empty array as NULL. */
  insertBlob: "INSERT INTO blobs (hash, bytes) VALUES (?, coalesce(?, x'')) ON CONFLICT (hash) DO NOTHING",
  holdBlob: "INSERT INTO blob_holders (blob, run) SELECT number, ? FROM blobs WHERE hash = ? ON CONFLICT DO NOTHING",
  blob: "SELECT bytes FROM blobs WHERE hash = ?",
  blobNumber: "SELECT number FROM blobs WHERE hash = ?",
  letGoBlob: "DELETE FROM blob_holders WHERE blob = ? AND run = ?",
  deleteBlob:
    "DELETE FROM blobs WHERE number = ? AND NOT EXISTS (SELECT * FROM blob_holders WHERE blob = blobs.number)",

  entry: "SELECT key, scopes, granted, open, settled FROM budget_entries WHERE key = ?",
  putEntry: `INSERT INTO budget_entries (key, run, scopes, granted, open, settled) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
      scopes = excluded.scopes, granted = excluded.granted, open = excluded.open, settled = excluded.settled`,
  totals: "SELECT * FROM budget_totals WHERE scope = ?",
  addToTotals: `INSERT INTO budget_totals (scope, settled_seconds, settled_money, settled_jobs, reserved_seconds,
    reserved_money, reserved_jobs) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (scope) DO UPDATE SET
      settled_seconds = settled_seconds + excluded.settled_seconds,
      settled_money = settled_money + excluded.settled_money,
      settled_jobs = settled_jobs + excluded.settled_jobs,
      reserved_seconds = reserved_seconds + excluded.reserved_seconds,
      reserved_money = reserved_money + excluded.reserved_money,
      reserved_jobs = reserved_jobs + excluded.reserved_jobs`,

  places: "SELECT key, at FROM submit_places WHERE account = ?",
  putPlace: `INSERT INTO submit_places (account, key, at) VALUES (?, ?, ?)
    ON CONFLICT (account, key) DO UPDATE SET at = excluded.at`,
  deletePlace: "DELETE FROM submit_places WHERE account = ? AND key = ?",

  insertSchedule: `INSERT INTO schedules (id, spec, paused, created_at) VALUES (?, ?, 0, ?) ON CONFLICT (id) DO NOTHING`,
  schedules: "SELECT * FROM schedules ORDER BY id",
  schedule: "SELECT paused FROM schedules WHERE id = ?",
  pauseSchedule: "UPDATE schedules SET paused = ? WHERE id = ?",
  deleteSchedule: "DELETE FROM schedules WHERE id = ?",
  lastTick: "UPDATE schedules SET last_tick = max(?, coalesce(last_tick, -1e308)) WHERE id = ?",
  insertTick: `INSERT INTO ticks (schedule, tick, outcome, words, run_id, at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (schedule, tick) DO NOTHING`,
  ticks: "SELECT * FROM ticks WHERE schedule = ? ORDER BY tick DESC LIMIT ?",
} as const;

export type Statements = { readonly [Name in keyof typeof SQL]: StatementSync };

export function prepareStatements(database: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])) as Statements;
}
