import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../../errors.ts";
import { KerasQuantumLayer } from "../../layers/tensorflow.ts";
import { type LayerWeight, modelParts } from "../../layers/tensorflow-model-parts.ts";

type Layer = layers.Layer;

/** A layer whose kernel multiplies its inputs; the last axis, or the last two of a depthwise kernel, are its outputs. */
export interface KernelLayer {
  readonly layer: Layer;
  readonly kernel: LayerWeight;
  readonly variable: tf.Variable;
  /** Outputs with a scale of their own when it is quantised: the trailing axes of the kernel. */
  readonly channelShape: readonly number[];
}

const CHANNEL_AXES: Readonly<Record<string, number>> = { Dense: 1, Conv1D: 1, Conv2D: 1, DepthwiseConv2D: 2 };

/**
 * The dense and convolutional layers of a model, nested models included; quantum layers and all others are not among them.
 * @param names only these, where given
 * @throws CompressionError COMPRESSION_LAYER for a name that is none of them, or where there are none
 */
export function kernelLayers(model: LayersModel, names?: readonly string[]): readonly KernelLayer[] {
  const all = modelParts(model).layers.flatMap((layer): KernelLayer[] => {
    const axes = CHANNEL_AXES[layer.getClassName()];
    const kernel = layer.weights[0];
    if (axes === undefined || kernel === undefined || layer instanceof KerasQuantumLayer) return [];
    const variable = kernel.read() as tf.Variable;
    return [{ layer, kernel, variable, channelShape: variable.shape.slice(-axes) }];
  });
  const odd = names?.find((name) => !all.some(({ layer }) => layer.name === name));
  const found = all.map(({ layer }) => layer.name);
  if (odd !== undefined)
    throw new CompressionError(
      "COMPRESSION_LAYER",
      `Model ${model.name} has no dense or convolutional layer "${odd}"; it has: ${found.join(", ") || "none"}.`,
    );
  if (all.length === 0)
    throw new CompressionError("COMPRESSION_LAYER", `Model ${model.name} has no dense or convolutional layers.`);
  return names === undefined ? all : all.filter(({ layer }) => names.includes(layer.name));
}
