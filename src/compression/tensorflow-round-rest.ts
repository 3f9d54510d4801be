import * as tf from "@tensorflow/tfjs-core";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { modelParts } from "../layers/tensorflow-model-parts.ts";
import type { WeightGrid } from "./classical/compact-weights.ts";
import type { CompressedModel } from "./classical/index.ts";
import { kernelLayers } from "./classical/tensorflow-classical-layers.ts";

export const REST_BITS = 8;
const LARGEST = 2 ** (REST_BITS - 1) - 1;

/**
 * Brings what `quantizeModel` leaves in f32 to 8 bits, in the model itself: biases of layers with a kernel, and the weights of circuits, each with one scale
 * for the whole of it. An angle of up to π moves by no more than 0.0124 radians. Statistics of normalisations stay in f32.
 */
export function roundRest({ model, report, grids }: CompressedModel): CompressedModel {
  const kernels = new Set(kernelLayers(model).map(({ kernel }) => kernel));
  const withKernel = new Set(kernelLayers(model).map(({ layer }) => layer));
  const found = new Map<string, WeightGrid>(grids);
  for (const layer of modelParts(model).layers) {
    if (!(layer instanceof KerasQuantumLayer) && !withKernel.has(layer)) continue;
    for (const weight of layer.weights) {
      if (kernels.has(weight)) continue;
      const variable = weight.read() as tf.Variable;
      const values = variable.dataSync() as Float32Array;
      const scale = Math.fround(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / LARGEST);
      if (!(scale > 0)) continue;
      const rounded = values.map((value) => Math.round(value / scale) * scale);
      tf.tidy(() => variable.assign(tf.tensor(rounded, variable.shape)));
      found.set(weight.originalName, { bits: REST_BITS, scales: Float32Array.of(scale) });
    }
  }
  return { model, report, grids: found };
}
