import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { loadDigits } from "../../../examples/digits/data.ts";
import {
  compileNetwork,
  fitNetwork,
  type Network,
  type NetworkLayer,
  type RowShape,
  sizeOf,
  windowOver,
} from "../../../src/compute/index.ts";
import { readNetwork } from "../../../src/compute/tensorflow-network.ts";
import { randomNumbers } from "./reference.ts";

const size = fc.integer({ min: 1, max: 9 });
const options = { numRuns: 60, seed: 11 };

/** A window over an image that has room for it. */
const windows = fc
  .record({
    height: size,
    width: size,
    channels: size,
    rows: size,
    filters: size,
    stride: fc.integer({ min: 1, max: 3 }),
  })
  .chain((image) =>
    fc.record({
      image: fc.constant(image),
      window: fc.tuple(
        fc.integer({ min: 1, max: Math.min(4, image.height) }),
        fc.integer({ min: 1, max: Math.min(4, image.width) }),
      ),
      padding: fc.constantFrom("same" as const, "valid" as const),
    }),
  );

const alone = (layer: NetworkLayer): Network => ({
  inputShape: layer.inputShape,
  outputShape: layer.outputShape,
  layers: [layer],
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Of a linear layer: ⟨c, f(x)⟩ = ⟨fᵀc, x⟩, where fᵀ is the way back. */
function expectAdjoint(layer: NetworkLayer, rows: number): void {
  const compiled = compileNetwork(alone(layer), { batchSize: rows, inputGradient: true });
  const rng = Rng.seed(rows);
  const x = randomNumbers(rng, rows * sizeOf(layer.inputShape));
  const c = randomNumbers(rng, rows * sizeOf(layer.outputShape));
  const there = dot(c, compiled.forward(x));
  const back = dot(compiled.backward(c).input!, x);
  expect(Math.abs(there - back)).toBeLessThanOrEqual(1e-6 * (1 + c.length));
}

describe("the way back of linear layers is their transpose", () => {
  test("pooling by averages, with padding too", () => {
    fc.assert(
      fc.property(windows, ({ image, window, padding }) => {
        const inputShape: RowShape = [image.height, image.width, image.channels];
        const strides = [image.stride, image.stride] as const;
        const over = windowOver([image.height, image.width], window, strides, padding);
        const outputShape = [...over.outputSize, image.channels];
        const shapes = { name: "pool", inputShape, outputShape, windowSize: window, strides, padding: over.padding };
        expectAdjoint({ kind: "averagePool2d", ...shapes }, image.rows);
      }),
      options,
    );
  });

  test("convolutions, and dense layers", () => {
    fc.assert(
      fc.property(windows, ({ image, window, padding }) => {
        const { height, width, channels, filters, stride, rows } = image;
        const strides = [stride, stride] as const;
        const over = windowOver([height, width], window, strides, padding);
        const rng = Rng.seed(filters);
        const common = { name: "product", bias: undefined, activation: { name: "linear" }, trainable: true } as const;
        const kernel = randomNumbers(rng, window[0] * window[1] * channels * filters);
        const inputShape = [height, width, channels];
        const outputShape = [...over.outputSize, filters];
        const shapes = { inputShape, outputShape, windowSize: window, strides, padding: over.padding };
        expectAdjoint({ kind: "conv2d", kernel, ...common, ...shapes }, rows);
        const dense = {
          inputShape,
          outputShape: [height, width, filters],
          kernel: randomNumbers(rng, channels * filters),
        };
        expectAdjoint({ kind: "dense", ...common, ...dense }, rows);
      }),
      options,
    );
  });

  test("the largest of a window is one of it, and its cotangent goes there alone", () => {
    fc.assert(
      fc.property(windows, ({ image, window, padding }) => {
        const { height, width, channels, stride, rows } = image;
        const over = windowOver([height, width], window, [stride, stride], padding);
        const layer: NetworkLayer = {
          kind: "maxPool2d",
          name: "pool",
          inputShape: [height, width, channels],
          outputShape: [...over.outputSize, channels],
          windowSize: window,
          strides: [stride, stride],
          padding: over.padding,
        };
        const compiled = compileNetwork(alone(layer), { batchSize: rows, inputGradient: true });
        const x = randomNumbers(Rng.seed(1), rows * height * width * channels);
        const output = compiled.forward(x).slice();
        const counts = compiled.backward(new Float32Array(output.length).fill(1)).input!;
        // Random numbers are all different: each output is the sum over where its cotangent went.
        expect(dot(counts, x)).toBeCloseTo(dot(output, new Float32Array(output.length).fill(1)), 4);
        const values = new Set(x.map((value, i) => (counts[i] === 0 ? Number.NaN : value)));
        for (const value of output) expect(values.has(value)).toBe(true);
      }),
      options,
    );
  });
});

test("a batch is its rows one by one, without what mixes them", () => {
  const rng = Rng.seed(5);
  const network = readNetwork(
    sequential({
      layers: [
        layers.conv2d({
          inputShape: [6, 7, 2],
          filters: 5,
          kernelSize: 3,
          padding: "same",
          activation: "gelu" as "relu",
        }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dense({ units: 7, activation: "softmax" }),
      ],
    }),
  );
  const x = randomNumbers(rng, 9 * 84);
  const whole = compileNetwork(network, { batchSize: 9 }).predict(x);
  for (const batchSize of [1, 2, 4]) expect(compileNetwork(network, { batchSize }).predict(x)).toEqual(whole);
});

test("a convolutional network learns the digits, above 0.95 on those it has not seen", async () => {
  const { train, test: rest } = loadDigits();
  const kernelInitializer = (seed: number) => initializers.glorotUniform({ seed });
  const model = sequential({
    layers: [
      layers.reshape({ inputShape: [64], targetShape: [8, 8, 1] }),
      layers.conv2d({ filters: 8, kernelSize: 3, padding: "same", kernelInitializer: kernelInitializer(1) }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.activation({ activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu", kernelInitializer: kernelInitializer(2) }),
      layers.flatten(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 10, activation: "softmax", kernelInitializer: kernelInitializer(3) }),
    ],
  });
  const optimizer = { name: "adam", learningRate: 0.01 } as const;
  const compiled = compileNetwork(readNetwork(model), {
    batchSize: 32,
    loss: "sparseCategoricalCrossentropy",
    optimizer,
  });
  await fitNetwork(compiled, { x: train.x, y: train.y }, { epochs: 20 });
  const outputs = compiled.predict(rest.x);
  const right = Array.from(rest.y).filter((label, row) => {
    const ofRow = outputs.subarray(10 * row, 10 * row + 10);
    return ofRow.indexOf(Math.max(...ofRow)) === label;
  });
  expect(right.length / rest.y.length).toBeGreaterThan(0.95);
});
