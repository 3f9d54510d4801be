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
  adadelta: () => tf.train.adadelta(0.01),
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

  test("saving leaves no tensor behind, and restoring only the slots that were not there", () => {
    for (const make of Object.values(OPTIMIZERS)) {
      const [model, optimizer] = [MODELS.hybrid!(), make()];
      const fresh = captureTraining(model, optimizer);
      steps(model, optimizer, 0, 2);
      const before = tf.memory();
      const state = captureTraining(model, optimizer);
      restoreTraining(model, optimizer, state);
      tf.tidy(() => restoreTraining(model, optimizer, state));
      expect(tf.memory()).toEqual(before);
      const other = make();
      const withoutSlots = tf.memory().numTensors;
      steps(model, other, 0, 1);
      const slots = tf.memory().numTensors - withoutSlots;
      restoreTraining(model, other, fresh);
      expect(tf.memory().numTensors).toBe(withoutSlots);
      tf.tidy(() => restoreTraining(model, other, state));
      expect(tf.memory().numTensors).toBe(withoutSlots + slots);
      steps(model, other, 2, 4);
    }
  });
});

const saved = (optimizer: tf.Optimizer): (() => TrainingState) => {
  const model = MODELS.hybrid!();
  return () => captureTraining(model, optimizer);
};

/** Its rate decays, it averages the weights, and it hands the gradients on to another optimizer. */
class Averaging extends tf.SGDOptimizer {
  static override get className(): string {
    return "Averaging";
  }
  readonly inner = tf.train.adam(0.05);
  readonly settings = { decay: 0.9, texts: ["a", null], large: Number.POSITIVE_INFINITY, minus: -0 };
  averages: Record<string, tf.Variable> = {};
  watched: tf.Variable | undefined;
  history = new Float64Array(3);
  scale = tf.keep(tf.scalar(1));
  override applyGradients(gradients: { name: string; tensor: tf.Tensor }[]): void {
    this.inner.applyGradients(gradients);
    this.watched ??= (tf.engine().registeredVariables as Record<string, tf.Variable>)[gradients[0]!.name]!;
    this.history[this.iterations % 3] = this.watched.dataSync()[0]!;
    const next = tf.tidy(() => tf.keep(tf.mul(this.scale, this.settings.decay)));
    this.scale.dispose();
    this.scale = next as tf.Scalar;
    for (const [i, { tensor }] of gradients.entries()) {
      this.averages[`slot ${i}`] ??= tf.variable(tf.zerosLike(tensor), false);
      const average = this.averages[`slot ${i}`]!;
      tf.tidy(() => average.assign(tf.add(tf.mul(average, this.settings.decay), tf.mul(tensor, this.scale))));
    }
    this.watched.assign(tf.tidy(() => tf.add(this.watched!, this.averages["slot 0"]!)));
    this.settings.decay *= 0.99;
    this.incrementIterations();
  }
}

