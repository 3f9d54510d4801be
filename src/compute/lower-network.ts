import { Rng } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";
import { type Activation, layerWeights, type Network, type NetworkLayer, sizeOf } from "./network.ts";
import { DepthwiseOperation } from "./operations/depthwise-operation.ts";
import { NormalizationOperation } from "./operations/normalization-operation.ts";
import { type BatchValues, batchValues, type Layout, type Operation } from "./operations/operation.ts";
import { ActivationOperation, DropoutOperation, SoftmaxOperation } from "./operations/pointwise-operations.ts";
import { PoolOperation } from "./operations/pool-operation.ts";
import { ProductOperation, rectifier } from "./operations/product-operation.ts";

export interface LoweredNetwork {
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly operations: readonly Operation[];
}

/**
 * A network as operations with their buffers: rectifiers go with the product before them, reshaping costs nothing. Buffers for
 * cotangents are only there where something before them is trained, or where the input's gradient is wanted.
 * @throws ComputeError COMPUTE_LAYER
 */
export function lowerNetwork(
  { inputShape, layers }: Network,
  layout: Layout,
  { seed, inputGradient }: { seed: number; inputGradient: boolean },
): LoweredNetwork {
  const input = batchValues(layout, sizeOf(inputShape), inputGradient);
  const operations: Operation[] = [];
  let values = input;
  let needs = inputGradient;
  for (const [index, layer] of layers.entries()) {
    needs ||= "trainable" in layer && layer.trainable && Object.keys(layerWeights(layer)).length > 0;
    const lowered = lowerLayer(layer, index, layout, values, needs, seed);
    operations.push(...lowered);
    values = lowered.at(-1)?.output ?? values;
  }
  return { input, output: values, operations };
}

function lowerLayer(
  layer: NetworkLayer,
  index: number,
  layout: Layout,
  input: BatchValues,
  needs: boolean,
  seed: number,
): readonly Operation[] {
  switch (layer.kind) {
    case "dense":
    case "conv2d": {
      const product = new ProductOperation(layout, layer, index, input, needs);
      const isFused = rectifier(layer.activation) !== undefined;
      return isFused
        ? [product]
        : [product, ...activation(layer.activation, layer, index, layout, product.output, needs)];
    }
    case "depthwiseConv2d": {
      const fault = uncompiled(layer);
      if (fault !== undefined)
        throw new ComputeError(
          "COMPUTE_LAYER",
          `Layer ${layer.name}: ${fault}. compileModel leaves it to TensorFlow.js.`,
        );
      const operation = new DepthwiseOperation(layout, layer, index, input, needs);
      return [operation, ...activation(layer.activation, layer, index, layout, operation.output, needs)];
    }
    case "maxPool2d":
    case "averagePool2d":
    case "globalMaxPool2d":
    case "globalAveragePool2d":
      return [new PoolOperation(layout, layer, index, input, needs)];
    case "batchNormalization":
      return [new NormalizationOperation(layout, layer, index, input, needs)];
    case "activation":
      return activation(layer.activation, layer, index, layout, input, needs);
    case "dropout": {
      const rng = Rng.seed(seed).fork("dropout", index);
      return [new DropoutOperation(layout, layer.rate, [rng.uint32(), rng.uint32()], index, input, needs)];
    }
    case "flatten":
    case "reshape":
      return [];
  }
}

/** Why a layer cannot be compiled here, though a network can have it. */
export function uncompiled({ kind, inputShape, outputShape }: NetworkLayer): string | undefined {
  return kind === "depthwiseConv2d" && inputShape.at(-1) !== outputShape.at(-1)
    ? "it has several filters a channel; there is a depthwise convolution with one"
    : undefined;
}

function activation(
  given: Activation,
  { outputShape }: NetworkLayer,
  index: number,
  layout: Layout,
  input: BatchValues,
  needs: boolean,
): readonly Operation[] {
  if (given.name === "linear") return [];
  if (given.name === "softmax") return [new SoftmaxOperation(layout, outputShape.at(-1)!, index, input, needs)];
  return [new ActivationOperation(layout, given, index, input, needs)];
}
