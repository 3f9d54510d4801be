import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../providers/index.ts";
import { RunError } from "../../../src/errors.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import type { RunTask } from "../../../src/runs/run-task.ts";
import { unpackState } from "../../../src/runs/snapshot.ts";
import { stopRun } from "../../../src/runs/stop-run.ts";
import { addSchedule } from "../../../src/schedules/index.ts";
import { deathsWithoutProgress, MAX_DEATHS } from "../../../src/worker/crash-loop.ts";
import { pollingWaker } from "../../../src/worker/wake.ts";
import { startWorker, type WorkerOptions } from "../../../src/worker/worker.ts";
import type { WorkerEvent } from "../../../src/worker/worker-events.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();
const problem = files.write("problem.mjs", PROBLEM);

const add = (store: RunStore, id: string, task: Partial<RunTask> = {}) =>
  store.create({ id, task: { config: problem, options: {}, ...task }, events: [createdEvent()] });

const countLoads = "globalThis.leptonLooks = (globalThis.leptonLooks ?? 0) + 1;\n";

/** Drives all that is due; what it told. */
async function work(store: RunStore, options: Partial<WorkerOptions> = {}) {
  const events: WorkerEvent[] = [];
  const waker = options.waker ?? pollingWaker(store);
  await startWorker({ store, waker, once: true, onEvent: (event) => void events.push(event), ...options });
  return events;
}

/** On which no wait takes longer than some milliseconds. */
const quick: Clock = {
  now: systemClock.now,
  sleep: (milliseconds, signal) => systemClock.sleep(Math.min(5, milliseconds), signal),
};

/** A clock that can be put forward, at first the beginning of a minute. */
function jumping() {
  let ahead = 60_000 - (systemClock.now() % 60_000);
  const clock = { now: () => systemClock.now() + ahead, sleep: systemClock.sleep };
  const jump = (seconds: number): void => {
    ahead += 1000 * seconds;
  };
  return { clock, jump };
}

