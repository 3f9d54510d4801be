import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, layers } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import {
  type CompiledNetwork,
  compileNetwork,
  fitNetwork,
  type LossName,
  layerWeights,
  type Network,
  type OptimizerSettings,
  sizeOf,
} from "../../../src/compute/index.ts";
import { readNetwork } from "../../../src/compute/tensorflow-network.ts";
import { ComputeError } from "../../../src/errors.ts";
import { expectClose, type Layer, randomModel, randomNumbers } from "./reference.ts";

const weightsOf = (network: Network): Float32Array[] =>
  network.layers.flatMap((layer) => Object.values(layerWeights(layer)));

const LOSSES: Readonly<Record<LossName, string>> = {
  meanSquaredError: "tanh",
  categoricalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
  binaryCrossentropy: "sigmoid",
};

/** Rows and targets that fit a loss. */
function task(network: Network, loss: LossName, rows: number, rng: Rng): { x: Float32Array; y: Float32Array } {
  const units = sizeOf(network.outputShape);
  const x = randomNumbers(rng, rows * sizeOf(network.inputShape));
  const classes = Float32Array.from({ length: rows }, () => rng.integer(units));
  const y =
    loss === "sparseCategoricalCrossentropy"
      ? classes
      : loss === "meanSquaredError"
        ? randomNumbers(rng, rows * units)
        : Float32Array.from({ length: rows * units }, (_, i) => Number(classes[Math.floor(i / units)] === i % units));
  return { x, y };
}

async function tensorFlowStep(model: LayersModel, x: Float32Array, y: Float32Array, rows: number): Promise<number> {
  const shape = [rows, ...(model.inputs[0]!.shape.slice(1) as number[])];
  const [tx, ty] = [tf.tensor(x, shape), tf.tensor(y, [rows, y.length / rows])];
  const loss = (await model.trainOnBatch(tx, ty)) as number;
  tf.dispose([tx, ty]);
  return loss;
}

const dense = (loss: LossName): readonly Layer[] => [
  layers.dense({ inputShape: [6], units: 9, activation: "relu" }),
  layers.dense({ units: 5, activation: LOSSES[loss] as "tanh" }),
];

describe("a training step is that of TensorFlow.js", () => {
  test.each(Object.keys(LOSSES) as LossName[])("%s", async (loss) => {
    const model = randomModel(3, dense(loss));
    const network = readNetwork(model);
    const compiled = compileNetwork(network, { batchSize: 8, loss, optimizer: { name: "sgd", learningRate: 0.5 } });
    model.compile({ optimizer: tf.train.sgd(0.5), loss });
    // The last of the batches is not full.
    for (const [step, rows] of [8, 8, 3].entries()) {
      const { x, y } = task(network, loss, rows, Rng.seed(step));
      const expected = await tensorFlowStep(model, x, y, rows);
      expectClose("loss", [compiled.evaluate(x, y)], [expected]);
      expectClose("loss", [compiled.trainStep(x, y)], [expected]);
    }
    const expected = weightsOf(readNetwork(model));
    for (const [i, weights] of weightsOf(compiled.network()).entries())
      expectClose(`weight ${i}`, weights, expected[i]!);
  });

  test.each<[string, OptimizerSettings, () => tf.Optimizer]>([
    ["sgd", { name: "sgd", learningRate: 0.1 }, () => tf.train.sgd(0.1)],
    ["momentum", { name: "momentum", learningRate: 0.1 }, () => tf.train.momentum(0.1, 0.9)],
    [
      "nesterov",
      { name: "momentum", learningRate: 0.1, momentum: 0.8, nesterov: true },
      () => tf.train.momentum(0.1, 0.8, true),
    ],
    ["adam", { name: "adam", learningRate: 0.01 }, () => tf.train.adam(0.01)],
    [
      "adam with settings",
      { name: "adam", learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-4 },
      () => tf.train.adam(0.02, 0.8, 0.95, 1e-4),
    ],
  ])("%s", async (_, optimizer, theirs) => {
    const loss = "categoricalCrossentropy";
    const model = randomModel(5, [
      layers.conv2d({ inputShape: [6, 6, 1], filters: 3, kernelSize: 3, activation: "relu", padding: "same" }),
      layers.batchNormalization({}),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 4, activation: "softmax" }),
    ]);
    model.layers[0]!.trainable = optimizer.name !== "sgd";
    const network = readNetwork(model);
    const compiled = compileNetwork(network, { batchSize: 5, loss, optimizer });
    model.compile({ optimizer: theirs(), loss });
    const { x, y } = task(network, loss, 5, Rng.seed(1));
    for (let step = 0; step < 4; step++)
      expectClose(`loss ${step}`, [compiled.trainStep(x, y)], [await tensorFlowStep(model, x, y, 5)], 3e-5);
    const expected = weightsOf(readNetwork(model));
    const before = weightsOf(network);
    for (const [i, weights] of weightsOf(compiled.network()).entries()) {
      // Adam divides a gradient that is rounding alone by itself: the bias before batch normalisation goes anywhere.
      if (i === 1 && optimizer.name === "adam") continue;
      expectClose(`weight ${i}`, weights, expected[i]!, 3e-5);
      if (i === 0) expect([...weights].every((w, k) => w === before[0]![k])).toBe(!model.layers[0]!.trainable);
    }
  });

  test("probabilities of 0 and 1 have the loss and slope of Keras", async () => {
    for (const loss of ["categoricalCrossentropy", "binaryCrossentropy"] as const) {
      const model = randomModel(1, [
        layers.dense({ inputShape: [3], units: 3, activation: LOSSES[loss] as "softmax", useBias: false }),
      ]);
      model.layers[0]!.setWeights([tf.tensor2d([40, 0, 0, 0, 40, 0, 0, 0, 40], [3, 3])]);
      const compiled = compileNetwork(readNetwork(model), {
        batchSize: 3,
        loss,
        optimizer: { name: "sgd", learningRate: 1 },
      });
      model.compile({ optimizer: tf.train.sgd(1), loss });
      const x = Float32Array.of(1, 0, 0, 0, 1, 0.2, -1, 0.1, 0.05);
      const y = Float32Array.of(1, 0, 0, 0, 0, 1, 1, 0, 0);
      expectClose("loss", [compiled.trainStep(x, y)], [await tensorFlowStep(model, x, y, 3)]);
      expectClose("weights", weightsOf(compiled.network())[0]!, weightsOf(readNetwork(model))[0]!);
    }
  });
});

