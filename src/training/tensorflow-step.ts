import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import { assertFiniteValues } from "../gradients/index.ts";
import type { MeasuredOutputs } from "../layers/index.ts";
import { callLayer, feed } from "../layers/tensorflow-call.ts";
import type { ModelPlan, PlanNode } from "../layers/tensorflow-plan.ts";
import { TensorSimulation } from "../layers/tensorflow-simulation.ts";
import { reached } from "../runs/index.ts";
import type { SamplingNow, SamplingReport } from "./sampling.ts";
import { lossError, measuredOperation } from "./tensorflow-measured.ts";
import type { Objective } from "./tensorflow-objective.ts";
import { noCosts, type QuantumCosts, type QuantumOptions, release, runNodes, shotsName } from "./tensorflow-walk.ts";

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
  /** What the quantum layers' samples say of the next step's; undefined where they were simulated without any. */
  readonly sampled?: SamplingReport;
}

interface Batch {
  readonly x: readonly tf.Tensor[];
  readonly y: readonly tf.Tensor[];
}

/** What the tape meets where a quantum layer stands. */
type QuantumCall = (node: PlanNode, input: tf.Tensor) => tf.Tensor;

/**
 * Training steps of one model. Where all quantum layers are simulated in this process, without jobs, a step is one pass under
 * TensorFlow.js's gradient tape. Otherwise the classical layers before a quantum one run once to find its inputs and once
 * more, with everything else, under the tape, where the quantum layers' measured values and vector-Jacobian products stand in
 * for them: so models of any shape are differentiated as a whole. Dropout repeats itself by its seed, and moving statistics
 * are put back in between, so that the repeat is the same. When a step fails the model is as before.
 */
export class TrainingStep {
  readonly #plan: ModelPlan;
  readonly #objective: Objective;
  readonly #options: QuantumOptions;
  readonly #simulations: ReadonlyMap<PlanNode, TensorSimulation> | undefined;

  /** @throws GradientError, and the provider's errors, where it cannot run the quantum layers */
  constructor(plan: ModelPlan, objective: Objective, options: QuantumOptions) {
    this.#plan = plan;
    this.#objective = objective;
    this.#options = options;
    this.#simulations = simulationsOf(plan, options);
  }

  /** @throws what the quantum layers and their provider throw; TrainingError TRAINING_LOSS_NOT_FINITE, TRAINING_GRADIENT_NOT_FINITE */
  run(batch: Batch, rng: Rng, sampling: SamplingNow): Promise<StepOutcome> {
    const simulations = this.#simulations;
    return simulations === undefined ? this.#measured(batch, rng, sampling) : this.#simulated(batch, rng, simulations);
  }

  async #simulated(batch: Batch, rng: Rng, simulations: ReadonlyMap<PlanNode, TensorSimulation>): Promise<StepOutcome> {
    this.#options.signal?.throwIfAborted();
    const costs = noCosts();
    let failure: { readonly error: unknown } | undefined;
    const call: QuantumCall = (node, input) => {
      const { layer, trainable, needsInputGradient } = node.quantum!;
      costs.executions += input.shape[0]!;
      try {
        return simulations.get(node)!.apply(input, layer.variables(), {
          wants: { inputs: needsInputGradient, weights: trainable },
          check: assertFiniteValues,
        });
      } catch (error) {
        // Thrown through the tape, it would leave behind the tensors that the tape has saved.
        failure ??= { error };
        return tf.zeros([input.shape[0]!, layer.quantum.numOutputs]);
      }
    };
    const assertDone = (): void => {
      if (failure !== undefined) throw failure.error;
    };
    return { ...this.#differentiate(batch, rng, new Map(), call, assertDone), ...costs };
  }

