import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CronExpression } from "../../../src/schedules/cron-expression.ts";
import { type CatchUp, checkSchedule, nextTicks, type ScheduleOptions } from "../../../src/schedules/index.ts";
import { dueTicks } from "../../../src/schedules/ticks.ts";

const HOUR = 3_600_000;
const hourly: ScheduleOptions = { config: "digits.ts", cron: "0 * * * *" };
const cron = await CronExpression.parse(hourly.cron);
const at = (text: string): number => Date.parse(`2026-11-26T${text}Z`);

describe("dueTicks", () => {
  test.each<[CatchUp, readonly string[], readonly string[]]>([
    ["none", [], ["01:00", "02:00", "03:00", "04:00"]],
    ["last", ["04:00"], ["01:00", "02:00", "03:00"]],
    [{ all: 2 }, ["03:00", "04:00"], ["01:00", "02:00"]],
    [{ all: 9 }, ["01:00", "02:00", "03:00", "04:00"], []],
  ])("nobody there from 0:00 to 4:30, catch-up %j", async (catchUp, started, skipped) => {
    const spec = await checkSchedule({ ...hourly, catchUp });
    const due = dueTicks(spec, cron, at("00:00"), at("04:30"));
    expect(due.start).toEqual(started.map(at));
    expect(due.skip.map(({ tick }) => tick)).toEqual(skipped.map(at));
    expect(new Set(due.skip.map(({ words }) => words)).size).toBe(skipped.length === 0 ? 0 : 1);
  });

  test("catch-up none starts a tick that is on time, or whose condition may still be met", async () => {
    const none = await checkSchedule({ ...hourly, catchUp: "none" });
    expect(dueTicks(none, cron, at("00:00"), at("02:01"))).toMatchObject({ start: [at("02:00")] });
    expect(dueTicks(none, cron, at("00:00"), at("02:01") + 1).start).toEqual([]);
    const patient = await checkSchedule({ ...hourly, catchUp: "none", when: "operational", windowSeconds: 7200 });
    expect(dueTicks(patient, cron, at("00:00"), at("04:30")).start).toEqual([at("03:00"), at("04:00")]);
  });

  test("catch-up none starts no more than a thousand ticks, however long they may wait for their condition", async () => {
    const dense = {
      ...hourly,
      cron: "* * * * * *",
      catchUp: "none",
      when: "operational",
      windowSeconds: 7200,
    } as const;
    const everySecond = await CronExpression.parse(dense.cron);
    const { start, skip } = dueTicks(await checkSchedule(dense), everySecond, at("00:00"), at("01:00"));
    expect([start.length, start.at(-1), skip.at(-1)!.tick]).toEqual([1000, at("01:00"), at("01:00") - 1_000_000]);
  });

  test("with a start, which may be a tick itself", async () => {
    const spec = await checkSchedule({ ...hourly, catchUp: { all: 9 }, start: "2026-11-26T03:00Z" });
    expect(dueTicks(spec, cron, at("00:00"), at("02:59"))).toEqual({ start: [], skip: [] });
    expect(dueTicks(spec, cron, at("00:00"), at("04:00")).start).toEqual([at("03:00"), at("04:00")]);
    expect(await nextTicks(spec, at("00:00"), 2)).toEqual([at("03:00"), at("04:00")]);
  });

  test("a hundred ticks passed over are told one by one, all before them with the oldest", async () => {
    const spec = await checkSchedule(hourly);
    const now = at("04:30");
    const { start, skip } = dueTicks(spec, cron, now - 5000 * HOUR, now);
    expect(start).toEqual([at("04:00")]);
    expect(skip).toHaveLength(101);
    expect(skip.filter(({ words }) => words.endsWith("so are all before it"))).toEqual([skip[0]]);
  });

  test("a clock that went back finds nothing due", async () => {
    const spec = await checkSchedule({ ...hourly, catchUp: { all: 9 } });
    expect(dueTicks(spec, cron, at("04:00"), at("02:30"))).toEqual({ start: [], skip: [] });
  });

  test("whatever the policy, each tick is decided once, in order, and the ones to start are the latest", async () => {
    const policy = fc.constantFrom<CatchUp>("none", "last", { all: 1 }, { all: 4 });
    const gaps = fc.array(fc.integer({ min: 1, max: 20 * HOUR }), { minLength: 1, maxLength: 12 });
    const from = at("00:00");
    await fc.assert(
      fc.asyncProperty(policy, gaps, async (catchUp, waits) => {
        const spec = await checkSchedule({ ...hourly, catchUp });
        const decided: number[] = [];
        let now = from;
        for (const wait of waits) {
          now += wait;
          const { start, skip } = dueTicks(spec, cron, decided.at(-1) ?? from, now);
          decided.push(...skip.map(({ tick }) => tick), ...start);
          expect(start.length).toBeLessThanOrEqual(catchUp === "none" || catchUp === "last" ? 1 : catchUp.all);
        }
        expect(decided).toEqual(
          Array.from({ length: Math.floor((now - from) / HOUR) }, (_, index) => from + HOUR * (index + 1)),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("nextTicks", () => {
  test("on the clock of the zone", async () => {
    const ticks = await nextTicks({ ...hourly, cron: "0 2 * * *", timeZone: "Europe/Berlin" }, at("00:00"), 3);
    expect(ticks).toEqual([1, 25, 49].map((hours) => at("00:00") + HOUR * hours));
    expect(await nextTicks(hourly, at("00:00"))).toHaveLength(5);
  });

  test.each([0, 1001, 1.5, Number.NaN])("not %d of them", async (count) => {
    await expect(nextTicks(hourly, 0, count)).rejects.toMatchObject({ code: "SCHEDULE_OPTION" });
  });
});
