import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Dataset } from "../../src/data/index.ts";
import { accuracy, cosineDecay, train } from "../../src/index.ts";
import { KerasQuantumLayer } from "../../src/tfjs.ts";
import type { Digits } from "./data.ts";
import { buildModel, type ModelName } from "./models.ts";
import type { HistoryPoint, Outcome } from "./outcome.ts";

const BATCH_SIZE = 32;
/**
 * Adam from this rate down to 0 along half a cosine, for every model. Chosen for the hybrid model on a fifth of the
 * training rows held out (from constant and falling rates of 0.01 to 0.1); the classical models lose nothing by it.
 */
const LEARNING_RATE = 0.05;

export interface Trained {
  readonly model: LayersModel;
  readonly outcome: Outcome;
}

/** Trains one model from one seed. The test rows are only looked at: nothing is chosen by them. */
export async function trainModel(
  name: ModelName,
  digits: Digits,
  options: {
    readonly seed: number;
    readonly steps: number;
    readonly onStep: (step: number, loss: number) => void;
  },
): Promise<Trained> {
  const { seed, steps, onStep } = options;
  // Production mode: TensorFlow.js neither checks every tensor nor advertises its native build.
  tf.enableProdMode();
  const model = buildModel(name, seed);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const history: HistoryPoint[] = [];
  let seconds = 0;
  let circuitExecutions = 0;
  await train(model, digits.train, {
    optimizer,
    learningRate: cosineDecay({ rate: LEARNING_RATE, steps }),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
    steps,
    batchSize: BATCH_SIZE,
    seed,
    validation: digits.test,
    callbacks: {
      onBatchEnd(report) {
        seconds += report.seconds;
        circuitExecutions += report.executions;
        onStep(report.step, report.loss);
      },
      onEpochEnd: (report) =>
        history.push({
          step: report.steps,
          loss: report.loss,
          trainAccuracy: report.metrics.acc!,
          testAccuracy: report.validation!.metrics.acc!,
        }),
    },
  });
  optimizer.dispose();
  const predictions = predict(model, digits.test);
  const testAccuracy = accuracy(digits.test.y, predictions);
  const params = model.countParams();
  return {
    model,
    outcome: { model: name, params, seed, testAccuracy, predictions, circuitExecutions, seconds, history },
  };
}

/** The most probable class of each row. */
export function predict(model: LayersModel, rows: Dataset): Int32Array {
  return tf.tidy(() => {
    const x = tf.tensor2d(Float32Array.from(rows.x), [rows.numRows, rows.numFeatures]);
    return Int32Array.from(tf.argMax(model.predict(x) as tf.Tensor, 1).dataSync());
  });
}

/** The hybrid model's quantum layer. */
export function quantumLayerOf(model: LayersModel): KerasQuantumLayer {
  return model.layers.find((layer) => layer instanceof KerasQuantumLayer)!;
}
