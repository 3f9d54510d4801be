import { expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { type Backend, isRemote } from "../../../providers/index.ts";
import { adam, minimize } from "../../../src/index.ts";
import { cancelOpenJobs } from "../../../src/runs/cancel-jobs.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { foldRun } from "../../../src/runs/run-state.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";

const start = (store: RunStore, provider: Backend, clock: InProcessEmulator["clock"], id: string) =>
  minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    steps: 2,
    seed: 5,
    precision: 0.1,
    provider,
    store,
    clock,
    id,
    budget: "200s",
  });

test("a job whose submit was not answered before its run was left is looked for, and cancelled too", async () => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 3000 });
  const { clock, control } = emulator;
  const backend = await emulator.process().provider.backend("ibmq_manila");
  const store = memoryStore({ clock });
  control.set({ listLagSeconds: 60 });
  control.faults.add({ method: "POST", path: "/jobs", dropConnection: "after" });
  const run = start(store, backend, clock, "unheard");
  run.catch(() => {});
  while (control.jobs().length === 0) await clock.sleep(1000);
  await run.suspend();
  const [job] = foldRun(await store.read("unheard")).jobs.values();
  expect(job!.submits.map(({ jobId }) => jobId)).toEqual([undefined]);
  await clock.sleep(100_000);
  const cancelled = control.jobs().map(({ id }) => id);
  expect(await cancelOpenJobs(store, "unheard", backend)).toEqual({ cancelled, kept: [] });
  expect(control.jobs()).toMatchObject([{ status: "Cancelled" }]);
  expect((await store.totals("run:unheard")).reserved.jobs).toBe(0);
});

test.each([
  ["is replaced when the run goes on", 60, 1],
  ["that has ended meanwhile is used", 0, 0],
])("a job that was out when its run was left and its jobs cancelled %s", async (_what, waitSeconds, cancelledJobs) => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 300 });
  const { clock } = emulator;
  const backend = await emulator.process().provider.backend("ibmq_manila");
  if (!isRemote(backend)) throw new Error("no jobs to cancel");
  const store = memoryStore({ clock });
  const straight = await start(store, backend, clock, "straight");

  const before = emulator.control.jobs().length;
  const run = start(store, backend, clock, "left");
  run.catch(() => {});
  while (emulator.control.jobs().length === before) await clock.sleep(1000);
  await clock.sleep(waitSeconds * 1000);
  await run.suspend();
  if (cancelledJobs === 0) await clock.sleep(1_000_000);
  const { cancelled, kept } = await cancelOpenJobs(store, "left", backend);
  expect([cancelled.length, kept.length]).toEqual([cancelledJobs, 1 - cancelledJobs]);
  expect(await store.run("left")).toMatchObject({ status: "stopped", lease: undefined });
  const { reserved } = await store.totals("run:left");
  expect(reserved.jobs).toBe(1 - cancelledJobs);

  const resumed = await start(store, backend, clock, "left");
  expect(resumed.weights).toEqual(straight.weights);
  const jobs = emulator.control.jobs().slice(before);
  expect(jobs.length).toBe(3 + cancelledJobs);
  expect(jobs.filter(({ status }) => status === "Cancelled").length).toBe(cancelledJobs);
  const state = foldRun(await store.read("left"));
  expect(state.orphans.size).toBe(0);
  const charged = jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
  expect(state.quantumSeconds).toBeCloseTo(charged, 5);
  expect((await store.totals("run:left")).reserved.quantumSeconds).toBe(0);
});
