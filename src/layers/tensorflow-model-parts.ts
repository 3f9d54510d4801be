import type * as tf from "@tensorflow/tfjs-core";
import { LayersModel, type layers, Sequential } from "@tensorflow/tfjs-layers";
import { ModelError } from "../errors.ts";

type Layer = layers.Layer;

export type LayerWeight = Layer["weights"][number];

/**
 * Makes sure that a model has its weights.
 * @throws ModelError MODEL_NOT_BUILT
 */
export function ensureBuilt(model: LayersModel): void {
  if (!(model instanceof LayersModel))
    throw new ModelError(
      "MODEL_NOT_BUILT",
      "This is no model of TensorFlow.js layers; make one with tf.sequential or tf.model.",
    );
  if (model.inputs.length === 0 || model.outputs.length === 0)
    throw new ModelError(
      "MODEL_NOT_BUILT",
      `Model ${model.name} is not built: give its first layer an inputShape, or make it with tf.model.`,
    );
  // A sequential model whose layers know their shapes is built by compile, or else here.
  if (model instanceof Sequential && !model.built) model.build();
}

export interface ModelParts {
  /** The model, its layers, and those of models among them. */
  readonly layers: readonly Layer[];
  /** Each once. */
  readonly weights: readonly LayerWeight[];
  readonly variables: readonly tf.Variable[];
}

/** A model itself lists what is frozen last; by layers, the order of the weights stays when something is frozen. */
export function modelParts(model: LayersModel): ModelParts {
  const all = new Set<Layer>();
  const weights = new Map<number, LayerWeight>();
  const visit = (layer: Layer): void => {
    all.add(layer);
    if (layer instanceof LayersModel) for (const inner of layer.layers) visit(inner);
    else for (const weight of layer.weights) weights.set(weight.id, weight);
  };
  visit(model);
  const list = [...weights.values()];
  return { layers: [...all], weights: list, variables: list.map((weight) => weight.read() as tf.Variable) };
}
