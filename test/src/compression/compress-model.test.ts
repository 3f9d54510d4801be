import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { type CompressModelOptions, compressModel } from "../../../src/compression/index.ts";
import { connection, deviceSimulator, loadTarget, perception, quantumLayer } from "../../../src/index.ts";
import { evaluate, loadModel, predict, quantum, saveModel, train } from "../../../src/tfjs.ts";

const rng = Rng.seed("compress");
const ring = (count: number) => {
  const x = Array.from({ length: count }, () => [3 * (rng.uniform() - 0.5), 3 * (rng.uniform() - 0.5)]);
  return { x, y: x.map(([a, b]) => (Math.hypot(a!, b!) < 0.9 ? [1, 0] : [0, 1])) };
};
const data = { train: ring(96), validation: ring(64) };
const test_ = ring(64);
const target = loadTarget("manila");
const loss = "categoricalCrossentropy";

const dense = (units: number, activation: "tanh" | "softmax", inputs?: number) =>
  layers.dense({
    units,
    activation,
    name: activation,
    kernelInitializer: initializers.glorotUniform({ seed: units }),
    ...(inputs === undefined ? {} : { inputShape: [inputs] }),
  });
const circuit = quantumLayer({
  qubits: 2,
  perception: perception.angle(),
  connection: connection.stronglyEntangling({ layers: 2 }),
});
const hybrid = sequential({
  layers: [dense(2, "tanh", 2), quantum(circuit, { name: "circuit" }), dense(2, "softmax")],
});
const settings = {
  ...data,
  ...{ loss, target, budget: { accuracy: -0.05 }, steps: 10, maxFineTunes: 3, seed: 1 },
  classical: { bits: [8, 6], sparsities: [0.25] },
} satisfies CompressModelOptions;

beforeAll(async () => {
  const optimizer = tf.train.adam(0.1);
  await train(hybrid, data.train, { optimizer, loss, metrics: ["accuracy"], steps: 60 });
});

describe("compressModel", () => {
  test("keeps circuit and classical layers within one budget, leaves the model alone, and forgets no tensor", async () => {
    const before = hybrid.getWeights().map((weight) => [...weight.dataSync()]);
    const tensors = tf.memory().numTensors;
    const halves = new Set<string>();
    const found = await compressModel(hybrid, { ...settings, onProgress: ({ half }) => void halves.add(half) });
    expect([...halves]).toEqual(["circuit", "classical"]);
    expect(hybrid.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);

    const { given, best, points, model } = found;
    expect(given).toMatchObject({ circuit: "given", classical: "f32", parameters: hybrid.countParams() });
    expect(given.bytes).toBe(4 * given.parameters);
    expect(best.bytes).toBeLessThan(0.6 * given.bytes);
    expect(best.hardware!.twoQubitGates).toBeLessThanOrEqual(given.hardware!.twoQubitGates);
    for (const point of points) {
      expect(point.accuracy!).toBeGreaterThanOrEqual(given.accuracy! - 0.05 - 1e-6);
      expect(point.training.accuracy!).toBeGreaterThanOrEqual(given.training.accuracy! - 0.05 - 1e-6);
    }
    // None beats another.
    for (const a of points)
      for (const b of points)
        if (a !== b)
          expect(
            a.accuracy! < b.accuracy! ||
              a.bytes > b.bytes ||
              a.hardware!.twoQubitGates > b.hardware!.twoQubitGates ||
              a.hardware!.quantumSeconds > b.hardware!.quantumSeconds,
          ).toBe(true);
    expect(points).toContain(best);

    // What the table says is what the model does, also after it has been on the disk.
    const folder = mkdtempSync(join(tmpdir(), "lepton-compress-model-"));
    await saveModel(model, folder, { grids: found.grids });
    expect(statSync(join(folder, "weights.bin")).size).toBe(best.bytes);
    const loaded = await loadModel(folder);
    expect(loaded.getWeights().map((weight) => [...weight.dataSync()])).toEqual(
      model.getWeights().map((weight) => [...weight.dataSync()]),
    );
    expect((await evaluate(model, data.validation)).metrics.acc).toBeCloseTo(best.accuracy!, 6);
    const { model: other } = await found.modelOf(points[0]!);
    expect((await evaluate(other, data.train)).metrics.acc).toBeCloseTo(points[0]!.training.accuracy!, 6);
    const noisy = await predict(loaded, test_.x, { provider: deviceSimulator(target) });
    expect(noisy.outputs[0]!.shape).toEqual([64, 2]);
    tf.dispose(noisy.outputs as tf.Tensor[]);

    const optimizers = [model, other].map(({ optimizer }) => optimizer);
    for (const one of [model, other, loaded]) one.dispose();
    for (const one of optimizers) one.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test("makes a classical model smaller by units, ranks, bits and zeros", async () => {
    const model = sequential({ layers: [dense(16, "tanh", 2), dense(2, "softmax")] });
    const optimizer = tf.train.adam(0.1);
    await train(model, data.train, { optimizer, loss, steps: 60 });
    const { classical: _, target: __, ...rest } = settings;
    const { given, best, points } = await compressModel(model, { ...rest, steps: 20, maxFineTunes: 20 });
    expect(points.every(({ circuit: none, hardware }) => none === undefined && hardware === undefined)).toBe(true);
    expect(best.parameters).toBeLessThan(given.parameters);
    expect(best.classical).toMatch(/units gone, .*[86543] bits \(angles and biases 8\)/);
    expect(best.bytes).toBeLessThan(0.3 * given.bytes);
  });

  test("ends when it is told to, and refuses what cannot be", async () => {
    const controller = new AbortController();
    const stopped = compressModel(hybrid, {
      ...settings,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    const refused = async (change: object, code: string) =>
      expect(compressModel(hybrid, { ...settings, ...change })).rejects.toMatchObject({ code });
    await refused({ budget: { accuracy: 0.1 } }, "COMPRESSION_BUDGET");
    await refused({ validation: undefined }, "COMPRESSION_OPTION");
    await refused({ classical: { bits: [1] } }, "COMPRESSION_OPTION");
    await refused({ classical: { bit: [8] } }, "COMPRESSION_OPTION");
    await refused({ circuits: 0 }, "COMPRESSION_OPTION");
    await refused({ test: test_ }, "COMPRESSION_OPTION");
    await refused({ layer: "another" }, "COMPRESSION_MODEL");
  });

  test("a compact folder whose weights were changed is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-compress-model-"));
    await saveModel(hybrid, folder, { grids: new Map() });
    const file = join(folder, "weights.bin");
    const bytes = readFileSync(file);
    bytes[0]! ^= 1;
    writeFileSync(file, bytes);
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "MODEL_WEIGHTS_CORRUPT" });
    writeFileSync(file, bytes.subarray(1));
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "MODEL_WEIGHTS_CORRUPT" });
  });
});
