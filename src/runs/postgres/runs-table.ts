import type { Owner, RunRecord } from "../events.ts";
import { decodeText, encodeText } from "../kept-text.ts";
import { isGone } from "../process-identity.ts";
import type { RunStatus } from "../run-state.ts";
import type { Lease, NewRun } from "../run-store.ts";
import type { RunTask } from "../run-task.ts";
import {
  type ChangedRun,
  claimed,
  dueAt,
  dueNow,
  dueWithoutOwner,
  newRun,
  recordOf,
  runExists,
  runUnknown,
  type StoredRun,
} from "../store-rules.ts";
import { holdBlobs } from "./blobs-table.ts";
import { NOW, type Row, type Session } from "./session.ts";

/** What may change in a row, and how it is kept. */
const COLUMNS: Readonly<Record<string, (run: StoredRun) => unknown>> = {
  status: (run) => run.status,
  updated_at: (run) => run.updatedAt,
  step: (run) => run.step,
  activity: (run) => textOrNull(run.activity),
  wake_at: (run) => run.wakeAt,
  owner: (run) => jsonOrNull(run.lease?.owner),
  lease_since: (run) => run.lease?.since,
  lease_until: (run) => run.lease?.until,
  stop_requested: (run) => run.stopRequested,
  seq: (run) => run.seq,
  epoch: (run) => run.epoch,
  task: (run) => jsonOrNull(run.task),
  due_at: dueAt,
  due_without_owner: dueWithoutOwner,
};

/** What stays as it was created. */
const FIXED: typeof COLUMNS = {
  id: (run) => run.id,
  created_at: (run) => run.createdAt,
  schedule: (run) => textOrNull(run.schedule?.id),
  tick: (run) => run.schedule?.tick,
};

const INSERTED = { ...FIXED, ...COLUMNS };
const INSERT = `INSERT INTO lepton.runs (${Object.keys(INSERTED).join(", ")})
  VALUES (${Object.keys(INSERTED).map((_, index) => `$${index + 1}`)}) ON CONFLICT (id) DO NOTHING RETURNING id`;

// The epoch under which the row was read is compared by the same statement that adds the records.
const CHANGE = `WITH changed AS (
    UPDATE lepton.runs SET ${Object.keys(COLUMNS).map((name, index) => `${name} = $${index + 7}`)}
    WHERE id = $1 AND epoch = $2 AND seq = $3 RETURNING id
  ), added AS (
    INSERT INTO lepton.events (run, seq, at, epoch, event)
    SELECT changed.id, new.seq, new.at, $${Object.keys(COLUMNS).indexOf("epoch") + 7}, new.event
    FROM changed, unnest($4::integer[], $5::double precision[], $6::text[]) AS new (seq, at, event)
  ) SELECT id FROM changed`;

/** Locks a run until the transaction ends. @throws RunError RUN_UNKNOWN */
export async function lockRun(
  session: Session,
  id: string,
  location: string,
): Promise<{ readonly run: StoredRun; readonly now: number }> {
  // The time is read when the row is locked, however long that took.
  const [row] = await session.query(
    `WITH run AS (SELECT * FROM lepton.runs WHERE id = $1 FOR UPDATE) SELECT run.*, ${NOW} AS now FROM run`,
    [encodeText(id)],
  );
  if (row === undefined) throw runUnknown(id, location);
  return { run: runOf(row), now: session.nowIn(row) };
}

export async function findRun(session: Session, id: string): Promise<StoredRun | undefined> {
  const [row] = await session.query("SELECT * FROM lepton.runs WHERE id = $1", [encodeText(id)]);
  return row === undefined ? undefined : runOf(row);
}

/** @throws RunError RUN_ID, RUN_EXISTS */
export async function createRun(session: Session, run: NewRun, now: number): Promise<StoredRun> {
  const change = newRun(run, now);
  const before = { ...change.run, seq: 0 };
  const values = Object.values(INSERTED).map((column) => column(before));
  if ((await session.query(INSERT, values)).length === 0) throw runExists(run.id);
  await saveRun(session, before, change);
  await holdBlobs(session, run.id, run.blobs ?? []);
  return change.run;
}

