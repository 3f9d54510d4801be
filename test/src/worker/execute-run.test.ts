import { utimesSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { adam, minimize } from "../../../src/index.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import type { RunTask } from "../../../src/runs/run-task.ts";
import { readSafetensors } from "../../../src/runs/safetensors.ts";
import { executeRun } from "../../../src/worker/execute-run.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";

const files = taskFiles();
const problem = files.write("problem.mjs", PROBLEM);
afterEach(() => vi.restoreAllMocks());

const direct = (learningRate: number, steps = 4, seed: number | string = 5) =>
  minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate }),
    steps,
    seed,
    provider: localSimulator(),
  });

async function storeWith(id: string, task?: RunTask) {
  const store = memoryStore();
  await store.create({ id, events: [createdEvent()], ...(task === undefined ? {} : { task }) });
  return store;
}

describe("a run from its task", () => {
  test("does what the program would, with the task's options in place of the file's", async () => {
    const store = await storeWith("a", { config: problem, options: { lr: 0.2, steps: 3, seed: 9, provider: "local" } });
    const steps: (readonly [number, number | undefined])[] = [];
    const { kind, result, weights } = await executeRun(store, "a", {
      weights: true,
      onStep: ({ step }, total) => void steps.push([step, total]),
    });
    const wanted = await direct(0.2, 3, 9);
    expect(kind).toBe("minimize");
    expect(result).toMatchObject({ weights: wanted.weights, value: wanted.value });
    expect(readSafetensors(weights!).tensors.get("weights")?.data).toEqual(wanted.weights);
    expect(steps).toEqual([1, 2, 3].map((step) => [step, 3]));
    expect(await store.run("a")).toMatchObject({ status: "finished", step: 3, lease: undefined });
  });

  test("that has ended gives its result again and writes nothing", async () => {
    const store = await storeWith("b", { config: problem, options: {} });
    const first = await executeRun(store, "b");
    const { length } = await store.read("b");
    expect((await executeRun(store, "b")).result).toEqual(first.result);
    expect((await store.read("b")).length).toBe(length);
  });

  test("under a lease is let go of when it ends", async () => {
    const store = await storeWith("c", { config: problem, options: {} });
    const lease = await store.claim("c", thisOwner(), 30);
    await executeRun(store, lease);
    expect(await store.run("c")).toMatchObject({ status: "finished", lease: undefined });
    expect((await store.read("c")).filter(({ event }) => event.type === "claimed").length).toBe(1);
  });

  test("is left when the signal says so, and goes on to the same numbers", async () => {
    const store = await storeWith("d", { config: problem, options: { lr: 0.3, steps: 6 } });
    const controller = new AbortController();
    const left = executeRun(store, "d", {
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(left).rejects.toThrow("enough");
    const row = await store.run("d");
    expect(row).toMatchObject({ status: "stopped", lease: undefined });
    expect(row!.step).toBeGreaterThanOrEqual(2);
    expect(row!.step).toBeLessThan(6);
    expect((await executeRun(store, "d")).result).toMatchObject({ weights: (await direct(0.3, 6)).weights });
  });

  test("goes on in another file than its own only where that means the same", async () => {
    const store = await storeWith("e", { config: problem, options: { steps: 2 } });
    await executeRun(store, "e");
    const other = executeRun(store, "e", { task: { config: problem, options: { steps: 2, lr: 0.7 } } });
    await expect(other).rejects.toMatchObject({ code: "RUN_CHANGED", message: expect.stringContaining("optimizer") });
  });
});

describe("what keeps a run from being driven", () => {
  const broken = files.write("broken.mjs", "\nthrow new Error('no data at postgres://me:secret@host/db')");
  const unfit = files.write("unfit.mjs", PROBLEM.replace(/optimizer: adam\([^)]*\)/, "optimizer: {}"));
  const cases: readonly (readonly [why: string, task: RunTask | undefined, code: string, words: RegExp])[] = [
    ["a file that throws", { config: broken, options: {} }, "CONFIG_FILE", /no data.*line 2/],
    ["a file that is gone", { config: `${files.folder}/gone.ts`, options: {} }, "CONFIG_FILE", /There is no file/],
    ["an option of the wrong kind", { config: problem, options: { steps: 1.5 } }, "RUN_OPTION", /steps is .*1\.5/],
    ["epochs without data", { config: problem, options: { epochs: 2 } }, "RUN_OPTION", /no epochs/],
    ["a budget without a unit", { config: problem, options: { budget: "60" } }, "BUDGET_UNIT", /60/],
    ["an optimizer that is none", { config: unfit, options: {} }, "TRAINING_OPTION", /needs an optimizer/],
    ["money without a price", { config: problem, options: { budget: "5 USD" } }, "BUDGET_PRICE", /no price/],
    ["an unknown provider", { config: problem, options: { provider: "moon" } }, "PROVIDER_UNKNOWN", /moon/],
    ["no task", undefined, "RUN_NO_TASK", /by a program/],
  ];
  test.each(cases)("%s is told, and nothing is written unless it is leased", async (_why, task, code, words) => {
    const store = await storeWith("x", task);
    await expect(executeRun(store, "x")).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    expect(await store.run("x")).toMatchObject({ status: "ready" });
    expect((await store.read("x")).length).toBe(1);

    const lease = await store.claim("x", thisOwner(), 30);
    await expect(executeRun(store, lease)).rejects.toMatchObject({ code });
    expect(await store.run("x")).toMatchObject({ status: "failed", lease: undefined });
    const last = (await store.read("x")).at(-1)!.event;
    expect(last).toMatchObject({ type: "failed", error: { code, message: expect.stringMatching(words) } });
    expect(JSON.stringify(last)).not.toContain("secret");
  });

  test("a run without a file of its options is told which it has no use for", async () => {
    const fixed = files.write("fixed.mjs", PROBLEM.replace("({ lr = 0.1 }) => (", "(").replace("learningRate: lr", ""));
    const store = await storeWith("y", { config: fixed, options: { steps: 2, lr: 0.1 } });
    await expect(executeRun(store, "y")).rejects.toMatchObject({
      code: "CONFIG_FILE",
      message: expect.stringContaining('no option "lr"'),
    });
    await executeRun(store, "y", { task: { config: fixed, options: { steps: 2 } } });
  });
});

describe("files of many runs", () => {
  test("are loaded anew when they have changed, and once for each run where they export no function", async () => {
    const counts = "globalThis.leptonLoads = (globalThis.leptonLoads ?? 0) + 1;\n";
    const loads = (): number => (globalThis as { leptonLoads?: number }).leptonLoads ?? 0;
    const run = async (config: string, options: RunTask["options"] = {}) =>
      executeRun(await storeWith("z", { config, options }), "z");

    const made = files.write("made.mjs", counts + PROBLEM);
    await run(made);
    await run(made, { lr: 0.2 });
    expect(loads()).toBe(1);
    files.write("made.mjs", counts + PROBLEM.replace("steps: 4", "steps: 2"));
    // As a checkout may leave it.
    utimesSync(made, 0, 0);
    const { result } = await run(made);
    expect(loads()).toBe(2);
    expect(result.history.length).toBe(2);

    const fixed = counts + PROBLEM.replace("({ lr = 0.1 }) => (", "(").replace("learningRate: lr", "");
    const own = files.write("own.mjs", fixed);
    await run(own);
    await run(own);
    expect(loads()).toBe(4);
  });

  test("never hand a second run the model that the first one has trained", async () => {
    const shared = files.write(
      "shared.mjs",
      `const model = { dispose() {} };
export default () => ({ model, data: { x: [[1]], y: [[1]] } });`,
    );
    const store = await storeWith("s", { config: shared, options: {} });
    await expect(executeRun(store, "s")).rejects.toMatchObject({ code: expect.stringMatching(/^(MODEL|TRAINING)_/) });
    await expect(executeRun(store, "s")).rejects.toMatchObject({
      code: "CONFIG_FILE",
      message: expect.stringContaining("make it inside the function"),
    });
  });
});
