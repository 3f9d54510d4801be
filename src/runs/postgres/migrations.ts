import { RunError } from "../../errors.ts";
import type { PostgresDatabase } from "./database.ts";
import type { Session } from "./session.ts";

/**
 * The form of the ledger, one step a version; they are only ever added to, and never changed once released. Times are
 * milliseconds since 1970, amounts whole millionths. Free text and JSON are kept as JSON text, which holds every string.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE lepton.runs (
       id text PRIMARY KEY,
       number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
       status text NOT NULL,
       created_at double precision NOT NULL,
       updated_at double precision NOT NULL,
       step integer NOT NULL,
       activity text,
       wake_at double precision,
       owner text,
       lease_since double precision,
       lease_until double precision,
       stop_requested boolean NOT NULL,
       task text,
       schedule text,
       tick double precision,
       seq integer NOT NULL,
       epoch integer NOT NULL,
       due_at double precision,
       due_without_owner double precision
     )`,
    "CREATE INDEX runs_due ON lepton.runs (due_at, number) WHERE due_at IS NOT NULL",
    "CREATE INDEX runs_leased ON lepton.runs (lease_until) WHERE lease_until IS NOT NULL",
    "CREATE INDEX runs_schedule ON lepton.runs (schedule, number) WHERE schedule IS NOT NULL",
    `CREATE TABLE lepton.events (
       run text NOT NULL REFERENCES lepton.runs,
       seq integer NOT NULL,
       at double precision NOT NULL,
       epoch integer NOT NULL,
       event text NOT NULL,
       PRIMARY KEY (run, seq)
     )`,
    "CREATE TABLE lepton.blobs (hash text PRIMARY KEY, bytes bytea NOT NULL)",
    // Weights and values hardly get smaller.
    "ALTER TABLE lepton.blobs ALTER COLUMN bytes SET STORAGE EXTERNAL",
    `CREATE TABLE lepton.blob_runs (
       hash text NOT NULL REFERENCES lepton.blobs,
       run text NOT NULL REFERENCES lepton.runs,
       PRIMARY KEY (hash, run)
     )`,
    "CREATE TABLE lepton.budget_entries (key text PRIMARY KEY, entry text NOT NULL)",
    `CREATE TABLE lepton.budget_scopes (
       scope text PRIMARY KEY,
       settled_seconds double precision NOT NULL DEFAULT 0,
       settled_money double precision NOT NULL DEFAULT 0,
       settled_jobs double precision NOT NULL DEFAULT 0,
       reserved_seconds double precision NOT NULL DEFAULT 0,
       reserved_money double precision NOT NULL DEFAULT 0,
       reserved_jobs double precision NOT NULL DEFAULT 0
     )`,
    "CREATE TABLE lepton.submit_places (account text PRIMARY KEY, places text NOT NULL)",
    `CREATE TABLE lepton.schedules (
       id text PRIMARY KEY,
       spec text NOT NULL,
       paused boolean NOT NULL,
       created_at double precision NOT NULL
     )`,
    `CREATE TABLE lepton.ticks (
       schedule text NOT NULL REFERENCES lepton.schedules ON DELETE CASCADE,
       tick double precision NOT NULL,
       outcome text NOT NULL,
       words text NOT NULL,
       run text,
       at double precision NOT NULL,
       PRIMARY KEY (schedule, tick)
     )`,
  ],
];

const LATEST = MIGRATIONS.length;
/** Whoever changes the form holds this lock; the number is arbitrary, and the same for all versions. */
const LOCK = 7_305_808_869;

/**
 * Brings the schema "lepton" to the form that this version writes; many may do so at once.
 * @throws RunError LEDGER_NEWER, LEDGER_FOREIGN
 */
export async function migrate(database: PostgresDatabase): Promise<void> {
  // A ledger that is up to date asks for no right to change its form.
  if ((await database.read((session) => versionOf(session, database.location))) === LATEST) return;
  await database.write(async (session) => {
    await session.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    const version = await versionOf(session, database.location);
    if (version === LATEST) return;
    if (version === 0) {
      await session.query("CREATE SCHEMA IF NOT EXISTS lepton");
      await session.query("CREATE TABLE lepton.migrations (version integer PRIMARY KEY, at timestamptz NOT NULL)");
    }
    for (const [index, statements] of MIGRATIONS.entries()) {
      if (index < version) continue;
      for (const statement of statements) await session.query(statement);
      await session.query("INSERT INTO lepton.migrations (version, at) VALUES ($1, clock_timestamp())", [index + 1]);
    }
  });
}

/** 0 where there is no ledger yet. */
async function versionOf(session: Session, location: string): Promise<number> {
  const tables = await session.query(
    `SELECT relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'lepton' AND c.relkind = 'r'`,
  );
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === "migrations"))
    throw new RunError(
      "LEDGER_FOREIGN",
      `The schema "lepton" of ${location} is not a ledger of Lepton's; it has tables such as ` +
        `"${tables[0]!.name}". Use another database.`,
    );
  const [row] = await session.query("SELECT coalesce(max(version), 0) AS version FROM lepton.migrations");
  const version = row!.version as number;
  if (version > LATEST)
    throw new RunError(
      "LEDGER_NEWER",
      `The ledger ${location} has format ${version}, which a newer Lepton has made; this one knows formats up to ${LATEST}. Update Lepton.`,
    );
  return version;
}
