import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import type { DrawingLayer } from "../layers/tensorflow-call.ts";
import { type CompiledNetwork, compileNetwork } from "./compiled-network.ts";
import { layerWeights, type Network } from "./network.ts";

type Layer = layers.Layer;
type LayerWeight = Layer["weights"][number];

/** A weight of a layer of TensorFlow.js and the place of its values in the network. */
interface Weight {
  readonly layer: number;
  readonly name: string;
  readonly variable: tf.Variable;
  readonly trained: boolean;
  /** Whether training moves it without a gradient. */
  readonly moves: boolean;
  /** The tensor that was copied into the network last. */
  copied: object | undefined;
}

/**
 * Layers of TensorFlow.js in a row, run by the compute unit, as one layer that TensorFlow.js can differentiate. Weights stay in
 * the layers' own variables: they are copied into the network when they have changed.
 */
export class ComputeSegmentLayer extends layers.Layer implements DrawingLayer {
  readonly takesDraw = true;
  readonly layers: readonly Layer[];
  readonly #network: Network;
  readonly #wantsInput: boolean;
  readonly #weights: readonly Weight[];
  #compiled: CompiledNetwork | undefined;
  #passes = 0;

  /** @param wantsInput whether its inputs need a gradient */
  constructor(members: readonly Layer[], network: Network, wantsInput: boolean) {
    super({ trainable: members.some(({ trainable }) => trainable) });
    this.built = true;
    this.layers = members;
    this.#network = network;
    this.#wantsInput = wantsInput;
    this.#weights = network.layers.flatMap((layer, index) =>
      Object.keys(layerWeights(layer)).map((name, i) => {
        const moves = name.startsWith("moving");
        const variable = members[index]!.weights[i]!.read() as tf.Variable;
        const trained = !moves && "trainable" in layer && layer.trainable;
        return { layer: index, name, variable, trained, moves, copied: undefined };
      }),
    );
  }

  override get weights(): LayerWeight[] {
    return this.layers.flatMap((layer) => layer.weights);
  }
  override get trainableWeights(): LayerWeight[] {
    return this.layers.flatMap((layer) => layer.trainableWeights);
  }
  override get nonTrainableWeights(): LayerWeight[] {
    return this.layers.flatMap((layer) => layer.nonTrainableWeights);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0] ?? null, ...this.#network.outputShape];
  }

  /** @param kwargs `training`, and `draw`, which numbers dropout's masks */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean; draw?: number }): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    const options = { training: kwargs.training ?? false, draw: kwargs.draw ?? 0 };
    const trained = this.#weights.filter((weight) => weight.trained);
    const operation = tf.customGrad((...args) => {
      const save = args.pop() as (tensors: tf.Tensor[]) => void;
      const given = args[0] as tf.Tensor;
      const output = this.#forward(given, options);
      if (options.training) this.#moveStatistics();
      const pass = this.#passes;
      save([given]);
      return {
        value: output,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const from = saved[0]!;
          // Another pass has come in between, whose values are in memory now.
          if (pass !== this.#passes) this.#forward(from, options);
          const gradients = this.#compiled!.backward(dy.dataSync() as Float32Array);
          const ofInput =
            gradients.input === undefined ? tf.zerosLike(from) : tf.tensor(gradients.input.slice(), from.shape);
          // The arrays are the network's own, and a tensor keeps what it is given.
          const ofWeights = trained.map(({ layer, name, variable }) =>
            tf.tensor(gradients.weights[layer]![name]!.slice(), variable.shape),
          );
          return [ofInput, ...ofWeights];
        },
      };
    });
    return operation(input, ...trained.map(({ variable }) => variable));
  }

  #forward(input: tf.Tensor, options: { training: boolean; draw: number }): tf.Tensor {
    const rows = input.shape[0]!;
    let compiled = this.#compiled;
    if (compiled === undefined || compiled.batchSize < rows) {
      compiled = compileNetwork(this.#network, { batchSize: rows, inputGradient: this.#wantsInput });
      this.#compiled = compiled;
      for (const weight of this.#weights) weight.copied = undefined;
    }
    for (const weight of this.#weights)
      if (weight.copied !== weight.variable.dataId) {
        compiled.setWeight(weight.layer, weight.name, weight.variable.dataSync() as Float32Array);
        weight.copied = weight.variable.dataId;
      }
    this.#passes++;
    const output = compiled.forward(input.dataSync() as Float32Array, options);
    return tf.tensor(output.slice(), [rows, ...this.#network.outputShape]);
  }

  #moveStatistics(): void {
    const moving = this.#weights.filter((weight) => weight.moves);
    if (moving.length === 0) return;
    this.#compiled!.moveStatistics();
    for (const weight of moving) {
      const values = this.#compiled!.weight(weight.layer, weight.name);
      weight.variable.assign(tf.tensor(values, weight.variable.shape));
      weight.copied = weight.variable.dataId;
    }
  }

  override getClassName(): string {
    return "LeptonComputeSegment";
  }
}
