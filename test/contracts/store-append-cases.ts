import assert from "node:assert/strict";
import type { Amount, Append, Lease, ReservationRequest, RunStore } from "../../src/runs/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";
import { bytesOf, driven, parked, type StoreCase, sha256, step, waiting, written } from "./store-case.ts";

const NOTHING: Amount = { quantumSeconds: 0, money: 0, jobs: 0 };
const amount = (quantumSeconds: number, money = 0, jobs = 1): Amount => ({ quantumSeconds, money, jobs });

/** Asks for up to `capSeconds`, where the scopes leave as many. */
function asks(key: string, capSeconds: number, scopes: ReservationRequest["scopes"]): ReservationRequest {
  return { key, scopes, needSeconds: 1, capSeconds, jobs: 1, perSecond: 1.5 };
}

/** Promises on what one append writes, and when it writes nothing. */
export function storeAppendCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("an append answers with its records, dated and numbered", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      clock.advance(7);
      const records = await written(store, lease, { events: [waiting("a"), step(1)] });
      assert.deepEqual(records, [
        { seq: 3, at: clock.now(), epoch: 1, event: waiting("a") },
        { seq: 4, at: clock.now(), epoch: 1, event: step(1) },
      ]);
      assert.deepEqual(await store.read("one", 3), records);
      assert.deepEqual(await written(store, lease, { events: [] }), []);
      const { updatedAt, step: done } = (await store.run("one"))!;
      assert.deepEqual([updatedAt, done], [clock.now(), 1]);
    }),
    storeCase(
      "what a driver waits for is replaced, taken away, and gone when it has ended",
      async ({ store, clock }) => {
        const lease = await driven(store, "one");
        const activity = async (append: Append): Promise<string | undefined> => {
          await written(store, lease, append);
          return (await store.run("one"))!.activity;
        };
        assert.equal(await activity({ events: [], activity: "the queue" }), "the queue");
        assert.equal(await activity({ events: [step(1)] }), "the queue");
        assert.equal(await activity({ events: [parked(clock.now() + 9)], activity: "a long queue" }), "a long queue");
        assert.equal((await store.run("one"))!.wakeAt, clock.now() + 9);
        assert.equal(await activity({ events: [step(2)], activity: null }), undefined);
        assert.equal((await store.run("one"))!.wakeAt, undefined);
        await written(store, lease, { events: [], activity: "the last job" });
        assert.equal(await activity({ events: [{ type: "stopped", words: "enough" }] }), undefined);
      },
    ),
    storeCase("a reservation grants whole seconds, as many as all scopes have", async ({ store }) => {
      const lease = await driven(store, "one");
      const scopes = [
        { scope: "run:one", limits: { quantumSeconds: 100 } },
        { scope: "day:one", limits: { money: 10 } },
        { scope: "unlimited", limits: {} },
      ];
      const told: Amount[] = [];
      const events = (granted: Amount) => {
        told.push(granted);
        return [step(told.length)];
      };
      await written(store, lease, { events, reserve: asks("k1", 4, scopes) });
      await written(store, lease, { events, reserve: asks("k2", 50, scopes) });
      assert.deepEqual(told, [amount(4, 6), amount(2, 3)]);
      for (const { scope } of scopes)
        assert.deepEqual(await store.totals(scope), { settled: NOTHING, reserved: amount(6, 9, 2) });
      assert.deepEqual(await store.totals("none"), { settled: NOTHING, reserved: NOTHING });
    }),
    storeCase("a key has one reservation, whoever asks however often", async ({ store }) => {
      const lease = await driven(store, "one");
      const other = await driven(store, "other");
      const told: Amount[] = [];
      const events = (granted: Amount) => {
        told.push(granted);
        return [step(1)];
      };
      const scopes = [{ scope: "shared", limits: { quantumSeconds: 10, jobs: 1 } }];
      await written(store, lease, { events, reserve: asks("k", 8, scopes) });
      await written(store, lease, { events, reserve: asks("k", 8, scopes) });
      // What it grants is what it granted then, whatever is asked and left now.
      await written(store, other, { events, reserve: { ...asks("k", 3, scopes), needSeconds: 3, jobs: 2 } });
      assert.deepEqual(await store.totals("shared"), { settled: NOTHING, reserved: amount(8, 12) });
      await written(store, lease, { events: [], settle: [{ key: "k", scopes: [], amount: amount(10, 15) }] });
      await written(store, lease, { events, reserve: asks("k", 8, scopes) });
      assert.deepEqual(told, Array(4).fill(amount(8, 12)));
      assert.deepEqual(await store.totals("shared"), { settled: amount(10, 15), reserved: NOTHING });
    }),
    storeCase("a denied reservation writes nothing, and says which scope and whether to wait", async ({ store }) => {
      const lease = await driven(store, "one");
      const wide = { scope: "wide", limits: { quantumSeconds: 100 } };
      const tight = { scope: "tight", limits: { quantumSeconds: 5 } };
      await written(store, lease, { events: [step(1)], reserve: asks("k1", 5, [wide, tight]) });
      const before = await allOf(store, lease);
      let called = 0;
      const blob = bytesOf("never");
      const append: Append = {
        events: () => {
          called++;
          return [step(2)];
        },
        blobs: [blob],
        reserve: asks("k2", 5, [wide, tight]),
        settle: [{ key: "k0", scopes: ["wide"], amount: amount(1) }],
        submit: { account: "account", perMinute: 1, key: "k2" },
        activity: "never",
      };
      const totals = { settled: NOTHING, reserved: amount(5, 7.5) };
      assert.deepEqual(await store.append(lease, append), {
        outcome: "denied",
        denied: tight,
        totals,
        maySettle: true,
      });
      assert.deepEqual(await allOf(store, lease), before);
      await rejectsWithCode(() => store.blob(sha256(blob)), "LEDGER_BLOB", /no blob/);
      await written(store, lease, { events: [], settle: [{ key: "k1", scopes: [], amount: amount(5, 7.5) }] });
      const again = await store.append(lease, append);
      assert.deepEqual([again.outcome, "maySettle" in again && again.maySettle], ["denied", false]);
      assert.equal(called, 0);
      // The place that was not taken is there for another.
      await written(store, lease, { events: [], submit: { account: "account", perMinute: 1, key: "k3" } });
    }),
    storeCase("what is settled takes the place of what was set aside, or settled before", async ({ store }) => {
      const lease = await driven(store, "one");
      const scopes = ["a", "b"].map((scope) => ({ scope, limits: {} }));
      const settle = (key: string, charged: Amount, of: readonly string[] = []) =>
        written(store, lease, { events: [], settle: [{ key, scopes: of, amount: charged }] });
      await written(store, lease, { events: [], reserve: asks("k", 10, scopes) });
      await settle("k", amount(3, 4.5));
      assert.deepEqual(await store.totals("a"), { settled: amount(3, 4.5), reserved: NOTHING });
      await settle("k", amount(2.000001, 3));
      await settle("k", amount(2.000001, 3), ["c"]);
      for (const scope of ["a", "b"])
        assert.deepEqual(await store.totals(scope), { settled: amount(2.000001, 3), reserved: NOTHING });
      assert.deepEqual(await store.totals("c"), { settled: NOTHING, reserved: NOTHING });
      // A job that nobody reserved.
      await settle("orphan:job-7", amount(0.1), ["b", "c", "c"]);
      await settle("orphan:job-7", amount(0.2), ["b", "c", "c"]);
      assert.deepEqual(await store.totals("b"), { settled: amount(2.200001, 3, 2), reserved: NOTHING });
      assert.deepEqual(await store.totals("c"), { settled: amount(0.2), reserved: NOTHING });
      await settle("k", NOTHING);
      assert.deepEqual(await store.totals("a"), { settled: NOTHING, reserved: NOTHING });
    }),
    storeCase("one append can settle a job and reserve the next with what that left", async ({ store }) => {
      const lease = await driven(store, "one");
      const scopes = [{ scope: "run:one", limits: { quantumSeconds: 10 } }];
      await written(store, lease, { events: [], reserve: asks("k1", 10, scopes) });
      const told: Amount[] = [];
      await written(store, lease, {
        events: (granted) => {
          told.push(granted);
          return [];
        },
        settle: [
          { key: "k1", scopes: [], amount: amount(3) },
          { key: "k0", scopes: ["run:one"], amount: amount(2) },
          { key: "k0", scopes: ["run:one"], amount: amount(1) },
        ],
        reserve: asks("k2", 10, scopes),
      });
      assert.deepEqual(told, [amount(6, 9)]);
      assert.deepEqual(await store.totals("run:one"), { settled: amount(4, 0, 2), reserved: amount(6, 9) });
    }),
    storeCase("ten thousand small amounts add up to the millionth", async ({ store }) => {
      const lease = await driven(store, "one");
      for (let batch = 0; batch < 10; batch++)
        await written(store, lease, {
          events: [],
          settle: Array.from({ length: 1000 }, (_, index) => ({
            key: `k-${batch}-${index}`,
            scopes: ["run:one"],
            amount: amount(0.1, 0.000001),
          })),
        });
      assert.deepEqual(await store.totals("run:one"), { settled: amount(1000, 0.01, 10_000), reserved: NOTHING });
    }),
    storeCase("an amount that is no number of 0 or more is refused without effect", async ({ store }) => {
      const lease = await driven(store, "one");
      const before = await allOf(store, lease);
      for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY, "3" as unknown as number])
        for (const unit of ["quantumSeconds", "money", "jobs"])
          await rejectsWithCode(
            () =>
              store.append(lease, {
                events: [step(1)],
                settle: [
                  { key: "good", scopes: ["wide"], amount: amount(1) },
                  { key: "bad", scopes: ["wide"], amount: { ...amount(1), [unit]: wrong } },
                ],
              }),
            "BUDGET_AMOUNT",
            new RegExp(unit),
          );
      assert.deepEqual(await allOf(store, lease), before);
    }),
    storeCase("an append whose events cannot be made has no effect", async ({ store }) => {
      const lease = await driven(store, "one");
      const before = await allOf(store, lease);
      const reason = new Error("no events");
      const blob = bytesOf("never");
      const append: Append = {
        events: () => {
          throw reason;
        },
        blobs: [blob],
        reserve: asks("k", 5, [{ scope: "wide", limits: {} }]),
        submit: { account: "account", perMinute: 1, key: "k" },
        activity: "never",
      };
      await assert.rejects(store.append(lease, append), (error) => error === reason);
      assert.deepEqual(await allOf(store, lease), before);
      await rejectsWithCode(() => store.blob(sha256(blob)), "LEDGER_BLOB", /no blob/);
      await written(store, lease, { events: [step(1)], submit: { account: "account", perMinute: 1, key: "other" } });
    }),
    storeCase("an account has so many submits a minute, over all its runs", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      const other = await driven(store, "other");
      const start = clock.now();
      const submit = async (
        by: Lease,
        key: string,
        account = "account",
        perMinute = 3,
      ): Promise<number | "written"> => {
        const done = await store.append(by, { events: [waiting(key)], submit: { account, perMinute, key } });
        assert.notEqual(done.outcome, "denied");
        return done.outcome === "later" ? done.at : "written";
      };
      for (const key of ["s1", "s2", "s3"]) {
        assert.equal(await submit(key === "s2" ? other : lease, key), "written");
        clock.advance(10);
      }
      const before = await allOf(store, lease);
      assert.equal(await submit(lease, "s4"), start + 60_000);
      assert.deepEqual(await allOf(store, lease), before);
      assert.equal(await submit(other, "s4"), start + 60_000);
      // Asked for once more, as after a crash.
      assert.equal(await submit(lease, "s3"), "written");
      assert.equal(await submit(lease, "s4", "another account"), "written");
      // With fewer allowed, more of them have to pass.
      assert.equal(await submit(lease, "s4", "account", 2), start + 70_000);
      assert.equal(await submit(lease, "s4", "account", 1), start + 80_000);
      assert.equal(await submit(lease, "s4", "account", 4), "written");
      clock.advance(29.999);
      assert.equal(await submit(lease, "s5", "account", 4), start + 60_000);
      clock.advance(0.001);
      assert.equal(await submit(lease, "s5", "account", 4), "written");
      assert.equal(await submit(lease, "s6", "account", 4), start + 70_000);
      // A key whose place is more than a minute old submits now, and takes one that counts now.
      clock.advance(1000);
      for (const key of ["s1", "s7", "s8"]) assert.equal(await submit(lease, key), "written");
      assert.equal(await submit(lease, "s9"), clock.now() + 60_000);
    }),
    storeCase("submits dated by a clock that was set back since keep nobody waiting", async ({ store, clock }) => {
      const lease = await driven(store, "one");
      const submit = (key: string) =>
        store.append(lease, { events: [], submit: { account: "account", perMinute: 1, key } });
      assert.equal((await submit("s1")).outcome, "written");
      clock.advance(-7200);
      assert.equal((await submit("s2")).outcome, "written");
      assert.deepEqual(await submit("s3"), { outcome: "later", at: clock.now() + 60_000 });
    }),
  ];
}

/** What an append could have changed. */
async function allOf(store: RunStore, { runId }: Lease): Promise<unknown> {
  const totals = await Promise.all(["wide", "tight"].map((scope) => store.totals(scope)));
  return [await store.run(runId), await store.read(runId), totals];
}
