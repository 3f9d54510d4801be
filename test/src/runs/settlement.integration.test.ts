import { describe, expect, test } from "vitest";
import { type JobUsage, ProviderError, type RemoteBackend, systemClock } from "../../../providers/index.ts";
import { minimize } from "../../../src/index.ts";
import { createdEvent, foldRun, memoryStore } from "../../../src/runs/index.ts";
import { EMULATED_BACKEND, emulatedProvider } from "../../support/emulated-provider.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { fastClock } from "../../support/movable-clock.ts";
import { smallProblem } from "../../support/small-problem.ts";

const service = new EmulatedService();
const remote = (maxPayloadBytes?: number): Promise<RemoteBackend> =>
  service.backend(maxPayloadBytes === undefined ? {} : { limits: { maxPayloadBytes } });
const problem = smallProblem(2);

/** A service that is slow to say what jobs were charged: not before it was asked so often. */
function slowToCharge(inner: RemoteBackend, questions: number): RemoteBackend {
  const asked = new Map<string, number>();
  return new Proxy(inner, {
    get(target, name) {
      if (name === "jobUsage")
        return async (id: string): Promise<JobUsage> => {
          asked.set(id, (asked.get(id) ?? 0) + 1);
          const usage = await target.jobUsage(id);
          return asked.get(id)! > questions ? usage : { ...usage, quantumSeconds: 0, final: false };
        };
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

describe("a job that a limit splits", () => {
  test("has one reservation for all its parts, even where the budget is hardly enough", async () => {
    const provider = await remote(1300);
    const unkept = await minimize({ ...problem, provider: await remote(1300) });
    const store = memoryStore();
    // Two steps and the value at the end, two seconds each part and up to one for rounding.
    const result = await minimize({ ...problem, provider, store, id: "split", budget: "30s" });
    expect(result.weights).toEqual(unkept.weights);
    const jobs = service.jobsOf("split");
    expect(jobs.length).toBeGreaterThan(3);
    const { settled, reserved } = await store.totals("run:split");
    expect(settled.quantumSeconds).toBeCloseTo(service.chargedFor("split"), 5);
    expect(settled.jobs).toBe(jobs.length);
    expect(reserved).toEqual({ quantumSeconds: 0, money: 0, jobs: 0 });
  });

  test("whose one part fails has the others cancelled, and all of them counted", async () => {
    const provider = await remote(1300);
    const store = memoryStore();
    service.emulator.control.nextJobs([
      { status: "Failed", reasonCode: 1517, reason: "no such thing", quantumSeconds: 1 },
    ]);
    const run = minimize({ ...problem, provider, store, id: "part-fails" });
    await expect(run).rejects.toMatchObject({ code: "JOB_FAILED" });
    expect((await store.totals("run:part-fails")).settled.quantumSeconds).toBeCloseTo(
      service.chargedFor("part-fails"),
      5,
    );
    const resumed = await minimize({ ...problem, provider, store, id: "part-fails" });
    const unkept = await minimize({ ...problem, provider: await remote(1300) });
    expect(resumed.weights).toEqual(unkept.weights);
    expect((await store.totals("run:part-fails")).settled.quantumSeconds).toBeCloseTo(
      service.chargedFor("part-fails"),
      5,
    );
    expect(foldRun(await store.read("part-fails")).quantumSeconds).toBeCloseTo(service.chargedFor("part-fails"), 5);
  });
});

describe("a charge that is not final", () => {
  test("keeps what was set aside until it is, at the price of then", async () => {
    const store = memoryStore();
    const price = { perSecond: 1.5, currency: "USD" };
    const run = minimize({
      ...problem,
      provider: slowToCharge(await remote(), 1),
      store,
      id: "slow",
      budget: "500s",
      price,
      callbacks: {
        async onStep({ step }) {
          const { settled, reserved } = await store.totals("run:slow");
          expect(settled.quantumSeconds).toBe(0);
          // The service says nothing yet; they count as planned.
          expect(foldRun(await store.read("slow")).quantumSeconds).toBeGreaterThanOrEqual(2 * step);
          // Three times what is planned and 30 s for each.
          expect(reserved).toMatchObject({ quantumSeconds: step * 38, jobs: step });
        },
      },
    });
    await run;
    const { settled, reserved } = await store.totals("run:slow");
    expect(settled).toMatchObject({ quantumSeconds: service.chargedFor("slow"), jobs: 3 });
    expect(reserved.jobs).toBe(0);
    expect((await store.totals("run:slow:USD")).settled.money).toBeCloseTo(1.5 * service.chargedFor("slow"), 5);
  });

  test("is asked for when the budget would be too small otherwise, and is taken as what was set aside if it never comes", async () => {
    const store = memoryStore();
    const options = { ...problem, store, budget: "60s" };
    await minimize({ ...options, provider: slowToCharge(await remote(), 1), id: "tight" });
    expect((await store.totals("run:tight")).settled.quantumSeconds).toBe(service.chargedFor("tight"));
    await minimize({
      ...options,
      budget: "500s",
      provider: slowToCharge(await remote(), 1e9),
      id: "never",
      clock: fastClock,
    });
    const { settled, reserved } = await store.totals("run:never");
    expect(settled.quantumSeconds).toBeGreaterThan(service.chargedFor("never"));
    expect(settled.jobs).toBe(3);
    expect(reserved.jobs).toBe(0);
  });
});

test("a charge that cannot be asked for leaves no trace of why in the journal's result", async () => {
  const store = memoryStore();
  const inner = await remote();
  let troubles = 1;
  const provider = new Proxy(inner, {
    get(target, name) {
      if (name === "jobUsage" && troubles-- > 0)
        return () => Promise.reject(new ProviderError("IBM_UNREACHABLE", "no way there", { retryable: true }));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  await minimize({ ...problem, provider, store, id: "unheard" });
  const [first] = (await store.read("unheard")).flatMap(({ event }) => (event.type === "result" ? [event] : []));
  expect(first).toMatchObject({ final: false });
  expect(Object.keys(first!).sort()).toEqual(
    ["calibration", "executions", "final", "jobId", "key", "quantumSeconds", "record", "result", "type"].sort(),
  );
  expect((await store.totals("run:unheard")).settled.quantumSeconds).toBeCloseTo(service.chargedFor("unheard"), 5);
});

describe("a run that nobody drives", () => {
  test("does not hold its schedule's budget once its job has ended, and uses the job's values all the same", async () => {
    const store = memoryStore();
    for (const id of ["left", "next"])
      await store.create({ id, schedule: { id: "nightly", tick: id.length }, events: [createdEvent()] });
    const schedule = { id: "nightly", budget: { quantumSeconds: 39 } };
    const options = { ...problem, steps: 1, store, schedule };
    service.emulator.control.setBackend("ibmq_manila", "paused");
    // A paused backend takes jobs and lets them wait.
    const waiting = new Proxy(await remote(), {
      get(target, name) {
        if (name === "status") return async () => ({ operational: true, pendingJobs: 0, message: "" });
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const left = minimize({ ...options, provider: waiting, id: "left" });
    left.catch(() => {});
    while (service.jobsOf("left").length === 0) await systemClock.sleep(5);
    await systemClock.sleep(50);
    await left.suspend();
    expect((await store.totals("schedule:nightly")).reserved.jobs).toBe(1);
    service.emulator.control.setBackend("ibmq_manila", "online");
    await minimize({ ...options, provider: await remote(), id: "next", clock: fastClock });
    await minimize({ ...options, provider: await remote(), id: "left", clock: fastClock });
    expect(service.jobsOf("left").length).toBe(2);
    const { settled, reserved } = await store.totals("schedule:nightly");
    expect(settled.quantumSeconds).toBeCloseTo(service.chargedFor("left") + service.chargedFor("next"), 5);
    expect(reserved.jobs).toBe(0);
  });
});

describe("two ledgers of one account", () => {
  test("with runs of the same name and numbers leave each other's jobs alone", async () => {
    const [ours, theirs] = [memoryStore(), memoryStore()];
    const options = async () => ({ ...problem, provider: await remote(), id: "first" });
    const results = [];
    for (const store of [ours, theirs, ours]) {
      // The second one loses the answer to its first submit, so it compares its jobs with the service's list.
      if (store === theirs)
        service.emulator.control.faults.add({ method: "POST", path: "/jobs", dropConnection: "after", times: 1 });
      results.push(await minimize({ ...(await options()), store }));
    }
    expect(results[1]!.weights).toEqual(results[0]!.weights);
    const jobs = service.jobsOf("first");
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => "Completed"));
    expect(jobs.length).toBe(6);
    for (const store of [ours, theirs]) {
      const state = foldRun(await store.read("first"));
      expect(state.orphans.size).toBe(0);
      const ids = [...state.jobs.values()].flatMap(({ submits }) => submits.map(({ jobId }) => jobId));
      expect(ids.length).toBe(3);
    }
  });
});

describe("a session that the backend has opened by itself", () => {
  test("is closed when the run ends, also when it fails", async () => {
    const provider = emulatedProvider(service.emulator);
    const stateOf = async (id: string) => (await (await provider.resumeSession(id)).details()).accepting_jobs;
    const done = await provider.backend(EMULATED_BACKEND, { session: "batch" });
    await minimize({ ...problem, provider: done, store: memoryStore(), id: "in-session" });
    expect(done.sessionIds.length).toBe(1);
    expect(await stateOf(done.sessionIds[0]!)).toBe(false);
    service.emulator.control.nextJobs([{ status: "Failed", reasonCode: 1517, reason: "no such thing" }]);
    const failing = await provider.backend(EMULATED_BACKEND, { session: "batch" });
    const run = minimize({ ...problem, provider: failing, store: memoryStore(), id: "fails" });
    await expect(run).rejects.toMatchObject({ code: "JOB_FAILED" });
    expect(await stateOf(failing.sessionIds[0]!)).toBe(false);
  });
});