const dropoutNetwork = (): Network =>
  readNetwork(
    randomModel(2, [
      layers.dense({ inputShape: [4], units: 50, activation: "tanh" }),
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ]),
  );

const faultOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ComputeError) return error.code;
    throw error;
  }
  return "none";
};

describe("dropout", () => {
  /** 1000 ones through dropout alone. */
  const dropped = (rate: number, draw: number, seed = 0): Float32Array => {
    const shape = [1000];
    const network: Network = {
      inputShape: shape,
      outputShape: shape,
      layers: [{ kind: "dropout", name: "drop", rate, inputShape: shape, outputShape: shape }],
    };
    const compiled = compileNetwork(network, { batchSize: 4, inputGradient: true, seed });
    const ones = new Float32Array(4000).fill(1);
    const output = compiled.forward(ones, { training: true, draw }).slice();
    // What is dropped has no slope, and what is kept the slope by which it was enlarged.
    expect(compiled.backward(ones).input).toEqual(output);
    expect(compiled.forward(ones).every((value) => value === 1)).toBe(true);
    return output;
  };

  test("drops the share that it is told, by seed and draw, and enlarges the rest", () => {
    for (const rate of [0, 0.1, 0.5, 0.9]) {
      const output = dropped(rate, 7);
      const share = output.filter((value) => value === 0).length / 4000;
      // Four standard deviations.
      expect(Math.abs(share - rate)).toBeLessThanOrEqual(4 * Math.sqrt((rate * (1 - rate)) / 4000));
      expect(new Set(output.filter((value) => value !== 0))).toEqual(new Set([Math.fround(1 / (1 - rate))]));
    }
    expect(dropped(0.5, 3)).toEqual(dropped(0.5, 3));
    // Other masks agree in half of the places.
    for (const other of [dropped(0.5, 4), dropped(0.5, 3, 1)]) {
      const same = dropped(0.5, 3).filter((value, i) => value === other[i]).length;
      expect(Math.abs(same / 4000 - 0.5)).toBeLessThan(0.04);
    }
  });

  test("rows and neighbours are dropped independently", () => {
    const output = dropped(0.5, 11);
    for (const distance of [1, 2, 3, 4, 16, 1000]) {
      let same = 0;
      for (let i = distance; i < 4000; i++) same += Number(output[i] === output[i - distance]);
      expect(Math.abs(same / (4000 - distance) - 0.5)).toBeLessThan(0.045);
    }
  });
});

describe("training goes on", () => {
  const rng = Rng.seed(9);
  const x = randomNumbers(rng, 7 * 4);
  const y = Float32Array.from({ length: 7 }, () => rng.integer(3));
  const compiled = (optimizer: OptimizerSettings): CompiledNetwork =>
    compileNetwork(dropoutNetwork(), { batchSize: 8, loss: "sparseCategoricalCrossentropy", optimizer, seed: 4 });

  test.each<OptimizerSettings>([
    { name: "sgd", learningRate: 0.1 },
    { name: "momentum", learningRate: 0.1 },
    { name: "adam" },
  ])("from a state with the same bits: $name", (optimizer) => {
    const whole = compiled(optimizer);
    const first = compiled(optimizer);
    for (let step = 0; step < 3; step++) expect(whole.trainStep(x, y)).toBe(first.trainStep(x, y));
    const resumed = compiled(optimizer);
    // As a file would keep it.
    resumed.restore(structuredClone(first.state()));
    expect(resumed.steps).toBe(3);
    for (let step = 0; step < 3; step++) expect(resumed.trainStep(x, y)).toBe(whole.trainStep(x, y));
    expect(resumed.state()).toEqual(whole.state());
  });

  test("not from the state of another network or optimizer", () => {
    expect(faultOf(() => compiled({ name: "adam" }).restore(compiled({ name: "sgd", learningRate: 1 }).state()))).toBe(
      "COMPUTE_SHAPE",
    );
    const state = compiled({ name: "adam" }).state();
    expect(faultOf(() => compiled({ name: "adam" }).restore({ ...state, weights: state.weights.slice(1) }))).toBe(
      "COMPUTE_SHAPE",
    );
  });

  test("with the weights as before where a step is not finite", () => {
    const network = compiled({ name: "adam" });
    network.trainStep(x, y);
    const before = network.state();
    for (const bad of [Number.NaN, Infinity]) {
      expect(
        faultOf(() =>
          network.trainStep(
            x.map((value, i) => (i === 5 ? bad : value)),
            y,
          ),
        ),
      ).toBe("COMPUTE_NOT_FINITE");
      expect(network.state()).toEqual(before);
    }
  });
});

