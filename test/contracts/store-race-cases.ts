import assert from "node:assert/strict";
import { type Lease, type RunStore, thisOwner } from "../../src/runs/index.ts";
import type { ContractCase } from "./contract-case.ts";
import { created, driven, ownerElsewhere, type StoreCase, type StoreGround, step, TTL, task } from "./store-case.ts";

/** Promises that hold however many ask at the same time, each as a process of its own where the store lasts. */
export function storeRaceCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("of many who claim a run, one has it", async (ground) => {
      const stores = await several(ground);
      await ground.store.create({ id: "one", events: [created] });
      const claims = await race(24, (index) => stores(index).claim("one", ownerElsewhere(`host-${index}`), TTL));
      const leases = claims.filter((claim) => claim.status === "fulfilled").map(({ value }) => value);
      assert.equal(leases.length, 1);
      assert.deepEqual(codes(claims), Array(23).fill("RUN_DRIVEN"));
      assert.equal((await ground.store.run("one"))!.lease!.owner.id, leases[0]!.owner.id);
      assert.equal((await ground.store.read("one")).length, 2);
    }),
    storeCase("of many workers, no two are given one run", async (ground) => {
      const stores = await several(ground);
      for (let index = 0; index < 12; index++)
        await ground.store.create({ id: `run-${index}`, events: [created], task });
      const given = await race(30, (index) => stores(index).claimDue(thisOwner(), TTL));
      const ids = given.map((claim) => (claim.status === "fulfilled" ? claim.value?.runId : String(claim.reason)));
      assert.deepEqual(ids.filter((id) => id !== undefined).sort(), (await idsOf(ground.store)).sort());
      assert.equal(ids.filter((id) => id === undefined).length, 18);
    }),
    storeCase("of many who create a run of one id, one does", async (ground) => {
      const stores = await several(ground);
      const made = await race(12, (index) =>
        stores(index).create({ id: "one", events: [created], task: { config: `${index}`, options: {} } }),
      );
      assert.equal(made.filter(({ status }) => status === "fulfilled").length, 1);
      assert.deepEqual(codes(made), Array(11).fill("RUN_EXISTS"));
      const winner = made.findIndex(({ status }) => status === "fulfilled");
      assert.equal((await ground.store.run("one"))!.task!.config, `${winner}`);
    }),
    storeCase("of many schedulers, one decides each tick and starts its run", async (ground) => {
      const stores = await several(ground);
      await ground.store.addSchedule("nightly", {});
      const decided = await race(40, (index) => {
        const tick = index % 8;
        const run = { id: `night-${tick}-${index}`, events: [created], schedule: { id: "nightly", tick } };
        return stores(index).decideTick({ schedule: "nightly", tick, outcome: "started", words: "" }, run);
      });
      const winners = decided.flatMap((done, index) => (done.status === "fulfilled" && done.value ? [index] : []));
      assert.deepEqual(winners.map((index) => index % 8).sort(), [...Array(8).keys()]);
      assert.ok(decided.every(({ status }) => status === "fulfilled"));
      assert.deepEqual(
        (await idsOf(ground.store)).sort(),
        winners.map((index) => `night-${index % 8}-${index}`).sort(),
      );
      assert.equal((await ground.store.schedules())[0]!.lastTick, 7);
    }),
    storeCase("racing reservations leave no budget overdrawn", async (ground) => {
      const stores = await several(ground);
      const leases = await eachDriven(ground.store, 20);
      const scopes = [
        { scope: "schedule:nightly", limits: { quantumSeconds: 85 } },
        { scope: "day:nightly", limits: { jobs: 9 } },
      ];
      const reserved = await race(20, async (index) => {
        const reserve = { key: `k-${index}`, scopes: index % 2 ? scopes : scopes.toReversed(), needSeconds: 10 };
        return stores(index).append(leases[index]!, {
          events: [step(1)],
          reserve: { ...reserve, capSeconds: 10, jobs: 1, perSecond: 0 },
        });
      });
      const outcomes = reserved.map((done) => (done.status === "fulfilled" ? done.value.outcome : String(done.reason)));
      assert.equal(outcomes.filter((outcome) => outcome === "written").length, 8);
      assert.equal(outcomes.filter((outcome) => outcome === "denied").length, 12);
      for (const { scope } of scopes)
        assert.deepEqual((await ground.store.totals(scope)).reserved, { quantumSeconds: 80, money: 0, jobs: 8 });
      for (const [index, { runId }] of leases.entries())
        assert.equal((await ground.store.read(runId)).length, outcomes[index] === "written" ? 3 : 2);
    }),
    storeCase("racing submits of an account stay within its rate", async (ground) => {
      const stores = await several(ground);
      const leases = await eachDriven(ground.store, 12);
      const submitted = await race(24, (index) =>
        stores(index).append(leases[index % 12]!, {
          events: [step(1)],
          // Everyone asks twice, as if the first answer had been lost.
          submit: { account: "account", perMinute: 5, key: `k-${index % 12}` },
        }),
      );
      const outcomes = submitted.map((done) =>
        done.status === "fulfilled" ? done.value.outcome : String(done.reason),
      );
      const places = new Set(outcomes.flatMap((outcome, index) => (outcome === "written" ? [index % 12] : [])));
      assert.equal(places.size, 5);
      assert.ok(outcomes.every((outcome) => outcome === "written" || outcome === "later"));
    }),
    storeCase("racing appends of one driver are numbered without gaps", async (ground) => {
      const stores = await several(ground);
      const [lease] = await eachDriven(ground.store, 1);
      const done = await race(40, (index) => stores(index).append(lease!, { events: [step(index), step(index)] }));
      assert.ok(done.every(({ status }) => status === "fulfilled"));
      const records = await ground.store.read(lease!.runId);
      assert.deepEqual(
        records.map(({ seq }) => seq),
        Array.from({ length: 82 }, (_, index) => index + 1),
      );
      const steps = records.flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
      // The two of an append stand together.
      for (let at = 0; at < steps.length; at += 2) assert.equal(steps[at], steps[at + 1]);
      assert.equal(new Set(steps).size, 40);
    }),
    storeCase("a run that is taken over while its driver writes has no record of both", async (ground) => {
      const stores = await several(ground);
      const lease = await driven(ground.store, "one");
      ground.clock.advance(TTL);
      const done = await race(21, async (index): Promise<unknown> => {
        if (index === 10) return stores(index).claim("one", ownerElsewhere(), TTL);
        return stores(index).append(lease, { events: [step(index)] });
      });
      const refused = codes(done);
      assert.ok(refused.every((code) => code === "RUN_FENCED"));
      const epochs = (await ground.store.read("one", 2)).map(({ epoch }) => epoch);
      assert.deepEqual(epochs, [...Array(21 - refused.length).fill(1), 2]);
    }),
  ];
}

/** A handle for each of several processes, in turn. */
async function several({ another }: StoreGround): Promise<(index: number) => RunStore> {
  const stores = [await another(), await another(), await another()];
  return (index) => stores[index % stores.length]!;
}

async function race<Value>(
  count: number,
  call: (index: number) => Promise<Value>,
): Promise<readonly PromiseSettledResult<Value>[]> {
  return Promise.allSettled(Array.from({ length: count }, (_, index) => call(index)));
}

function codes(results: readonly PromiseSettledResult<unknown>[]): readonly string[] {
  return results.flatMap((result) =>
    result.status === "rejected" ? [result.reason.code ?? String(result.reason)] : [],
  );
}

async function eachDriven(store: RunStore, count: number): Promise<readonly Lease[]> {
  const leases: Lease[] = [];
  for (let index = 0; index < count; index++) leases.push(await driven(store, `run-${index}`));
  return leases;
}

async function idsOf(store: RunStore): Promise<string[]> {
  return (await store.runs()).map(({ id }) => id);
}
