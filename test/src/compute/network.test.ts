import "@tensorflow/tfjs-backend-cpu";
import { model as functional, input, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { checkNetwork } from "../../../src/compute/check-network.ts";
import { type DenseLayer, layerWeights, type Network } from "../../../src/compute/network.ts";
import { readNetwork } from "../../../src/compute/tensorflow-network.ts";
import { ComputeError } from "../../../src/errors.ts";

const faultOf = (run: () => unknown): ComputeError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ComputeError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
};

const imageModel = (): LayersModel =>
  sequential({
    layers: [
      layers.conv2d({ inputShape: [9, 7, 3], filters: 4, kernelSize: [3, 2], strides: [2, 3], padding: "same" }),
      layers.batchNormalization({ scale: false }),
      layers.leakyReLU({ alpha: 0.1 }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, padding: "valid" }),
      layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: "same", activation: "relu" }),
      layers.globalAveragePooling2d({}),
      layers.reshape({ targetShape: [2, 4] }),
      layers.dense({ units: 5, activation: "swish", useBias: false }),
      layers.flatten(),
      layers.dropout({ rate: 0.25 }),
      sequential({ layers: [layers.dense({ inputShape: [10], units: 2, activation: "softmax" })] }),
    ],
  });

describe("readNetwork", () => {
  test("reads layers, shapes and weights in Keras's order", () => {
    const model = imageModel();
    const network = readNetwork(model);
    checkNetwork(network);
    expect(network.layers.map(({ kind }) => kind).join(" ")).toBe(
      "conv2d batchNormalization activation maxPool2d depthwiseConv2d globalAveragePool2d reshape dense flatten dropout dense",
    );
    expect(network.layers.map(({ outputShape }) => outputShape)).toEqual([
      [5, 3, 4],
      [5, 3, 4],
      [5, 3, 4],
      [4, 2, 4],
      [4, 2, 8],
      [8],
      [2, 4],
      [2, 5],
      [10],
      [10],
      [2],
    ]);
    expect(network.layers[0]).toMatchObject({ padding: { top: 1, bottom: 1, left: 0, right: 1 }, strides: [2, 3] });
    expect(network.layers[2]).toMatchObject({ activation: { name: "leakyRelu", slope: 0.1 } });
    // Keras lists what is trained first, and batch normalisation's statistics last.
    const ofModel = model.layers.flatMap((layer) => layer.weights.map((weight) => [...weight.read().dataSync()]));
    expect(network.layers.flatMap((layer) => Object.values(layerWeights(layer)).map((values) => [...values]))).toEqual(
      ofModel,
    );
  });

  test("takes a functional model whose layers are in a row, and refuses one that branches", () => {
    const x = input({ shape: [4] });
    const hidden = layers.dense({ units: 3, activation: "tanh" }).apply(x) as typeof x;
    const y = layers.dense({ units: 2 }).apply(hidden) as typeof x;
    expect(readNetwork(functional({ inputs: x, outputs: y })).layers).toHaveLength(2);
    const sum = layers.add().apply([hidden, layers.dense({ units: 3 }).apply(hidden) as typeof x]) as typeof x;
    expect(faultOf(() => readNetwork(functional({ inputs: x, outputs: sum }))).code).toBe("COMPUTE_LAYER");
  });

  test("names every layer that it does not have, with the reason", () => {
    const model = sequential({
      layers: [
        layers.dense({ inputShape: [6, 4], units: 3, activation: "softsign", name: "odd" }),
        layers.globalMaxPooling1d({ name: "row" }),
        layers.dense({ units: 2, name: "heavy", kernelRegularizer: "l1l2" }),
        layers.dropout({ rate: 0.5, seed: 3, name: "seeded" }),
      ],
    });
    const { code, message } = faultOf(() => readNetwork(model));
    expect(code).toBe("COMPUTE_LAYER");
    for (const part of [
      "odd (Dense): its activation is softsign",
      "row (GlobalMaxPooling1D): there is no",
      "heavy (Dense): it has a kernelRegularizer",
      "seeded (Dropout): its seed",
    ])
      expect(message).toContain(part);
    // For inference a regularizer does nothing.
    expect(faultOf(() => readNetwork(model, { training: false })).message).not.toContain("heavy");
  });
});

describe("checkNetwork", () => {
  const dense: DenseLayer = {
    kind: "dense",
    name: "d",
    inputShape: [3],
    outputShape: [2],
    kernel: new Float32Array(6),
    bias: new Float32Array(2),
    activation: { name: "relu" },
    trainable: true,
  };
  const network = (...layers: Network["layers"]): Network => ({ inputShape: [3], outputShape: [2], layers });

  test.each<[string, Network, string]>([
    ["no layer", network(), "COMPUTE_SHAPE"],
    ["a kernel of another size", network({ ...dense, kernel: new Float32Array(5) }), "COMPUTE_SHAPE"],
    ["layers that do not follow each other", network(dense, dense), "COMPUTE_SHAPE"],
    ["another output", { ...network(dense), outputShape: [4] }, "COMPUTE_SHAPE"],
    [
      "an activation that there is not",
      network({ ...dense, activation: { name: "sine" as "relu" } }),
      "COMPUTE_SETTING",
    ],
    ["a leaky relu without a slope", network({ ...dense, activation: { name: "leakyRelu" } }), "COMPUTE_SETTING"],
    [
      "a rate of 1",
      network({ kind: "dropout", name: "o", rate: 1, inputShape: [3], outputShape: [3] }),
      "COMPUTE_SETTING",
    ],
    [
      "another number of elements",
      network({ kind: "flatten", name: "f", inputShape: [3], outputShape: [2] }),
      "COMPUTE_SHAPE",
    ],
  ])("refuses %s", (_, wrong, code) => {
    expect(faultOf(() => checkNetwork(wrong)).code).toBe(code);
    checkNetwork(network(dense));
  });
});
