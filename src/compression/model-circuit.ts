import type { Backend } from "../../providers/index.ts";
import { CompressionError } from "../errors.ts";
import type { LearningRate } from "../optimizers/index.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import type { TrainingData } from "../training/tensorflow-data.ts";
import type { LayersModel, ModelCompileArgs } from "../training/tensorflow-types.ts";
import type { CompressCircuitOptions, CompressedCircuit, CompressedPoint } from "./circuit/index.ts";

export interface CompressModelCircuitOptions extends Omit<CompressCircuitOptions, "objective"> {
  /** The quantum layer's name; needed where there are several. */
  readonly layer?: string;
  readonly train: TrainingData;
  /** Rows that are not trained on: compression keeps within its budget on these. */
  readonly validation: TrainingData;
  /** As `model.compile` takes it; what the model is compiled with by default. */
  readonly loss?: ModelCompileArgs["loss"];
  /** Accuracy by default. */
  readonly metrics?: ModelCompileArgs["metrics"];
  /** A new optimizer of TensorFlow.js for every fine-tuning; Adam at a rate of 0.01 by default. */
  readonly optimizer?: () => Exclude<ModelCompileArgs["optimizer"], string>;
  /** Steps of every fine-tuning; 100 by default. */
  readonly steps?: number;
  /** A rate for each step of a fine-tuning, in place of the optimizer's own; see `train`. */
  readonly learningRate?: LearningRate;
  /** Rows of a training batch; 32 by default. */
  readonly batchSize?: number;
  /** Where quantum layers run while it is searched; the local simulator by default. */
  readonly provider?: Backend;
  /** Target standard error of the quantum layers' outputs; without it the provider decides. */
  readonly precision?: number;
  /** Decides the order of data and samples; 0 by default. */
  readonly seed?: number;
}

export interface CompressedModelCircuit extends CompressedCircuit {
  /** The model with the best circuit, compiled and fine-tuned; the caller disposes it. */
  readonly model: LayersModel;
  /** The model with the circuit of another row; the caller disposes it. */
  modelOf(point: CompressedPoint): Promise<LayersModel>;
}

/**
 * Compresses the circuit of a quantum layer in a model of TensorFlow.js: `compressCircuit`, with the whole model fine-tuned by
 * `train` after every step and scored on validation rows. The model itself stays as it is.
 * @throws CompressionError COMPRESSION_MODEL, and what `compressCircuit` throws; ModelError TENSORFLOW_MISSING; what `train` throws
 * @example const { model: smaller, points } = await compressModelCircuit(model, { train, validation, budget: { accuracy: -0.01 }, target: loadTarget("torino") });
 */
export async function compressModelCircuit(
  model: LayersModel,
  options: CompressModelCircuitOptions,
): Promise<CompressedModelCircuit> {
  if (
    typeof options !== "object" ||
    options === null ||
    options.train === undefined ||
    options.validation === undefined
  )
    throw new CompressionError(
      "COMPRESSION_OPTION",
      "compressModelCircuit needs { train, validation, budget }, where validation rows are not among those of train.",
    );
  const { compressLayer } = await withTensorFlow(() => import("./tensorflow-circuit.ts"));
  return compressLayer(model, options);
}
