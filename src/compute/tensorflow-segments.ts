import type { layers } from "@tensorflow/tfjs-layers";
import type { ModelPlan, PlanNode } from "../layers/tensorflow-plan.ts";
import { uncompiled } from "./lower-network.ts";
import type { NetworkLayer } from "./network.ts";
import { networkOf, readLayer } from "./tensorflow-network.ts";
import { ComputeSegmentLayer } from "./tensorflow-segment.ts";

type Layer = layers.Layer;

/** Where a layer of a model runs, and why not on the compute unit where it does not. */
export interface LayerPlace {
  readonly layer: Layer;
  readonly place: "compute" | "tensorflow" | "quantum";
  readonly reason: string;
  /** Numbers the segments from 1; 0 where it is in none. */
  readonly segment: number;
}

export interface SegmentedPlan {
  /** The plan with each segment as one node. */
  readonly plan: ModelPlan;
  readonly places: readonly LayerPlace[];
}

/** Kinds that compute something; the others alone are not worth the copies. */
const HEAVY: ReadonlySet<NetworkLayer["kind"]> = new Set([
  "dense",
  "conv2d",
  "depthwiseConv2d",
  "batchNormalization",
  "maxPool2d",
  "averagePool2d",
  "globalMaxPool2d",
  "globalAveragePool2d",
]);

/**
 * Puts layers that follow each other, and that the compute unit has, into segments of it. All other layers stay as they are.
 * @param differentiateInputs whether also the model's inputs need gradients
 */
export function segmentPlan(plan: ModelPlan, differentiateInputs = false): SegmentedPlan {
  const masks = plan.nodes.some(({ layer }) => isMasking(layer));
  const readings = new Map(plan.nodes.map((node) => [node, masks ? MASKED : readNode(node)]));
  const readers = new Map<number, PlanNode[]>();
  for (const node of plan.nodes)
    for (const value of node.inputs) readers.set(value, [...(readers.get(value) ?? []), node]);
  const gradients = valuesWithGradients(plan, differentiateInputs);
  const inSegment = new Map<PlanNode, number>();
  const nodes: PlanNode[] = [];
  let segments = 0;
  for (const node of plan.nodes) {
    if (inSegment.has(node)) continue;
    const chain = chainFrom(node);
    const read = chain.map((member) => (readings.get(member) as { layer: NetworkLayer }).layer);
    if (!read.some(({ kind }) => HEAVY.has(kind))) {
      nodes.push(node);
      continue;
    }
    segments++;
    for (const member of chain) inSegment.set(member, segments);
    const layer = new ComputeSegmentLayer(
      chain.map((member) => member.layer),
      networkOf(read),
      gradients.has(node.inputs[0]!),
    );
    nodes.push({ layer, index: node.index, inputs: node.inputs, outputs: chain.at(-1)!.outputs, quantum: undefined });
  }

  function chainFrom(first: PlanNode): readonly PlanNode[] {
    const chain: PlanNode[] = [];
    let next: PlanNode | undefined = first;
    while (next !== undefined && "layer" in readings.get(next)!) {
      chain.push(next);
      const [output] = next.outputs as [number];
      const users: readonly PlanNode[] = readers.get(output) ?? [];
      next = users.length === 1 && !plan.outputs.includes(output) ? users[0] : undefined;
    }
    return chain;
  }

  const places = plan.nodes.map((node): LayerPlace => {
    const { layer, quantum } = node;
    const segment = inSegment.get(node) ?? 0;
    if (segment > 0) return { layer, place: "compute", reason: "", segment };
    if (quantum !== undefined) return { layer, place: "quantum", reason: "it is a quantum layer", segment };
    const reading = readings.get(node)!;
    const reason = "reason" in reading ? reading.reason : "alone it is not worth the way";
    return { layer, place: "tensorflow", reason, segment };
  });
  return { plan: { ...plan, nodes }, places };
}

const MASKED = { reason: "the model masks time steps" } as const;

function readNode({ layer, inputs, outputs, quantum }: PlanNode): ReturnType<typeof readLayer> {
  if (quantum !== undefined) return { reason: "it is a quantum layer" };
  if (inputs.length !== 1 || outputs.length !== 1) return { reason: "it takes or makes several tensors" };
  const read = readLayer(layer);
  const fault = "layer" in read ? uncompiled(read.layer) : undefined;
  return fault === undefined ? read : { reason: fault };
}

function isMasking(layer: Layer): boolean {
  const { maskZero } = layer.getConfig() as { maskZero?: boolean };
  return layer.getClassName() === "Masking" || maskZero === true;
}

/** Values whose gradient somebody needs: those after something trained. */
function valuesWithGradients({ model, nodes, inputs }: ModelPlan, differentiateInputs: boolean): ReadonlySet<number> {
  const trained = new Set(model.trainableWeights.map(({ id }) => id));
  const found = new Set(differentiateInputs ? inputs : []);
  for (const node of nodes)
    if (node.inputs.some((value) => found.has(value)) || node.layer.weights.some(({ id }) => trained.has(id)))
      for (const value of node.outputs) found.add(value);
  return found;
}
