import { expect, test } from "vitest";
import { systemClock } from "../../../providers/index.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { deathsWithoutProgress } from "../../../src/worker/crash-loop.ts";
import { pollingWaker } from "../../../src/worker/wake.ts";
import { startWorker } from "../../../src/worker/worker.ts";
import type { WorkerEvent } from "../../../src/worker/worker-events.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();
const problem = files.write("problem.mjs", PROBLEM);
/** Neither ends nor comes further, as if a step took for ever; says that it is there. */
const endless = files.write(
  "endless.mjs",
  `export default ({ name }) => {
    (globalThis.leptonThere ??= new Set()).add(name);
    return new Promise(() => {});
  };\n`,
);
const long = files.write("long.mjs", PROBLEM.replace("steps: 4", "steps: 1e6"));
const there = (): Set<string> => ((globalThis as { leptonThere?: Set<string> }).leptonThere ??= new Set());

const add = (store: RunStore, id: string, config: string) =>
  store.create({ id, task: { config, options: config === endless ? { name: id } : {} }, events: [createdEvent()] });

/** A clock that can be put forward, and whose waits are short. */
function world() {
  let ahead = 0;
  const clock = {
    now: () => systemClock.now() + ahead,
    sleep: (milliseconds: number, signal?: AbortSignal) => systemClock.sleep(Math.min(5, milliseconds), signal),
  };
  const store = memoryStore({ clock });
  const jump = (seconds: number): void => {
    ahead += 1000 * seconds;
  };
  const die = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) await store.claim(id, thisOwner(), 30);
    jump(31);
  };
  return { clock, store, jump, die };
}

/** A worker of a process of its own, until it is killed: from then on nothing of it reaches the store. */
function process({ clock, store }: ReturnType<typeof world>) {
  const events: WorkerEvent[] = [];
  const ending = new AbortController();
  let killed = false;
  const mortal = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => (killed ? new Promise(() => {}) : member.apply(target, args));
    },
  });
  const ended = startWorker({
    store: mortal,
    clock,
    waker: pollingWaker(store, { clock }),
    signal: ending.signal,
    onEvent: (event) => void events.push(event),
  });
  const kill = (): void => {
    killed = true;
    ending.abort();
  };
  const claims = (): readonly string[] => events.flatMap((event) => (event.type === "claimed" ? [event.runId] : []));
  return { events, claims, kill, leave: () => ending.abort(), ended };
}

const moment = () => systemClock.sleep(15);
/** Enough for a worker to take a run. */
const moments = () => systemClock.sleep(60);

/** What a run writes down that has come further. */
async function goFurther({ store }: ReturnType<typeof world>, id: string): Promise<void> {
  const { owner, epoch } = (await store.run(id))!.lease!;
  const event = { type: "submitted", key: "k", partKey: "k", jobId: "j", adopted: false, surplus: [] } as const;
  await store.append({ runId: id, owner, epoch, takeover: true }, { events: [event] });
}

test("a run that kills its workers is given up, and those are not that they drive beside it", async () => {
  const the = world();
  const innocent = ["first", "last"] as const;
  for (const id of [innocent[0], "deadly", innocent[1]]) await add(the.store, id, endless);
  let workers = 0;
  while ((await the.store.run("deadly"))?.status !== "failed") {
    expect(++workers).toBeLessThan(20);
    there().clear();
    const worker = process(the);
    // The others come further too, but not as fast as it kills.
    for (let turn = 0; !there().has("deadly") && (await the.store.run("deadly"))?.status !== "failed"; turn++) {
      await systemClock.sleep(5);
      if (turn % 8 === 7) for (const id of there()) if (id !== "deadly") await goFurther(the, id);
    }
    await moment();
    worker.kill();
    await worker.ended;
    the.jump(3000);
  }
  for (const id of innocent) {
    expect((await the.store.run(id))?.status).toBe("running");
    expect(deathsWithoutProgress(await the.store.read(id))).toBeLessThan(3);
  }
});

test("a run whose drivers died twice is alone until it comes further, and then others are driven beside it", async () => {
  const the = world();
  await add(the.store, "suspect", endless);
  await add(the.store, "other", endless);
  await the.die("suspect");
  await the.die("suspect");
  await the.die("other");
  there().clear();
  const worker = process(the);
  await moments();
  expect(worker.claims()).toEqual(["suspect"]);
  await goFurther(the, "suspect");
  await moments();
  expect(worker.claims()).toEqual(["suspect", "other"]);
  worker.leave();
  await worker.ended;
});

test("a run that neither dies nor comes further does not keep the others waiting for ever", async () => {
  const the = world();
  await add(the.store, "slow", endless);
  await the.die("slow");
  await the.die("slow");
  await add(the.store, "next", problem);
  const worker = process(the);
  await moments();
  expect(worker.claims()).toEqual(["slow"]);
  for (let seconds = 0; seconds < 900; seconds += 25) {
    expect(worker.claims()).toEqual(["slow"]);
    the.jump(25);
    await systemClock.sleep(8);
  }
  await moments();
  expect(worker.claims()).toEqual(["slow", "next"]);
  worker.leave();
  await worker.ended;
});

test("what a worker drives already is left in order before it drives a run that may be deadly", async () => {
  const the = world();
  await add(the.store, "suspect", endless);
  await the.die("suspect");
  await the.store.claim("suspect", thisOwner(), 30);
  await add(the.store, "earlier", long);
  there().clear();
  const worker = process(the);
  await expect.poll(async () => (await the.store.run("earlier"))?.step).toBeGreaterThan(1);
  the.jump(20);
  await moment();
  the.jump(15);
  await expect.poll(() => there()).toContain("suspect");
  expect(worker.claims()).toEqual(["earlier", "suspect"]);
  expect(worker.events).toContainEqual(expect.objectContaining({ type: "left", runId: "earlier" }));
  expect(await the.store.run("earlier")).toMatchObject({ status: "running", lease: undefined });
  worker.leave();
  await worker.ended;
});
