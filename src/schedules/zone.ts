const HOUR = 3_600_000;
/** Clocks differ from UTC by -12 to +14 hours; an hour more on both sides. */
const AHEAD = 15 * HOUR;
const BEHIND = 13 * HOUR;
/** No clock is set back by more than a day. */
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A zone's clocks show what UTC shows plus so many milliseconds. */
function offsetAt(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    formats.set(zone, format);
  }
  const [, sign, hours, minutes = 0, seconds = 0] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(
    format.format(instant),
  )!;
  if (sign === undefined) return 0;
  const milliseconds = 1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds));
  return sign === "-" ? -milliseconds : milliseconds;
}

/** Whether there is such a time zone, by what this Node knows. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * When the clocks of a zone first show a time, or are past it: a time that they skip comes when they go on, a time that they
 * show twice is the first one.
 * @param local the time on the clock, as milliseconds since 1970 if the clock showed UTC
 * @returns milliseconds since 1970
 */
export function firstInstant(local: number, zone: string): number {
  const before = offsetAt(local - AHEAD, zone);
  const after = offsetAt(local + BEHIND, zone);
  if (before === after || offsetAt(local - before, zone) === before) return local - before;
  if (offsetAt(local - after, zone) === after) return local - after;
  return changeBetween(local - after, local - before, zone);
}

/**
 * The latest time that the clocks of a zone have shown so far: what they show, unless they were set back in the last day
 * and have not caught up yet. All times up to it have had their `firstInstant`.
 */
export function latestLocal(instant: number, zone: string): number {
  const now = offsetAt(instant, zone);
  const before = offsetAt(instant - DAY, zone);
  if (before <= now) return instant + now;
  return Math.max(instant + now, changeBetween(instant - DAY, instant, zone) + before - 1);
}

/** What a zone's clocks show, in the UTC fields of a date. */
export function localDate(zone: string, instant: number): Date {
  return new Date(instant + offsetAt(instant, zone));
}

/** The first millisecond with the offset that `later` has; between the two it changes once. */
function changeBetween(earlier: number, later: number, zone: string): number {
  const offset = offsetAt(earlier, zone);
  let low = earlier;
  let high = later;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, zone) === offset) low = middle;
    else high = middle;
  }
  return high;
}
