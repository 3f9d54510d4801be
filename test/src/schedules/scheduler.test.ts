import { describe, expect, test } from "vitest";
import { memoryStore, RunError, type RunStore } from "../../../src/index.ts";
import type { Owner } from "../../../src/runs/index.ts";
import {
  addSchedule,
  type ConditionFacts,
  pauseSchedule,
  removeSchedule,
  type ScheduleOptions,
  Scheduler,
} from "../../../src/schedules/index.ts";
import { raceInMemory, raceProcesses } from "../../support/scheduler-race.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const HOUR = 3_600_000;
const MIDNIGHT = Date.parse("2026-11-26T00:00:00Z");
const hourly: ScheduleOptions = { config: "digits.ts", cron: "0 * * * *" };

/** A store whose clock stands at midnight, with one schedule "s", and a scheduler on it. */
async function setUp(options: Partial<ScheduleOptions> = {}, facts: () => Promise<ConditionFacts> = noFacts) {
  const clock = new VirtualClock(MIDNIGHT);
  const store = memoryStore({ clock });
  await addSchedule(store, "s", { ...hourly, ...options });
  const scheduler = new Scheduler({ store, facts });
  /** Passes at so many hours after midnight. */
  const passAt = async (hours: number) => {
    clock.advance((MIDNIGHT + hours * HOUR - clock.now()) / 1000);
    return scheduler.pass();
  };
  return { clock, store, scheduler, passAt };
}

async function noFacts(): Promise<ConditionFacts> {
  throw new Error("nobody asks");
}

/** All ticks, oldest first, as hours after midnight with their outcome. */
async function outcomes(store: RunStore): Promise<readonly string[]> {
  const ticks = await store.ticks("s", 10_000);
  return ticks.toReversed().map(({ tick, outcome }) => `${(tick - MIDNIGHT) / HOUR} ${outcome}`);
}

async function decidedHours(store: RunStore): Promise<readonly number[]> {
  return (await store.ticks("s", 10_000)).map(({ tick }) => (tick - MIDNIGHT) / HOUR);
}

/** The words of the only tick of an hour. */
async function wordsOf(store: RunStore, hour: number): Promise<string | undefined> {
  return (await store.ticks("s", 10_000)).find(({ tick }) => tick === MIDNIGHT + hour * HOUR)?.words;
}

let owners = 0;
async function end(store: RunStore, id: string, type: "finished" | "stopped" | "failed" = "finished"): Promise<void> {
  const owner: Owner = { id: `owner-${owners++}`, host: "here", pid: 1, processStart: 0 };
  const lease = await store.claim(id, owner, 30);
  const event =
    type === "finished"
      ? { type, result: "0".repeat(64) }
      : type === "stopped"
        ? { type, words: "at a request" }
        : { type, error: { name: "Error", message: "of a test" } };
  await store.append(lease, { events: [event] });
  await store.release(lease);
}

describe("a tick that is due", () => {
  test("becomes a run that is ready for a worker", async () => {
    const { store, passAt } = await setUp({
      options: { epochs: 2 },
      timeZone: "Europe/Berlin",
      budget: { perRun: "60s", total: { jobs: 9 }, perDay: { jobs: 3 } },
    });
    expect(await passAt(0.9)).toMatchObject({ started: [], skipped: [], waiting: [], nextAt: MIDNIGHT + HOUR });
    const tick = MIDNIGHT + HOUR;
    const runId = "s-20261126t0100z";
    expect(await passAt(1)).toMatchObject({ started: [{ schedule: "s", tick, runId }], nextAt: tick + HOUR });
    expect(await store.run(runId)).toMatchObject({
      status: "ready",
      schedule: { id: "s", tick },
      task: {
        config: "digits.ts",
        options: { epochs: 2 },
        budget: {
          run: { quantumSeconds: 60 },
          schedule: { jobs: 9, perDay: { jobs: 3 } },
          timeZone: "Europe/Berlin",
        },
      },
    });
    const [created] = await store.read(runId);
    expect(created?.event).toMatchObject({ type: "created", versions: { node: process.versions.node } });
    expect(await store.ticks("s")).toMatchObject([{ tick, outcome: "started", words: "on time", runId }]);
    expect(await passAt(1.1)).toMatchObject({ started: [], skipped: [] });
    expect((await store.claimDue({ id: "w", host: "here", pid: 1, processStart: 0 }, 30))?.runId).toBe(runId);
  });

  test("with seconds has an id of its own", async () => {
    const { store, passAt } = await setUp({ cron: "*/30 * * * * *", catchUp: { all: 4 }, overlap: "allow" });
    const { started } = await passAt(1.5 / 60);
    expect(started.map(({ runId }) => runId)).toEqual(["s-20261126t000030z", "s-20261126t0001z", "s-20261126t000130z"]);
    expect(await wordsOf(store, 1 / 60)).toBe("on time");
  });

  test("says how late it was", async () => {
    const { store, passAt } = await setUp();
    await passAt(1.75);
    expect(await wordsOf(store, 1)).toBe("45 min late");
  });

  test("is passed over where a run of its name is there already", async () => {
    const { store, passAt } = await setUp();
    await store.create({ id: "s-20261126t0100z", events: [] });
    expect((await passAt(1)).skipped).toMatchObject([{ words: "there is a run s-20261126t0100z already" }]);
    expect((await passAt(2)).started).toHaveLength(1);
  });
});

