import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  initializers,
  input,
  type LayersModel,
  layers,
  sequential,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../../circuits/index.ts";
import {
  type CompressedModel,
  distill,
  exportCompact,
  factorizeDense,
  importCompact,
  pruneUnits,
  pruneWeights,
  quantizeModel,
} from "../../../../src/compression/classical/index.ts";
import { copyModel } from "../../../../src/compression/classical/tensorflow-copy.ts";
import { distillationLoss } from "../../../../src/compression/classical/tensorflow-distill.ts";
import { fakeQuantize } from "../../../../src/compression/classical/tensorflow-fake-quantize.ts";
import { quantizeNetwork } from "../../../../src/compute/int8/index.ts";
import { readNetwork } from "../../../../src/compute/tensorflow-network.ts";
import { connection, memoryStore, perception, quantumLayer, type RunStore } from "../../../../src/index.ts";
import { type KerasQuantumLayer, quantum } from "../../../../src/tfjs.ts";
import { largestDifference, useTensorBackend } from "../../../support/tensorflow.ts";

const seeded = (seed: number) => initializers.randomUniform({ minval: -0.8, maxval: 0.8, seed });

/** Two inputs, two moons apart enough to be learnt in a few steps. */
const moons = (() => {
  const rng = Rng.seed("moons");
  const rows = Array.from({ length: 120 }, (_, row) => {
    const [side, angle] = [row % 2, Math.PI * rng.uniform()];
    const sign = side === 0 ? 1 : -1;
    return {
      x: [sign * Math.cos(angle) + side + 0.1 * rng.normal(), sign * Math.sin(angle) + side / 3 + 0.1 * rng.normal()],
      y: side === 0 ? [1, 0] : [0, 1],
    };
  });
  return { x: rows.map(({ x }) => x), y: rows.map(({ y }) => y) };
})();
const training = () =>
  ({ data: moons, optimizer: tf.train.adam(0.05), loss: "categoricalCrossentropy", batchSize: 30, epochs: 6 }) as const;

