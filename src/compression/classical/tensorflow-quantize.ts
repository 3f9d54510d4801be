import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { CALIBRATION_METHODS, type CalibrationMethod } from "../../compute/int8/index.ts";
import { CompressionError } from "../../errors.ts";
import { featuresFor, type ModelData, takeRows } from "../../training/tensorflow-data.ts";
import type { TrainCallbacks } from "../../training/train.ts";
import { copyModel } from "./tensorflow-copy.ts";
import { FakeQuantization, type FakeQuantizationState } from "./tensorflow-fake-quantize.ts";
import { type CompressedModel, checkNumber, checkOptions, compressed } from "./tensorflow-report.ts";
import { type Evaluation, type Retraining, retrain, scoreOf } from "./tensorflow-score.ts";
import { ZeroMasks } from "./tensorflow-zero-masks.ts";

export interface QuantizeModelOptions {
  /** 2 to 8, with the sign; 8 by default. */
  readonly weightBits?: number;
  /** 2 to 8; without, layers' inputs stay in f32. */
  readonly activationBits?: number;
  /** Rows by which inputs' ranges are found; needed with `activationBits`. */
  readonly calibration?: ModelData;
  /** How inputs' ranges are found; `mse` by default. */
  readonly method?: CalibrationMethod;
  /** Of method `percentile`, in percent; 99.9 by default. */
  readonly percentile?: number;
  /** Names of the layers; all dense and convolutional ones by default. */
  readonly layers?: readonly string[];
  /** Trains the model to compute well with what quantisation leaves of its weights and inputs; without, it is quantised as it is. Weights that are zero stay so. */
  readonly training?: Retraining;
  /** Steps from one choice of the weights' scales to the next while it is trained; 10 by default. */
  readonly rescaleEvery?: number;
  readonly evaluation?: Evaluation;
}

const OPTIONS = "weightBits activationBits calibration method percentile layers training rescaleEvery evaluation".split(
  " ",
);
/** Calibration rows that are used. */
const CALIBRATION_ROWS = 512;

/**
 * Quantises the dense and convolutional kernels of a model, each output channel with a scale of its own, and their inputs; quantum layers and all
 * others stay as they are. With `training` it is quantisation-aware: forward with integers, backward by the straight-through estimator. The new model's
 * kernels lie on their grids; its inputs are f32 again, as TensorFlow.js computes, but its accuracy in the report was found with quantised ones.
 * `quantizeNetwork` runs a classical model in integers throughout.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_LAYER; with `training` as `train`
 * @example const { model, report, grids } = await quantizeModel(trained, { weightBits: 4, training: { data, optimizer: "adam", loss, epochs: 5 } });
 */
export async function quantizeModel(model: LayersModel, options: QuantizeModelOptions = {}): Promise<CompressedModel> {
  checkOptions("quantizeModel", options, OPTIONS);
  const { weightBits = 8, activationBits, method = "mse", percentile = 99.9, rescaleEvery = 10 } = options;
  const { calibration, layers, training, evaluation } = options;
  checkNumber("weightBits", weightBits, 2, 8, true);
  if (activationBits !== undefined) checkNumber("activationBits", activationBits, 2, 8, true);
  checkNumber("percentile", percentile, Number.MIN_VALUE, 100);
  checkNumber("rescaleEvery", rescaleEvery, 1, Number.MAX_SAFE_INTEGER, true);
  if (!CALIBRATION_METHODS.includes(method))
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `There is no method "${method}"; there are ${CALIBRATION_METHODS.join(", ")}.`,
    );
  if ((activationBits === undefined) !== (calibration === undefined))
    throw new CompressionError("COMPRESSION_OPTION", "activationBits and calibration go together.");
  const quantized = await copyModel(model);
  const rows = calibration === undefined ? [] : await firstRows(quantized, calibration);
  const settings = { weightBits, activationBits, method, percentile };
  const fake = new FakeQuantization(quantized, settings, layers);
  const zeros = new ZeroMasks(fake.layers);
  try {
    zeros.set((weights) => weights.map((values) => Uint8Array.from(values, (value) => (value === 0 ? 0 : 1))));
    fake.rescaleWeights();
    fake.calibrate(rows);
    const callbacks: TrainCallbacks = {
      onBatchEnd: ({ step }) => {
        zeros.hold();
        if (step % rescaleEvery === 0) fake.rescaleWeights();
      },
      onEpochEnd: () => fake.calibrate(rows),
      // A run that goes on after a crash computes with the scales that it had.
      state: () => fake.state(),
      restore: (state) => fake.restore(state as FakeQuantizationState),
    };
    if (training !== undefined) await retrain(quantized, training, callbacks);
    fake.rescaleWeights();
    fake.calibrate(rows);
    const accuracy = evaluation === undefined ? undefined : await scoreOf(quantized, evaluation);
    const bits = activationBits === undefined ? "inputs in f32" : `inputs of ${activationBits} bits`;
    const done = Object.fromEntries(
      fake.layers.map(({ layer }) => [layer.name, `weights of ${weightBits} bits, ${bits}`]),
    );
    const grids = fake.bake();
    return compressed(model, quantized, evaluation, { layers: done, grids, accuracy });
  } catch (error) {
    fake.detach();
    throw error;
  } finally {
    zeros.dispose();
    tf.dispose(rows as tf.Tensor[]);
  }
}

async function firstRows(model: LayersModel, calibration: ModelData): Promise<readonly tf.Tensor[]> {
  const { x, numRows } = await featuresFor(model, calibration);
  return takeRows(
    x,
    Int32Array.from({ length: Math.min(numRows, CALIBRATION_ROWS) }, (_, row) => row),
  );
}
