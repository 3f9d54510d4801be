import { ComputeError } from "../../errors.ts";
import {
  type Activation,
  type BatchNormalizationLayer,
  type Network,
  type NetworkLayer,
  type Padding,
  type RowShape,
  sizeOf,
  type Window,
} from "../network.ts";

export type ImageShape = readonly [height: number, width: number, channels: number];

interface Shaped extends Window {
  readonly name: string;
  readonly inputShape: ImageShape;
  readonly outputShape: ImageShape;
}

/** activation(window · kernel + bias) of every place: kernel [height, width, channels, filters]. A dense layer has a window of one pixel. */
export interface LinearStage extends Shaped {
  readonly kind: "linear";
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly activation: Activation;
}

export interface PoolStage extends Shaped {
  readonly kind: "maxPool" | "averagePool";
}

export type FloatStage = LinearStage | PoolStage;

/** A network for inference as sums of products, each with what follows it, and pools. */
export interface Lowered {
  readonly inputShape: RowShape;
  readonly outputShape: RowShape;
  readonly stages: readonly FloatStage[];
  /** Of the last stage's sums, in f32. */
  readonly finish: Activation;
}

const LINEAR: Activation = { name: "linear" };
const NO_PADDING: Padding = { top: 0, bottom: 0, left: 0, right: 0 };
const ONE_PIXEL = { windowSize: [1, 1], strides: [1, 1], padding: NO_PADDING } as const;
/** Channels that a lone activation or normalisation may have: it becomes a product with a diagonal matrix. */
const MAX_DIAGONAL = 1024;

/**
 * Brings a network into the stages of int8 inference: batch norm goes into the weights before it, activations to the sums
 * before them, dropout away, and reshapes into how the next layer reads.
 * @throws ComputeError INT8_LAYER for a layer that has no int8 form
 */
export function lower(network: Network): Lowered {
  const stages: FloatStage[] = [];
  /** What the last stage makes, as the layers see it; the stage itself goes on seeing an image where it was flattened. */
  let shape = imageShape(network.layers[0]!, network.inputShape);
  let finish: Activation | undefined;

  const activate = (layer: NetworkLayer, activation: Activation): void => {
    if (activation.name === "linear") return;
    if (activation.name === "softmax") {
      finish = activation;
      return;
    }
    const last = stages.at(-1);
    if (last?.kind === "linear" && last.activation.name === "linear")
      stages[stages.length - 1] = { ...last, activation };
    else stages.push({ ...diagonal(layer, shape, () => 1), activation });
  };

  for (const layer of network.layers) {
    if (finish !== undefined)
      refuse(layer, "follows a softmax; in int8 networks a softmax comes last, and is computed in f32");
    switch (layer.kind) {
      case "dense": {
        // Along the last axis: every place of an image for itself.
        const inputShape = imageShape(layer, layer.inputShape);
        const outputShape: ImageShape = [inputShape[0], inputShape[1], layer.outputShape.at(-1)!];
        const { name, kernel, bias = new Float32Array(outputShape[2]) } = layer;
        const shapes = { name, inputShape, outputShape };
        stages.push({ ...shapes, ...ONE_PIXEL, kind: "linear", kernel, bias, activation: LINEAR });
        shape = outputShape;
        activate(layer, layer.activation);
        break;
      }
      case "conv2d":
      case "depthwiseConv2d": {
        const [inputShape, outputShape] = [imageShape(layer, layer.inputShape), imageShape(layer, layer.outputShape)];
        const { name, windowSize, strides, padding, bias = new Float32Array(outputShape[2]) } = layer;
        const kernel = layer.kind === "conv2d" ? layer.kernel : fullKernel(layer.kernel, inputShape[2], outputShape[2]);
        const shapes = { name, inputShape, outputShape, windowSize, strides, padding };
        stages.push({ ...shapes, kind: "linear", kernel, bias, activation: LINEAR });
        shape = outputShape;
        activate(layer, layer.activation);
        break;
      }
      case "maxPool2d":
      case "averagePool2d":
      case "globalMaxPool2d":
      case "globalAveragePool2d": {
        const inputShape = imageShape(layer, layer.inputShape);
        const whole: Window = { windowSize: [inputShape[0], inputShape[1]], strides: [1, 1], padding: NO_PADDING };
        const { windowSize, strides, padding } = "windowSize" in layer ? layer : whole;
        const outputShape =
          layer.outputShape.length === 3 ? imageShape(layer, layer.outputShape) : ([1, 1, inputShape[2]] as const);
        const kind = /average/i.test(layer.kind) ? "averagePool" : "maxPool";
        if (kind === "averagePool" && windowSize[0] * windowSize[1] > 256)
          refuse(layer, `takes means of ${windowSize[0] * windowSize[1]} pixels; sums of more than 256 leave the i16`);
        stages.push({ name: layer.name, inputShape, outputShape, windowSize, strides, padding, kind });
        shape = outputShape;
        break;
      }
      case "batchNormalization": {
        const { factor, shift } = affineOf(layer);
        const last = stages.at(-1);
        const fits = last?.kind === "linear" && last.activation.name === "linear" && last.bias.length === factor.length;
        if (fits && sizeOf(last.outputShape) === sizeOf(shape)) stages[stages.length - 1] = scaled(last, factor, shift);
        else stages.push({ ...diagonal(layer, shape, (channel) => factor[channel]!), bias: shift });
        break;
      }
      case "activation":
        activate(layer, layer.activation);
        break;
      case "dropout":
        break;
      case "flatten":
      case "reshape": {
        const next = imageShape(layer, layer.outputShape);
        if (stages.length > 0 && (next[0] !== 1 || next[1] !== 1))
          refuse(layer, "makes an image of what another layer made; only the network's input can be reshaped to one");
        shape = next;
        break;
      }
    }
  }
  const last = stages.at(-1);
  if (last === undefined) {
    const layer = network.layers.at(-1)!;
    return refuse(layer, "has no layer with weights before it");
  }
  if (finish === undefined && last.kind === "linear") {
    finish = last.activation;
    stages[stages.length - 1] = { ...last, activation: LINEAR };
  }
  return { inputShape: network.inputShape, outputShape: network.outputShape, stages, finish: finish ?? LINEAR };
}

