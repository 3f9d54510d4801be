import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { fromArrays, pca, selectRows, standardise } from "../../../src/data/index.ts";
import { engine } from "../../../src/engine/index.ts";
import { train } from "../../../src/tfjs.ts";
import { sides, sidesParts } from "../../support/sides-engine.ts";

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("an evaluation", () => {
  test("holds the numbers of the second class's probabilities", async () => {
    const trained = sides();
    await trained.train({ epochs: 1 });
    const rows = sidesParts.test;
    const { metrics, confusion, prediction } = await trained.evaluate("test");
    const y = [...rows.y];
    const right = y.map((_, row) => prediction.outputs[2 * row + 1]!);
    expect(metrics.brier).toBeCloseTo(mean(y.map((label, row) => (right[row]! - label) ** 2)), 6);
    expect(metrics.logLoss).toBeCloseTo(
      mean(y.map((label, row) => -Math.log(label === 1 ? right[row]! : 1 - right[row]!))),
      5,
    );
    const pairs = y.flatMap((a, i) => y.flatMap((b, j) => (a === 1 && b === 0 ? [[right[i]!, right[j]!]] : [])));
    expect(metrics.auc).toBeCloseTo(mean(pairs.map(([p, n]) => (p! > n! ? 1 : p === n ? 0.5 : 0))), 12);
    // Ten bins of equal width.
    const bins = new Map<number, number[]>();
    for (const [row, p] of right.entries()) {
      const bin = Math.min(9, Math.floor(10 * p));
      bins.set(bin, [...(bins.get(bin) ?? []), row]);
    }
    const gaps = [...bins.values()].map(
      (own) =>
        (own.length / y.length) * Math.abs(mean(own.map((row) => right[row]!)) - mean(own.map((row) => y[row]!))),
    );
    expect(metrics.calibrationError).toBeCloseTo(
      gaps.reduce((sum, gap) => sum + gap, 0),
      6,
    );
    const f1Of = (k: number) =>
      (2 * confusion![k]![k]!) / (2 * confusion![k]![k]! + confusion![0]![1]! + confusion![1]![0]!);
    expect(metrics.f1).toBeCloseTo((f1Of(0) + f1Of(1)) / 2, 12);
  });

  test("leaves out what rows of one class, or of one value, do not tell", async () => {
    const rights = [...sidesParts.test.y.keys()].filter((row) => sidesParts.test.y[row] === 1);
    const { metrics } = await sides().evaluate(selectRows(sidesParts.test, rights));
    expect(Object.keys(metrics).sort()).toEqual(["accuracy", "f1", "logLoss"]);
    const flat = fromArrays([[1], [2], [3]], [5, 5, 5], { task: "regression" });
    const numbers = engine({ data: { train: flat, test: flat } });
    expect(Object.keys((await numbers.evaluate("test")).metrics).sort()).toEqual(["mae", "rmse"]);
  });

  test("leaves no tensors behind", async () => {
    const kept = sides();
    await kept.evaluate("test");
    const before = tf.memory().numTensors;
    await kept.evaluate("test");
    await kept.predict(sidesParts.test);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("a card's groups", () => {
  test("are compared by the probabilities of the second class, of the test rows alone", async () => {
    const trained = sides();
    await trained.train({ epochs: 1 });
    const { prediction } = await trained.evaluate("test");
    await trained.evaluate("validation");
    const first = Array.from({ length: 24 }, (_, row) => (row < 10 ? "first" : "later"));
    const { fairness } = await trained.card({ groups: { half: first } });
    const { groups } = fairness!.half!;
    expect(groups.map(({ group, count }) => [group, count])).toEqual([
      ["first", 10],
      ["later", 14],
    ]);
    const taken = prediction.labels!.slice(0, 10).filter((label) => label === "right").length;
    expect(groups[0]!.selectionRate.value).toBeCloseTo(taken / 10, 12);
    const base = sidesParts.test.y.subarray(0, 10).reduce((sum, label) => sum + label, 0);
    expect(groups[0]!.baseRate.value).toBeCloseTo(base / 10, 12);
  });

  test("are told with their estimates only where the model tells two classes apart", async () => {
    const three = fromArrays([[1], [2], [3]], ["a", "b", "c"]);
    const other = engine({ data: { train: three, test: three } });
    await other.evaluate("test");
    await expect(other.card({ groups: { age: ["x", "x", "y"] } })).rejects.toMatchObject({ code: "ENGINE_CARD" });
  });
});

describe("an engine's choices", () => {
  test.each(["adagrad", "adam", "momentum", "rmsprop", "sgd"] as const)(
    "%s by name is TensorFlow.js's own",
    async (name) => {
      const own = {
        ...{ adagrad: tf.train.adagrad, adam: tf.train.adam, rmsprop: tf.train.rmsprop, sgd: tf.train.sgd },
        momentum: (rate: number) => tf.train.momentum(rate, 0.9),
      };
      const plain = sides().with({ quantum: undefined, optimize: { optimizer: name, learningRate: 0.05, steps: 4 } });
      const twin = plain.with({});
      await plain.train();
      const scaler = standardise().fit(sidesParts.train);
      const components = pca({ numComponents: 2 }).fit(scaler.transform(sidesParts.train));
      const model = await twin.model();
      const rows = components.transform(scaler.transform(sidesParts.train));
      const common = { loss: "categoricalCrossentropy", steps: 4, seed: 5 };
      await train(model, rows, { ...common, optimizer: own[name](0.05) });
      for (const [i, weight] of (await plain.model()).getWeights().entries())
        expect(weight.dataSync()).toEqual(model.getWeights()[i]!.dataSync());
    },
  );

  test("of first weights: within one over the root of the inputs, by the seed, and another for each layer", async () => {
    const x = Array.from({ length: 4 }, (_, row) => Array.from({ length: 100 }, (_, i) => row + i));
    const data = { train: fromArrays(x, ["a", "b", "a", "b"]) };
    const weights = async (seed: number) => {
      const built = await engine({ data, classical: { hidden: [100, 100] }, seed }).model();
      return built.getWeights().map((one) => [...one.dataSync()]);
    };
    const [first, , second, , head] = await weights(1);
    for (const layer of [first!, second!, head!]) {
      const most = Math.max(...layer.map(Math.abs));
      expect(most).toBeLessThanOrEqual(0.1 + 1e-7);
      expect(most).toBeGreaterThan(0.095);
    }
    expect(first).not.toEqual(second);
    expect((await weights(1))[0]).toEqual(first);
    expect((await weights(2))[0]).not.toEqual(first);
  });

  test("of seeds for units of one's own: by the engine's", async () => {
    const seeds: number[] = [];
    const own = sides().with({
      quantum: undefined,
      classical: ({ seed, numInputs, numOutputs }) => {
        seeds.push(seed);
        return [layers.dense({ inputShape: [numInputs], units: numOutputs })];
      },
    });
    for (const seed of [5, 5, 6]) await own.with({ seed }).model();
    expect(seeds[0]).toBe(seeds[1]);
    expect(seeds[0]).not.toBe(seeds[2]);
  });
});
