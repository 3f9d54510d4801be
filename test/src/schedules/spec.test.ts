import { describe, expect, test } from "vitest";
import { checkSchedule, type ScheduleOptions } from "../../../src/schedules/index.ts";

const minimal: ScheduleOptions = { config: "digits.ts", cron: "0 2 * * *" };

describe("checkSchedule", () => {
  test("fills in what was left out", async () => {
    expect(await checkSchedule(minimal)).toEqual({
      config: "digits.ts",
      options: {},
      cron: "0 2 * * *",
      timeZone: "UTC",
      catchUp: "last",
      overlap: "skip",
      windowSeconds: 0,
    });
    expect(await checkSchedule({ ...minimal, when: " queue<20 " })).toMatchObject({
      when: "queue<20",
      windowSeconds: 3600,
    });
  });

  test("is plain JSON, and its own fixed point", async () => {
    const spec = await checkSchedule({
      ...minimal,
      options: { epochs: 3, provider: "ibm:torino", "dry-run": false },
      timeZone: "Europe/Berlin",
      catchUp: { all: 3 },
      overlap: "queue",
      when: "queue < 20 && twoQubitError < 0.01",
      windowSeconds: 7200,
      budget: {
        perRun: "60s, 5 jobs",
        total: { quantumSeconds: 600, money: 100 },
        perDay: { jobs: 20 },
        currency: "USD",
      },
      start: "2026-12-01",
    });
    expect(spec.start).toBe("2026-11-30T23:00:00.000Z");
    expect(spec.budget).toEqual({
      perRun: { quantumSeconds: 60, jobs: 5 },
      total: { quantumSeconds: 600, money: 100 },
      perDay: { jobs: 20 },
      currency: "USD",
    });
    const kept = JSON.parse(JSON.stringify(spec));
    expect(kept).toEqual(spec);
    expect(await checkSchedule(kept)).toEqual(spec);
  });

  test.each([
    ["2026-12-01T20:00", "2026-12-02T01:00:00.000Z"],
    ["2026-12-01 20:00:30", "2026-12-02T01:00:30.000Z"],
    ["2026-12-01T20:00Z", "2026-12-01T20:00:00.000Z"],
    ["2026-12-01T20:00+05:30", "2026-12-01T14:30:00.000Z"],
    // A time in the gap of spring.
    ["2027-03-14T02:30", "2027-03-14T07:00:00.000Z"],
  ])("start %s in New York is %s", async (start, instant) => {
    expect((await checkSchedule({ ...minimal, timeZone: "America/New_York", start })).start).toBe(instant);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["SCHEDULE_CRON", { cron: "0 25 * * *" }, 'The hour, "25"'],
    ["SCHEDULE_CRON", { cron: "0 0 31 2 *" }, "never come"],
    ["SCHEDULE_CRON", { cron: undefined }, "not undefined"],
    [
      "SCHEDULE_ZONE",
      { timeZone: "Europe/Berlim" },
      'There is no time zone "Europe/Berlim". Did you mean Europe/Berlin?',
    ],
    ["SCHEDULE_ZONE", { timeZone: "berlin" }, "Did you mean Europe/Berlin?"],
    ["SCHEDULE_ZONE", { timeZone: "New York" }, "Did you mean America/New_York?"],
    ["SCHEDULE_ZONE", { timeZone: "UTZ" }, "Did you mean UTC"],
    ["SCHEDULE_ZONE", { timeZone: "Middle of nowhere" }, 'such as "UTC"'],
    ["SCHEDULE_ZONE", { timeZone: 2 }, "number 2"],
    ["SCHEDULE_CONDITION", { when: "queue < " }, "Column 9"],
    ["SCHEDULE_CONDITION", { when: true }, "boolean true"],
    ["SCHEDULE_OPTION", { config: "" }, "path of the file"],
    ["SCHEDULE_OPTION", { config: undefined }, "path of the file"],
    ["SCHEDULE_OPTION", { catchup: "last" }, 'no option "catchup"'],
    ["SCHEDULE_OPTION", { catchUp: "all" }, "{ all: n }"],
    ["SCHEDULE_OPTION", { catchUp: { all: 0 } }, "{ all: number 0 }"],
    ["SCHEDULE_OPTION", { catchUp: { all: 1001 } }, "from 1 to 1000"],
    ["SCHEDULE_OPTION", { catchUp: null }, "not null"],
    ["SCHEDULE_OPTION", { overlap: "wait" }, '"skip", "queue" or "allow"'],
    ["SCHEDULE_OPTION", { overlap: "queue", catchUp: "none" }, "how many ticks may wait"],
    ["SCHEDULE_OPTION", { windowSeconds: 60 }, "give when"],
    ["SCHEDULE_OPTION", { when: "queue<1", windowSeconds: -1 }, "0 to 604800"],
    ["SCHEDULE_OPTION", { when: "queue<1", windowSeconds: "60" }, "string 60"],
    ["SCHEDULE_OPTION", { options: ["a"] }, "names and values"],
    ["SCHEDULE_OPTION", { options: { epochs: [1] } }, "options.epochs"],
    ["SCHEDULE_OPTION", { options: { epochs: Number.NaN } }, "options.epochs"],
    ["SCHEDULE_OPTION", { options: JSON.parse('{"__proto__": 1}') }, "no name of an option"],
    ["SCHEDULE_OPTION", { start: "tomorrow" }, "such as"],
    ["SCHEDULE_OPTION", { start: "2026-02-30" }, "2026-02-30"],
    ["SCHEDULE_OPTION", { start: "2026-12-01T20:00+99:99" }, "+99:99"],
    ["SCHEDULE_OPTION", { start: 1_800_000_000_000 }, "number"],
    ["SCHEDULE_OPTION", { budget: { each: "60s" } }, 'no option "each"'],
    ["SCHEDULE_OPTION", { budget: { total: { seconds: 60 } } }, 'no option "seconds"'],
    ["BUDGET_UNIT", { budget: { perRun: "60" } }, "60"],
    ["BUDGET_UNIT", { budget: { perDay: { money: 60 } } }, "currency"],
    ["BUDGET_FORM", { budget: { total: { jobs: -1 } } }, "jobs"],
  ])("%s %j", async (code, options, words) => {
    const checked = checkSchedule({ ...minimal, ...options } as ScheduleOptions);
    await expect(checked).rejects.toMatchObject({ code });
    await expect(checked).rejects.toThrow(words);
  });

  test("something else than an object", async () => {
    for (const options of [null, "0 2 * * *", undefined])
      await expect(checkSchedule(options as never)).rejects.toMatchObject({ code: "SCHEDULE_OPTION" });
  });
});
