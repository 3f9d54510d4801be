import type * as tf from "@tensorflow/tfjs-core";
import { TrainingError } from "../errors.ts";
import { optimizerClass } from "./tensorflow-stored-state.ts";

/**
 * Gives an optimizer of TensorFlow.js another learning rate. Its classes have no common way for that: those that keep it in a
 * tensor have a method, and the others read their field in every step.
 * @throws TrainingError TRAINING_LEARNING_RATE for an optimizer that has neither
 */
export function setLearningRate(optimizer: tf.Optimizer, rate: number): void {
  const known = optimizer as unknown as { learningRate?: unknown; setLearningRate?: (rate: number) => void };
  if (known.learningRate === rate) return;
  if (typeof known.setLearningRate === "function") known.setLearningRate(rate);
  else if (typeof known.learningRate === "number") known.learningRate = rate;
  else
    throw new TrainingError(
      "TRAINING_LEARNING_RATE",
      `Optimizer ${optimizerClass(optimizer)} has no field learningRate that a schedule could set; use one of tf.train, or leave \`learningRate\` out.`,
    );
}
