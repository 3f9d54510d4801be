import { type Optimizer, train as optimizers, type serialization, type Tensor } from "@tensorflow/tfjs-core";
import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { describeValue, optionsFault, Rng } from "../../circuits/index.ts";
import { type LayerPlace, segmentPlan } from "../compute/tensorflow-segments.ts";
import type { Features } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { QuantumLayer } from "../layers/index.ts";
import { KerasQuantumLayer, quantum } from "../layers/tensorflow.ts";
import { checkTensorBackend } from "../layers/tensorflow-backend.ts";
import { planModel } from "../layers/tensorflow-plan.ts";
import { type PredictOptions, predictRows } from "../training/tensorflow-predict.ts";
import type { OptimizerName } from "./training.ts";
import type { Activation, ClassicalUnit, OptimizeUnit, QuantumUnit, UnitShape } from "./units.ts";

/**
 * Builds the trained half of a pipeline, from features to outputs. The seed decides its weights.
 * @throws ModelError TENSORFLOW_BACKEND; EngineError ENGINE_SHAPE, ENGINE_UNIT
 */
export function buildModel(
  name: string,
  units: { readonly quantum: QuantumUnit | undefined; readonly classical: ClassicalUnit | undefined },
  shape: UnitShape,
): LayersModel {
  checkTensorBackend();
  const rng = Rng.seed(shape.seed).fork("engine");
  const model = sequential({ name });
  let numInputs = shape.numInputs;
  if (units.quantum !== undefined) {
    const { layer, bottleneck } = quantumParts(units.quantum, shape, rng);
    if (bottleneck !== undefined)
      model.add(dense("bottleneck", numInputs, layer.numInputs, rng, bottleneck.activation, bottleneck.bias));
    else if (layer.numInputs !== numInputs)
      throw new EngineError(
        "ENGINE_SHAPE",
        `The features have ${numInputs} column(s), but the circuit has ${layer.numInputs} input(s). Add a feature unit such as pca({ numComponents: ${layer.numInputs} }), or a trained layer in front: quantum: { layer, bottleneck: true }.`,
      );
    model.add(quantum(layer, { name: "quantum" }));
    numInputs = layer.numOutputs;
  }
  for (const layer of classicalLayers(units.classical ?? {}, { ...shape, numInputs }, rng)) model.add(layer);
  const width = model.outputs[0]?.shape.at(-1);
  if (model.outputs.length !== 1 || model.outputs[0]!.shape.length !== 2 || width !== shape.numOutputs)
    throw new EngineError(
      "ENGINE_SHAPE",
      `The classical unit ends in ${JSON.stringify(model.outputs[0]?.shape ?? [])}, but the data need [null,${shape.numOutputs}]: ${shape.task === "classification" ? "one column a class" : "one value a row"}.`,
    );
  return model;
}

function quantumParts(
  unit: QuantumUnit,
  shape: UnitShape,
  rng: Rng,
): {
  readonly layer: QuantumLayer;
  readonly bottleneck: { readonly activation: Activation; readonly bias: boolean } | undefined;
} {
  const parts = unit instanceof QuantumLayer || typeof unit === "function" ? { layer: unit } : unit;
  checkUnit("The quantum unit", parts, ["layer", "bottleneck"]);
  const seed = rng.fork("quantum").uint32();
  const layer = typeof parts?.layer === "function" ? parts.layer({ ...shape, seed }) : parts?.layer;
  if (!(layer instanceof QuantumLayer))
    throw new EngineError(
      "ENGINE_UNIT",
      "The quantum unit must be a quantumLayer({ ... }), a function that makes one, or { layer, bottleneck }.",
    );
  const { bottleneck = false } = parts;
  if (bottleneck === false) return { layer, bottleneck: undefined };
  const { activation = "linear", bias = true } = bottleneck === true ? {} : bottleneck;
  if (bottleneck !== true) checkUnit("quantum.bottleneck", bottleneck, ["activation", "bias"]);
  checkActivation("quantum.bottleneck", activation);
  return { layer, bottleneck: { activation, bias } };
}

function classicalLayers(unit: ClassicalUnit, shape: UnitShape, rng: Rng): readonly layers.Layer[] {
  if (typeof unit === "function") {
    const own = unit({ ...shape, seed: rng.fork("classical").uint32() });
    if (!Array.isArray(own))
      throw new EngineError("ENGINE_UNIT", "The classical unit's function must give a list of TensorFlow.js layers.");
    return own;
  }
  checkUnit("The classical unit", unit, ["hidden", "activation"]);
  const { hidden = [], activation = "relu" } = unit;
  checkActivation("classical", activation);
  if (!Array.isArray(hidden))
    throw new EngineError("ENGINE_UNIT", `classical.hidden is ${describeValue(hidden)}; it is a list such as [16].`);
  const built: layers.Layer[] = [];
  let numInputs = shape.numInputs;
  for (const [i, units] of hidden.entries()) {
    if (!(Number.isSafeInteger(units) && units >= 1))
      throw new EngineError("ENGINE_UNIT", `classical.hidden[${i}] is ${units}; a layer has 1 unit or more.`);
    built.push(dense(`hidden_${i + 1}`, numInputs, units, rng, activation));
    numInputs = units;
  }
  const head = shape.task === "classification" ? "softmax" : "linear";
  return [...built, dense("head", numInputs, shape.numOutputs, rng, head)];
}

