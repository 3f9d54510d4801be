import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, type layers, sequential } from "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import { Rng } from "../../../circuits/index.ts";

export type Layer = layers.Layer;

/** Fails unless all numbers agree within `relative` of the largest expected one, or of `least` where that is larger. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative = 1e-5,
  least = 1e-30,
): void {
  expect(actual.length, what).toBe(expected.length);
  let scale = least;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(actual[i]! - expected[i]!) <= relative * scale))
      expect.unreachable(`${what}: number ${i} is ${actual[i]}, not ${expected[i]} (scale ${scale})`);
}

export function largest(...lists: readonly ArrayLike<number>[]): number {
  return lists.reduce((most, list) => Array.from(list).reduce((max, value) => Math.max(max, Math.abs(value)), most), 0);
}

export function randomNumbers(rng: Rng, length: number, size = 1): Float32Array {
  return Float32Array.from({ length }, () => size * (2 * rng.uniform() - 1));
}

/** A sequential model with random weights everywhere, also where Keras begins with zeros or ones; variances are positive. */
export function randomModel(seed: number, list: readonly Layer[]): LayersModel {
  const model = sequential({ layers: [...list] });
  const rng = Rng.seed(seed);
  for (const layer of model.layers)
    layer.setWeights(
      layer.weights.map((weight) => {
        const { shape, name } = weight;
        const size = shape.reduce((product: number, length) => product * length!, 1);
        const scale = /kernel/.test(name) ? 1 / Math.sqrt(size / shape.at(-1)!) : 0.5;
        const values = randomNumbers(rng, size, scale);
        if (/gamma|variance/.test(name)) for (let i = 0; i < size; i++) values[i]! += 1.5;
        return tf.tensor(values, shape as number[]);
      }),
    );
  return model;
}

export interface Reference {
  readonly output: Float32Array;
  readonly input: Float32Array;
  /** In the order of the model's layers' weights; moving statistics are left out. */
  readonly weights: readonly Float32Array[];
}

/** Outputs of a model and the gradient of Σ cotangents·outputs, by TensorFlow.js. */
export function tensorFlowGradients(
  model: LayersModel,
  x: Float32Array,
  cotangents: Float32Array,
  training: boolean,
): Reference {
  return tf.tidy(() => {
    const shape = [x.length / sizeOf(model.inputs[0]!.shape), ...(model.inputs[0]!.shape.slice(1) as number[])];
    const input = tf.variable(tf.tensor(x, shape));
    const variables = model.layers.flatMap((layer) => layer.trainableWeights.map((w) => w.read() as tf.Variable));
    let output = new Float32Array(0);
    const { grads } = tf.variableGrads(() => {
      const y = model.apply(input, { training }) as tf.Tensor;
      output = Float32Array.from(y.dataSync());
      return tf.sum(tf.mul(y, tf.tensor(cotangents, y.shape))) as tf.Scalar;
    }, [input, ...variables]);
    return {
      output,
      input: Float32Array.from(grads[input.name]!.dataSync()),
      weights: variables.map(({ name }) => Float32Array.from(grads[name]!.dataSync())),
    };
  });
}

const sizeOf = (shape: readonly (number | null)[]): number =>
  shape.slice(1).reduce((product: number, length) => product * length!, 1);
