import { describeValue } from "../../circuits/index.ts";
import { RunError, ScheduleError } from "../errors.ts";
import type { Owner, RunEvent, RunRecord } from "./events.ts";
import { hashOf } from "./hash.ts";
import { statusAfter } from "./run-state.ts";
import type { Lease, NewRun, RunRow } from "./run-store.ts";

/*
 * What all stores decide alike, as pure functions of what they have read inside a transaction: rows, leases, what is due.
 * `append-plan.ts` has what an append does, `budget-entry.ts` what is spent. Events are plain JSON.
 */

/** A run's row as it is kept. */
export interface StoredRun extends RunRow {
  /** Number of the last record. */
  readonly seq: number;
  /** Of the last claim, also when that was released. */
  readonly epoch: number;
}

/** A run whose new records are not written yet. */
export interface ChangedRun {
  readonly run: StoredRun;
  readonly records: readonly RunRecord[];
  /** The event of each record as JSON, to be kept as it is. */
  readonly texts: readonly string[];
}

const RUN_ID = /^[a-z0-9][a-z0-9-]{0,49}$/;

/** @throws RunError RUN_ID */
export function checkRunId(id: unknown): asserts id is string {
  if (typeof id !== "string" || !RUN_ID.test(id))
    throw new RunError(
      "RUN_ID",
      `${describeValue(id)} cannot be the id of a run: 1 to 50 of a-z, 0-9 and "-", the first of them no "-".`,
    );
}

export const runExists = (id: string): RunError =>
  new RunError("RUN_EXISTS", `There is a run "${id}" already. Resume it, or choose another id.`);

export const runUnknown = (id: unknown, location: string): RunError =>
  new RunError("RUN_UNKNOWN", `There is no run ${quoted(id)} in ${location}.`);

export const scheduleExists = (id: string): ScheduleError =>
  new ScheduleError("SCHEDULE_EXISTS", `There is a schedule "${id}" already. Remove it first, or choose another id.`);

export const scheduleUnknown = (id: unknown, location: string): ScheduleError =>
  new ScheduleError("SCHEDULE_UNKNOWN", `There is no schedule ${quoted(id)} in ${location}.`);

/** @throws RunError LEDGER_BLOB */
export function checkBlob(hash: string, bytes: Uint8Array | undefined, location: string): Uint8Array {
  if (bytes === undefined) throw new RunError("LEDGER_BLOB", `There is no blob ${quoted(hash)} in ${location}.`);
  if (hashOf(bytes) !== hash)
    throw new RunError("LEDGER_BLOB", `The bytes of blob ${hash} in ${location} are not those that were written.`);
  return bytes;
}

/** @throws RunError RUN_ID */
export function newRun({ id, task, schedule, events }: NewRun, now: number): ChangedRun {
  checkRunId(id);
  const empty: StoredRun = {
    id,
    status: "ready",
    createdAt: now,
    updatedAt: now,
    step: 0,
    activity: undefined,
    wakeAt: undefined,
    lease: undefined,
    stopRequested: false,
    task: task === undefined ? undefined : plain(task),
    schedule,
    seq: 0,
    epoch: 0,
  };
  return withEvents(empty, events, now);
}

/** The run after more events under its present epoch. */
export function withEvents(run: StoredRun, events: readonly RunEvent[], now: number): ChangedRun {
  const texts = events.map((event) => JSON.stringify(event));
  const records = texts.map((text, index) => recordOf(run.seq + index + 1, now, run.epoch, text));
  let { status, step, activity, wakeAt, task } = run;
  for (const { event } of records) {
    status = statusAfter(status, event);
    if (event.type === "step") step = event.step;
    if (event.type === "task") task = event.task;
    if (event.type === "parked") wakeAt = event.wakeAt;
    else if (status !== "parked") wakeAt = undefined;
    if (event.type === "claimed" || status === "stopped" || status === "failed" || status === "finished")
      activity = undefined;
  }
  const updatedAt = events.length === 0 ? run.updatedAt : now;
  return {
    run: { ...run, status, step, activity, wakeAt, task, updatedAt, seq: run.seq + records.length },
    records,
    texts,
  };
}

/** As it is read once it was kept. */
export function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

export function recordOf(seq: number, at: number, epoch: number, text: string): RunRecord {
  return { seq, at, epoch, event: JSON.parse(text) as RunEvent };
}

