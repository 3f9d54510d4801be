import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Amount } from "../budget.ts";
import type { BudgetEntry, ScopeMillionths } from "../budget-entry.ts";
import { decodeText, encodeText } from "../kept-text.ts";
import type { RunStatus } from "../run-state.ts";
import type { RunRow, ScheduleRow, Tick } from "../run-store.ts";
import type { RunTask } from "../run-task.ts";
import { dueAt, type StoredRun } from "../store-rules.ts";

/** What a SELECT gives. */
export type Row = Record<string, SQLOutputValue>;

/** A run as it stands in its table, where others refer to it by its number. */
export interface NumberedRun {
  readonly number: number;
  readonly run: StoredRun;
}

export function runOf(row: Row): NumberedRun {
  const run: StoredRun = {
    id: row.id as string,
    status: row.status as RunStatus,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
    seq: row.seq as number,
    epoch: row.epoch as number,
    step: row.step as number,
    activity: row.activity === null ? undefined : nameOf(row.activity),
    wakeAt: (row.wake_at as number | null) ?? undefined,
    lease: parsed<NonNullable<RunRow["lease"]>>(row.lease),
    stopRequested: row.stop_requested === 1,
    task: parsed<RunTask>(row.task),
    schedule: row.schedule === null ? undefined : { id: nameOf(row.schedule), tick: row.tick as number },
  };
  return { number: row.number as number, run };
}

/** The columns that change, in the order of `insertRun` and `updateRun`. */
export function changingColumns(run: StoredRun): SQLInputValue[] {
  return [
    run.status,
    run.createdAt,
    run.updatedAt,
    run.seq,
    run.epoch,
    run.step,
    run.activity === undefined ? null : encodeText(run.activity),
    run.wakeAt ?? null,
    text(run.lease),
    run.lease?.owner.host ?? null,
    run.stopRequested ? 1 : 0,
    dueAt(run) ?? null,
    text(run.task),
  ];
}

/** The other columns of `insertRun`. */
export function fixedColumns({ id, schedule }: StoredRun): SQLInputValue[] {
  return [id, schedule === undefined ? null : encodeText(schedule.id), schedule?.tick ?? null];
}

export function entryOf(row: Row): BudgetEntry {
  return {
    key: nameOf(row.key),
    scopes: JSON.parse(row.scopes as string) as string[],
    granted: parsed<Amount>(row.granted),
    open: row.open === 1,
    settled: JSON.parse(row.settled as string) as Amount,
  };
}

export function entryColumns({ key, scopes, granted, open, settled }: BudgetEntry, run: number): SQLInputValue[] {
  return [encodeText(key), run, JSON.stringify(scopes), text(granted), open ? 1 : 0, JSON.stringify(settled)];
}

export function totalsOfRow(row: Row): ScopeMillionths {
  const amount = (part: "settled" | "reserved"): Amount => ({
    quantumSeconds: row[`${part}_seconds`] as number,
    money: row[`${part}_money`] as number,
    jobs: row[`${part}_jobs`] as number,
  });
  return { settled: amount("settled"), reserved: amount("reserved") };
}

export function totalsColumns(scope: string, { settled, reserved }: ScopeMillionths): SQLInputValue[] {
  const columns = ({ quantumSeconds, money, jobs }: Amount): number[] => [quantumSeconds, money, jobs];
  return [encodeText(scope), ...columns(settled), ...columns(reserved)];
}

export function scheduleOf(row: Row): ScheduleRow {
  return {
    id: nameOf(row.id),
    spec: JSON.parse(row.spec as string),
    paused: row.paused === 1,
    createdAt: row.created_at as number,
    lastTick: (row.last_tick as number | null) ?? undefined,
  };
}

export function tickOf(row: Row): Tick {
  return {
    schedule: nameOf(row.schedule),
    tick: row.tick as number,
    outcome: row.outcome as Tick["outcome"],
    words: nameOf(row.words),
    ...(row.run_id === null ? {} : { runId: row.run_id as string }),
    at: row.at as number,
  };
}

/** The text that a column keeps. */
export function nameOf(kept: SQLOutputValue | undefined): string {
  return decodeText(kept as string);
}

function text(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function parsed<Value>(value: SQLOutputValue | undefined): Value | undefined {
  return value === null ? undefined : (JSON.parse(value as string) as Value);
}