/** Writes a locked run and its new records. */
export async function saveRun(session: Session, before: StoredRun, { run, records, texts }: ChangedRun): Promise<void> {
  const saved = await session.query(CHANGE, [
    before.id,
    before.epoch,
    before.seq,
    records.map(({ seq }) => seq),
    records.map(({ at }) => at),
    texts,
    ...Object.values(COLUMNS).map((column) => column(run)),
  ]);
  if (saved.length !== 1) throw new Error(`Run ${run.id} changed although its row was locked.`);
}

export async function claimRun(
  session: Session,
  { run, now }: { readonly run: StoredRun; readonly now: number },
  owner: Owner,
  ttlSeconds: number,
  stopRequested = false,
): Promise<Lease> {
  const { lease, ...change } = claimed(run, owner, ttlSeconds, now, isGone, stopRequested);
  await saveRun(session, run, change);
  return lease;
}

/** Locks the run that has been due for longest, past those that others have locked. */
export async function lockDue(
  session: Session,
): Promise<{ readonly run: StoredRun; readonly now: number } | undefined> {
  const now = await session.now();
  const gone = await runsOfTheGone(session, now);
  const [row] = await session.query(
    gone.length === 0
      ? "SELECT * FROM lepton.runs WHERE due_at <= $1 ORDER BY due_at, number LIMIT 1 FOR UPDATE SKIP LOCKED"
      : `SELECT * FROM lepton.runs WHERE due_at <= $1 OR id = ANY($2::text[])
         ORDER BY CASE WHEN due_at <= $1 THEN due_at ELSE due_without_owner END, number LIMIT 1 FOR UPDATE SKIP LOCKED`,
    gone.length === 0 ? [now] : [now, gone],
  );
  if (row === undefined) return undefined;
  const run = runOf(row);
  // Another may have claimed it before it was locked.
  return dueNow(run, now, isGone) === undefined ? lockDue(session) : { run, now };
}

/** When the next run is due, if any is known. */
export async function nextDue(session: Session): Promise<number | undefined> {
  const gone = await runsOfTheGone(session);
  const [row] = await session.query(
    `SELECT least((SELECT min(due_at) FROM lepton.runs),
                  (SELECT min(due_without_owner) FROM lepton.runs WHERE id = ANY($1::text[]))) AS due`,
    [gone],
  );
  return (row!.due as number | null) ?? undefined;
}

/** Ids of the runs with a task that were driven by processes of this machine that are no more. */
async function runsOfTheGone(session: Session, now?: number): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT id, owner FROM lepton.runs
     WHERE lease_until > coalesce($1, '-infinity'::double precision)
       AND due_without_owner <= coalesce($1, 'infinity'::double precision)`,
    [now],
  );
  return rows.filter(({ owner }) => isGone(JSON.parse(owner as string) as Owner)).map(({ id }) => id as string);
}

export async function readRecords(session: Session, id: string, from: number): Promise<readonly RunRecord[]> {
  const rows = await session.query(
    "SELECT seq, at, epoch, event FROM lepton.events WHERE run = $1 AND seq >= $2::double precision ORDER BY seq",
    [encodeText(id), from],
  );
  return rows.map(({ seq, at, epoch, event }) =>
    recordOf(seq as number, at as number, epoch as number, event as string),
  );
}

export function runOf(row: Row): StoredRun {
  const epoch = row.epoch as number;
  return {
    id: row.id as string,
    status: row.status as RunStatus,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
    step: row.step as number,
    activity: row.activity === null ? undefined : decodeText(row.activity as string),
    wakeAt: (row.wake_at as number | null) ?? undefined,
    lease:
      row.owner === null
        ? undefined
        : {
            owner: JSON.parse(row.owner as string) as Owner,
            epoch,
            since: row.lease_since as number,
            until: row.lease_until as number,
          },
    stopRequested: row.stop_requested as boolean,
    task: row.task === null ? undefined : (JSON.parse(row.task as string) as RunTask),
    schedule: row.schedule === null ? undefined : { id: decodeText(row.schedule as string), tick: row.tick as number },
    seq: row.seq as number,
    epoch,
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : encodeText(text);
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
