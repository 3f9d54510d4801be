import * as tf from "@tensorflow/tfjs-core";
import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { loadDigits } from "../../../../examples/digits/data.ts";
import { pruneWeights, quantizeModel } from "../../../../src/compression/classical/index.ts";
import { quantizeNetwork } from "../../../../src/compute/int8/index.ts";
import { readNetwork } from "../../../../src/compute/tensorflow-network.ts";
import { train } from "../../../../src/training/index.ts";
import { useTensorBackend } from "../../../support/tensorflow.ts";

const { train: rows, test: unseen } = loadDigits();
const SEEDS = [0, 1, 2];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const training = (epochs: number, seed: number) =>
  ({ data: rows, optimizer: tf.train.adam(0.004), loss: "categoricalCrossentropy", epochs, seed }) as const;

async function trained(seed: number): Promise<LayersModel> {
  const seeded = (index: number) => initializers.glorotUniform({ seed: 1 + 10 * seed + index });
  const model = sequential({
    layers: [
      layers.dense({ inputShape: [64], units: 32, activation: "relu", kernelInitializer: seeded(1) }),
      layers.dense({ units: 10, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  });
  const { data, ...options } = training(15, seed);
  await train(model, data, options);
  return model;
}

function accuracyOf(probabilities: Float32Array): number {
  let right = 0;
  for (let row = 0; row < unseen.numRows; row++) {
    const scores = probabilities.subarray(10 * row, 10 * row + 10);
    if (scores.indexOf(Math.max(...scores)) === unseen.y[row]) right++;
  }
  return right / unseen.numRows;
}

describe("digits", () => {
  let models: readonly LayersModel[];
  let float: number;

  beforeAll(async () => {
    await useTensorBackend("wasm");
    models = await Promise.all(SEEDS.map(trained));
    const reports = await Promise.all(models.map((model) => pruneWeights(model, { sparsity: 0, evaluation: unseen })));
    float = mean(reports.map(({ report }) => report.after.accuracy!));
  }, 120_000);

  test("eight bits take half a point of accuracy at most", () => {
    const accuracy = models.map((model) =>
      accuracyOf(quantizeNetwork(readNetwork(model), { calibration: rows.x.slice(0, 64 * 400) }).predict(unseen.x)),
    );
    expect(mean(accuracy)).toBeGreaterThanOrEqual(float - 0.005);
  });

  test("training under three bits wins back more than half of what rounding to them takes, in integers too", async () => {
    const calibration = rows.x.slice(0, 64 * 400);
    const options = {
      weightBits: 3,
      activationBits: 3,
      calibration: tf.tensor(Float32Array.from(calibration), [400, 64]),
      evaluation: unseen,
    };
    const rounded: number[] = [];
    const aware: number[] = [];
    const integers: number[] = [];
    for (const [i, model] of models.entries()) {
      rounded.push((await quantizeModel(model, options)).report.after.accuracy!);
      const { model: made, report } = await quantizeModel(model, { ...options, training: training(6, SEEDS[i]!) });
      aware.push(report.after.accuracy!);
      const bits = { weightBits: 3, activationBits: 3 };
      integers.push(accuracyOf(quantizeNetwork(readNetwork(made), { calibration, ...bits }).predict(unseen.x)));
    }
    expect(float - mean(rounded)).toBeGreaterThan(0.02);
    expect(float - mean(aware)).toBeLessThan((float - mean(rounded)) / 2);
    expect(Math.abs(mean(integers) - mean(aware))).toBeLessThan(0.01);
  }, 120_000);
});
