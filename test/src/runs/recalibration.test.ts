import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { localSimulator, type RemoteBackend } from "../../../providers/index.ts";
import { exportRun, replayRun, type TrainOptions, train } from "../../../src/index.ts";
import { onCrashPoint } from "../../../src/runs/crash-points.ts";
import { historyOf, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { EMULATED_BACKEND } from "../../support/emulated-provider.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { layersInARow, rowSettings, twoRows } from "../../support/layers-in-a-row.ts";
import { codeOf, count, DEVICE, RunWorld, undisturbed } from "../../support/run-world.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

const NEW =
  /^small_device was calibrated anew at 2026-01-01T20:\S+; the run goes on with circuits compiled for that of /m;

describe("a device that is calibrated anew between two steps", () => {
  test("is asked for once a job, told once, and does not keep a run from going on", async () => {
    await using world = new RunWorld();
    const { run, program } = await world.drive({ steps: 3 });
    let asked = 0;
    const { onRequest } = program;
    program.onRequest = (request, stage) => {
      onRequest?.(request, stage);
      if (stage === "sending" && /\/backends\/[^/]+\/properties/.test(request.url)) asked++;
    };
    for await (const _ of run) break;
    world.emulator.control.recalibrate(DEVICE);
    expect((await run).weights).toEqual(await undisturbed(3));
    expect(asked).toBe(world.jobs.length);
    const history = await world.history();
    expect(count(history, NEW)).toBe(1);
    expect(history.search(/^step 1 done/m)).toBeLessThan(history.search(NEW));
    const dates = (await world.store.read("run")).flatMap(({ event }) =>
      event.type === "intent" ? [[event.calibration, event.calibratedAt]] : [],
    );
    expect(new Set(dates.map(([compiled]) => compiled)).size).toBe(1);
    expect(new Set(dates.map(([, at]) => at)).size).toBe(2);
    expect(dates.at(-1)![1]).not.toBe(dates.at(-1)![0]);
  });

  test("is not told where it was not, and changes no submit key", async () => {
    const keysOf = async (starting: object) => {
      await using world = new RunWorld();
      const { store } = world;
      const named = (): RunStore =>
        new Proxy(store, {
          get(target, name) {
            // Of all runs the same, so that their keys can be compared.
            if (name === "create") return (run: object) => target.create({ ...run, events: [created] } as never);
            const member: unknown = Reflect.get(target, name);
            return typeof member === "function" ? member.bind(target) : member;
          },
        });
      await world.finish({ ...starting, store: named() });
      expect(await world.history()).not.toMatch(/calibrated anew/);
      return world.jobs.map(({ tags }) => tags.find((tag) => tag.startsWith("lp1-")));
    };
    const created = { type: "created", versions: {}, nonce: "same" } as const;
    const keys = await keysOf({});
    expect(new Set(keys).size).toBe(3);
    expect(await keysOf({ recalibration: "pause" })).toEqual(keys);
    expect(await keysOf({ recalibration: "restart-step" })).toEqual(keys);
  });

  test("ends a run that is to pause before anything more is sent; resumed, it compiles anew and goes on", async () => {
    await using world = new RunWorld();
    const { run } = await world.drive({ recalibration: "pause" });
    for await (const _ of run) break;
    const sent = world.jobs.length;
    world.emulator.control.recalibrate(DEVICE);
    await expect(run.result()).rejects.toMatchObject({
      name: "RunError",
      code: "RUN_RECALIBRATED",
      message: expect.stringMatching(
        /^small_device was calibrated anew at \S+, and the circuits of run run are compiled/,
      ),
    });
    expect((await world.row()).status).toBe("stopped");
    expect(await world.history()).toMatch(
      /^stopped: small_device was calibrated anew at .*Nothing more was submitted\./m,
    );
    // A step may have been sent while the loop above was left.
    expect(world.jobs.length - sent).toBeLessThanOrEqual(1);
    const left = world.jobs.length;
    expect((await world.finish({ recalibration: "pause" })).weights).toEqual(await undisturbed());
    expect([left, world.jobs.length]).toEqual([left, 3]);
    expect(await world.history()).toMatch(/; compiled anew for the calibration of 2026-01-01T20:/);
  });

  test("is waited for where a run is to pause and the date cannot be had; one that goes on does without", async () => {
    for (const [recalibration, waits] of [
      ["pause", true],
      ["continue", false],
    ] as const) {
      await using world = new RunWorld();
      const { run } = await world.drive({ recalibration });
      world.fault({ path: "/backends/*/properties", status: 503, times: null, name: "dates" });
      await world.sleep(1800);
      expect(world.jobs.length).toBe(waits ? 0 : 3);
      world.emulator.control.faults.remove("dates");
      expect((await run).weights).toEqual(await undisturbed());
      expect(/^Not submitted yet: GET \/backends\/\S+ answered 503/m.test(await world.history())).toBe(waits);
    }
  });
});

describe("what cannot be heeded is refused before anything is sent", () => {
  test("another policy, or one without a store", async () => {
    await using world = new RunWorld();
    expect(await codeOf(world.finish({ recalibration: "never" as never }))).toBe("RUN_OPTION");
    expect(await codeOf(world.finish({ recalibration: "pause", store: undefined }))).toBe("RUN_OPTION");
    expect(world.jobs).toEqual([]);
  });

  test("a backend that cannot say when it was calibrated", async () => {
    await using world = new RunWorld();
    const backend = await world.emulator.process().provider.backend(DEVICE, { effort: 0 });
    const mute = new Proxy(backend as RemoteBackend, {
      get(target, name) {
        const member: unknown = name === "calibration" ? undefined : Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    for (const recalibration of ["pause", "restart-step"])
      expect(await codeOf(world.finish({ provider: mute, recalibration } as never))).toBe("RUN_PROVIDER");
    expect(world.jobs).toEqual([]);
    await world.finish({ provider: mute, id: "run" } as never);
    expect(world.jobs.length).toBe(3);
  });
});

describe("a step of two quantum layers in a row", () => {
  const service = new EmulatedService();
  beforeAll(() => useTensorBackend("cpu"));
  afterEach(() => onCrashPoint(undefined));

  const drive = async (store: RunStore, id: string, options: TrainOptions = {}) => {
    const trained = layersInARow();
    const result = await train(trained, twoRows, {
      ...rowSettings(),
      ...{ provider: await service.backend(), store, id, steps: 2, recalibration: "restart-step", ...options },
    });
    return { result, weights: trained.getWeights().map((tensor) => Array.from(tensor.dataSync())) };
  };
  const jobsOf = (id: string) => service.jobsOf(id);
  const historyFor = async (store: RunStore, id: string) =>
    historyOf(await store.read(id))
      .map(({ words }) => words)
      .join("\n");
  /** Each time the values of a job are durable, as often as is said. */
  const recalibrate = (times: number): void => {
    let left = times;
    onCrashPoint((point) => {
      if (point === "k10" && left-- > 0) service.emulator.control.recalibrate(EMULATED_BACKEND);
    });
  };
  const AGAIN =
    /^the values of job \w+ are not used: ibmq_manila was calibrated anew at \S+, so step 1 is taken again, all of it under one calibration\.$/m;

  test("that was calibrated between them is taken again, once, and its first values are paid for and told", async () => {
    const store = memoryStore();
    const plain = await drive(store, "plain");
    expect(jobsOf("plain").length).toBe(4);
    recalibrate(1);
    const { weights, result } = await drive(store, "again");
    // Equal jobs have equal values at the emulator.
    expect(weights).toEqual(plain.weights);
    expect(jobsOf("again").length).toBe(5);
    expect(result.jobIds.length).toBe(4);
    const history = await historyFor(store, "again");
    expect(count(history, AGAIN)).toBe(1);
    expect(history).toMatch(/^job 1 of step 1 again goes to ibmq_manila/m);
    const intents = (await store.read("again")).flatMap(({ event }) => (event.type === "intent" ? [event] : []));
    const used = intents.filter(({ place }) => place.phase === "step-1-again");
    expect(used.length).toBe(2);
    expect(new Set(used.map(({ calibratedAt }) => calibratedAt)).size).toBe(1);
    // All of it is charged.
    const { settled, reserved } = await store.totals("run:again");
    const charged = jobsOf("again").reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
    expect(settled.quantumSeconds).toBeCloseTo(charged, 4);
    expect(settled.jobs).toBe(5);
    expect(reserved.quantumSeconds).toBe(0);
  });

  test("that is calibrated after each of its jobs is taken again once, and then the mix is told", async () => {
    const store = memoryStore();
    recalibrate(2);
    await drive(store, "twice", { steps: 1 });
    expect(jobsOf("twice").length).toBe(3);
    const history = await historyFor(store, "twice");
    expect(count(history, AGAIN)).toBe(1);
    expect(history).toMatch(/; jobs before this one in the same step ran under another calibration\.$/m);
  });

  test("is told as mixed where the run goes on", async () => {
    const store = memoryStore();
    recalibrate(1);
    await drive(store, "on", { steps: 1, recalibration: "continue" });
    expect(jobsOf("on").length).toBe(2);
    const history = await historyFor(store, "on");
    expect(history).not.toMatch(/taken again/);
    expect(count(history, /; jobs before this one in the same step ran under another calibration\.$/m)).toBe(1);
  });

  test("costs no more than the budget has, and goes on with a larger one", async () => {
    const store = memoryStore();
    recalibrate(1);
    expect(await codeOf(drive(store, "poor", { steps: 1, budget: "2 jobs" }))).toBe("BUDGET_USED_UP");
    expect(jobsOf("poor").length).toBe(2);
    const { weights } = await drive(store, "poor", { steps: 1, budget: "3 jobs" });
    expect(jobsOf("poor").length).toBe(3);
    expect(weights).toEqual((await drive(store, "reference", { steps: 1 })).weights);
  });

  test("that was cut off while it is taken again goes on there, and is replayed without the service", async () => {
    const store = memoryStore();
    let intents = 0;
    const leave = new AbortController();
    let left = 1;
    onCrashPoint((point) => {
      if (point === "k10" && left-- > 0) service.emulator.control.recalibrate(EMULATED_BACKEND);
      if (point === "k2" && ++intents === 2) leave.abort(new Error("cut off"));
    });
    await expect(drive(store, "cut", { steps: 1, signal: leave.signal })).rejects.toThrow("cut off");
    onCrashPoint(undefined);
    const { weights } = await drive(store, "cut", { steps: 1 });
    expect(jobsOf("cut").length).toBe(3);
    expect(weights).toEqual((await drive(store, "whole", { steps: 1 })).weights);
    const replayed = layersInARow();
    await replayRun(await exportRun(store, "cut"), {
      run: (keeping) =>
        train(replayed, twoRows, {
          ...rowSettings(),
          steps: 1,
          recalibration: "restart-step",
          ...keeping,
        } as TrainOptions),
    });
    expect(replayed.getWeights().map((tensor) => Array.from(tensor.dataSync()))).toEqual(weights);
  });

  test("on a simulator, which is never calibrated, is taken as ever", async () => {
    const store = memoryStore();
    const { result } = await drive(store, "local", { provider: localSimulator(), precision: 0 });
    expect(result.steps).toBe(2);
    expect(await historyFor(store, "local")).not.toMatch(/calibrat/);
  });
});
