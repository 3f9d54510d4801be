import type * as tf from "@tensorflow/tfjs-core";
import type { History, LayersModel, ModelFitDatasetArgs } from "@tensorflow/tfjs-layers";
import { Rng } from "../../circuits/index.ts";
import { type Backend, type DifferentiableBackend, isDifferentiable } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { rowsFor, type TrainingData, takeRows } from "./tensorflow-data.ts";
import { type CompileOptions, compileObjective } from "./tensorflow-objective.ts";
import { planModel } from "./tensorflow-plan.ts";
import { checkBatchSize } from "./tensorflow-predict.ts";

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

export async function executeFit(model: LayersModel, data: TrainingData, options: FitOptions): Promise<History> {
  const { provider, epochs = 1, batchSize = 32, seed = 0, shuffle = true, callbacks, verbose = 0 } = options;
  if (provider !== undefined && !(provider.capabilities.local && isDifferentiable(provider)))
    throw new TrainingError(
      "FIT_REMOTE_PROVIDER",
      `fit runs inside TensorFlow.js's synchronous steps, which cannot wait for ${provider.name}. Use train(model, { x, y }, { provider }), which takes the same steps on any provider, or leave the provider out to simulate.`,
    );
  if (!(Number.isSafeInteger(epochs) && epochs >= 1))
    throw new TrainingError("TRAINING_LENGTH", `epochs is ${epochs}; it must be an integer of 1 or more.`);
  checkBatchSize(batchSize);
  const plan = planModel(model);
  compileObjective(model, options);
  const rows = await rowsFor(model, data);
  try {
    const validation =
      options.validation === undefined ? undefined : await rowsFor(model, options.validation, "validation data");
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
          const part = order.slice(from, from + batchSize);
          from += batchSize;
          const value = { xs: takeRows(rows.x, part), ys: takeRows(rows.y, part) };
          return { value, done: from >= rows.numRows };
        },
      };
    };
    const dataset = { size: Math.ceil(rows.numRows / batchSize), iterator };
    try {
      return await simulatingOn(
        provider,
        plan.nodes.map(({ layer }) => layer),
        () =>
          model.fitDataset(
            dataset as unknown as Parameters<LayersModel["fitDataset"]>[0],
            {
              epochs,
              verbose,
              validationBatchSize: batchSize,
              ...(callbacks === undefined ? {} : { callbacks }),
              ...(validation === undefined
                ? {}
                : {
                    validationData: [[...validation.x], [...validation.y]] as unknown as [
                      tf.TensorContainer,
                      tf.TensorContainer,
                    ],
                  }),
            } as Parameters<LayersModel["fitDataset"]>[1],
          ),
      );
    } finally {
      validation?.dispose();
    }
  } finally {
    rows.dispose();
  }
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
