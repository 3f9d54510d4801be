import { resolve } from "node:path";
import { wallClock } from "../../../providers/index.ts";
import { needsOf, planAppend } from "../append-plan.ts";
import type { ScopeTotals } from "../budget.ts";
import { totalsOf } from "../budget-entry.ts";
import type { Owner, RunRecord } from "../events.ts";
import { encodeText } from "../kept-text.ts";
import { isGone, thisOwner } from "../process-identity.ts";
import type {
  Append,
  Appended,
  Lease,
  NewRun,
  RunFilter,
  RunRow,
  RunStore,
  ScheduleRow,
  StoreOptions,
  Tick,
} from "../run-store.ts";
import {
  checkBlob,
  checkLease,
  claimed,
  dueNow,
  dueWithoutOwner,
  released,
  renewed,
  rowLimit,
  rowOf,
  scheduleExists,
  scheduleUnknown,
} from "../store-rules.ts";
import type { Connection } from "./connection.ts";
import { openDatabase } from "./open-database.ts";
import { type NumberedRun, runOf, scheduleOf, tickOf } from "./rows.ts";
import { named, Tables } from "./tables.ts";

/** As SQLite takes it. */
const NO_LIMIT = -1;

/**
 * A ledger in a file, made where there is none, for any number of processes of one machine.
 * @throws RunError LEDGER_OPEN, LEDGER_FOREIGN, LEDGER_NEWER, LEDGER_READ_ONLY, LEDGER_FULL, LEDGER_BUSY, LEDGER_CORRUPT, LEDGER_IO
 */
export async function sqliteStore(file: string, { clock = wallClock }: StoreOptions = {}): Promise<RunStore> {
  return new SqliteStore(await openDatabase(resolve(file), clock));
}

class SqliteStore implements RunStore {
  readonly location: string;
  readonly #connection: Connection;
  readonly #tables: Tables;
  /** Of this machine, whose processes can be looked for. */
  readonly #host = thisOwner().host;

  constructor(connection: Connection) {
    this.location = connection.location;
    this.#connection = connection;
    this.#tables = new Tables(connection);
  }

  async now(): Promise<number> {
    return this.#connection.read(() => this.#connection.now());
  }

  async create(run: NewRun): Promise<RunRow> {
    const blobs = named(run.blobs);
    return this.#connection.write(() => rowOf(this.#tables.create(run, blobs, this.#connection.now())));
  }

