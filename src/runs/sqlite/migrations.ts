import type { DatabaseSync } from "node:sqlite";

/** In the header of every ledger, so that the file of another program is not taken for one. */
export const APPLICATION_ID = 0x4c65_7074;

/**
 * What brings a ledger from each format to the next; the first makes an empty file format 1. Released steps never change: a
 * new format is a new step, and a golden file in `test/compat`.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    activity TEXT,
    wake_at REAL,
    lease TEXT,
    lease_host TEXT,
    stop_requested INTEGER NOT NULL,
    task TEXT,
    schedule TEXT,
    tick REAL,
    due_at REAL
  ) STRICT;
  CREATE INDEX runs_by_due ON runs (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX runs_by_schedule ON runs (schedule) WHERE schedule IS NOT NULL;

  CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs (number),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (run, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'events are only added'); END;
  CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'events are only added'); END;

  CREATE TABLE blobs (
    number INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE blob_holders (
    blob INTEGER NOT NULL REFERENCES blobs (number),
    run INTEGER NOT NULL REFERENCES runs (number),
    PRIMARY KEY (blob, run)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE budget_entries (
    key TEXT PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (number),
    scopes TEXT NOT NULL,
    granted TEXT,
    open INTEGER NOT NULL,
    settled TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE budget_totals (
    scope TEXT PRIMARY KEY,
    settled_seconds INTEGER NOT NULL,
    settled_money INTEGER NOT NULL,
    settled_jobs INTEGER NOT NULL,
    reserved_seconds INTEGER NOT NULL,
    reserved_money INTEGER NOT NULL,
    reserved_jobs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE submit_places (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    spec TEXT NOT NULL,
    paused INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_tick REAL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ticks (
    schedule TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    tick REAL NOT NULL,
    outcome TEXT NOT NULL,
    words TEXT NOT NULL,
    run_id TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (schedule, tick)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** What this version of Lepton reads and writes. */
export const LEDGER_FORMAT = STEPS.length;

/** A file as its header and tables show it: the number of its format, 0 for an empty one, or that it is no ledger. */
export function formatOf(database: DatabaseSync): number | "foreign" {
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get()!)[0]);
  const [application, format] = [number("PRAGMA application_id"), number("PRAGMA user_version")];
  if (application === APPLICATION_ID) return format;
  return application === 0 && format === 0 && number("SELECT count(*) FROM sqlite_schema") === 0 ? 0 : "foreign";
}

/** Takes one step, inside a transaction of the caller. */
export function migrateFrom(database: DatabaseSync, format: number): void {
  database.exec(STEPS[format]!);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${format + 1}`);
}