describe("catch-up after ten ticks without a scheduler", () => {
  const hours = (from: number, to: number, outcome: string): readonly string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `${from + index} ${outcome}`);

  test("none: all are skipped", async () => {
    const { store, passAt } = await setUp({ catchUp: "none" });
    await passAt(10.5);
    expect(await outcomes(store)).toEqual(hours(1, 10, "skipped"));
    expect((await passAt(11)).started).toHaveLength(1);
  });

  test("last: the last one starts", async () => {
    const { store, passAt } = await setUp();
    await passAt(10.5);
    expect(await outcomes(store)).toEqual([...hours(1, 9, "skipped"), "10 started"]);
  });

  test("all 3: the last three start, in order", async () => {
    const { store, passAt } = await setUp({ catchUp: { all: 3 }, overlap: "allow" });
    const { started } = await passAt(10.5);
    expect(started.map(({ tick }) => (tick - MIDNIGHT) / HOUR)).toEqual([8, 9, 10]);
    expect(await outcomes(store)).toEqual([...hours(1, 7, "skipped"), ...hours(8, 10, "started")]);
  });
});

describe("overlap", () => {
  test.each(["finished", "stopped", "failed"] as const)("skip: until the earlier run is %s", async (how) => {
    const { store, passAt } = await setUp();
    const [first] = (await passAt(1)).started;
    await passAt(2);
    expect(await wordsOf(store, 2)).toBe(
      `run ${first!.runId} of the schedule has not ended, it is ready (overlap: skip)`,
    );
    await end(store, first!.runId, how);
    await passAt(3);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped", "3 started"]);
  });

  test.each([
    ["running", []],
    ["parked", [{ type: "parked" as const, words: "a long queue", wakeAt: MIDNIGHT + 90 * HOUR }]],
  ])("skip: a run that is %s has not ended", async (status, events) => {
    const { store, passAt } = await setUp();
    const { runId } = (await passAt(1)).started[0]!;
    const lease = await store.claim(runId, { id: "o", host: "here", pid: 1, processStart: 0 }, 30);
    await store.append(lease, { events });
    await store.release(lease);
    expect((await passAt(2)).skipped[0]?.words).toContain(`it is ${status}`);
  });

  test("queue: the latest tick waits for the earlier run to end", async () => {
    const { store, passAt } = await setUp({ overlap: "queue" });
    const [first] = (await passAt(1)).started;
    const second = await passAt(2);
    expect(second).toMatchObject({
      started: [],
      waiting: [{ tick: MIDNIGHT + 2 * HOUR }],
      nextAt: MIDNIGHT + 2 * HOUR + 30_000,
    });
    expect(second.waiting[0]?.words).toContain("(overlap: queue)");
    await passAt(3);
    await passAt(3.5);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped"]);
    await end(store, first!.runId);
    await passAt(3.6);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped", "3 started"]);
    expect(await wordsOf(store, 3)).toBe("36 min late");
  });

  test("queue of three: they wait in order, each for the one before it", async () => {
    const { store, passAt } = await setUp({ overlap: "queue", catchUp: { all: 3 } });
    const begun = [(await passAt(1)).started[0]!];
    for (const hour of [2, 3, 4, 5]) await passAt(hour);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped"]);
    for (const part of [1, 2, 3]) {
      await end(store, begun.at(-1)!.runId);
      const { started } = await passAt(5 + part / 10);
      expect(started).toHaveLength(1);
      begun.push(started[0]!);
    }
    expect(begun.map(({ tick }) => (tick - MIDNIGHT) / HOUR)).toEqual([1, 3, 4, 5]);
  });

  test("allow: runs stand beside each other", async () => {
    const { store, passAt } = await setUp({ overlap: "allow" });
    for (const hour of [1, 2, 3]) await passAt(hour);
    expect(await outcomes(store)).toEqual(["1 started", "2 started", "3 started"]);
    expect(await store.runs({ schedule: "s", status: "ready" })).toHaveLength(3);
  });
});