describe("fitNetwork", () => {
  const rng = Rng.seed(2);
  // Which of three numbers is the largest.
  const x = randomNumbers(rng, 150 * 3);
  const y = Int32Array.from({ length: 150 }, (_, row) => {
    const values = [...x.subarray(3 * row, 3 * row + 3)];
    return values.indexOf(Math.max(...values));
  });
  const network = (): CompiledNetwork =>
    compileNetwork(
      readNetwork(
        randomModel(8, [
          layers.dense({ inputShape: [3], units: 16, activation: "tanh" }),
          layers.dense({ units: 3, activation: "softmax" }),
        ]),
      ),
      { batchSize: 32, loss: "sparseCategoricalCrossentropy", optimizer: { name: "adam", learningRate: 0.03 } },
    );

  test("trains, tells every epoch, and comes to the same bits again", async () => {
    const told: number[] = [];
    const options = {
      epochs: 20,
      validation: { x, y },
      onEpochEnd: ({ epoch }: { epoch: number }) => told.push(epoch),
    };
    const first = network();
    const history = await fitNetwork(first, { x, y }, options);
    expect(told).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(history.at(-1)!.loss).toBeLessThan(0.2);
    expect(history.at(-1)!.steps).toBe(20 * 5);
    expect(history.at(-1)!.validationLoss).toBeCloseTo(first.evaluate(x, y), 12);
    const outputs = first.predict(x);
    const right = y.filter((label, row) => outputs[3 * row + label]! > 0.5).length;
    expect(right).toBeGreaterThan(140);
    const again = network();
    await fitNetwork(again, { x: Float64Array.from(x), y }, { epochs: 20 });
    expect(again.state()).toEqual(first.state());
    const other = network();
    await fitNetwork(other, { x, y }, { epochs: 20, seed: 1 });
    expect(other.state()).not.toEqual(first.state());
  });

  test("ends when it is told to, or aborted", async () => {
    const short = network();
    expect(await fitNetwork(short, { x, y }, { epochs: 9, onEpochEnd: ({ epoch }) => epoch < 2 })).toHaveLength(2);
    const controller = new AbortController();
    const run = fitNetwork(
      short,
      { x, y },
      { epochs: 9, signal: controller.signal, onEpochEnd: () => controller.abort() },
    );
    await expect(run).rejects.toThrow(/abort/);
    expect(short.steps).toBe(3 * 5);
  });

  test("refuses rows, targets and options that do not fit", async () => {
    const compiled = network();
    for (const data of [
      { x: x.subarray(1), y },
      { x, y: y.subarray(1) },
      { x: x.subarray(0, 0), y: y.subarray(0, 0) },
    ])
      await expect(fitNetwork(compiled, data)).rejects.toThrow(ComputeError);
    expect(faultOf(() => compiled.trainStep(x.subarray(0, 3), [3]))).toBe("COMPUTE_TARGET");
    expect(faultOf(() => compiled.trainStep(x, y))).toBe("COMPUTE_ROWS");
    expect(faultOf(() => compiled.forward(x.subarray(0, 4)))).toBe("COMPUTE_ROWS");
    expect(faultOf(() => compiled.backward([1, 2, 3]))).toBe("COMPUTE_ROWS");
    const plain = dropoutNetwork();
    expect(faultOf(() => compileNetwork(plain, { batchSize: 0 }))).toBe("COMPUTE_OPTION");
    expect(faultOf(() => compileNetwork(plain, { batchSize: 2, loss: "binaryCrossentropy" }))).toBe("COMPUTE_OPTION");
    expect(faultOf(() => compileNetwork(plain, { batchSize: 2, loss: "hinge" as LossName }))).toBe("COMPUTE_OPTION");
    expect(faultOf(() => compileNetwork(plain, { batchSize: 2, optimizer: { name: "adam" } }))).toBe("COMPUTE_OPTION");
    expect(faultOf(() => compileNetwork(plain, { batchSize: 2 }).trainStep([], []))).toBe("COMPUTE_OPTION");
    expect(faultOf(() => compileNetwork(plain, { batchSize: 2e8 }))).toBe("COMPUTE_MEMORY");
  });
});
