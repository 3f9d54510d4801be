import type { StoredTensor } from "../runs/safetensors.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";

/** Trained values by name, as a safetensors file takes them. */
export type ModelWeights = readonly (readonly [name: string, tensor: StoredTensor])[];

/** Copies of all weights of a model, under their names; a name that comes again gets its place behind it. */
export function modelWeights(model: LayersModel): ModelWeights {
  const names = new Set<string>();
  return model.weights.map((variable, index) => {
    const name = names.has(variable.name) ? `${variable.name}#${index}` : variable.name;
    names.add(name);
    const tensor = variable.read();
    const { shape } = tensor;
    const values = tensor.dataSync();
    if (values instanceof Int32Array) return [name, { dtype: "I32", shape, data: values.slice() }];
    if (values instanceof Uint8Array) return [name, { dtype: "BOOL", shape, data: values.slice() }];
    return [name, { dtype: "F32", shape, data: Float32Array.from(values) }];
  });
}