describe("a condition", () => {
  test("is looked at until it is met", async () => {
    let queue = 35;
    const { store, passAt } = await setUp({ when: "queue < 20" }, async () => ({ queue }));
    const waits = await passAt(1);
    expect(waits.waiting[0]?.words).toBe("queue < 20 is not met: queue is 35");
    expect(waits.nextAt).toBe(MIDNIGHT + HOUR + 30_000);
    await passAt(1.5);
    expect(await outcomes(store)).toEqual([]);
    queue = 3;
    expect((await passAt(1.75)).started).toHaveLength(1);
    expect(await wordsOf(store, 1)).toBe("45 min late");
  });

  test("that one of several ticks waits for is read once, and those after it wait behind it", async () => {
    let asked = 0;
    const { passAt } = await setUp(
      { when: "queue < 20", windowSeconds: 5400, overlap: "allow", catchUp: { all: 3 } },
      async () => {
        asked++;
        return { queue: 35 };
      },
    );
    const { skipped, waiting } = await passAt(3);
    const hours = (ticks: readonly { readonly tick: number }[]) => ticks.map(({ tick }) => (tick - MIDNIGHT) / HOUR);
    expect([hours(skipped), hours(waiting), asked]).toEqual([[1], [2], 1]);
  });

  test("ends its tick with its window", async () => {
    const { store, passAt } = await setUp({ when: "queue < 20", windowSeconds: 600 }, async () => ({ queue: 35 }));
    expect((await passAt(1 + 599 / 3600)).nextAt).toBe(MIDNIGHT + HOUR + 600_000);
    expect((await passAt(1 + 600 / 3600)).skipped).toHaveLength(1);
    expect(await wordsOf(store, 1)).toBe("queue < 20 is not met: queue is 35");
  });

  test("is looked at once for a tick whose window ended without a scheduler", async () => {
    let queue = 3;
    const { store, passAt } = await setUp({ when: "queue < 20", windowSeconds: 60, overlap: "allow" }, async () => ({
      queue,
    }));
    expect((await passAt(1.9)).started).toHaveLength(1);
    queue = 30;
    expect((await passAt(2.9)).skipped).toHaveLength(1);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped"]);
  });

  test("without a window is looked at once", async () => {
    const { passAt } = await setUp({ when: "operational", windowSeconds: 0 }, async () => ({ operational: false }));
    expect((await passAt(1)).skipped[0]?.words).toBe("operational is not met: operational is false");
  });

  test("that a later tick overtakes is skipped", async () => {
    const { store, passAt } = await setUp({ when: "queue < 20", windowSeconds: 86_400 }, async () => ({ queue: 35 }));
    await passAt(1);
    await passAt(2);
    expect(await outcomes(store)).toEqual(["1 skipped"]);
    expect(await wordsOf(store, 1)).toBe("passed over for a later tick (catch-up: last)");
  });

  test("is not met where its facts cannot be read, which keeps no other schedule from starting", async () => {
    const fails = async (): Promise<ConditionFacts> => {
      throw new Error("no answer from postgres://me:secret@host\nof the service");
    };
    const { store, passAt } = await setUp({ when: "queue < 20" }, fails);
    await addSchedule(store, "other", hourly);
    const report = await passAt(1);
    expect(report.started).toMatchObject([{ schedule: "other" }]);
    expect(report.waiting[0]?.words).toBe(
      "queue < 20 is not met: its values cannot be read (no answer from postgres://[hidden]@host of the service)",
    );
  });

  test("is not met where its facts do not come in time", async () => {
    const never = () => new Promise<ConditionFacts>(() => {});
    const { clock, store, passAt } = await setUp({ when: "queue < 20" });
    const scheduler = new Scheduler({ store, facts: never, clock: new VirtualClock() });
    await passAt(0.5);
    clock.advance(HOUR / 1000);
    expect((await scheduler.pass()).waiting[0]?.words).toBe(
      "queue < 20 is not met: the backend did not answer in 30 s",
    );
  });
});

