import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { LeptonError } from "../../circuits/index.ts";
import { ModelError } from "../errors.ts";
import { ensureBuilt, type LayerWeight, modelParts } from "../layers/tensorflow-model-parts.ts";
import { readSafetensors, type SafetensorsContent, type StoredTensor, writeSafetensors } from "../runs/index.ts";
import { packageVersion } from "../version.ts";

const FORMAT = "lepton-weights@1";
const DTYPES = { float32: "F32", int32: "I32", bool: "BOOL" } as const;
/** Names in an error; more would hide the others. */
const NAMES_SHOWN = 5;

/**
 * A model's weights in the safetensors format, which Python reads (`safetensors.numpy.load_file`): one tensor a weight under
 * its name, such as "dense_1/kernel", frozen ones and moving statistics included, and the names of model and version as
 * metadata. The same weights give the same bytes.
 * @throws ModelError MODEL_NOT_BUILT; WEIGHTS_NAME when two weights have one name
 */
export function exportWeights(model: LayersModel): Uint8Array {
  const variables = variablesByName(model);
  const tensors = [...variables].map(([name, variable]): [string, StoredTensor] => {
    const dtype = DTYPES[variable.dtype as keyof typeof DTYPES];
    return [name, { dtype, shape: variable.shape, data: variable.dataSync() as StoredTensor["data"] }];
  });
  return writeSafetensors(tensors, [
    ["format", FORMAT],
    ["lepton", packageVersion()],
    ["model", model.name],
  ]);
}

/**
 * Sets a model's weights from bytes in the safetensors format, of `exportWeights` or any other origin, to the last bit. They
 * must be all of the model's, by name; give layers names of their own where a model is made anew.
 * @throws ModelError MODEL_NOT_BUILT; WEIGHTS_FORMAT when the bytes are no safetensors data; WEIGHTS_MISMATCH when weights are
 * missing, unknown, or of another shape or type; WEIGHTS_NAME. The model is then as before.
 */
export function importWeights(model: LayersModel, bytes: Uint8Array): void {
  const variables = variablesByName(model);
  const { tensors, metadata } = read(bytes);
  const format = metadata.get("format");
  if (format?.startsWith("lepton-weights@") && format !== FORMAT)
    throw new ModelError(
      "WEIGHTS_FORMAT",
      `The weights have format "${format.slice(0, 60)}", which this version of Lepton does not know.`,
    );
  const faults = mismatches(variables, tensors);
  if (faults.length > 0)
    throw new ModelError(
      "WEIGHTS_MISMATCH",
      `These weights are not those of model ${model.name}: ${faults.join("; ")}.`,
    );
  for (const [name, variable] of variables) {
    const { shape, data } = tensors.get(name)!;
    const values = tf.tensor(data as Float32Array | Int32Array | Uint8Array, [...shape], variable.dtype);
    // Not by `write`, which would hold the values to the weight's constraint.
    variable.assign(values);
    values.dispose();
  }
}

/** @throws ModelError MODEL_NOT_BUILT, WEIGHTS_NAME */
function variablesByName(model: LayersModel): ReadonlyMap<string, tf.Variable> {
  ensureBuilt(model);
  const { weights, variables } = modelParts(model);
  const found = new Map<string, tf.Variable>();
  for (const [i, { originalName }] of weights.entries()) {
    if (found.has(originalName)) throw nameError(model, weights, originalName);
    found.set(originalName, variables[i]!);
  }
  return found;
}

function nameError(model: LayersModel, weights: readonly LayerWeight[], name: string): ModelError {
  const count = weights.filter(({ originalName }) => originalName === name).length;
  return new ModelError(
    "WEIGHTS_NAME",
    `${count} weights of model ${model.name} have the name "${name}"; give their layers different names.`,
  );
}

/** @throws ModelError WEIGHTS_FORMAT */
function read(bytes: Uint8Array): SafetensorsContent {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof LeptonError)) throw error;
    throw new ModelError("WEIGHTS_FORMAT", error.message, { cause: error });
  }
}

function mismatches(
  variables: ReadonlyMap<string, tf.Variable>,
  tensors: ReadonlyMap<string, StoredTensor>,
): readonly string[] {
  const missing = [...variables.keys()].filter((name) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !variables.has(name));
  const others = [...variables].flatMap(([name, { dtype, shape }]) => {
    const found = tensors.get(name);
    const [wanted, is] = [
      typeText(DTYPES[dtype as keyof typeof DTYPES], shape),
      found && typeText(found.dtype, found.shape),
    ];
    return is === undefined || is === wanted ? [] : [`${name} is ${is} but should be ${wanted}`];
  });
  return [
    ...(missing.length > 0 ? [`missing are ${someOf(missing)}`] : []),
    ...(unknown.length > 0 ? [`unknown are ${someOf(unknown)}`] : []),
    ...(others.length > 0 ? [someOf(others)] : []),
  ];
}

function typeText(dtype: string, shape: readonly number[]): string {
  return `${dtype} [${shape.join(", ")}]`;
}

function someOf(texts: readonly string[]): string {
  const more = texts.length - NAMES_SHOWN;
  const shown = texts.slice(0, NAMES_SHOWN).map((text) => (text.length > 120 ? `${text.slice(0, 117)}...` : text));
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
