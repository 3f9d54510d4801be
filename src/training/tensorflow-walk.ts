import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import {
  type ExpectationRequest,
  type ExpectationResult,
  type GradientMethod,
  runExpectations,
  type SpsaGradientOptions,
} from "../gradients/index.ts";
import type { MeasuredOutputs, PreparedForward } from "../layers/index.ts";
import { callLayer, type Values } from "../layers/tensorflow-call.ts";
import type { ModelPlan, PlanNode, QuantumNode } from "../layers/tensorflow-plan.ts";
import type { SamplingNow } from "./sampling.ts";

/** How the quantum layers of a model run. */
export interface QuantumOptions {
  readonly provider: Backend;
  readonly precision: number | undefined;
  /** In place of a precision: the shots of one of so many circuits of a pass, by name. */
  readonly shotsOf?: SamplingNow["shotsOf"];
  readonly gradient: GradientMethod | "auto";
  readonly spsa?: SpsaGradientOptions | undefined;
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

type QuantumPlanNode = PlanNode & { readonly quantum: QuantumNode };

/**
 * Runs nodes of a model, classical layers here and quantum ones on the backend; those that do not depend on each other
 * share one job. The tensors found are kept: `release` them.
 */
export async function runNodes(
  nodes: readonly PlanNode[],
  values: Values,
  mode: { readonly training: boolean; readonly gradients: boolean; readonly rng: Rng },
  options: QuantumOptions,
  costs: QuantumCosts,
): Promise<ReadonlyMap<PlanNode, MeasuredOutputs>> {
  const forwards = new Map<PlanNode, MeasuredOutputs>();
  const numCircuits = nodes.filter(({ quantum }) => quantum !== undefined).length;
  let wave = 0;
  let pending = nodes;
  while (pending.length > 0) {
    const ready: QuantumPlanNode[] = [];
    const later: PlanNode[] = [];
    tf.tidy(() => {
      for (const node of pending) {
        if (node.inputs.some((value) => values.tensors[value] === undefined)) later.push(node);
        else if (node.quantum !== undefined) ready.push(node as QuantumPlanNode);
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
    if (ready.length > 0) {
      const measured = await measureTogether(ready, values, mode, options, costs, wave++, numCircuits);
      for (const [i, node] of ready.entries()) {
        forwards.set(node, measured[i]!);
        values.tensors[node.outputs[0]!] = tf.keep(outputTensor(measured[i]!));
      }
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

export function outputTensor({ outputs }: MeasuredOutputs): tf.Tensor2D {
  return tf.tensor2d(new Float32Array(outputs.data), outputs.shape as [number, number]);
}

/** Some of the layers' names, for those who look at a list of jobs; a service takes few tags. */
function layerTags(nodes: readonly QuantumPlanNode[]): readonly string[] {
  return [...new Set(nodes.map(({ layer }) => `layer:${layer.name}`.slice(0, 80)))].slice(0, 4);
}

/** By which the shots of a quantum layer are known from step to step. */
export function shotsName(node: PlanNode): string {
  return `node-${node.index}`;
}

/** Quantum layers whose inputs are known, in one job: one PUB for each distinct circuit. */
async function measureTogether(
  nodes: readonly QuantumPlanNode[],
  { tensors }: Values,
  mode: { readonly gradients: boolean; readonly rng: Rng },
  { provider, precision, shotsOf, gradient, spsa, signal, tags }: QuantumOptions,
  costs: QuantumCosts,
  wave: number,
  numCircuits: number,
): Promise<readonly MeasuredOutputs[]> {
  signal?.throwIfAborted();
  const prepared: PreparedForward[] = [];
  for (const node of nodes) {
    const { layer, trainable, needsInputGradient } = node.quantum;
    const features = tensors[node.inputs[0]!]!;
    const shots = shotsOf?.(shotsName(node), numCircuits);
    prepared.push(
      layer.quantum.prepare({ shape: features.shape, data: await features.data() }, layer.flatWeights(), {
        provider,
        gradient: mode.gradients ? gradient : "auto",
        needWeightGradient: mode.gradients && trainable && layer.quantum.numWeights > 0,
        needInputGradient: mode.gradients && needsInputGradient,
        ...(precision === undefined ? {} : { precision }),
        ...(shots === undefined ? {} : { shots }),
        ...(spsa === undefined ? {} : { spsa }),
        seed: mode.rng.fork("quantum", node.index).uint32(),
      }),
    );
  }
  const requests = prepared.flatMap(({ request }) => (request === undefined ? [] : [request]));
  const answers = new Map<ExpectationRequest, ExpectationResult>();
  if (requests.length > 0) {
    const job = await runExpectations(provider, requests, {
      precision,
      seed: mode.rng.fork("job", wave).uint32(),
      ...(signal === undefined ? {} : { signal }),
      tags: [...tags, ...layerTags(nodes)],
    });
    for (const [i, result] of job.results.entries()) answers.set(requests[i]!, result);
    costs.executions += job.executions;
    costs.quantumSeconds += job.quantumSeconds;
    costs.jobIds.push(...job.jobIds);
  }
  return prepared.map(({ request, localExecutions, finish }) => {
    costs.executions += localExecutions;
    return finish(request === undefined ? undefined : answers.get(request));
  });
}
