import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../../../src/runs/index.ts";
import { exportWeights, importWeights, quantum } from "../../../src/tfjs.ts";
import { packageVersion } from "../../../src/version.ts";
import { TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

const hybrid = (units = 2): tfl.LayersModel =>
  tfl.sequential({
    name: "hybrid",
    layers: [
      tfl.layers.dense({
        units,
        inputShape: [3],
        name: "first",
        kernelInitializer: "randomNormal",
        kernelConstraint: tfl.constraints.maxNorm({ maxValue: 0.1 }),
      }),
      tfl.layers.batchNormalization({ name: "norm" }),
      quantum(
        quantumLayer({
          qubits: units,
          perception: perception.angle(),
          connection: connection.stronglyEntangling({ layers: 1 }),
        }),
        { name: "circuit" },
      ),
    ],
  });
const NAMES = [
  "circuit/w",
  "first/bias",
  "first/kernel",
  "norm/beta",
  "norm/gamma",
  "norm/moving_mean",
  "norm/moving_variance",
];
const bytesOf = (model: tfl.LayersModel): string =>
  model.weights.map((weight) => Buffer.from(weight.read().dataSync().slice().buffer).toString("hex")).join();
const contentOf = (model: tfl.LayersModel): [string, StoredTensor][] => [
  ...readSafetensors(exportWeights(model)).tensors,
];

describe.each(TENSOR_BACKENDS)("on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  test("weights are exported one tensor each under their names, with model and version", () => {
    const model = hybrid();
    model.layers[0]!.trainable = false;
    const { tensors, metadata } = readSafetensors(exportWeights(model));
    expect([...tensors.keys()]).toEqual(NAMES);
    expect(tensors.get("first/kernel")).toEqual({
      dtype: "F32",
      shape: [3, 2],
      data: model.layers[0]!.getWeights()[0]!.dataSync(),
    });
    expect(tensors.get("circuit/w")!.shape).toEqual([1, 2, 3]);
    expect(Object.fromEntries(metadata)).toEqual({
      format: "lepton-weights@1",
      lepton: packageVersion(),
      model: "hybrid",
    });
  });

  test("another model takes them up to the last bit, and no tensor is left behind", () => {
    const model = hybrid();
    const odd = Float32Array.of(-0, 5e-45, Number.NaN, 3.4e38, Number.NEGATIVE_INFINITY, 7);
    (model.weights.find(({ originalName }) => originalName === "first/kernel")!.read() as tf.Variable).assign(
      tf.tensor2d(odd, [3, 2]),
    );
    const bytes = exportWeights(model);
    const other = hybrid();
    expect(bytesOf(other)).not.toBe(bytesOf(model));
    const before = tf.memory();
    importWeights(other, bytes);
    bytes.fill(0);
    expect(bytesOf(other)).toBe(bytesOf(model));
    expect(exportWeights(other)).toEqual(exportWeights(model));
    expect(tf.memory()).toEqual(before);
  });
});

describe("weights that do not fit", () => {
  beforeAll(() => useTensorBackend("cpu"));

  const one = (dtype: "F32" | "F64", shape: number[]): StoredTensor => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return { dtype, shape, data: dtype === "F32" ? new Float32Array(size) : new Float64Array(size) };
  };
  type Entries = [string, StoredTensor][];
  const replaced = (entries: Entries, name: string, tensor: StoredTensor): Entries =>
    entries.map(([key, value]) => [key, key === name ? tensor : value]);

  test.each<readonly [string, (entries: Entries) => Entries, RegExp]>([
    [
      "missing ones",
      (entries) => entries.filter(([name]) => !name.startsWith("norm/moving")),
      /not those of model hybrid: missing are norm\/moving_mean, norm\/moving_variance\.$/,
    ],
    ["an unknown one", (entries) => [...entries, ["extra/w", one("F32", [1])]], /: unknown are extra\/w\.$/],
    [
      "many others",
      () => Array.from({ length: 30 }, (_, i) => [`w${i}`, one("F32", [])]),
      /missing are .* and 2 more; unknown are w0, w1, w10, w11, w12 and 25 more\.$/,
    ],
    [
      "another shape",
      (entries) => replaced(entries, "first/kernel", one("F32", [2, 3])),
      /: first\/kernel is F32 \[2, 3\] but should be F32 \[3, 2\]\.$/,
    ],
    [
      "another type",
      (entries) => replaced(entries, "first/bias", one("F64", [2])),
      /: first\/bias is F64 \[2\] but should be F32 \[2\]\.$/,
    ],
  ])("are refused, and the model is as before: %s", (_, change, words) => {
    const model = hybrid();
    const before = bytesOf(model);
    expect(() => importWeights(model, writeSafetensors(change(contentOf(hybrid()))))).toThrow(
      expect.objectContaining({
        name: "ModelError",
        code: "WEIGHTS_MISMATCH",
        message: expect.stringMatching(words),
      }),
    );
    expect(bytesOf(model)).toBe(before);
  });

  test("are taken without Lepton's metadata, but not of a newer format", () => {
    const model = hybrid();
    importWeights(model, writeSafetensors(contentOf(hybrid())));
    expect(() => importWeights(model, writeSafetensors(contentOf(model), [["format", "lepton-weights@2"]]))).toThrow(
      expect.objectContaining({ code: "WEIGHTS_FORMAT", message: expect.stringMatching(/"lepton-weights@2"/) }),
    );
  });

  test("bytes that are no safetensors data are refused with the place", () => {
    expect(() => importWeights(hybrid(), exportWeights(hybrid()).subarray(0, 300))).toThrow(
      expect.objectContaining({
        name: "ModelError",
        code: "WEIGHTS_FORMAT",
        message: expect.stringMatching(/header: /),
      }),
    );
  });

  test("are not exported where two have one name, or where there is no model", () => {
    const inner = () => tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [2], name: "dense" })] });
    const twice = tfl.sequential({ layers: [inner(), inner()] });
    expect(() => exportWeights(twice)).toThrow(
      expect.objectContaining({
        code: "WEIGHTS_NAME",
        message: expect.stringMatching(/^2 weights of model .* have the name "dense\/kernel"/),
      }),
    );
    for (const model of [undefined, {}, tfl.sequential()])
      expect(() => exportWeights(model as tfl.LayersModel)).toThrow(
        expect.objectContaining({ code: "MODEL_NOT_BUILT" }),
      );
  });
});
