import type * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../circuits/index.ts";
import { isSeedableDropout, type ModelPlan, type PlanNode } from "./tensorflow-plan.ts";

/** A layer that draws masks of its own, which `draw` of its call numbers: the same number, the same masks. */
export interface DrawingLayer {
  readonly takesDraw: true;
}

/** Tensors and masks of a pass by value number. */
export interface Values {
  readonly tensors: (tf.Tensor | undefined)[];
  readonly masks: (tf.Tensor | null)[];
}

export function feed(plan: ModelPlan, inputs: readonly tf.Tensor[]): Values {
  const values: Values = { tensors: new Array(plan.numValues), masks: new Array(plan.numValues).fill(null) };
  for (const [i, value] of plan.inputs.entries()) values.tensors[value] = inputs[i];
  return values;
}

/** Calls a classical layer as `model.fit` does; `rng` seeds dropout, the same for the same node and generator. */
export function callLayer(node: PlanNode, { tensors, masks }: Values, training: boolean, rng: Rng): void {
  const { layer } = node;
  const inputs = node.inputs.map((value) => tensors[value]!);
  const inputMasks = node.inputs.map((value) => masks[value] as tf.Tensor);
  const masked = inputMasks.some((mask) => mask !== null);
  const kwargs = {
    ...(training ? { training } : {}),
    ...(masked ? { mask: inputMasks[0] } : {}),
    ...(takesDraw(layer) ? { draw: rng.fork("dropout", node.index).uint32() } : {}),
  };
  const seeded = training && isSeedableDropout(layer) ? layer : undefined;
  // TensorFlow.js takes a seed of 0 for none.
  if (seeded !== undefined) seeded.seed = 1 + (rng.fork("dropout", node.index).uint32() >>> 1);
  try {
    const made = layer.apply(inputs, kwargs) as tf.Tensor | tf.Tensor[];
    for (const [i, output] of (Array.isArray(made) ? made : [made]).entries()) tensors[node.outputs[i]!] = output;
  } finally {
    if (seeded !== undefined) seeded.seed = undefined;
  }
  if (!layer.supportsMasking) return;
  const mask = layer.computeMask(inputs, inputMasks) as tf.Tensor | tf.Tensor[] | null;
  for (const value of node.outputs) masks[value] = (Array.isArray(mask) ? mask[0] : mask) ?? null;
}

function takesDraw(layer: PlanNode["layer"] & Partial<DrawingLayer>): boolean {
  return layer.takesDraw === true;
}
