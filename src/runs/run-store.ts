import type { Clock } from "../../providers/index.ts";
import type { Amount, Grant, ReservationRequest, ScopeTotals } from "./budget.ts";
import type { Owner, RunEvent, RunRecord } from "./events.ts";
import type { RunStatus } from "./run-state.ts";
import type { RunTask } from "./run-task.ts";

/** What is known of a run without reading its journal. */
export interface RunRow {
  readonly id: string;
  /** By the events so far; "running" also where the driver died. */
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Steps done. */
  readonly step: number;
  /** What the driver last said it is waiting for. */
  readonly activity: string | undefined;
  /** When a parked run goes on. */
  readonly wakeAt: number | undefined;
  /** Who drives it, since when, and until when unless it is renewed; undefined where nobody does. */
  readonly lease:
    | { readonly owner: Owner; readonly epoch: number; readonly since: number; readonly until: number }
    | undefined;
  readonly stopRequested: boolean;
  readonly task: RunTask | undefined;
  /** The schedule that started it, and its logical tick in milliseconds since 1970. */
  readonly schedule: { readonly id: string; readonly tick: number } | undefined;
}

export interface NewRun {
  readonly id: string;
  readonly task?: RunTask;
  readonly schedule?: { readonly id: string; readonly tick: number };
  readonly events: readonly RunEvent[];
  readonly blobs?: readonly Uint8Array[];
}

/** The right to write a run's journal, until somebody with a higher epoch has it. */
export interface Lease {
  readonly runId: string;
  readonly owner: Owner;
  /** Grows by one with every claim: the fencing token. */
  readonly epoch: number;
  /** The owner before had not released it. */
  readonly takeover: boolean;
}

export interface Append {
  /** Made once it is known what was granted; with a denied reservation nothing is written. */
  readonly events: readonly RunEvent[] | ((granted: Amount) => readonly RunEvent[]);
  /** Written with the events, each under its SHA-256; those that are there already stay. */
  readonly blobs?: readonly Uint8Array[];
  /** Sets an amount aside in the same transaction. */
  readonly reserve?: ReservationRequest;
  /** Replaces what was set aside, or settled before, by what was charged; nothing at all gives a reservation back. */
  readonly settle?: readonly Settlement[];
  /** A place among the account's submits of the last minute, taken in the same transaction. */
  readonly submit?: SubmitSlot;
  /** Replaces `RunRow.activity`; null for none. */
  readonly activity?: string | null;
}

export interface Settlement {
  /** The submit key; another name, such as "orphan:JOB", for what was never reserved. */
  readonly key: string;
  /** Where the key has no reservation. */
  readonly scopes: readonly string[];
  readonly amount: Amount;
}

export interface SubmitSlot {
  readonly account: string;
  readonly perMinute: number;
  /** Once only for each submit of a key, so that the same append after a crash takes no second one. */
  readonly key: string;
}

export type Appended =
  | { readonly outcome: "written"; readonly records: readonly RunRecord[] }
  | ({ readonly outcome: "denied" } & Exclude<Grant, { readonly granted: Amount }>)
  /** Too many submits in the last minute; free again at that time. */
  | { readonly outcome: "later"; readonly at: number };

export interface RunFilter {
  readonly status?: RunStatus;
  readonly schedule?: string;
  /** Newest first; 100 by default. */
  readonly limit?: number;
}

/** A schedule as it is kept; what its `spec` says is the scheduler's. */
export interface ScheduleRow {
  readonly id: string;
  readonly spec: unknown;
  readonly paused: boolean;
  readonly createdAt: number;
  /** The latest tick that was decided. */
  readonly lastTick: number | undefined;
}

export interface Tick {
  readonly schedule: string;
  /** Logical time, milliseconds since 1970. */
  readonly tick: number;
  readonly outcome: "started" | "skipped";
  readonly words: string;
  readonly runId?: string;
  readonly at: number;
}

export interface StoreOptions {
  /** By which leases end and events are dated; by default the machine's, or that of the server that keeps the runs. */
  readonly clock?: Clock;
}

