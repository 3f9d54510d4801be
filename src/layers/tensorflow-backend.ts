import * as tf from "@tensorflow/tfjs-core";
import { ModelError } from "../errors.ts";

/** TensorFlow.js computes nothing before a backend is imported. @throws ModelError TENSORFLOW_BACKEND */
export function checkTensorBackend(): void {
  if (Object.keys(tf.engine().registryFactory).length > 0) return;
  throw new ModelError(
    "TENSORFLOW_BACKEND",
    'TensorFlow.js has no backend to compute with; put import "@tensorflow/tfjs-backend-cpu" at the top of the program, and install that package if need be.',
  );
}
