import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localSimulator } from "../../../providers/index.ts";
import { type Dataset, fromArrays, pipeline, standardise } from "../../../src/data/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { frozenExtractor, quantum, saveModel, train } from "../../../src/tfjs.ts";
import { distance } from "../../support/linear-algebra.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));
const folder = mkdtempSync(join(tmpdir(), "lepton-extractor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const modelCode = (name: string) => expect.objectContaining({ name: "ModelError", code: name });
const dataCode = (name: string) => expect.objectContaining({ name: "DataError", code: name });

const random = (seed: number) => initializers.randomNormal({ stddev: 0.7, seed });
const network = () =>
  sequential({
    layers: [
      layers.dense({ units: 5, inputShape: [3], activation: "tanh", kernelInitializer: random(1), name: "first" }),
      layers.dense({ units: 2, activation: "tanh", kernelInitializer: random(2), name: "bottleneck" }),
      layers.dense({ units: 4, kernelInitializer: random(3), name: "last" }),
    ],
  });
const rows: Dataset = fromArrays(
  Array.from({ length: 7 }, (_, i) => [Math.sin(i), Math.cos(3 * i), 0.1 * i]),
  Array.from({ length: 7 }, (_, i) => i % 2),
);
const tensorOf = ({ x, numRows, numFeatures }: Dataset) => tf.tensor2d([...x], [numRows, numFeatures]);

test("features are the layer's output, in batches, whether the model comes from memory or a folder", async () => {
  const model = network();
  await saveModel(model, join(folder, "network"));
  // By hand, layer by layer.
  const [k1, b1, k2, b2] = model.getWeights();
  const dense = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) => tf.tanh(tf.add(tf.matMul(x, kernel), bias));
  const wanted = tf.tidy(() => dense(dense(tensorOf(rows), k1!, b1!), k2!, b2!).dataSync());
  for (const source of [model, join(folder, "network")]) {
    const extractor = await frozenExtractor(source, { batchSize: 3 });
    expect([extractor.layer, extractor.numInputs, extractor.numOutputs]).toEqual(["bottleneck", 3, 2]);
    const out = extractor.transform(rows);
    expect(distance(out.x, wanted)).toBeLessThan(1e-6);
    expect(out.y).toBe(rows.y);
    expect(out.featureNames).toEqual(["bottleneck[0]", "bottleneck[1]"]);
    const byName = await frozenExtractor(source, { layer: "first" });
    expect(byName.transform(rows).numFeatures).toBe(5);
  }
});

test("rows that were transformed before are not computed again, and training the model changes nothing", async () => {
  const model = network();
  const extractor = await frozenExtractor(model);
  const first = extractor.transform(rows);
  expect(extractor.transform({ ...rows }).x).toBe(first.x);
  model.setWeights(model.getWeights().map((weight) => tf.zerosLike(weight)));
  const again = extractor.transform({ ...rows, x: rows.x.slice() });
  expect(again.x).not.toBe(first.x);
  expect(again.x).toEqual(first.x);
});

test("memory is given back", async () => {
  const model = network();
  const before = tf.memory().numTensors;
  const extractor = await frozenExtractor(model, { layer: "first" });
  extractor.transform(rows);
  expect(tf.memory().numTensors).toBe(before + 2);
  extractor.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("pictures keep their grid", async () => {
  const model = sequential({
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 1], kernelInitializer: random(4), name: "conv" }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  });
  const pictures = fromArrays([Array.from({ length: 16 }, (_, i) => Math.sin(i))], [0]);
  const out = (await frozenExtractor(model, { layer: 0 })).transform(pictures);
  expect(out.grid).toEqual({ height: 3, width: 3, channels: 3 });
  expect(out.numFeatures).toBe(27);
});

test("a quantum head learns on the features, and both are one model with the frozen part unchanged", async () => {
  const extractor = await frozenExtractor(network());
  const head = quantum(
    quantumLayer({ qubits: 2, perception: perception.angle(), connection: connection.basicEntangler({ layers: 1 }) }),
  );
  const output = layers.dense({ units: 1, activation: "sigmoid", kernelInitializer: random(5) });
  const model = sequential({ layers: [head, output] });
  const before = head.getWeights()[0]!.dataSync().slice();
  const features = extractor.transform(rows);
  const settings = { provider: localSimulator(), optimizer: tf.train.adam(0.2), loss: "binaryCrossentropy", epochs: 2 };
  await train(model, features, { ...settings, batchSize: 7 });
  expect(distance(head.getWeights()[0]!.dataSync(), before)).toBeGreaterThan(1e-3);
  const whole = sequential({ layers: [extractor.model, head, output] });
  const wanted = tf.tidy(() => (model.predict(tensorOf(features)) as tf.Tensor).dataSync());
  const given = tf.tidy(() => (whole.predict(tensorOf(rows)) as tf.Tensor).dataSync());
  expect(distance(given, wanted)).toBeLessThan(1e-6);
  expect(extractor.model.trainableWeights).toEqual([]);
  expect(whole.trainableWeights.length).toBe(3);
});

test("it is a step of a pipeline; what it cannot do it says", async () => {
  const extractor = await frozenExtractor(network());
  const fitted = pipeline([standardise(), extractor, standardise()]).fit(rows);
  expect(fitted.transform(rows).numFeatures).toBe(2);
  expect(() => JSON.stringify(fitted)).toThrow(dataCode("TRANSFORM_JSON"));
  expect(() => extractor.inverse(extractor.transform(rows))).toThrow(dataCode("TRANSFORM_NO_INVERSE"));
  expect(() => extractor.transform(fromArrays([[1, 2]], [0]))).toThrow(dataCode("DATA_SHAPE"));
  expect(() => extractor.transform({ ...rows, x: rows.x.with(0, Number.NaN) })).toThrow(dataCode("DATA_NOT_FINITE"));
  await expect(frozenExtractor(network(), { layer: "middle" })).rejects.toThrow(modelCode("TRANSFER_LAYER"));
  await expect(frozenExtractor(network(), { layers: 1 } as never)).rejects.toThrow(modelCode("TRANSFER_OPTION"));
  await expect(frozenExtractor(network(), { batchSize: 0 })).rejects.toThrow(modelCode("TRANSFER_OPTION"));
  await expect(frozenExtractor({} as never)).rejects.toThrow(modelCode("TRANSFER_OPTION"));
  await expect(frozenExtractor(join(folder, "nothing"))).rejects.toThrow(modelCode("MODEL_FOLDER_MISSING"));
});
