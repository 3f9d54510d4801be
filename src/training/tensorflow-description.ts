import { createHash } from "node:crypto";
import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { describeValue } from "../../circuits/index.ts";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { planModel } from "../layers/tensorflow-plan.ts";
import { captureFault, optimizerClass } from "./tensorflow-stored-state.ts";

type Layer = layers.Layer;

/**
 * Names, which TensorFlow.js makes up, the input's shape, which is told apart from layers, and how the first weights are drawn:
 * a run that goes on has them already.
 */
const NOT_OF_A_LAYER = /^(name|batchInputShape|\w*[iI]nitializer)$/;
const NOTHING = /^$/;

/**
 * Class and settings of an optimizer as JSON, the same for the same settings.
 * @throws TrainingError TRAINING_STATE for a setting that is no plain data
 */
export function optimizerDescription(optimizer: tf.Optimizer): string {
  return JSON.stringify({
    class: optimizerClass(optimizer),
    config: stable(optimizer.getConfig(), (place, value) => {
      throw captureFault(`${place} of getConfig()`, describeValue(value));
    }),
  });
}

/**
 * A hash (SHA-256, hexadecimal) of what a model computes apart from its weights' values and how they were first drawn: its layers with their settings, how
 * they are connected, which are trained, the weights' shapes, the circuits of quantum layers. The same for models that are
 * built alike, whatever TensorFlow.js names their layers.
 * @throws ModelError as `train` does for models that it cannot take apart
 */
export function modelDescription(model: LayersModel): string {
  const { nodes, inputs, outputs } = planModel(model);
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  const trained = new Set(model.trainableWeights.map(({ id }) => id));
  const description = {
    inputs: model.inputs.map(({ shape, dtype }, i) => [inputs[i], shape, dtype]),
    layers: layers.map((layer) => ({
      class: layer.getClassName(),
      config: layerConfig(layer),
      weights: layer.weights.map(({ id, shape, dtype }) => [shape, dtype, trained.has(id)]),
    })),
    calls: nodes.map((node) => [layers.indexOf(node.layer), node.inputs, node.outputs]),
    outputs,
  };
  return createHash("sha256").update(JSON.stringify(description)).digest("hex");
}

function layerConfig(layer: Layer): unknown {
  if (!(layer instanceof KerasQuantumLayer))
    // A layer of the user's own may have anything in its config; what JSON has no word for stands by its type.
    return stable(layer.getConfig(), (_, value) => describeValue(value), NOT_OF_A_LAYER);
  const { circuit, observables } = layer.quantum;
  return stable(
    {
      circuit: circuit.hash,
      observables: observables.map((observable) => observable.toJSON()),
      trainable: layer.trainable,
    },
    (_, value) => describeValue(value),
  );
}

/** A value with sorted keys and without fields that are undefined or null, which saving a model does not keep apart. */
function stable(
  value: unknown,
  other: (place: string, value: unknown) => unknown,
  without: RegExp = NOTHING,
  place = "",
): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0) ? value : describeSpecial(value);
  if (Array.isArray(value)) return value.map((item, i) => stable(item ?? null, other, without, `${place}[${i}]`));
  if (ArrayBuffer.isView(value)) return stable([...(value as Float64Array)], other, without, place);
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return other(place, value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, field]) => field != null && !without.test(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, stable(field, other, without, place === "" ? key : `${place}.${key}`)]),
  );
}

function describeSpecial(value: number): string {
  return Object.is(value, -0) ? "number -0" : `number ${value}`;
}
