import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { fromArrays } from "../../../src/data/index.ts";
import { DataError, ModelError, TrainingError } from "../../../src/errors.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { adam } from "../../../src/optimizers/index.ts";
import { memoryStore } from "../../../src/runs/index.ts";
import { evaluate, fit as fitModel, predict, quantum, train } from "../../../src/tfjs.ts";
import { EarlyStopping } from "../../../src/training/early-stopping.ts";
import type { TrainOptions } from "../../../src/training/index.ts";
import { recordingBackend } from "../../support/recording-backend.ts";
import { largestDifference, useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));

const numbers = (rows: number, columns: number, name: string): number[][] => {
  const rng = Rng.seed(name);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
};
const circuit = () =>
  quantumLayer({
    qubits: 2,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 1 }),
    seed: 2,
  });
const dense = (units: number, seed: number, inputShape?: number[]) =>
  tfl.layers.dense({
    units,
    kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed }),
    ...(inputShape === undefined ? {} : { inputShape }),
  });
const hybrid = (): tfl.Sequential =>
  tfl.sequential({ layers: [dense(2, 1, [3]), quantum(circuit(), { name: "circuit" }), dense(1, 3)] });
const data = { x: numbers(20, 3, "x"), y: numbers(20, 1, "y") };
const compiled = (): TrainOptions => ({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
const copies = (model: tfl.LayersModel): tf.Tensor[] => model.getWeights().map((weight) => weight.clone());

describe("callbacks", () => {
  test("come in order, are waited for, and see what happened", async () => {
    const seen: string[] = [];
    let inside = 0;
    const note = (text: string) => async () => {
      expect(inside++).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      seen.push(text);
    };
    const callbacks: TrainOptions["callbacks"] = [
      {
        onTrainBegin: (info) => {
          expect(info).toEqual({ numRows: 20, stepsPerEpoch: 3 });
          return note("begin")();
        },
        onBatchEnd: ({ step, epoch }) => note(`${epoch}:${step}`)(),
        onEpochEnd: ({ epoch, steps }) => note(`epoch ${epoch} after ${steps}`)(),
        onTrainEnd: ({ ended }) => note(ended)(),
      },
      { onEpochEnd: () => note("second")() },
    ];
    await train(hybrid(), data, { ...compiled(), batchSize: 8, epochs: 2, callbacks });
    const epoch = (n: number, steps: number[]) => [
      ...steps.map((s) => `${n}:${s}`),
      `epoch ${n} after ${steps.at(-1)}`,
      "second",
    ];
    expect(seen).toEqual(["begin", ...epoch(1, [1, 2, 3]), ...epoch(2, [4, 5, 6]), "completed"]);
  });

  test("that have a state go on with it when a run is resumed, and so does early stopping", async () => {
    const store = memoryStore();
    const counting = () => {
      let seen = 0;
      return {
        onBatchEnd: () => void seen++,
        state: () => ({ seen }),
        restore(state: unknown) {
          ({ seen } = state as { seen: number });
        },
        seen: () => seen,
      };
    };
    // No epoch is so much better than the first.
    const earlyStopping = { monitor: "loss", patience: 2, minDelta: 1e6 };
    const options = { batchSize: 8, epochs: 9, earlyStopping };
    const drive = (...callbacks: NonNullable<TrainOptions["callbacks"]>[]) =>
      train(hybrid(), data, { ...options, ...compiled(), callbacks: callbacks.flat(), store, id: "kept" });
    const first = drive(counting(), { onBatchEnd: ({ step }) => (step === 4 ? first.stop() : undefined) });
    expect(await first).toMatchObject({ ended: "stopped", steps: 4, epochs: 1 });
    const counted = counting();
    const resumed = await drive(counted);
    expect(resumed).toMatchObject({ ended: "early-stopping", epochs: 3, bestEpoch: 1, steps: 9 });
    expect(counted.seen()).toBe(9);
    const { executions, loss } = await train(hybrid(), data, { ...options, ...compiled() });
    expect(resumed).toMatchObject({ executions, loss });
  });

  test("see that each validation draws its own shots", async () => {
    const losses: number[] = [];
    await train(hybrid(), data, {
      // So slow that the weights stay the same.
      ...{ optimizer: tf.train.sgd(1e-12), loss: "meanSquaredError", epochs: 3, validation: data },
      ...{ provider: localSimulator(), precision: 0.1 },
      callbacks: { onEpochEnd: ({ validation }) => void losses.push(validation!.loss) },
    });
    expect(new Set(losses).size).toBe(3);
  });

  test("see that each step draws its own shots", async () => {
    const losses: number[] = [];
    await train(hybrid(), data, {
      // So slow that the weights stay the same.
      ...{ optimizer: tf.train.sgd(1e-12), loss: "meanSquaredError", shuffle: false, batchSize: 20, epochs: 3 },
      ...{
        provider: localSimulator(),
        precision: 0.1,
        callbacks: { onBatchEnd: ({ loss }) => void losses.push(loss) },
      },
    });
    expect(new Set(losses).size).toBe(3);
  });

  test("may stop the run after the step at hand", async () => {
    const result = await train(hybrid(), data, {
      ...compiled(),
      epochs: 5,
      batchSize: 8,
      callbacks: { onBatchEnd: ({ step }, control) => step === 4 && control.stop() },
    });
    expect(result).toMatchObject({ ended: "stopped", steps: 4, epochs: 2 });
  });

  test("one that throws fails the run with its error, and the model can be trained again", async () => {
    const model = hybrid();
    const callbacks = {
      onBatchEnd: () => {
        throw new RangeError("mine");
      },
    };
    await expect(train(model, data, { ...compiled(), callbacks })).rejects.toThrow(RangeError);
    expect((await train(model, data)).steps).toBe(1);
  });
});

describe("length", () => {
  test("steps end a run within an epoch, and ask for as many epochs as they need", async () => {
    const within = await train(hybrid(), data, { ...compiled(), batchSize: 8, epochs: 9, steps: 4 });
    expect(within).toMatchObject({ ended: "completed", steps: 4, epochs: 2 });
    expect((await train(hybrid(), data, { ...compiled(), batchSize: 8, steps: 7 })).epochs).toBe(3);
  });

  test("a run goes to its store, step by step", async () => {
    const store = memoryStore();
    const run = train(hybrid(), data, { ...compiled(), batchSize: 8, id: "mine", store });
    const result = await run;
    const events = (await store.read("mine")).map(({ event }) => event.type);
    expect(events).toEqual(["created", "claimed", "described", "step", "step", "step", "epoch", "finished"]);
    const model = hybrid();
    expect(await train(model, data, { ...compiled(), batchSize: 8, id: "mine", store })).toEqual(result);
    expect(run.id).toBe("mine");
  });
});

describe("early stopping", () => {
  const decisions = (options: ConstructorParameters<typeof EarlyStopping>[0], values: readonly number[]) => {
    const stopping = new EarlyStopping(options);
    const found = values.map((value, i) => stopping.update(i + 1, { [stopping.monitor]: value }));
    return { stops: found.findIndex(({ stop }) => stop) + 1, best: stopping.bestEpoch };
  };

  test("waits for `patience` epochs without improvement of more than `minDelta`", () => {
    expect(decisions({}, [3, 2, 2, 1])).toEqual({ stops: 3, best: 4 });
    expect(decisions({ patience: 1 }, [3, 2, 2.5, 1])).toEqual({ stops: 3, best: 4 });
    expect(decisions({ patience: 2 }, [3, 2, 2.5, 1, 1, 1])).toEqual({ stops: 6, best: 4 });
    expect(decisions({ minDelta: 0.5 }, [3, 2.6, 2])).toEqual({ stops: 2, best: 3 });
    expect(decisions({ monitor: "val_acc" }, [0.1, 0.5, 0.4])).toEqual({ stops: 3, best: 2 });
    expect(decisions({ monitor: "gain", mode: "max" }, [1, 2, 3])).toEqual({ stops: 0, best: 3 });
  });

  test("an epoch without a number is never the best", () => {
    expect(decisions({ patience: 5 }, [Number.NaN, 0.5, 0.4, 0.6])).toEqual({ stops: 0, best: 3 });
    expect(decisions({ patience: 2 }, [Number.NaN, Number.NaN])).toEqual({ stops: 2, best: 0 });
  });

  test.each([0, 1, 2, 3])("patience %d lasts as long as in TensorFlow.js", async (patience) => {
    const make = () => tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [1], useBias: false })] });
    // Nothing is learnt at a rate of 0, so no epoch improves on the first.
    const [theirs, ours] = [make(), make()];
    const flat = { x: [[1], [2]], y: [[0], [1]] };
    theirs.compile({ optimizer: tf.train.sgd(0), loss: "meanSquaredError" });
    const { epoch } = await theirs.fit(tf.tensor2d(flat.x), tf.tensor2d(flat.y), {
      epochs: 20,
      verbose: 0,
      callbacks: tfl.callbacks.earlyStopping({ monitor: "loss", patience }),
    });
    const result = await train(ours, flat, {
      optimizer: tf.train.sgd(0),
      loss: "meanSquaredError",
      epochs: 20,
      earlyStopping: { monitor: "loss", patience },
    });
    expect(result.epochs).toBe(epoch.length);
  });

  test("puts back the weights of the best epoch also where another process saw that epoch, or the end", async () => {
    const store = memoryStore();
    // No epoch is so much better than the first.
    const earlyStopping = { monitor: "loss", patience: 2, minDelta: 1e6, restoreBest: true };
    const options = { batchSize: 8, epochs: 9, earlyStopping };
    const drive = async (callbacks: NonNullable<TrainOptions["callbacks"]> = []) => {
      const model = hybrid();
      const result = await train(model, data, { ...options, ...compiled(), callbacks, store, id: "best" });
      return { model, result };
    };
    const stopping = {
      onBatchEnd: ({ step }: { step: number }, run: { stop(): void }) => (step === 5 ? run.stop() : null),
    };
    expect((await drive(stopping)).result).toMatchObject({ ended: "stopped", epochs: 1, steps: 5 });
    const best = hybrid();
    await train(best, data, { batchSize: 8, epochs: 1, ...compiled() });
    for (const when of ["resumed", "finished before"]) {
      const { model, result } = await drive();
      expect(result, when).toMatchObject({ ended: "early-stopping", epochs: 3, bestEpoch: 1, steps: 9 });
      expect(largestDifference(model.getWeights(), best.getWeights()), when).toBe(0);
    }
  });

  test("ends the run and puts back the weights of the best epoch", async () => {
    const model = hybrid();
    const weights: tf.Tensor[][] = [];
    const losses: number[] = [];
    const result = await train(model, data, {
      // A rate at which the loss goes up and down.
      optimizer: tf.train.sgd(1.2),
      loss: "meanSquaredError",
      epochs: 40,
      validation: { x: numbers(9, 3, "vx"), y: numbers(9, 1, "vy") },
      earlyStopping: { patience: 3, restoreBest: true },
      callbacks: {
        onEpochEnd: ({ validation }) => {
          losses.push(validation!.loss);
          weights.push(copies(model));
        },
      },
    });
    const best = losses.indexOf(Math.min(...losses));
    expect(result).toMatchObject({ ended: "early-stopping", bestEpoch: best + 1, epochs: best + 1 + 3 });
    expect(largestDifference(model.getWeights(), weights[best]!)).toBe(0);
    expect(largestDifference(model.getWeights(), weights.at(-1)!)).toBeGreaterThan(1e-3);
  });
});

