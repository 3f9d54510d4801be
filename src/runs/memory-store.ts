import { type Clock, wallClock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { isPast, needsOf, planAppend, type SubmitPlace } from "./append-plan.ts";
import type { ScopeTotals } from "./budget.ts";
import { addMillionths, type BudgetEntry, NO_MILLIONTHS, type ScopeMillionths, totalsOf } from "./budget-entry.ts";
import type { Owner, RunRecord } from "./events.ts";
import { hashOf } from "./hash.ts";
import { isGone } from "./process-identity.ts";
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
} from "./run-store.ts";
import {
  type ChangedRun,
  checkBlob,
  checkLease,
  claimed,
  dueAt,
  dueNow,
  dueWithoutOwner,
  newRun,
  plain,
  recordOf,
  released,
  renewed,
  rowLimit,
  rowOf,
  runExists,
  runUnknown,
  type StoredRun,
  scheduleExists,
  scheduleUnknown,
} from "./store-rules.ts";

/** A store that lasts as long as it is referred to; any number of drivers of this process can share it. */
export function memoryStore(options: StoreOptions = {}): RunStore {
  return new MemoryStore(options);
}

interface KeptRun {
  run: StoredRun;
  readonly journal: { readonly at: number; readonly epoch: number; readonly text: string }[];
}

interface KeptBlob {
  readonly bytes: Uint8Array;
  /** Ids of the runs that hold it. */
  readonly holders: Set<string>;
}

interface KeptSchedule {
  row: ScheduleRow;
  readonly ticks: Map<number, Tick>;
}

/** Every method decides first and then writes without awaiting anything, so that each is one transaction. */
class MemoryStore implements RunStore {
  readonly location = ":memory:";
  readonly #clock: Clock;
  readonly #runs = new Map<string, KeptRun>();
  readonly #blobs = new Map<string, KeptBlob>();
  readonly #entries = new Map<string, BudgetEntry>();
  readonly #totals = new Map<string, ScopeMillionths>();
  readonly #places = new Map<string, readonly SubmitPlace[]>();
  readonly #schedules = new Map<string, KeptSchedule>();
  #closed = false;

  constructor({ clock = wallClock }: StoreOptions) {
    this.#clock = clock;
  }

  async now(): Promise<number> {
    return this.#now();
  }

  async create(run: NewRun): Promise<RunRow> {
    const write = this.#creation(run, this.#now());
    return rowOf(write());
  }

  async run(id: string): Promise<RunRow | undefined> {
    this.#checkOpen();
    const kept = this.#runs.get(id);
    return kept === undefined ? undefined : rowOf(kept.run);
  }

