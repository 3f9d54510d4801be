import { type Tensor, tensor, type Variable } from "@tensorflow/tfjs-core";
import { LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { ComputeError } from "../errors.ts";
import { ensureBuilt } from "../layers/tensorflow-model-parts.ts";
import {
  type Activation,
  type ActivationName,
  layerWeights,
  type Network,
  type NetworkLayer,
  type RowShape,
  sizeOf,
  type Window,
  windowOver,
} from "./network.ts";

type Layer = layers.Layer;

/** A layer in the compute unit's terms, or why it has to stay with TensorFlow.js. */
export type ReadLayer = { readonly layer: NetworkLayer } | { readonly reason: string };

export interface ReadOptions {
  /** False reads layers for inference only, where regularizers and constraints do nothing. Default: true. */
  readonly training?: boolean;
}

/**
 * Reads a model of TensorFlow.js as a network; its weights are copied. Nested sequential models are taken apart.
 * @throws ComputeError COMPUTE_LAYER naming the layers that the compute unit does not have, with the reason of each;
 * ModelError MODEL_NOT_BUILT
 */
export function readNetwork(model: LayersModel, options: ReadOptions = {}): Network {
  ensureBuilt(model);
  const read = layersInRow(model).map((layer) => ({ layer, read: readLayer(layer, options) }));
  const faults = read.flatMap(({ layer, read }) =>
    "reason" in read ? [`${layer.name} (${layer.getClassName()}): ${read.reason}`] : [],
  );
  if (faults.length > 0)
    throw new ComputeError(
      "COMPUTE_LAYER",
      `The compute unit does not have these layers of ${model.name}: ${faults.join("; ")}. compileModel leaves them to TensorFlow.js.`,
    );
  return networkOf(read.map(({ read }) => (read as { layer: NetworkLayer }).layer));
}

/**
 * Puts a network's weights into the model that it was read from, or one of the same layers.
 * @throws ComputeError COMPUTE_LAYER, COMPUTE_SHAPE where they do not fit
 */
export function writeNetwork(network: Network, model: LayersModel): void {
  ensureBuilt(model);
  const list = layersInRow(model);
  const weights = network.layers.map((layer) => Object.values(layerWeights(layer)));
  for (const [i, layer] of list.entries())
    if (
      list.length !== weights.length ||
      layer.weights.length !== weights[i]!.length ||
      layer.weights.some(({ shape }, k) => sizeOf(shape as number[]) !== weights[i]![k]!.length)
    )
      throw new ComputeError("COMPUTE_SHAPE", `The network's weights do not fit layer ${layer.name} of ${model.name}.`);
  for (const [i, layer] of list.entries())
    for (const [k, weight] of layer.weights.entries())
      (weight.read() as Variable).assign(tensor(weights[i]![k]!.slice(), weight.shape as number[]));
}

/** Layers that follow each other as a network. @throws ComputeError COMPUTE_SHAPE where there is none */
export function networkOf(list: readonly NetworkLayer[]): Network {
  const [first, last] = [list[0], list.at(-1)];
  if (first === undefined || last === undefined)
    throw new ComputeError("COMPUTE_SHAPE", "A network needs at least one layer.");
  return { inputShape: first.inputShape, outputShape: last.outputShape, layers: list };
}

/**
 * The layers of a model in the order in which they act; an input layer does nothing.
 * @throws ComputeError COMPUTE_LAYER unless each takes what the one before it makes, and nothing else
 */
function layersInRow(model: LayersModel): readonly Layer[] {
  const found: Layer[] = [];
  for (const layer of model.layers) {
    if (layer.getClassName() === "InputLayer") continue;
    if (layer instanceof LayersModel) found.push(...layersInRow(layer));
    else found.push(layer);
  }
  if (!(model instanceof Sequential)) checkRow(model);
  return found;
}

function checkRow(model: LayersModel): void {
  const inputs = model.layers.filter((layer) => layer.getClassName() === "InputLayer").length;
  let before = model.inputs[0];
  const isRow =
    inputs === 1 &&
    model.outputs.length === 1 &&
    model.layers.every((layer) => {
      if (layer.getClassName() === "InputLayer") return true;
      // A model among the layers has one more node, of its own inputs.
      const calls = layer.inboundNodes.filter(({ inputTensors: [input] }) => input === before);
      const uses = layer.inboundNodes.length - (layer instanceof LayersModel ? 1 : 0);
      if (calls.length !== 1 || uses !== 1 || calls[0]!.inputTensors.length !== 1) return false;
      before = calls[0]!.outputTensors[0];
      return true;
    });
  if (!isRow || before !== model.outputs[0])
    throw new ComputeError(
      "COMPUTE_LAYER",
      `Model ${model.name} branches or shares layers; the compute unit takes layers in a row, as tf.sequential makes them.`,
    );
}

/** One layer of TensorFlow.js in the compute unit's terms; weights are copied. */
export function readLayer(layer: Layer, { training = true }: ReadOptions = {}): ReadLayer {
  const node = layer.inboundNodes[0];
  const from = rowShape(node?.inputShapes);
  const to = rowShape(node?.outputShapes);
  if (from === undefined || to === undefined) return { reason: "its shape is not known before it runs" };
  const config = layer.getConfig() as LayerConfig;
  const read = READERS[layer.getClassName()];
  if (read === undefined) return { reason: "there is no such layer in the compute unit" };
  const regular = training ? unusual(config) : undefined;
  if (regular !== undefined) return { reason: regular };
  const common = { name: layer.name, inputShape: from, outputShape: to };
  const made = read(config, common, () => weightsOf(layer), layer);
  return typeof made === "string" ? { reason: made } : { layer: made };
}

interface LayerConfig {
  readonly activation?: string | { readonly className?: string };
  readonly [key: string]: unknown;
}
type CommonPart = Pick<NetworkLayer, "name" | "inputShape" | "outputShape">;
type Weights = () => readonly Float32Array[];
type Reader = (config: LayerConfig, common: CommonPart, weights: Weights, layer: Layer) => NetworkLayer | string;

const reshapes: Reader = (config, common) =>
  config.dataFormat === "channelsFirst" && common.inputShape.length > 1
    ? CHANNELS_FIRST
    : { ...common, kind: common.outputShape.length === 1 ? "flatten" : "reshape" };

const convolution =
  (kind: "conv2d" | "depthwiseConv2d"): Reader =>
  (config, common, weights, layer) => {
    const window = readWindow(config, common.inputShape, config.kernelSize);
    const activation = readActivation(config.activation);
    if (typeof window === "string") return window;
    if (typeof activation === "string") return activation;
    if ([config.dilationRate ?? 1].flat().some((rate) => rate !== 1)) return "it is dilated";
    const [kernel, bias] = weights();
    return { ...common, ...window, kind, kernel: kernel!, bias, activation, trainable: layer.trainable };
  };

const pooling =
  (kind: "maxPool2d" | "averagePool2d"): Reader =>
  (config, common) => {
    const window = readWindow(config, common.inputShape, config.poolSize);
    return typeof window === "string" ? window : { ...common, ...window, kind };
  };

const globalPooling =
  (kind: "globalMaxPool2d" | "globalAveragePool2d"): Reader =>
  (config, common) =>
    config.dataFormat === "channelsFirst" ? CHANNELS_FIRST : { ...common, kind };

const activationLayer =
  (name: ActivationName): Reader =>
  (_, common) => ({ ...common, kind: "activation", activation: { name } });

const CHANNELS_FIRST = "its images have the channels first";

/** By the class name of TensorFlow.js; each gives the layer, or the reason why it cannot. */
const READERS: Readonly<Record<string, Reader>> = {
  Dense: (config, common, weights, layer) => {
    const activation = readActivation(config.activation);
    if (typeof activation === "string") return activation;
    const [kernel, bias] = weights();
    return { ...common, kind: "dense", kernel: kernel!, bias, activation, trainable: layer.trainable };
  },
  Conv2D: convolution("conv2d"),
  DepthwiseConv2D: convolution("depthwiseConv2d"),
  MaxPooling2D: pooling("maxPool2d"),
  AveragePooling2D: pooling("averagePool2d"),
  GlobalMaxPooling2D: globalPooling("globalMaxPool2d"),
  GlobalAveragePooling2D: globalPooling("globalAveragePool2d"),
  Flatten: reshapes,
  Reshape: reshapes,
  BatchNormalization: (config, common, weights, layer) => {
    const rank = common.inputShape.length;
    if (config.axis !== -1 && config.axis !== rank) return "it normalises another axis than the last";
    const list = [...weights()];
    const gamma = config.scale === false ? undefined : list.shift();
    const beta = config.center === false ? undefined : list.shift();
    const [movingMean, movingVariance] = list as [Float32Array, Float32Array];
    const { epsilon, momentum } = config as unknown as { epsilon: number; momentum: number };
    const settings = { epsilon, momentum, trainable: layer.trainable };
    return { ...common, kind: "batchNormalization", gamma, beta, movingMean, movingVariance, ...settings };
  },
  Dropout: (config, common) =>
    config.noiseShape != null
      ? "its noise has a shape of its own"
      : config.seed != null
        ? "its seed is its own, the same in every step"
        : (config.rate as number) >= 1
          ? "it drops everything"
          : { ...common, kind: "dropout", rate: config.rate as number },
  Activation: (config, common) => {
    const activation = readActivation(config.activation);
    return typeof activation === "string" ? activation : { ...common, kind: "activation", activation };
  },
  ReLU: (config, common) =>
    config.maxValue == null || config.maxValue === 6
      ? { ...common, kind: "activation", activation: { name: config.maxValue === 6 ? "relu6" : "relu" } }
      : `its largest value is ${config.maxValue}; without one or with 6 there is such a layer`,
  LeakyReLU: (config, common) => {
    const slope = config.alpha as number;
    if (!(slope >= 0 && slope <= 1)) return `its alpha is ${slope}; there is leakyRelu with 0 to 1`;
    return { ...common, kind: "activation", activation: { name: "leakyRelu", slope } };
  },
  ELU: (config, common) =>
    (config.alpha ?? 1) === 1
      ? { ...common, kind: "activation", activation: { name: "elu" } }
      : `its alpha is ${config.alpha}; there is elu with 1`,
  Softmax: (config, common) =>
    config.axis == null || config.axis === -1 || config.axis === common.inputShape.length
      ? activationLayer("softmax")(config, common, () => [], undefined as never)
      : "it is over another axis than the last",
};

/** What changes the loss or the weights beside the gradient. */
function unusual(config: LayerConfig): string | undefined {
  const found = Object.entries(config).find(([name, value]) => /(Regularizer|Constraint)$/.test(name) && value != null);
  return found === undefined ? undefined : `it has a ${found[0]}, which changes how it is trained`;
}

function readWindow(config: LayerConfig, shape: RowShape, size: unknown): Window | string {
  if (config.dataFormat === "channelsFirst") return CHANNELS_FIRST;
  if (shape.length !== 3) return "it takes no image";
  if (config.padding !== "same" && config.padding !== "valid") return `its padding is ${String(config.padding)}`;
  const windowSize = pair(size);
  const strides = config.strides == null ? windowSize : pair(config.strides);
  const image = shape as readonly [number, number, number];
  return { windowSize, strides, padding: windowOver(image, windowSize, strides, config.padding).padding };
}

const pair = (size: unknown): readonly [number, number] =>
  Array.isArray(size) ? [size[0], size[1]] : [size as number, size as number];

const NAMES: Readonly<Record<string, ActivationName>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
  elu: "elu",
  selu: "selu",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softplus: "softplus",
  swish: "swish",
  gelu: "gelu",
  softmax: "softmax",
};

function readActivation(config: LayerConfig["activation"]): Activation | string {
  const given = config == null ? "linear" : typeof config === "string" ? config : String(config.className);
  const name = Object.hasOwn(NAMES, given) ? NAMES[given]! : undefined;
  return name === undefined ? `its activation is ${given}` : { name };
}

type LayerNode = Layer["inboundNodes"][number];

/** Undefined where a size but that of the batch is unknown, or where there are several tensors. */
function rowShape(shapes: LayerNode["inputShapes"] | undefined): RowShape | undefined {
  const [shape, ...others] = (shapes ?? []) as (number | null)[][];
  const row = shape?.slice(1);
  const isKnown = row !== undefined && row.length > 0 && row.every((size) => size !== null && size > 0);
  return isKnown && others.length === 0 ? (row as number[]) : undefined;
}

function weightsOf(layer: Layer): readonly Float32Array[] {
  return layer.weights.map((weight) => Float32Array.from((weight.read() as Tensor).dataSync()));
}
