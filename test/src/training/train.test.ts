import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { fit as fitModel, quantum, train } from "../../../src/tfjs.ts";
import type { TrainOptions } from "../../../src/training/index.ts";
import { recordingBackend, rowsOf } from "../../support/recording-backend.ts";
import { largestDifference, TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

const ROWS = 160;
const BATCH = 8;
const STEPS = ROWS / BATCH;

const numbers = (rows: number, columns: number, name: string): tf.Tensor2D => {
  const rng = Rng.seed(name);
  return tf.tensor2d(
    Float32Array.from({ length: rows * columns }, () => rng.normal()),
    [rows, columns],
  );
};

const circuitLayer = (seed: number, name: string) =>
  quantum(
    quantumLayer({
      qubits: 3,
      perception: perception.angle(),
      connection: connection.stronglyEntangling({ layers: 1 }),
      seed,
    }),
    { name },
  );

const dense = (units: number, seed: number, more: Partial<Parameters<typeof tfl.layers.dense>[0]> = {}) =>
  tfl.layers.dense({
    units,
    kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed }),
    ...more,
  });

interface Case {
  readonly model: () => tfl.LayersModel;
  readonly x: (rows: number) => tf.Tensor | Record<string, tf.Tensor>;
  readonly y: (rows: number) => tf.Tensor;
  readonly compile: () => tfl.ModelCompileArgs;
}

const CASES: Readonly<Record<string, Case>> = {
  "a circuit between linear layers": {
    model: () =>
      tfl.sequential({ layers: [dense(3, 1, { inputShape: [4] }), circuitLayer(2, "circuit"), dense(1, 3)] }),
    x: (rows) => numbers(rows, 4, "x"),
    y: (rows) => numbers(rows, 1, "y"),
    compile: () => ({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" }),
  },
  "circuits in a row, side by side and skipped, with batch normalisation and a penalty": {
    model: () => {
      const input = tfl.input({ shape: [4] });
      const penalty = tfl.regularizers.l2({ l2: 0.01 });
      const normal = tfl.layers
        .batchNormalization()
        .apply(dense(3, 1, { kernelRegularizer: penalty }).apply(input)) as tfl.SymbolicTensor;
      const first = circuitLayer(2, "first").apply(normal) as tfl.SymbolicTensor;
      const second = circuitLayer(3, "second").apply(dense(3, 4).apply(first)) as tfl.SymbolicTensor;
      const beside = circuitLayer(5, "beside").apply(normal) as tfl.SymbolicTensor;
      const joined = tfl.layers.concatenate().apply([second, beside, input]);
      const output = dense(2, 6, { activation: "softmax" }).apply(joined) as tfl.SymbolicTensor;
      return tfl.model({ inputs: input, outputs: output });
    },
    x: (rows) => numbers(rows, 4, "x"),
    y: (rows) => {
      const rng = Rng.seed("classes");
      return tf.tidy(() =>
        tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from({ length: rows }, () => rng.integer(2))), 2), "float32"),
      );
    },
    compile: () => ({
      optimizer: tf.train.momentum(0.05, 0.9),
      loss: "categoricalCrossentropy",
      metrics: ["accuracy"],
    }),
  },
  "one circuit shared by two inputs, inside a nested model": {
    model: () => {
      const inner = tfl.sequential({ layers: [dense(3, 1, { inputShape: [2] }), circuitLayer(2, "shared")] });
      const left = tfl.input({ shape: [2], name: "left" });
      const right = tfl.input({ shape: [2], name: "right" });
      const joined = tfl.layers
        .multiply()
        .apply([inner.apply(left) as tfl.SymbolicTensor, inner.apply(right) as tfl.SymbolicTensor]);
      return tfl.model({ inputs: [left, right], outputs: dense(1, 3).apply(joined) as tfl.SymbolicTensor });
    },
    x: (rows) => ({ left: numbers(rows, 2, "left"), right: numbers(rows, 2, "right") }),
    y: (rows) => numbers(rows, 1, "y"),
    compile: () => ({ optimizer: tf.train.sgd(0.1), loss: "meanAbsoluteError", metrics: ["mse"] }),
  },
  "a circuit first, and a frozen one": {
    model: () => {
      const frozen = circuitLayer(3, "frozen");
      frozen.trainable = false;
      return tfl.sequential({ layers: [circuitLayer(1, "first"), dense(3, 2), frozen, dense(1, 4)] });
    },
    x: (rows) => numbers(rows, 3, "x"),
    y: (rows) => numbers(rows, 1, "y"),
    compile: () => ({ optimizer: tf.train.rmsprop(0.02), loss: "meanSquaredError" }),
  },
};

interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly tf.Tensor[];
  readonly logs: Readonly<Record<string, number>>;
}

/** The model trained by TensorFlow.js alone: the truth for all others. */
async function trainedByTensorFlow({ model: make, x, y, compile }: Case): Promise<Trained> {
  const model = make();
  model.compile(compile());
  const losses: number[] = [];
  const { history } = await model.fit(x(ROWS), y(ROWS), {
    batchSize: BATCH,
    epochs: 1,
    shuffle: false,
    verbose: 0,
    callbacks: { onBatchEnd: (_, logs) => void losses.push(logs!.loss as number) },
  });
  const logs = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[0] as number]));
  return { losses, weights: model.getWeights(), logs };
}

async function trainedByLepton({ model: make, x, y, compile }: Case, options: TrainOptions): Promise<Trained> {
  const model = make();
  const run = train(model, { x: x(ROWS), y: y(ROWS) }, { ...compile(), batchSize: BATCH, shuffle: false, ...options });
  const losses: number[] = [];
  for await (const { loss } of run) losses.push(loss);
  const { loss, history } = await run;
  return { losses, weights: model.getWeights(), logs: { loss, ...history[0]!.metrics } };
}

function expectSame(ours: Trained, truth: Trained, within: number): void {
  expect(ours.losses.length).toBe(STEPS);
  expect(truth.losses.length).toBe(STEPS);
  for (const [step, loss] of ours.losses.entries()) expect(Math.abs(loss - truth.losses[step]!)).toBeLessThan(within);
  expect(largestDifference(ours.weights, truth.weights)).toBeLessThan(within);
  // TensorFlow.js calls accuracy "acc" and shows metrics by the name they were given.
  expect(Object.keys(ours.logs)).toEqual(Object.keys(truth.logs));
  for (const [name, value] of Object.entries(ours.logs)) expect(Math.abs(value - truth.logs[name]!)).toBeLessThan(1e-5);
}

