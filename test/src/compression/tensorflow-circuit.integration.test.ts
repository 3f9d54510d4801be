import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  type LayersModel,
  layers,
  sequential,
  input as tensorInput,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { loadTarget } from "../../../providers/index.ts";
import { compressModelCircuit, hardwareCost } from "../../../src/compression/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { KerasQuantumLayer, quantum, train } from "../../../src/tfjs.ts";
import { largestDifference, useTensorBackend } from "../../support/tensorflow.ts";

const target = loadTarget("torino");
beforeAll(() => useTensorBackend("cpu"));

const circuitLayer = (name = "circuit") =>
  quantum(
    quantumLayer({
      qubits: 3,
      perception: perception.angle(),
      connection: connection.stronglyEntangling({ layers: 2 }),
      seed: 2,
    }),
    { name },
  );

function hybrid(): LayersModel {
  return sequential({
    layers: [
      layers.dense({ units: 3, inputShape: [4], name: "features", kernelInitializer: "glorotNormal" }),
      circuitLayer(),
      layers.dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: "glorotNormal" }),
    ],
  });
}

/** Two clouds, a little apart. */
function clouds(count: number, seed: number) {
  const rng = Rng.seed(seed);
  const labels = Array.from({ length: count }, (_, row) => row % 2);
  return {
    x: labels.map((label) => Array.from({ length: 4 }, () => rng.normal() + (label === 0 ? -0.7 : 0.7))),
    y: labels.map((label) => [1 - label, label]),
  };
}

const data = { train: clouds(64, 1), validation: clouds(48, 2) };
const outputs = (model: LayersModel): tf.Tensor => model.predict(tf.tensor2d(data.validation.x)) as tf.Tensor;

describe("compressModelCircuit", () => {
  test("the exact reduction alone keeps every output, in a sequential and in a functional model", async () => {
    const features = tensorInput({ shape: [4] });
    const dense = layers.dense({ units: 3, name: "features" }).apply(features) as ReturnType<typeof tensorInput>;
    const measured = circuitLayer().apply(dense) as ReturnType<typeof tensorInput>;
    const joined = layers.concatenate({ name: "joined" }).apply([measured, dense]) as ReturnType<typeof tensorInput>;
    const skipping = functional({
      inputs: features,
      outputs: layers.dense({ units: 2, activation: "softmax", name: "head" }).apply(joined) as ReturnType<
        typeof tensorInput
      >,
    });
    for (const model of [hybrid(), skipping]) {
      const found = await compressModelCircuit(model, {
        ...data,
        budget: { loss: 1e-6 },
        target,
        loss: "categoricalCrossentropy",
        stages: [],
      });
      expect(found.best.stage).toBe("reduce");
      expect(found.best.hardware!.twoQubitGates).toBeLessThan(found.given.hardware!.twoQubitGates);
      expect(found.best.parameters).toBeLessThan(found.given.parameters);
      expect(largestDifference([outputs(model)], [outputs(found.model)])).toBeLessThan(1e-6);
      expect(found.best.hardware).toEqual(hardwareCost(found.best.trained, target));
    }
  });

  test("fine-tunes the whole model, leaves the given one as it is, and leaves no tensors behind", async () => {
    const model = hybrid();
    await train(model, data.train, {
      optimizer: tf.train.adam(0.05),
      loss: "categoricalCrossentropy",
      metrics: ["accuracy"],
      steps: 30,
      batchSize: 16,
    });
    const before = model.getWeights().map((weight) => weight.arraySync());
    const tensors = tf.memory().numTensors;
    const found = await compressModelCircuit(model, {
      ...data,
      budget: { accuracy: -0.05 },
      steps: 6,
      batchSize: 16,
      maxFineTunes: 8,
    });
    expect(model.getWeights().map((weight) => weight.arraySync())).toEqual(before);
    expect(found.best.accuracy!).toBeGreaterThanOrEqual(found.given.accuracy! - 0.05 - 1e-6);
    expect(found.best.size.entanglers).toBeLessThan(found.given.size.entanglers);
    const made = found.model;
    const circuit = made.layers.find((layer) => layer instanceof KerasQuantumLayer)!;
    expect(circuit.quantum.circuit.equals(found.best.trained.circuit)).toBe(true);
    // float32 in the layer.
    for (const [index, weight] of circuit.flatWeights().entries())
      expect(weight).toBeCloseTo(found.best.trained.weights[index]!, 5);
    const predicted = tf.tidy(() => tf.argMax(outputs(made), 1).dataSync());
    const right = data.validation.y.filter(([, second], row) => predicted[row] === second).length;
    const correct = right / data.validation.y.length;
    expect(correct).toBeCloseTo(found.best.accuracy!, 5);
    made.optimizer.dispose();
    made.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test("says which layer or loss it misses", async () => {
    const options = { ...data, budget: { loss: 0.1 }, loss: "categoricalCrossentropy" } as const;
    const plain = sequential({ layers: [layers.dense({ units: 2, inputShape: [4] })] });
    await expect(compressModelCircuit(plain, options)).rejects.toMatchObject({ code: "COMPRESSION_MODEL" });
    const two = sequential({
      layers: [
        layers.dense({ units: 3, inputShape: [4] }),
        circuitLayer("a"),
        circuitLayer("b"),
        layers.dense({ units: 2 }),
      ],
    });
    await expect(compressModelCircuit(two, options)).rejects.toThrow('"a", "b"');
    const named = await compressModelCircuit(two, { ...options, layer: "b", stages: [] });
    expect(named.model.layers.map(({ name }) => name).slice(1, 3)).toEqual(["a", "b"]);
    const { loss: _loss, ...without } = options;
    await expect(compressModelCircuit(hybrid(), without)).rejects.toMatchObject({ code: "COMPRESSION_MODEL" });
    await expect(compressModelCircuit(hybrid(), { budget: { loss: 1 } } as never)).rejects.toMatchObject({
      code: "COMPRESSION_OPTION",
    });
  });
});
