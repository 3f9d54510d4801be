import assert from "node:assert/strict";
import type { NewRun, RunStore, Tick } from "../../src/runs/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";
import { bytesOf, created, eventsOf, type StoreCase, sha256, task } from "./store-case.ts";

const DAY = 86_400_000;
const FIRST = Date.parse("2026-11-26T01:00:00Z");

const decision = (tick: number, outcome: Tick["outcome"] = "started"): Omit<Tick, "at" | "runId"> => ({
  schedule: "nightly",
  tick,
  outcome,
  words: outcome === "started" ? "on time" : "the last run goes on",
});
const runOf = (tick: number): NewRun => ({
  id: `nightly-${tick}`,
  task,
  schedule: { id: "nightly", tick },
  events: [created],
});

/** Promises on schedules and their ticks. */
export function storeScheduleCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("schedules are added, listed, paused and removed", async ({ store, clock }) => {
      const spec = {
        cron: "0 2 * * *",
        tz: "Europe/Berlin",
        when: ["queue<20"],
        budget: { quantumSeconds: 60 },
        n: null,
      };
      const added = await store.addSchedule("nightly", spec);
      assert.deepEqual(added, { id: "nightly", spec, paused: false, createdAt: clock.now(), lastTick: undefined });
      spec.when.push("never");
      clock.advance(1);
      await rejectsWithCode(() => store.addSchedule("nightly", {}), "SCHEDULE_EXISTS", /"nightly"/);
      await store.addSchedule("hourly", {});
      const [hourly, nightly] = await store.schedules();
      assert.deepEqual(nightly, { ...added, spec: { ...spec, when: ["queue<20"] } });
      assert.equal(hourly!.id, "hourly");
      await store.pauseSchedule("nightly", true);
      assert.deepEqual(
        (await store.schedules()).map(({ paused }) => paused),
        [false, true],
      );
      await store.pauseSchedule("nightly", false);
      await store.removeSchedule("nightly");
      assert.deepEqual(
        (await store.schedules()).map(({ id }) => id),
        ["hourly"],
      );
      await rejectsWithCode(() => store.removeSchedule("nightly"), "SCHEDULE_UNKNOWN", /"nightly"/);
    }),
    storeCase("a tick is decided once, with its run", async ({ store, clock }) => {
      await store.addSchedule("nightly", {});
      const blob = bytesOf("with the run");
      assert.equal(await store.decideTick(decision(FIRST), { ...runOf(FIRST), blobs: [blob] }), true);
      const at = clock.now();
      clock.advance(1);
      assert.equal(await store.decideTick(decision(FIRST), { ...runOf(FIRST), id: "another" }), false);
      assert.equal(await store.decideTick(decision(FIRST, "skipped")), false);
      assert.equal(await store.decideTick(decision(FIRST + DAY, "skipped")), true);
      assert.deepEqual(await store.ticks("nightly"), [
        { ...decision(FIRST + DAY, "skipped"), at: at + 1000 },
        { ...decision(FIRST), runId: `nightly-${FIRST}`, at },
      ]);
      assert.deepEqual(
        (await store.runs()).map(({ id }) => id),
        [`nightly-${FIRST}`],
      );
      const row = (await store.run(`nightly-${FIRST}`))!;
      assert.deepEqual([row.status, row.task, row.schedule], ["ready", task, { id: "nightly", tick: FIRST }]);
      assert.deepEqual(await eventsOf(store, row.id), [created]);
      assert.equal(sha256(await store.blob(sha256(blob))), sha256(blob));
    }),
    storeCase("a schedule remembers the latest of its ticks", async ({ store }) => {
      await store.addSchedule("nightly", {});
      const last = async (): Promise<number | undefined> => (await store.schedules())[0]!.lastTick;
      assert.equal(await last(), undefined);
      await store.decideTick(decision(FIRST + DAY, "skipped"));
      assert.equal(await last(), FIRST + DAY);
      await store.decideTick(decision(FIRST, "skipped"));
      assert.equal(await last(), FIRST + DAY);
      await store.decideTick(decision(FIRST + 2 * DAY, "skipped"));
      assert.equal(await last(), FIRST + 2 * DAY);
    }),
    storeCase("nothing is decided for a schedule that is paused, or not there", async ({ store }) => {
      await store.addSchedule("nightly", {});
      await store.pauseSchedule("nightly", true);
      assert.equal(await store.decideTick(decision(FIRST), runOf(FIRST)), false);
      await store.pauseSchedule("nightly", false);
      assert.equal(await store.decideTick({ ...decision(FIRST), schedule: "none" }, runOf(FIRST)), false);
      assert.deepEqual([await store.runs(), await store.ticks("nightly"), await store.ticks("none")], [[], [], []]);
      assert.equal(await store.decideTick(decision(FIRST), runOf(FIRST)), true);
    }),
    storeCase("a tick whose run cannot be made is not decided", async ({ store }) => {
      await store.addSchedule("nightly", {});
      await store.create(runOf(FIRST));
      await rejectsWithCode(() => store.decideTick(decision(FIRST), runOf(FIRST)), "RUN_EXISTS", /nightly-/);
      assert.deepEqual([await store.ticks("nightly"), (await store.schedules())[0]!.lastTick], [[], undefined]);
      assert.equal(await store.decideTick(decision(FIRST), { ...runOf(FIRST), id: "another" }), true);
    }),
    storeCase(
      "ticks are listed newest first, 20 unless more are asked for, and go with their schedule",
      async ({ store }) => {
        await store.addSchedule("nightly", {});
        const days = [...Array(25).keys()];
        // In another order than theirs.
        for (const day of [...days.filter((one) => one % 2 === 1), ...days.filter((one) => one % 2 === 0)])
          await store.decideTick(decision(FIRST + day * DAY), day === 3 ? runOf(FIRST) : undefined);
        const listed = async (limit?: number): Promise<readonly number[]> =>
          (await store.ticks("nightly", limit)).map(({ tick }) => (tick - FIRST) / DAY);
        assert.deepEqual(await listed(), days.toReversed().slice(0, 20));
        assert.deepEqual(await listed(2), [24, 23]);
        assert.deepEqual(await listed(100), days.toReversed());
        await store.removeSchedule("nightly");
        assert.deepEqual(await listed(), []);
        assert.equal((await idsOf(store)).length, 1);
        await store.addSchedule("nightly", {});
        assert.deepEqual([await listed(), (await store.schedules())[0]!.lastTick], [[], undefined]);
        assert.equal(await store.decideTick(decision(FIRST)), true);
      },
    ),
  ];
}

async function idsOf(store: RunStore): Promise<readonly string[]> {
  return (await store.runs()).map(({ id }) => id);
}
