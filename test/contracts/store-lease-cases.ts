import assert from "node:assert/strict";
import {
  type Append,
  type Lease,
  type NewRun,
  type Owner,
  type RunEvent,
  type RunStore,
  thisOwner,
} from "../../src/runs/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";
import {
  created,
  deadOwner,
  driven,
  eventsOf,
  ownerElsewhere,
  parked,
  type StoreCase,
  sha256,
  step,
  TTL,
  task,
  written,
} from "./store-case.ts";

/** Promises on who may drive a run, and what a worker is given. */
export function storeLeaseCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("a claim gives the right to drive a run, and is written down", async ({ store, clock }) => {
      await store.create({ id: "one", events: [created] });
      await store.requestStop("one");
      clock.advance(5);
      const owner = thisOwner();
      const lease = await store.claim("one", owner, 20);
      assert.deepEqual(lease, { runId: "one", owner, epoch: 1, takeover: false });
      const now = clock.now();
      const row = (await store.run("one"))!;
      assert.deepEqual(row.lease, { owner, epoch: 1, since: now, until: now + 20_000 });
      assert.deepEqual([row.status, row.stopRequested, row.updatedAt], ["running", false, now]);
      assert.deepEqual(await store.read("one", 2), [
        { seq: 2, at: now, epoch: 1, event: { type: "claimed", owner, takeover: false } },
      ]);
    }),
    storeCase("another driver is told who has a run, and since when", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      const since = new Date(clock.now()).toISOString();
      clock.advance(TTL - 0.001);
      const rival = ownerElsewhere("rival.example");
      await rejectsWithCode(() => store.claim("one", rival, TTL), "RUN_DRIVEN", new RegExp(`\\b${lease.owner.pid}\\b`));
      await rejectsWithCode(() => store.claim("one", rival, TTL), "RUN_DRIVEN", new RegExp(lease.owner.host));
      await rejectsWithCode(() => store.claim("one", rival, TTL), "RUN_DRIVEN", new RegExp(since));
      // Another driver of the same process is another driver.
      await rejectsWithCode(() => store.claim("one", thisOwner(), TTL), "RUN_DRIVEN", /"one"/);
      assert.equal((await store.read("one")).length, 2);
      assert.equal((await store.run("one"))!.lease!.epoch, 1);
      await written(store, lease, { events: [step(1)] });
    }),
    storeCase("a lease that is over is taken over", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      clock.advance(TTL);
      const rival = ownerElsewhere();
      assert.deepEqual(await store.claim("one", rival, TTL), { runId: "one", owner: rival, epoch: 2, takeover: true });
      assert.deepEqual((await eventsOf(store, "one")).at(-1), { type: "claimed", owner: rival, takeover: true });
      await refused(store, lease);
    }),
    storeCase("an owner that asks again has the run at once, under a new epoch", async ({ store }) => {
      const lease = await driven(store, "one");
      const again = await store.claim("one", lease.owner, TTL);
      assert.deepEqual(again, { runId: "one", owner: lease.owner, epoch: 2, takeover: false });
      await written(store, again, { events: [step(1)] });
      await refused(store, lease);
    }),
    storeCase("a run that was let go is free, and its last driver may no longer write", async ({ store }) => {
      const lease = await driven(store, "one");
      await store.release(lease);
      assert.equal((await store.run("one"))!.lease, undefined);
      await refused(store, lease);
      // Twice does no harm.
      await store.release(lease);
      const next = await store.claim("one", ownerElsewhere(), TTL);
      assert.deepEqual([next.epoch, next.takeover], [2, false]);
      await refused(store, lease);
    }),
    storeCase("what was taken over cannot be let go by its last driver", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      clock.advance(TTL);
      const rival = await store.claim("one", ownerElsewhere(), TTL);
      await store.release(lease);
      await store.release({ ...lease, runId: "none" });
      assert.equal((await store.run("one"))!.lease!.owner.id, rival.owner.id);
      await written(store, rival, { events: [step(1)] });
    }),
    storeCase(
      "a driver that was replaced may write down jobs that nobody uses, and nothing else",
      async ({ store, clock }) => {
        const lease = await driven(store, "one");
        clock.advance(TTL);
        const rival = await store.claim("one", ownerElsewhere(), TTL);
        await written(store, rival, { events: [{ type: "finished", result: "0".repeat(64) }] });
        await store.release(rival);
        const orphan: RunEvent = { type: "orphan", jobId: "j1", words: "late", cancelled: true, quantumSeconds: 2 };
        const charge = { key: "orphan:j1", scopes: ["run:one"], amount: { quantumSeconds: 2, money: 0, jobs: 1 } };
        const records = await written(store, lease, { events: [orphan], settle: [charge] });
        assert.deepEqual(records, [{ seq: 5, at: clock.now(), epoch: 2, event: orphan }]);
        assert.equal((await store.run("one"))!.status, "finished");
        assert.deepEqual((await store.totals("run:one")).settled, charge.amount);
        const more: readonly Append[] = [
          { events: [] },
          { events: [], settle: [charge] },
          { events: () => [orphan] },
          { events: [orphan, step(1)] },
          { events: [orphan], settle: [{ ...charge, key: "k1" }] },
          { events: [orphan], activity: "late" },
          { events: [orphan], blobs: [] },
          { events: [orphan], submit: { account: "a", perMinute: 5, key: "k1" } },
        ];
        for (const append of more) await rejectsWithCode(() => store.append(lease, append), "RUN_FENCED", /"one"/);
        assert.equal((await store.read("one")).length, 5);
      },
    ),
    storeCase("a lease is renewed, with what is waited for", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      const records = await store.read("one");
      clock.advance(20);
      assert.deepEqual(await store.renew(lease, TTL, "job 7 is queued"), { stopRequested: false });
      let row = (await store.run("one"))!;
      assert.equal(row.activity, "job 7 is queued");
      assert.deepEqual(row.lease, {
        owner: lease.owner,
        epoch: 1,
        since: clock.now() - 20_000,
        until: clock.now() + 30_000,
      });
      clock.advance(20);
      await rejectsWithCode(() => store.claim("one", ownerElsewhere(), TTL), "RUN_DRIVEN", /"one"/);
      await store.requestStop("one");
      assert.deepEqual(await store.renew(lease, 1), { stopRequested: true });
      row = (await store.run("one"))!;
      assert.deepEqual([row.activity, row.stopRequested], ["job 7 is queued", true]);
      // Late, but nobody else has asked for it.
      clock.advance(100);
      assert.deepEqual(await store.renew(lease, TTL, null), { stopRequested: true });
      assert.equal((await store.run("one"))!.activity, undefined);
      assert.deepEqual(await store.read("one"), records);
    }),
    storeCase("a wish that a run stop is taken back by the next claim", async ({ store }) => {
      const lease = await driven(store, "one");
      await store.requestStop("one");
      await store.requestStop("one");
      await store.release(lease);
      assert.equal((await store.run("one"))!.stopRequested, true);
      const next = await store.claim("one", thisOwner(), TTL);
      assert.equal((await store.run("one"))!.stopRequested, false);
      assert.deepEqual(await store.renew(next, TTL), { stopRequested: false });
    }),
    storeCase("a wish that a run stop outlasts a driver that left without learning of it", async ({ store }) => {
      await store.create({ id: "one", task, events: [created] });
      const lease = await store.claim("one", thisOwner(), TTL);
      await store.requestStop("one");
      await store.release(lease);
      const next = (await store.claimDue(thisOwner(), TTL))!;
      assert.deepEqual(await store.renew(next, TTL), { stopRequested: true });
      await store.release(next);
      assert.equal((await store.run("one"))!.stopRequested, true);
    }),
    storeCase("an owner whose process is no more is taken over at once", async ({ store }) => {
      const dead = await deadOwner();
      // Where the system does not tell, its lease ends like any other.
      if (dead === undefined) return;
      const earlier: Owner = { ...thisOwner(), process: `${dead.process!}0` };
      for (const [index, owner] of [dead, earlier].entries()) {
        const id = `run-${index}`;
        await store.create({ id, events: [created] });
        await store.claim(id, owner, 3600);
        const lease = await store.claim(id, thisOwner(), TTL);
        assert.deepEqual([lease.epoch, lease.takeover], [2, true]);
      }
      await store.create({ id: "elsewhere", events: [created] });
      await store.claim("elsewhere", { ...dead, host: "elsewhere.example", process: ownerElsewhere().process! }, 3600);
      await rejectsWithCode(() => store.claim("elsewhere", thisOwner(), TTL), "RUN_DRIVEN", /elsewhere\.example/);
    }),
    storeCase("a worker is given the run that has been due for longest", async ({ store, clock }) => {
      const now = (): number => clock.now();
      await workable(store, "parked-late");
      await workable(store, "parked-early");
      const late = await store.claim("parked-late", ownerElsewhere(), TTL);
      await written(store, late, { events: [parked(now() + 50_000)] });
      await store.release(late);
      const early = await store.claim("parked-early", ownerElsewhere(), TTL);
      await written(store, early, { events: [parked(now() + 10_000)] });
      await store.release(early);
      clock.advance(5);
      await workable(store, "ready");
      await workable(store, "abandoned");
      await store.claim("abandoned", ownerElsewhere(), 15);
      clock.advance(100);

      const given: (Lease | undefined)[] = [];
      for (let index = 0; index < 5; index++) given.push(await store.claimDue(thisOwner(), TTL));
      assert.deepEqual(
        given.map((lease) => lease?.runId),
        ["ready", "parked-early", "abandoned", "parked-late", undefined],
      );
      assert.deepEqual(
        given.map((lease) => lease?.takeover),
        [false, false, true, false, undefined],
      );
      assert.equal((await store.run("abandoned"))!.lease!.owner.id, given[2]!.owner.id);
      assert.deepEqual((await eventsOf(store, "ready")).at(-1), {
        type: "claimed",
        owner: given[0]!.owner,
        takeover: false,
      });
    }),
    storeCase("no worker is given what is not due", async ({ store, clock }) => {
      await store.create({ id: "no-task", events: [created] });
      for (const event of [
        { type: "stopped", words: "enough" },
        { type: "failed", error: { name: "Error", message: "no luck" } },
        { type: "finished", result: "0".repeat(64) },
        parked(clock.now() + 3_600_000),
      ] as const) {
        await workable(store, event.type);
        const lease = await store.claim(event.type, ownerElsewhere(), TTL);
        await written(store, lease, { events: [event] });
        await store.release(lease);
      }
      // Parked, and sat out by its driver.
      await workable(store, "attended");
      const attended = await store.claim("attended", ownerElsewhere(), TTL);
      await written(store, attended, { events: [parked(clock.now() + 1000)] });
      clock.advance(TTL - 1);
      assert.equal(await store.claimDue(thisOwner(), TTL), undefined);
      clock.advance(1);
      assert.equal((await store.claimDue(thisOwner(), TTL))?.runId, "attended");
      assert.equal(await store.claimDue(thisOwner(), TTL), undefined);
      clock.advance(3600);
      const taken = [await store.claimDue(thisOwner(), TTL), await store.claimDue(thisOwner(), TTL)];
      assert.deepEqual(taken.map((lease) => lease?.runId).sort(), ["attended", "parked"]);
    }),
    storeCase("a worker is given the run of a process that is no more", async ({ store, clock }) => {
      const dead = await deadOwner();
      if (dead === undefined) return;
      await workable(store, "one");
      await store.claim("one", dead, 3600);
      assert.ok((await store.nextDue())! <= clock.now());
      assert.equal((await store.claimDue(thisOwner(), TTL))?.runId, "one");
      assert.equal(await store.claimDue(thisOwner(), TTL), undefined);
      // Nobody is to take what it had parked before its time.
      await workable(store, "parked");
      const lease = await store.claim("parked", dead, 3600);
      await written(store, lease, { events: [parked(clock.now() + 60_000)] });
      assert.equal(await store.claimDue(thisOwner(), TTL), undefined);
      clock.advance(60);
      assert.equal((await store.claimDue(thisOwner(), TTL))?.runId, "one");
      assert.equal((await store.claimDue(thisOwner(), TTL))?.runId, "parked");
    }),
    storeCase("when the next run is due is known", async ({ store, clock }) => {
      assert.equal(await store.nextDue(), undefined);
      await store.create({ id: "no-task", events: [created] });
      assert.equal(await store.nextDue(), undefined);
      const start = clock.now();
      await workable(store, "one");
      assert.equal(await store.nextDue(), start);
      const lease = await store.claim("one", ownerElsewhere(), 40);
      assert.equal(await store.nextDue(), start + 40_000);
      await store.renew(lease, 50);
      assert.equal(await store.nextDue(), start + 50_000);
      await written(store, lease, { events: [parked(start + 90_000.5)] });
      assert.equal(await store.nextDue(), start + 90_000.5);
      await store.release(lease);
      await workable(store, "two");
      const two = await store.claim("two", ownerElsewhere(), 60);
      assert.equal(await store.nextDue(), start + 60_000);
      await written(store, two, { events: [{ type: "stopped", words: "enough" }] });
      await store.release(two);
      assert.equal(await store.nextDue(), start + 90_000.5);
    }),
    storeCase("a driver that was replaced can write nothing at all", async ({ store, clock }) => {
      const lease = await driven(store, "one", { blobs: [Uint8Array.of(1)] });
      clock.advance(TTL);
      const rival = await store.claim("one", ownerElsewhere(), TTL);
      await refused(store, lease);
      assert.equal((await store.blob(sha256(Uint8Array.of(1)))).length, 1);
      // An epoch that somebody else was given does not help either.
      await refused(store, { ...lease, epoch: rival.epoch });
      await refused(store, { ...rival, epoch: rival.epoch + 1 });
      await written(store, rival, { events: [step(1)] });
    }),
  ];
}