/**
 * Since or from when a run is due without anybody being asked whether its owner lives; undefined where no worker is to take
 * it. A store may keep it beside the row, since it changes only when the row does.
 */
export function dueAt(run: StoredRun): number | undefined {
  const since = dueWithoutOwner(run);
  return since === undefined || run.lease === undefined ? since : Math.max(since, run.lease.until);
}

/** As `dueAt`, when the owner of its lease is gone. */
export function dueWithoutOwner({ status, task, createdAt, updatedAt, wakeAt }: StoredRun): number | undefined {
  if (task === undefined) return undefined;
  if (status === "ready") return createdAt;
  if (status === "parked") return wakeAt;
  return status === "running" ? updatedAt : undefined;
}

/** Since when a run is due now, with its owner asked for; undefined where it is not. */
export function dueNow(run: StoredRun, now: number, isGone: (owner: Owner) => boolean): number | undefined {
  const since = dueWithoutOwner(run);
  if (since === undefined || since > now) return undefined;
  if (run.lease === undefined || run.lease.until <= now) return dueAt(run);
  return isGone(run.lease.owner) ? since : undefined;
}

/**
 * @param isGone whether the owner was a process of this machine that is no more; asked only where it matters
 * @param stopRequested whether a wish that it stop is kept
 * @throws RunError RUN_DRIVEN
 */
export function claimed(
  run: StoredRun,
  owner: Owner,
  ttlSeconds: number,
  now: number,
  isGone: (owner: Owner) => boolean,
  stopRequested = false,
): ChangedRun & { readonly lease: Lease } {
  const before = run.lease;
  const other = before !== undefined && before.owner.id !== owner.id;
  if (other && before.until > now && !isGone(before.owner)) {
    const { host, pid } = before.owner;
    throw new RunError(
      "RUN_DRIVEN",
      `Run "${run.id}" is driven by process ${pid} on ${host} since ${time(before.since)}; unless it is heard of, ` +
        `the run is free at ${time(before.until)}. Wait for it, or ask it to stop.`,
    );
  }
  const epoch = run.epoch + 1;
  const lease = { owner, epoch, since: now, until: now + ttlSeconds * 1000 };
  const changed = withEvents(
    { ...run, epoch, lease, stopRequested },
    [{ type: "claimed", owner, takeover: other }],
    now,
  );
  return { ...changed, lease: { runId: run.id, owner, epoch, takeover: other } };
}

/** @throws RunError RUN_FENCED */
export function checkLease(run: StoredRun, { epoch, owner }: Lease): void {
  if (run.lease !== undefined && run.epoch === epoch && run.lease.owner.id === owner.id) return;
  const why =
    run.epoch === epoch
      ? "was let go by this driver"
      : run.lease === undefined
        ? "was claimed by another driver in the meantime"
        : `was claimed by process ${run.lease.owner.pid} on ${run.lease.owner.host} at ${time(run.lease.since)}`;
  throw new RunError("RUN_FENCED", `Run "${run.id}" ${why}; nothing was written.`);
}

/** @throws RunError RUN_FENCED */
export function renewed(
  run: StoredRun,
  lease: Lease,
  ttlSeconds: number,
  now: number,
  activity: string | null | undefined,
): StoredRun {
  checkLease(run, lease);
  const until = now + ttlSeconds * 1000;
  return { ...run, lease: { ...run.lease!, until }, activity: activityAfter(run.activity, activity) };
}

/** The run without its lease; undefined where there is nothing to let go. */
export function released(run: StoredRun, { epoch }: Lease): StoredRun | undefined {
  return run.lease !== undefined && run.epoch === epoch ? { ...run, lease: undefined } : undefined;
}

export function activityAfter(before: string | undefined, change: string | null | undefined): string | undefined {
  return change === undefined ? before : (change ?? undefined);
}

/** How many rows to read at most, as all databases take it; undefined for all. */
export function rowLimit(limit: number): number | undefined {
  return limit <= Number.MAX_SAFE_INTEGER ? Math.max(0, Math.floor(limit)) : undefined;
}

/** What others see of it. */
export function rowOf({ seq: _seq, epoch: _epoch, ...row }: StoredRun): RunRow {
  return row;
}

/** A text in full as far as it is short, and without control characters. */
function quoted(id: unknown): string {
  return typeof id === "string" && id.length <= 64 ? JSON.stringify(id) : describeValue(id);
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