/** [features] and [rows, features] are images of one pixel or row. */
function imageShape(layer: NetworkLayer, shape: RowShape): ImageShape {
  if (shape.length > 3) refuse(layer, `has a row of ${shape.length} axes; at most three have an int8 form`);
  return [1, 1, 1, ...shape].slice(-3) as unknown as ImageShape;
}

/** A product of each channel with a number. */
function diagonal(layer: NetworkLayer, shape: ImageShape, at: (channel: number) => number): LinearStage {
  const channels = shape[2];
  if (channels > MAX_DIAGONAL)
    refuse(layer, `stands alone on ${channels} channels; without weights before it, at most ${MAX_DIAGONAL} are taken`);
  const kernel = new Float32Array(channels * channels);
  for (let channel = 0; channel < channels; channel++) kernel[channel * channels + channel] = at(channel);
  const shapes = { name: layer.name, inputShape: shape, outputShape: shape };
  return { ...shapes, ...ONE_PIXEL, kind: "linear", kernel, bias: new Float32Array(channels), activation: LINEAR };
}

/** A convolution of each channel alone as one of all, with zeros elsewhere. */
function fullKernel(kernel: Float32Array, channels: number, filters: number): Float32Array {
  const full = new Float32Array(kernel.length * channels);
  const multiplier = filters / channels;
  for (let i = 0; i < kernel.length; i++) {
    const filter = i % filters;
    const [pixel, channel] = [Math.floor(i / filters), Math.floor(filter / multiplier)];
    full[(pixel * channels + channel) * filters + filter] = kernel[i]!;
  }
  return full;
}

function affineOf({ gamma, beta, movingMean, movingVariance, epsilon }: BatchNormalizationLayer): {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
} {
  const factor = movingVariance.map((variance, i) => (gamma?.[i] ?? 1) / Math.sqrt(variance + epsilon));
  return { factor, shift: movingMean.map((mean, i) => (beta?.[i] ?? 0) - mean * factor[i]!) };
}

function scaled(stage: LinearStage, factor: Float32Array, shift: Float32Array): LinearStage {
  const filters = factor.length;
  return {
    ...stage,
    kernel: stage.kernel.map((weight, i) => weight * factor[i % filters]!),
    bias: stage.bias.map((bias, filter) => bias * factor[filter]! + shift[filter]!),
  };
}

function refuse({ name, kind }: NetworkLayer, fault: string): never {
  throw new ComputeError("INT8_LAYER", `Layer ${name} (${kind}) ${fault}.`);
}
