import { type Amount, NO_AMOUNT, type ScopeTotals } from "../budget.ts";
import { totalsOf } from "../budget-entry.ts";
import type { Owner, RunRecord } from "../events.ts";
import { encodeText } from "../kept-text.ts";
import type { Append, Appended, Lease, NewRun, RunFilter, RunRow, RunStore, ScheduleRow, Tick } from "../run-store.ts";
import {
  checkLease,
  released,
  renewed,
  rowLimit,
  rowOf,
  runUnknown,
  scheduleExists,
  scheduleUnknown,
} from "../store-rules.ts";
import { appendTo, readTotals } from "./append.ts";
import { dropBlobs, readBlob } from "./blobs-table.ts";
import { postgresConnection } from "./connection.ts";
import { PostgresDatabase, type PostgresStoreOptions } from "./database.ts";
import { migrate } from "./migrations.ts";
import { claimRun, createRun, findRun, lockDue, lockRun, nextDue, readRecords, runOf, saveRun } from "./runs-table.ts";
import { insertSchedule, insertTick, readSchedules, readTicks } from "./schedules-table.ts";
import type { Session, UnsureCommit } from "./session.ts";

/**
 * A store that any number of processes on any number of machines can share: the schema "lepton" of a PostgreSQL database, 13
 * or later, made where it is not there.
 *
 * A connection that is lost is made again, and what was under way is done again, unless it had been done: the server is asked
 * what became of its transaction. LEDGER_IO says "whether it was written is not known" where the server could not be asked in
 * time. An append that met it may be repeated with the same events: it is found out first whether they were written, and if
 * so nothing is written, and their records are what the repeated one resolves to. (`events` that are a function may be called
 * again.) After another process has read the journal, that tells.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`; see `postgresConnection` for what may be left out
 * @throws RunError LEDGER_OPEN, LEDGER_PACKAGE, LEDGER_NEWER, LEDGER_FOREIGN
 */
export async function postgresStore(url: string, options: PostgresStoreOptions = {}): Promise<RunStore> {
  const database = await PostgresDatabase.open(await postgresConnection(url), options);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new PostgresStore(database);
}

/** An append of which it is not known whether it was written. */
interface UnsureAppend {
  readonly commit: UnsureCommit;
  readonly epoch: number;
  readonly texts: readonly string[];
  /** The texts of the events that another append would write. */
  readonly textsOf: (append: Append) => readonly string[];
  readonly appended: Appended;
}

