import type { LayersModel, layers } from "@tensorflow/tfjs-layers";

type Layer = layers.Layer;

/** Where a layer's outputs go before a kernel takes them up: what has to be cut with them. */
export interface ChannelPath {
  readonly producer: Layer;
  /** Batch normalisations on the way, and for each how often the channels repeat in its axis. */
  readonly normalisations: readonly { readonly layer: Layer; readonly repeats: number }[];
  /** The dense or convolutional layer that reads them, and how often the channels repeat in its input axis. */
  readonly consumer: Layer;
  readonly repeats: number;
}

/** Layers that treat each channel for itself. */
const CHANNELWISE = new Set(
  "Activation ReLU LeakyReLU ELU Dropout SpatialDropout1D GlobalAveragePooling2D GlobalMaxPooling2D MaxPooling2D AveragePooling2D".split(
    " ",
  ),
);

/**
 * The layers of which single outputs can be taken out: dense and conv2d layers whose outputs reach, channel by channel, one other dense or
 * conv2d layer. Those before a quantum layer, a branch, a softmax or the model's output are not among them.
 */
export function channelPaths(model: LayersModel): readonly ChannelPath[] {
  const next = consumersOf(model);
  return model.layers.flatMap((producer): ChannelPath[] => {
    if (!isKernel(producer) || isSoftmax(producer)) return [];
    const normalisations: { layer: Layer; repeats: number }[] = [];
    let repeats = 1;
    let layer = producer;
    for (;;) {
      const after = next.get(layer.name) ?? [];
      if (after.length !== 1 || (model.outputLayers as unknown as Layer[]).includes(layer)) return [];
      layer = after[0]!;
      const name = layer.getClassName();
      if (isKernel(layer)) return [{ producer, normalisations, consumer: layer, repeats }];
      if (name === "BatchNormalization") normalisations.push({ layer, repeats });
      else if (name === "Flatten") repeats *= placesOf(layer);
      else if (!CHANNELWISE.has(name) || isSoftmax(layer)) return [];
    }
  });
}

const isKernel = (layer: Layer): boolean => ["Dense", "Conv2D"].includes(layer.getClassName());

function isSoftmax(layer: Layer): boolean {
  const { activation } = layer.getConfig() as { readonly activation?: unknown };
  return activation === "softmax" || layer.getClassName() === "Softmax";
}

/** Pixels that a flatten layer puts in a row. */
function placesOf(layer: Layer): number {
  const shape = layer.inputSpec?.[0]?.shape ?? (layer.inboundNodes[0]!.inputShapes[0] as (number | null)[]);
  return shape.slice(1, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
}

/** By a layer's name the layers of the model that read what it makes. */
function consumersOf(model: LayersModel): ReadonlyMap<string, readonly Layer[]> {
  const own = new Set(model.layers);
  return new Map(
    model.layers.map((layer) => {
      const readers = layer.outboundNodes.map(({ outboundLayer }) => outboundLayer as Layer);
      return [layer.name, [...new Set(readers.filter((reader) => own.has(reader) && reader !== layer))]];
    }),
  );
}