describe("ending a run from outside", () => {
  test("an aborted run fails with the signal's reason; the model is as after the last step it reported", async () => {
    const model = hybrid();
    const controller = new AbortController();
    const reason = new Error("enough");
    const options = { ...compiled(), batchSize: 4, epochs: 50 };
    const run = train(model, data, { ...options, signal: controller.signal });
    const read = async () => {
      for await (const { step } of run) if (step === 7) controller.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
    await expect(run).rejects.toBe(reason);
    expect(run.steps.length).toBeGreaterThanOrEqual(7);
    const again = hybrid();
    await train(again, data, { ...options, ...compiled(), steps: run.steps.length });
    expect(largestDifference(model.getWeights(), again.getWeights())).toBe(0);
  });

  test("a step whose callback throws does not count as done, and is taken again", async () => {
    const store = memoryStore();
    const callbacks = {
      onBatchEnd: ({ step }: { step: number }) => {
        if (step === 2 && !cured) throw new Error("mine");
      },
    };
    let cured = false;
    const options = { batchSize: 4, callbacks, store, id: "kept" };
    const run = train(hybrid(), data, { ...compiled(), ...options });
    await expect(run).rejects.toThrow("mine");
    expect(run.steps.map(({ step }) => step)).toEqual([1]);
    const events = (await store.read("kept")).map(({ event }) => event.type);
    expect(events).toEqual(["created", "claimed", "described", "step", "failed"]);
    cured = true;
    const model = hybrid();
    expect((await train(model, data, { ...compiled(), ...options })).steps).toBe(5);
    const straight = hybrid();
    await train(straight, data, { ...compiled(), batchSize: 4 });
    expect(largestDifference(model.getWeights(), straight.getWeights())).toBe(0);
  });

  test("an abort while a job is out changes no weight and leaves the job alone", async () => {
    const controller = new AbortController();
    const inner = localSimulator();
    let cancelled = 0;
    const slow = recordingBackend({
      ...inner,
      name: "slow",
      capabilities: inner.capabilities,
      estimator: (options) => {
        const estimator = inner.estimator(options);
        return {
          run: async (pubs, runOptions) => {
            const job = await estimator.run(pubs, runOptions);
            return {
              id: job.id,
              status: () => job.status(),
              usage: () => job.usage(),
              cancel: async () => void cancelled++,
              result: (options) =>
                new Promise((_, reject) => {
                  setTimeout(() => controller.abort(new Error("now")), 5);
                  options!.signal!.addEventListener("abort", () => reject(options!.signal!.reason));
                }),
            };
          },
        };
      },
      sampler: (options) => inner.sampler(options),
      status: () => inner.status(),
    });
    const model = hybrid();
    const before = copies(model);
    const run = train(model, data, { ...compiled(), provider: slow, signal: controller.signal });
    await expect(run).rejects.toThrow("now");
    expect(slow.jobs.length).toBe(1);
    expect(cancelled).toBe(0);
    expect(largestDifference(model.getWeights(), before)).toBe(0);
  });

  test("a job that fails fails the run, and the weights are as before the step", async () => {
    const inner = localSimulator();
    let jobs = 0;
    const failing = recordingBackend({
      name: "failing",
      capabilities: inner.capabilities,
      sampler: (options) => inner.sampler(options),
      status: () => inner.status(),
      estimator: (options) => ({
        run: (pubs, runOptions) => {
          if (++jobs === 3) throw new Error("calibration lost");
          return inner.estimator(options).run(pubs, runOptions);
        },
      }),
    });
    const model = hybrid();
    let after: tf.Tensor[] = [];
    const run = train(model, data, {
      ...compiled(),
      provider: failing,
      batchSize: 4,
      callbacks: {
        onBatchEnd: () => {
          after = copies(model);
        },
      },
    });
    await expect(run).rejects.toThrow("calibration lost");
    expect(run.steps.length).toBe(2);
    expect(largestDifference(model.getWeights(), after)).toBe(0);
  });
});

describe("evaluate and predict", () => {
  const classifier = (): tfl.LayersModel => {
    const input = tfl.input({ shape: [3] });
    const hidden = quantum(circuit()).apply(dense(2, 1).apply(input)) as tfl.SymbolicTensor;
    const classes = tfl.layers
      .dense({
        units: 2,
        activation: "softmax",
        kernelInitializer: tfl.initializers.randomUniform({ minval: -2, maxval: 2, seed: 4 }),
      })
      .apply(hidden) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: [classes, hidden] });
    model.compile({ optimizer: "sgd", loss: ["categoricalCrossentropy", "meanSquaredError"], metrics: ["accuracy"] });
    return model;
  };
  const features = () => tf.tensor2d(numbers(21, 3, "ex"));
  const targets = () => [
    tf.tensor2d(Array.from({ length: 21 }, (_, i) => (i % 2 === 0 ? [1, 0] : [0, 1]))),
    tf.tensor2d(numbers(21, 2, "ey")),
  ];

  test("are those of TensorFlow.js, whatever the batch size, by adjoint or in jobs", async () => {
    const model = classifier();
    const [x, y] = [features(), targets()];
    const wanted = model.predict(x) as tf.Tensor[];
    const scores = (model.evaluate(x, y, { batchSize: 21 }) as tf.Scalar[]).map((score) => score.dataSync()[0]!);
    for (const batchSize of [1, 8, 21, 100])
      for (const provider of [localSimulator(), recordingBackend(localSimulator())]) {
        const before = tf.memory().numTensors;
        const predicted = await predict(model, x, { provider, batchSize });
        expect(largestDifference(predicted.outputs, wanted)).toBeLessThan(1e-6);
        tf.dispose(predicted.outputs as tf.Tensor[]);
        const { loss, metrics } = await evaluate(model, { x, y }, { provider, batchSize });
        expect(tf.memory().numTensors).toBe(before);
        // TensorFlow.js leaves running sums of the losses: the second is the whole loss.
        expect(loss).toBeCloseTo(scores[1]!, 5);
        const values = Object.values(metrics);
        for (const score of scores.slice(-values.length)) expect(values).toContainEqual(expect.closeTo(score, 5));
        if ("jobs" in provider) expect(provider.jobs.length).toBe(2 * Math.ceil(21 / batchSize));
      }
  });

  test("report what they cost", async () => {
    const provider = localSimulator({ seed: 1 });
    const { executions, jobIds } = await predict(classifier(), features(), {
      provider: recordingBackend(provider),
      precision: 0.1,
      batchSize: 21,
    });
    expect(jobIds.length).toBe(1);
    expect(executions).toBe(21 * 100);
  });
});

