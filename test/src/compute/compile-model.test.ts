import * as tf from "@tensorflow/tfjs-core";
import { model as functional, input, type LayersModel, layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { compileModel } from "../../../src/compute/tensorflow-compile.ts";
import { readNetwork, writeNetwork } from "../../../src/compute/tensorflow-network.ts";
import { connection, memoryStore, perception, quantumLayer } from "../../../src/index.ts";
import { evaluate, predict, quantum, train } from "../../../src/tfjs.ts";
import { expectClose, largest, randomModel, randomNumbers, tensorFlowGradients } from "./reference.ts";

const hybrid = (seed: number): LayersModel =>
  randomModel(seed, [
    layers.dense({ inputShape: [6], units: 8, activation: "relu" }),
    layers.batchNormalization({}),
    layers.dense({ units: 3, activation: "tanh" }),
    quantum(
      quantumLayer({
        qubits: 3,
        perception: perception.angle(),
        connection: connection.basicEntangler({ layers: 1 }),
        seed: 1,
      }),
    ),
    layers.dense({ units: 5, activation: "softplus" }),
    layers.layerNormalization({}),
    layers.dense({ units: 4, activation: "softmax" }),
  ]);

describe("compileModel", () => {
  test("says where each layer runs, and why", () => {
    const compiled = compileModel(hybrid(1));
    expect(compiled.places.map(({ place, segment }) => `${place} ${segment}`)).toEqual([
      "compute 1",
      "compute 1",
      "compute 1",
      "quantum 0",
      "compute 2",
      "tensorflow 0",
      "compute 3",
    ]);
    const lines = compiled.summary().split("\n");
    expect(lines).toHaveLength(9);
    expect(lines[0]).toMatch(/^layer +makes +weights +runs on +why$/);
    expect(lines[2]).toMatch(/\(Dense\) +\[8\] +56 +compute unit, segment 1$/);
    expect(lines[5]).toMatch(/\(LeptonQuantumLayer\) +\[3\] +3 +quantum +it is a quantum layer$/);
    expect(lines[7]).toMatch(/\(LayerNormalization\) .*TensorFlow.js +there is no such layer in the compute unit$/);
  });

  test("computes and differentiates as the model does, through weights that change", () => {
    const model = hybrid(2);
    const compiled = compileModel(model);
    const rng = Rng.seed(4);
    const variables = model.layers.flatMap((layer) => layer.trainableWeights.map((w) => w.read() as tf.Variable));
    for (const rows of [3, 5, 2]) {
      const x = randomNumbers(rng, rows * 6);
      const cotangents = randomNumbers(rng, rows * 4);
      for (const training of [false, true]) {
        const before = model.getWeights().map((weight) => weight.clone());
        const expected = tensorFlowGradients(model, x, cotangents, training);
        const moved = model.getWeights().map((weight) => Float32Array.from(weight.dataSync()));
        model.setWeights(before);
        tf.tidy(() => {
          const given = tf.variable(tf.tensor2d(x, [rows, 6]));
          let output: tf.Tensor | undefined;
          const { grads } = tf.variableGrads(() => {
            output = tf.keep(compiled.apply(given, { training }) as tf.Tensor);
            return tf.sum(tf.mul(output, tf.tensor2d(cotangents, [rows, 4]))) as tf.Scalar;
          }, [given, ...variables]);
          expectClose("output", output!.dataSync(), expected.output);
          output!.dispose();
          const least = 0.01 * largest(...expected.weights);
          expectClose("input gradient", grads[given.name]!.dataSync(), expected.input, 1e-5, least);
          for (const [i, { name }] of variables.entries())
            expectClose(`gradient ${i}`, grads[name]!.dataSync(), expected.weights[i]!, 1e-5, least);
        });
        for (const [i, weight] of model.getWeights().entries())
          expectClose(`weight ${i}`, weight.dataSync(), moved[i]!);
      }
      for (const variable of variables) variable.assign(tf.mul(variable, 1.1));
    }
  });

  test("goes back through a pass although others came in between", () => {
    const model = randomModel(3, [layers.dense({ inputShape: [4], units: 3, activation: "tanh" })]);
    const compiled = compileModel(model);
    const rng = Rng.seed(1);
    const [a, b] = [tf.tensor2d(randomNumbers(rng, 8), [2, 4]), tf.tensor2d(randomNumbers(rng, 12), [3, 4])];
    const sum = (apply: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor, y: tf.Tensor) =>
      tf.add(tf.sum(apply(x)), tf.sum(tf.square(apply(y))));
    const ours = tf.grads(sum((x) => compiled.apply(x) as tf.Tensor))([a, b]);
    const theirs = tf.grads(sum((x) => model.apply(x) as tf.Tensor))([a, b]);
    for (const [i, gradient] of ours.entries()) expectClose("gradient", gradient.dataSync(), theirs[i]!.dataSync());
  });

  test("takes what is in a row out of a model that branches, and leaves masked ones alone", () => {
    const x = input({ shape: [5] });
    const dense = (from: SymbolicTensor, units: number): SymbolicTensor =>
      layers.dense({ units, activation: "elu" }).apply(from) as SymbolicTensor;
    const left = dense(dense(x, 6), 4);
    const sum = layers.add().apply([left, dense(x, 4)]) as SymbolicTensor;
    const model = functional({ inputs: x, outputs: [dense(sum, 2), left] });
    const compiled = compileModel(model);
    expect(compiled.places.map(({ place }) => place).toSorted()).toEqual([...Array(4).fill("compute"), "tensorflow"]);
    const given = tf.tensor2d(randomNumbers(Rng.seed(6), 15), [3, 5]);
    const expected = model.predict(given) as tf.Tensor[];
    for (const [i, output] of (compiled.apply(given) as tf.Tensor[]).entries())
      expectClose(`output ${i}`, output.dataSync(), expected[i]!.dataSync());
    const masked = randomModel(1, [
      layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4, maskZero: true }),
      layers.dense({ units: 2 }),
    ]);
    expect(compileModel(masked).summary()).toContain("the model masks time steps");
  });
});

