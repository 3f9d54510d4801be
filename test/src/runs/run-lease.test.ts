import { expect, test } from "vitest";
import { RunError } from "../../../src/errors.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { claimOrCreate, renewLease } from "../../../src/runs/run-lease.ts";
import type { Lease, RunStore } from "../../../src/runs/run-store.ts";

const lease: Lease = { runId: "run", owner: thisOwner(), epoch: 1, takeover: false };

/** Renews a lease at a store that answers so, until it has waited as often as is said. */
async function renewing(answers: readonly (boolean | Error)[], { replaced = 0, waits = 3 } = {}) {
  const ended = new AbortController();
  const slept: number[] = [];
  const told: string[] = [];
  const renewed: (readonly [seconds: number, activity: string | null | undefined])[] = [];
  const clock = {
    now: () => 0,
    async sleep(milliseconds: number) {
      if (slept.length === waits) ended.abort();
      ended.signal.throwIfAborted();
      slept.push(milliseconds / 1000);
    },
  };
  const renew: RunStore["renew"] = async (_lease, seconds, activity) => {
    const answer = answers[renewed.length] ?? false;
    renewed.push([seconds, activity]);
    if (answer instanceof Error) throw answer;
    return { stopRequested: answer };
  };
  await renewLease({ renew } as RunStore, lease, {
    ...{ clock, replaced, signal: ended.signal, activity: () => (renewed.length === 0 ? "waits" : undefined) },
    onStopRequest: () => void told.push("stop"),
    onFenced: ({ code }) => void told.push(code!),
  });
  return { slept, told, renewed };
}

test("a lease is renewed every ten seconds with what is waited for, also by a store that was busy", async () => {
  const busy = new RunError("LEDGER_BUSY", "busy");
  expect(await renewing([false, busy, false])).toEqual({
    ...{ slept: [10, 10, 10], told: [] },
    renewed: [
      [30, "waits"],
      [30, null],
      [30, null],
    ],
  });
});

test("whoever drives a run is told each time that it was asked to stop", async () => {
  expect((await renewing([true, false, true])).told).toEqual(["stop", "stop"]);
});

test("whoever was replaced is told so, and renews nothing any more", async () => {
  const { told, renewed } = await renewing([false, new RunError("RUN_FENCED", "replaced")], { waits: 9 });
  expect([told, renewed.length]).toEqual([["RUN_FENCED"], 2]);
});

test.each([
  [1, 60],
  [6, 1920],
  [7, 1920],
  [2000, 1920],
])("after %i drivers that were replaced a lease lasts for %i s, from the beginning", async (replaced, seconds) => {
  const { slept, renewed } = await renewing([], { replaced, waits: 1 });
  expect(slept).toEqual([10]);
  expect(renewed.map(([lasts]) => lasts)).toEqual([seconds, seconds]);
});

test("a run that another process makes in the same moment is claimed", async () => {
  const inner = memoryStore();
  await inner.create({ id: "run", events: [createdEvent()] });
  const store: RunStore = new Proxy(inner, {
    get: (target, name) => (name === "run" ? async () => undefined : Reflect.get(target, name).bind(target)),
  });
  expect(await claimOrCreate(store, "run")).toMatchObject({ runId: "run", epoch: 1 });
});