  async #measured(batch: Batch, rng: Rng, sampling: SamplingNow): Promise<StepOutcome> {
    const costs = noCosts();
    const forwards = await quantumStep(this.#plan, batch.x, rng, { ...this.#options, ...sampling }, costs);
    reached("k11");
    const variances = new Map<string, Float64Array>();
    let squaredNorm = 0;
    let variance = 0;
    const call: QuantumCall = (node, input) => {
      const forward = forwards.get(node)!;
      return measuredOperation(node.quantum!, input, forward, (cotangents, { weightGradient, weightStderr }) => {
        for (const slope of weightGradient ?? []) squaredNorm += slope ** 2;
        for (const error of weightStderr ?? []) variance += error ** 2;
        if (forward.shotVariances !== undefined) variances.set(shotsName(node), forward.shotVariances(cotangents));
      });
    };
    const found = this.#differentiate(batch, rng, forwards, call, () => {});
    return { ...found, ...costs, sampled: { squaredNorm, variance, variances } };
  }

  /** @param assertDone throws where the tape went on after a failure */
  #differentiate(
    batch: Batch,
    rng: Rng,
    forwards: ReadonlyMap<PlanNode, MeasuredOutputs>,
    call: QuantumCall,
    assertDone: () => void,
  ): Pick<StepOutcome, "loss" | "metrics" | "stderr"> {
    const statistics = new Statistics(this.#plan);
    try {
      return differentiate(this.#plan, this.#objective, batch, rng, forwards, call, assertDone);
    } catch (error) {
      statistics.restore();
      assertDone();
      throw error;
    } finally {
      statistics.dispose();
    }
  }
}

/** For each quantum layer its simulation; undefined where one of them needs jobs. */
function simulationsOf(
  { nodes }: ModelPlan,
  { provider, precision, shotsOf, gradient, spsa }: QuantumOptions,
): ReadonlyMap<PlanNode, TensorSimulation> | undefined {
  const simulations = new Map<PlanNode, TensorSimulation>();
  for (const node of nodes) {
    if (node.quantum === undefined) continue;
    const { layer, trainable, needsInputGradient } = node.quantum;
    const program = layer.quantum.simulation({
      provider,
      gradient,
      needWeightGradient: trainable,
      needInputGradient: needsInputGradient,
      ...(precision === undefined ? {} : { precision }),
      ...(shotsOf === undefined ? {} : { shots: shotsOf(shotsName(node), 1) }),
      ...(spsa === undefined ? {} : { spsa }),
    });
    if (program === undefined) return undefined;
    simulations.set(node, new TensorSimulation(layer.name, layer.quantum, program));
  }
  return simulations;
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
  batch: Batch,
  rng: Rng,
  forwards: ReadonlyMap<PlanNode, MeasuredOutputs>,
  call: QuantumCall,
  assertDone: () => void,
): Pick<StepOutcome, "loss" | "metrics" | "stderr"> {
  const predictions: tf.Tensor[] = [];
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
            const outputs = call(node, values.tensors[node.inputs[0]!]!);
            const probe = probes.get(node);
            values.tensors[node.outputs[0]!] = probe === undefined ? outputs : tf.add(outputs, probe);
          }
        const outputs = plan.outputs.map((output) => values.tensors[output]!);
        // Metrics need no gradient, so they are computed when the tape is done.
        if (objective.metricNames.length > 0) for (const output of outputs) predictions.push(tf.keep(output.clone()));
        return objective.trainingLoss(batch.y, outputs);
      }, [...variables, ...probes.values()]);
      assertDone();
      metrics = objective.metrics(batch.y, predictions);
      const total = value.dataSync()[0]!;
      if (!Number.isFinite(total))
        throw new TrainingError(
          "TRAINING_LOSS_NOT_FINITE",
          `The loss is ${total}; the weights are as before this step. Check the data's scale, or use a smaller learning rate.`,
        );
      // A loss need not depend on all that is trained.
      const reached = variables.filter(({ name }) => grads[name] != null);
      for (const { name } of reached)
        if (!allFinite(grads[name]!))
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
    tf.dispose([...probes.values(), ...predictions]);
  }
}

function allFinite(tensor: tf.Tensor): boolean {
  const values = tensor.dataSync();
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
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
    for (const [variable, value] of this.#saved) if (variable.dataId !== value.dataId) variable.assign(value);
  }
  dispose(): void {
    for (const [, value] of this.#saved) value.dispose();
  }
}
