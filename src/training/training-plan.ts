import type { PlannedCircuit } from "../../providers/index.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import type { ModelData, TrainingData } from "./tensorflow-data.ts";
import type { PredictOptions } from "./tensorflow-predict.ts";
import type { LayersModel } from "./tensorflow-types.ts";
import type { TrainOptions } from "./train.ts";

export type { Price } from "../runs/index.ts";

/** What some part of a run sends and takes. */
export interface PlannedWork {
  readonly jobs: number;
  /** Primitive unified blocs: one for each distinct compiled circuit of a job. */
  readonly pubs: number;
  /** Rows of parameter values; equal ones are sent once. */
  readonly rows: number;
  /** Rows times shots, times the settings in which they are measured. */
  readonly executions: number;
  /** Estimated seconds of the quantum computer: 2 s a job, and each execution's circuit and the delay after it. */
  readonly quantumSeconds: number;
}

/** What a run will send, found out without sending anything. */
export interface PlannedRun {
  readonly provider: string;
  /** Name of the device that circuits are compiled for; undefined where they run as they are. */
  readonly device: string | undefined;
  readonly steps: number;
  /** One step; of a whole batch, where there are batches. */
  readonly step: PlannedWork;
  /** All steps and evaluations together; with a precision that adapts itself, at most, as `step` is. */
  readonly total: PlannedWork;
  /** With such a precision: what the run takes if it always stays at its first one. */
  readonly least?: PlannedWork;
  /** The circuits of a step as they are compiled; empty where nothing is. */
  readonly circuits: readonly PlannedCircuit[];
  /** What the total costs; undefined without a price. */
  readonly money: { readonly amount: number; readonly currency: string } | undefined;
}

/** What `train` will send. */
export interface TrainingPlan extends PlannedRun {
  readonly epochs: number;
  /** Rows of a step. */
  readonly batchSize: number;
  /** The evaluation after an epoch; undefined without validation data. */
  readonly validation: PlannedWork | undefined;
}

export type PlanOptions = TrainOptions;

/**
 * What `train` would send with the same model, data and options: jobs, PUBs, rows, executions, estimated seconds of the quantum
 * computer, and money where a price is given. Nothing is sent, and the model stays as it is. The first batch of the run goes
 * through the steps of `train` up to the job. Only what depends on later values can differ: early stopping makes a run
 * shorter, and how many rows are equal, which are sent once, changes with batches and weights, and with what is measured in
 * front of another quantum layer (here all different). Optimizer, loss and metrics are not looked at.
 * @throws as `train` of all else, at once; TrainingError TRAINING_PRICE
 * @example console.log(formatPlan(await plan(model, { x, y }, { provider, epochs: 2, precision: 0.02 })));
 */
export async function plan(model: LayersModel, data: TrainingData, options: PlanOptions = {}): Promise<TrainingPlan> {
  const { planTraining } = await withTensorFlow(() => import("./tensorflow-training-plan.ts"));
  return planTraining(model, data, options);
}

/** What `predict` or `evaluate` would send. */
export interface PredictionPlan extends PlannedWork {
  readonly circuits: readonly PlannedCircuit[];
}

/**
 * What `predict` (and `evaluate`) would send with the same model, features and options; nothing is sent.
 * @throws as `predict`
 */
export async function planPrediction(
  model: LayersModel,
  x: ModelData,
  options: PredictOptions = {},
): Promise<PredictionPlan> {
  const { planPredicting } = await withTensorFlow(() => import("./tensorflow-training-plan.ts"));
  return planPredicting(model, x, options);
}

/** A plan as a few lines of text. */
export function formatPlan(plan: PlannedRun | TrainingPlan): string {
  const { step, total, device, money } = plan;
  const where =
    device === undefined || device === plan.provider
      ? plan.provider
      : `${plan.provider} (circuits compiled for ${device})`;
  const batches = "epochs" in plan ? ` of ${plan.batchSize} rows in ${count(plan.epochs, "epoch")}` : "";
  const validation = "validation" in plan ? plan.validation : undefined;
  const lines = [
    `Runs on ${where}: ${count(plan.steps, "step")}${batches}.`,
    ...plan.circuits.map(circuitLine),
    `A step: ${workText(step)}.`,
    ...(validation === undefined ? [] : [`The evaluation after each epoch: ${workText(validation)}.`]),
    ...(plan.least === undefined
      ? []
      : [`That is at the finest precision; if it stays at the first, in all: ${workText(plan.least)}.`]),
    `In all${plan.least === undefined ? "" : ", at most"}: ${workText(total)}${money === undefined ? "" : `, about ${money.amount.toFixed(2)} ${money.currency}`}.`,
  ];
  return `${lines.join("\n")}\n`;
}

function circuitLine(circuit: PlannedCircuit): string {
  const { numQubits, twoQubitGates, twoQubitDepth, durationSeconds, estimatedSuccess } = circuit;
  const facts = [
    `${count(numQubits, "qubit")}, ${count(twoQubitGates, "two-qubit gate")} in depth ${twoQubitDepth}`,
    ...(durationSeconds === undefined ? [] : [`${(durationSeconds * 1e6).toPrecision(3)} µs`]),
    ...(estimatedSuccess === undefined ? [] : [`estimated success ${estimatedSuccess.toFixed(3)}`]),
  ];
  return `Circuit: ${facts.join(", ")}.`;
}

/** `3 jobs, 3 PUBs, ...`. */
export function workText({ jobs, pubs, rows, executions, quantumSeconds }: PlannedWork): string {
  if (jobs === 0) return "no job";
  const parts = [count(jobs, "job"), count(pubs, "PUB"), count(rows, "row"), count(executions, "execution")];
  // A simulator without a device takes none.
  if (quantumSeconds > 0) parts.push(`about ${quantumSeconds.toFixed(1)} s of the quantum computer`);
  return parts.join(", ");
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