describe.each(TENSOR_BACKENDS)("20 steps of train are those of model.fit, on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  describe.each(Object.entries(CASES))("%s", (_, example) => {
    let truth: Trained;
    beforeAll(async () => {
      truth = await trainedByTensorFlow(example);
    });

    test("it trains", () => {
      const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
      expect(mean(truth.losses.slice(-5))).toBeLessThan(mean(truth.losses.slice(0, 5)));
    });

    test("by adjoint", async () => expectSame(await trainedByLepton(example, {}), truth, 1e-6));

    test("by parameter shift, in jobs", async () => {
      const provider = recordingBackend(localSimulator());
      const ours = await trainedByLepton(example, { provider, gradient: "parameter-shift", precision: 0 });
      expectSame(ours, truth, 1e-6);
      expect(provider.jobs.length).toBeGreaterThanOrEqual(STEPS);
    });

    test("fit does the same where rows are not shuffled", async () => {
      const model = example.model();
      const losses: number[] = [];
      const { history } = await fitModel(
        model,
        { x: example.x(ROWS), y: example.y(ROWS) },
        {
          ...example.compile(),
          batchSize: BATCH,
          shuffle: false,
          callbacks: { onBatchEnd: async (_, logs) => void losses.push(logs!.loss as number) },
        },
      );
      const logs = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[0] as number]));
      expectSame({ losses, weights: model.getWeights(), logs }, truth, 1e-6);
    });
  });

  test("train and fit shuffle alike, over epochs with a smaller last batch", async () => {
    const { model: make, x, y, compile } = CASES["a circuit between linear layers"]!;
    const [fitted, trained] = [make(), make()];
    const options = { ...compile(), batchSize: 7, epochs: 3, seed: "order" };
    const validation = { x: x(12), y: y(12) };
    const { history } = await fitModel(fitted, { x: x(25), y: y(25) }, { ...options, validation });
    const result = await train(trained, { x: x(25), y: y(25) }, { ...options, ...compile(), validation });
    expect(largestDifference(trained.getWeights(), fitted.getWeights())).toBeLessThan(1e-6);
    expect(result).toMatchObject({ steps: 12, epochs: 3, ended: "completed" });
    for (const [epoch, report] of result.history.entries()) {
      expect(report.loss).toBeCloseTo(history.loss![epoch] as number, 5);
      expect(report.validation!.loss).toBeCloseTo(history.val_loss![epoch] as number, 5);
    }
  });

  test("1,000 steps leak no tensor", async () => {
    const { model: make, x, y, compile } = Object.values(CASES)[1]!;
    const model = make();
    const data = { x: x(16), y: y(16) };
    const options: TrainOptions = {
      batchSize: 8,
      validation: { x: x(4), y: y(4) },
      earlyStopping: { patience: 1000, restoreBest: true },
    };
    await train(model, data, { ...options, ...compile(), steps: 2 });
    const before = tf.memory().numTensors;
    await train(model, data, { ...options, steps: 1000 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("jobs", () => {
  beforeEach(() => useTensorBackend("cpu"));
  const example = Object.values(CASES)[1]!;

  test("one a step, and one more for each further circuit in a row, one PUB for each distinct circuit", async () => {
    const provider = recordingBackend(localSimulator({ seed: 1 }));
    const run = train(
      example.model(),
      { x: example.x(2 * BATCH), y: example.y(2 * BATCH) },
      { ...example.compile(), provider, batchSize: BATCH, precision: 0.1, shuffle: false },
    );
    const ids: string[] = [];
    let executions = 0;
    for await (const step of run) {
      expect(step.jobIds.length).toBe(2);
      expect(step.stderr).toBeGreaterThan(0);
      ids.push(...step.jobIds);
      executions += step.executions;
    }
    const result = await run;
    expect(result.jobIds).toEqual(ids);
    expect(new Set(ids).size).toBe(4);
    expect(result.executions).toBe(executions);
    // `first` and `beside` know their inputs at once, and their circuits are equal; `second` needs the outputs of `first`.
    expect(provider.tags).toEqual([
      ["layer:first", "layer:beside"],
      ["layer:second"],
      ["layer:first", "layer:beside"],
      ["layer:second"],
    ]);
    expect(provider.jobs.map((pubs) => pubs.length)).toEqual([1, 1, 1, 1]);
    // Per row: the values, two shifts for each of 9 weights but 3 that commute with Z, and two for each of 3 inputs.
    const rows = BATCH * (1 + 2 * 6 + 2 * 3);
    expect(provider.jobs.map((pubs) => rowsOf(pubs[0]!))).toEqual([2 * rows, rows, 2 * rows, rows]);
  });

  test("distinct circuits side by side are PUBs of one job, and the step is that of two jobs", async () => {
    const make = () => {
      const start = tfl.input({ shape: [3] });
      const hidden = dense(3, 1).apply(start);
      const left = circuitLayer(2, "left").apply(hidden) as tfl.SymbolicTensor;
      const right = quantum(
        quantumLayer({
          qubits: 3,
          perception: perception.angle(),
          connection: connection.basicEntangler({ layers: 2 }),
        }),
        { name: "right" },
      ).apply(hidden) as tfl.SymbolicTensor;
      const joined = tfl.layers.concatenate().apply([left, right]);
      return tfl.model({ inputs: start, outputs: dense(1, 3).apply(joined) as tfl.SymbolicTensor });
    };
    const provider = recordingBackend(localSimulator());
    const [jobs, adjoint] = [make(), make()];
    const data = { x: numbers(BATCH, 3, "x"), y: numbers(BATCH, 1, "y") };
    const options = (): TrainOptions => ({
      optimizer: tf.train.adam(0.05),
      loss: "meanSquaredError",
      steps: 3,
      shuffle: false,
    });
    await train(jobs, data, { ...options(), provider });
    await train(adjoint, data, options());
    expect(provider.jobs.map((pubs) => pubs.length)).toEqual([2, 2, 2]);
    expect(largestDifference(jobs.getWeights(), adjoint.getWeights())).toBeLessThan(1e-6);
  });

  test("where no gradient is wanted SPSA sends each row once", async () => {
    const provider = recordingBackend(localSimulator());
    const { model, x, y, compile } = Object.values(CASES)[0]!;
    const data = { x: x(BATCH), y: y(BATCH) };
    await train(model(), data, { ...compile(), provider, gradient: "spsa", validation: data });
    expect(provider.jobs.map((pubs) => rowsOf(pubs[0]!))).toEqual([3 * BATCH, BATCH]);
    const repeated = recordingBackend(localSimulator());
    await train(model(), data, { ...compile(), provider: repeated, gradient: "spsa", spsa: { repeats: 4 } });
    expect(repeated.jobs.map((pubs) => rowsOf(pubs[0]!))).toEqual([9 * BATCH]);
  });

  describe("the standard error of the loss is its spread over seeds", () => {
    const rows = 8;
    const models: readonly [string, () => tfl.LayersModel, (() => tf.Tensor2D) | undefined, number][] = [
      ["one observable, distinct rows", () => tfl.sequential({ layers: [measuring(["ZI"])] }), undefined, 1],
      [
        "equal rows, which are measured once",
        () => tfl.sequential({ layers: [measuring(["ZI"])] }),
        () => tf.tensor2d(new Array(rows).fill([0.4, 1.1])),
        1,
      ],
      [
        "a frozen layer",
        () => {
          const layer = measuring(["ZI"]);
          layer.trainable = false;
          return tfl.sequential({ layers: [layer, dense(1, 2)] });
        },
        undefined,
        1,
      ],
      // Both values come from the same shots; the bound holds for the worst case.
      ["two observables", () => tfl.sequential({ layers: [measuring(["ZI", "IZ"])] }), undefined, 1.6],
    ];
    const measuring = (observables: string[]) =>
      quantum(
        quantumLayer({
          qubits: 2,
          perception: perception.angle(),
          connection: connection.basicEntangler({ layers: 1 }),
          observables,
          seed: 3,
        }),
      );
    test.each(models)("%s", async (_, make, equal, slack) => {
      const x = equal?.() ?? numbers(rows, 2, "x");
      const provider = recordingBackend(localSimulator({ seed: 5 }));
      const losses: number[] = [];
      let stderr = 0;
      for (let seed = 0; seed < 120; seed++) {
        const model = make();
        const y = tf.ones([rows, model.outputs[0]!.shape[1]!]);
        const options = {
          optimizer: "sgd",
          loss: "meanSquaredError",
          provider,
          precision: 0.03,
          seed,
          steps: 1,
        } as const;
        for await (const step of train(model, { x, y }, options)) {
          losses.push(step.loss);
          stderr += step.stderr / 120;
        }
      }
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      const spread = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (losses.length - 1));
      // A spread of 120 draws is known to 7 %; three times that, and the slack of a bound.
      expect(stderr / spread).toBeGreaterThan(0.8);
      expect(stderr / spread).toBeLessThan(1.25 * slack);
    });
  });

  test("inputs before which nothing is trained are not shifted, nor are frozen weights", async () => {
    const provider = recordingBackend(localSimulator());
    const { model, x, y, compile } = Object.values(CASES)[3]!;
    await train(model(), { x: x(BATCH), y: y(BATCH) }, { ...compile(), provider, batchSize: BATCH });
    const rows = Object.fromEntries(provider.jobs.map((pubs, i) => [provider.tags[i]!.at(-1)!, rowsOf(pubs[0]!)]));
    expect(rows["layer:first"]).toBeLessThanOrEqual(BATCH * (1 + 2 * 9));
    expect(rows["layer:frozen"]).toBe(BATCH * (1 + 2 * 3));
  });

  test("the standard error is NaN where noise goes through a layer whose slopes nobody paid for", async () => {
    const first = circuitLayer(1, "first");
    first.trainable = false;
    const model = tfl.sequential({ layers: [first, circuitLayer(2, "second"), dense(1, 3)] });
    const data = { x: numbers(BATCH, 3, "x"), y: numbers(BATCH, 1, "y") };
    const options = { optimizer: "sgd", loss: "meanSquaredError", steps: 1 } as const;
    for await (const { stderr } of train(model, data, {
      ...options,
      provider: recordingBackend(localSimulator()),
      precision: 0.1,
    }))
      expect(stderr).toBeNaN();
    for await (const { stderr } of train(model, data, options)) expect(stderr).toBe(0);
  });

  test("sampled runs repeat by their seed", async () => {
    const { model, x, y, compile } = Object.values(CASES)[0]!;
    const run = async (seed: number) => {
      const trained = model();
      const provider = recordingBackend(localSimulator({ seed: 3 }));
      await train(
        trained,
        { x: x(BATCH), y: y(BATCH) },
        { ...compile(), provider, batchSize: BATCH, precision: 0.05, epochs: 3, seed },
      );
      return trained.getWeights();
    };
    const first = await run(1);
    expect(largestDifference(await run(1), first)).toBe(0);
    expect(largestDifference(await run(2), first)).toBeGreaterThan(1e-4);
  });
});
