import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, input, Rng, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { connection, perception, type QuantumLayer, quantumLayer } from "../../../src/layers/index.ts";
import { KerasQuantumLayer, quantum } from "../../../src/tfjs.ts";
import { largestDifference, TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

const layerOf = (seed = 1) =>
  quantumLayer({
    qubits: 3,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 2 }),
    observables: ["ZII", "IXI", "0.5*ZZZ + 0.25*IIY"],
    seed,
  });
/** Shared and composed parameters in two weight vectors, one of them a scalar. */
const composedLayer = () => {
  const x = input("x", 2);
  const a = weight("a", [2, 2]);
  const b = weight("b");
  return quantumLayer({
    circuit: Circuit.build(2, (c) =>
      c
        .ry(x.at(0), 0)
        .rx(x.at(1).times(b), 1)
        .crz(a.at(0, 0), 0, 1)
        .rxx(a.at(1, 1).times(x.at(0)), 0, 1)
        .u(a.at(0, 1), b, a.at(0, 0), 1)
        .cp(a.at(1, 0).plus(x.at(1)), 1, 0)
        .ry(b, 0),
    ),
  });
};
const numbers = (length: number, seed: string): Float32Array => {
  const rng = Rng.seed(seed);
  return Float32Array.from({ length }, () => rng.normal());
};

