import { LayersModel, type layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { ModelError } from "../errors.ts";
import { KerasQuantumLayer } from "./tensorflow.ts";
import { ensureBuilt } from "./tensorflow-model-parts.ts";

type Layer = layers.Layer;

/** One call of a layer: values are numbered, and a node reads some and makes others. */
export interface PlanNode {
  readonly layer: Layer;
  /** Its place in the plan, for names of random streams. */
  readonly index: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Set where the layer is a quantum one. */
  readonly quantum: QuantumNode | undefined;
}

export interface QuantumNode {
  readonly layer: KerasQuantumLayer;
  /** A weight of its own is trained. */
  readonly trainable: boolean;
  /** Another quantum layer lies before it, whose noise its inputs then carry. */
  readonly afterQuantum: boolean;
  /** Something trained lies before it, so that its inputs need gradients. */
  readonly needsInputGradient: boolean;
}

/** A model as a list of layer calls in an order in which they can run; nested models are taken apart. */
export interface ModelPlan {
  readonly model: LayersModel;
  readonly nodes: readonly PlanNode[];
  /** Values of the model's inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly numValues: number;
}

/** Layers that draw random numbers and cannot be seeded from outside; dropout can. */
const RANDOM_LAYERS = new Set(["GaussianNoise", "GaussianDropout", "AlphaDropout"]);

/**
 * Takes a model apart.
 * @throws ModelError MODEL_NOT_BUILT, MODEL_QUANTUM_WRAPPED, MODEL_LAYER_RANDOM, MODEL_LAYER_STATEFUL
 */
export function planModel(model: LayersModel): ModelPlan {
  ensureBuilt(model);
  const trained = new Set(model.trainableWeights.map(({ id }) => id));
  const nodes: PlanNode[] = [];
  /** For each value whether it depends on something trained, and on a quantum layer. */
  const afterTrained: boolean[] = [];
  const afterQuantum: boolean[] = [];
  const newValue = (trainable: boolean, quantum: boolean): number => {
    afterQuantum.push(quantum);
    return afterTrained.push(trainable) - 1;
  };

  const call = (layer: Layer, inputs: readonly number[], numOutputs: number): readonly number[] => {
    checkLayer(layer);
    const before = inputs.some((value) => afterTrained[value]!);
    const trainable = layer.weights.some(({ id }) => trained.has(id));
    const noisy = inputs.some((value) => afterQuantum[value]!);
    const quantum =
      layer instanceof KerasQuantumLayer
        ? { layer, trainable, afterQuantum: noisy, needsInputGradient: before }
        : undefined;
    const outputs = Array.from({ length: numOutputs }, () =>
      newValue(before || trainable, noisy || quantum !== undefined),
    );
    nodes.push({ layer, index: nodes.length, inputs, outputs, quantum });
    return outputs;
  };

  const expand = (container: LayersModel, inputs: readonly number[]): readonly number[] => {
    const known = new Map(container.inputs.map((symbolic, i) => [symbolic.id, inputs[i]!]));
    const visit = (symbolic: SymbolicTensor): number => {
      const found = known.get(symbolic.id);
      if (found !== undefined) return found;
      const { sourceLayer } = symbolic;
      const node = sourceLayer.inboundNodes[symbolic.nodeIndex]!;
      const from = node.inputTensors.map(visit);
      const made =
        sourceLayer instanceof LayersModel
          ? expand(sourceLayer, from)
          : call(sourceLayer, from, node.outputTensors.length);
      for (const [i, output] of node.outputTensors.entries()) known.set(output.id, made[i]!);
      return known.get(symbolic.id)!;
    };
    return container.outputs.map(visit);
  };

  const inputs = model.inputs.map(() => newValue(false, false));
  const outputs = expand(model, inputs);
  return { model, nodes, inputs, outputs, numValues: afterTrained.length };
}

/** True for dropout without a seed of its own: `train` then gives it one for each step. */
export function isSeedableDropout(layer: Layer): layer is Layer & { seed: number | undefined } {
  return /^(Dropout|SpatialDropout1D)$/.test(layer.getClassName()) && (layer as { seed?: number | null }).seed == null;
}

function checkLayer(layer: Layer): void {
  const name = layer.getClassName();
  const wrapped = wrappedBy(layer);
  if (wrapped.some((inner) => inner instanceof KerasQuantumLayer))
    throw new ModelError(
      "MODEL_QUANTUM_WRAPPED",
      `Layer ${layer.name} (${name}) wraps a quantum layer, which then can only run inside TensorFlow.js; apply the quantum layer directly, for example after tf.layers.reshape.`,
    );
  for (const inner of [layer, ...wrapped])
    if (isRandom(inner) || (inner !== layer && isSeedableDropout(inner)))
      throw new ModelError(
        "MODEL_LAYER_RANDOM",
        `Layer ${inner.name} (${inner.getClassName()}) draws random numbers that no seed decides, so a step could not be repeated. Use tf.layers.dropout as a layer of its own.`,
      );
  if (layer.stateful)
    throw new ModelError(
      "MODEL_LAYER_STATEFUL",
      `Layer ${layer.name} (${name}) carries state from batch to batch, which a repeated step would change again; set stateful to false.`,
    );
}

function isRandom(layer: Layer): boolean {
  const name = layer.getClassName();
  if (RANDOM_LAYERS.has(name) || name.startsWith("Random")) return true;
  const { cell } = layer as { cell?: { dropout?: number; recurrentDropout?: number; cells?: unknown } };
  return cell !== undefined && ((cell.dropout ?? 0) > 0 || (cell.recurrentDropout ?? 0) > 0);
}

/** The layers inside a wrapper such as TimeDistributed or Bidirectional, at any depth. */
function wrappedBy(layer: Layer): Layer[] {
  const {
    layer: inner,
    forwardLayer,
    backwardLayer,
  } = layer as {
    layer?: Layer;
    forwardLayer?: Layer;
    backwardLayer?: Layer;
  };
  return [inner, forwardLayer, backwardLayer]
    .filter((one) => one !== undefined)
    .flatMap((one) => [one, ...(one instanceof LayersModel ? one.layers : []), ...wrappedBy(one)]);
}
