import { expect, test } from "vitest";
import { memoryStore, RunError } from "../../../src/index.ts";
import { historyOf } from "../../../src/runs/history.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { foldRun } from "../../../src/runs/run-state.ts";
import type { NewRun } from "../../../src/runs/run-store.ts";
import type { RunTask, TaskBudget } from "../../../src/runs/run-task.ts";
import { type ExecuteOptions, executeRun } from "../../../src/worker/execute-run.ts";
import { pollingWaker } from "../../../src/worker/wake.ts";
import { startWorker } from "../../../src/worker/worker.ts";
import type { WorkerEvent } from "../../../src/worker/worker-events.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();
const withBudget = (budget: string): string =>
  PROBLEM.replace("seed: 5,", `seed: 5,\n  precision: 0.1,\n  budget: "${budget}",`);

/** A run whose file gives it too few jobs: it takes five. */
async function start(
  name: string,
  { options, ...more }: { options?: RunTask["options"] } & Partial<NewRun> = {},
  budget?: TaskBudget,
) {
  const emulator = InProcessEmulator.open({ devices: ["manila"], noise: false });
  const { provider, clock } = emulator.process();
  const store = memoryStore({ clock });
  const config = files.write(name, withBudget("2 jobs"));
  const task = { config, options: { provider: "ibm:ibmq_manila", ...options }, ...(budget && { budget }) };
  await store.create({ id: "run", task, events: [createdEvent()], ...more });
  const shared = { providers: () => provider.backend("ibmq_manila"), clock };
  const drive = (options: ExecuteOptions = {}) => executeRun(store, "run", { ...shared, ...options });
  /** Leaves it to workers after the first step. */
  const leave = async (budget?: string): Promise<void> => {
    const left = new AbortController();
    const onStep = () => left.abort(new RunError("RUN_PARKED", "It was left."));
    await expect(drive({ budget, signal: left.signal, onStep })).rejects.toMatchObject({ code: "RUN_PARKED" });
  };
  const work = async (): Promise<WorkerEvent[]> => {
    const events: WorkerEvent[] = [];
    const waker = pollingWaker(store, { clock });
    await startWorker({ store, waker, once: true, onEvent: (event) => void events.push(event), ...shared });
    return events;
  };
  const budgets = async () => (await store.read("run")).flatMap(({ event }) => (event.type === "budget" ? event : []));
  return { emulator, store, drive, leave, work, budgets, [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose]() };
}

test("a budget that a run is given holds for whoever drives it later, a worker too", async () => {
  await using run = await start("raised.mjs");
  await expect(run.drive()).rejects.toMatchObject({ code: "BUDGET_PLAN" });
  expect(await run.budgets()).toEqual([]);
  await run.leave("5 jobs");
  expect((await run.work()).at(-1)).toMatchObject({ type: "finished" });
  expect(await run.budgets()).toEqual([{ type: "budget", budget: { jobs: 5 } }]);
  expect(historyOf(await run.store.read("run")).map(({ words }) => words)).toContain("its budget from here on: 5 jobs");
  expect(run.emulator.control.jobs().length).toBe(5);
});

test("a smaller budget holds for a worker, and what changes in the file then does not", async () => {
  await using run = await start("lowered.mjs");
  await run.leave("900s");
  files.write("lowered.mjs", withBudget("20 jobs"));
  await run.leave("1 job");
  expect((await run.work()).at(-1)).toMatchObject({ type: "failed", code: "BUDGET_PLAN" });
  const { budget, jobs } = foldRun(await run.store.read("run"));
  expect([budget, jobs.size]).toEqual([{ jobs: 1 }, 1]);
  // The same once more is nothing new.
  await expect(run.drive({ budget: "1 jobs" })).rejects.toMatchObject({ code: "BUDGET_PLAN" });
  expect((await run.budgets()).map(({ budget }) => budget)).toEqual([{ quantumSeconds: 900 }, { jobs: 1 }]);
  await run.drive({ budget: "unlimited" });
  expect(await run.store.run("run")).toMatchObject({ status: "finished" });
});

test("without one that was given, what the file says by now holds", async () => {
  await using run = await start("edited.mjs");
  await expect(run.drive()).rejects.toMatchObject({ code: "BUDGET_PLAN" });
  files.write("edited.mjs", withBudget("5 jobs"));
  await run.drive();
  expect(await run.budgets()).toEqual([]);
});

test("that of its options goes before that of its schedule's runs, and that before the file's", async () => {
  const ofRuns = { run: { jobs: 5 }, timeZone: "America/New_York" };
  await using own = await start("own.mjs", { options: { budget: "3 jobs" } }, ofRuns);
  await expect(own.drive()).rejects.toMatchObject({
    code: "BUDGET_PLAN",
    message: expect.stringContaining("(3 jobs)"),
  });
  await using run = await start("of-runs.mjs", {}, ofRuns);
  await run.drive();
  expect(run.emulator.control.jobs().length).toBe(5);
  // It is midnight in UTC.
  expect((await run.store.totals("day:run:run:2025-12-31")).settled.jobs).toBe(5);
});

test("that of its schedule holds for all of its runs together", async () => {
  const budget = { run: { jobs: 5 }, schedule: { jobs: 4 }, timeZone: "UTC" };
  await using run = await start("scheduled.mjs", { schedule: { id: "nightly", tick: 0 } }, budget);
  await expect(run.drive()).rejects.toMatchObject({
    code: "BUDGET_PLAN",
    message: expect.stringContaining("budget of schedule nightly"),
  });
  expect(run.emulator.control.jobs()).toEqual([]);
});
