import { describe, expect, test } from "vitest";
import type { RunStore } from "../../../src/runs/index.ts";
import { codeOf, HOUR, RunWorld } from "../../support/run-world.ts";

/** A store that takes a second for each append. */
function slowStore({ store, sleep }: { readonly store: RunStore; sleep(seconds: number): Promise<void> }): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: readonly unknown[]) => {
        if (name === "append") await sleep(1);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

test("a job is written down before it is sent, and its id before anybody sees it", async () => {
  await using world = new RunWorld();
  const store = slowStore({ store: world.store, sleep: (seconds) => world.sleep(seconds) });
  const told: string[] = [];
  const known = async () => [...(await world.state()).jobs.values()].flatMap(({ submits }) => submits);
  const { run, program } = await world.drive({
    store,
    onSubmitted: async (jobId) => {
      told.push(jobId);
      expect((await known()).map((submit) => submit.jobId)).toContain(jobId);
    },
  });
  const intended: Promise<void>[] = [];
  program.onRequest = ({ method, url, body }, stage) => {
    if (stage !== "sending" || method !== "POST" || !url.endsWith("/jobs")) return;
    const { tags } = JSON.parse(body!) as { readonly tags: readonly string[] };
    intended.push(known().then((submits) => expect(tags).toContain(submits.at(-1)?.key)));
  };
  await run;
  await Promise.all(intended);
  expect(intended).toHaveLength(3);
  expect(told).toEqual(world.jobs.map(({ id }) => id));
});

test("the service may run a job for no longer than was set aside for it", async () => {
  await using world = new RunWorld();
  const { run, program } = await world.drive({ budget: "10s" });
  const costs: number[] = [];
  program.onRequest = ({ method, url, body }, stage) => {
    if (stage === "sending" && method === "POST" && url.endsWith("/jobs"))
      costs.push((JSON.parse(body!) as { readonly cost: number }).cost);
  };
  await run;
  const reserved = (await world.store.read("run")).flatMap(({ event }) =>
    event.type === "intent" ? [event.reserved.quantumSeconds] : [],
  );
  expect(reserved).toHaveLength(3);
  expect(costs).toEqual(reserved);
  // Without a budget it would be three times what is planned, and half a minute.
  expect(Math.max(...costs)).toBeLessThanOrEqual(10);
});

describe("a job that a limit splits", () => {
  const process = { limits: { maxPayloadBytes: 1300 } };

  test.each(["9s", "10s"])(
    "has set aside at least what its parts together may take, of a budget of %s",
    async (budget) => {
      await using world = new RunWorld({ queueSeconds: HOUR });
      const { run, program } = await world.drive({ steps: 1, budget, process });
      let cost = 0;
      program.onRequest = ({ method, url, body }, stage) => {
        if (stage === "sending" && method === "POST" && url.endsWith("/jobs"))
          cost += (JSON.parse(body!) as { readonly cost: number }).cost;
      };
      await world.sleep(60);
      expect(world.jobs.length).toBe(2);
      const { reserved } = await world.store.totals("run:run");
      expect(reserved.jobs).toBe(2);
      expect(cost).toBeLessThanOrEqual(reserved.quantumSeconds);
      await run.suspend();
    },
  );

  test("keeps what was set aside for a part that is out when the next one is refused", async () => {
    await using world = new RunWorld({ queueSeconds: HOUR });
    world.fault({ method: "POST", path: "/jobs", after: 1, status: 400, code: 1234 });
    expect(await codeOf(world.finish({ steps: 1, process }))).toBe("IBM_REQUEST");
    expect(world.jobs.map(({ status }) => status)).toEqual(["Queued"]);
    expect((await world.store.totals("run:run")).reserved).toMatchObject({ quantumSeconds: 76, jobs: 2 });
  });
});

test("what was set aside for a job that was refused for a while stays set aside", async () => {
  await using world = new RunWorld();
  world.fault({ method: "POST", path: "/jobs", status: 429, retryAfter: 4000 });
  const { run } = await world.drive({ steps: 1 });
  await world.sleep(1800);
  expect(world.jobs.length).toBe(0);
  expect((await world.store.totals("run:run")).reserved.jobs).toBe(1);
  await run;
});

test("a job that the service accepts though it says that there were too many is found and counted at the end", async () => {
  await using world = new RunWorld();
  // Listed too late for the search before the next try.
  world.emulator.control.set({ listLagSeconds: 60 });
  world.fault({ method: "POST", path: "/jobs", phase: "after", status: 429, retryAfter: 1 });
  await world.finish({ steps: 3 });
  expect(world.jobs.length).toBe(5);
  const { orphans, quantumSeconds } = await world.state();
  expect(orphans.size).toBe(1);
  expect(quantumSeconds).toBeCloseTo(
    world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
    9,
  );
});
