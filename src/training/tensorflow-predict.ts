import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describeValue, Rng } from "../../circuits/index.ts";
import { type Backend, localSimulator } from "../../providers/index.ts";
import { DataError, TrainingError } from "../errors.ts";
import { feed } from "../layers/tensorflow-call.ts";
import type { ModelPlan } from "../layers/tensorflow-plan.ts";
import { checkNames } from "./options.ts";
import { type ComputePlace, planFor } from "./tensorflow-compute.ts";
import {
  featuresFor,
  type ModelData,
  type RowArray,
  type Rows,
  rowsFor,
  type TrainingData,
  takeRows,
} from "./tensorflow-data.ts";
import { type Objective, readObjective } from "./tensorflow-objective.ts";
import { noCosts, type QuantumCosts, type QuantumOptions, release, runNodes } from "./tensorflow-walk.ts";

export interface PredictOptions {
  /** Where quantum layers run; the local simulator by default. */
  readonly provider?: Backend;
  /** Target standard error of the quantum layers' outputs; without it the provider decides. */
  readonly precision?: number;
  /** Rows that go through the model together, so in one job for each quantum layer; 32 by default. */
  readonly batchSize?: number;
  /** Decides samples; 0 by default. */
  readonly seed?: number | string;
  /** Where classical layers run, as `train` takes it; TensorFlow.js by default. */
  readonly compute?: ComputePlace;
  /** Stops the waiting; jobs that are out go on. */
  readonly signal?: AbortSignal;
}

/** Costs of the quantum layers. */
export interface RunCosts {
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

export interface EvaluateResult extends RunCosts {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One tensor for each output of the model; the caller disposes them. */
export interface PredictResult extends RunCosts {
  readonly outputs: readonly tf.Tensor[];
}

export function checkBatchSize(batchSize: number): void {
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1))
    throw new DataError("DATA_BATCH_SIZE", `A batch has 1 row or more, not ${batchSize}.`);
}

/** @throws TrainingError TRAINING_PROVIDER */
export function checkProvider(provider: Backend | undefined): void {
  if (provider === undefined || (typeof provider === "object" && typeof provider?.estimator === "function")) return;
  throw new TrainingError(
    "TRAINING_PROVIDER",
    `The provider is ${describeValue(provider)}, which is no backend; give one such as localSimulator().`,
  );
}

export async function predictRows(model: LayersModel, x: ModelData, options: PredictOptions): Promise<PredictResult> {
  const plan = planFor(model, options.compute);
  const costs = noCosts();
  const rows = await featuresFor(model, x);
  const parts: (readonly tf.Tensor[])[] = [];
  try {
    const rng = Rng.seed(options.seed ?? 0);
    for (const [batch, order] of batchOrders(rows.numRows, options.batchSize).entries())
      parts.push(await outputsOf(plan, rows.x, order, rng.fork("batch", batch), quantumOptions(options), costs));
    const outputs = plan.outputs.map((_, i) => tf.concat(parts.map((part) => part[i]!)));
    return { outputs, ...costs };
  } finally {
    tf.dispose(parts as tf.Tensor[][]);
  }
}

export async function evaluateRows(
  model: LayersModel,
  data: TrainingData,
  options: PredictOptions,
): Promise<EvaluateResult> {
  const objective = readObjective(model);
  const rows = await rowsFor(model, data);
  const rng = Rng.seed(options.seed ?? 0);
  return evaluateWith(
    planFor(model, options.compute),
    objective,
    rows,
    options.batchSize,
    rng,
    quantumOptions(options),
  );
}

/** Loss and metrics as `model.evaluate`: means over batches, weighted by their rows. */
export async function evaluateWith(
  plan: ModelPlan,
  objective: Objective,
  rows: Rows,
  batchSize: number | undefined,
  rng: Rng,
  options: QuantumOptions,
): Promise<EvaluateResult> {
  const costs = noCosts();
  let loss = 0;
  const metrics: Record<string, number> = {};
  for (const [batch, order] of batchOrders(rows.numRows, batchSize).entries()) {
    const outputs = await outputsOf(plan, rows.x, order, rng.fork("batch", batch), options, costs);
    const share = order.length / rows.numRows;
    tf.tidy(() => {
      const targets = takeRows(rows.y, order);
      loss += share * objective.testLoss(targets, outputs);
      for (const [name, value] of Object.entries(objective.metrics(targets, outputs)))
        metrics[name] = (metrics[name] ?? 0) + share * value;
    });
    tf.dispose(outputs as tf.Tensor[]);
  }
  return { loss, metrics, ...costs };
}

function quantumOptions(options: PredictOptions): QuantumOptions {
  checkNames("evaluate and predict", options, ["provider", "precision", "batchSize", "seed", "signal", "compute"]);
  const { provider, precision, signal } = options;
  checkProvider(provider);
  return { provider: provider ?? localSimulator(), precision, gradient: "auto", signal, tags: [] };
}

function batchOrders(numRows: number, batchSize = 32): readonly Int32Array[] {
  checkBatchSize(batchSize);
  return Array.from({ length: Math.ceil(numRows / batchSize) }, (_, batch) =>
    Int32Array.from({ length: Math.min(batchSize, numRows - batch * batchSize) }, (_, i) => batch * batchSize + i),
  );
}

async function outputsOf(
  plan: ModelPlan,
  x: readonly RowArray[],
  order: Int32Array,
  rng: Rng,
  options: QuantumOptions,
  costs: QuantumCosts,
): Promise<readonly tf.Tensor[]> {
  const inputs = takeRows(x, order);
  const values = feed(plan, inputs);
  try {
    options.signal?.throwIfAborted();
    await runNodes(plan.nodes, values, { training: false, gradients: false, rng }, options, costs);
    return plan.outputs.map((output) => values.tensors[output]!.clone());
  } finally {
    release(plan, values);
    tf.dispose(inputs);
  }
}
