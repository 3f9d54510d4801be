import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, input, Rng, weight } from "../../../circuits/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { exportRun, forkRun, replayRun, type TrainOptions, train } from "../../../src/index.ts";
import { quantumLayer } from "../../../src/layers/index.ts";
import { foldRun, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

const x = input("x", 2);
const w = weight("w", 4);
const circuit = Circuit.build(2, (c) => {
  c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).ry(w.at(1), 1).cx(0, 1).ry(w.at(2), 0).ry(w.at(3), 1);
});

beforeAll(() => useTensorBackend("cpu"));
const service = new EmulatedService();

/** Another process would draw other weights at first: those of the ledger count. */
function model(seed: number) {
  const dense = (units: number, more: number) =>
    tfl.layers.dense({
      units,
      activation: "tanh",
      kernelInitializer: tfl.initializers.glorotNormal({ seed: seed + more }),
    });
  const sequential = tfl.sequential();
  sequential.add(tfl.layers.inputLayer({ inputShape: [3] }));
  sequential.add(dense(4, 0));
  sequential.add(tfl.layers.batchNormalization());
  sequential.add(tfl.layers.dropout({ rate: 0.25 }));
  sequential.add(dense(2, 1));
  sequential.add(quantum(quantumLayer({ circuit, observables: ["ZI", "IZ"] })));
  sequential.add(dense(1, 2));
  return sequential;
}

const rng = Rng.seed("rows");
const rowsOf = (count: number) => ({
  x: Array.from({ length: count }, () => Array.from({ length: 3 }, () => rng.uniform())),
  y: Array.from({ length: count }, () => [rng.uniform()]),
});
const data = rowsOf(10);
const validation = rowsOf(5);

/** A callback whose state decides what comes next: it ends the run after as many steps as it has seen falls of the loss. */
function falls(limit: number) {
  let seen = 0;
  let last = Number.POSITIVE_INFINITY;
  return {
    onBatchEnd({ loss }: { loss: number }, control: { stop(): void }) {
      if (loss < last) seen++;
      last = loss;
      if (seen >= limit) control.stop();
    },
    state: () => ({ seen, last }),
    restore(state: unknown) {
      ({ seen, last } = state as { seen: number; last: number });
    },
  };
}

const optionsFor = (provider: Backend, more: TrainOptions = {}): TrainOptions => ({
  provider,
  optimizer: tf.train.adam(0.05),
  loss: "meanSquaredError",
  metrics: ["mae"],
  batchSize: 4,
  epochs: 3,
  seed: 7,
  validation,
  ...more,
});

const bytesOf = (trained: tfl.LayersModel) => trained.getWeights().map((tensor) => tensor.dataSync());

