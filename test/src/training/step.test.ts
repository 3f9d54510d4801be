import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, input, ln, weight } from "../../../circuits/index.ts";
import { type DifferentiableBackend, localSimulator } from "../../../providers/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { quantum, train } from "../../../src/tfjs.ts";
import type { TrainOptions } from "../../../src/training/index.ts";
import { largestDifference, TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

/** Passes each row on, and counts how often it is called in training. */
class Counting extends tfl.layers.Layer {
  static readonly className = "Counting";
  calls = 0;
  override computeOutputShape(shape: tfl.Shape | tfl.Shape[]): tfl.Shape | tfl.Shape[] {
    return shape;
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    this.calls++;
    return tf.mul(Array.isArray(inputs) ? inputs[0]! : inputs, 1);
  }
}

interface Evaluation {
  readonly kind: "forward" | "backward";
  readonly rows: number;
  readonly weights: boolean;
  readonly inputs: boolean;
}

/** The local simulator, which notes what its programs are asked for. */
function watched(): { readonly provider: DifferentiableBackend; readonly evaluations: Evaluation[] } {
  const inner = localSimulator();
  const evaluations: Evaluation[] = [];
  const provider: DifferentiableBackend = {
    name: "watched",
    capabilities: inner.capabilities,
    estimator: (options) => inner.estimator(options),
    sampler: (options) => inner.sampler(options),
    status: () => inner.status(),
    differentiate(circuit, observables) {
      const program = inner.differentiate(circuit, observables);
      return {
        circuit,
        numObservables: program.numObservables,
        forward(inputs, weights, rows, outputs) {
          evaluations.push({ kind: "forward", rows, weights: false, inputs: false });
          program.forward(inputs, weights, rows, outputs);
        },
        backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients) {
          const wanted = { weights: weightGradients !== null, inputs: inputGradients !== null };
          evaluations.push({ kind: "backward", rows, ...wanted });
          program.backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
        },
      };
    },
  };
  return { provider, evaluations };
}

const circuitLayer = (trainable = true) =>
  quantum(
    quantumLayer({
      qubits: 2,
      perception: perception.angle(),
      connection: connection.stronglyEntangling({ layers: 1 }),
      seed: 2,
    }),
    { trainable },
  );
const dense = (units: number, seed: number) =>
  tfl.layers.dense({ units, kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed }) });
const data = () => ({
  x: tf.tensor2d([0.3, -0.2, 0.9, 0.1, 0.5, -0.7, 0.4, 0.8, -0.1, 0.2], [5, 2]),
  y: tf.tensor2d([1, 0, 1, 1, 0], [5, 1]),
});
const compiled = (): TrainOptions => ({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });

describe.each(TENSOR_BACKENDS)("a step that this process simulates, on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  test("calls each layer once, and takes one evaluation forward and one back", async () => {
    const counting = new Counting({ inputShape: [2] });
    const model = tfl.sequential({ layers: [counting, dense(2, 1), circuitLayer(), dense(1, 3)] });
    const { provider, evaluations } = watched();
    const before = counting.calls;
    const executions: number[] = [];
    for await (const step of train(model, data(), { ...compiled(), provider, batchSize: 3 }))
      executions.push(step.executions);
    expect(executions).toEqual([3, 2]);
    expect(counting.calls - before).toBe(2);
    expect(evaluations).toEqual(
      [3, 2].flatMap((rows) => [
        { kind: "forward", rows, weights: false, inputs: false },
        { kind: "backward", rows, weights: true, inputs: true },
      ]),
    );
  });

  test("asks for no gradient that nobody uses", async () => {
    const { provider, evaluations } = watched();
    // Nothing is trained before the first; of the second only inputs are wanted, and of a frozen first nothing at all.
    const learning = tfl.sequential({ layers: [circuitLayer(), circuitLayer(false), dense(1, 3)] });
    await train(learning, data(), { ...compiled(), provider });
    const backwards = evaluations.filter(({ kind }) => kind === "backward");
    expect(backwards.map(({ weights, inputs }) => ({ weights, inputs }))).toEqual([
      { weights: false, inputs: true },
      { weights: true, inputs: false },
    ]);
    evaluations.length = 0;
    const frozen = tfl.sequential({ layers: [circuitLayer(false), dense(1, 3)] });
    await train(frozen, data(), { ...compiled(), provider });
    expect(evaluations.map(({ kind }) => kind)).toEqual(["forward"]);
  });

  // The angle ln(x) of a negative x is no number.
  const logarithm = () =>
    quantumLayer({ circuit: Circuit.build(1, (c) => c.ry(ln(input("x")), 0).rx(weight("w"), 0)) });
  test.each([
    ["features", Number.NaN, "LAYER_NOT_FINITE"],
    ["values", -1, "GRADIENT_NOT_FINITE"],
  ])(
    "that fails for %s that are no numbers leaves the model and TensorFlow.js as they were",
    async (_, value, code) => {
      const model = tfl.sequential({
        layers: [
          tfl.layers.batchNormalization({ inputShape: [2] }),
          tfl.layers.dense({
            units: 1,
            kernelInitializer: "zeros",
            biasInitializer: tfl.initializers.constant({ value }),
          }),
          quantum(logarithm()),
          dense(1, 3),
        ],
      });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
      const own = data();
      const weights = model.getWeights().map((one) => one.clone());
      const before = tf.memory().numTensors;
      await expect(train(model, own)).rejects.toMatchObject({ code });
      expect(tf.memory().numTensors).toBe(before);
      for (const [i, one] of model.getWeights().entries()) expect(one.dataSync()).toEqual(weights[i]!.dataSync());
    },
  );
});

describe("rows", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test("whole numbers stay whole, for layers that look them up", async () => {
    const make = () =>
      tfl.sequential({
        layers: [
          tfl.layers.embedding({
            inputDim: 4,
            outputDim: 2,
            inputLength: 1,
            embeddingsInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed: 4 }),
          }),
          tfl.layers.flatten(),
          circuitLayer(),
          dense(1, 3),
        ],
      });
    const words = tf.tensor2d([3, 0, 1, 2, 3, 1], [6, 1], "int32");
    const y = tf.tensor2d([1, 0, 0, 1, 1, 0], [6, 1]);
    const [theirs, ours] = [make(), make()];
    theirs.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    await theirs.fit(words, y, { batchSize: 4, epochs: 3, shuffle: false, verbose: 0 });
    await train(ours, { x: words, y }, { ...compiled(), batchSize: 4, epochs: 3, shuffle: false });
    expect(largestDifference(ours.getWeights(), theirs.getWeights())).toBeLessThan(1e-6);
  });
});
