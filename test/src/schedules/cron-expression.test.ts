import { describe, expect, test } from "vitest";
import { CronExpression } from "../../../src/schedules/cron-expression.ts";
import { loadCroner } from "../../../src/schedules/croner.ts";
import { CRON_FORMS, clockTimes, compareTicks, expectedTicks, ZONES } from "../../support/schedule-oracle.ts";

const DAY = 86_400_000;

async function ticks(text: string, zone: string, from: string, to: string): Promise<readonly string[]> {
  const cron = await CronExpression.parse(text);
  const found: string[] = [];
  for (const tick of cron.after(Date.parse(from), zone)) {
    if (tick > Date.parse(to)) break;
    found.push(new Date(tick).toISOString().slice(0, 19));
  }
  return found;
}

describe("ticks of a cron expression", () => {
  // Around both changes of the clocks of 2026; test/chaos/schedule-chaos.ts takes five whole years.
  const spans = [
    ["2026-03-01", "2026-04-12"],
    ["2026-09-28", "2026-11-09"],
  ] as const;

  test.each(ZONES)("%s: 20 forms, forwards and backwards, none missed, double or extra", async (zone) => {
    const wrong: unknown[] = [];
    let expected = 0;
    for (const [first, last] of spans) {
      const [from, to] = [Date.parse(first), Date.parse(last)];
      const times = clockTimes(zone, from - 2 * DAY, to + DAY);
      for (const form of CRON_FORMS) {
        const cron = await CronExpression.parse(form.cron);
        const due = expectedTicks(form, times, from, to);
        const later: number[] = [];
        for (const tick of cron.after(from, zone)) {
          if (tick > to) break;
          later.push(tick);
        }
        const earlier: number[] = [];
        for (const tick of cron.upTo(to, zone)) {
          if (tick <= from) break;
          earlier.push(tick);
        }
        for (const found of [later, earlier.reverse()]) {
          const { missed, double, extra } = compareTicks(due, found);
          if (missed + double + extra > 0) wrong.push({ cron: form.cron, first, missed, double, extra });
        }
        expected += due.length;
      }
    }
    expect(wrong).toEqual([]);
    expect(expected).toBeGreaterThan(8000);
  });

  test("a time in a gap comes at its end, all times of the gap together", async () => {
    const night = ["Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T04:00Z"] as const;
    expect(await ticks("30 2 * * *", ...night)).toEqual(["2026-03-29T01:00:00"]);
    expect(await ticks("*/20 2 * * *", ...night)).toEqual(["2026-03-29T01:00:00"]);
    expect(await ticks("30 2,3 * * *", ...night)).toEqual(["2026-03-29T01:00:00", "2026-03-29T01:30:00"]);
    // 3:00 is shown at the end of the gap, so that it is no tick of its own.
    expect(await ticks("0 2-4 * * *", ...night)).toEqual(["2026-03-29T01:00:00", "2026-03-29T02:00:00"]);
    expect(await ticks("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z", "2026-10-04T12:00Z")).toEqual([
      "2026-10-03T15:30:00",
    ]);
  });

  test("a time that is shown twice comes the first time", async () => {
    const night = ["Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T03:00Z"] as const;
    expect(await ticks("30 2 * * *", ...night)).toEqual(["2026-10-25T00:30:00"]);
    expect(await ticks("*/30 2 * * *", ...night)).toEqual(["2026-10-25T00:00:00", "2026-10-25T00:30:00"]);
    expect(await ticks("0 * * * *", ...night)).toEqual([
      "2026-10-24T23:00:00",
      "2026-10-25T00:00:00",
      "2026-10-25T02:00:00",
      "2026-10-25T03:00:00",
    ]);
    expect(await ticks("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T10:00Z", "2026-04-05T10:00Z")).toEqual([
      "2026-04-04T14:45:00",
    ]);
  });

  test("it goes on from within a gap, an overlap and a tick", async () => {
    const cron = await CronExpression.parse("30 2 * * *");
    const next = (from: string): string =>
      new Date(cron.after(Date.parse(from), "Europe/Berlin").next().value!).toISOString();
    const last = (to: string): string =>
      new Date(cron.upTo(Date.parse(to), "Europe/Berlin").next().value!).toISOString();
    expect(next("2026-03-29T00:59:59.999Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(next("2026-03-29T01:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
    expect(last("2026-03-29T01:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(last("2026-03-29T00:59:59.999Z")).toBe("2026-03-28T01:30:00.000Z");
    // Between the two passes, and in the second.
    expect(next("2026-10-25T00:45:00Z")).toBe("2026-10-26T01:30:00.000Z");
    expect(next("2026-10-25T01:15:00Z")).toBe("2026-10-26T01:30:00.000Z");
    const three = await CronExpression.parse("0 3 * * *");
    const afterwards = three.after(Date.parse("2026-10-25T01:15:00Z"), "Europe/Berlin").next().value;
    expect(afterwards).toBe(Date.parse("2026-10-25T02:00:00Z"));
    expect(last("2026-10-25T01:15:00Z")).toBe("2026-10-25T00:30:00.000Z");
    expect(last("2026-10-25T00:29:59.999Z")).toBe("2026-10-24T00:30:00.000Z");
    // A time of the first pass that the second one has yet to show.
    const late = await CronExpression.parse("50 2 * * *");
    const before = late.upTo(Date.parse("2026-10-25T01:45:00Z"), "Europe/Berlin").next().value;
    expect(before).toBe(Date.parse("2026-10-25T00:50:00Z"));
  });

  test("a day that a zone left out comes with the next one", async () => {
    const days = ["Pacific/Apia", "2011-12-29T20:00Z", "2011-12-31T20:00Z"] as const;
    expect(await ticks("0 12 * * *", ...days)).toEqual([
      "2011-12-29T22:00:00",
      "2011-12-30T10:00:00",
      "2011-12-30T22:00:00",
    ]);
  });

  test("a zone whose clocks differ by seconds", async () => {
    expect(await ticks("0 12 * * *", "Africa/Monrovia", "1970-01-01T00:00Z", "1970-01-02T00:00Z")).toEqual([
      "1970-01-01T12:44:30",
    ]);
  });

  test("seconds, names of schedules, and offsets as zones", async () => {
    expect(await ticks("*/20 0 3 * * *", "UTC", "2026-11-26T00:00Z", "2026-11-26T23:00Z")).toEqual([
      "2026-11-26T03:00:00",
      "2026-11-26T03:00:20",
      "2026-11-26T03:00:40",
    ]);
    expect(await ticks(" @Monthly ", "+05:30", "2026-11-26T00:00Z", "2026-12-26T00:00Z")).toEqual([
      "2026-11-30T18:30:00",
    ]);
  });
});

describe("cron expressions that are none", () => {
  test.each([
    ["61 2 * * *", 'The minute, "61",'],
    ["0 24 * * *", 'The hour, "24",'],
    ["0 0 32 * *", 'The day of the month, "32",'],
    ["0 0 * 13 *", 'The month, "13",'],
    ["0 0 * * FRIDAY", 'The day of the week, "FRIDAY",'],
    ["99 0 2 * * *", 'The second, "99",'],
    ["5/10 * * * *", 'The minute, "5/10",'],
    ["0 2 * *", "has 4 field(s)"],
    ["0 0 2 1 1 * 2027", "has 7 field(s)"],
    ["", "has 0 field(s)"],
    ["2026-12-01T02:00:00", "has 1 field(s)"],
    ["@reboot", "those with a name are @yearly"],
    ["0 0 30 2 *", "names days that never come"],
    ["0 0 5 * +MON#2", "names days that never come"],
    [`${"0,".repeat(200)}0 2 * * *`, "up to 200 characters"],
    [120, "not number 120"],
    [null, "not null"],
  ])("%j", async (text, words) => {
    const parsed = CronExpression.parse(text).then((cron) => cron.checkComes());
    await expect(parsed).rejects.toMatchObject({ name: "ScheduleError", code: "SCHEDULE_CRON" });
    await expect(parsed).rejects.toThrow(words);
    await expect(parsed).rejects.toThrow('for example "0 2 * * *"');
  });
});

test("without the package it is said how to install it", async () => {
  const missing = Object.assign(new Error("Cannot find package 'croner'"), { code: "ERR_MODULE_NOT_FOUND" });
  await expect(loadCroner(() => Promise.reject(missing))).rejects.toMatchObject({
    code: "SCHEDULE_PACKAGE",
    message: expect.stringContaining("npm install croner"),
    cause: missing,
  });
  const broken = new SyntaxError("of its own");
  await expect(loadCroner(() => Promise.reject(broken))).rejects.toBe(broken);
});
