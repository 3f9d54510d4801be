import { expect, test } from "vitest";
import type { RunStore } from "../../../src/runs/index.ts";
import { RunWorld } from "../../support/run-world.ts";

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
