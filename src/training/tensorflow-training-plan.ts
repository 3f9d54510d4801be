import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describeValue, type Rng } from "../../circuits/index.ts";
import { type JobPlan, localSimulator } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import { planningBackend } from "./planning-backend.ts";
import { type Rows, rowsFor, type TrainingData, takeRows } from "./tensorflow-data.ts";
import { type ModelPlan, planModel } from "./tensorflow-plan.ts";
import { checkProvider } from "./tensorflow-predict.ts";
import { quantumStep } from "./tensorflow-step.ts";
import { checkSettings, epochOrder } from "./tensorflow-train.ts";
import { feed, noCosts, type QuantumOptions, release, runNodes } from "./tensorflow-walk.ts";
import type { PlannedWork, PlanOptions, Price, TrainingPlan } from "./training-plan.ts";

const NOTHING: PlannedWork = Object.freeze({ jobs: 0, pubs: 0, rows: 0, executions: 0, quantumSeconds: 0 });

export async function planTraining(
  model: LayersModel,
  data: TrainingData,
  { price, ...options }: PlanOptions,
): Promise<TrainingPlan> {
  const { epochs: wantedEpochs, steps: wantedSteps, batchSize, shuffle, rng } = checkSettings(options, "plan");
  checkProvider(options.provider);
  checkPrice(price);
  const provider = options.provider ?? localSimulator();
  const modelPlan = planModel(model);
  const rows = await rowsFor(model, data);
  const validationRows = options.validation === undefined ? undefined : await rowsFor(model, options.validation);
  try {
    const stepsPerEpoch = Math.ceil(rows.numRows / batchSize);
    const steps = Math.min(wantedSteps, wantedEpochs * stepsPerEpoch);
    const epochs = Math.ceil(steps / stepsPerEpoch);
    const order = epochOrder(rows.numRows, shuffle, rng, 0);
    const walk = async (batches: readonly Int32Array[], from: Rows, training: boolean) => {
      const backend = planningBackend(provider);
      const quantum: QuantumOptions = {
        provider: backend,
        precision: options.precision,
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
    const total = sum([times(step, wholeSteps), times(last, steps - wholeSteps), times(validation ?? NOTHING, epochs)]);
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
      money:
        price === undefined ? undefined : { amount: total.quantumSeconds * price.perSecond, currency: price.currency },
    };
  } finally {
    rows.dispose();
    validationRows?.dispose();
  }
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

function workOf(jobs: readonly JobPlan[]): PlannedWork {
  return sum(jobs.map(({ subJobs, ...plan }) => ({ ...plan, jobs: subJobs })));
}

function times(work: PlannedWork, factor: number): PlannedWork {
  const { jobs, pubs, rows, executions, quantumSeconds } = work;
  return {
    jobs: jobs * factor,
    pubs: pubs * factor,
    rows: rows * factor,
    executions: executions * factor,
    quantumSeconds: quantumSeconds * factor,
  };
}

function sum(works: readonly PlannedWork[]): PlannedWork {
  const total = { ...NOTHING };
  for (const work of works)
    for (const key of ["jobs", "pubs", "rows", "executions", "quantumSeconds"] as const) total[key] += work[key];
  return total;
}

/** @throws TrainingError TRAINING_PRICE */
function checkPrice(price: Price | undefined): void {
  if (price === undefined) return;
  const { perSecond, currency } = (price ?? {}) as Partial<Price>;
  if (typeof perSecond !== "number" || !(perSecond >= 0 && perSecond < Infinity) || typeof currency !== "string")
    throw new TrainingError(
      "TRAINING_PRICE",
      `A price is { perSecond: 1.6, currency: "USD" }, the price of a second of the quantum computer, not ${describeValue(price)}.`,
    );
}
