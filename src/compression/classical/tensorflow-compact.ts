import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { LeptonError } from "../../../circuits/index.ts";
import { CompressionError } from "../../errors.ts";
import { ensureBuilt, modelParts } from "../../layers/tensorflow-model-parts.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../../runs/safetensors.ts";
import { decodeWeights, encodeWeights, type WeightGrid } from "./compact-weights.ts";

const FORMAT = "lepton-compact@1";

/** Numbers of a model, those that are not 0, and the bytes that they take in the form of `exportCompact`. */
export interface ModelSize {
  readonly parameters: number;
  readonly nonzero: number;
  /** Without the names, shapes and layers around them. */
  readonly bytes: number;
}

/** Grids of weights by name, for those that lie on one. */
export type WeightGrids = ReadonlyMap<string, WeightGrid>;

/** @throws ModelError MODEL_NOT_BUILT */
export function modelSize(model: LayersModel, grids: WeightGrids = new Map()): ModelSize {
  let [parameters, nonzero, bytes] = [0, 0, 0];
  for (const [name, variable] of namedVariables(model)) {
    const values = variable.dataSync() as Float32Array;
    parameters += values.length;
    nonzero += values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
    bytes += encodeWeights(values, grids.get(name)).reduce((sum, { data }) => sum + data.byteLength, 0);
  }
  return { parameters, nonzero, bytes };
}

/**
 * A model's weights in a safetensors container, each in the smallest of these forms: its f32 numbers; a bit for each place that tells
 * whether it is 0, then the others; and, where it lies on a grid, integers of the grid's bits for the numbers of both, with one f32
 * scale for each output channel.
 * @param grids as a quantised model's report has them
 */
export function exportCompact(model: LayersModel, grids: WeightGrids = new Map()): Uint8Array {
  const shapes: Record<string, unknown> = {};
  const tensors: [string, StoredTensor][] = [];
  for (const [name, variable] of namedVariables(model)) {
    const grid = grids.get(name);
    shapes[name] = { shape: variable.shape, ...(grid === undefined ? {} : { bits: grid.bits }) };
    for (const { part, ...tensor } of encodeWeights(variable.dataSync() as Float32Array, grid))
      tensors.push([`${name}#${part}`, tensor]);
  }
  return writeSafetensors(tensors, [
    ["format", FORMAT],
    ["weights", JSON.stringify(shapes)],
  ]);
}

/**
 * Sets a model's weights from bytes of `exportCompact`, to the last bit.
 * @throws CompressionError COMPRESSION_FORMAT unless they are those of such a model; it is then as before
 */
export function importCompact(model: LayersModel, bytes: Uint8Array): void {
  const { tensors, shapes } = container(bytes);
  const variables = [...namedVariables(model)];
  const values = variables.map(([name, { shape, size }]) => {
    const stored = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (stored?.shape?.length !== shape.length || !stored.shape.every((length, axis) => length === shape[axis]))
      throw fault(`weight ${name} is [${stored?.shape ?? "missing"}], not [${shape}]`);
    const parts = new Map(
      [...tensors].flatMap(([key, tensor]) =>
        key.startsWith(`${name}#`) ? [[key.slice(name.length + 1), tensor.data] as const] : [],
      ),
    );
    const decoded = decodeWeights(parts, size, stored.bits);
    if (decoded === undefined) throw fault(`weight ${name} is not whole`);
    return decoded;
  });
  if (Object.keys(shapes).length !== variables.length) throw fault("there are weights that the model does not have");
  for (const [i, [, variable]] of variables.entries()) {
    const tensor = tf.tensor(values[i]!, variable.shape);
    variable.assign(tensor);
    tensor.dispose();
  }
}

type Shapes = Readonly<Record<string, { readonly shape?: readonly number[]; readonly bits?: number }>>;

function container(bytes: Uint8Array) {
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    if (metadata.get("format") !== FORMAT) throw fault(`their format is not "${FORMAT}"`);
    return { tensors, shapes: JSON.parse(metadata.get("weights") ?? "{}") as Shapes };
  } catch (error) {
    if (error instanceof CompressionError || !(error instanceof LeptonError || error instanceof SyntaxError))
      throw error;
    throw fault(error.message, error);
  }
}

function namedVariables(model: LayersModel): ReadonlyMap<string, tf.Variable> {
  ensureBuilt(model);
  const { weights, variables } = modelParts(model);
  return new Map(weights.map(({ originalName }, i) => [originalName, variables[i]!]));
}

function fault(reason: string, cause?: unknown): CompressionError {
  return new CompressionError("COMPRESSION_FORMAT", `These bytes are no weights of this model: ${reason}.`, { cause });
}