describe("an optimizer of a user's own", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test("is saved with all its fields, slots by name, other optimizers in it, and what it holds of the model", () => {
    const [model, optimizer] = [MODELS.dense!(), new Averaging(0.1)];
    const start = captureTraining(model, optimizer);
    steps(model, optimizer, 0, 3);
    const state = throughBytes(captureTraining(model, optimizer));
    steps(model, optimizer, 3, 6);
    for (const before of [0, 2]) {
      const [other, fresh] = [MODELS.dense!(), new Averaging(0.1)];
      steps(other, fresh, 50, 50 + before);
      restoreTraining(other, fresh, state);
      expect(fresh.watched).toBe(other.trainableWeights[0]!.read());
      expect(Object.is(fresh.settings.minus, -0)).toBe(true);
      steps(other, fresh, 3, 6);
      expect(bytesOf(other, fresh).equals(bytesOf(model, optimizer))).toBe(true);
      restoreTraining(other, fresh, start);
      expect(fresh.averages).toEqual({});
      expect(fresh.watched).toBeUndefined();
      expect(other.trainableWeights[0]!.read().isDisposed).toBe(false);
    }
  });

  const withField = (field: unknown): tf.Optimizer => Object.assign(tf.train.sgd(0.1), { own: field });
  const shared = { a: 1 };
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const disposed = (): tf.Tensor => {
    const tensor = tf.scalar(1);
    tensor.dispose();
    return tensor;
  };
  class Hidden extends tf.SGDOptimizer {
    #count = 0;
    count(): number {
      return ++this.#count;
    }
  }
  class Below extends Hidden {}
  class PrivateMethod extends tf.SGDOptimizer {
    rate(): number {
      return this.#half();
    }
    #half(): number {
      return this.learningRate / 2;
    }
  }

  test.each<readonly [string, () => tf.Optimizer, RegExp]>([
    ["a function", () => withField(() => 0.1), /Field own of the optimizer is function/],
    ["a map", () => withField({ slots: [new Map()] }), /Field own\.slots\[0\] .* is an instance of Map/],
    ["a tensor of texts", () => withField(tf.tensor1d(["a"])), /Field own .* is a tensor of dtype string/],
    ["a tensor that is disposed", () => withField(disposed()), /Field own .* is a tensor that is disposed/],
    ["one object twice", () => withField([shared, shared]), /Field own\[1\] .* is the same object as field own\[0\]/],
    ["a cycle", () => withField(cycle), /Field own\.self .* is the same object as field own/],
    ["a bigint", () => withField(1n), /Field own .* is bigint 1/],
    ["a symbol for a name", () => Object.assign(tf.train.sgd(1), { [Symbol("s")]: 1 }), /Symbol\(s\) .* by a symbol/],
    ["a getter", () => Object.defineProperty(tf.train.sgd(1), "own", { get: () => 1 }), /Field own .* no plain field/],
    ["a private field", () => new Hidden(0.1), /Field #count of the optimizer is private/],
    ["a private field of a class above", () => new Below(0.1), /Field #count of the optimizer is private/],
    [
      "a private field of one inside",
      () => withField(new Hidden(0.1)),
      /Field own\.#count of the optimizer is private/,
    ],
  ])("is refused where it has %s", (_, make, words) => {
    expect(saved(make())).toThrow(
      expect.objectContaining({ name: "TrainingError", code: "TRAINING_STATE", message: expect.stringMatching(words) }),
    );
  });

  test("may have private methods", () => {
    expect(saved(new PrivateMethod(0.1))().optimizer.fields.learningRate).toEqual({ kind: "value", value: 0.1 });
  });
});

describe("fields that are put back", () => {
  beforeAll(() => useTensorBackend("cpu"));
  const withOwn = <Own>(own: Own) => Object.assign(tf.train.sgd(0.1), { own });
  const slot = (shape: number[], trainable: boolean) => tf.variable(tf.zeros(shape), trainable);

  test("are copies, and variables as trainable as they were", () => {
    const model = MODELS.dense!();
    const own = { numbers: Float64Array.of(1, 2), frozen: slot([2], false), free: slot([2], true) };
    const state = captureTraining(model, withOwn(own));
    own.numbers.fill(9);
    for (let time = 0; time < 2; time++) {
      const fresh = withOwn<typeof own | undefined>(undefined);
      restoreTraining(model, fresh, state);
      const { numbers, frozen, free } = fresh.own!;
      expect([...numbers]).toEqual([1, 2]);
      numbers.fill(7);
      expect([frozen.trainable, free.trainable]).toEqual([false, true]);
    }
  });

  test("take the place of a slot of another kind, which is disposed, and never of a weight", () => {
    const model = MODELS.dense!();
    const kernel = model.weights[0]!.read() as tf.Variable;
    const before = [...kernel.dataSync()];
    const state = captureTraining(model, withOwn(slot([3, 4], true)));
    for (const current of [slot([2], true), slot([3, 4], false), kernel]) {
      const other = withOwn<tf.Variable>(current);
      restoreTraining(model, other, state);
      expect(other.own).not.toBe(current);
      expect([other.own.shape, other.own.trainable]).toEqual([[3, 4], true]);
      expect(current.isDisposed).toBe(current !== kernel);
    }
    expect([...kernel.dataSync()]).toEqual(before);
  });

  test("are all that there is: another one is disposed and gone", () => {
    const model = MODELS.dense!();
    const state = captureTraining(model, tf.train.sgd(0.1));
    const surplus = slot([2], false);
    const other = withOwn({ surplus });
    restoreTraining(model, other, state);
    expect(surplus.isDisposed).toBe(true);
    expect(other).not.toHaveProperty("own");
  });
});

