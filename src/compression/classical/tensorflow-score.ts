import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { rowsFor, type TrainingData, takeRows } from "../../training/tensorflow-data.ts";
import { predictRows } from "../../training/tensorflow-predict.ts";
import { type TrainOptions, train } from "../../training/train.ts";

/** Rows to find a model's accuracy on, quantum layers on the local simulator, or a function that gives a number of it, the larger the better. */
export type Evaluation = TrainingData | ((model: LayersModel) => number | Promise<number>);

/** Rows and options of `train`, for the training that follows a change. */
export interface Retraining extends TrainOptions {
  readonly data: TrainingData;
}

/**
 * The share of rows whose largest output is the target's; of models with one output, those on its side of 0.5.
 * @throws as `predict`
 */
export async function scoreOf(model: LayersModel, evaluation: Evaluation): Promise<number> {
  if (typeof evaluation === "function") return evaluation(model);
  const rows = await rowsFor(model, evaluation, "evaluation rows");
  const all = Int32Array.from({ length: rows.numRows }, (_, row) => row);
  const x = takeRows(rows.x, all);
  const { outputs } = await predictRows(model, x, { batchSize: 128 });
  const made = await outputs[0]!.data();
  tf.dispose([...x, ...(outputs as tf.Tensor[])]);
  return accuracyOf(made as Float32Array, rows.y[0]!.values, rows.numRows);
}

function accuracyOf(made: Float32Array, wanted: ArrayLike<number>, rows: number): number {
  const width = made.length / rows;
  const classOf = (values: ArrayLike<number>, row: number): number => {
    if (width === 1) return values[row]! >= 0.5 ? 1 : 0;
    let best = 0;
    for (let k = 1; k < width; k++) if (values[row * width + k]! > values[row * width + best]!) best = k;
    return best;
  };
  let right = 0;
  for (let row = 0; row < rows; row++) if (classOf(made, row) === classOf(wanted, row)) right++;
  return right / rows;
}

/** Trains a model as `train` does, with callbacks of ours before the user's. */
export async function retrain(
  model: LayersModel,
  { data, callbacks, ...options }: Retraining,
  own: NonNullable<TrainOptions["callbacks"]> = [],
): Promise<void> {
  const list = [own, callbacks ?? []].flat() as Exclude<TrainOptions["callbacks"], undefined | readonly unknown[]>[];
  await train(model, data, { ...options, callbacks: list });
}