describe.each(TENSOR_BACKENDS)("the Keras layer on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  describe.each<[string, () => QuantumLayer]>([
    ["library", () => layerOf()],
    ["composed", composedLayer],
  ])("gradients of a %s circuit", (_, make) => {
    test("match central differences in float64, for inputs and weights", () => {
      const layer = make();
      const keras = quantum(layer);
      const rows = 4;
      const x = numbers(rows * layer.numInputs, "x");
      const cotangents = numbers(rows * layer.numOutputs, "c");
      const features = tf.tensor2d(x, [rows, layer.numInputs]);
      keras.apply(features);
      const loss = (): tf.Scalar =>
        tf.sum(tf.mul(keras.apply(features) as tf.Tensor, tf.tensor2d(cotangents, [rows, layer.numOutputs])));
      const { value, grads } = tf.variableGrads(loss, keras.variables());
      const inputGradient = tf.grad((own: tf.Tensor) =>
        tf.sum(tf.mul(keras.apply(own) as tf.Tensor, tf.tensor2d(cotangents, [rows, layer.numOutputs]))),
      )(features);

      const program = localSimulator().differentiate(layer.circuit, layer.observables);
      const outputs = new Float64Array(rows * layer.numOutputs);
      const exact = (inputs: Float64Array, weights: Float64Array): number => {
        program.forward(inputs, weights, rows, outputs);
        return outputs.reduce((sum, output, i) => sum + output * cotangents[i]!, 0);
      };
      const [inputs, weights] = [Float64Array.from(x), keras.flatWeights()];
      expect(value.dataSync()[0]).toBeCloseTo(exact(inputs, weights), 5);
      const difference = (values: Float64Array, i: number): number => {
        const kept = values[i]!;
        const h = 1e-5;
        values[i] = kept + h;
        const above = exact(inputs, weights);
        values[i] = kept - h;
        const below = exact(inputs, weights);
        values[i] = kept;
        return (above - below) / (2 * h);
      };
      const flat = keras.variables().flatMap(({ name }) => [...grads[name]!.dataSync()]);
      expect(flat.length).toBe(layer.numWeights);
      for (const [i, gradient] of flat.entries()) expect(gradient).toBeCloseTo(difference(weights, i), 5);
      const found = inputGradient.dataSync();
      for (let i = 0; i < inputs.length; i++) expect(found[i]).toBeCloseTo(difference(inputs, i), 5);
    });

    test("match differences through TensorFlow.js itself", () => {
      const layer = make();
      const keras = quantum(layer);
      const features = tf.tensor2d(numbers(2 * layer.numInputs, "y"), [2, layer.numInputs]);
      const loss = (own: tf.Tensor): tf.Scalar => tf.sum(tf.square(keras.apply(own) as tf.Tensor));
      const gradient = tf.grad(loss)(features).dataSync();
      const h = 1e-2;
      for (let i = 0; i < gradient.length; i++) {
        const shifted = (by: number) => {
          const values = Float32Array.from(features.dataSync());
          values[i]! += by;
          return loss(tf.tensor2d(values, [2, layer.numInputs])).dataSync()[0]!;
        };
        expect(gradient[i]).toBeCloseTo((shifted(h) - shifted(-h)) / (2 * h), 2);
      }
    });
  });

  test("a layer that one tape calls twice, at different batch sizes, is differentiated for both", () => {
    const keras = quantum(layerOf());
    const one = tf.tensor2d(numbers(3, "one"), [1, 3]);
    const two = tf.tensor2d(numbers(6, "two"), [2, 3]);
    keras.apply(one);
    const total = (x: tf.Tensor): tf.Scalar => tf.sum(keras.apply(x) as tf.Tensor);
    const both = tf.variableGrads(() => tf.add(total(one), total(two)), keras.variables()).grads;
    const first = tf.variableGrads(() => total(one), keras.variables()).grads;
    const second = tf.variableGrads(() => total(two), keras.variables()).grads;
    for (const { name } of keras.variables())
      expect(largestDifference([both[name]!], [tf.add(first[name]!, second[name]!)])).toBeLessThan(1e-5);
  });

  test("fits, evaluates and predicts in a sequential model", async () => {
    const model = tfl.sequential();
    model.add(
      tfl.layers.dense({
        units: 3,
        inputShape: [4],
        kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed: 2 }),
      }),
    );
    model.add(quantum(layerOf()));
    model.add(
      tfl.layers.dense({
        units: 1,
        kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed: 3 }),
      }),
    );
    expect(model.outputs[0]!.shape).toEqual([null, 1]);
    expect(model.countParams()).toBe(4 * 3 + 3 + 18 + 3 + 1);
    model.compile({ optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const x = tf.tensor2d(numbers(64, "sx"), [16, 4]);
    const y = tf.tensor2d(numbers(16, "sy"), [16, 1]);
    const { history } = await model.fit(x, y, { epochs: 25, batchSize: 8, shuffle: false, verbose: 0 });
    expect(history.loss!.at(-1) as number).toBeLessThan(0.7 * (history.loss![0] as number));
    const loss = (model.evaluate(x, y) as tf.Scalar).dataSync()[0]!;
    const predicted = model.predict(x) as tf.Tensor;
    expect(predicted.shape).toEqual([16, 1]);
    expect(loss).toBeCloseTo(tf.mean(tf.squaredDifference(predicted, y)).dataSync()[0]!, 5);
  });

  test("works in the functional API, first, shared, and beside a classical branch", async () => {
    const start = tfl.input({ shape: [3] });
    const shared = quantum(layerOf(), { name: "shared" });
    const left = shared.apply(start) as tfl.SymbolicTensor;
    const right = shared.apply(tfl.layers.dense({ units: 3 }).apply(start)) as tfl.SymbolicTensor;
    const plain = tfl.layers.dense({ units: 2 }).apply(start) as tfl.SymbolicTensor;
    const joined = tfl.layers.concatenate().apply([left, right, plain]);
    const model = tfl.model({
      inputs: start,
      outputs: tfl.layers.dense({ units: 1 }).apply(joined) as tfl.SymbolicTensor,
    });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const before = shared.flatWeights();
    const x = tf.tensor2d(numbers(24, "fx"), [8, 3]);
    const { history } = await model.fit(x, tf.ones([8, 1]), { epochs: 10, verbose: 0 });
    expect(history.loss!.at(-1) as number).toBeLessThan(history.loss![0] as number);
    expect(shared.flatWeights()).not.toEqual(before);
  });

  test("a layer that is not trainable keeps its weights", async () => {
    const model = tfl.sequential();
    const frozen = quantum(layerOf(), { trainable: false });
    model.add(frozen);
    model.add(tfl.layers.dense({ units: 1 }));
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect(model.trainableWeights.length).toBe(2);
    const before = frozen.flatWeights();
    await model.fit(tf.tensor2d(numbers(12, "zx"), [4, 3]), tf.ones([4, 1]), { epochs: 2, verbose: 0 });
    expect(frozen.flatWeights()).toEqual(before);
  });

  test("a circuit without weights is a fixed layer that passes gradients on", async () => {
    const keras = quantum(quantumLayer({ circuit: Circuit.build(1, (c) => c.ry(input("x"), 0)) }));
    const x = tf.tensor2d([[0.3], [1.2]]);
    expect(largestDifference([keras.apply(x) as tf.Tensor], [tf.cos(x)])).toBeLessThan(1e-6);
    const gradient = tf.grad((own: tf.Tensor) => tf.sum(keras.apply(own) as tf.Tensor))(x);
    expect(largestDifference([gradient], [tf.neg(tf.sin(x))])).toBeLessThan(1e-6);
    expect(keras.weights).toEqual([]);
  });

  test("1,000 training steps leak no tensor", async () => {
    const model = tfl.sequential();
    model.add(tfl.layers.dense({ units: 2, inputShape: [2] }));
    model.add(
      quantum(
        quantumLayer({
          qubits: 2,
          perception: perception.angle(),
          connection: connection.basicEntangler({ layers: 1 }),
        }),
      ),
    );
    model.add(tfl.layers.dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const x = tf.tensor2d(numbers(20, "lx"), [10, 2]);
    const y = tf.ones([10, 1]);
    // Two batch sizes, so that buffers change their size all the time.
    const steps = (epochs: number) => model.fit(x, y, { epochs, batchSize: 6, verbose: 0, yieldEvery: "never" });
    await steps(1);
    const before = tf.memory().numTensors;
    await steps(500);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("shapes, config and errors", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test("weights have the names and shapes of the circuit's vectors, and its starting values", () => {
    const layer = composedLayer();
    const keras = quantum(layer, { name: "composed" });
    keras.apply(tf.zeros([1, 2]));
    expect(keras.weights.map(({ shape }) => shape)).toEqual([[], [2, 2]]);
    expect(keras.weights.map(({ originalName }) => originalName.split("/").at(-1))).toEqual(["b", "a"]);
    expect(keras.flatWeights()).toEqual(Float64Array.from(Float32Array.from(layer.initialWeights())));
    const named = keras.namedWeights();
    expect(Object.keys(named)).toEqual(["b", "a"]);
    expect([...named.b!, ...named.a!]).toEqual([...keras.flatWeights()]);
  });

  test("names that TensorFlow.js cannot take get others, in the order of the vectors", () => {
    const circuit = Circuit.build(1, (c) => c.ry(input("x"), 0).rx(weight("θ"), 0).rz(weight("plain"), 0));
    const keras = quantum(quantumLayer({ circuit }));
    keras.apply(tf.zeros([1, 1]));
    expect(keras.weights.map(({ originalName }) => originalName.split("/").at(-1))).toEqual(["weights.0", "plain"]);
    expect(Object.keys(keras.namedWeights())).toEqual(["θ", "plain"]);
  });

  test("a layer that starts frozen can be thawed", () => {
    const keras = quantum(layerOf(), { trainable: false });
    const model = tfl.sequential({ layers: [keras, tfl.layers.dense({ units: 1 })] });
    expect(model.trainableWeights.length).toBe(2);
    keras.trainable = true;
    expect(model.trainableWeights.length).toBe(3);
  });

  test("computes its output shape", () => {
    const keras = quantum(layerOf());
    expect(keras.computeOutputShape([null, 3])).toEqual([null, 3]);
    expect(keras.computeOutputShape([[7, 3]])).toEqual([7, 3]);
  });

  test("getConfig and fromConfig make an equal layer", () => {
    const keras = quantum(composedLayer(), { name: "again", trainable: false });
    const config = JSON.parse(JSON.stringify(keras.getConfig()));
    const back = KerasQuantumLayer.fromConfig(KerasQuantumLayer as never, config) as unknown as KerasQuantumLayer;
    expect(back.getConfig()).toEqual(keras.getConfig());
    expect(back.trainable).toBe(false);
    const x = tf.tensor2d([[0.1, 0.2]]);
    expect((back.apply(x) as tf.Tensor).dataSync()).toEqual((keras.apply(x) as tf.Tensor).dataSync());
  });

  test("a model's JSON makes an equal model", async () => {
    const model = tfl.sequential({ layers: [quantum(layerOf()), tfl.layers.dense({ units: 2 })] });
    const json = JSON.parse(JSON.stringify(model.toJSON(undefined, false)));
    const back = await tfl.models.modelFromJSON(json);
    back.setWeights(model.getWeights());
    const x = tf.tensor2d([[0.1, 0.2, 0.3]]);
    expect((back.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  });

  test.each<[string, () => unknown]>([
    ["LAYER_INPUT_SHAPE", () => quantum(layerOf()).apply(tf.zeros([2, 4]))],
    ["LAYER_INPUT_SHAPE", () => quantum(layerOf()).apply(tf.zeros([3]))],
    ["LAYER_INPUT_SHAPE", () => quantum(layerOf()).apply(tf.zeros([2, 3, 1]))],
    ["LAYER_INPUT_SHAPE", () => quantum(layerOf()).apply(tfl.input({ shape: [5] }))],
    ["LAYER_INPUT_SHAPE", () => quantum(layerOf()).apply([tf.zeros([2, 3]), tf.zeros([2, 3])])],
    ["LAYER_NOT_FINITE", () => quantum(layerOf()).apply(tf.tensor2d([[0, Number.NaN, 0]]))],
    [
      "LAYER_NOT_FINITE",
      () => {
        const keras = quantum(layerOf());
        keras.apply(tf.zeros([1, 3]));
        keras.setWeights([tf.fill([2, 3, 3], Number.POSITIVE_INFINITY)]);
        keras.apply(tf.zeros([1, 3]));
      },
    ],
    ["LAYER_PART", () => quantum({ qubits: 2, perception: perception.angle() } as never)],
    ["LAYER_CONFIG", () => KerasQuantumLayer.fromConfig(KerasQuantumLayer as never, { quantum: "{" })],
  ])("%s", (code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