describe("a worker", () => {
  test("drives every run that is due, no more than it may at a time, and leaves alone those that are not", async () => {
    const store = memoryStore();
    for (const lr of [0.1, 0.2, 0.3, 0.4, 0.5]) await add(store, `run-${10 * lr}`, { options: { lr } });
    await store.create({ id: "of-a-program", events: [createdEvent()] });
    await add(store, "stopped");
    await stopRun(store, "stopped");
    let [now, most] = [0, 0];
    const events: WorkerEvent[] = [];
    await work(store, {
      concurrency: 2,
      onEvent: (event) => {
        events.push(event);
        now += event.type === "claimed" ? 1 : -1;
        most = Math.max(most, now);
      },
    });
    expect(most).toBe(2);
    expect(events.filter(({ type }) => type === "finished").length).toBe(5);
    const statuses = (await store.runs()).map(({ id, status }) => [id, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      "of-a-program": "ready",
      stopped: "stopped",
      ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`run-${n}`, "finished"])),
    });
  });

  test("shares runs with others, each of them driven by one", async () => {
    const store = memoryStore();
    for (let n = 0; n < 12; n++) await add(store, `run-${n}`, { options: { lr: 0.01 * (n + 1) } });
    const told = (await Promise.all([1, 2, 3].map(() => work(store, { concurrency: 2 })))).flat();
    expect(told.filter(({ type }) => type === "finished").length).toBe(12);
    expect(told.filter(({ type }) => type === "claimed").length).toBe(12);
  });

  test("fails a run whose file throws, in words, and goes on with the others", async () => {
    const store = memoryStore();
    await add(store, "bad", { config: files.write("bad.mjs", "throw new TypeError('no such table')") });
    await add(store, "worse", { config: files.write("worse.mjs", "export default () => Promise.reject(null)") });
    await add(store, "good");
    const events = await work(store, { concurrency: 1 });
    expect(events.filter(({ type }) => type === "failed")).toMatchObject([
      { runId: "bad", code: "CONFIG_FILE", words: expect.stringContaining("no such table") },
      { runId: "worse", code: "CONFIG_FILE" },
    ]);
    expect((await store.run("bad"))?.status).toBe("failed");
    expect((await store.run("good"))?.status).toBe("finished");
    // Until somebody resumes them, they are nobody's business.
    expect(await work(store)).toEqual([]);
  });

  test("takes over a run whose driver died, but not for ever one that kills its drivers", async () => {
    const { clock, jump } = jumping();
    const store = memoryStore({ clock });
    await add(store, "deadly");
    await add(store, "unlucky");
    const die = async (id: string): Promise<void> => {
      await store.claim(id, thisOwner(), 30);
      jump(31);
    };
    for (let death = 0; death < MAX_DEATHS - 1; death++) await die("unlucky");
    for (let death = 0; death < MAX_DEATHS; death++) await die("deadly");
    const events = await work(store, { clock });
    expect(events).toContainEqual({ type: "claimed", runId: "unlucky", takeover: true });
    expect(events).toContainEqual({ type: "finished", runId: "unlucky" });
    expect(events).toContainEqual(expect.objectContaining({ type: "failed", runId: "deadly", code: "RUN_GIVEN_UP" }));
    expect(await store.run("deadly")).toMatchObject({ status: "failed", lease: undefined });
    expect((await store.read("deadly")).at(-1)?.event).toMatchObject({
      type: "failed",
      error: { code: "RUN_GIVEN_UP" },
    });
  });

  test("stops a run whose driver has left before it learnt that it is to", async () => {
    const store = memoryStore();
    await add(store, "asked");
    const lease = await store.claim("asked", thisOwner(), 30);
    expect(await stopRun(store, "asked")).toBe("asked");
    await store.append(lease, { events: [{ type: "parked", words: "A long queue.", wakeAt: 0 }] });
    await store.release(lease);
    expect((await work(store)).map(({ type }) => type)).toEqual(["claimed", "stopped"]);
    expect(await store.run("asked")).toMatchObject({ status: "stopped", step: 0, lease: undefined });
    expect(await work(store)).toEqual([]);
  });

  test("asks a store in trouble again", async () => {
    const inner = memoryStore();
    await add(inner, "patient");
    let troubles = 2;
    const store = new Proxy(inner, {
      get(target, name) {
        if (name === "claimDue" && troubles-- > 0) return () => Promise.reject(new Error("connection lost"));
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const events = await work(store, { clock: quick, waker: pollingWaker(inner) });
    expect(events.map(({ type }) => type)).toEqual(["trouble", "trouble", "claimed", "finished"]);
    expect(events[0]).toMatchObject({ words: "connection lost" });
  });

  test("fails no run since the store could not be read when it was prepared", async () => {
    const inner = memoryStore();
    await add(inner, "patient");
    let looks = 0;
    // The worker itself looks first whether the run is to stop.
    const run = (id: string) => (++looks === 2 ? Promise.reject(new RunError("LEDGER_IO", "lost")) : inner.run(id));
    const store = new Proxy(inner, {
      get(target, name) {
        if (name === "run") return run;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const events = await work(store, { clock: quick, waker: pollingWaker(inner) });
    expect(events.map(({ type }) => type)).toEqual(["claimed", "trouble", "claimed", "finished"]);
    expect((await inner.read("patient")).filter(({ event }) => event.type === "failed")).toEqual([]);
  });

  test("fails a run whose state is lost from the store, and takes it no more", async () => {
    const whole = memoryStore();
    await add(whole, "damaged");
    await work(whole);
    const events = (await whole.read("damaged")).map(({ event }) => event);
    const store = memoryStore();
    await store.create({
      id: "damaged",
      task: { config: problem, options: {} },
      events: events.slice(0, 1 + events.findIndex(({ type }) => type === "step")),
    });
    expect(await work(store, { clock: quick })).toMatchObject([
      { type: "claimed", runId: "damaged" },
      { type: "failed", runId: "damaged", code: "LEDGER_BLOB" },
    ]);
    expect(await store.run("damaged")).toMatchObject({ status: "failed", step: 1, lease: undefined });
    expect(await work(store)).toEqual([]);
  });

  test("goes on at once when a run ends while it looks for the next one", async () => {
    const inner = memoryStore();
    for (const id of ["first", "second"]) await add(inner, id);
    const ended = Promise.withResolvers<void>();
    const nextDue = async () => {
      await ended.promise;
      await setTimeout(10);
      return inner.nextDue();
    };
    const store = new Proxy(inner, {
      get(target, name) {
        if (name === "nextDue") return nextDue;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    // Nothing but what happens wakes it.
    const sleep: Clock["sleep"] = (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const finished: string[] = [];
    await work(store, {
      concurrency: 1,
      clock: { now: systemClock.now, sleep },
      onEvent: (event) => {
        if (event.type !== "finished") return;
        finished.push(event.runId);
        ended.resolve();
      },
    });
    expect(finished).toEqual(["first", "second"]);
  });

  test("starts the runs of schedules, and tells of ticks that are left out", async () => {
    const { clock, jump } = jumping();
    const store = memoryStore({ clock });
    await addSchedule(store, "often", { config: problem, cron: "* * * * *", options: { steps: 2 } });
    // The file names a provider, without a queue that could be too long.
    const local = files.write(
      "local.mjs",
      countLoads +
        PROBLEM.replace("adam,", "adam, localSimulator,")
          .replace("({ lr = 0.1 }) => (", "(")
          .replace("learningRate: lr", "")
          .replace("seed: 5,", "seed: 5, provider: localSimulator(),"),
    );
    await addSchedule(store, "picky", { config: local, cron: "* * * * *", when: "queue > 5", windowSeconds: 45 });
    const nameless = { config: problem, cron: "* * * * *", when: "queue < 5", windowSeconds: 0 };
    await addSchedule(store, "nameless", nameless);
    jump(61);
    const events = await work(store, { clock });
    expect(events.filter(({ type }) => type === "started")).toMatchObject([{ schedule: "often" }]);
    expect(events.filter(({ type }) => type === "waiting")).toMatchObject([
      { schedule: "picky", words: expect.stringContaining("queue > 5 is not met") },
    ]);
    expect(events.filter(({ type }) => type === "skipped")).toMatchObject([
      { schedule: "nameless", words: expect.stringContaining("names no provider") },
    ]);
    const [run] = await store.runs({ schedule: "often" });
    expect(run).toMatchObject({ status: "finished", step: 2 });
    expect((await work(store, { clock })).map(({ type }) => type)).toEqual(["waiting"]);
    expect((globalThis as { leptonLooks?: number }).leptonLooks).toBe(1);
    jump(60);
    expect(await work(store, { clock, schedules: false })).toEqual([]);
  });

  test("ends in moments while a service that is down keeps a condition waiting", async () => {
    const { clock, jump } = jumping();
    const sleep: Clock["sleep"] = (ms, signal) => systemClock.sleep(ms > 2000 ? ms : ms / 100, signal);
    const store = memoryStore({ clock });
    const options = { provider: "ibm:ibmq_manila" };
    await addSchedule(store, "picky", { config: problem, cron: "* * * * *", when: "queue < 5", options });
    jump(61);
    const ending = new AbortController();
    const providers = () => {
      ending.abort();
      return new Promise<never>(() => {});
    };
    const worker = work(store, { clock: { now: clock.now, sleep }, signal: ending.signal, once: false, providers });
    expect(await Promise.race([worker, setTimeout(1000, "still there")])).toEqual([]);
  });

  test("drives other runs while a service that is down keeps a condition waiting", async () => {
    const { clock, jump } = jumping();
    const store = memoryStore({ clock });
    const options = { provider: "ibm:ibmq_manila" };
    await addSchedule(store, "picky", { config: problem, cron: "* * * * *", when: "queue < 5", options });
    await add(store, "other");
    jump(61);
    const ending = new AbortController();
    const worker = work(store, {
      clock: { now: clock.now, sleep: (ms, signal) => systemClock.sleep(ms > 2000 ? ms : ms / 100, signal) },
      signal: ending.signal,
      once: false,
      providers: () => new Promise<never>(() => {}),
    });
    await expect.poll(async () => (await store.run("other"))?.status, { timeout: 5000 }).toBe("finished");
    ending.abort();
    expect((await worker).map(({ type }) => type)).toEqual(["claimed", "finished"]);
  });

  test("refuses to drive less than one run", async () => {
    await expect(work(memoryStore(), { concurrency: 0 })).rejects.toMatchObject({ code: "WORKER_OPTION" });
  });

  test("sleeps until it is woken", async () => {
    const store = memoryStore();
    const waker = pollingWaker(store, { pollSeconds: 600 });
    const ending = new AbortController();
    const finished = Promise.withResolvers<void>();
    const worker = work(store, {
      waker,
      once: false,
      signal: ending.signal,
      onEvent: ({ type }) => (type === "finished" ? finished.resolve() : undefined),
    });
    await setTimeout(20);
    await add(store, "late");
    await waker.notify();
    await finished.promise;
    ending.abort();
    await worker;
  });
});

describe("a worker on hardware", () => {
  const onEmulator = files.write("hardware.mjs", PROBLEM.replace("seed: 5,", "seed: 5, precision: 0.1,"));

  test("that ends leaves its run to the next one, with the job that is out, for the same numbers at the same price", async () => {
    await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 30 });
    const { clock } = emulator;
    const drive = (store: RunStore, options: Partial<WorkerOptions>) => {
      const program = emulator.process();
      const providers = () => program.provider.backend("ibmq_manila");
      return work(store, { clock: program.clock, waker: pollingWaker(store, { clock }), providers, ...options });
    };
    const task = { config: onEmulator, options: { provider: "ibm:ibmq_manila" } };
    const straight = memoryStore({ clock });
    await add(straight, "straight", task);
    await drive(straight, {});
    const { length: jobs } = emulator.control.jobs();

    const store = memoryStore({ clock });
    await add(store, "straight", task);
    const ending = new AbortController();
    const events = drive(store, { signal: ending.signal });
    while ((await store.run("straight"))!.step < 2) await clock.sleep(1000);
    await clock.sleep(5000);
    ending.abort();
    expect((await events).at(-1)).toMatchObject({ type: "left", runId: "straight" });
    expect(await store.run("straight")).toMatchObject({ status: "running", lease: undefined });
    expect((await drive(store, {})).at(-1)).toMatchObject({ type: "finished" });

    expect(await resultOf(store)).toEqual(await resultOf(straight));
    // What was out when the first worker ended is not paid again.
    expect(emulator.control.jobs().length).toBe(2 * jobs);
  });

  /** A run at a service whose queue is longer than an hour. */
  async function longQueue() {
    const emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 4000 });
    const { clock } = emulator;
    const store = memoryStore({ clock });
    await add(store, "queued", { config: onEmulator, options: { steps: 1, provider: "ibm:ibmq_manila" } });
    const dispose = () => emulator[Symbol.asyncDispose]();
    return {
      emulator,
      clock,
      store,
      program: emulator.process(),
      ending: new AbortController(),
      [Symbol.asyncDispose]: dispose,
    };
  }

  test("leaves a run whose job waits long, and comes back for it when it is time", async () => {
    await using queue = await longQueue();
    const { emulator, clock, store, program, ending } = queue;
    const began = clock.now();
    const told: string[] = [];
    await work(store, {
      clock: program.clock,
      waker: pollingWaker(store, { clock: program.clock }),
      providers: () => program.provider.backend("ibmq_manila"),
      once: false,
      signal: ending.signal,
      onEvent: (event) => {
        told.push(event.type);
        if (event.type === "finished") ending.abort();
      },
    });
    // Two jobs of more than an hour in the queue each, asked for after a tenth of the time that they have waited.
    const parked = told.filter((type) => type === "parked").length;
    expect(parked).toBeGreaterThan(3);
    expect(parked).toBeLessThan(40);
    expect((clock.now() - began) / 1000).toBeGreaterThan(8000);
    expect(told.at(-1)).toBe("finished");
    expect(emulator.control.jobs().length).toBe(2);
  });

  test("waits for a service that is down when it takes a run", async () => {
    await using queue = await longQueue();
    const { emulator, store, program, ending } = queue;
    const told: WorkerEvent[] = [];
    let looks = 0;
    await work(store, {
      clock: program.clock,
      waker: pollingWaker(store, { clock: program.clock }),
      providers: () => {
        // For minutes each time.
        program.offline = ++looks < 4;
        return program.provider.backend("ibmq_manila", { refresh: true });
      },
      once: false,
      signal: ending.signal,
      onEvent: (event) => {
        told.push(event);
        if (event.type === "finished" || event.type === "failed") ending.abort();
      },
    });
    const outage = { type: "parked", words: expect.stringContaining("backend cannot be had now: ") };
    expect(told.filter(({ type }) => type === "parked").slice(0, 3)).toMatchObject([outage, outage, outage]);
    expect(told.at(-1)).toEqual({ type: "finished", runId: "queued" });
    expect(emulator.control.jobs().length).toBe(2);
  });
});

/** What the run came to, without the words of the journal. */
async function resultOf(store: RunStore): Promise<unknown> {
  const { event } = (await store.read("straight")).at(-1)!;
  if (event.type !== "finished") throw new Error(`The run ended with ${event.type}.`);
  return unpackState(await store.blob(event.result));
}

describe("deaths without progress", () => {
  const record = (event: object) => ({ seq: 1, at: 0, epoch: 0, event }) as never;
  const died = record({ type: "claimed", takeover: true });
  const cases: readonly (readonly [string, readonly never[], number])[] = [
    ["none of a run that was left in order", [record({ type: "claimed", takeover: false })], 0],
    ["each takeover is one", [died, died, died], 3],
    ["a step forgives those before it", [died, died, record({ type: "step" }), died], 1],
    [
      "what does not come further forgives nothing",
      [died, record({ type: "intent" }), record({ type: "waiting" }), died],
      2,
    ],
    ["a run that was left in order starts anew", [died, died, record({ type: "parked" }), died], 1],
  ];
  test.each(cases)("%s", (_name, records, deaths) => expect(deathsWithoutProgress(records)).toBe(deaths));
});
