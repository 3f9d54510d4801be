import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, input, Rng, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { quantumLayer } from "../../../src/layers/index.ts";
import { cosineDecay, type LearningRate, reduceOnPlateau, stepDecay } from "../../../src/optimizers/index.ts";
import { exportRun, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { quantum, train } from "../../../src/tfjs.ts";
import {
  adaptivePrecision,
  type MinimizeOptions,
  minimize,
  plan,
  planMinimize,
  replayRun,
  type TrainOptions,
} from "../../../src/training/index.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { recordingBackend } from "../../support/recording-backend.ts";
import { smallProblem } from "../../support/small-problem.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));
const service = new EmulatedService();

const x = input("x", 2);
const w = weight("w", 2);
const circuit = Circuit.build(2, (c) => c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).cx(0, 1).ry(w.at(1), 1));

function model(seed: number, observables = ["ZI", "IZ"]) {
  const dense = (units: number, more: object = {}) =>
    tfl.layers.dense({ units, kernelInitializer: tfl.initializers.glorotNormal({ seed: seed + units }), ...more });
  const made = tfl.sequential();
  made.add(dense(2, { inputShape: [3], activation: "tanh" }));
  made.add(quantum(quantumLayer({ circuit, observables, seed })));
  made.add(dense(1));
  return made;
}

const rng = Rng.seed("rows");
const rowsOf = (count: number) => ({
  x: Array.from({ length: count }, () => Array.from({ length: 3 }, () => rng.uniform())),
  y: Array.from({ length: count }, () => [rng.uniform()]),
});
const data = rowsOf(12);
const settings = {
  loss: "meanSquaredError",
  batchSize: 4,
  epochs: 3,
  seed: 7,
} satisfies TrainOptions;
const bytesOf = (trained: tfl.LayersModel) => trained.getWeights().map((tensor) => tensor.dataSync());

const OPTIMIZERS: Readonly<Record<string, (rate: number) => tf.Optimizer>> = {
  sgd: (rate) => tf.train.sgd(rate),
  momentum: (rate) => tf.train.momentum(rate, 0.9),
  adagrad: (rate) => tf.train.adagrad(rate),
  adadelta: (rate) => tf.train.adadelta(rate),
  adam: (rate) => tf.train.adam(rate),
  adamax: (rate) => tf.train.adamax(rate),
  rmsprop: (rate) => tf.train.rmsprop(rate),
};

describe("a learning rate of its own", () => {
  test.each(Object.keys(OPTIMIZERS))("is that of %s in each step", async (name) => {
    const trained = async (more: TrainOptions) => {
      const made = model(1);
      await train(made, data, { ...settings, ...more });
      return bytesOf(made);
    };
    const make = OPTIMIZERS[name]!;
    const constant = await trained({ optimizer: make(0.05) });
    expect(await trained({ optimizer: make(0.9), learningRate: 0.05 })).toEqual(constant);
    // One step at each rate is the same as the whole, where nothing else is remembered.
    const falling: LearningRate = stepDecay({ rate: 0.1, every: 1 });
    expect(await trained({ optimizer: make(0.9), learningRate: falling })).not.toEqual(constant);
  });

  test("is that of each step by hand", async () => {
    const schedule = cosineDecay({ rate: 0.3, steps: 5 });
    const whole = model(1);
    await train(whole, data, {
      ...settings,
      shuffle: false,
      steps: 5,
      optimizer: tf.train.sgd(1),
      learningRate: schedule,
    });
    const byHand = model(1);
    for (let step = 0; step < 5; step++) {
      const from = 4 * (step % 3);
      const batch = { x: data.x.slice(from, from + 4), y: data.y.slice(from, from + 4) };
      await train(byHand, batch, {
        ...settings,
        epochs: 1,
        optimizer: tf.train.sgd(schedule.rate(step, undefined) || 1e-300),
      });
    }
    expect(bytesOf(whole)).toEqual(bytesOf(byHand));
  });

  test("goes by the loss of epochs where it looks at values", async () => {
    const rates: number[] = [];
    const optimizer = tf.train.sgd(1);
    await train(model(1), data, {
      ...settings,
      optimizer,
      epochs: 4,
      learningRate: reduceOnPlateau({ rate: 0.01, factor: 0.5, patience: 0, minDelta: 100 }),
      callbacks: { onBatchEnd: () => void rates.push((optimizer as unknown as { learningRate: number }).learningRate) },
    });
    const expected = [0.01, 0.01, 0.005, 0.0025].flatMap((rate) => [rate, rate, rate]);
    expect(rates).toEqual(expected);
  });

  test("is refused where the optimizer has none", async () => {
    class Own extends tf.Optimizer {
      static className = "Own";
      override applyGradients(): void {}
      override getConfig() {
        return {};
      }
    }
    const run = train(model(1), data, { ...settings, optimizer: new Own(), learningRate: 0.1 });
    await expect(run).rejects.toMatchObject({ code: "TRAINING_LEARNING_RATE" });
    const odd = train(model(1), data, { ...settings, optimizer: "sgd", learningRate: -1 });
    await expect(odd).rejects.toMatchObject({ code: "OPTIMIZER_SETTING" });
  });
});

