import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type Batch, batches, type Dataset, oneHot } from "../../src/data/index.ts";
import type { Digits } from "./data.ts";
import { buildModel, type ModelName } from "./models.ts";
import type { HistoryPoint, Outcome } from "./outcome.ts";
import { QuantumLayer } from "./quantum-layer.ts";

const BATCH_SIZE = 32;
/**
 * Adam from this rate down to 0 along half a cosine, for every model. Chosen for the hybrid model on a fifth of the
 * training rows held out (from constant and falling rates of 0.01 to 0.1); the classical models lose nothing by it.
 */
const LEARNING_RATE = 0.05;
/** Steps between two looks at the test rows: one epoch. */
const LOOK_EVERY = 45;

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
  const { seed, steps } = options;
  // Production mode: TensorFlow.js neither checks every tensor nor advertises its native build.
  tf.enableProdMode();
  const model = buildModel(name, seed);
  const optimizer = new ScheduledAdam((step) => (LEARNING_RATE / 2) * (1 + Math.cos((Math.PI * step) / steps)));
  const history: HistoryPoint[] = [];
  let since = { loss: 0, right: 0, rows: 0, steps: 0 };
  let seconds = 0;
  let circuitExecutions = 0;
  for (let step = 0, epoch = 0; step < steps; epoch++)
    for (const batch of batches(digits.train, { batchSize: BATCH_SIZE, seed, epoch })) {
      const start = performance.now();
      const before = executionsOf(model);
      const { loss, right } = trainStep(model, optimizer, batch, digits.train);
      circuitExecutions += executionsOf(model) - before;
      seconds += (performance.now() - start) / 1000;
      step++;
      since = {
        loss: since.loss + loss,
        right: since.right + right,
        rows: since.rows + batch.numRows,
        steps: since.steps + 1,
      };
      options.onStep(step, loss);
      if (step % LOOK_EVERY === 0 || step === steps) {
        history.push({
          step,
          loss: since.loss / since.steps,
          trainAccuracy: since.right / since.rows,
          testAccuracy: accuracy(predict(model, digits.test), digits.test),
        });
        since = { loss: 0, right: 0, rows: 0, steps: 0 };
      }
      if (step === steps) break;
    }
  optimizer.dispose();
  const predictions = predict(model, digits.test);
  const testAccuracy = accuracy(predictions, digits.test);
  const params = model.countParams();
  return {
    model,
    outcome: { model: name, params, seed, testAccuracy, predictions, circuitExecutions, seconds, history },
  };
}

/** Adam with a learning rate for each step. */
class ScheduledAdam extends tf.AdamOptimizer {
  readonly #rate: (step: number) => number;
  #step = 0;
  constructor(rate: (step: number) => number) {
    super(rate(0), 0.9, 0.999);
    this.#rate = rate;
  }
  override applyGradients(gradients: Parameters<tf.AdamOptimizer["applyGradients"]>[0]): void {
    this.learningRate = this.#rate(this.#step++);
    super.applyGradients(gradients);
  }
}

function trainStep(
  model: LayersModel,
  optimizer: tf.Optimizer,
  batch: Batch,
  { numFeatures, classes }: Dataset,
): { readonly loss: number; readonly right: number } {
  const numClasses = classes!.length;
  return tf.tidy(() => {
    const x = tf.tensor2d(Float32Array.from(batch.x), [batch.numRows, numFeatures]);
    const y = tf.tensor2d(Float32Array.from(oneHot(batch.y, numClasses)), [batch.numRows, numClasses]);
    let right = 0;
    const loss = optimizer.minimize(() => {
      const logits = model.apply(x, { training: true }) as tf.Tensor2D;
      const predicted = tf.argMax(logits, 1).dataSync();
      right = batch.y.reduce((sum, label, row) => sum + (predicted[row] === label ? 1 : 0), 0);
      return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1))) as tf.Scalar;
    }, true);
    return { loss: loss!.dataSync()[0]!, right };
  });
}

function quantumLayerOf(model: LayersModel): QuantumLayer | undefined {
  return model.layers.find((layer) => layer instanceof QuantumLayer);
}

function executionsOf(model: LayersModel): number {
  return quantumLayerOf(model)?.executions ?? 0;
}

function predict(model: LayersModel, rows: Dataset): Int32Array {
  return tf.tidy(() => {
    const x = tf.tensor2d(Float32Array.from(rows.x), [rows.numRows, rows.numFeatures]);
    return Int32Array.from(tf.argMax(model.predict(x) as tf.Tensor, 1).dataSync());
  });
}

function accuracy(predictions: Int32Array, rows: Dataset): number {
  return predictions.reduce((sum, predicted, row) => sum + (predicted === rows.y[row] ? 1 : 0), 0) / rows.numRows;
}

/** The circuit's trained weights by the name they have in it. */
export function trainedWeights(model: LayersModel): Readonly<Record<string, Float64Array>> {
  return { w: quantumLayerOf(model)!.trainedWeights() };
}

/** Saves a model as model.json and weights.bin and returns their paths. */
export async function saveTrained(model: LayersModel, folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const [topology, weights] = [join(folder, "model.json"), join(folder, "weights.bin")];
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, format }) => {
      const manifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      writeFileSync(topology, JSON.stringify({ format, modelTopology, weightsManifest: manifest }));
      writeFileSync(weights, new Uint8Array(tf.io.concatenateArrayBuffers([weightData as ArrayBuffer])));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  return [topology, weights];
}
