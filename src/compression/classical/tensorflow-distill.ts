import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Backend } from "../../../providers/index.ts";
import { CompressionError } from "../../errors.ts";
import { ensureBuilt } from "../../layers/tensorflow-model-parts.ts";
import { rowsFor, takeRows } from "../../training/tensorflow-data.ts";
import { predictRows } from "../../training/tensorflow-predict.ts";
import { copyModel } from "./tensorflow-copy.ts";
import { type CompressedModel, checkNumber, checkOptions, compressed } from "./tensorflow-report.ts";
import { type Evaluation, type Retraining, retrain } from "./tensorflow-score.ts";

export interface DistillOptions {
  /** Softens the teacher's and the student's probabilities; 3 by default, 1 leaves them. */
  readonly temperature?: number;
  /** Weight of the teacher against the targets, from 0 to 1; 0.7 by default. */
  readonly alpha?: number;
  /** Rows with their targets, and options of `train`; `loss` is ours. */
  readonly training: Omit<Retraining, "loss">;
  /** Where the teacher's quantum layers run; the local simulator by default. The student's run on `training.provider`. */
  readonly teacherProvider?: Backend;
  readonly evaluation?: Evaluation;
}

/** Probabilities are kept from 0 by this when their logarithm is taken. */
const LEAST = 1e-7;

/**
 * Trains a student by a teacher's probabilities and the targets: α T² KL(teacher ‖ student) + (1 - α) cross-entropy, with both softened by
 * temperature T, which is p^(1/T) normed (Hinton, Vinyals and Dean, arXiv 1503.02531). Either may be classical or hybrid. Outputs are
 * probabilities, of a softmax or of one sigmoid; no logits.
 * @returns a new student; the report's `before` is the teacher
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_OUTPUTS; otherwise as `train`
 * @example const { model } = await distill(teacher, hybrid, { training: { data, optimizer: tf.train.adam(0.02), epochs: 20 } });
 */
export async function distill(
  teacher: LayersModel,
  student: LayersModel,
  options: DistillOptions,
): Promise<CompressedModel> {
  checkOptions("distill", options, ["temperature", "alpha", "training", "teacherProvider", "evaluation"]);
  const { temperature = 3, alpha = 0.7, training, teacherProvider, evaluation } = options;
  checkNumber("temperature", temperature, 0.1, 1000);
  checkNumber("alpha", alpha, 0, 1);
  if ("loss" in training)
    throw new CompressionError("COMPRESSION_OPTION", "distill has a loss of its own; leave `training.loss` out.");
  ensureBuilt(teacher);
  const taught = await copyModel(student);
  const width = checkedWidth(teacher, student);
  const rows = await rowsFor(teacher, training.data);
  const all = Int32Array.from({ length: rows.numRows }, (_, row) => row);
  const [x, y] = [takeRows(rows.x, all), takeRows(rows.y, all)];
  const { outputs } = await predictRows(teacher, x, {
    ...(teacherProvider === undefined ? {} : { provider: teacherProvider }),
  });
  checkProbabilities(teacher, outputs[0]!, width);
  // Beside each other: a loss is given the targets alone.
  const targets = tf.tidy(() => tf.concat([tf.reshape(y[0]!, [-1, width]), softened(outputs[0]!, temperature)], 1));
  try {
    const loss = distillationLoss(width, temperature, alpha);
    await retrain(taught, { ...training, loss, data: { x, y: targets } });
  } finally {
    tf.dispose([...x, ...y, ...(outputs as tf.Tensor[]), targets]);
  }
  return compressed(teacher, taught, evaluation, {
    layers: { [student.name]: `taught by ${teacher.name} at temperature ${temperature}` },
  });
}

/**
 * The loss of a batch, one number a row: of targets [batch, width + classes], the second part softened probabilities of the teacher, and of the
 * student's probabilities [batch, width]. The classes of one sigmoid are two.
 */
export function distillationLoss(
  width: number,
  temperature: number,
  alpha: number,
): (targets: tf.Tensor, outputs: tf.Tensor) => tf.Tensor {
  return (targets, outputs) =>
    tf.tidy(() => {
      const hard = twoClasses(tf.slice(targets, [0, 0], [-1, width]));
      const soft = tf.slice(targets, [0, width], [-1, Math.max(2, width)]);
      const logs = (probabilities: tf.Tensor): tf.Tensor => tf.log(tf.maximum(probabilities, LEAST));
      const student = twoClasses(outputs);
      const divergence = tf.sum(tf.mul(soft, tf.sub(logs(soft), logs(softened(outputs, temperature)))), 1);
      const crossEntropy = tf.neg(tf.sum(tf.mul(hard, logs(student)), 1));
      return tf.add(tf.mul(divergence, alpha * temperature ** 2), tf.mul(crossEntropy, 1 - alpha));
    });
}

/** Probabilities to the power of 1/T, normed: what a softmax of logits divided by T gives. */
function softened(outputs: tf.Tensor, temperature: number): tf.Tensor {
  return tf.softmax(tf.div(tf.log(tf.maximum(twoClasses(outputs), LEAST)), temperature));
}

function twoClasses(probabilities: tf.Tensor): tf.Tensor {
  return probabilities.shape.at(-1) === 1
    ? tf.concat([tf.sub(1, probabilities), probabilities], probabilities.rank - 1)
    : probabilities;
}

function checkedWidth(teacher: LayersModel, student: LayersModel): number {
  const [from, to] = [teacher, student].map(({ outputs }) => outputs.map(({ shape }) => shape));
  const shape = to![0]!;
  if (from!.length !== 1 || to!.length !== 1 || shape.length !== 2 || from![0]!.at(-1) !== shape[1])
    throw new CompressionError(
      "COMPRESSION_OUTPUTS",
      `Teacher and student need one output each, of as many classes; they have ${JSON.stringify(from)} and ${JSON.stringify(to)}.`,
    );
  return shape[1]!;
}

function checkProbabilities(teacher: LayersModel, outputs: tf.Tensor, width: number): void {
  const values = outputs.dataSync();
  const sums = width === 1 ? [] : (tf.tidy(() => tf.sum(outputs, 1).dataSync()) as Float32Array);
  if (
    values.every((value: number) => value >= 0 && value <= 1 + 1e-5) &&
    sums.every((sum: number) => Math.abs(sum - 1) < 1e-3)
  )
    return;
  throw new CompressionError(
    "COMPRESSION_OUTPUTS",
    `The outputs of teacher ${teacher.name} are no probabilities; let it end in a softmax or a sigmoid.`,
  );
}
