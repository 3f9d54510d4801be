import { type LayersModel, layers } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { compileNetwork } from "../../../src/compute/compiled-network.ts";
import { sizeOf } from "../../../src/compute/network.ts";
import { readNetwork } from "../../../src/compute/tensorflow-network.ts";
import { expectClose, type Layer, largest, randomModel, randomNumbers, tensorFlowGradients } from "./reference.ts";

/** Outputs and all gradients of a model on both sides, in training and without. */
function expectAlike(model: LayersModel, rows: number, seed: number): void {
  const network = readNetwork(model);
  const rng = Rng.seed(seed);
  const x = randomNumbers(rng, rows * sizeOf(network.inputShape), 1.5);
  const cotangents = randomNumbers(rng, rows * sizeOf(network.outputShape));
  // A batch need not be full, and what an earlier one left behind changes nothing.
  const compiled = compileNetwork(network, { batchSize: rows + (seed % 3), inputGradient: true });
  compiled.forward(new Float32Array(compiled.batchSize * compiled.inputSize).fill(3), { training: true });
  compiled.backward(new Float32Array(compiled.batchSize * compiled.outputSize).fill(2));
  for (const training of [true, false]) {
    const output = compiled.forward(x, { training }).slice();
    const { input, weights } = compiled.backward(cotangents);
    const expected = tensorFlowGradients(model, x, cotangents, training);
    expectClose(`output, training ${training}`, output, expected.output);
    expectClose(`input gradient, training ${training}`, input!, expected.input);
    const ours = weights.flatMap((ofLayer) => Object.entries(ofLayer));
    expect(ours).toHaveLength(expected.weights.length);
    // A bias before batch normalisation has no gradient but what rounding leaves of others.
    const least = 0.1 * largest(...expected.weights);
    for (const [i, [name, gradient]] of ours.entries())
      expectClose(`gradient of ${name} (${i}), training ${training}`, gradient, expected.weights[i]!, 1e-5, least);
    // TensorFlow.js has moved its statistics; so that both compute the same again, ours move, too.
    if (training) compiled.moveStatistics();
  }
  const after = readNetwork(model).layers.flatMap((layer) => ("movingMean" in layer ? [layer] : []));
  const moved = compiled.network().layers.flatMap((layer) => ("movingMean" in layer ? [layer] : []));
  for (const [i, { movingMean, movingVariance }] of after.entries()) {
    expectClose("moving mean", moved[i]!.movingMean, movingMean);
    expectClose("moving variance", moved[i]!.movingVariance, movingVariance);
  }
}

const ACTIVATIONS = [
  "linear",
  "relu",
  "relu6",
  "elu",
  "selu",
  "sigmoid",
  "tanh",
  "softplus",
  "swish",
  "softmax",
] as const;