/** @throws EngineError ENGINE_UNIT */
function checkUnit(what: string, unit: unknown, known: readonly string[]): void {
  const fault = optionsFault(what, unit, known);
  if (fault !== undefined) throw new EngineError("ENGINE_UNIT", fault);
}

const ACTIVATIONS: readonly Activation[] = ["linear", "relu", "sigmoid", "tanh", "elu", "selu", "softplus", "swish"];

/** @throws EngineError ENGINE_UNIT */
function checkActivation(what: string, activation: unknown): void {
  if (!ACTIVATIONS.includes(activation as Activation))
    throw new EngineError(
      "ENGINE_UNIT",
      `${what}.activation is ${describeValue(activation)}; it is one of ${ACTIVATIONS.join(", ")}.`,
    );
}

/** A linear map with weights uniform in ±1/√inputs, by a seed of its name. */
function dense(
  name: string,
  numInputs: number,
  units: number,
  rng: Rng,
  activation: Activation | "softmax",
  useBias = true,
): layers.Layer {
  const limit = 1 / Math.sqrt(numInputs);
  // TensorFlow.js takes a seed of 0 for none.
  const seed = 1 + (rng.fork(name).uint32() >>> 1);
  const kernelInitializer = initializers.randomUniform({ minval: -limit, maxval: limit, seed });
  return layers.dense({ name, inputShape: [numInputs], units, activation, useBias, kernelInitializer });
}

const BY_NAME = {
  adagrad: optimizers.adagrad,
  adam: optimizers.adam,
  momentum: (rate: number) => optimizers.momentum(rate, 0.9),
  rmsprop: optimizers.rmsprop,
  sgd: optimizers.sgd,
} as const satisfies Record<OptimizerName, unknown>;

/**
 * An optimizer for one training: of the same settings as the unit's, with no memory of what it trained before.
 * @throws EngineError ENGINE_UNIT
 */
export function optimizerOf({ optimizer = "adam", learningRate }: OptimizeUnit): string | Optimizer {
  if (typeof optimizer === "string")
    return typeof learningRate === "number" ? BY_NAME[optimizer as OptimizerName](learningRate) : optimizer;
  if (typeof optimizer?.getConfig !== "function")
    throw new EngineError(
      "ENGINE_UNIT",
      `optimize.optimizer must be a name such as "adam" or an optimizer of TensorFlow.js such as tf.train.adam(0.01); Lepton's own are for minimize.`,
    );
  // An optimizer keeps averages of the gradients of one model; several engines may be made with the same object.
  const kind = optimizer.constructor as typeof Optimizer & serialization.SerializableConstructor<Optimizer>;
  return kind.fromConfig(kind, optimizer.getConfig());
}

/** A model's outputs for rows of features, as plain numbers. */
export async function predictFeatures(
  model: LayersModel,
  rows: Features,
  options: PredictOptions,
): Promise<{
  readonly outputs: Float64Array;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}> {
  const x = { shape: [rows.numRows, rows.numFeatures], data: rows.x };
  const { outputs, executions, quantumSeconds, jobIds } = await predictRows(model, x, options);
  try {
    return {
      outputs: Float64Array.from(await (outputs[0] as Tensor).data()),
      ...{ executions, quantumSeconds, jobIds },
    };
  } finally {
    for (const output of outputs) output.dispose();
  }
}

/** One layer of a model, as a summary shows it. */
export interface LayerFacts {
  readonly name: string;
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly params: number;
  readonly quantum: QuantumLayer | undefined;
  /** Where it runs; quantum ones where the provider is. */
  readonly place: LayerPlace["place"];
}

export function layerFacts(model: LayersModel, compute: PredictOptions["compute"]): readonly LayerFacts[] {
  const places = compute === "wasm" ? segmentPlan(planModel(model)).places : [];
  const compiled = new Set(places.flatMap(({ layer, place }) => (place === "compute" ? [layer] : [])));
  return model.layers.map((layer) => {
    const width = (shape: unknown): number => (shape as (number | null)[]).slice(1).reduce<number>((a, b) => a * b!, 1);
    return {
      name: layer.name,
      kind: layer.getClassName(),
      inputs: width(layer.batchInputShape ?? (layer.input as { readonly shape: unknown }).shape),
      outputs: width(layer.outputShape),
      params: layer.countParams(),
      quantum: layer instanceof KerasQuantumLayer ? layer.quantum : undefined,
      place: layer instanceof KerasQuantumLayer ? "quantum" : compiled.has(layer) ? "compute" : "tensorflow",
    };
  });
}