describe("a pause", () => {
  test("skips what came due in it, and goes on with the next tick", async () => {
    const { store, passAt } = await setUp();
    await pauseSchedule(store, "s");
    expect(await passAt(3.5)).toMatchObject({ started: [], skipped: [], nextAt: undefined });
    expect(await outcomes(store)).toEqual([]);
    await pauseSchedule(store, "s", false);
    await passAt(3.6);
    expect(await outcomes(store)).toEqual(["3 skipped"]);
    expect(await wordsOf(store, 3)).toBe("the schedule was paused; so it was for all before it");
    await passAt(4);
    expect(await outcomes(store)).toEqual(["3 skipped", "4 started"]);
  });

  test.each(["none", { all: 3 }] as const)("is told as such whatever the catch-up, here %j", async (catchUp) => {
    const { store, passAt } = await setUp({ catchUp });
    await passAt(1);
    await pauseSchedule(store, "s");
    await passAt(2.5);
    await pauseSchedule(store, "s", false);
    await passAt(2.6);
    expect(await outcomes(store)).toEqual(["1 started", "2 skipped"]);
    expect(await wordsOf(store, 2)).toBe("the schedule was paused");
  });

  test("that is over before a tick, or was none, skips nothing", async () => {
    const { clock, store, scheduler, passAt } = await setUp();
    await pauseSchedule(store, "s");
    await pauseSchedule(store, "s", false);
    await passAt(0.5);
    clock.advance(HOUR / 1000);
    await pauseSchedule(store, "s", false);
    await scheduler.pass();
    expect(await outcomes(store)).toEqual(["1 started"]);
  });
});

describe("the budget of a schedule", () => {
  const spend = async (store: RunStore, scopes: readonly string[], quantumSeconds: number): Promise<void> => {
    await store.create({ id: "spender", events: [] });
    const lease = await store.claim("spender", { id: "o", host: "here", pid: 1, processStart: 0 }, 30);
    const amount = { quantumSeconds, money: quantumSeconds * 2, jobs: 1 };
    await store.append(lease, { events: [], settle: [{ key: "k", scopes, amount }] });
  };

  test("that leaves less than a second starts nothing more", async () => {
    const { store, passAt } = await setUp({ overlap: "allow", budget: { total: { quantumSeconds: 60 } } });
    await passAt(1);
    await spend(store, ["schedule:s"], 59.5);
    await passAt(2);
    expect(await wordsOf(store, 2)).toBe("the budget of schedule s is spent: 59.5 s of 60 s");
  });

  test("of a day in its time zone is there again on the next", async () => {
    const { store, passAt } = await setUp({
      timeZone: "Asia/Kolkata",
      cron: "0 */6 * * *",
      overlap: "allow",
      budget: { perDay: { money: 10 }, currency: "USD" },
    });
    // 20:30 UTC is 2:00 of the 27th in India, where the day began at 18:30.
    await spend(store, ["day:schedule:s:2026-11-26", "day:schedule:s:2026-11-26:USD"], 5);
    await passAt(13);
    await passAt(19);
    const [later, earlier] = await store.ticks("s");
    expect(earlier).toMatchObject({ outcome: "skipped" });
    expect(earlier?.words).toBe("the budget of schedule s on 2026-11-26 is spent: 10 USD of 10 USD");
    expect(later).toMatchObject({ outcome: "started", tick: MIDNIGHT + 18.5 * HOUR });
  });
});

