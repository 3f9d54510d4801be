import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type LayerWeight, modelParts } from "../layers/tensorflow-model-parts.ts";
import { captureOptimizer } from "./tensorflow-optimizer-capture.ts";
import { restoreOptimizer } from "./tensorflow-optimizer-restore.ts";
import {
  checkValues,
  makeTensor,
  readValues,
  restoreFault,
  type StoredOptimizer,
  type StoredValues,
} from "./tensorflow-stored-state.ts";

export { modelDescription, optimizerDescription } from "./tensorflow-description.ts";

/** A model's weights and all that its optimizer has learnt, as plain data that `packState` packs. */
export interface TrainingState {
  readonly format: "lepton-training@1";
  /** In the order of the model's layers, whether trained or not. */
  readonly weights: readonly StoredWeight[];
  /** Of the model and the layers in it: a program may freeze and thaw some on the way. */
  readonly trainable: readonly boolean[];
  readonly optimizer: StoredOptimizer;
}

interface StoredWeight extends StoredValues {
  /** For readers, such as "kernel", without the name that TensorFlow.js makes up for a layer; weights are put back by their places. */
  readonly name: string;
  readonly trainable: boolean;
}

/**
 * All that the next step starts from, bit for bit, in copies.
 * @throws TrainingError TRAINING_STATE with the optimizer's field that cannot be saved
 */
export function captureTraining(model: LayersModel, optimizer: tf.Optimizer): TrainingState {
  const { layers, weights, variables } = modelParts(model);
  return {
    format: "lepton-training@1",
    weights: weights.map((weight, i) => ({
      name: weight.originalName.slice(weight.originalName.lastIndexOf("/") + 1),
      trainable: weight.trainable,
      ...readValues(variables[i]!, weight.originalName),
    })),
    trainable: layers.map(({ trainable }) => trainable),
    optimizer: captureOptimizer(optimizer, variables),
  };
}

/**
 * Puts back what `captureTraining` took, into the same model and optimizer or new ones made alike.
 * @throws TrainingError TRAINING_STATE when it does not fit; model and optimizer are then as before
 */
export function restoreTraining(model: LayersModel, optimizer: tf.Optimizer, state: unknown): void {
  const { layers, weights, variables } = modelParts(model);
  const stored = checkState(state, weights, layers.length);
  restoreOptimizer(optimizer, stored.optimizer, variables);
  for (const [i, layer] of layers.entries())
    if (layer.trainable !== stored.trainable[i]) layer.trainable = stored.trainable[i]!;
  for (const [i, weight] of weights.entries()) {
    const from = stored.weights[i]!;
    if (weight.trainable !== from.trainable) weight.trainable = from.trainable;
    const values = makeTensor(from);
    // Not by `write`, which would hold the values to the weight's constraint once more.
    variables[i]!.assign(values);
    values.dispose();
  }
}

function checkState(state: unknown, weights: readonly LayerWeight[], numLayers: number): TrainingState {
  const stored = state as TrainingState;
  if (stored?.format !== "lepton-training@1") throw restoreFault("", "none of a model in training");
  if (stored.weights?.length !== weights.length)
    throw restoreFault("the model", `one of ${stored.weights?.length} weights, but this model has ${weights.length}`);
  if (stored.trainable?.length !== numLayers)
    throw restoreFault("the model", `one of ${stored.trainable?.length} layers, but this model has ${numLayers}`);
  for (const [i, { originalName, shape, dtype }] of weights.entries()) {
    const from = stored.weights[i]!;
    checkValues(from, `weight ${originalName}`);
    if (String(from.shape) !== String(shape) || from.dtype !== dtype)
      throw restoreFault(
        `weight ${originalName}`,
        `${from.dtype} [${from.shape}] of ${from.name}, but this model's is ${dtype} [${shape}]`,
      );
  }
  return stored;
}
