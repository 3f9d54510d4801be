import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import type { GradientMethod } from "../gradients/index.ts";
import type { QuantumForward } from "../layers/index.ts";
import { isSeedableDropout, type ModelPlan, type PlanNode, type QuantumNode } from "./tensorflow-plan.ts";

/** How the quantum layers of a model run. */
export interface QuantumOptions {
  readonly backend: Backend;
  readonly precision: number | undefined;
  readonly gradient: GradientMethod | "auto";
  readonly signal: AbortSignal | undefined;
  readonly tags: readonly string[];
}

/** What one pass through a model found out about its quantum layers. */
export interface QuantumCosts {
  executions: number;
  quantumSeconds: number;
  readonly jobIds: string[];
}

export function noCosts(): QuantumCosts {
  return { executions: 0, quantumSeconds: 0, jobIds: [] };
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
  const kwargs = { ...(training ? { training } : {}), ...(masked ? { mask: inputMasks[0] } : {}) };
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

/**
 * Runs nodes of a model, classical layers here and quantum ones on the backend, each of those in one job; quantum layers
 * that do not depend on each other run side by side. The tensors found are kept: `release` them.
 */
export async function runNodes(
  nodes: readonly PlanNode[],
  values: Values,
  mode: { readonly training: boolean; readonly gradients: boolean; readonly rng: Rng },
  options: QuantumOptions,
  costs: QuantumCosts,
): Promise<ReadonlyMap<PlanNode, QuantumForward>> {
  const forwards = new Map<PlanNode, QuantumForward>();
  let pending = nodes;
  while (pending.length > 0) {
    const ready: (PlanNode & { readonly quantum: QuantumNode })[] = [];
    const later: PlanNode[] = [];
    tf.tidy(() => {
      for (const node of pending) {
        if (node.inputs.some((value) => values.tensors[value] === undefined)) later.push(node);
        else if (node.quantum !== undefined) ready.push(node as PlanNode & { readonly quantum: QuantumNode });
        else {
          callLayer(node, values, mode.training, mode.rng);
          for (const value of node.outputs) {
            tf.keep(values.tensors[value]!);
            const mask = values.masks[value];
            if (mask != null) tf.keep(mask);
          }
        }
      }
    });
    const results = await Promise.allSettled(
      ready.map((node) => forwardNode(node, values.tensors[node.inputs[0]!]!, mode, options)),
    );
    // All jobs are waited for, so that none is left running unseen when one of them fails.
    for (const [i, result] of results.entries()) {
      if (result.status === "rejected") throw result.reason;
      const forward = result.value;
      forwards.set(ready[i]!, forward);
      costs.executions += forward.executions;
      costs.quantumSeconds += forward.quantumSeconds;
      costs.jobIds.push(...forward.jobIds);
      values.tensors[ready[i]!.outputs[0]!] = tf.keep(outputTensor(forward));
    }
    pending = later;
  }
  return forwards;
}

/** Disposes all tensors of a pass but the model's inputs. */
export function release(plan: ModelPlan, { tensors, masks }: Values): void {
  const inputs = new Set(plan.inputs);
  for (const [value, tensor] of tensors.entries()) if (!inputs.has(value) && tensor !== undefined) tensor.dispose();
  tf.dispose([...new Set(masks.filter((mask) => mask !== null))]);
}

export function outputTensor({ outputs }: QuantumForward): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(outputs.data), outputs.shape as [number, number]);
}

async function forwardNode(
  node: PlanNode & { readonly quantum: QuantumNode },
  features: tf.Tensor,
  mode: { readonly gradients: boolean; readonly rng: Rng },
  { backend, precision, gradient, signal, tags }: QuantumOptions,
): Promise<QuantumForward> {
  const { layer, trainable, needsInputGradient } = node.quantum;
  const data = Float64Array.from(await features.data());
  return layer.quantum.forward({ shape: features.shape, data }, layer.flatWeights(), {
    backend,
    gradient,
    needWeightGradient: mode.gradients && trainable && layer.quantum.numWeights > 0,
    needInputGradient: mode.gradients && needsInputGradient,
    ...(precision === undefined ? {} : { precision }),
    ...(signal === undefined ? {} : { signal }),
    tags: [...tags, `layer:${layer.name}`],
    seed: mode.rng.fork("quantum", node.index).uint32(),
  });
}
