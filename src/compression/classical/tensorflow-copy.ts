import { io, type Tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, type layers, loadLayersModel } from "@tensorflow/tfjs-layers";
// Registers the quantum layer, so that models which hold one can be copied.
import "../../layers/tensorflow.ts";
import { ensureBuilt } from "../../layers/tensorflow-model-parts.ts";

type Layer = layers.Layer;

/** A layer as a model's description has it; names are in snake case. */
export interface LayerDescription {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly name?: string;
  /** Of models other than sequential ones: for each call its inputs by layer, node and tensor. */
  readonly inbound_nodes?: readonly (readonly (readonly [layer: string, ...rest: unknown[]])[])[];
}

interface ModelDescription {
  readonly config: { readonly layers: readonly LayerDescription[] };
}

/** A model of the same layers, names and weights that shares nothing with the given one; it is not compiled. */
export function copyModel(model: LayersModel): Promise<LayersModel> {
  return rebuildModel(model, (list) => list, new Map());
}

/**
 * A model of changed layers.
 * @param weights of layers by name, where they differ from those of the layer of that name
 */
export async function rebuildModel(
  model: LayersModel,
  change: (list: readonly LayerDescription[]) => readonly LayerDescription[],
  weights: ReadonlyMap<string, readonly Tensor[]>,
): Promise<LayersModel> {
  ensureBuilt(model);
  const whole = model.toJSON(null, false) as unknown as ModelDescription;
  const description = { ...whole, config: { ...whole.config, layers: change(whole.config.layers) } };
  const made = await loadLayersModel(
    io.fromMemory({ modelTopology: description as unknown as io.ModelJSON["modelTopology"] }),
  );
  ensureBuilt(made);
  const before = new Map(model.layers.map((layer) => [layer.name, layer]));
  for (const layer of made.layers) {
    const values = weights.get(layer.name) ?? before.get(layer.name)?.getWeights();
    if (values !== undefined && layer.weights.length > 0) setWeights(layer, values);
  }
  return made;
}

/** Sets weights as they are; TensorFlow.js would hold them to their constraints. */
export function setWeights(layer: Layer, values: readonly Tensor[]): void {
  for (const [i, weight] of layer.weights.entries())
    (weight.read() as unknown as { assign(value: Tensor): void }).assign(values[i]!);
}