function mlp(units = 8): LayersModel {
  return sequential({
    layers: [
      layers.dense({ name: "hidden", inputShape: [2], units, activation: "tanh", kernelInitializer: seeded(1) }),
      layers.dense({ name: "head", units: 2, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  });
}

function hybrid(): LayersModel {
  const circuit = quantumLayer({
    qubits: 2,
    perception: perception.angle(),
    connection: connection.basicEntangler({ layers: 1 }),
    seed: 1,
  });
  return sequential({
    layers: [
      layers.dense({ name: "before", inputShape: [2], units: 4, activation: "tanh", kernelInitializer: seeded(1) }),
      layers.dense({ name: "features", units: 2, kernelInitializer: seeded(2) }),
      quantum(circuit, { name: "quantum" }),
      layers.dense({ name: "after", units: 2, activation: "softmax", kernelInitializer: seeded(3) }),
    ],
  });
}

/** Convolution, normalisation and pooling before a flattened dense layer, in the functional form. */
function cnn(): LayersModel {
  const x = input({ shape: [6, 6, 1] });
  const list = [
    layers.conv2d({
      name: "first",
      filters: 4,
      kernelSize: 3,
      kernelInitializer: seeded(1),
      biasInitializer: seeded(2),
    }),
    layers.batchNormalization({ name: "norm" }),
    layers.activation({ name: "relu", activation: "relu" }),
    layers.maxPooling2d({ name: "pool", poolSize: 2 }),
    layers.conv2d({
      name: "second",
      filters: 6,
      kernelSize: 2,
      padding: "same",
      activation: "relu",
      kernelInitializer: seeded(3),
    }),
    layers.flatten({ name: "flat" }),
    layers.batchNormalization({ name: "flat-norm" }),
    layers.dense({ name: "head", units: 3, activation: "softmax", kernelInitializer: seeded(4) }),
  ];
  const outputs = list.reduce<unknown>((value, layer) => layer.apply(value as never), x);
  const made = functional({ inputs: x, outputs: outputs as never });
  const rng = Rng.seed("norms");
  for (const name of ["norm", "flat-norm"]) {
    const layer = made.getLayer(name);
    layer.setWeights(
      layer.getWeights().map((weight) =>
        tf.tensor(
          Float32Array.from({ length: weight.size }, () => 0.5 + rng.uniform()),
          weight.shape,
        ),
      ),
    );
  }
  return made;
}

const rowsOf = (shape: readonly number[], seed = "rows"): tf.Tensor => {
  const rng = Rng.seed(seed);
  const size = shape.reduce((a, b) => a * b, 12);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    [12, ...shape],
  );
};
const answers = (model: LayersModel, x: tf.Tensor) => model.predict(x) as tf.Tensor;
const difference = (a: LayersModel, b: LayersModel, shape: readonly number[]) => {
  const x = rowsOf(shape);
  return largestDifference([answers(a, x)], [answers(b, x)]);
};
const valuesOf = (model: LayersModel) => model.getWeights().map((weight) => weight.dataSync().slice());
const quantumOf = (model: LayersModel) => (model.getLayer("quantum") as KerasQuantumLayer).flatWeights();
const code = (name: string) => expect.objectContaining({ code: name });

beforeAll(() => useTensorBackend("cpu"));

describe("every way of compressing", () => {
  const ways: Readonly<Record<string, (model: LayersModel) => Promise<CompressedModel>>> = {
    pruneWeights: (model) => pruneWeights(model, { sparsity: 0.5, evaluation: moons }),
    pruneUnits: (model) => pruneUnits(model, { ratio: 0.5, evaluation: moons }),
    factorizeDense: (model) => factorizeDense(model, { rank: 1, evaluation: moons }),
    quantizeModel: (model) =>
      quantizeModel(model, { weightBits: 4, activationBits: 6, calibration: moons.x, evaluation: moons }),
  };

  test.each(Object.entries(ways))(
    "%s leaves the given model and its quantum layer alone, and reports",
    async (_, compress) => {
      const model = hybrid();
      const before = valuesOf(model);
      const tensors = tf.memory().numTensors;
      const { model: made, report } = await compress(model);
      expect(valuesOf(model)).toEqual(before);
      expect(quantumOf(made)).toEqual(quantumOf(model));
      expect(report.before.parameters).toBe(model.countParams());
      expect(report.before.bytes).toBeLessThanOrEqual(4 * model.countParams());
      expect(report.after.parameters).toBe(made.countParams());
      expect(report.after.nonzero).toBeLessThanOrEqual(report.after.parameters);
      for (const { accuracy } of [report.before, report.after]) expect(accuracy).toBeGreaterThan(0.2);
      made.dispose();
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );

  test("a model comes back from its compact bytes to the last bit", async () => {
    const pruned = await pruneWeights(mlp(40), { sparsity: 0.7 });
    const { model, grids, report } = await quantizeModel(pruned.model, { weightBits: 5, layers: ["head"] });
    const bytes = exportCompact(model, grids);
    const other = mlp(40);
    importCompact(other, bytes);
    expect(valuesOf(other)).toEqual(valuesOf(model));
    expect(report.after.bytes).toBeLessThan(pruned.report.after.bytes);
    expect(bytes.length).toBeLessThan(report.after.bytes + 1000);
    expect(() => importCompact(mlp(3), bytes)).toThrow(code("COMPRESSION_FORMAT"));
    expect(() => importCompact(other, bytes.slice(0, 99))).toThrow(code("COMPRESSION_FORMAT"));
  });
});

describe("pruning weights", () => {
  test("while training, the share is reached and held, and the model still learns", async () => {
    const { model, report } = await pruneWeights(mlp(), {
      sparsity: 0.5,
      training: { ...training(), epochs: 30 },
      schedule: { every: 5 },
      evaluation: moons,
    });
    expect(model.countParams() - report.after.nonzero).toBe(16);
    expect(report.after.accuracy).toBeGreaterThan(0.85);
    const quantized = await quantizeModel(model, { weightBits: 8, training: { ...training(), steps: 5 } });
    expect(quantized.report.after.nonzero).toBeLessThanOrEqual(report.after.nonzero);
  });

  test("bad options are refused", async () => {
    await expect(pruneWeights(mlp(), { sparsity: 1.5 })).rejects.toThrow(code("COMPRESSION_OPTION"));
    await expect(pruneWeights(mlp(), { sparsity: 0.5, layers: ["quantum"] })).rejects.toThrow(
      code("COMPRESSION_LAYER"),
    );
    await expect(pruneWeights(mlp(), { sparsity: 0.5, amount: 1 } as never)).rejects.toThrow(
      code("COMPRESSION_OPTION"),
    );
  });
});

describe("pruning units", () => {
  test("without any it changes nothing", async () => {
    const { model } = await pruneUnits(cnn(), { ratio: 0 });
    expect(difference(model, cnn(), [6, 6, 1])).toBe(0);
  });

  test("filters whose weights are zero go first, with all that reads them, and change nothing", async () => {
    const model = cnn();
    const dead = { first: [1, 2], second: [0, 5, 3] };
    for (const [name, filters] of Object.entries(dead)) {
      const layer = model.getLayer(name);
      layer.setWeights(
        layer.getWeights().map((weight) => {
          const size = weight.shape.at(-1)!;
          return tf.tensor(
            weight.dataSync().map((value, i) => (filters.includes(i % size) ? 0 : value)),
            weight.shape,
          );
        }),
      );
    }
    // What stays the same of a dead filter has to be nothing: without a shift of its normalisation.
    for (const [name, channels] of [
      ["norm", 4],
      ["flat-norm", 6],
    ] as const) {
      const layer = model.getLayer(name);
      const [gamma, beta, mean, variance] = layer.getWeights();
      const filters = name === "norm" ? dead.first : dead.second;
      const zero = (weight: tf.Tensor) =>
        tf.tensor(
          weight.dataSync().map((value, i) => (filters.includes(i % channels) ? 0 : value)),
          weight.shape,
        );
      layer.setWeights([gamma!, zero(beta!), zero(mean!), variance!]);
    }
    const { model: small, report } = await pruneUnits(model, { ratio: 0.5 });
    expect(small.getLayer("first").getWeights()[0]!.shape).toEqual([3, 3, 1, 2]);
    expect(small.getLayer("second").getWeights()[0]!.shape).toEqual([2, 2, 2, 3]);
    expect(small.getLayer("head").getWeights()[0]!.shape).toEqual([12, 3]);
    expect(report.layers).toEqual({ first: "2 of 4 units kept", second: "3 of 6 units kept" });
    expect(difference(model, small, [6, 6, 1])).toBeLessThan(1e-6);
  });

  test("layers before a quantum layer and at the end keep their width", async () => {
    const { report } = await pruneUnits(hybrid(), { ratio: 0.5 });
    expect(report.layers).toEqual({ before: "2 of 4 units kept" });
    await expect(pruneUnits(hybrid(), { ratio: 0.5, layers: ["features"] })).rejects.toThrow(
      /outputs go to one dense.*: before/,
    );
  });

  test("Taylor importance keeps the one unit that the loss depends on, though its weights are small", async () => {
    const model = mlp(3);
    const kernel = [0.3, 2, -2, 0.1, 2, 1];
    const head = [6, -6, 0, 0, 0, 0];
    model.setWeights([tf.tensor(kernel, [2, 3]), tf.zeros([3]), tf.tensor(head, [3, 2]), tf.zeros([2])]);
    const { model: small } = await pruneUnits(model, {
      ratio: 2 / 3,
      importance: "taylor",
      training: { ...training(), steps: 1, optimizer: tf.train.sgd(1e-9) },
    });
    expect([...small.getLayer("hidden").getWeights()[0]!.dataSync()].map((x) => Math.round(10 * x) / 10)).toEqual([
      0.3, 0.1,
    ]);
    await expect(pruneUnits(model, { ratio: 0.5, importance: "taylor" })).rejects.toThrow(code("COMPRESSION_OPTION"));
  });
});

describe("factorising", () => {
  test("at full rank it changes nothing, in sequential and functional models", async () => {
    const deep = sequential({
      layers: [
        layers.dense({ name: "wide", inputShape: [5], units: 7, activation: "relu", kernelInitializer: seeded(1) }),
        layers.dense({ name: "head", units: 3, kernelInitializer: seeded(2) }),
      ],
    });
    const { model, report } = await factorizeDense(deep, { rank: 99 });
    expect(report.layers).toEqual({ wide: "rank 5 of 5", head: "rank 3 of 3" });
    expect(model.layers.map(({ name }) => name)).toEqual(["wide_factor", "wide", "head_factor", "head"]);
    expect(difference(deep, model, [5])).toBeLessThan(2e-6);
    const graph = await factorizeDense(cnn(), { rank: 3 });
    expect(difference(cnn(), graph.model, [6, 6, 1])).toBeLessThan(1e-6);
  });

  test("a matrix of low rank is found, by energy and by validation", async () => {
    const rng = Rng.seed(5);
    const [left, right] = [30, 30].map((rows) =>
      tf.tensor(
        Float32Array.from({ length: 2 * rows }, () => rng.normal()),
        [rows, 2],
      ),
    );
    const model = sequential({ layers: [layers.dense({ name: "only", inputShape: [30], units: 30, useBias: false })] });
    model.setWeights([tf.matMul(left!, right!, false, true)]);
    for (const options of [
      { energy: 0.9999 },
      { validation: { data: (tried: LayersModel) => -difference(tried, model, [30]), tolerance: 1e-3 } },
    ]) {
      const { model: small, report } = await factorizeDense(model, options);
      expect(report.layers).toEqual({ only: "rank 2 of 30" });
      expect(report.after.parameters).toBe(120);
      expect(difference(model, small, [30])).toBeLessThan(1e-4);
    }
  });
});

describe("quantising models", () => {
  test("fake quantisation and its gradient are those of torch", () => {
    const x = [-1.3, -0.76, -0.74, 0, 0.05, 0.149, 0.151, 0.7, 0.76, 2];
    const grid = { scale: tf.scalar(0.1), low: -7, high: 7 };
    // torch 2.9.1, fake_quantize_per_tensor_affine(x, 0.1, 0, -7, 7), gradient of Σ (k + 1) y_k
    const expected = [-0.7, -0.7, -0.7, 0, 0, 0.1, 0.2, 0.7, 0.7, 0.7];
    const slopes = [0, 0, 3, 4, 5, 6, 7, 8, 0, 0];
    const weights = tf.range(1, 11);
    const { value, grad } = tf.valueAndGrad((given: tf.Tensor) => tf.sum(tf.mul(fakeQuantize(given, grid), weights)))(
      tf.tensor1d(x),
    );
    expect(largestDifference([fakeQuantize(tf.tensor1d(x), grid)], [tf.tensor1d(expected)])).toBeLessThan(1e-6);
    expect([...grad.dataSync()]).toEqual(slopes);
    expect(value.dataSync()[0]).toBeCloseTo(
      expected.reduce((sum, y, k) => sum + (k + 1) * y, 0),
      5,
    );
  });

  test("scales of eight bits are those of torch, and no weight moves by more than half of one", async () => {
    const kernel = Float32Array.from({ length: 12 }, (_, i) => Math.sin(1 + 3 * i + (i * i) / 7));
    const model = sequential({ layers: [layers.dense({ name: "only", inputShape: [4], units: 3 })] });
    model.setWeights([tf.tensor(kernel, [4, 3]), tf.zeros([3])]);
    const { model: made, grids } = await quantizeModel(model, { weightBits: 8 });
    const { scales } = [...grids.values()][0]!;
    // torch 2.9.1: w.abs().amax(0) / 7, here for 127
    for (const [k, scale] of [0.13688626885414124, 0.13778094947338104, 0.13719239830970764].entries())
      expect(scales[k]! * 127).toBeCloseTo(scale * 7, 6);
    for (const [i, value] of made.getWeights()[0]!.dataSync().entries())
      expect(Math.abs(value - kernel[i]!)).toBeLessThanOrEqual((scales[i % 3]! / 2) * 1.0001);
  });

  test("the weights are those that integer inference has, and training under few bits helps", async () => {
    const trained = mlp();
    const options = { weightBits: 3, activationBits: 4, calibration: moons.x, evaluation: moons };
    const start = await quantizeModel(trained, options);
    const { model, report, grids } = await quantizeModel(trained, {
      ...options,
      training: { ...training(), epochs: 30 },
    });
    expect(report.after.accuracy).toBeGreaterThan(start.report.after.accuracy!);
    const calibration = Float32Array.from(moons.x.flat());
    const { content } = quantizeNetwork(readNetwork(model), { calibration, weightBits: 3, activationBits: 4 });
    for (const [i, { scales }] of [...grids.values()].entries()) {
      const stage = content.stages[i]!;
      if (stage.kind !== "linear") throw new Error("A dense layer is linear.");
      const kernel = model.layers[i]!.getWeights()[0]!.dataSync();
      for (const [k, weight] of stage.weights.entries()) {
        expect(weight * stage.weightScales[k % scales.length]!).toBeCloseTo(kernel[k]!, 5);
        expect(Math.round(kernel[k]! / scales[k % scales.length]!)).toBeGreaterThanOrEqual(-3);
      }
    }
  });
});

describe("runs that are kept", () => {
  const ways: Readonly<Record<string, (store: RunStore, stopAfter?: number) => Promise<CompressedModel>>> = {
    pruneWeights: (store, stopAfter) => pruneWeights(mlp(), { sparsity: 0.5, training: kept(store, stopAfter) }),
    quantizeModel: (store, stopAfter) =>
      quantizeModel(mlp(), {
        weightBits: 3,
        activationBits: 4,
        calibration: moons.x,
        training: kept(store, stopAfter),
      }),
  };
  /** Stopped after a step that is no turn of anything. */
  const kept = (store: RunStore, stopAfter?: number) => ({
    ...training(),
    epochs: 100,
    steps: 22,
    store,
    id: "kept",
    callbacks: {
      onBatchEnd: ({ step }: { readonly step: number }) => {
        if (step === stopAfter) throw new Error("The process ends.");
      },
    },
  });

  test.each(Object.entries(ways))("%s goes on after a crash to the same bits", async (_, compress) => {
    const whole = await compress(memoryStore());
    const store = memoryStore();
    await expect(compress(store, 15)).rejects.toThrow("The process ends.");
    expect(valuesOf((await compress(store)).model)).toEqual(valuesOf(whole.model));
  });
});

describe("distillation", () => {
  test("the loss is that of the formula", () => {
    const [first, second] = [0.381234693322364, 0.8138229381099029]; // numpy 2.4.6, T = 3, α = 0.7
    const soft = [
      [0.506480391055654, 0.1863237232258476, 0.3071958857184984],
      [0.3437526559391348, 0.35540419123278433, 0.30084315282808094],
    ];
    const student = tf.softmax(
      tf.tensor([
        [1, 0, -0.5],
        [-1, 1.5, 0.25],
      ]),
    );
    const targets = tf.tensor([
      [1, 0, 0, ...soft[0]!],
      [0, 0, 1, ...soft[1]!],
    ]);
    const [a, b] = distillationLoss(3, 3, 0.7)(targets, student).dataSync();
    expect(a).toBeCloseTo(first, 5);
    expect(b).toBeCloseTo(second, 5);
  });

  test("a hybrid student learns from a classical teacher, and a classical one from that", async () => {
    const teacher = (await pruneWeights(mlp(16), { sparsity: 0, training: { ...training(), epochs: 25 } })).model;
    const lesson = () => ({ data: moons, optimizer: tf.train.adam(0.05), batchSize: 30, epochs: 8 });
    const student = hybrid();
    const before = valuesOf(student);
    const taught = await distill(teacher, student, { training: lesson(), evaluation: moons });
    expect(valuesOf(student)).toEqual(before);
    expect(taught.report.before.accuracy).toBeGreaterThan(0.9);
    expect(taught.report.after.accuracy).toBeGreaterThan(0.8);
    const back = await distill(taught.model, mlp(4), { alpha: 1, training: lesson(), evaluation: moons });
    expect(back.report.after.accuracy).toBeGreaterThan(0.8);
  });

  test("outputs that are no probabilities, and losses of the user's, are refused", async () => {
    const logits = sequential({ layers: [layers.dense({ inputShape: [2], units: 2, kernelInitializer: seeded(9) })] });
    const lesson = { data: moons, optimizer: "sgd", epochs: 1 };
    await expect(distill(logits, mlp(), { training: lesson })).rejects.toThrow(code("COMPRESSION_OUTPUTS"));
    await expect(distill(cnn(), mlp(), { training: lesson })).rejects.toThrow(code("COMPRESSION_OUTPUTS"));
    await expect(distill(mlp(), mlp(), { training: { ...lesson, loss: "meanSquaredError" } as never })).rejects.toThrow(
      code("COMPRESSION_OPTION"),
    );
  });

  test("a copy shares nothing with its model", async () => {
    const model = cnn();
    const copy = await copyModel(model);
    expect(valuesOf(copy)).toEqual(valuesOf(model));
    copy.setWeights(copy.getWeights().map((weight) => tf.zerosLike(weight)));
    expect(valuesOf(model)).toEqual(valuesOf(cnn()));
  });
});
