import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, type ModelCompileArgs, Sequential } from "@tensorflow/tfjs-layers";
import { TrainingError } from "../errors.ts";

type LossOrMetric = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor;

/** What to compile a model with; what is left out is taken from an earlier `compile`. */
export interface CompileOptions {
  /** As `model.compile` takes it: `tf.train.adam(0.01)`, or a name such as "adam". */
  readonly optimizer?: ModelCompileArgs["optimizer"] | undefined;
  readonly loss?: ModelCompileArgs["loss"] | undefined;
  readonly metrics?: ModelCompileArgs["metrics"] | undefined;
}

/** Loss and metrics exactly as `model.fit` and `model.evaluate` compute them, and the optimizer. */
export interface Objective {
  readonly optimizer: tf.Optimizer;
  /** Names of the metrics, without the loss. */
  readonly metricNames: readonly string[];
  /** The mean loss of a batch with the penalties of regularizers. */
  trainingLoss(targets: readonly tf.Tensor[], outputs: readonly tf.Tensor[]): tf.Scalar;
  /** The mean loss of a batch without penalties. */
  testLoss(targets: readonly tf.Tensor[], outputs: readonly tf.Tensor[]): number;
  metrics(targets: readonly tf.Tensor[], outputs: readonly tf.Tensor[]): Readonly<Record<string, number>>;
}

/**
 * Compiles a model where anything is given, and reads what it is compiled with.
 * @throws TrainingError TRAINING_NOT_COMPILED, TRAINING_COMPILE
 */
export function compileObjective(model: LayersModel, options: CompileOptions): Objective {
  const { optimizer = model.optimizer, loss = model.loss, metrics = model.metrics } = options;
  if (optimizer == null || loss == null || (Array.isArray(loss) && loss.length === 0))
    throw new TrainingError(
      "TRAINING_NOT_COMPILED",
      `Model ${model.name} has no ${optimizer == null ? "optimizer" : "loss"}; give { optimizer: "adam", loss: "meanSquaredError" } or the like, or call model.compile first.`,
    );
  if (options.optimizer !== undefined || options.loss !== undefined || options.metrics !== undefined)
    try {
      if (options.optimizer !== undefined) disposeOwnedOptimizer(model);
      model.compile({ optimizer, loss, ...(metrics == null ? {} : { metrics }) });
    } catch (error) {
      throw new TrainingError(
        "TRAINING_COMPILE",
        `The model cannot be compiled: ${(error as Error).message.replace(/\.?\s*$/, ".")} Give an optimizer of TensorFlow.js (tf.train.adam(0.01), or a name such as "adam"; Lepton's own are for minimize), and losses and metrics by function or by name, such as "meanSquaredError", "binaryCrossentropy", "categoricalCrossentropy", "accuracy".`,
        { cause: error },
      );
    }
  return readObjective(model);
}

/** An optimizer that TensorFlow.js made from a name is nobody else's; compiling anew would leave its tensors behind. */
function disposeOwnedOptimizer(model: LayersModel): void {
  const { isOptimizerOwned, optimizer } = model as unknown as {
    readonly isOptimizerOwned?: boolean;
    readonly optimizer?: tf.Optimizer;
  };
  if (isOptimizerOwned === true) optimizer?.dispose();
}

/** @throws TrainingError TRAINING_NOT_COMPILED */
export function readObjective(model: LayersModel): Objective {
  // A sequential model compiles the functional one inside it, which alone has the loss functions.
  const compiled = model instanceof Sequential ? (model as unknown as { model?: LayersModel }).model : model;
  if (model.optimizer == null || compiled?.lossFunctions == null)
    throw new TrainingError(
      "TRAINING_NOT_COMPILED",
      `Model ${model.name} is not compiled; call model.compile({ optimizer, loss }) first.`,
    );
  const losses = compiled.lossFunctions as unknown as readonly LossOrMetric[];
  const without = compiled.outputNames.filter((_, i) => typeof losses[i] !== "function");
  if (without.length > 0)
    throw new TrainingError(
      "TRAINING_NOT_COMPILED",
      `Model ${model.name} has no loss for its output(s) ${without.join(", ")}; give one loss, or one for each of: ${compiled.outputNames.join(", ")}. A loss that is a function of your own is not saved with a model.`,
    );
  const metricTensors = compiled.metricsTensors as unknown as readonly (readonly [LossOrMetric, number])[];
  const metricNames = distinct(compiled.metricsNames).slice(1);
  const outputLosses = (targets: readonly tf.Tensor[], outputs: readonly tf.Tensor[]): tf.Tensor[] =>
    losses.map((loss, i) => loss(targets[i]!, outputs[i]!));
  return {
    optimizer: model.optimizer,
    metricNames,
    trainingLoss(targets, outputs) {
      const total = outputLosses(targets, outputs).reduce((sum, loss) => tf.add(sum, loss));
      return compiled
        .calculateLosses()
        .reduce<tf.Tensor>((sum, penalty) => tf.add(sum, penalty), tf.mean(total)) as tf.Scalar;
    },
    testLoss: (targets, outputs) =>
      tf.tidy(
        () =>
          outputLosses(targets, outputs)
            .map((loss) => tf.mean(loss))
            .reduce<tf.Tensor>((sum, loss) => tf.add(sum, loss), tf.scalar(0))
            .dataSync()[0]!,
      ),
    metrics: (targets, outputs) =>
      Object.fromEntries(
        metricTensors.map(([metric, output], i) => [
          metricNames[i]!,
          tf.tidy(() => tf.mean(metric(targets[output]!, outputs[output]!)).dataSync()[0]!),
        ]),
      ),
  };
}

/** Names that occur more than once are numbered, as in the history of `model.fit`. */
function distinct(names: readonly string[]): readonly string[] {
  return names.map((name, i) => {
    if (names.filter((other) => other === name).length === 1) return name;
    return `${name}_${names.slice(0, i).filter((other) => other === name).length}`;
  });
}