  async runs({ status, schedule, limit = 100 }: RunFilter = {}): Promise<readonly RunRow[]> {
    this.#checkOpen();
    const fits = (run: StoredRun): boolean =>
      (status === undefined || run.status === status) && (schedule === undefined || run.schedule?.id === schedule);
    const all = [...this.#runs.values()].reverse().map(({ run }) => run);
    return all.filter(fits).slice(0, rowLimit(limit)).map(rowOf);
  }

  async claim(id: string, owner: Owner, ttlSeconds: number): Promise<Lease> {
    const now = this.#now();
    return this.#claim(this.#kept(id), owner, ttlSeconds, now);
  }

  async claimDue(owner: Owner, ttlSeconds: number): Promise<Lease | undefined> {
    const now = this.#now();
    let longest: { readonly kept: KeptRun; readonly since: number } | undefined;
    for (const kept of this.#runs.values()) {
      const since = dueNow(kept.run, now, isGone);
      if (since !== undefined && (longest === undefined || since < longest.since)) longest = { kept, since };
    }
    if (longest === undefined) return undefined;
    const { kept } = longest;
    return this.#claim(kept, owner, ttlSeconds, now, kept.run.stopRequested);
  }

  async nextDue(): Promise<number | undefined> {
    this.#checkOpen();
    let next: number | undefined;
    for (const { run } of this.#runs.values()) {
      const due = run.lease !== undefined && isGone(run.lease.owner) ? dueWithoutOwner(run) : dueAt(run);
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  async renew(
    lease: Lease,
    ttlSeconds: number,
    activity?: string | null,
  ): Promise<{ readonly stopRequested: boolean }> {
    const now = this.#now();
    const kept = this.#kept(lease.runId);
    kept.run = renewed(kept.run, lease, ttlSeconds, now, activity);
    return { stopRequested: kept.run.stopRequested };
  }

  async release(lease: Lease): Promise<void> {
    this.#checkOpen();
    const kept = this.#runs.get(lease.runId);
    if (kept !== undefined) kept.run = released(kept.run, lease) ?? kept.run;
  }

  async requestStop(id: string): Promise<void> {
    this.#checkOpen();
    const kept = this.#kept(id);
    kept.run = { ...kept.run, stopRequested: true };
  }

  async append(lease: Lease, append: Append): Promise<Appended> {
    const now = this.#now();
    const kept = this.#kept(lease.runId);
    const { account } = needsOf(append);
    const places = account === undefined ? [] : (this.#places.get(account) ?? []);
    const plan = planAppend(lease, append, {
      run: kept.run,
      now,
      entries: this.#entries,
      totals: this.#totals,
      places,
    });
    if ("refused" in plan) return plan.refused;
    const blobs = hashed(append.blobs);

    this.#change(kept, plan.change);
    this.#hold(lease.runId, blobs);
    for (const entry of plan.entries) this.#entries.set(entry.key, entry);
    for (const [scope, change] of plan.totals)
      this.#totals.set(scope, addMillionths(this.#totals.get(scope) ?? NO_MILLIONTHS, change));
    if (account !== undefined && plan.place !== undefined)
      this.#places.set(account, [...places.filter((place) => !isPast(place, now)), plan.place]);
    return { outcome: "written", records: plan.change.records };
  }

  async read(id: string, fromSeq = 1): Promise<readonly RunRecord[]> {
    this.#checkOpen();
    const from = Math.max(1, fromSeq);
    const { journal } = this.#kept(id);
    return journal.slice(from - 1).map(({ at, epoch, text }, index) => recordOf(from + index, at, epoch, text));
  }

  async blob(hash: string): Promise<Uint8Array> {
    this.#checkOpen();
    return checkBlob(hash, this.#blobs.get(hash)?.bytes, this.location).slice();
  }

  async dropBlobs(lease: Lease, hashes: readonly string[]): Promise<void> {
    this.#checkOpen();
    checkLease(this.#kept(lease.runId).run, lease);
    for (const hash of hashes) {
      const holders = this.#blobs.get(hash)?.holders;
      if (holders?.delete(lease.runId) && holders.size === 0) this.#blobs.delete(hash);
    }
  }

  async totals(scope: string): Promise<ScopeTotals> {
    this.#checkOpen();
    return totalsOf(this.#totals.get(scope) ?? NO_MILLIONTHS);
  }

  async addSchedule(id: string, spec: unknown): Promise<ScheduleRow> {
    const createdAt = this.#now();
    if (this.#schedules.has(id)) throw scheduleExists(id);
    const row = { id, spec: plain(spec ?? null), paused: false, createdAt, lastTick: undefined };
    this.#schedules.set(id, { row, ticks: new Map() });
    return row;
  }

  async schedules(): Promise<readonly ScheduleRow[]> {
    this.#checkOpen();
    return [...this.#schedules.values()].map(({ row }) => row).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async pauseSchedule(id: string, paused: boolean): Promise<void> {
    const schedule = this.#schedule(id);
    schedule.row = { ...schedule.row, paused };
  }

  async removeSchedule(id: string): Promise<void> {
    this.#schedule(id);
    this.#schedules.delete(id);
  }

  async decideTick({ schedule: id, tick, outcome, words }: Omit<Tick, "at" | "runId">, run?: NewRun): Promise<boolean> {
    const at = this.#now();
    const schedule = this.#schedules.get(id);
    if (schedule === undefined || schedule.row.paused || schedule.ticks.has(tick)) return false;
    if (run !== undefined) this.#creation(run, at)();
    const runId = run === undefined ? {} : { runId: run.id };
    schedule.ticks.set(tick, { schedule: id, tick, outcome, words, ...runId, at });
    schedule.row = { ...schedule.row, lastTick: Math.max(tick, schedule.row.lastTick ?? tick) };
    return true;
  }

  async ticks(schedule: string, limit = 20): Promise<readonly Tick[]> {
    this.#checkOpen();
    const ticks = [...(this.#schedules.get(schedule)?.ticks.values() ?? [])];
    return ticks.sort((a, b) => b.tick - a.tick).slice(0, rowLimit(limit));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new RunError("LEDGER_CLOSED", "The store in memory is closed.");
  }

  #now(): number {
    this.#checkOpen();
    return Math.floor(this.#clock.now());
  }

  #kept(id: string): KeptRun {
    const kept = this.#runs.get(id);
    if (kept === undefined) throw runUnknown(id, this.location);
    return kept;
  }

  #schedule(id: string): KeptSchedule {
    this.#checkOpen();
    const schedule = this.#schedules.get(id);
    if (schedule === undefined) throw scheduleUnknown(id, this.location);
    return schedule;
  }

  /** Checks all that can be wrong with a new run; what it returns writes it. */
  #creation(run: NewRun, now: number): () => StoredRun {
    const change = newRun(run, now);
    if (this.#runs.has(run.id)) throw runExists(run.id);
    const blobs = hashed(run.blobs);
    return () => {
      const kept: KeptRun = { run: change.run, journal: [] };
      this.#runs.set(run.id, kept);
      this.#change(kept, change);
      this.#hold(run.id, blobs);
      return kept.run;
    };
  }

  #claim(kept: KeptRun, owner: Owner, ttlSeconds: number, now: number, stopRequested = false): Lease {
    const { lease, ...change } = claimed(kept.run, owner, ttlSeconds, now, isGone, stopRequested);
    this.#change(kept, change);
    return lease;
  }

  #change(kept: KeptRun, { run, records, texts }: ChangedRun): void {
    kept.run = run;
    for (const [index, { at, epoch }] of records.entries()) kept.journal.push({ at, epoch, text: texts[index]! });
  }

  #hold(runId: string, blobs: readonly (readonly [hash: string, bytes: Uint8Array])[]): void {
    for (const [hash, bytes] of blobs) {
      const kept = this.#blobs.get(hash);
      if (kept === undefined) this.#blobs.set(hash, { bytes, holders: new Set([runId]) });
      else kept.holders.add(runId);
    }
  }
}

function hashed(blobs: readonly Uint8Array[] = []): readonly (readonly [hash: string, bytes: Uint8Array])[] {
  return blobs.map((bytes) => [hashOf(bytes), bytes.slice()]);
}
