import * as tf from "@tensorflow/tfjs-core";
import { type initializers, layers } from "@tensorflow/tfjs-layers";
import { type DifferentiableBackend, localSimulator } from "../../providers/index.ts";
import { ModelError } from "../errors.ts";
import { QuantumLayer, type QuantumLayerConfig } from "./quantum-layer.ts";
import { checkTensorBackend } from "./tensorflow-backend.ts";
import { refuseProviders } from "./tensorflow-model-guard.ts";
import { checkInputShape, copyTensors, splitGradient, TensorSimulation } from "./tensorflow-simulation.ts";

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
  #simulation: TensorSimulation | undefined;

  constructor(args: LayerArgs) {
    const quantum = args.layer ?? QuantumLayer.fromConfig(parseConfig(args.quantum));
    const { name, trainable = true } = args;
    super({ ...(name === undefined ? {} : { name }), trainable, inputShape: [quantum.numInputs] });
    this.quantum = quantum;
  }

  override build(inputShape: Shape | Shape[]): void {
    checkTensorBackend();
    checkInputShape(this.name, this.quantum.numInputs, singleShape(inputShape));
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
    checkInputShape(this.name, this.quantum.numInputs, shape);
    return [shape[0] ?? null, this.quantum.numOutputs];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<layers.Layer["call"]>[1]): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const features = Array.isArray(inputs) ? inputs[0]! : inputs;
      return this.#simulated().apply(features, this.variables());
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
    copyTensors(this.variables(), flat);
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
    return splitGradient(this.quantum, flat);
  }

  /** Calls inside `work` simulate on this backend instead of the default one. */
  async withSimulator<Result>(backend: DifferentiableBackend, work: () => Promise<Result>): Promise<Result> {
    const before = this.#simulation;
    this.#simulation = this.#simulationOn(backend);
    try {
      return await work();
    } finally {
      this.#simulation = before;
    }
  }

  #simulated(): TensorSimulation {
    if (this.#simulation === undefined) {
      sharedSimulator ??= localSimulator();
      this.#simulation = this.#simulationOn(sharedSimulator);
    }
    return this.#simulation;
  }

  #simulationOn(backend: DifferentiableBackend): TensorSimulation {
    const { circuit, observables } = this.quantum;
    return new TensorSimulation(this.name, this.quantum, backend.differentiate(circuit, observables));
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
