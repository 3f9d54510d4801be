import * as tf from "@tensorflow/tfjs-core";
import { type initializers, layers } from "@tensorflow/tfjs-layers";
import { type DifferentiableBackend, type ExpectationProgram, localSimulator } from "../../providers/index.ts";
import { ModelError } from "../errors.ts";
import { BatchBuffers } from "./batch-buffers.ts";
import { QuantumLayer, type QuantumLayerConfig } from "./quantum-layer.ts";
import { checkTensorBackend } from "./tensorflow-backend.ts";
import { refuseProviders } from "./tensorflow-model-guard.ts";

export interface KerasQuantumLayerOptions {
  readonly name?: string;
  /** False keeps the circuit's weights as they are. */
  readonly trainable?: boolean;
}

type Shape = (number | null)[];

/**
 * A quantum layer as a TensorFlow.js layer, for `tf.sequential` and the functional API: features [batch, D] in radians to
 * expectation values [batch, K].
 * @throws ModelError LAYER_PART
 * @example model.add(quantum(quantumLayer({ qubits: 4, perception: perception.angle(), connection: connection.basicEntangler({ layers: 2 }) })));
 */
export function quantum(layer: QuantumLayer, options: KerasQuantumLayerOptions = {}): KerasQuantumLayer {
  if (!(layer instanceof QuantumLayer))
    throw new ModelError("LAYER_PART", "quantum() takes a layer: quantum(quantumLayer({ ... })).");
  return new KerasQuantumLayer({ ...options, layer });
}

/** What `KerasQuantumLayer` is made of: a layer, or the text of its config in a saved model. */
interface LayerArgs extends KerasQuantumLayerOptions {
  readonly layer?: QuantumLayer;
  readonly quantum?: string;
}

let sharedSimulator: DifferentiableBackend | undefined;

/**
 * Weights are one variable for each weight vector of the circuit. TensorFlow.js is synchronous inside a step, so a call
 * always simulates in this process, exactly: float32 in tensors, float64 in the simulation. `train`, `evaluate` and
 * `predict` run the same layer on any provider.
 * @throws ModelError TENSORFLOW_BACKEND, LAYER_INPUT_SHAPE, LAYER_NOT_FINITE
 */
export class KerasQuantumLayer extends layers.Layer {
  /** @nocollapse */
  static readonly className: string = "LeptonQuantumLayer";
  readonly quantum: QuantumLayer;
  #program: ExpectationProgram | undefined;
  readonly #buffers: BatchBuffers;

  constructor(args: LayerArgs) {
    const quantum = args.layer ?? QuantumLayer.fromConfig(parseConfig(args.quantum));
    const { name, trainable = true } = args;
    super({ ...(name === undefined ? {} : { name }), trainable, inputShape: [quantum.numInputs] });
    this.quantum = quantum;
    this.#buffers = new BatchBuffers(quantum);
  }