describe("kept runs, killed and resumed, come to the same bits", () => {
  test.each<readonly [name: string, ended: string, more: () => TrainOptions]>([
    ["a cosine", "completed", () => ({ learningRate: cosineDecay({ rate: 0.1, steps: 9 }) })],
    [
      "a plateau's rate",
      "completed",
      () => ({ learningRate: reduceOnPlateau({ rate: 0.2, factor: 0.5, patience: 0, minDelta: 0.01 }) }),
    ],
    [
      "an adaptive precision",
      "completed",
      () => ({ precision: adaptivePrecision({ start: 0.5, finest: 0.1, theta: 0.1 }) }),
    ],
    ["shots by variance", "completed", () => ({ shots: { total: 3000 } })],
    [
      "a noise floor",
      "noise-floor",
      () => ({ precision: 0.5, epochs: 30, earlyStopping: { noiseFloor: { window: 2 }, restoreBest: true } }),
    ],
  ])("with %s", async (name, ended, more) => {
    const drive = async (store: RunStore, seed: number) => {
      const made = model(seed);
      const optimizer = tf.train.momentum(0.05, 0.9);
      const run = train(made, data, { ...settings, optimizer, ...more(), store, id: "run" });
      return { made, result: await run, steps: run.steps };
    };
    const straight = await drive(memoryStore(), 1);
    expect(straight.result.ended).toBe(ended);
    if (name !== "a cosine" && name !== "a plateau's rate")
      expect(straight.steps.some(({ stderr }) => stderr > 0)).toBe(true);
    const plain = ({ seconds, jobIds, ...step }: (typeof straight.steps)[number]) => step;
    for (const nth of [2, 3, 6]) {
      const { store, endLeases } = expiringStore();
      expect(await killedAt("k13", nth, store, (own) => drive(own, 1))).toBe("killed");
      endLeases();
      const resumed = await drive(store, 99);
      expect(bytesOf(resumed.made)).toEqual(bytesOf(straight.made));
      expect(resumed.steps.map(plain)).toEqual(straight.steps.map(plain));
      expect(resumed.result.ended).toBe(ended);
      expect(resumed.result.history.map(({ loss, stderr }) => [loss, stderr])).toEqual(
        straight.result.history.map(({ loss, stderr }) => [loss, stderr]),
      );
    }
  });

  test("and do not go on with another schedule or sampling", async () => {
    const store = memoryStore();
    const drive = (more: TrainOptions) =>
      train(model(1), data, { ...settings, steps: 2, optimizer: "sgd", ...more, store, id: "run" });
    const first = { learningRate: cosineDecay({ rate: 0.1, steps: 9 }), shots: { total: 3000 } };
    await drive(first);
    const other = { learningRate: cosineDecay({ rate: 0.2, steps: 9 }) };
    await expect(drive({ ...first, ...other })).rejects.toMatchObject({ code: "RUN_CHANGED" });
    await expect(drive({ ...first, shots: { total: 4000 } })).rejects.toMatchObject({ code: "RUN_CHANGED" });
  });
});

describe("the shots of a step", () => {
  const total = 6000;

  test("are shared out in one job a step, no more than planned", async () => {
    const provider = recordingBackend(localSimulator());
    const options = { ...settings, optimizer: "sgd", provider, shots: { total }, validation: rowsOf(4) } as const;
    const planned = await plan(model(1), data, options);
    const run = train(model(1), data, options);
    const result = await run;
    expect(provider.jobs).toHaveLength(9 + 3);
    for (const step of run.steps) {
      expect(step.executions).toBeLessThanOrEqual(planned.step.executions);
      expect(step.executions).toBeGreaterThan(0.8 * total);
      expect(step.stderr).toBeGreaterThan(0);
    }
    expect(planned.step.executions).toBeLessThanOrEqual(total);
    expect(result.executions).toBeLessThanOrEqual(planned.total.executions);
    const precisions = provider.jobs.map(
      (pubs) => new Set(pubs.map((pub) => (pub as { precision?: number }).precision)),
    );
    expect(precisions[0]!.size).toBe(1);
    expect(precisions[1]!.size).toBeGreaterThan(1);
  });

  test("are those of all quantum layers together", async () => {
    const inputs = tfl.input({ shape: [2] });
    const left = quantum(quantumLayer({ circuit, seed: 1 })).apply(inputs) as tfl.SymbolicTensor;
    const right = quantum(quantumLayer({ circuit, seed: 2 })).apply(inputs) as tfl.SymbolicTensor;
    const joined = tfl.layers.add().apply([left, right]) as tfl.SymbolicTensor;
    const made = tfl.model({ inputs, outputs: joined });
    const pairs = {
      x: [
        [0.1, 0.2],
        [0.3, 0.4],
      ],
      y: [
        [0.5, 0.1],
        [0.2, 0.3],
      ],
    };
    const options = {
      loss: "meanSquaredError",
      optimizer: "sgd",
      provider: localSimulator(),
      shots: { total },
      steps: 3,
    } as const;
    const run = train(made, pairs, options);
    await run;
    for (const { executions } of run.steps) {
      expect(executions).toBeLessThanOrEqual(total);
      expect(executions).toBeGreaterThan(0.8 * total);
    }
  });

  test.each<TrainOptions>([
    { precision: 0.1, shots: { total } },
    { gradient: "spsa", shots: { total } },
    { gradient: "adjoint", precision: adaptivePrecision({ start: 0.2, finest: 0.1 }) },
    { shots: { total: 0.5 } },
  ])("are refused: %#", async (more) => {
    const run = train(model(1), data, { ...settings, optimizer: "sgd", ...more });
    await expect(run).rejects.toMatchObject({ code: "TRAINING_SAMPLING" });
  });
});