describe("gradients are those of TensorFlow.js", () => {
  test.each(ACTIVATIONS)("dense with %s", (activation) => {
    for (const [rows, inputs, units] of [
      [5, 7, 9],
      [1, 3, 2],
      [8, 16, 12],
    ] as const)
      expectAlike(
        randomModel(rows, [
          layers.dense({ inputShape: [inputs], units, activation }),
          layers.dense({ units: 3, useBias: false }),
        ]),
        rows,
        units,
      );
  });

  test.each<[string, () => readonly Layer[]]>([
    [
      "activation layers",
      () => [
        layers.dense({ inputShape: [4], units: 6 }),
        layers.leakyReLU({ alpha: 0.2 }),
        layers.dense({ units: 5 }),
        layers.activation({ activation: "gelu" as "relu" }),
        layers.dense({ units: 5 }),
        layers.reLU({ maxValue: 6 }),
      ],
    ],
    [
      "dense over the last axis of several",
      () => [
        layers.dense({ inputShape: [3, 2, 5], units: 7, activation: "tanh" }),
        layers.dense({ units: 3, activation: "softmax" }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
    ],
    ["a convolution", () => [layers.conv2d({ inputShape: [6, 5, 3], filters: 4, kernelSize: 3, activation: "relu" })]],
    [
      "convolutions with padding, strides and odd channels",
      () => [
        layers.conv2d({ inputShape: [7, 6, 1], filters: 5, kernelSize: [3, 2], padding: "same", activation: "elu" }),
        layers.conv2d({ filters: 9, kernelSize: 3, strides: [2, 1], padding: "same" }),
        layers.conv2d({ filters: 2, kernelSize: 2, strides: 2, useBias: false, activation: "tanh" }),
      ],
    ],
    [
      "depthwise convolutions",
      () => [
        layers.conv2d({ inputShape: [7, 6, 1], filters: 5, kernelSize: 2 }),
        layers.depthwiseConv2d({ kernelSize: [3, 2], padding: "same", activation: "tanh" }),
        layers.depthwiseConv2d({ kernelSize: 2, strides: [2, 2], useBias: false, activation: "relu" }),
      ],
    ],
    [
      "a convolution that leaves pixels out",
      () => [
        layers.conv2d({ inputShape: [8, 8, 2], filters: 3, kernelSize: 2, strides: 3 }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
    ],
    [
      "pooling",
      () => [
        layers.conv2d({ inputShape: [9, 8, 2], filters: 5, kernelSize: 2 }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "valid" }),
        layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      ],
    ],
    [
      "global pooling",
      () => [layers.conv2d({ inputShape: [5, 5, 2], filters: 6, kernelSize: 2 }), layers.globalAveragePooling2d({})],
    ],
    [
      "global maximum",
      () => [layers.conv2d({ inputShape: [5, 5, 2], filters: 7, kernelSize: 2 }), layers.globalMaxPooling2d({})],
    ],
    [
      "batch normalisation",
      () => [
        layers.dense({ inputShape: [4], units: 6 }),
        layers.batchNormalization({ epsilon: 0.01, momentum: 0.8 }),
        layers.dense({ units: 3 }),
        layers.batchNormalization({}),
      ],
    ],
    [
      "a convolutional network",
      () => [
        layers.conv2d({ inputShape: [8, 8, 1], filters: 8, kernelSize: 3, padding: "same" }),
        layers.batchNormalization({}),
        layers.activation({ activation: "relu" }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 6, kernelSize: 3, activation: "swish" }),
        layers.flatten(),
        layers.dense({ units: 12, activation: "tanh" }),
        layers.reshape({ targetShape: [3, 4] }),
        layers.flatten(),
        layers.dense({ units: 10, activation: "softmax" }),
      ],
    ],
  ])("%s", (_, make) => {
    for (const rows of [1, 4, 7]) {
      const model = randomModel(rows, make());
      // The variance of one row is 0.
      if (rows > 1 || !model.layers.some((layer) => layer.getClassName() === "BatchNormalization"))
        expectAlike(model, rows, rows);
    }
  });

  test("networks of any shape", () => {
    const upTo = (max: number) => fc.integer({ min: 1, max });
    const side = fc.integer({ min: 4, max: 9 });
    const kinds = fc.record({
      image: fc.tuple(side, side, upTo(5)),
      filters: upTo(9),
      window: fc.tuple(upTo(3), upTo(3)),
      stride: upTo(2),
      padding: fc.constantFrom("same" as const, "valid" as const),
      activation: fc.constantFrom(...ACTIVATIONS),
      pool: upTo(3),
      units: upTo(13),
      rows: upTo(6),
    });
    fc.assert(
      fc.property(kinds, ({ image, filters, window, stride, padding, activation, pool, units, rows }) => {
        const model = randomModel(filters, [
          layers.conv2d({ inputShape: image, filters, kernelSize: window, strides: stride, padding, activation }),
          layers.batchNormalization({ epsilon: 0.1 }),
          layers.maxPooling2d({ poolSize: pool, strides: 1, padding: "same" }),
          layers.flatten(),
          layers.dense({ units, activation: "tanh" }),
        ]);
        expectAlike(model, rows, units);
      }),
      { numRuns: 15, seed: 3 },
    );
  });
});
