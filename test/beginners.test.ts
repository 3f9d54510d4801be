import "@tensorflow/tfjs-backend-cpu";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { compileNetwork, fitNetwork, type Network } from "../src/compute/index.ts";
import { fromArrays, standardise } from "../src/data/index.ts";
import { connection, perception, quantumLayer, train } from "../src/index.ts";
import { rbfKernel, supportVectorClassifier } from "../src/kernels/index.ts";
import { quantum } from "../src/tfjs.ts";

const angles = { qubits: 2, perception: perception.angle() };
const three = fromArrays(
  [
    [0, 1],
    [1, 1],
    [1, 0],
  ],
  [0, 1, 2],
);
const network: Network = {
  inputShape: [1],
  outputShape: [2],
  layers: [
    {
      kind: "dense",
      name: "head",
      inputShape: [1],
      outputShape: [2],
      trainable: true,
      activation: { name: "softmax" },
      kernel: Float32Array.of(1, -1),
      bias: undefined,
    },
  ],
};

/** What a first program gets wrong, past the compiler. */
describe("a beginner's mistake is answered with what to do", () => {
  const model = () => {
    const layer = quantumLayer({ ...angles, connection: connection.basicEntangler({ layers: 1 }) });
    return sequential({ layers: [quantum(layer), layers.dense({ units: 1, activation: "sigmoid" })] });
  };
  const compiled = () =>
    compileNetwork(network, {
      batchSize: 2,
      loss: "sparseCategoricalCrossentropy",
      optimizer: { name: "sgd", learningRate: 0.1 },
    });

  test.each<readonly [string, () => unknown, string, RegExp]>([
    [
      "three classes on one output",
      () => train(model(), three, { optimizer: "adam", loss: "binaryCrossentropy", epochs: 1 }),
      "DATA_CLASSES",
      /3 classes, but the model has one output.*units: 3/,
    ],
    [
      "a misspelt loss",
      () => train(model(), three, { optimizer: "adam", loss: "binaryCrossEntropyy", epochs: 1 }),
      "TRAINING_COMPILE",
      /binaryCrossEntropyy\. Give/,
    ],
    [
      "a connection without options",
      () => quantumLayer({ ...angles, connection: (connection.stronglyEntangling as () => never)() }),
      "LIBRARY_COUNT",
      /layers/i,
    ],
    ["qubits as text", () => quantumLayer({ ...angles, qubits: "2" as never }), "LAYER_QUBITS", /not string 2/],
    ["no targets", () => fromArrays([[1]], undefined as never), "DATA_SHAPE", /a target for each row/],
    ["arrays for a transform", () => standardise().fit([[1, 2]] as never), "DATA_SHAPE", /fromArrays/],
    [
      "rows of another width for a classifier",
      async () => (await supportVectorClassifier({ kernel: rbfKernel() }).fit(three)).predict(fromArrays([[1]], [0])),
      "KERNEL_ROWS",
      /Rows of 2 feature\(s\) do not go with .* 1\./,
    ],
    [
      "numbers for a classifier",
      () =>
        supportVectorClassifier({ kernel: rbfKernel() }).fit(fromArrays([[1], [2]], [0.1, 2], { task: "regression" })),
      "SVC_CLASSES",
      /takes a dataset with classes/,
    ],
    [
      "a model of TensorFlow.js for a network",
      () => compileNetwork(model() as never, { batchSize: 2 }),
      "COMPUTE_SHAPE",
      /readNetwork\(model\)/,
    ],
    [
      "an optimizer by name",
      () =>
        compileNetwork(network, { batchSize: 2, loss: "sparseCategoricalCrossentropy", optimizer: "adam" as never }),
      "COMPUTE_OPTION",
      /no optimizer string adam; give \{ name/,
    ],
    [
      "half a row",
      () => compileNetwork(network, { batchSize: 2 }).predict(new Float32Array(0)),
      "COMPUTE_ROWS",
      /Rows of 1 numbers/,
    ],
    ["plain arrays to fit", () => fitNetwork(compiled(), { x: [1], y: [1] } as never), "COMPUTE_ROWS", /Float32Array/],
    [
      "a class too many, by its own row",
      () => fitNetwork(compiled(), { x: new Float32Array(5), y: Int32Array.of(0, 1, 0, 2, 0) }),
      "COMPUTE_TARGET",
      /Target 3 is 2/,
    ],
  ])("%s", async (_, act, code, message) => {
    const error = await (async () => act())().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