describe("what does not belong together", () => {
  test("a schedule of which nothing can be made keeps no other from starting", async () => {
    const { store, passAt } = await setUp();
    await store.addSchedule("broken", { config: "x.ts", cron: "0 * * * *", timeZone: "Mars/Olympus" });
    await store.addSchedule("foreign", "0 2 * * *");
    const { started, faults } = await passAt(1);
    expect(started).toMatchObject([{ schedule: "s" }]);
    expect(faults.map(({ schedule, error }) => [schedule, error.code]).sort()).toEqual([
      ["broken", "SCHEDULE_ZONE"],
      ["foreign", "SCHEDULE_OPTION"],
    ]);
  });

  test("ids that are none, are taken, or are not there", async () => {
    const { store } = await setUp();
    for (const id of ["", "-a", "Nightly", "a".repeat(33), "a/b", 7 as never])
      await expect(addSchedule(store, id, hourly)).rejects.toMatchObject({ code: "SCHEDULE_ID" });
    await addSchedule(store, "a".repeat(32), hourly);
    await expect(addSchedule(store, "s", hourly)).rejects.toMatchObject({ code: "SCHEDULE_EXISTS" });
    for (const missing of [pauseSchedule(store, "t"), pauseSchedule(store, "t", false), removeSchedule(store, "t")])
      await expect(missing).rejects.toMatchObject({ code: "SCHEDULE_UNKNOWN" });
    await expect(addSchedule(store, "u", { ...hourly, cron: "0 25 * * *" })).rejects.toMatchObject({
      code: "SCHEDULE_CRON",
    });
    expect((await store.schedules()).map(({ id }) => id).sort()).toEqual(["a".repeat(32), "s"]);
  });

  test("the longest id of a schedule makes ids of runs, and a removed one starts nothing", async () => {
    const { store, passAt } = await setUp();
    const id = "a".repeat(32);
    await addSchedule(store, id, { ...hourly, cron: "30 0 1 * * *" });
    await removeSchedule(store, "s");
    expect((await passAt(2)).started).toMatchObject([{ runId: `${id}-20261126t010030z` }]);
    expect(await store.runs({ schedule: "s" })).toEqual([]);
  });

  test("a store that fails fails the pass", async () => {
    const { store, passAt } = await setUp();
    await store.close();
    await expect(passAt(1)).rejects.toMatchObject({ code: "LEDGER_CLOSED" });
  });

  test("a store that could not take a tick is asked to again", async () => {
    const { clock, store } = await setUp();
    let failures = 1;
    const troubled = new Proxy(store, {
      get(target, name) {
        if (name === "decideTick" && failures-- > 0)
          return () => Promise.reject(new RunError("LEDGER_BUSY", "Somebody else writes."));
        return Reflect.get(target, name).bind(target);
      },
    });
    const scheduler = new Scheduler({ store: troubled, facts: noFacts });
    clock.advance(3600);
    await expect(scheduler.pass()).rejects.toMatchObject({ code: "LEDGER_BUSY" });
    expect((await scheduler.pass()).started).toHaveLength(1);
    expect(await outcomes(store)).toEqual(["1 started"]);
  });
});

describe("a clock that jumps", () => {
  test.each([
    ["two hours back and on again", [1, 2, -0.5, 0.2, 1, 2, 2.9, 3, 4]],
    ["two hours ahead and back", [1, 3.5, 1.6, 2, 3, 3.9, 4]],
  ])("%s: no tick twice, none missed", async (_, hours) => {
    const { store, passAt } = await setUp({ overlap: "allow", catchUp: { all: 24 } });
    for (const hour of hours) {
      const { nextAt } = await passAt(hour);
      // After a jump ahead nothing is due before the clock has come that far again.
      expect(nextAt).toBe(MIDNIGHT + HOUR * (Math.max(...(await decidedHours(store)), Math.floor(hour)) + 1));
    }
    expect(await outcomes(store)).toEqual(["1 started", "2 started", "3 started", "4 started"]);
    expect(await store.runs({ schedule: "s" })).toHaveLength(4);
  });
});

describe("schedulers that race", () => {
  test("eight on one store in memory start each of 200 ticks once", async () => {
    expect(await raceInMemory(8, 200)).toMatchObject({ ticks: 200, runs: 200, missed: 0, double: 0 });
  });

  test("processes on one SQLite file, one of them killed, start each tick once", async () => {
    const { ticks, runs, missed, double, kills } = await raceProcesses({
      processes: 3,
      ticks: 40,
      kills: 1,
      speed: 80,
    });
    expect({ runs, missed, double, kills }).toEqual({ runs: ticks, missed: 0, double: 0, kills: 1 });
    expect(ticks).toBeGreaterThanOrEqual(40);
  });
});
