import type { RunEvent, RunRecord } from "../runs/events.ts";

/** So many drivers in a row that died without having come further: the next one would, too. */
export const MAX_DEATHS = 5;
/**
 * From so many on it may be the run that ends its drivers. It is driven alone, so that its deaths are not counted for others,
 * nor theirs for it.
 */
const SUSPECT_DEATHS = 2;
/** Longer than a job is waited for in a queue before its run is parked; twice as long after each further death. */
const TRIAL_MS = 900_000;

/** How many drivers of a run have died since it last came further or was left in order. */
export function deathsWithoutProgress(records: readonly RunRecord[]): number {
  const since = records.slice(records.findLastIndex(({ event }) => isProgress(event)) + 1);
  return since.filter(({ event }) => event.type === "claimed" && event.takeover).length;
}

/** Whether a run has come further, or was left in order. */
export function cameFurther(records: readonly RunRecord[]): boolean {
  return records.some(({ event }) => isProgress(event));
}

/** For how long at most a run is driven alone, unless it comes further before; undefined where others may be beside it. */
export function trialMs(deaths: number): number | undefined {
  return deaths < SUSPECT_DEATHS || deaths >= MAX_DEATHS ? undefined : TRIAL_MS * 2 ** (deaths - SUSPECT_DEATHS);
}

function isProgress({ type }: RunEvent): boolean {
  switch (type) {
    case "submitted":
    case "result":
    case "step":
    case "epoch":
    case "parked":
    case "stopped":
    case "failed":
    case "finished":
      return true;
    default:
      return false;
  }
}
