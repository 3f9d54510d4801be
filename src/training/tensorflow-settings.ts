import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describeNumber, Rng } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import { checkRate, type RateProgram } from "../optimizers/index.ts";
import { EarlyStopping } from "./early-stopping.ts";
import { checkNames, listOf } from "./options.ts";
import { RUN_KEEPING } from "./run.ts";
import { Sampling } from "./sampling.ts";
import { checkCompute } from "./tensorflow-compute.ts";
import { checkBatchSize } from "./tensorflow-predict.ts";
import type { TrainCallbacks, TrainOptions } from "./train.ts";

const OPTIONS = [
  ..."provider optimizer loss metrics epochs steps batchSize seed shuffle validation callbacks earlyStopping".split(
    " ",
  ),
  ..."learningRate signal precision shots gradient spsa compute id".split(" "),
  ...RUN_KEEPING,
];

/** Options with everything filled in. */
export interface Settings {
  readonly epochs: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly rng: Rng;
  /** Undefined where the optimizer keeps its own. */
  readonly learningRate: RateProgram | undefined;
  readonly sampling: Sampling;
  readonly earlyStopping: EarlyStopping | undefined;
  readonly callbacks: readonly TrainCallbacks[];
}

/** @throws TrainingError TRAINING_LENGTH, TRAINING_EARLY_STOPPING, TRAINING_SAMPLING, OPTIMIZER_SETTING; DataError DATA_BATCH_SIZE; ParameterError SEED */
export function checkSettings(options: TrainOptions, what = "train", more: readonly string[] = []): Settings {
  checkNames(what, options, [...OPTIONS, ...more]);
  const { batchSize = 32, shuffle = true, seed = 0 } = options;
  const steps = options.steps ?? Number.POSITIVE_INFINITY;
  const epochs = options.epochs ?? (options.steps === undefined ? 1 : Number.POSITIVE_INFINITY);
  for (const [name, value] of [
    ["epochs", options.epochs],
    ["steps", options.steps],
  ] as const)
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new TrainingError(
        "TRAINING_LENGTH",
        `${name} is ${describeNumber(value)}; it must be an integer of 1 or more.`,
      );
  checkBatchSize(batchSize);
  checkCompute(options.compute);
  return {
    epochs,
    steps,
    batchSize,
    shuffle,
    rng: Rng.seed(seed),
    learningRate: options.learningRate == null ? undefined : checkRate(what, options.learningRate),
    sampling: samplingFor(options),
    earlyStopping: options.earlyStopping == null ? undefined : new EarlyStopping(options.earlyStopping),
    callbacks: listOf(options.callbacks),
  };
}

/** @throws TrainingError TRAINING_SAMPLING */
function samplingFor({ precision, shots, gradient = "auto", spsa }: TrainOptions): Sampling {
  const sampling = Sampling.of({ precision, shots });
  const repeated = shots === undefined && gradient === "spsa" && (spsa?.repeats ?? 1) > 1;
  if (sampling.needsShift && !(gradient === "auto" || gradient === "parameter-shift" || repeated))
    throw new TrainingError(
      "TRAINING_SAMPLING",
      `${shots == null ? "adaptivePrecision" : "shots"} goes by the noise of gradients by parameter shift, which gradient "${gradient}" does not measure; give a precision that is a number.`,
    );
  return sampling;
}

/** @throws TrainingError TRAINING_NOTHING_TRAINABLE */
export function checkTrainable(model: LayersModel): void {
  if (model.trainableWeights.length === 0)
    throw new TrainingError("TRAINING_NOTHING_TRAINABLE", `Model ${model.name} has no trainable weights.`);
}

/** The order in which an epoch, counted from 0, takes the rows. */
export function epochOrder(numRows: number, shuffle: boolean, rng: Rng, epoch: number): Int32Array {
  return shuffle ? rng.fork("epoch", epoch).permutation(numRows) : Int32Array.from({ length: numRows }, (_, i) => i);
}
