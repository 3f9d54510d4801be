import type * as tf from "@tensorflow/tfjs-core";
import {
  CustomCallback,
  type CustomCallbackArgs,
  type History,
  type LayersModel,
  type ModelFitDatasetArgs,
} from "@tensorflow/tfjs-layers";
import { describeNumber, Rng } from "../../circuits/index.ts";
import { type Backend, type DifferentiableBackend, isDifferentiable, localSimulator } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { type ModelPlan, planModel } from "../layers/tensorflow-plan.ts";
import { checkNames, listOf } from "./options.ts";
import { type Rows, rowsFor, type TrainingData, takeRows } from "./tensorflow-data.ts";
import { lockForTraining } from "./tensorflow-lock.ts";
import { type CompileOptions, compileObjective, type Objective } from "./tensorflow-objective.ts";
import { checkBatchSize, checkProvider, evaluateWith } from "./tensorflow-predict.ts";

export type { History } from "@tensorflow/tfjs-layers";

export interface FitOptions extends CompileOptions {
  /** A local simulator with adjoint gradients; the exact one by default. */
  readonly provider?: Backend;
  /** 1 by default. */
  readonly epochs?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Decides the order of the data; 0 by default. */
  readonly seed?: number | string;
  /** True by default. */
  readonly shuffle?: boolean;
  /** Evaluated after every epoch. */
  readonly validation?: TrainingData;
  /** As `model.fit` takes them. */
  readonly callbacks?: ModelFitDatasetArgs<tf.TensorContainer>["callbacks"];
  /** 0 by default: no progress bar. */
  readonly verbose?: ModelFitDatasetArgs<tf.TensorContainer>["verbose"];
}

const OPTIONS = "provider optimizer loss metrics epochs batchSize seed shuffle validation callbacks verbose".split(" ");

export async function executeFit(model: LayersModel, data: TrainingData, options: FitOptions): Promise<History> {
  checkNames("fit", options, OPTIONS);
  const { provider, epochs = 1, batchSize = 32 } = options;
  checkProvider(provider);
  if (provider !== undefined && !(provider.capabilities.local && isDifferentiable(provider)))
    throw new TrainingError(
      "FIT_REMOTE_PROVIDER",
      `fit runs inside TensorFlow.js's synchronous steps, which cannot wait for ${provider.name}. Use train(model, { x, y }, { provider }), which takes the same steps on any provider, or leave the provider out to simulate.`,
    );
  if (!(Number.isSafeInteger(epochs) && epochs >= 1))
    throw new TrainingError(
      "TRAINING_LENGTH",
      `epochs is ${describeNumber(epochs)}; it must be an integer of 1 or more.`,
    );
  checkBatchSize(batchSize);
  const release = lockForTraining(model);
  try {
    const plan = planModel(model);
    const objective = compileObjective(model, options);
    const rows = await rowsFor(model, data);
    const callbacks = listed(options.callbacks);
    if (options.validation !== undefined) {
      const validation = await rowsFor(model, options.validation, "validation data");
      callbacks.unshift(new CustomCallback(validating(plan, objective, validation, options), "auto"));
    }
    return await simulatingOn(
      provider,
      plan.nodes.map(({ layer }) => layer),
      () =>
        model.fitDataset(
          shuffledBatches(rows, options) as unknown as Parameters<LayersModel["fitDataset"]>[0],
          { epochs, verbose: options.verbose ?? 0, callbacks } as Parameters<LayersModel["fitDataset"]>[1],
        ),
    );
  } finally {
    release();
  }
}

/** The batches of each epoch, as `fitDataset` reads them. */
function shuffledBatches(rows: Rows, { batchSize = 32, seed = 0, shuffle = true }: FitOptions) {
  const rng = Rng.seed(seed);
  let epoch = -1;
  // TensorFlow.js asks for one iterator before the first epoch, and for one at the start of each.
  const iterator = async (): Promise<Batches> => {
    const order =
      shuffle && epoch >= 0
        ? rng.fork("epoch", epoch).permutation(rows.numRows)
        : Int32Array.from({ length: rows.numRows }, (_, i) => i);
    epoch++;
    let from = 0;
    return {
      async next() {
        if (from >= rows.numRows) return { value: null, done: true };
        const part = order.subarray(from, from + batchSize);
        from += batchSize;
        const value = { xs: takeRows(rows.x, part), ys: takeRows(rows.y, part) };
        return { value, done: from >= rows.numRows };
      },
    };
  };
  return { size: Math.ceil(rows.numRows / batchSize), iterator };
}

/** Callbacks as instances, which can stand beside each other. */
function listed(callbacks: FitOptions["callbacks"]): CustomCallback[] {
  // Instances have a method that takes the model; what is written by hand has only those of interest.
  return listOf(callbacks as CustomCallback | CustomCallbackArgs | readonly CustomCallbackArgs[]).map((one) =>
    "setModel" in one ? (one as CustomCallback) : new CustomCallback(one as CustomCallbackArgs, "auto"),
  );
}

/**
 * Puts validation into the logs of an epoch before other callbacks read them. TensorFlow.js's own validation reports the
 * loss of the first of several outputs as that of all, and leaves a tensor behind in each epoch.
 */
function validating(
  plan: ModelPlan,
  objective: Objective,
  rows: Rows,
  { provider = localSimulator(), batchSize, seed = 0 }: FitOptions,
): CustomCallbackArgs {
  return {
    async onEpochEnd(epoch, logs) {
      const rng = Rng.seed(seed).fork("validation", epoch);
      const quantum = { provider, precision: undefined, gradient: "auto", signal: undefined, tags: [] } as const;
      const { loss, metrics } = await evaluateWith(plan, objective, rows, batchSize, rng, quantum);
      const found = Object.entries(metrics).map(([name, value]) => [`val_${name}`, value]);
      Object.assign(logs!, { val_loss: loss, ...Object.fromEntries(found) });
    },
  };
}

interface Batches {
  next(): Promise<{ value: { xs: tf.Tensor[]; ys: tf.Tensor[] } | null; done: boolean }>;
}

function simulatingOn<Result>(
  provider: DifferentiableBackend | Backend | undefined,
  layers: readonly object[],
  work: () => Promise<Result>,
): Promise<Result> {
  if (provider === undefined || !isDifferentiable(provider)) return work();
  const quantum = [...new Set(layers)].filter((layer) => layer instanceof KerasQuantumLayer);
  return quantum.reduceRight<() => Promise<Result>>(
    (inner, layer) => () => layer.withSimulator(provider, inner),
    work,
  )();
}