/** A run that a worker may take. */
async function workable(store: RunStore, id: string, run: Partial<NewRun> = {}): Promise<void> {
  await store.create({ events: [created], task, ...run, id });
}

/** Whatever the lease is used for fails, and nothing is there afterwards that was not there before. */
async function refused(store: RunStore, lease: Lease): Promise<void> {
  const before = [await store.run(lease.runId), await store.read(lease.runId)];
  const scopes = [{ scope: "run:fenced", limits: { jobs: 10 } }];
  const calls: readonly (() => Promise<unknown>)[] = [
    () => store.append(lease, { events: [step(9)] }),
    () =>
      store.append(lease, {
        events: () => [step(9)],
        blobs: [Uint8Array.of(9, 9, 9)],
        reserve: { key: "fenced", scopes, needSeconds: 1, capSeconds: 2, jobs: 1, perSecond: 0 },
        settle: [{ key: "other", scopes: ["run:fenced"], amount: { quantumSeconds: 1, money: 0, jobs: 1 } }],
        submit: { account: "fenced", perMinute: 1, key: "fenced" },
        activity: "fenced",
      }),
    () => store.renew(lease, TTL, "fenced"),
    () => store.dropBlobs(lease, [sha256(Uint8Array.of(1))]),
  ];
  for (const call of calls) await rejectsWithCode(call, "RUN_FENCED", new RegExp(`"${lease.runId}"`));
  assert.deepEqual([await store.run(lease.runId), await store.read(lease.runId)], before);
  const nothing = { quantumSeconds: 0, money: 0, jobs: 0 };
  assert.deepEqual(await store.totals("run:fenced"), { settled: nothing, reserved: nothing });
  await rejectsWithCode(() => store.blob(sha256(Uint8Array.of(9, 9, 9))), "LEDGER_BLOB", /no blob/);
}
