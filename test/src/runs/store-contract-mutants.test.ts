import { expect, test } from "vitest";
import { memoryStore, type RunStore } from "../../../src/index.ts";
import type { Append, Lease } from "../../../src/runs/index.ts";
import { runStoreContract } from "../../contracts/index.ts";

/*
 * A contract case is worth what it catches: each of these stores has one fault, which the cases named must not let pass.
 */

/** Replaces methods of a store that has no fault. */
type Mutation = (honest: RunStore) => Partial<RunStore>;

/** Whoever drives the run now. */
async function present(store: RunStore, id: string): Promise<Lease | undefined> {
  const lease = (await store.run(id))?.lease;
  return lease && { runId: id, owner: lease.owner, epoch: lease.epoch, takeover: false };
}

let counter = 0;
const changedAppend =
  (change: (append: Append) => Append): Mutation =>
  (honest) => ({ append: (lease, append) => honest.append(lease, change(append)) });

const MUTANTS: readonly (readonly [fault: string, Mutation, caught: readonly string[]])[] = [
  [
    "a lease keeps nobody out",
    (honest) => ({
      async claim(id, owner, ttl) {
        const lease = await present(honest, id);
        if (lease !== undefined) await honest.release(lease);
        return honest.claim(id, owner, ttl);
      },
    }),
    ["another driver is told who has a run, and since when"],
  ],
  [
    "an old lease still writes",
    (honest) => ({
      append: async (lease, append) => honest.append((await present(honest, lease.runId)) ?? lease, append),
    }),
    ["a driver that was replaced can write nothing at all", "a lease that is over is taken over"],
  ],
  [
    "an old lease is renewed",
    (honest) => ({
      renew: async (lease, ttl, activity) => honest.renew((await present(honest, lease.runId)) ?? lease, ttl, activity),
    }),
    ["a driver that was replaced can write nothing at all"],
  ],
  [
    "nothing is let go",
    () => ({ release: async () => {} }),
    ["a run that was let go is free, and its last driver may no longer write"],
  ],
  [
    "a wish to stop is lost",
    () => ({ requestStop: async () => {} }),
    ["a lease is renewed, with what is waited for", "a wish that a run stop is taken back by the next claim"],
  ],
  [
    "what is waited for is lost at a renewal",
    (honest) => ({ renew: (lease, ttl) => honest.renew(lease, ttl) }),
    ["a lease is renewed, with what is waited for"],
  ],
  [
    "a run is given to two workers",
    (honest) => {
      let last: Lease | undefined;
      return {
        async claimDue(owner, ttl) {
          last = (await honest.claimDue(owner, ttl)) ?? last;
          return last;
        },
      };
    },
    ["of many workers, no two are given one run", "no worker is given what is not due"],
  ],
  [
    "the newest run is due first",
    (honest) => ({
      async claimDue(owner, ttl) {
        for (const { id, task, lease, status } of await honest.runs())
          if (task !== undefined && lease === undefined && status !== "stopped") return honest.claim(id, owner, ttl);
        return undefined;
      },
    }),
    ["a worker is given the run that has been due for longest", "no worker is given what is not due"],
  ],
  ["nothing is ever due", () => ({ nextDue: async () => undefined }), ["when the next run is due is known"]],
  [
    "a denied reservation writes all the same",
    (honest) => ({
      async append(lease, append) {
        const done = await honest.append(lease, append);
        if (done.outcome === "denied") await honest.append(lease, { events: [{ type: "waiting", words: "denied" }] });
        return done;
      },
    }),
    ["a denied reservation writes nothing, and says which scope and whether to wait"],
  ],
  [
    "each reservation of a key is another one",
    changedAppend((append) =>
      append.reserve === undefined ? append : { ...append, reserve: { ...append.reserve, key: `${counter++}` } },
    ),
    [
      "a key has one reservation, whoever asks however often",
      "totals are what a bookkeeper adds up, and no limit is passed",
    ],
  ],
  [
    "a charge is added to what was charged before",
    changedAppend((append) => ({
      ...append,
      settle: (append.settle ?? []).map((settlement) => ({ ...settlement, key: `${settlement.key}${counter++}` })),
    })),
    ["what is settled takes the place of what was set aside, or settled before"],
  ],
  [
    "submits are not counted",
    changedAppend(({ submit: _, ...append }) => append),
    ["an account has so many submits a minute, over all its runs", "racing submits of an account stay within its rate"],
  ],
  [
    "a submit that is asked for again is counted again",
    changedAppend((append) =>
      append.submit === undefined ? append : { ...append, submit: { ...append.submit, key: `${counter++}` } },
    ),
    ["an account has so many submits a minute, over all its runs"],
  ],
  [
    "reservations are made before it is known whether there is room",
    (honest) => ({
      async append(lease, append) {
        if (append.reserve === undefined) return honest.append(lease, append);
        const { reserve } = append;
        const scopes = reserve.scopes.map((scope) => ({ ...scope, limits: {} }));
        const totals = await Promise.all(scopes.map(({ scope }) => honest.totals(scope)));
        const left = (index: number): number =>
          (reserve.scopes[index]!.limits.quantumSeconds ?? 1e6) - totals[index]!.reserved.quantumSeconds;
        if (totals.some((_, index) => left(index) < reserve.needSeconds)) return honest.append(lease, append);
        return honest.append(lease, { ...append, reserve: { ...reserve, scopes } });
      },
    }),
    ["racing reservations leave no budget overdrawn"],
  ],
  [
    "the last record is not read",
    (honest) => ({ read: async (id, from) => (await honest.read(id, from)).slice(0, -1) }),
    ["an append answers with its records, dated and numbered"],
  ],
  [
    "NaN is let into a budget",
    changedAppend((append) => ({
      ...append,
      settle: (append.settle ?? []).filter(({ amount }) => Object.values(amount).every((value) => value >= 0)),
    })),
    ["an amount that is no number of 0 or more is refused without effect"],
  ],
  [
    "a dropped blob stays",
    () => ({ dropBlobs: async () => {} }),
    ["a dropped blob is gone, unless another run has it", "a driver that was replaced can write nothing at all"],
  ],
  [
    "blobs are not written",
    changedAppend(({ blobs: _, ...append }) => append),
    ["blobs are kept under their SHA-256, each once, and nobody's copy is another's"],
  ],
  [
    "runs are listed oldest first",
    (honest) => ({ runs: async (filter) => (await honest.runs(filter)).toReversed() }),
    ["runs are listed newest first, by status and by schedule, 100 unless more are asked for"],
  ],
  [
    "any id is taken",
    (honest) => ({
      create: (run) =>
        honest.create({
          ...run,
          id:
            String(run.id)
              .replaceAll(/[^a-z0-9]/g, "x")
              .slice(0, 9) || "x",
        }),
    }),
    ["ids of runs are 1 to 50 of a-z, 0-9 and -, and begin with no -"],
  ],
  [
    "a tick is decided although its schedule is paused",
    (honest) => ({ pauseSchedule: async (id, paused) => (paused ? undefined : honest.pauseSchedule(id, false)) }),
    ["nothing is decided for a schedule that is paused, or not there"],
  ],
  [
    "a tick is decided although it was",
    (honest) => ({ decideTick: async (tick, run) => (await honest.decideTick(tick, run)) || true }),
    ["a tick is decided once, with its run", "of many schedulers, one decides each tick and starts its run"],
  ],
  [
    "a run of a tick is made outside its transaction",
    (honest) => ({
      async decideTick(tick, run) {
        const decided = await honest.decideTick(tick);
        if (decided && run !== undefined) await honest.create(run);
        return decided;
      },
    }),
    ["a tick whose run cannot be made is not decided"],
  ],
  [
    "closing does nothing",
    () => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} }),
    ["a store that was closed does nothing more"],
  ],
];

function contractOf(mutation: Mutation) {
  return runStoreContract({
    lasting: false,
    place: () => ({
      open(clock) {
        const honest = memoryStore({ clock });
        const replaced = mutation(honest);
        return new Proxy(honest, {
          get(_, name) {
            const found = name in replaced ? replaced[name as keyof RunStore] : honest[name as keyof RunStore];
            return typeof found === "function" ? found.bind(honest) : found;
          },
        });
      },
    }),
  });
}

test.each(MUTANTS)("%s: the contract notices", async (_, mutation, caught) => {
  const cases = new Map(contractOf(mutation).map(({ name, run }) => [name, run]));
  for (const name of caught) await expect(cases.get(name)!(), name).rejects.toThrow();
});

test("a store behind the same replacement, without a fault, passes the same cases", async () => {
  const names = new Set(MUTANTS.flatMap(([, , caught]) => caught));
  for (const { name, run } of contractOf(() => ({}))) if (names.has(name)) await run();
});
