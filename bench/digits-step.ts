import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { type LayersModel, metrics } from "@tensorflow/tfjs-layers";
import { loadDigits } from "../examples/digits/data.ts";
import { buildModel } from "../examples/digits/models.ts";
import { quantumLayerOf } from "../examples/digits/training.ts";
import { train } from "../src/tfjs.ts";
import type { Answer, Side, Turn } from "./measure.ts";
import { gatesForPeers, observablesForPeers } from "./task.ts";

export const BATCH = 32;
const CLASSES = 10;
const LEARNING_RATE = 0.05;
/** Adam's ε of TensorFlow.js, which PyTorch is told. */
const EPSILON = 1e-7;
/** Steps after which the losses of all sides are compared; few, since one of Qiskit Machine Learning takes seconds. */
const COMPARED_STEPS = 2;

tf.enableProdMode();

interface Data {
  readonly x: tf.Tensor2D;
  /** One-hot. */
  readonly y: tf.Tensor2D;
  readonly labels: Int32Array;
}

/** The first rows that the digits example trains on. */
function digitsBatch(): Data {
  const { train: rows } = loadDigits();
  const x = tf.tensor2d(Float32Array.from(rows.x.subarray(0, BATCH * rows.numFeatures)), [BATCH, rows.numFeatures]);
  const labels = Int32Array.from(rows.y.subarray(0, BATCH));
  const y = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), CLASSES), "float32") as tf.Tensor2D;
  return { x, y, labels };
}

const freshModel = (): LayersModel => buildModel("hybrid", 0);
const adam = (): tf.Optimizer => tf.train.adam(LEARNING_RATE, 0.9, 0.999, EPSILON);

/** What peers need to build the same model: its circuit, its first weights, and the batch. */
export function digitsTask(): object {
  const { x, labels } = digitsBatch();
  const model = freshModel();
  const { circuit, observables } = quantumLayerOf(model).quantum;
  const numInputs = circuit.parameters.filter(({ role }) => role === "input").length;
  return {
    kind: "training",
    numQubits: circuit.numQubits,
    gates: gatesForPeers(circuit),
    numPreparing: 0,
    numInputs,
    numWeights: circuit.parameters.length - numInputs,
    batch: BATCH,
    inputs: new Array(BATCH * numInputs).fill(0),
    weights: [...model.layers[1]!.getWeights()[0]!.dataSync()],
    cotangents: [],
    observables: observablesForPeers(observables),
    training: {
      features: [...x.dataSync()],
      labels: [...labels],
      dense: [model.layers[0]!, model.layers[2]!].map((layer) =>
        layer.getWeights().map((weight) => ({ shape: weight.shape, values: [...weight.dataSync()] })),
      ),
      learningRate: LEARNING_RATE,
      epsilon: EPSILON,
      comparedSteps: COMPARED_STEPS,
    },
  };
}

/** Loss and gradient at the first weights, gradients as Σ cos(i)·g_i for each tensor, and the loss some steps later. */
async function digitsCheck(data: Data): Promise<readonly number[]> {
  const model = freshModel();
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const { value, grads } = tf.variableGrads(
    () => tf.mean(metrics.categoricalCrossentropy(data.y, model.apply(data.x) as tf.Tensor)) as tf.Scalar,
    variables,
  );
  const mixed = variables.map(({ name }) =>
    Array.from(grads[name]!.dataSync()).reduce((sum, gradient, i) => sum + Math.cos(i) * gradient, 0),
  );
  let last = Number.NaN;
  const callbacks = {
    onBatchEnd({ loss }: { readonly loss: number }) {
      last = loss;
    },
  };
  await train(model, data, { ...settings(), steps: COMPARED_STEPS + 1, callbacks });
  return [value.dataSync()[0]!, ...mixed, last];
}

const settings = () =>
  ({ optimizer: adam(), loss: "categoricalCrossentropy", batchSize: BATCH, shuffle: false, epochs: 1e9 }) as const;

/** Steps of Lepton's own loop, `train`: the time from the end of one step to the end of the next. */
export async function trainSide(): Promise<Side> {
  const data = digitsBatch();
  const model = freshModel();
  const optimizer = adam();
  const check = await digitsCheck(data);
  const start = performance.now();
  await train(model, data, { ...settings(), optimizer, steps: 1 });
  const firstSeconds = (performance.now() - start) / 1000;
  return {
    name: "lepton, train",
    threads: undefined,
    firstSeconds,
    async take({ seconds, repeats }: Turn): Promise<Answer> {
      const took: number[] = [];
      const end = performance.now() + 1000 * seconds;
      let before: number | undefined;
      const callbacks = {
        onBatchEnd(_: unknown, control: { stop(): void }) {
          const now = performance.now();
          if (before !== undefined) took.push((now - before) / 1000);
          before = now;
          if (took.length > 0 && now > end) control.stop();
        },
      };
      await train(model, data, { ...settings(), optimizer, steps: repeats + 1, callbacks });
      return { seconds: took, check };
    },
    close() {},
  };
}

/** Steps of TensorFlow.js's own loop over the same layers, `trainOnBatch`, which `model.fit` calls for each batch. */
export async function fitSide(): Promise<Side> {
  const data = digitsBatch();
  const model = freshModel();
  const check = await digitsCheck(data);
  model.compile({ optimizer: adam(), loss: "categoricalCrossentropy" });
  const start = performance.now();
  await model.trainOnBatch(data.x, data.y);
  const firstSeconds = (performance.now() - start) / 1000;
  return {
    name: "lepton, Keras trainOnBatch",
    threads: undefined,
    firstSeconds,
    async take({ seconds, repeats }: Turn): Promise<Answer> {
      const took: number[] = [];
      const end = performance.now() + 1000 * seconds;
      do {
        const begin = performance.now();
        await model.trainOnBatch(data.x, data.y);
        took.push((performance.now() - begin) / 1000);
      } while (took.length < repeats && performance.now() < end);
      return { seconds: took, check };
    },
    close() {},
  };
}
