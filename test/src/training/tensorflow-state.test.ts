import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { packState, unpackState } from "../../../src/runs/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import { captureTraining, restoreTraining, type TrainingState } from "../../../src/training/tensorflow-state.ts";
import { TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

const OPTIMIZERS: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  nesterov: () => tf.train.momentum(0.05, 0.9, true),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
  // TensorFlow.js subtracts epsilon from the variance, which is 0 where a gradient is.
  "rmsprop, centred": () => tf.train.rmsprop(0.001, 0.9, 0.5, -1e-3, true),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.5),
  adam: () => tf.train.adam(0.02),
  adamax: () => tf.train.adamax(0.02, 0.9, 0.999, 1e-7, 0.1),
};

const dense = (units: number, more: Partial<Parameters<typeof tfl.layers.dense>[0]> = {}) =>
  tfl.layers.dense({ units, ...more });
const circuit = (seed: number) =>
  quantum(
    quantumLayer({
      qubits: 2,
      perception: perception.angle(),
      connection: connection.basicEntangler({ layers: 1 }),
      seed,
    }),
  );
const MODELS: Readonly<Record<string, () => tfl.LayersModel>> = {
  dense: () =>
    tfl.sequential({
      layers: [
        dense(4, { inputShape: [3], activation: "tanh", kernelConstraint: tfl.constraints.maxNorm({}) }),
        dense(1),
      ],
    }),
  hybrid: () => tfl.sequential({ layers: [dense(2, { inputShape: [3] }), circuit(1), dense(1)] }),
  "batch norm": () =>
    tfl.sequential({ layers: [dense(3, { inputShape: [3] }), tfl.layers.batchNormalization({}), dense(1)] }),
  dropout: () =>
    tfl.sequential({ layers: [dense(6, { inputShape: [3] }), tfl.layers.dropout({ rate: 0.4 }), dense(1)] }),
  nested: () => {
    const input = tfl.input({ shape: [3] });
    const shared = tfl.sequential({ layers: [dense(3, { inputShape: [3] }), tfl.layers.batchNormalization({})] });
    const joined = tfl.layers
      .add()
      .apply([shared.apply(input), shared.apply(dense(3).apply(input))] as tfl.SymbolicTensor[]);
    return tfl.model({ inputs: input, outputs: dense(1).apply(joined) as tfl.SymbolicTensor });
  },
};

/** One step of training as `train` takes it: by the model's variables in order, dropout seeded by the step. */
function step(model: tfl.LayersModel, optimizer: tf.Optimizer, index: number): void {
  const rng = Rng.seed("rows").fork(index);
  tf.tidy(() => {
    const x = tf.tensor2d(
      Float32Array.from({ length: 15 }, () => rng.normal()),
      [5, 3],
    );
    const y = tf.sum(tf.sin(x), 1, true);
    for (const layer of model.layers)
      if (layer.getClassName() === "Dropout") (layer as unknown as { seed: number }).seed = 1 + index;
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.squaredDifference(model.apply(x, { training: true }) as tf.Tensor, y)) as tf.Scalar,
      variables,
    );
    optimizer.applyGradients(variables.map(({ name }) => ({ name, tensor: grads[name]! })));
  });
}

const steps = (model: tfl.LayersModel, optimizer: tf.Optimizer, from: number, to: number): void => {
  for (let index = from; index < to; index++) step(model, optimizer, index);
};

/** The bytes of all that is trained and learnt, without the names that TensorFlow.js makes up. */
function bytesOf(model: tfl.LayersModel, optimizer: tf.Optimizer): Buffer {
  const { weights, ...state } = captureTraining(model, optimizer);
  return Buffer.from(packState({ ...state, weights: weights.map(({ name: _, ...values }) => values) }));
}
const throughBytes = (state: TrainingState): unknown => unpackState(packState(state));

describe.each(TENSOR_BACKENDS)("on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  describe.each(Object.keys(OPTIMIZERS))("%s", (name) => {
    test.each(Object.keys(MODELS))("of a model with %s goes on bit for bit from a saved state", (kind) => {
      const [model, optimizer] = [MODELS[kind]!(), OPTIMIZERS[name]!()];
      const start = throughBytes(captureTraining(model, optimizer));
      steps(model, optimizer, 0, 7);
      const straight = bytesOf(model, optimizer);
      for (const weight of model.weights) expect([...weight.read().dataSync()].every(Number.isFinite)).toBe(true);
      for (const cut of [0, 1, 4]) {
        const [first, before] = [MODELS[kind]!(), OPTIMIZERS[name]!()];
        restoreTraining(first, before, start);
        steps(first, before, 0, cut);
        const saved = throughBytes(captureTraining(first, before));
        const [second, after] = [MODELS[kind]!(), OPTIMIZERS[name]!()];
        // Both a new optimizer and one that has learnt something else take the state up.
        if (cut === 4) steps(second, after, 100, 103);
        restoreTraining(second, after, saved);
        expect(bytesOf(second, after).equals(bytesOf(first, before))).toBe(true);
        steps(second, after, cut, 7);
        expect(bytesOf(second, after).equals(straight)).toBe(true);
      }
    });
  });
});
