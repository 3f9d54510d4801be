import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../errors.ts";
import { type QuantumLayer, quantumLayer } from "../layers/index.ts";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { ensureBuilt, modelParts } from "../layers/tensorflow-model-parts.ts";
import type { TrainedCircuit } from "./circuit/index.ts";
import { ownLayers } from "./tensorflow-snapshot.ts";

type Topology = Exclude<Parameters<typeof models.modelFromJSON>[0], { readonly modelTopology: unknown }>;

/** Values of the weights of all layers but one, in the order of the model's layers. */
export type OtherWeights = readonly (readonly { readonly shape: readonly number[]; readonly values: Float32Array }[])[];

/**
 * The quantum layer that is meant.
 * @throws CompressionError COMPRESSION_MODEL where there is none, or several and no name
 */
export function findQuantumLayer(model: LayersModel, name: string | undefined): KerasQuantumLayer {
  ensureBuilt(model);
  const all = modelParts(model).layers.filter((layer) => layer instanceof KerasQuantumLayer);
  const found = name === undefined ? all : all.filter((layer) => layer.name === name);
  if (found.length === 1) return found[0]!;
  const names = all.map((layer) => `"${layer.name}"`).join(", ");
  throw new CompressionError(
    "COMPRESSION_MODEL",
    all.length === 0
      ? `Model ${model.name} has no quantum layer; add one with quantum(quantumLayer({ ... })).`
      : `Model ${model.name} has the quantum layers ${names}; name one of them as \`layer\`.`,
  );
}

/** Weights of all layers but the quantum one, for a circuit's companion. */
export function otherWeights(model: LayersModel, quantum: KerasQuantumLayer): OtherWeights {
  return ownLayers(model).map((layer) =>
    layer === quantum
      ? []
      : layer.weights.map((weight) => {
          const value = weight.read();
          return { shape: value.shape, values: Float32Array.from(value.dataSync()) };
        }),
  );
}

/**
 * The same model with another circuit in one of its quantum layers; `companion` are the weights of the others. The caller
 * disposes it.
 * @throws CompressionError COMPRESSION_MODEL where a layer cannot be made again from its config
 */
export async function modelWithCircuit(
  model: LayersModel,
  quantum: KerasQuantumLayer,
  trained: TrainedCircuit,
): Promise<LayersModel> {
  const layer = layerOf(quantum.quantum, trained);
  const topology = model.toJSON(undefined, false) as Topology;
  if (!replaceConfig(topology, quantum.name, layer))
    throw new CompressionError(
      "COMPRESSION_MODEL",
      `The config of model ${model.name} holds no layer "${quantum.name}".`,
    );
  let made: LayersModel;
  try {
    made = await models.modelFromJSON(topology);
  } catch (error) {
    throw new CompressionError(
      "COMPRESSION_MODEL",
      `Model ${model.name} cannot be made again with a smaller circuit: ${(error as Error).message}`,
      { cause: error },
    );
  }
  ensureBuilt(made);
  const others = trained.companion as OtherWeights;
  for (const [index, own] of ownLayers(made).entries()) {
    const values =
      own instanceof KerasQuantumLayer && own.name === quantum.name
        ? splitWeights(layer, trained.weights)
        : others[index]!;
    tf.tidy(() => own.setWeights(values.map(({ shape, values: flat }) => tf.tensor(flat, [...shape]))));
  }
  // What is frozen in a model stays so.
  const originals = ownLayers(model);
  for (const [index, own] of ownLayers(made).entries()) own.trainable = originals[index]!.trainable;
  return made;
}

function layerOf({ seed }: QuantumLayer, { circuit, observables }: TrainedCircuit): QuantumLayer {
  return quantumLayer({ circuit, observables, seed });
}

function splitWeights(layer: QuantumLayer, flat: Float64Array): OtherWeights[number] {
  let offset = 0;
  return layer.weightVectors.map(({ shape, size }) => {
    const values = Float32Array.from(flat.subarray(offset, offset + size));
    offset += size;
    return { shape, values };
  });
}

/** Puts the config of another circuit in the place of a layer's; false where the layer is not found. */
function replaceConfig(part: unknown, name: string, layer: QuantumLayer): boolean {
  if (Array.isArray(part)) return part.map((one) => replaceConfig(one, name, layer)).includes(true);
  if (typeof part !== "object" || part === null) return false;
  const { class_name: className, config } = part as {
    readonly class_name?: string;
    readonly config?: Record<string, unknown>;
  };
  if (className === KerasQuantumLayer.className && config?.name === name) {
    const made = new KerasQuantumLayer({ layer, name });
    config.quantum = made.getConfig().quantum;
    return true;
  }
  return Object.values(part)
    .map((one) => replaceConfig(one, name, layer))
    .includes(true);
}
