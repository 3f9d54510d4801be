import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import type { MeasuredOutputs } from "../layers/index.ts";
import type { Objective } from "./tensorflow-objective.ts";
import type { ModelPlan, PlanNode, QuantumNode } from "./tensorflow-plan.ts";
import {
  callLayer,
  feed,
  noCosts,
  outputTensor,
  type QuantumCosts,
  type QuantumOptions,
  release,
  runNodes,
} from "./tensorflow-walk.ts";

export interface StepOutcome {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * Standard error of the loss from the quantum layers' samples, to first order; 0 where exact, an upper bound where
   * observables share their shots, and NaN where a sampled layer feeds another one and nothing before that is trained.
   */
  readonly stderr: number;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/**
 * One training step on a batch. The classical layers before a quantum one run once to find its inputs and once more, with
 * everything else, under TensorFlow.js's gradient tape, where the quantum layers' measured values and vector-Jacobian
 * products stand in for them: so models of any shape are differentiated as a whole. Dropout repeats itself by its seed, and
 * moving statistics are put back in between, so that the repeat is the same. When a step fails the model is as before.
 */
export async function trainStep(
  plan: ModelPlan,
  objective: Objective,
  batch: { readonly x: readonly tf.Tensor[]; readonly y: readonly tf.Tensor[] },
  rng: Rng,
  options: QuantumOptions,
): Promise<StepOutcome> {
  const costs = noCosts();
  const forwards = await quantumStep(plan, batch.x, rng, options, costs);
  const statistics = new Statistics(plan);
  try {
    return { ...differentiate(plan, objective, batch, forwards, rng), ...costs };
  } catch (error) {
    statistics.restore();
    throw error;
  } finally {
    statistics.dispose();
  }
}

/**
 * The first half of a step: the quantum layers' outputs for a batch, with all that gradients need, and the costs of it added.
 * The model stays as it is.
 */
export async function quantumStep(
  plan: ModelPlan,
  x: readonly tf.Tensor[],
  rng: Rng,
  options: QuantumOptions,
  costs: QuantumCosts,
): Promise<ReadonlyMap<PlanNode, MeasuredOutputs>> {
  const statistics = new Statistics(plan);
  const values = feed(plan, x);
  try {
    return await runNodes(nodesBeforeQuantum(plan), values, { training: true, gradients: true, rng }, options, costs);
  } finally {
    statistics.restore();
    statistics.dispose();
    release(plan, values);
  }
}

function differentiate(
  plan: ModelPlan,
  objective: Objective,
  batch: { readonly x: readonly tf.Tensor[]; readonly y: readonly tf.Tensor[] },
  forwards: ReadonlyMap<PlanNode, MeasuredOutputs>,
  rng: Rng,
): { readonly loss: number; readonly metrics: Readonly<Record<string, number>>; readonly stderr: number } {
  let metrics: Readonly<Record<string, number>> = {};
  let stderr = 0;
  const probes = new Map<PlanNode, tf.Variable>();
  for (const [node, forward] of forwards)
    if (forward.stderr.data.some((std) => std !== 0))
      probes.set(node, tf.variable(tf.zeros([...forward.outputs.shape])));
  try {
    const loss = tf.tidy(() => {
      const variables = plan.model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const { value, grads } = tf.variableGrads(() => {
        const values = feed(plan, batch.x);
        for (const node of plan.nodes)
          if (node.quantum === undefined) callLayer(node, values, true, rng);
          else {
            const outputs = measured(node.quantum, values.tensors[node.inputs[0]!]!, forwards.get(node)!);
            const probe = probes.get(node);
            values.tensors[node.outputs[0]!] = probe === undefined ? outputs : tf.add(outputs, probe);
          }
        const outputs = plan.outputs.map((output) => values.tensors[output]!);
        metrics = objective.metrics(batch.y, outputs);
        return objective.trainingLoss(batch.y, outputs);
      }, [...variables, ...probes.values()]);
      const total = value.dataSync()[0]!;
      if (!Number.isFinite(total))
        throw new TrainingError(
          "TRAINING_LOSS_NOT_FINITE",
          `The loss is ${total}; the weights are as before this step. Check the data's scale, or use a smaller learning rate.`,
        );
      // A loss need not depend on all that is trained.
      const reached = variables.filter(({ name }) => grads[name] != null);
      for (const { name } of reached)
        if (!Number.isFinite(tf.sum(grads[name]!).dataSync()[0]!))
          throw new TrainingError(
            "TRAINING_GRADIENT_NOT_FINITE",
            `The loss is ${total}, but its gradient by ${name} is not finite; the weights are as before this step. Look for a function without a slope there, such as sqrt at 0.`,
          );
      stderr = lossError(forwards, probes, grads);
      objective.optimizer.applyGradients(reached.map(({ name }) => ({ name, tensor: grads[name]! })));
      return total;
    });
    return { loss, metrics, stderr };
  } finally {
    tf.dispose([...probes.values()]);
  }
}

/** Standard error of the loss to first order: its slope by the outputs of each quantum layer, times their errors. */
function lossError(
  forwards: ReadonlyMap<PlanNode, MeasuredOutputs>,
  probes: ReadonlyMap<PlanNode, tf.Variable>,
  grads: tf.NamedTensorMap,
): number {
  // The noise of one layer goes through the next, whose slope by its inputs nobody paid for where nothing before is trained.
  for (const { quantum } of forwards.keys())
    if (probes.size > 0 && quantum!.afterQuantum && !quantum!.needsInputGradient) return Number.NaN;
  let variance = 0;
  for (const [node, probe] of probes) {
    const slope = grads[probe.name];
    if (slope != null) variance += forwards.get(node)!.standardError(Float64Array.from(slope.dataSync())) ** 2;
  }
  return Math.sqrt(variance);
}

/** A quantum layer's values, measured already, as an operation that TensorFlow.js can differentiate. */
function measured({ layer }: QuantumNode, input: tf.Tensor, forward: MeasuredOutputs): tf.Tensor {
  const operation = tf.customGrad((...args) => {
    const [features, ...weights] = args.slice(0, -1) as [tf.Tensor, ...tf.Tensor[]];
    return {
      value: outputTensor(forward),
      gradFunc: (dy: tf.Tensor) => {
        const { weightGradient, inputGradient } = forward.pullback(Float64Array.from(dy.dataSync()));
        return [
          inputGradient === undefined
            ? tf.zeros(features.shape)
            : tf.tensor(Float32Array.from(inputGradient), features.shape),
          ...(weightGradient === undefined
            ? weights.map(({ shape }) => tf.zeros(shape))
            : layer.splitGradient(weightGradient)),
        ];
      },
    };
  });
  return operation(input, ...layer.variables());
}

/** The nodes that must run to know the inputs of all quantum layers, and these. */
function nodesBeforeQuantum({ nodes, numValues }: ModelPlan): readonly PlanNode[] {
  const needed = new Uint8Array(numValues);
  const found: PlanNode[] = [];
  for (const node of nodes.toReversed())
    if (node.quantum !== undefined || node.outputs.some((value) => needed[value] === 1)) {
      for (const value of node.inputs) needed[value] = 1;
      found.push(node);
    }
  return found.reverse();
}

/** Weights that layers change by being called, such as the moving averages of batch normalisation. */
class Statistics {
  readonly #saved: readonly (readonly [variable: tf.Variable, value: tf.Tensor])[];

  constructor({ nodes }: ModelPlan) {
    const variables = new Set(
      nodes.flatMap(({ layer }) => layer.nonTrainableWeights.map((weight) => weight.read() as tf.Variable)),
    );
    this.#saved = [...variables].map((variable) => [variable, tf.keep(variable.clone())]);
  }
  restore(): void {
    for (const [variable, value] of this.#saved) variable.assign(value);
  }
  dispose(): void {
    for (const [, value] of this.#saved) value.dispose();
  }
}