  override build(inputShape: Shape | Shape[]): void {
    checkTensorBackend();
    this.#checkShape(singleShape(inputShape));
    const initial = this.quantum.initialWeights();
    let offset = 0;
    for (const [index, { name, shape, size }] of this.quantum.weightVectors.entries()) {
      const values = Float32Array.from(initial.subarray(offset, offset + size));
      // Always trainable by itself: whether the layer is, the layer says, now and later.
      this.addWeight(variableName(name, index), [...shape], "float32", givenWeights(values), undefined, true);
      offset += size;
    }
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = singleShape(inputShape);
    this.#checkShape(shape);
    return [shape[0] ?? null, this.quantum.numOutputs];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<layers.Layer["call"]>[1]): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const features = Array.isArray(inputs) ? inputs[0]! : inputs;
      this.#checkShape(features.shape);
      return this.#expectations(features, this.variables());
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), quantum: configText(this.quantum.toConfig()) };
  }

  /** The layer's variables in the order of the circuit's weight vectors. */
  variables(): tf.Variable[] {
    return this.weights.map((weight) => weight.read() as tf.Variable);
  }

  /** The weights [W] in row order, in radians. */
  flatWeights(): Float64Array {
    const flat = new Float64Array(this.quantum.numWeights);
    copyVariables(this.variables(), flat);
    return flat;
  }

  /** The circuit's weights by name, as `Circuit.bind` takes them. */
  namedWeights(): Readonly<Record<string, Float64Array>> {
    const variables = this.variables();
    return Object.fromEntries(
      this.quantum.weightVectors.map(({ name }, i) => [name, Float64Array.from(variables[i]!.dataSync())]),
    );
  }

  /** Gradients [W] in row order as tensors of the variables' shapes. */
  splitGradient(flat: Float64Array): tf.Tensor[] {
    let offset = 0;
    return this.quantum.weightVectors.map(({ shape, size }) => {
      const part = Float32Array.from(flat.subarray(offset, offset + size));
      offset += size;
      return tf.tensor(part, [...shape]);
    });
  }

  /** Calls inside `work` simulate on this backend instead of the default one. */
  async withSimulator<Result>(backend: DifferentiableBackend, work: () => Promise<Result>): Promise<Result> {
    const before = this.#program;
    this.#program = backend.differentiate(this.quantum.circuit, this.quantum.observables);
    try {
      return await work();
    } finally {
      this.#program = before;
    }
  }

  #expectations(features: tf.Tensor, variables: readonly tf.Tensor[]): tf.Tensor {
    if (this.#program === undefined) {
      sharedSimulator ??= localSimulator();
      this.#program = sharedSimulator.differentiate(this.quantum.circuit, this.quantum.observables);
    }
    const program = this.#program;
    const buffers = this.#buffers;
    const fill = (x: tf.Tensor, weights: readonly tf.Tensor[]): number => {
      const rows = x.shape[0]!;
      buffers.resize(rows);
      buffers.inputs.set(x.dataSync());
      copyVariables(weights, buffers.weights);
      return rows;
    };
    const evaluate = tf.customGrad((...args) => {
      const save = args.at(-1) as unknown as tf.GradSaveFunc;
      const [x, ...weights] = args.slice(0, -1) as [tf.Tensor, ...tf.Tensor[]];
      const rows = fill(x, weights);
      this.#checkFinite();
      program.forward(buffers.inputs, buffers.weights, rows, buffers.outputs);
      save([x, ...weights]);
      return {
        value: tf.tensor2d(Float32Array.from(buffers.outputs), [rows, this.quantum.numOutputs]),
        gradFunc: (cotangents: tf.Tensor, saved: tf.Tensor[]) => {
          // Other calls may have used the buffers since.
          const [savedInputs, ...savedWeights] = saved as [tf.Tensor, ...tf.Tensor[]];
          fill(savedInputs, savedWeights);
          buffers.cotangents.set(cotangents.dataSync());
          const { inputs, weights: values, cotangents: seeds, outputs, weightGradient, inputGradient } = buffers;
          program.backward(inputs, values, rows, seeds, outputs, weightGradient, inputGradient);
          return [tf.tensor(Float32Array.from(inputGradient), x.shape), ...this.splitGradient(weightGradient)];
        },
      };
    });
    return evaluate(features, ...variables);
  }

  #checkFinite(): void {
    const { inputs, weights } = this.#buffers;
    const { numInputs } = this.quantum;
    const badInput = inputs.findIndex((value) => !Number.isFinite(value));
    if (badInput >= 0)
      throw new ModelError(
        "LAYER_NOT_FINITE",
        `Layer ${this.name} was given ${inputs[badInput]} as feature ${badInput % numInputs} of row ${Math.floor(badInput / numInputs)}; angles must be finite.`,
      );
    const badWeight = weights.findIndex((value) => !Number.isFinite(value));
    if (badWeight >= 0)
      throw new ModelError(
        "LAYER_NOT_FINITE",
        `Weight ${badWeight} of layer ${this.name} is ${weights[badWeight]}; a smaller learning rate may keep training stable.`,
      );
  }

  #checkShape(shape: readonly (number | null)[]): void {
    if (shape.length === 2 && (shape[1] === this.quantum.numInputs || shape[1] === null)) return;
    throw new ModelError(
      "LAYER_INPUT_SHAPE",
      `Layer ${this.name} takes features of shape [batch, ${this.quantum.numInputs}], one column for each input of its circuit, but was given [${shape.map((size) => size ?? "null").join(", ")}].`,
    );
  }
}
refuseProviders();
tf.serialization.registerClass(
  KerasQuantumLayer as unknown as tf.serialization.SerializableConstructor<tf.serialization.Serializable>,
);

/**
 * A config as JSON that survives being saved: TensorFlow.js turns the words of any text in a model's config into snake case
 * and back. Without capitals, underscores and letters that have capitals there is nothing for it to turn.
 */
function configText(config: QuantumLayerConfig): string {
  return JSON.stringify(config).replaceAll(
    /[A-Z_]|[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** TensorFlow.js allows few characters in names of variables, circuits any letter. */
function variableName(name: string, index: number): string {
  return /^[A-Za-z0-9.][A-Za-z0-9_.-]*$/.test(name) ? name : `weights.${index}`;
}

/** An initializer of values that are known already; it is asked once, while the layer is built. */
function givenWeights(values: Float32Array): ReturnType<typeof initializers.zeros> {
  return { apply: (shape: Shape) => tf.tensor(values, shape as number[]) } as unknown as ReturnType<
    typeof initializers.zeros
  >;
}

function copyVariables(variables: readonly tf.Tensor[], flat: Float64Array): void {
  let offset = 0;
  for (const variable of variables) {
    flat.set(variable.dataSync(), offset);
    offset += variable.size;
  }
}

function singleShape(shape: Shape | Shape[]): Shape {
  if (!Array.isArray(shape[0])) return shape as Shape;
  if (shape.length === 1) return shape[0];
  throw new ModelError(
    "LAYER_INPUT_SHAPE",
    `A quantum layer takes one tensor but was given ${shape.length}; join them with tf.layers.concatenate first.`,
  );
}

/** @throws ModelError LAYER_CONFIG */
function parseConfig(text: string | undefined): QuantumLayerConfig {
  try {
    return JSON.parse(text!) as QuantumLayerConfig;
  } catch (error) {
    throw new ModelError("LAYER_CONFIG", "The saved quantum layer cannot be read: its config is no JSON.", {
      cause: error,
    });
  }
}
