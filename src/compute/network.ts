/** Sizes of one row, without the batch: [features], or [height, width, channels] of an image. */
export type RowShape = readonly number[];

/** Keras's functions by their names there. */
export const ACTIVATIONS = [
  "linear",
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "selu",
  "sigmoid",
  "tanh",
  "softplus",
  "swish",
  "gelu",
  "softmax",
] as const;
export type ActivationName = (typeof ACTIVATIONS)[number];

/** A function of each number, or with softmax of the last axis. */
export interface Activation {
  readonly name: ActivationName;
  /** The slope below 0 of leakyRelu, from 0 to 1. */
  readonly slope?: number;
}

/** Zeros around an image, in pixels. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

interface Common {
  readonly name: string;
  readonly inputShape: RowShape;
  readonly outputShape: RowShape;
}

/** How a window goes over an image: [height, width] each. */
export interface Window {
  readonly windowSize: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly padding: Padding;
}

/** y = activation(x·kernel + bias) along the last axis: kernel [inputs, units], bias [units]. */
export interface DenseLayer extends Common {
  readonly kind: "dense";
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly activation: Activation;
  readonly trainable: boolean;
}

/** A convolution of [height, width, channels]: kernel [height, width, channels, filters], bias [filters]. */
export interface Conv2dLayer extends Common, Window {
  readonly kind: "conv2d";
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly activation: Activation;
  readonly trainable: boolean;
}

/** A convolution of each channel alone: kernel [height, width, channels, multiplier], bias [channels · multiplier]. */
export interface DepthwiseConv2dLayer extends Common, Window {
  readonly kind: "depthwiseConv2d";
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly activation: Activation;
  readonly trainable: boolean;
}

/** The largest or the mean of the pixels in a window; padding counts for neither. */
export interface Pool2dLayer extends Common, Window {
  readonly kind: "maxPool2d" | "averagePool2d";
}

/** Over all pixels of a channel: [height, width, channels] to [channels]. */
export interface GlobalPool2dLayer extends Common {
  readonly kind: "globalMaxPool2d" | "globalAveragePool2d";
}

/**
 * (x - mean) / sqrt(variance + epsilon) · gamma + beta for each channel of the last axis: of the batch in training, which
 * moves the moving ones by 1 - momentum; of the moving ones else. Where gamma or beta is left out it is 1 or 0.
 */
export interface BatchNormalizationLayer extends Common {
  readonly kind: "batchNormalization";
  readonly gamma: Float32Array | undefined;
  readonly beta: Float32Array | undefined;
  readonly movingMean: Float32Array;
  readonly movingVariance: Float32Array;
  readonly epsilon: number;
  readonly momentum: number;
  readonly trainable: boolean;
}

export interface ActivationLayer extends Common {
  readonly kind: "activation";
  readonly activation: Activation;
}

/** In training each number is 0 with probability `rate`, or else divided by 1 - rate. */
export interface DropoutLayer extends Common {
  readonly kind: "dropout";
  readonly rate: number;
}

/** The same numbers in the same order under another shape. */
export interface ReshapeLayer extends Common {
  readonly kind: "flatten" | "reshape";
}

export type NetworkLayer =
  | DenseLayer
  | Conv2dLayer
  | DepthwiseConv2dLayer
  | Pool2dLayer
  | GlobalPool2dLayer
  | BatchNormalizationLayer
  | ActivationLayer
  | DropoutLayer
  | ReshapeLayer;

/**
 * A classical network as plain data: layers in a row, each of which takes what the one before it makes. Weights and images
 * are row-major, images [height, width, channels]. It knows no library; `readNetwork` of `lepton/tfjs` makes one.
 */
export interface Network {
  readonly inputShape: RowShape;
  readonly outputShape: RowShape;
  readonly layers: readonly NetworkLayer[];
}

/** The weights of a layer by name, in the order in which Keras lists them; moving statistics last. */
export function layerWeights(layer: NetworkLayer): Readonly<Record<string, Float32Array>> {
  switch (layer.kind) {
    case "dense":
    case "conv2d":
    case "depthwiseConv2d":
      return { kernel: layer.kernel, ...(layer.bias === undefined ? {} : { bias: layer.bias }) };
    case "batchNormalization": {
      const { gamma, beta, movingMean, movingVariance } = layer;
      return {
        ...(gamma === undefined ? {} : { gamma }),
        ...(beta === undefined ? {} : { beta }),
        movingMean,
        movingVariance,
      };
    }
    default:
      return {};
  }
}

/** How many numbers of a layer can be trained; moving statistics are none of them. */
export function numParameters(layer: NetworkLayer): number {
  switch (layer.kind) {
    case "dense":
    case "conv2d":
    case "depthwiseConv2d":
      return layer.kernel.length + (layer.bias?.length ?? 0);
    case "batchNormalization":
      return (layer.gamma?.length ?? 0) + (layer.beta?.length ?? 0);
    default:
      return 0;
  }
}

/** How many numbers a row of this shape has. */
export function sizeOf(shape: RowShape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Padding and output size of a window over an image, by the rules of TensorFlow: "same" puts an odd pixel below and right. */
export function windowOver(
  [height, width]: readonly [height: number, width: number, ...rest: number[]],
  windowSize: readonly [number, number],
  strides: readonly [number, number],
  padding: "same" | "valid",
): { readonly padding: Padding; readonly outputSize: readonly [height: number, width: number] } {
  const along = (
    size: number,
    window: number,
    stride: number,
  ): readonly [before: number, after: number, out: number] => {
    if (padding === "valid") return [0, 0, Math.ceil((size - window + 1) / stride)];
    const out = Math.ceil(size / stride);
    const total = Math.max(0, (out - 1) * stride + window - size);
    return [Math.floor(total / 2), total - Math.floor(total / 2), out];
  };
  const [top, bottom, rows] = along(height, windowSize[0], strides[0]);
  const [left, right, columns] = along(width, windowSize[1], strides[1]);
  return { padding: { top, bottom, left, right }, outputSize: [rows, columns] };
}