test("an adaptive precision is planned as a range, and taken within it", async () => {
  const options = {
    ...settings,
    optimizer: "sgd",
    precision: adaptivePrecision({ start: 0.5, finest: 0.1, theta: 0.1 }),
  } as const;
  const { total, least } = await plan(model(1), data, options);
  const { executions } = await train(model(1), data, options);
  expect(least!.executions).toBeLessThan(executions);
  expect(executions).toBeLessThanOrEqual(total.executions);
  expect(total).toEqual((await plan(model(1), data, { ...options, precision: 0.1 })).total);
});

test("the standard error of an epoch's loss is the spread of that loss over seeds of the samples", async () => {
  const losses: number[] = [];
  let said = 0;
  const runs = 60;
  for (let seed = 0; seed < runs; seed++) {
    const made = model(1);
    const { history } = await train(made, data, {
      ...settings,
      epochs: 1,
      shuffle: false,
      seed,
      optimizer: tf.train.sgd(1e-12),
      precision: 0.2,
    });
    losses.push(history[0]!.loss);
    said += history[0]!.stderr / runs;
  }
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / runs;
  const spread = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (runs - 1));
  // An upper bound where observables share shots, to first order: not below the spread, and not twice it.
  expect(said).toBeGreaterThan(0.75 * spread);
  expect(said).toBeLessThan(2 * spread);
});

test.each<readonly [name: string, more: Partial<MinimizeOptions>]>([
  ["shots by variance", { shots: { total: 3000 } }],
  ["an adaptive precision", { precision: adaptivePrecision({ start: 0.3, finest: 0.05, theta: 0.1 }) }],
])(
  "minimize with %s on the emulator is one job a step, and goes on with the same bits when it is killed",
  async (name, more) => {
    const { precision: _precision, ...problem } = smallProblem(3);
    const drive = async (store: RunStore, id: string) =>
      minimize({ ...problem, ...more, provider: await service.backend({ submitTimeoutSeconds: 0.5 }), store, id });
    const straight = await drive(memoryStore(), `straight ${name}`.replaceAll(" ", "-"));
    expect(service.jobsOf(`straight ${name}`.replaceAll(" ", "-"))).toHaveLength(4);
    for (const [point, nth] of [
      ["k5", 2],
      ["k10", 3],
      ["k13", 2],
    ] as const) {
      const { store, endLeases } = expiringStore();
      const id = `${name}-${point}`.replaceAll(" ", "-");
      expect(await killedAt(point, nth, store, (own) => drive(own, id))).toBe("killed");
      endLeases();
      const resumed = await drive(store, id);
      expect(resumed.weights).toEqual(straight.weights);
      expect(resumed.value).toBe(straight.value);
      expect(service.jobsOf(id)).toHaveLength(4);
    }
    const store = memoryStore();
    await drive(store, `replayed ${name}`.replaceAll(" ", "-"));
    const replayed = await replayRun(await exportRun(store, `replayed ${name}`.replaceAll(" ", "-")), {
      run: (kept) => minimize({ ...problem, ...more, provider: localSimulator(), ...kept }),
    });
    expect(replayed).toMatchObject({ steps: 3, jobs: 4 });
  },
);

test("a budget is held against the most that an adaptive precision can take", async () => {
  const { precision: _precision, ...problem } = smallProblem(3);
  const options = {
    ...problem,
    provider: await service.backend(),
    precision: adaptivePrecision({ start: 0.3, finest: 0.01 }),
  };
  const { total, least } = await planMinimize(options);
  expect(total.quantumSeconds).toBeGreaterThan(least!.quantumSeconds + 2);
  const between = Math.round((total.quantumSeconds + least!.quantumSeconds) / 2);
  const kept = { store: memoryStore(), id: "budget" };
  await expect(minimize({ ...options, ...kept, budget: `${between}s` })).rejects.toMatchObject({ code: "BUDGET_PLAN" });
  expect(service.jobsOf("budget")).toHaveLength(0);
  const enough = `${Math.ceil(total.quantumSeconds) + 5}s`;
  const { quantumSeconds } = await minimize({ ...options, ...kept, id: "enough", budget: enough });
  expect(quantumSeconds).toBeLessThanOrEqual(total.quantumSeconds);
});
