import { Socket } from "node:net";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import {
  adam,
  exportRun,
  forkRun,
  type MinimizeOptions,
  memoryStore,
  minimize,
  type ReplayKeeping,
  type RunBundle,
  type RunStore,
  readBundle,
  replayRun,
  spsa,
  type TrainOptions,
  train,
} from "../../../src/index.ts";
import { quantumLayer } from "../../../src/layers/index.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import { foldRun, hashOf, packState, unpackState } from "../../../src/runs/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { smallProblem } from "../../support/small-problem.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

const emulated = new EmulatedService({ noise: true });
/** Its device; what remains of the service for a replay is the record. */
let service: Backend;
const connect = vi.fn(() => {
  throw new Error("A replay reached for the network.");
});

beforeAll(async () => {
  await useTensorBackend("cpu");
  service = await emulated.backend();
});
beforeEach(() => void connect.mockClear());

/** Recorded while the service was there, replayed with every socket of this process out of order. */
async function offline<Value>(work: () => Promise<Value>): Promise<Value> {
  const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(connect);
  try {
    return await work();
  } finally {
    spy.mockRestore();
    expect(connect).not.toHaveBeenCalled();
  }
}

const problem = smallProblem(3);
const optimizers = { adam: problem.optimizer, spsa: spsa({ seed: 1 }) };
const minimized = (kept: ReplayKeeping, more: Partial<MinimizeOptions> = {}) =>
  minimize({ ...problem, provider: localSimulator(), ...more, ...kept });

async function bundleOf(store: RunStore, id: string): Promise<RunBundle> {
  return readBundle(await exportRun(store, id));
}

const hashOfValues = (...values: readonly (Float64Array | Float32Array)[]): string =>
  hashOf(
    Buffer.concat(values.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))),
  );

/** A model whose first weights nobody can draw again. */
function model() {
  const x = input("x", 2);
  const w = weight("w", 2);
  const layer = Circuit.build(2, (c) => c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).cx(0, 1).ry(w.at(1), 1));
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 4, activation: "tanh", inputShape: [3] }),
      tfl.layers.dropout({ rate: 0.25 }),
      tfl.layers.dense({ units: 2, activation: "tanh" }),
      quantum(quantumLayer({ circuit: layer, observables: ["ZI", "IZ"] })),
      tfl.layers.dense({ units: 1 }),
    ],
  });
}
const rng = Rng.seed("rows");
const rowsOf = (count: number) => ({
  x: Array.from({ length: count }, () => Array.from({ length: 3 }, () => rng.uniform())),
  y: Array.from({ length: count }, () => [rng.uniform()]),
});
const data = rowsOf(6);
const validation = rowsOf(2);
const training = (provider: Backend, more: TrainOptions = {}): TrainOptions => ({
  provider,
  optimizer: tf.train.adam(0.05),
  loss: "meanSquaredError",
  metrics: ["mae"],
  batchSize: 3,
  epochs: 4,
  seed: 7,
  precision: 0.1,
  validation,
  earlyStopping: { patience: 1, restoreBest: true },
  ...more,
});
const valuesOf = (trained: tfl.LayersModel) => trained.getWeights().map((tensor) => tensor.dataSync() as Float32Array);

/** What a process leaves that was killed there, when its lease is over. */
async function leftAt(point: CrashPoint, nth: number, start: (store: RunStore) => PromiseLike<unknown>) {
  const { store, endLeases } = expiringStore();
  expect(await killedAt(point, nth, store, start)).toBe("killed");
  endLeases();
  return store;
}

