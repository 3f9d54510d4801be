import { describeNumber } from "../../circuits/index.ts";
import { ScheduleError } from "../errors.ts";
import { CronExpression } from "./cron-expression.ts";
import { checkSchedule, MAX_CATCH_UP, type ScheduleOptions, type ScheduleSpec } from "./spec.ts";

/** A tick that is so late was missed. */
const LATE_MS = 60_000;
/** So many ticks that are passed over are written down one by one; what is before them is with the oldest of them. */
const MAX_PASSED_OVER = 100;

export interface DueTicks {
  /** To be started, oldest first, if overlap, budget and condition allow. Milliseconds since 1970. */
  readonly start: readonly number[];
  /** Not to be started, oldest first, and why; all before those of `start`. */
  readonly skip: readonly { readonly tick: number; readonly words: string }[];
}

/**
 * The next ticks of a schedule, later than a time.
 * @param after milliseconds since 1970
 * @param count up to 1000; fewer come back only where the calendar of the cron package ends
 * @returns milliseconds since 1970
 * @throws ScheduleError as `checkSchedule`; SCHEDULE_OPTION for another count
 */
export async function nextTicks(options: ScheduleOptions, after: number, count = 5): Promise<readonly number[]> {
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= MAX_CATCH_UP))
    throw new ScheduleError(
      "SCHEDULE_OPTION",
      `nextTicks gives 1 to ${MAX_CATCH_UP} ticks, not ${describeNumber(count)}.`,
    );
  const spec = await checkSchedule(options);
  const cron = await CronExpression.parse(spec.cron);
  return ticksAfter(spec, cron, after, count);
}

export function ticksAfter(spec: ScheduleSpec, cron: CronExpression, after: number, count: number): readonly number[] {
  const ticks: number[] = [];
  for (const tick of cron.after(Math.max(after, beforeStart(spec)), spec.timeZone)) {
    ticks.push(tick);
    if (ticks.length === count) break;
  }
  return ticks;
}

/**
 * What is to be done about the ticks since the last one that was decided.
 * @param lastTick all ticks up to it are decided; when the schedule was added, where none is
 */
export function dueTicks(spec: ScheduleSpec, cron: CronExpression, lastTick: number, now: number): DueTicks {
  const since = Math.max(lastTick, beforeStart(spec));
  const isKept = keeps(spec, now);
  const start: number[] = [];
  const skip: { tick: number; words: string }[] = [];
  for (const tick of cron.upTo(now, spec.timeZone)) {
    if (tick <= since) break;
    if (skip.length === 0 && isKept(tick, start.length)) start.push(tick);
    else if (skip.length < MAX_PASSED_OVER) skip.push({ tick, words: passedOver(spec) });
    else {
      skip.push({ tick, words: `${passedOver(spec)}; so are all before it` });
      break;
    }
  }
  return { start: start.reverse(), skip: skip.reverse() };
}

/** Whether a tick is still to be started when so many later ones are. */
function keeps({ catchUp, windowSeconds }: ScheduleSpec, now: number): (tick: number, later: number) => boolean {
  if (catchUp === "none") {
    const lateAt = now - Math.max(LATE_MS, 1000 * windowSeconds);
    return (tick, later) => tick >= lateAt && later < MAX_CATCH_UP;
  }
  const most = catchUp === "last" ? 1 : catchUp.all;
  return (_tick, later) => later < most;
}

function passedOver({ catchUp }: ScheduleSpec): string {
  if (catchUp === "none") return "nobody was there at its time (catch-up: none)";
  return catchUp === "last"
    ? "passed over for a later tick (catch-up: last)"
    : `passed over for ${catchUp.all} later tick(s) (catch-up: all, at most ${catchUp.all})`;
}

/** The start itself may be a tick. */
function beforeStart({ start }: ScheduleSpec): number {
  return start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start) - 1;
}
