import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Rng } from "../../circuits/index.ts";
import { localSimulator } from "../../providers/index.ts";
import { feed } from "../layers/tensorflow-call.ts";
import { type ModelPlan, planModel } from "../layers/tensorflow-plan.ts";
import { checkPrice, moneyFor, NO_WORK, sumOfWork, timesWork, workOf } from "./planned-work.ts";
import { planningBackend } from "./planning-backend.ts";
import { plannedSampling, samplingNow } from "./sampling.ts";
import { type ModelData, type Rows, rowsFor, type TrainingData, takeRows } from "./tensorflow-data.ts";
import { checkProvider, type PredictOptions, predictRows } from "./tensorflow-predict.ts";
import { checkSettings, checkTrainable, epochOrder } from "./tensorflow-settings.ts";
import { quantumStep } from "./tensorflow-step.ts";
import { noCosts, type QuantumOptions, release, runNodes } from "./tensorflow-walk.ts";
import type { PlanOptions, PredictionPlan, TrainingPlan } from "./training-plan.ts";

export async function planTraining(
  model: LayersModel,
  data: TrainingData,
  options: PlanOptions,
): Promise<TrainingPlan> {
  const { most, least } = plannedSampling(options);
  if (least !== undefined) {
    const { total } = await planTraining(model, data, { ...options, ...least });
    return { ...(await planTraining(model, data, { ...options, ...most })), least: total };
  }
  const { price } = options;
  const {
    epochs: wantedEpochs,
    steps: wantedSteps,
    batchSize,
    shuffle,
    rng,
  } = checkSettings(options, "plan", ["price"]);
  checkProvider(options.provider);
  checkPrice(price);
  const provider = options.provider ?? localSimulator();
  const modelPlan = planModel(model);
  checkTrainable(model);
  const rows = await rowsFor(model, data);
  const validationRows =
    options.validation === undefined ? undefined : await rowsFor(model, options.validation, "validation data");
  const stepsPerEpoch = Math.ceil(rows.numRows / batchSize);
  const steps = Math.min(wantedSteps, wantedEpochs * stepsPerEpoch);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const order = epochOrder(rows.numRows, shuffle, rng, 0);
  const walk = async (batches: readonly Int32Array[], from: Rows, training: boolean) => {
    const backend = planningBackend(provider);
    const quantum: QuantumOptions = {
      provider: backend,
      ...samplingNow(most),
      gradient: options.gradient ?? "auto",
      spsa: options.spsa,
      signal: options.signal,
      tags: [],
    };
    for (const batch of batches) await walkBatch(modelPlan, from, batch, rng, training, quantum);
    return backend.jobs;
  };
  const stepJobs = await walk([order.slice(0, batchSize)], rows, true);
  const step = workOf(stepJobs);
  const rest = rows.numRows % batchSize;
  const last = rest === 0 ? step : workOf(await walk([order.slice(rows.numRows - rest)], rows, true));
  const wholeSteps = steps - (rest === 0 ? 0 : Math.floor(steps / stepsPerEpoch));
  const validation =
    validationRows === undefined
      ? undefined
      : workOf(await walk(batchesOf(validationRows.numRows, batchSize), validationRows, false));
  const total = sumOfWork([
    timesWork(step, wholeSteps),
    timesWork(last, steps - wholeSteps),
    timesWork(validation ?? NO_WORK, epochs),
  ]);
  return {
    provider: provider.name,
    device: provider.target?.name,
    epochs,
    steps,
    batchSize: Math.min(batchSize, rows.numRows),
    step,
    validation,
    total,
    circuits: stepJobs.flatMap(({ circuits = [] }) => circuits),
    money: moneyFor(total, price),
  };
}

export async function planPredicting(
  model: LayersModel,
  x: ModelData,
  options: PredictOptions,
): Promise<PredictionPlan> {
  const { provider = localSimulator() } = options;
  checkProvider(provider);
  const backend = planningBackend(provider);
  const { outputs } = await predictRows(model, x, { ...options, provider: backend });
  tf.dispose([...outputs]);
  return { ...workOf(backend.jobs), circuits: backend.jobs.flatMap(({ circuits = [] }) => circuits) };
}

/** A batch as far as its jobs; the model stays as it is. */
async function walkBatch(
  plan: ModelPlan,
  rows: Rows,
  order: Int32Array,
  rng: Rng,
  training: boolean,
  quantum: QuantumOptions,
): Promise<void> {
  const x = takeRows(rows.x, order);
  try {
    if (training) {
      await quantumStep(plan, x, rng.fork("step", 0), quantum, noCosts());
      return;
    }
    const values = feed(plan, x);
    try {
      await runNodes(plan.nodes, values, { training, gradients: false, rng }, quantum, noCosts());
    } finally {
      release(plan, values);
    }
  } finally {
    tf.dispose(x);
  }
}

function batchesOf(numRows: number, batchSize: number): readonly Int32Array[] {
  return Array.from({ length: Math.ceil(numRows / batchSize) }, (_, batch) =>
    Int32Array.from({ length: Math.min(batchSize, numRows - batch * batchSize) }, (_, i) => batch * batchSize + i),
  );
}
