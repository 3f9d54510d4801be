import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { loadModel, quantum, saveModel } from "../../../src/tfjs.ts";
import { modelDescription, optimizerDescription } from "../../../src/training/tensorflow-state.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));

interface Choice {
  readonly units?: number;
  readonly columns?: number;
  readonly activation?: "relu" | "tanh";
  readonly penalty?: number;
  readonly seed?: number;
  readonly layers?: number;
  readonly observables?: readonly string[];
  readonly frozen?: boolean;
  readonly rate?: number;
  readonly name?: string;
  readonly initializer?: "zeros" | "glorotNormal";
}

function build(choice: Choice = {}): tfl.LayersModel {
  const { units = 3, columns = 4, activation = "tanh", penalty = 0.1, seed = 1, layers = 1, rate = 0.5 } = choice;
  const { observables = ["ZI", "IX"], initializer = "glorotNormal", name } = choice;
  return tfl.sequential({
    layers: [
      tfl.layers.dense({
        units,
        inputShape: [columns],
        activation,
        kernelInitializer: initializer,
        kernelRegularizer: tfl.regularizers.l2({ l2: penalty }),
        ...(name === undefined ? {} : { name }),
      }),
      tfl.layers.batchNormalization({}),
      tfl.layers.dropout({ rate }),
      tfl.layers.dense({ units: 2 }),
      quantum(
        quantumLayer({
          qubits: 2,
          perception: perception.angle(),
          connection: connection.basicEntangler({ layers }),
          observables,
          seed,
        }),
        { trainable: choice.frozen !== true },
      ),
      tfl.layers.reshape({ targetShape: [2, 1] }),
      tfl.layers.bidirectional({
        layer: tfl.layers.lstm({ units: 2, recurrentInitializer: "glorotNormal" }) as tfl.RNN,
        mergeMode: "concat",
      } as Parameters<typeof tfl.layers.bidirectional>[0]),
    ],
  });
}

describe("the description of a model", () => {
  test("is the same hash for models that are built alike, with whatever names and weights", () => {
    const wanted = modelDescription(build());
    expect(wanted).toMatch(/^[0-9a-f]{64}$/);
    const other = build({ name: "something-else" });
    other.weights[0]!.write(tf.ones([4, 3]));
    expect(modelDescription(other)).toBe(wanted);
    expect(modelDescription(build({ seed: 2, initializer: "zeros" }))).toBe(wanted);
  });

  test("is the same after saving and loading", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-description-"));
    try {
      const model = build();
      await saveModel(model, folder);
      expect(modelDescription(await loadModel(folder))).toBe(modelDescription(model));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each<Choice>([
    { units: 4 },
    { columns: 5 },
    { activation: "relu" },
    { penalty: 0.2 },
    { layers: 2 },
    { observables: ["ZI", "IZ"] },
    { frozen: true },
    { rate: 0.4 },
  ])("is another one for a model with %o", (choice) => {
    expect(modelDescription(build(choice))).not.toBe(modelDescription(build()));
  });

  test("tells how layers are connected, and which are shared", () => {
    const variants = [
      (a: tfl.SymbolicTensor, dense: () => tfl.layers.Layer) => {
        const [first, second] = [dense(), dense()];
        return second.apply(first.apply(a));
      },
      (a: tfl.SymbolicTensor, dense: () => tfl.layers.Layer) => {
        const shared = dense();
        return shared.apply(shared.apply(a));
      },
      (a: tfl.SymbolicTensor, dense: () => tfl.layers.Layer) => {
        const [first, second] = [dense(), dense()];
        return [first.apply(a), second.apply(a)];
      },
      (a: tfl.SymbolicTensor, dense: () => tfl.layers.Layer) => {
        const [first, second] = [dense(), dense()];
        const made = first.apply(a) as tfl.SymbolicTensor;
        return [second.apply(made), made];
      },
    ];
    const describeAll = () =>
      variants.map((connect) => {
        const input = tfl.input({ shape: [2] });
        const outputs = connect(input, () => tfl.layers.dense({ units: 2 })) as tfl.SymbolicTensor;
        return modelDescription(tfl.model({ inputs: input, outputs }));
      });
    const hashes = describeAll();
    expect(new Set(hashes).size).toBe(variants.length);
    expect(describeAll()).toEqual(hashes);
  });

  test("changes when a layer is frozen", () => {
    const model = build();
    const before = modelDescription(model);
    model.layers[0]!.trainable = false;
    expect(modelDescription(model)).not.toBe(before);
  });
});

describe("the description of an optimizer", () => {
  test("is its class and settings, whatever it has learnt", () => {
    const optimizer = tf.train.adam(0.01);
    const text = optimizerDescription(optimizer);
    expect(JSON.parse(text)).toEqual({
      class: "Adam",
      config: { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    });
    const weight = tf.variable(tf.scalar(1));
    optimizer.applyGradients([{ name: weight.name, tensor: tf.scalar(1) }]);
    expect(optimizerDescription(optimizer)).toBe(text);
    expect(optimizerDescription(tf.train.adam(0.01))).toBe(text);
  });

  test.each<readonly [string, () => tf.Optimizer]>([
    ["another rate", () => tf.train.adam(0.02)],
    ["another class", () => tf.train.adamax(0.01)],
    ["a class of the user's own", () => new (class Own extends tf.AdamOptimizer {})(0.01, 0.9, 0.999)],
  ])("is another one for %s", (_, make) => {
    expect(optimizerDescription(make())).not.toBe(optimizerDescription(tf.train.adam(0.01)));
  });

  const configured = (config: object): tf.Optimizer =>
    Object.assign(tf.train.sgd(1), { getConfig: () => config as tf.serialization.ConfigDict });

  test("does not depend on the order of settings, and tells numbers that JSON has no word for", () => {
    const describeConfig = (config: object): string => optimizerDescription(configured(config));
    expect(describeConfig({ a: 1, b: { c: 2, d: [3] } })).toBe(describeConfig({ b: { d: [3], c: 2 }, a: 1 }));
    const values = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "0", false];
    expect(new Set(values.map((a) => describeConfig({ a }))).size).toBe(values.length);
  });

  test("is refused where a setting is no plain data", () => {
    expect(() => optimizerDescription(configured({ schedules: [() => 0.1] }))).toThrow(
      expect.objectContaining({
        code: "TRAINING_STATE",
        message: expect.stringMatching(/^Field schedules\[0\] of getConfig\(\) of the optimizer is function/),
      }),
    );
  });
});