describe("writeNetwork", () => {
  test("puts weights into a model of the same layers, and refuses others", () => {
    const [from, to] = [1, 2].map((seed) =>
      randomModel(seed, [
        layers.conv2d({ inputShape: [5, 5, 1], filters: 2, kernelSize: 3 }),
        layers.batchNormalization({}),
        layers.flatten(),
        layers.dense({ units: 3, useBias: false }),
      ]),
    ) as [LayersModel, LayersModel];
    writeNetwork(readNetwork(from), to);
    expect(readNetwork(to).layers.map((layer) => ({ ...layer, name: "" }))).toEqual(
      readNetwork(from).layers.map((layer) => ({ ...layer, name: "" })),
    );
    expect(() => writeNetwork(readNetwork(from), hybrid(1))).toThrow(/do not fit/);
  });
});

describe("train with the compute unit", () => {
  const rng = Rng.seed(8);
  const x = randomNumbers(rng, 24 * 6);
  const labels = Array.from({ length: 24 }, () => rng.integer(4));
  const y = Float32Array.from({ length: 96 }, (_, i) => Number(labels[Math.floor(i / 4)] === i % 4));
  const data = { x: tf.tensor2d(x, [24, 6]), y: tf.tensor2d(y, [24, 4]) };
  const options = {
    loss: "categoricalCrossentropy",
    epochs: 2,
    batchSize: 10,
    seed: 3,
    metrics: ["accuracy"],
    validation: data,
  };
  const bits = (model: LayersModel): number[][] => model.getWeights().map((weight) => [...weight.dataSync()]);

  test("comes to the numbers of TensorFlow.js", async () => {
    const [ours, theirs] = [hybrid(5), hybrid(5)];
    const optimizer = () => tf.train.momentum(0.05, 0.9);
    const run = await train(ours, data, { ...options, optimizer: optimizer(), compute: "wasm" });
    const reference = await train(theirs, data, { ...options, optimizer: optimizer() });
    for (const [i, epoch] of run.history.entries()) {
      expect(epoch.loss).toBeCloseTo(reference.history[i]!.loss, 5);
      expect(epoch.validation!.loss).toBeCloseTo(reference.history[i]!.validation!.loss, 5);
    }
    for (const [i, weight] of bits(ours).entries()) expectClose(`weight ${i}`, weight, bits(theirs)[i]!, 1e-4, 0.1);
  });

  test("goes on where it was stopped, with the same bits", async () => {
    const withDropout = (): LayersModel =>
      randomModel(6, [
        layers.dense({ inputShape: [6], units: 8, activation: "relu" }),
        layers.batchNormalization({}),
        layers.dropout({ rate: 0.3 }),
        layers.dense({ units: 4, activation: "softmax" }),
      ]);
    const settings = () => ({ ...options, optimizer: tf.train.adam(0.02), compute: "wasm" }) as const;
    const whole = withDropout();
    await train(whole, data, settings());
    const store = memoryStore();
    const stopped = withDropout();
    const callbacks = {
      onBatchEnd: ({ step }: { step: number }, control: { stop(): void }) => step === 2 && control.stop(),
    };
    expect((await train(stopped, data, { ...settings(), store, id: "run", callbacks })).ended).toBe("stopped");
    const resumed = withDropout();
    expect((await train(resumed, data, { ...settings(), store, id: "run" })).steps).toBe(6);
    expect(bits(resumed)).toEqual(bits(whole));
  });

  test("evaluates and predicts what TensorFlow.js does", async () => {
    const model = hybrid(9);
    model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const [ours, theirs] = [await evaluate(model, data, { compute: "wasm" }), await evaluate(model, data)];
    expectClose("loss", [ours.loss], [theirs.loss]);
    expect(ours.metrics).toEqual(theirs.metrics);
    const outputs = await Promise.all(
      (["wasm", "tensorflow"] as const).map(async (compute) => (await predict(model, data.x, { compute })).outputs[0]!),
    );
    expectClose("outputs", outputs[0]!.dataSync(), outputs[1]!.dataSync());
    await expect(predict(model, data.x, { compute: "gpu" as "wasm" })).rejects.toThrow(/"tensorflow" or "wasm"/);
  });

  test("leaves no tensor behind", async () => {
    const model = hybrid(7);
    const settings = () => ({ ...options, optimizer: tf.train.sgd(0.01), compute: "wasm" }) as const;
    await train(model, data, settings());
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) await train(model, data, settings());
    // An optimizer keeps its learning rate.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(3);
    const compiled = compileModel(model);
    for (let i = 0; i < 3; i++) tf.dispose(compiled.apply(data.x, { training: true }));
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(3);
  });

  test("refuses another place", async () => {
    await expect(train(hybrid(1), data, { ...options, compute: "gpu" as "wasm" })).rejects.toThrow(
      /"tensorflow" or "wasm"/,
    );
  });
});
