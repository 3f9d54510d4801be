import "@tensorflow/tfjs-backend-cpu";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

export type TensorBackend = "cpu" | "wasm";
export const TENSOR_BACKENDS: readonly TensorBackend[] = ["cpu", "wasm"];

/** Makes TensorFlow.js compute on a backend. */
export async function useTensorBackend(name: TensorBackend): Promise<void> {
  // Keeps the advertisement for its native build off the console.
  tf.enableProdMode();
  if (name === "wasm") setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend ${name} here.`);
  await tf.ready();
}

/** The largest difference of two lists of tensors of equal shapes. */
export function largestDifference(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): number {
  if (a.length !== b.length) throw new Error(`${a.length} tensors cannot be compared with ${b.length}.`);
  let most = 0;
  for (const [i, tensor] of a.entries()) {
    const [left, right] = [tensor.dataSync(), b[i]!.dataSync()];
    if (left.length !== right.length) throw new Error(`Shapes ${tensor.shape} and ${b[i]!.shape} differ.`);
    for (let k = 0; k < left.length; k++) most = Math.max(most, Math.abs(left[k]! - right[k]!));
  }
  return most;
}