describe("training that is kept", () => {
  const withoutTimes = (result: unknown) =>
    JSON.parse(JSON.stringify(result, (name, value) => (name === "seconds" ? 0 : value)));

  test.each([1, 2, 3, 4, 6, 8, 9])(
    "on a local simulator, killed before step %i is kept, comes to the same weights",
    async (nth) => {
      const straightStore = memoryStore();
      const straight = model(1);
      const expected = await train(straight, data, { ...optionsFor(localSimulator()), store: straightStore, id: "a" });
      const { store, endLeases } = expiringStore();
      const start = (own: RunStore, seed: number, kept = model(seed)) => ({
        kept,
        run: train(kept, data, { ...optionsFor(localSimulator()), store: own, id: "a" }),
      });
      expect(await killedAt("k13", nth, store, (own) => start(own, 1).run)).toBe("killed");
      endLeases();
      const resumed = start(store, 99);
      const result = await resumed.run;
      expect(bytesOf(resumed.kept)).toEqual(bytesOf(straight));
      expect(withoutTimes(result)).toEqual(withoutTimes(expected));
      expect(resumed.run.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    },
  );

  test("on the emulator, killed at any point of any step, comes to the same weights and pays no job twice", async () => {
    const straight = model(1);
    const options = { epochs: 1, steps: 2 };
    const expected = await train(straight, data, optionsFor(await service.backend(), options));
    for (const point of ["k2", "k5", "k6", "k9", "k10", "k12", "k13", "k15"] as const)
      for (const nth of [1, 2]) {
        const { store, endLeases } = expiringStore();
        const id = `tf-${point}-${nth}`;
        const start = async (own: RunStore, seed: number) => {
          const kept = model(seed);
          const result = await train(kept, data, { ...optionsFor(await service.backend(), options), store: own, id });
          return { kept, result };
        };
        expect(await killedAt(point, nth, store, (own) => start(own, 1)), id).toBe("killed");
        endLeases();
        const { kept, result } = await start(store, 99);
        expect(bytesOf(kept), id).toEqual(bytesOf(straight));
        expect(result.history.map(({ loss, validation: end }) => [loss, end])).toEqual(
          expected.history.map(({ loss, validation: end }) => [loss, end]),
        );
        const jobs = service.jobsOf(id);
        // Two steps, and two batches of validation rows.
        expect(jobs.length, id).toBe(4);
        expect(new Set(jobs.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith("lp1-")))).size, id).toBe(4);
        const state = foldRun(await store.read(id));
        expect(state.quantumSeconds).toBe(jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0));
        expect(result.quantumSeconds).toBeCloseTo(state.quantumSeconds, 9);
      }
  });

  test.each<readonly [what: string, ended: string, more: () => TrainOptions]>([
    [
      "early stopping, and puts back the best weights",
      "early-stopping",
      () => ({ earlyStopping: { patience: 2, restoreBest: true, monitor: "val_loss" } }),
    ],
    ["callbacks", "stopped", () => ({ callbacks: falls(6) })],
  ])("keeps the state of %s", async (_what, ended, more) => {
    const run = async (store: RunStore, seed: number) => {
      const kept = model(seed);
      const options = optionsFor(localSimulator(), { epochs: 30, ...more() });
      const result = await train(kept, data, { ...options, optimizer: tf.train.momentum(0.5, 0.9), store, id: "a" });
      return { kept, result };
    };
    const straight = await run(memoryStore(), 1);
    expect(straight.result.ended).toBe(ended);
    expect(straight.result.steps).toBeGreaterThan(8);
    for (const nth of [2, 5, 8]) {
      const { store, endLeases } = expiringStore();
      expect(await killedAt("k15", nth, store, (own) => run(own, 1))).toBe("killed");
      endLeases();
      const resumed = await run(store, 99);
      expect(resumed.result.ended).toBe(straight.result.ended);
      expect(resumed.result.steps).toBe(straight.result.steps);
      expect(bytesOf(resumed.kept)).toEqual(bytesOf(straight.kept));
    }
  });

  test("whose early stopping comes when it is asked to stop is done, and goes no further when it is resumed", async () => {
    const earlyStopping = { patience: 1, monitor: "loss", minDelta: 10 };
    const options = () => optionsFor(localSimulator(), { epochs: 5, earlyStopping });
    const straight = model(1);
    const expected = await train(straight, data, options());
    expect(expected).toMatchObject({ ended: "early-stopping", epochs: 2, steps: 6 });
    const store = memoryStore();
    const asked = model(1);
    const run = train(asked, data, {
      ...options(),
      ...{ store, id: "a", callbacks: { onBatchEnd: ({ step }) => (step === 6 ? run.stop() : undefined) } },
    });
    expect(await run).toMatchObject({ ended: "early-stopping", epochs: 2, steps: 6 });
    expect(await store.run("a")).toMatchObject({ status: "finished" });
    const resumed = model(5);
    expect(await train(resumed, data, { ...options(), store, id: "a" })).toMatchObject({ steps: 6 });
    for (const kept of [asked, resumed]) expect(bytesOf(kept)).toEqual(bytesOf(straight));
  });

  test("a run that was stopped goes on, one that is left too, and a fork from a step comes to the same end", async () => {
    const store = memoryStore();
    const straight = model(1);
    await train(straight, data, optionsFor(localSimulator()));
    const first = train(model(1), data, { ...optionsFor(localSimulator()), store, id: "a" });
    for await (const { step } of first) if (step === 4) first.stop();
    expect((await first).ended).toBe("stopped");
    expect((await store.run("a"))!.status).toBe("stopped");
    await forkRun(store, "a", { at: 2, as: "b" });
    for (const id of ["a", "b"]) {
      const kept = model(5);
      const result = await train(kept, data, { ...optionsFor(localSimulator()), store, id });
      expect(result).toMatchObject({ ended: "completed", steps: 9, epochs: 3 });
      expect(bytesOf(kept)).toEqual(bytesOf(straight));
    }
  });

  test("is forked at its last step amid an epoch, which goes on as in a longer run", async () => {
    const [straight, kept] = [model(5), model(5)];
    const store = memoryStore();
    const whole = await train(straight, data, { ...optionsFor(localSimulator()), store, id: "straight" });
    await train(model(5), data, { ...optionsFor(localSimulator()), steps: 4, store, id: "short" });
    await forkRun(store, "short", { at: 4, as: "longer" });
    const result = await train(kept, data, { ...optionsFor(localSimulator()), store, id: "longer" });
    expect(bytesOf(kept)).toEqual(bytesOf(straight));
    const losses = ({ history }: typeof result) => history.map(({ epoch, steps, loss }) => ({ epoch, steps, loss }));
    expect(losses(result)).toEqual(losses(whole));
    const [short, longer] = [await exportRun(store, "short"), await exportRun(store, "longer")];
    const replay = (bundle: Uint8Array, more: TrainOptions = {}) =>
      replayRun(bundle, {
        run: (keeping) => train(model(5), data, { ...optionsFor(localSimulator()), ...more, ...keeping }),
      });
    expect(await replay(short, { steps: 4 })).toMatchObject({ status: "finished", steps: 4 });
    expect(await replay(longer)).toMatchObject({ status: "finished", steps: 5 });
  });

  test("refuses to go on with other settings, and says which", async () => {
    const store = memoryStore();
    const options = optionsFor(localSimulator());
    const first = train(model(1), data, { ...options, store, id: "a" });
    for await (const { step } of first) if (step === 1) first.stop();
    await first;
    const again = (more: TrainOptions, rows = data, kept = model(1)) =>
      train(kept, rows, { ...optionsFor(localSimulator()), ...more, store, id: "a" });
    const changed = (what: string) => ({ code: "RUN_CHANGED", message: expect.stringContaining(what) });
    await expect(again({ batchSize: 5 })).rejects.toMatchObject(changed("batchSize was 4 and is 5"));
    await expect(again({ seed: 8 })).rejects.toMatchObject(changed("seed was 7 and is 8"));
    await expect(again({ optimizer: tf.train.adam(0.01) })).rejects.toMatchObject(changed("optimizer"));
    await expect(again({ loss: "meanAbsoluteError" })).rejects.toMatchObject(changed("loss"));
    await expect(again({}, rowsOf(10))).rejects.toMatchObject(changed("data"));
    const other = model(1);
    other.add(tfl.layers.dense({ units: 1 }));
    await expect(again({}, data, other)).rejects.toMatchObject(changed("model"));
    const sampled = localSimulator({ precision: 0.2 });
    await expect(again({ provider: sampled })).rejects.toMatchObject(changed("backendSettings"));
    await expect(again({ provider: await service.backend() })).rejects.toMatchObject(changed("backend"));
    expect((await again({})).steps).toBe(9);
  });
});

describe("a callback that asks to stop", () => {
  const stopping = (step: number) => ({
    onBatchEnd: (report: { step: number }, control: { stop(): void }) => {
      if (report.step === step) control.stop();
    },
  });
  const options = (store: RunStore) => ({
    ...optionsFor(localSimulator(), { callbacks: stopping(4) }),
    store,
    id: "a",
  });

  test("is heard also where the run is killed before it has stopped; resumed after that, it goes on", async () => {
    const { store, endLeases } = expiringStore();
    expect(await killedAt("k15", 4, store, (own) => train(model(1), data, options(own)))).toBe("killed");
    endLeases();
    expect(await train(model(9), data, options(store))).toMatchObject({ ended: "stopped", steps: 4 });
    await forkRun(store, "a", { at: 4, as: "b" });
    const straight = model(1);
    await train(straight, data, optionsFor(localSimulator()));
    for (const id of ["a", "b"]) {
      const kept = model(5);
      expect(await train(kept, data, { ...options(store), id })).toMatchObject({ ended: "completed", steps: 9 });
      expect(bytesOf(kept)).toEqual(bytesOf(straight));
    }
  });
});
