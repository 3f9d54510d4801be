import { optionsFault } from "../../circuits/index.ts";
import type { Dataset } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import type { StepReport, TrainOptions, TrainResult } from "../training/index.ts";
import type { FitOptions, History } from "../training/tensorflow-fit.ts";
import type { TrainingRun } from "../training/tensorflow-train.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";
import type { EngineRecord, TrainingProgress } from "./record.ts";
import type { OptimizeUnit, Task } from "./units.ts";

/** What a training is told, but for its optimizer. */
export type TrainingSettings = Omit<OptimizeUnit, "optimizer"> &
  Pick<TrainOptions, "compute" | "metrics" | "seed" | "validation">;

/** What is trained on what, and by which optimizer. */
export interface Trainable {
  readonly model: LayersModel;
  readonly data: Dataset;
  readonly settings: TrainingSettings;
  readonly optimizer: NonNullable<OptimizeUnit["optimizer"]>;
}

const OPTIMIZE: readonly (keyof OptimizeUnit)[] = [
  "optimizer",
  "loss",
  "epochs",
  "steps",
  "batchSize",
  "earlyStopping",
  "gradient",
  "spsa",
  "shuffle",
  "learningRate",
  "shots",
  "precision",
];
const OPTIMIZERS = ["adagrad", "adam", "momentum", "rmsprop", "sgd"] as const;
/** Of those that take a learning rate as a number. */
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** The optimisation unit with everything filled in. @throws EngineError ENGINE_UNIT */
export function settingsOf(
  unit: OptimizeUnit,
  {
    task,
    seed,
    validation,
    compute,
  }: {
    readonly task: Task;
    readonly seed: number;
    readonly validation: Dataset | undefined;
    readonly compute: TrainOptions["compute"];
  },
): TrainingSettings {
  const fault = optionsFault("optimize", unit, OPTIMIZE);
  if (fault !== undefined) throw new EngineError("ENGINE_UNIT", fault);
  const { optimizer = "adam", learningRate, loss, ...rest } = unit;
  if (typeof learningRate === "number") {
    if (typeof optimizer !== "string" || !OPTIMIZERS.includes(optimizer as OptimizerName))
      throw new EngineError(
        "ENGINE_UNIT",
        `optimize.learningRate as a number belongs to an optimizer by name (${OPTIMIZERS.join(", ")}); an optimizer object has its own.`,
      );
    if (!(learningRate > 0 && learningRate < Infinity))
      throw new EngineError("ENGINE_UNIT", `optimize.learningRate is ${learningRate}; it must be above 0.`);
  }
  return {
    ...{ seed, ...rest },
    ...(compute === undefined ? {} : { compute }),
    // A schedule is set before each step, whatever the optimizer; a number is the optimizer's own.
    ...(typeof learningRate === "number" || learningRate === undefined ? {} : { learningRate }),
    loss: loss ?? (task === "classification" ? "categoricalCrossentropy" : "meanSquaredError"),
    metrics: task === "classification" ? ["accuracy"] : [],
    ...(validation === undefined ? {} : { validation }),
  };
}

/** `train`, recorded. */
export function trainRecorded(
  { model, data, settings, optimizer }: Trainable,
  options: TrainOptions,
  { emit, ...run }: TrainingRun,
  record: EngineRecord,
): Promise<TrainResult> {
  const all = { ...settings, optimizer, ...options };
  return record.training(all, async (progress) => {
    const { executeTraining } = await withTensorFlow(() => import("../training/tensorflow-train.ts"));
    const counting: TrainingRun["emit"] = (step, state) => {
      addStep(progress, step);
      return emit(step, state);
    };
    return executeTraining(model, data, all, { ...run, emit: counting });
  });
}

function addStep(progress: TrainingProgress, { executions, quantumSeconds, jobIds }: StepReport): void {
  progress.steps++;
  progress.executions += executions;
  progress.quantumSeconds += quantumSeconds;
  progress.jobs += jobIds.length;
}

/** `fit`, recorded. @throws EngineError ENGINE_OPTION for settings that only `train` keeps to */
export async function fitRecorded(
  { model, data, settings, optimizer }: Trainable,
  options: FitOptions,
  record: EngineRecord,
): Promise<History> {
  const { steps, earlyStopping, gradient, spsa, learningRate, shots, precision, compute, ...rest } = settings;
  if (compute === "wasm")
    throw new EngineError(
      "ENGINE_OPTION",
      "fit is TensorFlow.js's own loop; use train, which computes on the compute unit.",
    );
  const own = Object.entries({ steps, earlyStopping, gradient, spsa, learningRate, shots, precision }).find(
    ([, value]) => value !== undefined,
  );
  if (own !== undefined)
    throw new EngineError("ENGINE_OPTION", `fit cannot keep to optimize.${own[0]}; use train, which can.`);
  const { executeFit } = await withTensorFlow(() => import("../training/tensorflow-fit.ts"));
  const all = { ...rest, optimizer, ...options };
  const circuits = model.layers.filter((layer) => layer.getClassName() === "LeptonQuantumLayer").length;
  const validationRows = settings.validation === undefined ? 0 : (settings.validation as Dataset).numRows;
  let history: History | undefined;
  await record.training(all, async (progress) => {
    const counting = {
      onBatchEnd: async (_: number, logs?: { readonly [name: string]: number }): Promise<void> => {
        progress.steps++;
        progress.executions += circuits * (logs?.size ?? 0);
      },
      onEpochEnd: async (): Promise<void> => {
        progress.executions += circuits * validationRows;
      },
    };
    const { callbacks = [] } = options;
    const listed = (Array.isArray(callbacks) ? callbacks : [callbacks]) as object[];
    history = await executeFit(model, data, {
      ...all,
      callbacks: [...listed, counting] as unknown as NonNullable<FitOptions["callbacks"]>,
    });
    return { ...progress, jobIds: [] };
  });
  return history!;
}