/**
 * Where runs are kept. Every method is one transaction: durable when its promise resolves, and without effect when it
 * rejects. Runs are named by `[a-z0-9][a-z0-9-]{0,49}`.
 * @throws (all methods) RunError LEDGER_FULL, LEDGER_READ_ONLY, LEDGER_BUSY, LEDGER_IO, LEDGER_CORRUPT, LEDGER_CLOSED
 */
export interface RunStore extends AsyncDisposable {
  /** For messages: a path, or a URL without credentials. */
  readonly location: string;
  /** The store's clock, by which leases end and events are dated: milliseconds since 1970. */
  now(): Promise<number>;

  /** @throws RunError RUN_EXISTS, RUN_ID */
  create(run: NewRun): Promise<RunRow>;
  run(id: string): Promise<RunRow | undefined>;
  runs(filter?: RunFilter): Promise<readonly RunRow[]>;

  /**
   * Takes the right to drive a run: at once where nobody has it, its owner asks again, its time is over, or its owner was a
   * process of this machine that is no more. Writes a `claimed` event.
   * @throws RunError RUN_UNKNOWN; RUN_DRIVEN with who has it and since when
   */
  claim(id: string, owner: Owner, ttlSeconds: number): Promise<Lease>;
  /**
   * Claims the run that has been due for longest, if any: one that has a task and is ready, parked with its wake time over, or
   * running without a live lease; not one that is stopped, failed or finished. Two who ask at once get different runs. A wish
   * that the run stop, which its last driver has not learnt of, is kept.
   */
  claimDue(owner: Owner, ttlSeconds: number): Promise<Lease | undefined>;
  /** When the next run will be due, if any is known. */
  nextDue(): Promise<number | undefined>;
  /** @throws RunError RUN_FENCED when somebody else has claimed the run, or it was released */
  renew(lease: Lease, ttlSeconds: number, activity?: string | null): Promise<{ readonly stopRequested: boolean }>;
  /** Lets go; does nothing where somebody else has it. */
  release(lease: Lease): Promise<void>;
  /** Asks whoever drives the run to stop; taken back by the next `claim`. @throws RunError RUN_UNKNOWN */
  requestStop(id: string): Promise<void>;

  /**
   * @throws RunError RUN_FENCED when somebody else has claimed the run, or it was released: nothing is written, unless it is
   * nothing but `orphan` events and their charges, which only the replaced driver may know of
   */
  append(lease: Lease, append: Append): Promise<Appended>;
  /** Records from `fromSeq` (1 by default) on, in order. @throws RunError RUN_UNKNOWN */
  read(id: string, fromSeq?: number): Promise<readonly RunRecord[]>;
  /** @throws RunError LEDGER_BLOB where there is none, or its bytes do not hash to its name */
  blob(hash: string): Promise<Uint8Array>;
  /**
   * Forgets blobs of the run; those that are not there are passed over, and what another run wrote too stays for that one.
   * @throws RunError RUN_FENCED
   */
  dropBlobs(lease: Lease, hashes: readonly string[]): Promise<void>;

  /** Spent and set aside. */
  totals(scope: string): Promise<ScopeTotals>;

  /** @throws ScheduleError SCHEDULE_EXISTS */
  addSchedule(id: string, spec: unknown): Promise<ScheduleRow>;
  schedules(): Promise<readonly ScheduleRow[]>;
  /** @throws ScheduleError SCHEDULE_UNKNOWN */
  pauseSchedule(id: string, paused: boolean): Promise<void>;
  /** Its ticks are forgotten, its runs stay. @throws ScheduleError SCHEDULE_UNKNOWN */
  removeSchedule(id: string): Promise<void>;
  /**
   * Decides a tick, and creates its run where it starts one; false, and nothing is done, where it was decided before,
   * by whomever, or the schedule is gone or paused.
   */
  decideTick(tick: Omit<Tick, "at" | "runId">, run?: NewRun): Promise<boolean>;
  /** Newest first; 20 by default. */
  ticks(schedule: string, limit?: number): Promise<readonly Tick[]>;

  close(): Promise<void>;
}
