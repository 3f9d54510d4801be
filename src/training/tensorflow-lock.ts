import type { LayersModel } from "@tensorflow/tfjs-layers";
import { TrainingError } from "../errors.ts";

const training = new WeakSet<LayersModel>();

/**
 * Only one run may change a model's weights.
 * @returns what ends the run
 * @throws TrainingError TRAINING_CONCURRENT
 */
export function lockForTraining(model: LayersModel): () => void {
  if (typeof model !== "object" || model === null) return () => {};
  if (training.has(model))
    throw new TrainingError("TRAINING_CONCURRENT", `Model ${model.name} is being trained by another run already.`);
  training.add(model);
  return () => training.delete(model);
}
