import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers } from "@tensorflow/tfjs-layers";
import { Circuit, type CircuitJSON, SparsePauliOp } from "../../circuits/index.ts";
import type { ExpectationProgram } from "../../providers/primitives.ts";
import { localSimulator } from "../../providers/simulator/local-simulator.ts";

export interface QuantumLayerOptions {
  readonly name: string;
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  /** Decides the first weights, uniform in ±π. */
  readonly seed: number;
}

/** Features [batch, D] in radians to expectation values [batch, K], with exact gradients for weights and features. */
export class QuantumLayer extends layers.Layer {
  /** Rows of parameter values simulated so far, forward passes and gradients counted once each. */
  executions = 0;
  readonly #circuit: Circuit;
  readonly #observables: readonly SparsePauliOp[];
  readonly #seed: number;
  readonly #program: ExpectationProgram;

  constructor(options: QuantumLayerOptions) {
    super({ name: options.name });
    this.#circuit = options.circuit;
    this.#observables = options.observables;
    this.#seed = options.seed;
    this.#program = localSimulator().differentiate(options.circuit, options.observables);
  }

  static get className(): string {
    return "DigitsQuantumLayer";
  }

  override build(): void {
    const uniform = initializers.randomUniform({ minval: -Math.PI, maxval: Math.PI, seed: this.#seed });
    this.addWeight("weights", [this.#circuit.numWeights], "float32", uniform);
    this.built = true;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0] ?? null, this.#observables.length];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const features = Array.isArray(inputs) ? inputs[0]! : inputs;
    return this.#expectations(features, this.weights[0]!.read());
  }

  /** The circuit's trained weights in row order, in radians. */
  trainedWeights(): Float64Array {
    return Float64Array.from(this.getWeights()[0]!.dataSync());
  }

  override getConfig(): tf.serialization.ConfigDict {
    const observables = this.#observables.map((observable) => observable.toString());
    return { ...super.getConfig(), circuit: JSON.stringify(this.#circuit), observables, seed: this.#seed };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { circuit, observables } = config as { circuit: string; observables: string[] };
    return new cls({
      ...config,
      circuit: Circuit.fromJSON(JSON.parse(circuit) as CircuitJSON),
      observables: observables.map((text) => SparsePauliOp.parse(text)),
    } as unknown as tf.serialization.ConfigDict);
  }

  #expectations(features: tf.Tensor, weights: tf.Tensor): tf.Tensor {
    const numObservables = this.#observables.length;
    const withGradient = tf.customGrad((...args) => {
      const [x, w] = args as unknown as [tf.Tensor, tf.Tensor];
      const rows = x.shape[0]!;
      const inputs = Float64Array.from(x.dataSync());
      const values = Float64Array.from(w.dataSync());
      const outputs = new Float64Array(rows * numObservables);
      this.#program.forward(inputs, values, rows, outputs);
      this.executions += rows;
      return {
        value: tf.tensor2d(Float32Array.from(outputs), [rows, numObservables]),
        gradFunc: (cotangents: tf.Tensor) => {
          const inputGradients = new Float64Array(inputs.length);
          const weightGradients = new Float64Array(values.length);
          const seeds = Float64Array.from(cotangents.dataSync());
          this.#program.backward(inputs, values, rows, seeds, outputs, weightGradients, inputGradients);
          return [
            tf.tensor(Float32Array.from(inputGradients), x.shape),
            tf.tensor(Float32Array.from(weightGradients), w.shape),
          ];
        },
      };
    });
    return withGradient(features, weights);
  }
}
tf.serialization.registerClass(QuantumLayer as never);