  async run(id: string): Promise<RunRow | undefined> {
    return this.#connection.read(() => {
      const found = this.#tables.find(id);
      return found === undefined ? undefined : rowOf(found.run);
    });
  }

  async runs({ status, schedule, limit = 100 }: RunFilter = {}): Promise<readonly RunRow[]> {
    const { runs, runsOfSchedule } = this.#tables.sql;
    return this.#connection.read(() => {
      const rows =
        schedule === undefined
          ? runs.all(status ?? null, rowLimit(limit) ?? NO_LIMIT)
          : runsOfSchedule.all(encodeText(schedule), status ?? null, rowLimit(limit) ?? NO_LIMIT);
      return rows.map((row) => rowOf(runOf(row).run));
    });
  }

  async claim(id: string, owner: Owner, ttlSeconds: number): Promise<Lease> {
    return this.#connection.write(() => this.#claim(this.#tables.run(id), owner, ttlSeconds));
  }

  async claimDue(owner: Owner, ttlSeconds: number): Promise<Lease | undefined> {
    // Most workers ask in vain, and need not wait for the lock to learn it.
    if ((await this.#connection.read(() => this.#longestDue())) === undefined) return undefined;
    return this.#connection.write(() => {
      const due = this.#longestDue();
      return due === undefined ? undefined : this.#claim(due, owner, ttlSeconds, due.run.stopRequested);
    });
  }

  async nextDue(): Promise<number | undefined> {
    return this.#connection.read(() => {
      const times = this.#abandoned().map(({ run }) => dueWithoutOwner(run)!);
      const next = this.#tables.sql.nextDue.get()!.due as number | null;
      if (next !== null) times.push(next);
      return times.length === 0 ? undefined : Math.min(...times);
    });
  }

  async renew(
    lease: Lease,
    ttlSeconds: number,
    activity?: string | null,
  ): Promise<{ readonly stopRequested: boolean }> {
    return this.#connection.write(() => {
      const { number, run } = this.#tables.run(lease.runId);
      const after = renewed(run, lease, ttlSeconds, this.#connection.now(), activity);
      this.#tables.save(number, after);
      return { stopRequested: after.stopRequested };
    });
  }

  async release(lease: Lease): Promise<void> {
    await this.#connection.write(() => {
      const found = this.#tables.find(lease.runId);
      const after = found === undefined ? undefined : released(found.run, lease);
      if (after !== undefined) this.#tables.save(found!.number, after);
    });
  }

  async requestStop(id: string): Promise<void> {
    await this.#connection.write(() => {
      const { number, run } = this.#tables.run(id);
      this.#tables.save(number, { ...run, stopRequested: true });
    });
  }

  async append(lease: Lease, append: Append): Promise<Appended> {
    const blobs = named(append.blobs);
    const { keys, scopes, account } = needsOf(append);
    return this.#connection.write(() => {
      const tables = this.#tables;
      const now = this.#connection.now();
      const { number, run } = tables.run(lease.runId);
      const totals = new Map(scopes.map((scope) => [scope, tables.totals(scope)]));
      const places = tables.places(account);
      const plan = planAppend(lease, append, { run, now, entries: tables.entries(keys), totals, places });
      if ("refused" in plan) return plan.refused;

      tables.change(number, plan.change);
      tables.hold(number, blobs);
      for (const entry of plan.entries) tables.putEntry(number, entry);
      for (const [scope, change] of plan.totals) tables.addToTotals(scope, change);
      if (account !== undefined && plan.place !== undefined) tables.addPlace(account, plan.place, places);
      return { outcome: "written", records: plan.change.records };
    });
  }

  async read(id: string, fromSeq = 1): Promise<readonly RunRecord[]> {
    return this.#connection.read(() => this.#tables.records(this.#tables.run(id), Math.max(1, fromSeq)));
  }

  async blob(hash: string): Promise<Uint8Array> {
    return this.#connection.read(() => checkBlob(hash, this.#tables.blob(hash), this.location));
  }

  async dropBlobs(lease: Lease, hashes: readonly string[]): Promise<void> {
    await this.#connection.write(() => {
      const { number, run } = this.#tables.run(lease.runId);
      checkLease(run, lease);
      this.#tables.letGo(number, hashes);
    });
  }

  async totals(scope: string): Promise<ScopeTotals> {
    return this.#connection.read(() => totalsOf(this.#tables.totals(scope)));
  }

  async addSchedule(id: string, spec: unknown): Promise<ScheduleRow> {
    const text = JSON.stringify(spec ?? null);
    return this.#connection.write(() => {
      const createdAt = this.#connection.now();
      if (this.#tables.sql.insertSchedule.run(encodeText(id), text, createdAt).changes === 0) throw scheduleExists(id);
      return { id, spec: JSON.parse(text), paused: false, createdAt, lastTick: undefined };
    });
  }

  async schedules(): Promise<readonly ScheduleRow[]> {
    return this.#connection.read(() => this.#tables.sql.schedules.all().map(scheduleOf));
  }

  async pauseSchedule(id: string, paused: boolean): Promise<void> {
    const { changes } = await this.#connection.write(() =>
      this.#tables.sql.pauseSchedule.run(paused ? 1 : 0, encodeText(id)),
    );
    if (changes === 0) throw scheduleUnknown(id, this.location);
  }

  async removeSchedule(id: string): Promise<void> {
    const { changes } = await this.#connection.write(() => this.#tables.sql.deleteSchedule.run(encodeText(id)));
    if (changes === 0) throw scheduleUnknown(id, this.location);
  }

  async decideTick({ schedule, tick, outcome, words }: Omit<Tick, "at" | "runId">, run?: NewRun): Promise<boolean> {
    const blobs = named(run?.blobs);
    return this.#connection.write(() => {
      const now = this.#connection.now();
      const { sql } = this.#tables;
      const id = encodeText(schedule);
      if (sql.schedule.get(id)?.paused !== 0) return false;
      const { changes } = sql.insertTick.run(id, tick, outcome, encodeText(words), run?.id ?? null, now);
      if (changes === 0) return false;
      sql.lastTick.run(tick, id);
      if (run !== undefined) this.#tables.create(run, blobs, now);
      return true;
    });
  }

  async ticks(schedule: string, limit = 20): Promise<readonly Tick[]> {
    return this.#connection.read(() =>
      this.#tables.sql.ticks.all(encodeText(schedule), rowLimit(limit) ?? NO_LIMIT).map(tickOf),
    );
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #claim({ number, run }: NumberedRun, owner: Owner, ttlSeconds: number, stopRequested = false): Lease {
    const { lease, ...change } = claimed(run, owner, ttlSeconds, this.#connection.now(), isGone, stopRequested);
    this.#tables.change(number, change);
    return lease;
  }

  #longestDue(): NumberedRun | undefined {
    const now = this.#connection.now();
    const first = this.#tables.sql.firstDue.get(now);
    const found = this.#abandoned().concat(first === undefined ? [] : runOf(first));
    const due = found.flatMap((numbered) => {
      const since = dueNow(numbered.run, now, isGone);
      return since === undefined ? [] : { numbered, since };
    });
    due.sort((a, b) => a.since - b.since || a.numbered.number - b.numbered.number);
    return due[0]?.numbered;
  }

  /** Runs whose lease goes on although its owner, a process of this machine, is no more. */
  #abandoned(): NumberedRun[] {
    const leased = this.#tables.sql.leasedHere.all(this.#connection.now(), this.#host).map(runOf);
    return leased.filter(({ run }) => run.lease !== undefined && isGone(run.lease.owner));
  }
}
