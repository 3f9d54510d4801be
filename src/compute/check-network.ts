import { ComputeError } from "../errors.ts";
import {
  ACTIVATIONS,
  type Activation,
  layerWeights,
  type Network,
  type NetworkLayer,
  type RowShape,
  sizeOf,
  type Window,
} from "./network.ts";

/** Checks that layers follow each other and that weights fit. @throws ComputeError COMPUTE_SHAPE, COMPUTE_SETTING */
export function checkNetwork(network: Network): void {
  const { layers, inputShape, outputShape } = network ?? {};
  if (!Array.isArray(layers) || !Array.isArray(inputShape) || !Array.isArray(outputShape))
    throw new ComputeError(
      "COMPUTE_SHAPE",
      "A network is { inputShape, outputShape, layers }; readNetwork(model) of lepton/tfjs makes one of a TensorFlow.js model.",
    );
  if (layers.length === 0) throw new ComputeError("COMPUTE_SHAPE", "A network needs at least one layer.");
  let shape = inputShape;
  for (const layer of layers) {
    if (!sameShape(layer.inputShape, shape))
      refuse(layer, `takes ${show(layer.inputShape)} but is given ${show(shape)}`);
    for (const size of [...layer.inputShape, ...layer.outputShape])
      if (!Number.isSafeInteger(size) || size < 1) refuse(layer, `has a size of ${size}; sizes are integers from 1`);
    checkLayer(layer);
    shape = layer.outputShape;
  }
  if (!sameShape(shape, outputShape))
    throw new ComputeError(
      "COMPUTE_SHAPE",
      `The last layer makes ${show(shape)} but the network says ${show(outputShape)}.`,
    );
}

function checkLayer(layer: NetworkLayer): void {
  const { inputShape: from, outputShape: to } = layer;
  const channels = from.at(-1)!;
  const expectShape = (expected: RowShape): void => {
    if (!sameShape(to, expected)) refuse(layer, `makes ${show(expected)} of ${show(from)}, not ${show(to)}`);
  };
  const expectWeights = (sizes: Readonly<Record<string, number>>): void => {
    for (const [weight, values] of Object.entries(layerWeights(layer)))
      if (values.length !== sizes[weight])
        refuse(layer, `has ${values.length} numbers as ${weight}; it needs ${sizes[weight]}`);
  };
  const outputOf = ({ windowSize: [h, w], strides: [down, across], padding }: Window): readonly [number, number] => {
    if (from.length !== 3) refuse(layer, `takes an image [height, width, channels], not ${show(from)}`);
    if (![h, w, down, across].every((size) => Number.isSafeInteger(size) && size >= 1))
      refuse(layer, `has window [${h}, ${w}] and strides [${down}, ${across}]; give integers from 1`);
    const { top, bottom, left, right } = padding;
    // A window that lay outside of the image altogether would have no largest number and no mean.
    if (![top, bottom].every((size) => size >= 0 && size < h) || ![left, right].every((size) => size >= 0 && size < w))
      refuse(layer, "has more padding than its window covers");
    return [
      Math.floor((from[0]! + top + bottom - h) / down) + 1,
      Math.floor((from[1]! + left + right - w) / across) + 1,
    ];
  };
  switch (layer.kind) {
    case "dense": {
      const units = to.at(-1)!;
      expectShape([...from.slice(0, -1), units]);
      expectWeights({ kernel: channels * units, bias: units });
      checkActivation(layer, layer.activation);
      return;
    }
    case "conv2d":
    case "depthwiseConv2d": {
      const filters = to.at(-1)!;
      expectShape([...outputOf(layer), filters]);
      const [h, w] = layer.windowSize;
      if (layer.kind === "depthwiseConv2d" && filters % channels !== 0)
        refuse(layer, `makes ${filters} channels of ${channels}, which is no multiple`);
      expectWeights({ kernel: h * w * filters * (layer.kind === "conv2d" ? channels : 1), bias: filters });
      checkActivation(layer, layer.activation);
      return;
    }
    case "maxPool2d":
    case "averagePool2d":
      expectShape([...outputOf(layer), channels]);
      return;
    case "globalMaxPool2d":
    case "globalAveragePool2d":
      if (from.length !== 3) refuse(layer, `takes an image [height, width, channels], not ${show(from)}`);
      expectShape([channels]);
      return;
    case "batchNormalization":
      expectShape(from);
      expectWeights({ gamma: channels, beta: channels, movingMean: channels, movingVariance: channels });
      if (!(layer.epsilon > 0) || !(layer.momentum >= 0 && layer.momentum <= 1))
        set(layer, `has epsilon ${layer.epsilon} and momentum ${layer.momentum}; give one above 0 and one from 0 to 1`);
      return;
    case "activation":
      expectShape(from);
      checkActivation(layer, layer.activation);
      return;
    case "dropout":
      expectShape(from);
      if (!(layer.rate >= 0 && layer.rate < 1)) set(layer, `has a rate of ${layer.rate}; give one from 0 to below 1`);
      return;
    case "flatten":
    case "reshape":
      if (sizeOf(from) !== sizeOf(to)) refuse(layer, `cannot make ${show(to)} of ${show(from)}`);
      return;
    default:
      set(layer, `is of a kind that there is not: ${String((layer as { kind: unknown }).kind)}`);
  }
}

function checkActivation(layer: NetworkLayer, { name, slope }: Activation): void {
  if (!ACTIVATIONS.includes(name)) set(layer, `has no activation "${name}"; there are ${ACTIVATIONS.join(", ")}`);
  if (name === "leakyRelu" && !(slope !== undefined && slope >= 0 && slope <= 1))
    set(layer, `has a slope of ${slope}; give one from 0 to 1`);
}

const sameShape = (a: RowShape, b: RowShape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);
const show = (shape: RowShape): string => `[${shape.join(", ")}]`;

function refuse({ name, kind }: NetworkLayer, fault: string): never {
  throw new ComputeError("COMPUTE_SHAPE", `Layer ${name} (${kind}) ${fault}.`);
}
function set({ name, kind }: NetworkLayer, fault: string): never {
  throw new ComputeError("COMPUTE_SETTING", `Layer ${name} (${kind}) ${fault}.`);
}
