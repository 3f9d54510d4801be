/**
 * When schedules are due, found by reading the clocks of a zone at every half minute of a span; shares nothing with
 * `src/schedules`. A time comes when a clock first shows it, or is first seen to be past it.
 */
export interface ClockTimes {
  /** The first half minute, as milliseconds since 1970 if the clocks showed UTC. */
  readonly first: number;
  /** When each half minute from there on comes; milliseconds since 1970. */
  readonly comes: Float64Array;
}

export const HALF_MINUTE = 30_000;
const BLOCK = 900_000;

/** @param from and @param to instants, on a quarter of an hour of UTC */
export function clockTimes(zone: string, from: number, to: number): ClockTimes {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const shown = (instant: number): number => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  };
  const first = shown(from);
  const comes = new Float64Array((to - from) / HALF_MINUTE + 2 * 2880);
  let next = 0;
  const see = (instant: number, local: number): void => {
    for (const index = (local - first) / HALF_MINUTE; next <= index; next++) comes[next] = instant;
  };
  for (let block = from; block < to; block += BLOCK) {
    const last = block + BLOCK - HALF_MINUTE;
    const local = shown(block);
    // The clocks run evenly between two readings that are as far apart as the instants; otherwise each is read.
    const even = shown(last) - local === last - block;
    for (let instant = block; instant <= last; instant += HALF_MINUTE)
      see(instant, even ? local + (instant - block) : shown(instant));
  }
  return { first, comes: comes.subarray(0, next) };
}

export interface CronForm {
  readonly cron: string;
  /** By a date whose UTC fields are the civil ones, and the number of days of its month. */
  readonly day: (date: Date, daysInMonth: number) => boolean;
  /** Seconds of the day, in half minutes, ascending. */
  readonly times: readonly number[];
}

const at = (...times: readonly string[]): readonly number[] =>
  times.map((time) => {
    const [hour, minute, second = 0] = time.split(":").map(Number);
    return (3600 * hour! + 60 * minute! + second) / 30;
  });
const each = (stepMinutes: number, fromHour = 0, beforeHour = 24, offsetMinutes = 0): readonly number[] => {
  const times: number[] = [];
  for (let minute = 60 * fromHour + offsetMinutes; minute < 60 * beforeHour; minute += stepMinutes)
    times.push(2 * minute);
  return times;
};
const daily = (): boolean => true;
const weekday = (date: Date): boolean => date.getUTCDay() >= 1 && date.getUTCDay() <= 5;

/** Twenty forms of cron expressions, each with what it means written out by hand. */
export const CRON_FORMS: readonly CronForm[] = [
  { cron: "0 2 * * *", day: daily, times: at("2:00") },
  { cron: "30 2 * * *", day: daily, times: at("2:30") },
  { cron: "*/15 * * * *", day: daily, times: each(15) },
  { cron: "0 * * * *", day: daily, times: each(60) },
  { cron: "30 1,2 * * *", day: daily, times: at("1:30", "2:30") },
  { cron: "*/20 2 * * *", day: daily, times: at("2:00", "2:20", "2:40") },
  { cron: "15 */2 * * *", day: daily, times: each(120, 0, 24, 15) },
  { cron: "* 1-2 * 3-4,9-11 *", day: (d) => [2, 3, 8, 9, 10].includes(d.getUTCMonth()), times: each(1, 1, 3) },
  { cron: "0 3 L * *", day: (d, last) => d.getUTCDate() === last, times: at("3:00") },
  { cron: "30 2 * * SUN", day: (d) => d.getUTCDay() === 0, times: at("2:30") },
  { cron: "0 9-17 * * MON-FRI", day: weekday, times: each(60, 9, 18) },
  {
    cron: "0 12 1,15 * FRI",
    day: (d) => [1, 15].includes(d.getUTCDate()) || d.getUTCDay() === 5,
    times: at("12:00"),
  },
  { cron: "0 12 13 * +FRI", day: (d) => d.getUTCDate() === 13 && d.getUTCDay() === 5, times: at("12:00") },
  { cron: "45 23 29 2 *", day: (d) => d.getUTCMonth() === 1 && d.getUTCDate() === 29, times: at("23:45") },
  { cron: "59 1 * MAR,NOV *", day: (d) => [2, 10].includes(d.getUTCMonth()), times: at("1:59") },
  {
    cron: "0 2 * * SUN#2",
    day: (d) => d.getUTCDay() === 0 && d.getUTCDate() > 7 && d.getUTCDate() <= 14,
    times: at("2:00"),
  },
  {
    cron: "15 2 * * SUN#L",
    day: (d, last) => d.getUTCDay() === 0 && d.getUTCDate() > last - 7,
    times: at("2:15"),
  },
  {
    cron: "0 6 15W * *",
    // The 15th, or the Friday before or the Monday after it.
    day: (d) =>
      weekday(d) &&
      (d.getUTCDate() === 15 ||
        (d.getUTCDate() === 14 && d.getUTCDay() === 5) ||
        (d.getUTCDate() === 16 && d.getUTCDay() === 1)),
    times: at("6:00"),
  },
  { cron: "30 15 2 * * *", day: daily, times: at("2:15:30") },
  { cron: "@weekly", day: (d) => d.getUTCDay() === 0, times: at("0:00") },
];

/** Ticks of a form later than `from` up to `to`, which are instants within the span. */
export function expectedTicks(
  { day, times }: CronForm,
  { first, comes }: ClockTimes,
  from: number,
  to: number,
): readonly number[] {
  const ticks: number[] = [];
  const firstDay = Math.floor(first / 86_400_000);
  const days = Math.ceil((comes.length * HALF_MINUTE) / 86_400_000) + 1;
  for (let offset = 0; offset < days; offset++) {
    const midnight = 86_400_000 * (firstDay + offset);
    const date = new Date(midnight);
    const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    if (!day(date, daysInMonth)) continue;
    for (const time of times) {
      const tick = comes[(midnight - first) / HALF_MINUTE + time];
      if (tick !== undefined && tick > from && tick <= to && tick !== ticks.at(-1)) ticks.push(tick);
    }
  }
  return ticks;
}

/** How two ascending lists differ. */
export function compareTicks(
  expected: readonly number[],
  found: readonly number[],
): { missed: number; double: number; extra: number } {
  const wanted = new Set(expected);
  const seen = new Set<number>();
  let [double, extra] = [0, 0];
  for (const tick of found) {
    if (seen.has(tick)) double++;
    else if (!wanted.has(tick)) extra++;
    seen.add(tick);
  }
  return { missed: expected.filter((tick) => !seen.has(tick)).length, double, extra };
}

export const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "America/St_Johns",
] as const;
