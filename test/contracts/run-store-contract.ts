import assert from "node:assert/strict";
import { type RunStore, thisOwner } from "../../src/runs/index.ts";
import { type ContractCase, rejectsWithCode, withoutSkipped } from "./contract-case.ts";
import { storeAppendCases } from "./store-append-cases.ts";
import { storeBudgetCases } from "./store-budget-cases.ts";
import {
  bytesOf,
  created,
  driven,
  type StoreCase,
  type StorePlace,
  sha256,
  step,
  storeCases,
  task,
  written,
} from "./store-case.ts";
import { storeLeaseCases } from "./store-lease-cases.ts";
import { storeRaceCases } from "./store-race-cases.ts";
import { storeRunCases } from "./store-run-cases.ts";
import { storeScheduleCases } from "./store-schedule-cases.ts";

export interface RunStoreContractOptions {
  /** A place without anything in it; every case asks for its own. */
  readonly place: () => StorePlace | Promise<StorePlace>;
  /**
   * False for a store that ends when it is closed and has no second handle, such as one in memory; leaves out the cases on
   * what is found when it is opened again. True by default.
   */
  readonly lasting?: boolean;
  /** Cases that do not hold for this store, by name, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * What any place for runs must do: journals and blobs, leases with fencing, what workers are given, budgets, submit rates,
 * schedules and their ticks, all without effect where a method rejects, and however many ask at the same time.
 * @example
 * for (const { name, run } of runStoreContract({ place: () => ({ open: (clock) => myStore({ clock }) }) })) test(name, run);
 * @returns cases that need no test runner of their own
 * @throws AssertionError when `skip` names a case that does not exist
 */
export function runStoreContract({
  place,
  lasting = true,
  skip = {},
}: RunStoreContractOptions): readonly ContractCase[] {
  const storeCase = storeCases(place, lasting);
  return withoutSkipped(
    [
      ...storeRunCases(storeCase),
      ...storeLeaseCases(storeCase),
      ...storeAppendCases(storeCase),
      ...storeBudgetCases(storeCase),
      ...storeScheduleCases(storeCase),
      ...storeRaceCases(storeCase),
      ...closingCases(storeCase),
      ...(lasting ? lastingCases(storeCase) : []),
    ],
    { skip },
  );
}

function closingCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("a store that was closed does nothing more", async ({ store }) => {
      const lease = await driven(store, "one");
      await store.close();
      await store.close();
      await store[Symbol.asyncDispose]();
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        now: () => store.now(),
        create: () => store.create({ id: "two", events: [created] }),
        run: () => store.run("one"),
        runs: () => store.runs(),
        claim: () => store.claim("one", thisOwner(), 30),
        claimDue: () => store.claimDue(thisOwner(), 30),
        nextDue: () => store.nextDue(),
        renew: () => store.renew(lease, 30),
        release: () => store.release(lease),
        requestStop: () => store.requestStop("one"),
        append: () => store.append(lease, { events: [step(1)] }),
        read: () => store.read("one"),
        blob: () => store.blob("0".repeat(64)),
        dropBlobs: () => store.dropBlobs(lease, []),
        totals: () => store.totals("run:one"),
        addSchedule: () => store.addSchedule("nightly", {}),
        schedules: () => store.schedules(),
        pauseSchedule: () => store.pauseSchedule("nightly", true),
        removeSchedule: () => store.removeSchedule("nightly"),
        decideTick: () => store.decideTick({ schedule: "nightly", tick: 1, outcome: "skipped", words: "" }),
        ticks: () => store.ticks("nightly"),
      } satisfies Record<Exclude<keyof RunStore, "location" | "close" | typeof Symbol.asyncDispose>, unknown>;
      for (const call of Object.values(calls)) await rejectsWithCode(call, "LEDGER_CLOSED", /closed/);
    }),
    storeCase("what was asked for before a store is closed is done", async ({ store }) => {
      const lease = await driven(store, "one");
      const asked = [1, 2, 3].map((number) => store.append(lease, { events: [step(number)] }));
      const closed = store.close();
      assert.deepEqual(
        (await Promise.all(asked)).map(({ outcome }) => outcome),
        ["written", "written", "written"],
      );
      await closed;
    }),
  ];
}

function lastingCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("all that was kept is there when the store is opened again", async ({ store, clock, another }) => {
      const blob = bytesOf("a state");
      const lease = await driven(store, "one", { task, schedule: { id: "nightly", tick: 7 } });
      const scopes = [{ scope: "run:one", limits: { quantumSeconds: 10 } }];
      await written(store, lease, {
        events: [step(1)],
        blobs: [blob],
        reserve: { key: "k1", scopes, needSeconds: 1, capSeconds: 4, jobs: 1, perSecond: 0.5 },
        settle: [{ key: "k0", scopes: ["run:one"], amount: { quantumSeconds: 1.25, money: 0.5, jobs: 1 } }],
        submit: { account: "account", perMinute: 1, key: "k1" },
        activity: "job 1 is queued",
      });
      await store.requestStop("one");
      await store.addSchedule("nightly", { cron: "0 2 * * *" });
      await store.decideTick({ schedule: "nightly", tick: 7, outcome: "skipped", words: "too early" });
      const all = async (of: RunStore): Promise<unknown> => [
        await of.runs(),
        await of.read("one"),
        sha256(await of.blob(sha256(blob))),
        await of.totals("run:one"),
        await of.schedules(),
        await of.ticks("nightly"),
        await of.nextDue(),
      ];
      const before = await all(store);
      assert.deepEqual(await all(await another()), before);
      await store.close();
      const again = await another();
      assert.deepEqual(await all(again), before);
      assert.deepEqual(
        await again.append(lease, { events: [], submit: { account: "account", perMinute: 1, key: "k2" } }),
        { outcome: "later", at: clock.now() + 60_000 },
      );
      assert.deepEqual(await again.renew(lease, 30), { stopRequested: true });
      await written(again, lease, {
        events: [step(2)],
        settle: [{ key: "k1", scopes: [], amount: { quantumSeconds: 2, money: 1, jobs: 1 } }],
      });
      assert.deepEqual(await again.totals("run:one"), {
        settled: { quantumSeconds: 3.25, money: 1.5, jobs: 2 },
        reserved: { quantumSeconds: 0, money: 0, jobs: 0 },
      });
    }),
    storeCase("what one process writes another one sees at once", async ({ store, another }) => {
      const other = await another();
      const lease = await driven(store, "one");
      for (let number = 1; number <= 5; number++) {
        await written(number % 2 ? store : other, lease, { events: [step(number)] });
        assert.equal((await (number % 2 ? other : store).run("one"))!.step, number);
      }
      assert.deepEqual(await other.read("one"), await store.read("one"));
    }),
  ];
}
