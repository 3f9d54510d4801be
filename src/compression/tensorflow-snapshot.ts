import { io, tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import { ensureBuilt, modelParts } from "../layers/tensorflow-model-parts.ts";
import type { WeightGrids } from "./classical/index.ts";
import { setWeights } from "./classical/tensorflow-copy.ts";

/** A model as plain data, which takes no tensors. */
export interface Snapshot {
  readonly grids: WeightGrids;
  /** The model again; the caller disposes it. */
  model(): Promise<LayersModel>;
}

export function snapshotOf(model: LayersModel, grids: WeightGrids = new Map()): Snapshot {
  const modelTopology = model.toJSON(null, false) as unknown as io.ModelJSON["modelTopology"];
  const kept = ownLayers(model).map((layer) => ({
    trainable: layer.trainable,
    values: layer.weights.map((weight) => {
      const value = weight.read();
      return { shape: value.shape, values: Float32Array.from(value.dataSync()) };
    }),
  }));
  return {
    grids,
    async model() {
      const made = await loadLayersModel(io.fromMemory({ modelTopology }));
      ensureBuilt(made);
      for (const [i, layer] of ownLayers(made).entries()) {
        const { trainable, values } = kept[i]!;
        const tensors = values.map(({ shape, values: flat }) => tensor(flat, shape));
        setWeights(layer, tensors);
        for (const one of tensors) one.dispose();
        layer.trainable = trainable;
      }
      return made;
    },
  };
}

/** The layers that have weights of their own, models inside the model taken apart. */
export function ownLayers(model: LayersModel) {
  return modelParts(model).layers.filter((layer) => !("layers" in layer));
}
