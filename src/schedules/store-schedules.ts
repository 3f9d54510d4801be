import { describeValue } from "../../circuits/index.ts";
import { ScheduleError } from "../errors.ts";
import type { RunStore, ScheduleRow } from "../runs/run-store.ts";
import { CronExpression } from "./cron-expression.ts";
import { checkSchedule, checkSpec, type ScheduleOptions } from "./spec.ts";
import { dueTicks } from "./ticks.ts";

/** So that the ids of its runs, which name their tick too, are ids of runs. */
const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/**
 * Adds a schedule to a store. Its first tick is later than now.
 * @throws ScheduleError SCHEDULE_ID, SCHEDULE_EXISTS; as `checkSchedule`; RunError LEDGER_*
 */
export async function addSchedule(store: RunStore, id: string, options: ScheduleOptions): Promise<ScheduleRow> {
  if (typeof id !== "string" || !ID.test(id))
    throw new ScheduleError(
      "SCHEDULE_ID",
      `${describeValue(id)} cannot be the id of a schedule: 1 to 32 of a-z, 0-9 and "-", the first of them no "-".`,
    );
  return store.addSchedule(id, await checkSchedule(options));
}

/** Its ticks are forgotten; its runs stay, with what it allowed them. @throws ScheduleError SCHEDULE_UNKNOWN; RunError LEDGER_* */
export async function removeSchedule(store: RunStore, id: string): Promise<void> {
  await store.removeSchedule(id);
}

/**
 * Starts no ticks until it is told to go on; runs that were started go on. What came due in between is not caught up with.
 * @throws ScheduleError SCHEDULE_UNKNOWN; RunError LEDGER_*
 */
export async function pauseSchedule(store: RunStore, id: string, paused = true): Promise<void> {
  const row = (await store.schedules()).find((schedule) => schedule.id === id);
  await store.pauseSchedule(id, paused);
  if (paused || row?.paused !== true) return;
  const spec = checkSpec(row.spec);
  const { start, skip } = dueTicks(
    { ...spec, catchUp: "last" },
    await CronExpression.parse(spec.cron),
    row.lastTick ?? row.createdAt,
    await store.now(),
  );
  const latest = start.at(-1);
  // A paused schedule takes no decisions, so a scheduler may be faster now and start the latest tick; it starts no other.
  if (latest !== undefined)
    await store.decideTick({
      schedule: id,
      tick: latest,
      outcome: "skipped",
      words: `the schedule was paused${skip.length === 0 ? "" : "; so it was for all before it"}`,
    });
}
