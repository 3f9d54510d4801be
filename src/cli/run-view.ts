import { oneLine } from "../runs/history.ts";
import { isGone } from "../runs/process-identity.ts";
import type { RunRow } from "../runs/run-store.ts";
import { taskText } from "../runs/run-task.ts";
import { formatTime } from "./text.ts";

/** A run as `--json` prints it: times as ISO 8601, what is not there as null. */
export function rowJson(row: RunRow, now: number) {
  const { id, status, step, createdAt, updatedAt, activity, wakeAt, lease, stopRequested, task, schedule } = row;
  const iso = (time: number): string => new Date(time).toISOString();
  return {
    id,
    status,
    step,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    waitingFor: activity === undefined ? null : oneLine(activity),
    wakeAt: wakeAt === undefined ? null : iso(wakeAt),
    driver:
      lease === undefined
        ? null
        : {
            host: lease.owner.host,
            pid: lease.owner.pid,
            since: iso(lease.since),
            until: iso(lease.until),
            alive: isDriven(row, now),
          },
    stopRequested,
    task: task ?? null,
    schedule: schedule === undefined ? null : { id: schedule.id, tick: iso(schedule.tick) },
  };
}

/** How a run stands, in a few words. */
export function statusWords(row: RunRow, now: number): string {
  const { status, wakeAt, stopRequested, task } = row;
  const asked = stopRequested ? ", asked to stop" : "";
  switch (status) {
    case "running":
      return isDriven(row, now) ? `running${asked}` : "running, without a driver";
    case "parked":
      return `parked${wakeAt === undefined ? "" : ` until ${formatTime(wakeAt)}`}${asked}`;
    case "ready":
      return task === undefined ? "ready" : "ready for a worker";
    default:
      return status;
  }
}

/** Whether somebody drives it; a process of this machine that is no more does not, whatever its lease says. */
export function isDriven({ lease }: RunRow, now: number): boolean {
  return lease !== undefined && lease.until > now && !isGone(lease.owner);
}

export function taskWords({ task }: RunRow): string {
  return task === undefined ? "" : taskText(task);
}