describe("a saved state", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test("is copies, of weights as they are in memory", () => {
    const model = MODELS.dense!();
    const state = captureTraining(model, tf.train.sgd(0.1));
    state.weights[0]!.values.fill(7);
    expect([...model.weights[0]!.read().dataSync()]).not.toContain(7);
    restoreTraining(model, tf.train.sgd(0.1), state);
    state.weights[0]!.values.fill(8);
    // The weight's norm is held to 2 in training, but what is put back is what was there.
    expect([...model.weights[0]!.read().dataSync()]).toEqual(Array(12).fill(7));
  });

  test("keeps what was frozen on the way", () => {
    const [model, optimizer] = [MODELS["batch norm"]!(), tf.train.adam(0.1)];
    steps(model, optimizer, 0, 2);
    model.layers[0]!.trainable = false;
    const state = throughBytes(captureTraining(model, optimizer));
    const other = MODELS["batch norm"]!();
    const fresh = tf.train.adam(0.1);
    restoreTraining(other, fresh, state);
    expect(other.layers.map(({ trainable }) => trainable)).toEqual([false, true, true]);
    expect(bytesOf(other, fresh).equals(bytesOf(model, optimizer))).toBe(true);
  });

  interface Loose {
    format: string;
    readonly weights: Record<string, unknown>[];
    readonly trainable: boolean[];
    readonly optimizer: { className: string; readonly fields: Record<string, unknown> };
  }
  const field = (name: string, value: unknown) => (state: Loose) => {
    Object.defineProperty(state.optimizer.fields, name, { value, enumerable: true });
  };
  const weight = (change: object) => (state: Loose) => Object.assign(state.weights[1]!, change);
  test.each<readonly [string, (state: Loose) => unknown, RegExp]>([
    ["another format", (state) => Object.assign(state, { format: "x" }), /none of a model in training/],
    ["fewer weights", ({ weights }) => weights.pop(), /one of 3 weights, but this model has 4/],
    [
      "another shape",
      weight({ shape: [2, 2] }),
      /bias is float32 \[2,2\] of .*bias, but this model's is float32 \[4\]/,
    ],
    ["no shape", weight({ shape: undefined }), /4 values for shape \[undefined\]/],
    ["fewer values", weight({ values: new Float32Array(3) }), /3 values for shape \[4\]/],
    ["values of another type", weight({ values: new Int32Array(4) }), /no values of dtype float32/],
    ["an unknown dtype", weight({ dtype: "toString" }), /no values of dtype toString/],
    ["fewer layers", ({ trainable }) => trainable.pop(), /one of 2 layers, but this model has 3/],
    [
      "a weight that there is not, in a list",
      field("own", { kind: "list", items: [{ kind: "weight", weight: 99 }] }),
      /own\[0\] is that of weight 99 of 4/,
    ],
    [
      "another optimizer",
      ({ optimizer }) => Object.assign(optimizer, { className: "SGD" }),
      /of optimizer SGD, but here is Adam/,
    ],
    ["no fields", ({ optimizer }) => Object.assign(optimizer, { fields: 1 }), /without fields/],
    ["a method", field("applyGradients", { kind: "value", value: 1 }), /for applyGradients is not one of a field/],
    ["a prototype", field("__proto__", { kind: "nothing" }), /for __proto__ is not one of a field/],
    ["a field of an unknown kind", field("accBeta1", { kind: "x" }), /for accBeta1 is of no known kind/],
    ["a field that is nothing", field("accBeta1", null), /for accBeta1 is of no known kind/],
    ["a list that is none", field("accBeta1", { kind: "list", items: 1 }), /for accBeta1 is no list/],
    ["an array that is none", field("accBeta1", { kind: "array", values: [1] }), /for accBeta1 is no array/],
    ["a weight that there is not", field("accBeta1", { kind: "weight", weight: 9 }), /of weight 9 of 4/],
    [
      "a slot that does not fit",
      field("accBeta1", { kind: "tensor", dtype: "float32", shape: [2], values: new Float32Array(1) }),
      /accBeta1 is 1 values for shape \[2\]/,
    ],
    [
      "an optimizer inside that is not here",
      field("inner", { kind: "optimizer", className: "SGD", fields: {} }),
      /for inner is that of optimizer SGD, but here is undefined/,
    ],
  ])("with %s is refused, and model and optimizer are as before", (_, change, words) => {
    const [model, optimizer] = [MODELS.dense!(), tf.train.adam(0.1)];
    steps(model, optimizer, 0, 2);
    const state = throughBytes(captureTraining(model, optimizer));
    change(state as Loose);
    steps(model, optimizer, 2, 3);
    const before = bytesOf(model, optimizer);
    const memory = tf.memory();
    expect(() => restoreTraining(model, optimizer, state)).toThrow(
      expect.objectContaining({ code: "TRAINING_STATE", message: expect.stringMatching(words) }),
    );
    expect(bytesOf(model, optimizer).equals(before)).toBe(true);
    expect(tf.memory()).toEqual(memory);
  });
});
