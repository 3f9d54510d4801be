import { describe, expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import {
  adam,
  exportRun,
  type MinimizeOptions,
  minimize,
  momentum,
  type ReplayKeeping,
  replayRun,
  spsa,
} from "../../../src/index.ts";
import type { RunEvent } from "../../../src/runs/events.ts";
import { forkRun } from "../../../src/runs/fork-run.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { foldRun } from "../../../src/runs/run-state.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { stopRun } from "../../../src/runs/stop-run.ts";

const problem = {
  circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
  optimizer: adam({ learningRate: 0.1 }),
  provider: localSimulator(),
  seed: 5,
};

const drive = (store: RunStore, id: string, learningRate = 0.1, steps = 6) =>
  minimize({ ...problem, optimizer: adam({ learningRate }), steps, store, id });

test("a setting that JSON has no word for is no other one when the run goes on", async () => {
  const store = memoryStore();
  const options = { ...problem, optimizer: spsa({ seed: 1 }), steps: 4, maxRows: Number.POSITIVE_INFINITY };
  const first = minimize({ ...options, store, id: "a" });
  for await (const { step } of first) if (step === 2) first.stop();
  await first;
  expect((await minimize({ ...options, store, id: "a" })).history.length).toBe(4);
  await expect(minimize({ ...options, maxRows: 8, store, id: "a" })).rejects.toMatchObject({ code: "RUN_CHANGED" });
});

test("a callback goes on with its state when the run does", async () => {
  const store = memoryStore();
  const counting = () => {
    let seen = 0;
    return {
      onStep: () => void seen++,
      state: () => ({ seen }),
      restore(state: unknown) {
        ({ seen } = state as { seen: number });
      },
      seen: () => seen,
    };
  };
  const first = minimize({ ...problem, steps: 5, store, id: "a", callbacks: counting() });
  for await (const { step } of first) if (step === 2) first.stop();
  expect((await first).history.length).toBeLessThan(5);
  const counted = counting();
  await minimize({ ...problem, steps: 5, store, id: "a", callbacks: counted });
  expect(counted.seen()).toBe(5);
});

describe("stopRun", () => {
  const task = { config: "run.ts", options: {} };

  test("stops what nobody drives, so that no worker takes it", async () => {
    const store = memoryStore();
    await store.create({ id: "a", task, events: [createdEvent()] });
    expect(await stopRun(store, "a")).toBe("stopped");
    expect(await store.run("a")).toMatchObject({ status: "stopped", lease: undefined });
    expect(await store.claimDue(thisOwner(), 30)).toBeUndefined();
    expect(await stopRun(store, "a")).toBe("over");
  });

  test("asks who drives it, who stops after the step at hand and can go on", async () => {
    const store = memoryStore();
    await store.create({ id: "b", events: [createdEvent()] });
    const lease = await store.claim("b", thisOwner(), 30);
    expect(await stopRun(store, "b")).toBe("asked");
    expect(await store.renew(lease, 30)).toEqual({ stopRequested: true });
  });

  test("leaves a finished run as it is, and knows no other", async () => {
    const store = memoryStore();
    await drive(store, "c", 0.1, 2);
    const before = await store.read("c");
    expect(await stopRun(store, "c")).toBe("over");
    expect(await store.read("c")).toEqual(before);
    await expect(stopRun(store, "d")).rejects.toMatchObject({ code: "RUN_UNKNOWN" });
  });
});

describe("forkRun", () => {
  test("goes on from the step exactly as the run itself did, and leaves it as it is", async () => {
    const store = memoryStore();
    const whole = await drive(store, "whole");
    const before = await store.read("whole");
    for (const at of [1, 3, 6]) {
      const row = await forkRun(store, "whole", { at, as: `fork-${at}` });
      expect(row).toMatchObject({ status: "ready", step: at, task: undefined });
      const fork = await drive(store, `fork-${at}`);
      expect(fork.weights).toEqual(whole.weights);
      expect(fork.value).toBe(whole.value);
      const state = foldRun(await store.read(`fork-${at}`));
      expect(state.parent).toEqual({ run: "whole", step: at });
      expect(state.steps.length).toBe(6);
    }
    expect(await store.read("whole")).toEqual(before);
  });

  test("may go another way from there", async () => {
    const store = memoryStore();
    const whole = await drive(store, "slow");
    await forkRun(store, "slow", { at: 4, as: "fast" });
    const fork = await drive(store, "fast", 0.4, 9);
    expect(fork.history.length).toBe(9);
    const values = (history: typeof whole.history) => history.map(({ value }) => value);
    expect(values(fork.history).slice(0, 5)).toEqual(values(whole.history).slice(0, 5));
    expect(values(fork.history)[5]).not.toBe(values(whole.history)[5]);
  });

  test("goes on with no other optimizer or circuit, whose state the old run's is not", async () => {
    const store = memoryStore();
    await drive(store, "a", 0.1, 3);
    await forkRun(store, "a", { at: 2, as: "b" });
    const other = (more: Partial<MinimizeOptions>) => minimize({ ...problem, steps: 6, store, id: "b", ...more });
    await expect(other({ optimizer: momentum({ learningRate: 0.1 }) })).rejects.toMatchObject({
      code: "TRAINING_CHECKPOINT",
      message: expect.stringMatching(/"adam".*"momentum"/),
    });
    const larger = realAmplitudes({ numQubits: 2, reps: 2 });
    await expect(other({ circuit: larger })).rejects.toMatchObject({ code: "TRAINING_SHAPE" });
    expect((await other({ optimizer: adam({ learningRate: 0.4 }) })).history.length).toBe(6);
  });

  test("may be given other settings until it has done a step of its own", async () => {
    const store = memoryStore();
    await drive(store, "a", 0.1, 3);
    for (const as of ["b", "c"]) await forkRun(store, "a", { at: 2, as });
    const steps = 6;
    const failing = minimize({
      ...{ ...problem, store, id: "b", steps, optimizer: adam({ learningRate: 0.4 }) },
      callbacks: {
        onStep() {
          throw new Error("not so fast");
        },
      },
    });
    await expect(failing).rejects.toThrow("not so fast");
    const fork = await drive(store, "b", 0.2, steps);
    expect(fork.weights).toEqual((await drive(store, "c", 0.2, steps)).weights);
    await expect(drive(store, "b", 0.4, steps)).rejects.toMatchObject({ code: "RUN_CHANGED" });
    const run = (kept: ReplayKeeping) =>
      minimize({ ...problem, optimizer: adam({ learningRate: 0.2 }), steps, ...kept });
    expect(await replayRun(await exportRun(store, "b"), { run })).toMatchObject({ status: "finished", steps: 4 });
  });

  test("has the state that it began with in its bundle, also when that is large and the old run has dropped it", async () => {
    const store = memoryStore();
    const large = { state: () => new Float64Array(40_000), restore() {} };
    const run = (id: string, steps: number, stop = 0) => {
      const driven = minimize({ ...problem, store, id, steps, callbacks: [large, { onStep }] });
      function onStep({ step }: { readonly step: number }): void {
        if (step === stop) driven.stop();
      }
      return driven;
    };
    await run("a", 9, 3);
    await forkRun(store, "a", { at: 2, as: "b" });
    await run("a", 9);
    const { weights } = await run("b", 9);
    let replayed: Float64Array | undefined;
    await replayRun(await exportRun(store, "b"), {
      run: async (kept) => {
        replayed = (await minimize({ ...problem, steps: 9, callbacks: large, ...kept })).weights;
      },
    });
    expect(replayed).toEqual(weights);
  });

  test("takes the task along, with other options by name", async () => {
    const store = memoryStore();
    const events: RunEvent[] = [createdEvent()];
    await store.create({ id: "a", task: { config: "run.ts", options: { lr: 0.1, seed: 2 } }, events });
    await drive(store, "a");
    const row = await forkRun(store, "a", { at: 2, as: "b", options: { lr: 0.3 } });
    expect(row.task).toEqual({ config: "run.ts", options: { lr: 0.3, seed: 2 } });
  });

  test("may spend what the old run was last given, unless it is given another budget", async () => {
    const store = memoryStore();
    const events: RunEvent[] = [createdEvent()];
    await store.create({ id: "a", task: { config: "run.ts", options: {} }, events });
    await minimize({ ...problem, steps: 3, store, id: "a", budget: "60s" });
    const budgetOf = async (id: string) => foldRun(await store.read(id)).budget;
    await forkRun(store, "a", { at: 2, as: "b" });
    expect(await budgetOf("b")).toEqual({ quantumSeconds: 60 });
    await drive(store, "b");
    expect(await budgetOf("b")).toEqual({ quantumSeconds: 60 });
    await forkRun(store, "b", { at: 4, as: "c", options: { budget: "20s" } });
    expect(await budgetOf("c")).toBeUndefined();
    expect((await store.run("c"))?.task?.options).toEqual({ budget: "20s" });
  });

  test("is refused where there is nothing to start from", async () => {
    const store = memoryStore();
    await drive(store, "a", 0.1, 3);
    const refused = (options: Parameters<typeof forkRun>[2], code: string, id = "a") =>
      expect(forkRun(store, id, options)).rejects.toMatchObject({ code });
    await refused({ at: 4, as: "b" }, "RUN_STEP");
    await refused({ at: 0, as: "b" }, "RUN_STEP");
    await refused({ at: 1.5, as: "b" }, "RUN_STEP");
    await refused({ at: 1, as: "a" }, "RUN_EXISTS");
    await refused({ at: 1, as: "B" }, "RUN_ID");
    await refused({ at: 1, as: "b" }, "RUN_UNKNOWN", "z");
    await refused({ at: 1, as: "b", options: { lr: 1 } }, "RUN_NO_TASK");
    const { snapshots } = foldRun(await store.read("a"));
    await store.dropBlobs(await store.claim("a", thisOwner(), 30), [snapshots[1]!]);
    await refused({ at: 2, as: "b" }, "RUN_STATE_DROPPED");
    expect((await store.runs()).map(({ id }) => id)).toEqual(["a"]);
  });
});