class PostgresStore implements RunStore {
  readonly location: string;
  readonly #database: PostgresDatabase;
  readonly #unsure = new Map<string, UnsureAppend>();

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.location = database.location;
  }

  now(): Promise<number> {
    return this.#database.read((session) => session.now());
  }

  create(run: NewRun): Promise<RunRow> {
    return this.#database.write(async (session) => rowOf(await createRun(session, run, await session.now())));
  }

  async run(id: string): Promise<RunRow | undefined> {
    const run = await this.#database.read((session) => findRun(session, id));
    return run === undefined ? undefined : rowOf(run);
  }

  async runs({ status, schedule, limit = 100 }: RunFilter = {}): Promise<readonly RunRow[]> {
    const rows = await this.#database.read((session) =>
      session.query(
        `SELECT * FROM lepton.runs WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR schedule = $2)
         ORDER BY number DESC LIMIT $3`,
        [status, schedule === undefined ? undefined : encodeText(schedule), rowLimit(limit)],
      ),
    );
    return rows.map((row) => rowOf(runOf(row)));
  }

  claim(id: string, owner: Owner, ttlSeconds: number): Promise<Lease> {
    return this.#database.write(async (session) =>
      claimRun(session, await lockRun(session, id, this.location), owner, ttlSeconds),
    );
  }

  claimDue(owner: Owner, ttlSeconds: number): Promise<Lease | undefined> {
    return this.#database.write(async (session) => {
      const due = await lockDue(session);
      return due === undefined ? undefined : claimRun(session, due, owner, ttlSeconds, due.run.stopRequested);
    });
  }

  nextDue(): Promise<number | undefined> {
    return this.#database.read(nextDue);
  }

  renew(lease: Lease, ttlSeconds: number, activity?: string | null): Promise<{ readonly stopRequested: boolean }> {
    return this.#database.write(async (session) => {
      const { run, now } = await lockRun(session, lease.runId, this.location);
      const after = renewed(run, lease, ttlSeconds, now, activity);
      await saveRun(session, run, { run: after, records: [], texts: [] });
      return { stopRequested: after.stopRequested };
    });
  }

  release(lease: Lease): Promise<void> {
    return this.#database.write(async (session) => {
      const known = await findRun(session, lease.runId);
      if (known === undefined) return;
      const { run } = await lockRun(session, lease.runId, this.location);
      const after = released(run, lease);
      if (after !== undefined) await saveRun(session, run, { run: after, records: [], texts: [] });
    });
  }

  requestStop(id: string): Promise<void> {
    return this.#database.write(async (session) => {
      const { run } = await lockRun(session, id, this.location);
      await saveRun(session, run, { run: { ...run, stopRequested: true }, records: [], texts: [] });
    });
  }

  async append(lease: Lease, append: Append): Promise<Appended> {
    const unsure = this.#unsure.get(lease.runId);
    const before = unsure === undefined ? undefined : await this.#writtenBefore(unsure, lease, append);
    if (before !== undefined) return before;
    let granted: Amount = NO_AMOUNT;
    const { events } = append;
    const noted: Append =
      typeof events === "function"
        ? {
            ...append,
            events: (amount) => {
              granted = amount;
              return events(amount);
            },
          }
        : append;
    const plan = await this.#database.write(
      (session) => appendTo(session, lease, noted, this.location),
      (commit, unheard) => {
        if ("refused" in unheard) return;
        const { records, texts } = unheard.change;
        const textsOf = ({ events: again }: Append): readonly string[] =>
          (typeof again === "function" ? again(granted) : again).map((event) => JSON.stringify(event));
        const appended = { outcome: "written", records } as const;
        this.#unsure.set(lease.runId, { commit, epoch: lease.epoch, texts, textsOf, appended });
      },
    );
    return "refused" in plan ? plan.refused : { outcome: "written", records: plan.change.records };
  }

  read(id: string, fromSeq = 1): Promise<readonly RunRecord[]> {
    return this.#database.read(async (session) => {
      if ((await findRun(session, id)) === undefined) throw runUnknown(id, this.location);
      return readRecords(session, id, fromSeq);
    });
  }

  blob(hash: string): Promise<Uint8Array> {
    return this.#database.read((session) => readBlob(session, hash, this.location));
  }

  dropBlobs(lease: Lease, hashes: readonly string[]): Promise<void> {
    return this.#database.write(async (session) => {
      const { run } = await lockRun(session, lease.runId, this.location);
      checkLease(run, lease);
      await dropBlobs(session, run.id, hashes.map(encodeText));
    });
  }

  async totals(scope: string): Promise<ScopeTotals> {
    return totalsOf(await this.#database.read((session) => readTotals(session, scope)));
  }

  addSchedule(id: string, spec: unknown): Promise<ScheduleRow> {
    return this.#database.write(async (session) => {
      const added = await insertSchedule(session, id, spec, await session.now());
      if (added === undefined) throw scheduleExists(id);
      return added;
    });
  }

  schedules(): Promise<readonly ScheduleRow[]> {
    return this.#database.read(readSchedules);
  }

  pauseSchedule(id: string, paused: boolean): Promise<void> {
    return this.#changeSchedule(id, "UPDATE lepton.schedules SET paused = $2 WHERE id = $1 RETURNING id", [paused]);
  }

  removeSchedule(id: string): Promise<void> {
    return this.#changeSchedule(id, "DELETE FROM lepton.schedules WHERE id = $1 RETURNING id");
  }

  decideTick(tick: Omit<Tick, "at" | "runId">, run?: NewRun): Promise<boolean> {
    return this.#database.write(async (session: Session) => {
      const at = await insertTick(session, tick, run?.id);
      if (at === undefined) return false;
      if (run !== undefined) await createRun(session, run, at);
      return true;
    });
  }

  ticks(schedule: string, limit = 20): Promise<readonly Tick[]> {
    return this.#database.read((session) => readTicks(session, schedule, limit));
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What the same append resolves to where an earlier one, of which nothing was heard, was written. */
  async #writtenBefore(unsure: UnsureAppend, lease: Lease, append: Append): Promise<Appended | undefined> {
    const committed = await this.#database.committed(unsure.commit);
    this.#unsure.delete(lease.runId);
    if (!committed || unsure.epoch !== lease.epoch) return undefined;
    const texts = unsure.textsOf(append);
    const same = texts.length === unsure.texts.length && texts.every((text, index) => text === unsure.texts[index]);
    return same ? unsure.appended : undefined;
  }

  async #changeSchedule(id: string, statement: string, values: readonly unknown[] = []): Promise<void> {
    await this.#database.write(async (session) => {
      if ((await session.query(statement, [encodeText(id), ...values])).length === 0)
        throw scheduleUnknown(id, this.location);
    });
  }
}