describe("data", () => {
  test("a Dataset's classes become the model's outputs", async () => {
    const rows = fromArrays(
      numbers(12, 3, "dx"),
      Array.from({ length: 12 }, (_, i) => ["no", "yes"][i % 2]!),
    );
    const make = () =>
      tfl.sequential({ layers: [dense(2, 1, [3]), quantum(circuit()), tfl.layers.softmax({ axis: -1 })] });
    const options = (): TrainOptions => ({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });
    const [first, second] = [make(), make()];
    await train(first, rows, options());
    const y = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? [1, 0] : [0, 1]));
    await train(second, { x: numbers(12, 3, "dx"), y }, options());
    expect(largestDifference(first.getWeights(), second.getWeights())).toBe(0);
  });

  const bad: readonly [name: string, broken: unknown, code: string, words: RegExp][] = [
    ["nothing", undefined, "DATA_SHAPE", /\{ x, y \} or a Dataset/],
    ["no targets", { x: data.x }, "DATA_SHAPE", /\{ x, y \}/],
    ["no rows", { x: [], y: [] }, "DATA_EMPTY", /no rows/],
    ["a feature too few", { x: numbers(20, 2, "b"), y: data.y }, "DATA_SHAPE", /x has shape \[20, 2\].*\[rows, 3\]/],
    ["rows that do not pair", { x: data.x, y: data.y.slice(1) }, "DATA_SHAPE", /20 and 19/],
    [
      "ragged rows",
      {
        x: [
          [1, 2, 3],
          [1, 2],
        ],
        y: [[1], [2]],
      },
      "DATA_SHAPE",
      /ragged.*data\.x\[1\] has shape \[2\]/,
    ],
    [
      "a NaN",
      { x: data.x.map((row, i) => (i === 5 ? [1, Number.NaN, 2] : row)), y: data.y },
      "DATA_NOT_FINITE",
      /row 5/,
    ],
    ["a target of infinity", { x: [[1, 2, 3]], y: [[Number.POSITIVE_INFINITY]] }, "DATA_NOT_FINITE", /data\.y.*row 0/],
    [
      "text",
      {
        x: [
          [1, 2, 3],
          ["a", "b", "c"],
        ],
        y: [[1], [2]],
      },
      "DATA_TYPE",
      /x\[1\]\[0\] is of type string/,
    ],
    ["a null", { x: [[1, null, 3]], y: [[1]] }, "DATA_TYPE", /x\[0\]\[1\] is null/],
    ["parts by wrong names", { x: { left: data.x }, y: data.y }, "DATA_SHAPE", /no part named .*left/],
  ];
  test.each(bad)("%s is refused", async (_, broken, code, words) => {
    const model = hybrid();
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = tf.memory().numTensors;
    const error = await train(model, broken as typeof data).then(
      () => undefined,
      (thrown: unknown) => thrown as DataError,
    );
    expect(error).toBeInstanceOf(DataError);
    expect(error!.code).toBe(code);
    expect(error!.message).toMatch(words);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("errors", () => {
  const codeOf = async (work: () => PromiseLike<unknown>): Promise<string> => {
    try {
      await work();
    } catch (error) {
      expect(error instanceof TrainingError || error instanceof ModelError || error instanceof DataError).toBe(true);
      return (error as TrainingError).code;
    }
    return "none";
  };

  test.each<[string, Partial<TrainOptions>, string]>([
    ["no epochs", { epochs: 0 }, "TRAINING_LENGTH"],
    ["half a step", { steps: 0.5 }, "TRAINING_LENGTH"],
    ["a batch of none", { batchSize: 0 }, "DATA_BATCH_SIZE"],
    ["an unknown loss", { loss: "closeness" }, "TRAINING_COMPILE"],
    ["an unknown optimizer", { optimizer: "best" }, "TRAINING_COMPILE"],
    ["an optimizer of minimize", { optimizer: adam() as never }, "TRAINING_COMPILE"],
    ["an unknown metric", { metrics: ["luck"] }, "TRAINING_COMPILE"],
    ["early stopping without validation", { earlyStopping: {} }, "TRAINING_EARLY_STOPPING"],
    [
      "early stopping on a metric that there is not",
      { earlyStopping: { monitor: "accuracy" } },
      "TRAINING_EARLY_STOPPING",
    ],
    ["a misspelt option", { ephocs: 3 } as Partial<TrainOptions>, "TRAINING_OPTION"],
    ["a callback that is none", { callbacks: ["x" as never] }, "TRAINING_OPTION"],
    ["a negative patience", { earlyStopping: { patience: -1 } }, "TRAINING_EARLY_STOPPING"],
    ["an unknown mode", { earlyStopping: { mode: "up" as "max" } }, "TRAINING_EARLY_STOPPING"],
  ])("%s", async (_, options, code) => {
    expect(await codeOf(() => train(hybrid(), data, { ...compiled(), ...options }))).toBe(code);
  });

  test("early stopping on what there will not be is told before the first step", async () => {
    const provider = recordingBackend(localSimulator());
    const earlyStopping = { monitor: "val_accuracy" };
    const run = train(hybrid(), data, { ...compiled(), provider, earlyStopping, validation: data, metrics: ["mse"] });
    await expect(run).rejects.toMatchObject({ message: expect.stringContaining("loss, mse, val_loss, val_mse") });
    expect(provider.jobs.length).toBe(0);
  });

  test("options that there are not, for fit, evaluate and predict; null for none", async () => {
    const model = hybrid();
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect(await codeOf(() => fitModel(model, data, { steps: 1 } as never))).toBe("TRAINING_OPTION");
    expect(await codeOf(() => evaluate(model, data, { gradient: "spsa" } as never))).toBe("TRAINING_OPTION");
    expect(await codeOf(() => predict(model, data.x, { batch: 1 } as never))).toBe("TRAINING_OPTION");
    await fitModel(model, data, { callbacks: null as never });
    expect((await train(model, data, { callbacks: null as never, earlyStopping: null as never })).steps).toBe(1);
  });

  test("a weight that the loss does not depend on stays, as in model.fit", async () => {
    const make = () => {
      const start = tfl.input({ shape: [3] });
      const outputs = ["used", "idle"].map(
        (name) => tfl.layers.dense({ units: 1, name, kernelInitializer: "ones" }).apply(start) as tfl.SymbolicTensor,
      );
      return tfl.model({ inputs: start, outputs });
    };
    const nothing = (_: tf.Tensor, predicted: tf.Tensor) => tf.zeros(predicted.shape);
    const options = () => ({ optimizer: tf.train.sgd(0.1), loss: ["meanSquaredError", nothing] as never });
    const [ours, theirs] = [make(), make()];
    const both = { x: data.x, y: [tf.tensor2d(data.y), tf.tensor2d(data.y)] };
    await train(ours, both, { ...options(), shuffle: false });
    await fitModel(theirs, both, { ...options(), shuffle: false });
    expect(largestDifference(ours.getWeights(), theirs.getWeights())).toBeLessThan(1e-6);
  });

  test("models that cannot be trained", async () => {
    const unbuilt = tfl.sequential();
    const frozen = hybrid();
    frozen.trainable = false;
    const noisy = tfl.sequential({ layers: [dense(2, 1, [3]), tfl.layers.gaussianNoise({ stddev: 1 }), dense(1, 2)] });
    const stateful = tfl.sequential({
      layers: [
        tfl.layers.simpleRNN({
          units: 1,
          stateful: true,
          batchInputShape: [1, 3, 1],
          recurrentInitializer: "zeros",
        }),
      ],
    });
    const wrapped = tfl.sequential({
      layers: [tfl.layers.timeDistributed({ layer: quantum(circuit()), inputShape: [3, 2] })],
    });
    const codes: string[] = [];
    for (const model of [{} as tfl.LayersModel, unbuilt, frozen, noisy, stateful, wrapped])
      codes.push(await codeOf(() => train(model, data, compiled())));
    expect(codes).toEqual([
      "MODEL_NOT_BUILT",
      "MODEL_NOT_BUILT",
      "TRAINING_NOTHING_TRAINABLE",
      "MODEL_LAYER_RANDOM",
      "MODEL_LAYER_STATEFUL",
      "MODEL_QUANTUM_WRAPPED",
    ]);
    expect(await codeOf(() => train(hybrid(), data))).toBe("TRAINING_NOT_COMPILED");
    expect(await codeOf(() => train(hybrid(), data, { optimizer: "adam" }))).toBe("TRAINING_NOT_COMPILED");
    expect(await codeOf(() => evaluate(hybrid(), data))).toBe("TRAINING_NOT_COMPILED");
  });

  test("a loss that one of the outputs lacks", async () => {
    const input = tfl.input({ shape: [3] });
    const outputs = ["left", "right"].map(
      (name) => tfl.layers.dense({ units: 1, name, kernelInitializer: "zeros" }).apply(input) as tfl.SymbolicTensor,
    );
    const model = tfl.model({ inputs: input, outputs });
    const y = { left: data.y, right: data.y };
    const error = await train(model, { x: data.x, y }, { optimizer: "sgd", loss: { left: "meanSquaredError" } }).then(
      () => undefined,
      (thrown: unknown) => thrown as TrainingError,
    );
    expect(error).toMatchObject({ code: "TRAINING_NOT_COMPILED" });
    expect(error!.message).toContain("right");
  });

  test("a provider that is none, for train, fit, evaluate and predict", async () => {
    const provider = "ibm" as never;
    const model = hybrid();
    model.compile(compiled() as never);
    const codes = [
      await codeOf(() => train(model, data, { ...compiled(), provider })),
      await codeOf(() => fitModel(model, data, { ...compiled(), provider } as never)),
      await codeOf(() => predict(model, data.x, { provider })),
      await codeOf(() => evaluate(model, data, { provider })),
    ];
    expect(codes).toEqual(new Array(4).fill("TRAINING_PROVIDER"));
  });

  test("fit and train cannot share a model either", async () => {
    const model = hybrid();
    const first = fitModel(model, data, { ...compiled(), epochs: 3 } as never);
    expect(await codeOf(() => train(model, data))).toBe("TRAINING_CONCURRENT");
    await first;
  });

  test("classes by number are cast, and must be among the model's", async () => {
    const model = tfl.sequential({
      layers: [tfl.layers.dense({ units: 3, inputShape: [3], activation: "softmax", kernelInitializer: "zeros" })],
    });
    const options = { optimizer: "sgd", loss: "sparseCategoricalCrossentropy" } as const;
    const labels = (last: number) => tf.tensor2d([[0], [1], [last]], [3, 1], "int32");
    const x = numbers(3, 3, "labels");
    expect((await train(model, { x, y: labels(2) }, options)).loss).toBeCloseTo(Math.log(3), 5);
    const error = await train(model, { x, y: labels(5) }, options).then(
      () => undefined,
      (thrown: unknown) => thrown as DataError,
    );
    expect(error).toMatchObject({ code: "DATA_CLASSES" });
    expect(error!.message).toMatch(/class 5 in row 2; .* 0 to 2/);
  });

  test("an optimizer by name leaves nothing behind when the model is compiled anew", async () => {
    const model = hybrid();
    const options = { optimizer: "adam", loss: "meanSquaredError" } as const;
    await train(model, data, options);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await train(model, data, options);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("two runs cannot train one model at once", async () => {
    const model = hybrid();
    const first = train(model, data, { ...compiled(), epochs: 3 });
    expect(await codeOf(() => train(model, data, compiled()))).toBe("TRAINING_CONCURRENT");
    expect((await first).epochs).toBe(3);
    expect((await train(model, data)).epochs).toBe(1);
  });

  test("a loss that is not finite changes no weight", async () => {
    const model = tfl.sequential({ layers: [dense(1, 1, [1])] });
    const before = copies(model);
    const run = train(model, { x: [[1e30]], y: [[-1e30]] }, { ...compiled() });
    expect(await codeOf(() => run)).toBe("TRAINING_LOSS_NOT_FINITE");
    expect(largestDifference(model.getWeights(), before)).toBe(0);
  });

  test("a gradient that is not finite changes no weight either, nor do answers that are no numbers", async () => {
    const model = hybrid();
    const before = copies(model);
    // The slope of a square root is infinite at 0.
    const flat = (_: tf.Tensor, predicted: tf.Tensor) =>
      tf.sqrt(tf.sum(tf.square(tf.sub(predicted, predicted)))) as tf.Scalar;
    expect(await codeOf(() => train(model, data, { optimizer: tf.train.adam(0.1), loss: flat }))).toBe(
      "TRAINING_GRADIENT_NOT_FINITE",
    );
    expect(largestDifference(model.getWeights(), before)).toBe(0);

    const inner = localSimulator();
    const broken = recordingBackend({
      name: "broken",
      capabilities: inner.capabilities,
      sampler: (options) => inner.sampler(options),
      status: () => inner.status(),
      estimator: (options) => ({
        run: async (pubs, runOptions) => {
          const job = await inner.estimator(options).run(pubs, runOptions);
          const result: typeof job.result = async (waiting) =>
            (await job.result(waiting)).map((one) => ({
              ...one,
              evs: one.evs.map((ev, i) => (i === 9 ? Number.NaN : ev)),
            }));
          return { id: "j", status: () => job.status(), usage: () => job.usage(), cancel: () => job.cancel(), result };
        },
      }),
    });
    const run = train(model, data, { ...compiled(), provider: broken });
    await expect(run).rejects.toMatchObject({ code: "GRADIENT_NOT_FINITE", message: expect.stringContaining("Job j") });
    expect(largestDifference(model.getWeights(), before)).toBe(0);
  });

  test("fit refuses a provider that is not here, and says what to do", async () => {
    const remote = recordingBackend(localSimulator());
    const error = await fitModel(hybrid(), data, { ...compiled(), provider: remote } as never).catch(
      (thrown: unknown) => thrown as TrainingError,
    );
    if (!(error instanceof TrainingError)) throw new Error("fit took it.");
    expect(error.code).toBe("FIT_REMOTE_PROVIDER");
    expect(error.message).toContain(remote.name);
    expect(error.message).toMatch(/train\(model, \{ x, y \}, \{ provider \}\)/);
    expect(remote.jobs.length).toBe(0);
  });

  test("what cannot be compiled says what can be", async () => {
    const bad = train(hybrid(), data, { ...compiled(), loss: "bce" });
    await expect(bad).rejects.toThrow(/bce.*binaryCrossentropy/s);
    await expect(train(hybrid(), data, { ...compiled(), optimizer: adam() as never })).rejects.toThrow(
      /tf\.train\.adam/,
    );
  });

  test.each([
    ["fit", (model: tfl.LayersModel, options: object) => model.fit(tf.tensor(data.x), tf.tensor(data.y), options)],
    [
      "evaluate",
      (model: tfl.LayersModel, options: object) => model.evaluate(tf.tensor(data.x), tf.tensor(data.y), options),
    ],
    ["predict", (model: tfl.LayersModel, options: object) => model.predict(tf.tensor(data.x), options)],
  ])("model.%s refuses a provider, which TensorFlow.js would pass over", async (name, act) => {
    const model = hybrid();
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const at = { provider: recordingBackend(localSimulator()) };
    await expect(async () => act(model, at)).rejects.toMatchObject({
      code: "FIT_REMOTE_PROVIDER",
      message: expect.stringContaining(`model.${name} has no option "provider"`),
    });
    await act(model, { batchSize: 20 });
  });

  test("predict builds a model that was never compiled", async () => {
    const model = tfl.sequential({ layers: [quantum(circuit()), dense(1, 3)] });
    const { outputs } = await predict(model, [[0.1, 0.2]]);
    expect(outputs[0]!.shape).toEqual([1, 1]);
    expect(await outputs[0]!.data()).toEqual(await (model.predict(tf.tensor([[0.1, 0.2]])) as tf.Tensor).data());
  });

  test("fit simulates on the provider it is given", async () => {
    const small = localSimulator({ maxMemoryBytes: 64 });
    await expect(fitModel(hybrid(), data, { ...compiled(), provider: small } as never)).rejects.toMatchObject({
      code: "STATE_TOO_LARGE",
    });
  });
});

test("fit reports the validation of a model with several outputs as train does", async () => {
  const make = () => {
    const start = tfl.input({ shape: [3] });
    const outputs = ["left", "right"].map(
      (name) => tfl.layers.dense({ units: 1, name, kernelInitializer: "ones" }).apply(start) as tfl.SymbolicTensor,
    );
    return tfl.model({ inputs: start, outputs });
  };
  const two = (rows: number, name: string) => [
    tf.tensor2d(numbers(rows, 1, `${name}1`)),
    tf.tensor2d(numbers(rows, 1, name)),
  ];
  const options = { loss: ["meanSquaredError", "meanAbsoluteError"], metrics: ["mse"], epochs: 3 };
  const validation = { x: numbers(9, 3, "v"), y: two(9, "v") };
  const y = two(20, "y");
  const logged: number[] = [];
  const { history } = await fitModel(
    make(),
    { x: data.x, y },
    {
      ...options,
      optimizer: tf.train.sgd(0.1),
      validation,
      callbacks: { onEpochEnd: async (_, logs) => void logged.push(logs!.val_loss as number) },
    },
  );
  const result = await train(make(), { x: data.x, y }, { ...options, optimizer: tf.train.sgd(0.1), validation });
  for (const [epoch, report] of result.history.entries()) {
    expect(history.val_loss![epoch]).toBeCloseTo(report.validation!.loss, 5);
    expect(logged[epoch]).toBeCloseTo(report.validation!.loss, 5);
    for (const [name, value] of Object.entries(report.validation!.metrics))
      expect(history[`val_${name}`]![epoch]).toBeCloseTo(value, 5);
  }
});

describe("dropout and moving averages", () => {
  const withDropout = (): tfl.LayersModel =>
    tfl.sequential({
      layers: [
        dense(8, 1, [3]),
        tfl.layers.batchNormalization(),
        tfl.layers.dropout({ rate: 0.5 }),
        dense(2, 2),
        quantum(circuit()),
        tfl.layers.dropout({ rate: 0.5 }),
        dense(1, 3),
      ],
    });

  test("before a circuit, dropout falls by the run's seed, the same in jobs as by adjoint", async () => {
    const trained = async (options: TrainOptions) => {
      const model = withDropout();
      await train(model, data, { ...compiled(), batchSize: 5, epochs: 2, ...options });
      return model.getWeights();
    };
    const first = await trained({ seed: 1 });
    expect(largestDifference(await trained({ seed: 1 }), first)).toBe(0);
    expect(largestDifference(await trained({ seed: 2 }), first)).toBeGreaterThan(1e-3);
    const jobs = await trained({ seed: 1, provider: recordingBackend(localSimulator()) });
    expect(largestDifference(jobs, first)).toBeLessThan(1e-5);
  });

  test("a failed step puts moving averages back", async () => {
    const model = withDropout();
    const before = copies(model);
    const inner = localSimulator();
    const failing = recordingBackend({
      name: "failing",
      capabilities: inner.capabilities,
      sampler: (options) => inner.sampler(options),
      status: () => inner.status(),
      estimator: () => ({ run: () => Promise.reject(new Error("down")) }),
    });
    await expect(train(model, data, { ...compiled(), provider: failing })).rejects.toThrow("down");
    expect(largestDifference(model.getWeights(), before)).toBe(0);
  });
});