describe("a run at a service, replayed without it", () => {
  test("whoever reached for the network would be seen", async () => {
    const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(connect);
    try {
      await expect(fetch("http://127.0.0.1:54321/")).rejects.toThrow();
      expect(connect).toHaveBeenCalled();
    } finally {
      spy.mockRestore();
    }
  });

  test.each(["adam", "spsa"] as const)("minimize with %s comes to the same weights, bit for bit", async (name) => {
    const store = memoryStore();
    const { weights } = await minimize({
      ...problem,
      optimizer: optimizers[name],
      provider: service,
      store,
      id: name,
    });
    const bytes = await exportRun(store, name);
    const seen: (readonly [number, number])[] = [];
    const replayed = await offline(() =>
      replayRun(bytes, {
        run: (kept) => minimized(kept, { optimizer: optimizers[name] }),
        onStep: (step, total) => void seen.push([step, total]),
      }),
    );
    expect(replayed).toEqual({
      run: name,
      kind: "minimize",
      status: "finished",
      steps: 3,
      jobs: 4,
      weights: hashOfValues(weights),
    });
    expect(seen).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  test("train with dropout, Adam, validation and early stopping comes to the same weights, bit for bit", async () => {
    const store = memoryStore();
    const trained = model();
    const result = await train(trained, data, { ...training(service), store, id: "trained" });
    const bundle = await bundleOf(store, "trained");
    const again = model();
    const replayed = await offline(() =>
      replayRun(bundle, { run: (kept) => train(again, data, { ...training(localSimulator()), ...kept }) }),
    );
    expect(valuesOf(again)).toEqual(valuesOf(trained));
    expect(replayed).toMatchObject({ kind: "train", steps: result.steps, weights: hashOfValues(...valuesOf(trained)) });
    // One job a step and one a validation.
    expect(replayed.jobs).toBe(result.steps + result.epochs);
  });
});

describe("runs that were cut off, stopped, forked or computed here", () => {
  const atLocal = (more: TrainOptions = {}) => training(localSimulator(), { precision: 0, ...more });

  test.each([
    ["k5", 2],
    ["k9", 3],
    ["k12", 2],
    ["k13", 3],
  ] as const)("minimize killed at %s for the %i. time and resumed", async (point, nth) => {
    const start = async (store: RunStore) =>
      minimize({
        ...problem,
        provider: await emulated.backend(),
        store,
        id: "killed",
      });
    const store = await leftAt(point, nth, start);
    const { weights } = await start(store);
    const bundle = await bundleOf(store, "killed");
    expect(bundle.records.filter(({ event }) => event.type === "claimed").length).toBe(2);
    const replayed = await offline(() => replayRun(bundle, { run: (kept) => minimized(kept) }));
    expect(replayed).toMatchObject({ status: "finished", steps: 3, jobs: 4, weights: hashOfValues(weights) });
  });

  test("train killed in the middle of an epoch and resumed by another process", async () => {
    const start = async (store: RunStore, trained = model()) => {
      await train(trained, data, { ...training(await emulated.backend()), store, id: "killed" });
      return trained;
    };
    const store = await leftAt("k10", 4, start);
    const trained = await start(store);
    const bundle = await bundleOf(store, "killed");
    const again = model();
    await offline(() => replayRun(bundle, { run: (kept) => train(again, data, { ...training(service), ...kept }) }));
    expect(valuesOf(again)).toEqual(valuesOf(trained));
  });

  test("train on a simulator is computed again, and the state of callbacks with it", async () => {
    const seen = () => {
      let steps = 0;
      return {
        onBatchEnd: () => void steps++,
        state: () => steps,
        restore: (state: unknown) => (steps = state as number),
      };
    };
    const store = memoryStore();
    const trained = model();
    await train(trained, data, { ...atLocal({ callbacks: [seen(), { onBatchEnd() {} }] }), store, id: "here" });
    const again = model();
    const replayed = await replayRun(await bundleOf(store, "here"), {
      run: (kept) => train(again, data, { ...atLocal({ callbacks: [{ onEpochEnd() {} }, seen()] }), ...kept }),
    });
    expect(valuesOf(again)).toEqual(valuesOf(trained));
    expect(replayed).toMatchObject({ jobs: 0, weights: hashOfValues(...valuesOf(trained)) });
  });

  test("one that was stopped is done again as far as it came, and as a whole once it was resumed", async () => {
    const store = memoryStore();
    const stopping = train(model(), data, {
      ...training(service, { callbacks: { onBatchEnd: ({ step }) => step === 2 && stopping.stop() } }),
      store,
      id: "stopped",
    });
    await stopping;
    const half = await offline(async () =>
      replayRun(await bundleOf(store, "stopped"), {
        run: (kept) => train(model(), data, { ...training(service), ...kept }),
      }),
    );
    // The second step is the last of its epoch, whose validation is a job too.
    expect(half).toMatchObject({ status: "stopped", steps: 2, jobs: 3 });
    const trained = model();
    const { steps } = await train(trained, data, { ...training(service), store, id: "stopped" });
    const whole = await offline(async () =>
      replayRun(await bundleOf(store, "stopped"), {
        run: (kept) => train(model(), data, { ...training(service), ...kept }),
      }),
    );
    expect(steps).toBeGreaterThan(2);
    expect(whole).toMatchObject({ status: "finished", steps, weights: hashOfValues(...valuesOf(trained)) });
  });

  test("one that a callback has stopped, and that went on when it was resumed, stops and goes on there", async () => {
    const store = memoryStore();
    // Amid an epoch, by a count that is kept.
    const counting = () => {
      let batches = 0;
      return {
        onBatchEnd: (_: unknown, control: { stop(): void }) => void (++batches === 3 && control.stop()),
        state: () => batches,
        restore(kept: unknown): void {
          batches = kept as number;
        },
      };
    };
    const drive = (kept: Partial<ReplayKeeping>) => {
      const trained = model();
      return train(trained, data, { ...training(service), callbacks: counting(), ...kept }).then(({ steps }) => ({
        steps,
        weights: hashOfValues(...valuesOf(trained)),
      }));
    };
    expect((await drive({ store, id: "called" })).steps).toBe(3);
    const { steps, weights } = await drive({ store, id: "called" });
    expect(steps).toBeGreaterThan(3);
    const bundle = await bundleOf(store, "called");
    const whole = await offline(async () => replayRun(bundle, { run: drive }));
    expect(whole).toMatchObject({ status: "finished", steps, weights });
    // Where it stops and the run did not, it is another.
    const unstopped = { ...bundle, records: bundle.records.filter(({ event }) => event.type !== "stopped") };
    await expect(replayRun(unstopped, { run: drive })).rejects.toMatchObject({ code: "REPLAY_DIFFERS" });
  });

  test("a fork begins with the state of the run that it was forked from", async () => {
    const store = memoryStore();
    const run = (id: string, learningRate: number) =>
      minimize({ ...problem, optimizer: adam({ learningRate }), provider: service, store, id });
    await run("parent", 0.1);
    await forkRun(store, "parent", { at: 2, as: "fork" });
    const { weights } = await run("fork", 0.2);
    const replayed = await offline(async () =>
      replayRun(await bundleOf(store, "fork"), {
        run: (kept) => minimized(kept, { optimizer: adam({ learningRate: 0.2 }) }),
      }),
    );
    expect(replayed).toMatchObject({ steps: 1, jobs: 2, weights: hashOfValues(weights) });
  });

  test("one whose job failed at the service and was replaced", async () => {
    const store = memoryStore();
    emulated.emulator.control.nextJobs([{ status: "Failed", reasonCode: 9701 }]);
    const { weights } = await minimize({
      ...problem,

      provider: service,
      store,
      id: "failed",
    });
    const bundle = await bundleOf(store, "failed");
    expect(bundle.records.some(({ event }) => event.type === "rejected")).toBe(true);
    const replayed = await offline(() => replayRun(bundle, { run: (kept) => minimized(kept) }));
    expect(replayed).toMatchObject({ steps: 3, jobs: 4, weights: hashOfValues(weights) });
  });
});

test("a run whose submit was repeated is replayed at once, since there is nothing to be found out", async () => {
  await using inProcess = InProcessEmulator.open({ devices: ["manila"], noise: false });
  const { clock } = inProcess;
  const store = memoryStore({ clock });
  inProcess.control.faults.add({ method: "POST", path: "/jobs", status: 503 });
  const provider = await inProcess.process().provider.backend("ibmq_manila");
  const { weights } = await minimize({
    ...{ ...problem, provider, store, clock, id: "repeated" },
  });
  const bundle = await bundleOf(store, "repeated");
  expect(foldRun(bundle.records).resubmittedAt).toBeGreaterThan(0);
  const replayed = await replayRun(bundle, { run: (kept) => minimized(kept) });
  expect(replayed).toMatchObject({ status: "finished", jobs: 4, weights: hashOfValues(weights) });
});

describe("a replay that does not come to the same", () => {
  let recorded: RunBundle;
  beforeAll(async () => {
    const store = memoryStore();
    await minimize({ ...problem, provider: service, store, id: "recorded" });
    recorded = await bundleOf(store, "recorded");
  });
  const replayed = (bundle: RunBundle, more: Partial<MinimizeOptions> = {}) =>
    offline(() => replayRun(bundle, { run: (kept) => minimized(kept, more) }));

  /** The same record with another result of the job that ran in a phase, all hashes in order. */
  function withResult(phase: string, change: (evs: Float64Array) => void): RunBundle {
    const { blobs, records } = recorded;
    const key = records.flatMap(({ event }) =>
      event.type === "intent" && event.place.phase === phase ? [event.key] : [],
    )[0];
    const changed = new Map(blobs);
    return {
      ...recorded,
      blobs: changed,
      records: records.map((record) => {
        const { event } = record;
        if (event.type !== "result" || event.key !== key) return record;
        const results = unpackState(blobs.get(event.result)!) as readonly { readonly evs: Float64Array }[];
        change(results[0]!.evs);
        const blob = packState(results);
        changed.set(hashOf(blob), blob);
        return { ...record, event: { ...event, result: hashOf(blob) } };
      }),
    };
  }

  test.each(["step-1", "step-2", "step-3"])("a changed value in the result of %s", async (phase) => {
    const step = phase.replace("-", " ");
    const bundle = withResult(phase, (evs) => (evs[evs.length - 1]! += 2 ** -40));
    await expect(replayed(bundle)).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringMatching(`the first difference is in ${step}: checkpoint\\.(weights|state)`),
    });
  });

  test("a changed value at the end", async () => {
    const bundle = withResult("final-3", (evs) => (evs[0]! += 2 ** -40));
    await expect(replayed(bundle)).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("the first difference is in its end: result.value."),
    });
  });

  test("a state that says another thing than the jobs' values", async () => {
    const snapshots = new Map(
      [...recorded.snapshots].map(([hash, parts]) => [hash.replace(/^./, (c) => (c === "0" ? "1" : "0")), parts]),
    );
    const renamed = (hash: string) => hash.replace(/^./, (c) => (c === "0" ? "1" : "0"));
    const records = recorded.records.map((record) =>
      record.event.type === "step" && record.event.step === 2
        ? { ...record, event: { ...record.event, snapshot: renamed(record.event.snapshot) } }
        : record,
    );
    await expect(replayed({ ...recorded, records, snapshots })).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("in step 2: the state."),
    });
  });

  test("a report that says another thing than the jobs' values", async () => {
    const records = recorded.records.map((record) =>
      record.event.type === "step" && record.event.step === 2
        ? { ...record, event: { ...record.event, report: { ...(record.event.report as object), value: -7 } } }
        : record,
    );
    await expect(replayed({ ...recorded, records })).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("in step 2: report.value."),
    });
  });

  test.each([
    ["seed", { seed: 6 }, "seed was 5 and is 6"],
    ["circuit", { circuit: problem.circuit.compose(Circuit.build(2, (c) => c.h(0))) }, "another circuit"],
    ["observable", { observable: SparsePauliOp.parse("1.0*ZZ") }, "observable was"],
    ["optimizer", { optimizer: adam({ learningRate: 0.2 }) }, "optimizerSettings was"],
  ] as const)("another %s", async (_, more, words) => {
    await expect(replayed(recorded, more as Partial<MinimizeOptions>)).rejects.toMatchObject({
      code: "REPLAY_CHANGED",
      message: expect.stringContaining(words),
    });
  });

  test("settings that do not show: values that the run did not send", async () => {
    const records = recorded.records.map((record) =>
      record.event.type === "described"
        ? {
            ...record,
            event: {
              ...record.event,
              description: {
                ...record.event.description,
                parts: { ...record.event.description.parts, precision: 0.2 },
              },
            },
          }
        : record,
    );
    await expect(replayed({ ...recorded, records }, { precision: 0.2 })).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("before its first step it asks for values that the run did not send"),
    });
  });

  test("a job that is not in the record, by its place", async () => {
    const last = recorded.records.findLast(({ event }) => event.type === "intent")!.event as { readonly key: string };
    const records = recorded.records.filter(({ event }) => !("key" in event && event.key === last.key));
    await expect(replayed({ ...recorded, records })).rejects.toMatchObject({
      code: "REPLAY_MISSING",
      message: expect.stringContaining("no values for job 1 of final-3"),
    });
    const unanswered = recorded.records.filter(({ event }) => !(event.type === "result" && event.key === last.key));
    await expect(replayed({ ...recorded, records: unanswered })).rejects.toMatchObject({
      code: "REPLAY_MISSING",
      message: expect.stringContaining("no values for job 1 of final-3"),
    });
  });

  test("one that ends too early, fails, or is none", async () => {
    const stop: Partial<MinimizeOptions> = {
      callbacks: {
        onStep() {
          throw new TypeError("no such thing");
        },
      },
    };
    await expect(replayed(recorded, stop)).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("it failed before its first step, which the run did not: no such thing"),
    });
    const store = memoryStore();
    await minimize({
      ...problem,
      precision: 0,

      provider: localSimulator(),
      store,
      id: "here",
    });
    const early = replayRun(await bundleOf(store, "here"), {
      run(kept) {
        const run = minimized(kept, { precision: 0, callbacks: { onStep: () => run.stop() } });
        return run;
      },
    });
    await expect(early).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("it ended after step 1, and the run went on to step 2"),
    });
    await expect(replayRun(recorded, { run: async () => {} })).rejects.toMatchObject({ code: "REPLAY_RUN" });
    const records = recorded.records.slice(0, 3);
    await expect(replayed({ ...recorded, records })).rejects.toMatchObject({ code: "REPLAY_NOTHING" });
  });

  test("whatever hides its errors", async () => {
    const bundle = withResult("step-1", (evs) => (evs[0]! += 0.5));
    const hidden = replayRun(bundle, { run: (kept) => minimized(kept).then(undefined, () => undefined) });
    await expect(hidden).rejects.toMatchObject({ code: "REPLAY_DIFFERS" });
  });

  test("a state that is drawn without a seed is told by its name", async () => {
    const store = memoryStore();
    let draws = 0;
    const drawn = { state: () => ++draws };
    const provider = localSimulator();
    await minimize({
      ...problem,
      precision: 0,

      provider,
      callbacks: drawn,
      store,
      id: "drawn",
    });
    const run = (kept: ReplayKeeping) => minimized(kept, { precision: 0, callbacks: drawn });
    await expect(replayRun(await bundleOf(store, "drawn"), { run })).rejects.toMatchObject({
      code: "REPLAY_DIFFERS",
      message: expect.stringContaining("in step 1: callbacks."),
    });
  });
});
