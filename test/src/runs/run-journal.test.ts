import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RunDescription } from "../../../src/runs/events.ts";
import { historyOf } from "../../../src/runs/history.ts";
import { createdEvent, foldRun, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import { failingStore } from "../../support/failing-store.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A store that takes so many milliseconds for each append in turn, then none. */
function slowStore(inner: RunStore, delays: readonly number[]): RunStore {
  const left = [...delays];
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: readonly unknown[]) => {
        if (name === "append") await setTimeout(left.shift() ?? 0);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

const lines = async (store: RunStore) => historyOf(await store.read("run")).map(({ words }) => words);

test("what is written at the same time is kept in the order in which it was given, and before the run is let go", async () => {
  const inner = memoryStore();
  const journal = await RunJournal.open({ store: slowStore(inner, [20]), id: "run" });
  for (const words of ["first", "second", "third"]) journal.mention(words);
  await journal.close();
  expect((await lines(inner)).slice(-3)).toEqual(["first", "second", "third"]);
  expect(await inner.run("run")).toMatchObject({ lease: undefined });
});

test("what is waited for again and again is written down once", async () => {
  const store = memoryStore();
  const journal = await RunJournal.open({ store, id: "run", clock: new VirtualClock() });
  for (let round = 0; round < 3; round++) await journal.wait("No answer.", 1000, undefined);
  expect((await lines(store)).filter((words) => words === "No answer.")).toHaveLength(1);
  await journal.close();
});

test("a run is parked until a time of the store's clock, whatever this machine's says", async () => {
  const clock = new VirtualClock();
  const store = memoryStore({ clock });
  const wrong = new VirtualClock(clock.now() - 3_600_000);
  const journal = await RunJournal.open({ store, id: "run", clock: wrong, park: "leave" });
  await expect(journal.parkFor("A long queue.", 60_000, undefined)).rejects.toMatchObject({ code: "RUN_PARKED" });
  expect((await store.run("run"))!.wakeAt).toBe((await store.now()) + 60_000);
  await journal.close();
});

test("a run whose journal cannot be read is let go at once", async () => {
  const inner = memoryStore();
  // The third read is that of its events: whether there is such a run was asked twice.
  const reads = failingStore(inner, { calls: "reads", nth: 3, code: "LEDGER_IO", phase: "before" });
  await expect(RunJournal.open({ store: reads.store, id: "run" })).rejects.toMatchObject({ code: "LEDGER_IO" });
  expect(reads.struck()).toBe(1);
  expect(await inner.run("run")).toMatchObject({ lease: undefined });
  const journal = await RunJournal.open({ store: inner, id: "run" });
  await journal.close();
});

test("settings can be changed until a job was sent with them, which would be paid for in vain", async () => {
  const store = memoryStore();
  const described = (steps: number): RunDescription => ({ kind: "minimize", parts: { steps } });
  const journal = await RunJournal.open({ store, id: "run" });
  await journal.describe(described(1), () => null);
  await journal.describe(described(2), () => null);
  await journal.append({
    events: [
      {
        ...{ type: "intent", key: "lp1-a", partKey: "lp1-a", part: 0, parts: 1, backend: "device" },
        ...{ place: { phase: "step-1", index: 0, attempt: 0 }, bodyHash: "body", serviceTime: 0 },
        ...{ reserved: { quantumSeconds: 60, money: 0, jobs: 1 }, executions: 1, quantumSeconds: 5 },
      },
    ],
  });
  await expect(journal.describe(described(3), () => null)).rejects.toMatchObject({ code: "RUN_CHANGED" });
  await journal.describe(described(2), () => null);
  await journal.close();
});

test("a run that is finished stays so, whoever claims it, and no worker is given it again", async () => {
  const store = memoryStore();
  await store.create({ id: "run", task: { config: "run.ts", options: {} }, events: [createdEvent()] });
  const journal = await RunJournal.open({ store, id: "run" });
  await journal.finish("done");
  await journal.close();
  const lease = await store.claim("run", thisOwner(), 30);
  await store.append(lease, { events: [{ type: "waiting", words: "for nothing" }] });
  await store.release(lease);
  expect(await store.run("run")).toMatchObject({ status: "finished" });
  expect(await store.claimDue(thisOwner(), 30)).toBeUndefined();
  expect(foldRun(await store.read("run")).status).toBe("finished");
});

test("a driver that was replaced lets go of nobody else's lease, and settles nothing but jobs that no step uses", async () => {
  const clock = new VirtualClock();
  const store = memoryStore({ clock });
  await store.create({ id: "run", events: [createdEvent()] });
  const late = await store.claim("run", thisOwner(), 30);
  clock.advance(31);
  const owner = thisOwner();
  await store.claim("run", owner, 30);
  await store.release(late);
  expect((await store.run("run"))!.lease?.owner).toEqual(owner);
  const amount = { quantumSeconds: 2, money: 0, jobs: 1 };
  const orphan = { type: "orphan", jobId: "j", words: "submitted twice", cancelled: true, quantumSeconds: 2 } as const;
  const settling = (key: string) =>
    store.append(late, { events: [orphan], settle: [{ key, scopes: ["run:run"], amount }] });
  await expect(settling("lp1-a")).rejects.toMatchObject({ code: "RUN_FENCED" });
  expect(await settling("orphan:j")).toMatchObject({ outcome: "written" });
  expect((await store.totals("run:run")).settled).toEqual(amount);
});
