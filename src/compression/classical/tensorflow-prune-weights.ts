import type { LayersModel } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../../errors.ts";
import type { TrainCallbacks } from "../../training/train.ts";
import { cubicSparsity, magnitudeMasks, type PruningScope } from "./magnitude.ts";
import { type KernelLayer, kernelLayers } from "./tensorflow-classical-layers.ts";
import { copyModel } from "./tensorflow-copy.ts";
import { type CompressedModel, checkNumber, checkOptions, compressed } from "./tensorflow-report.ts";
import { type Evaluation, type Retraining, retrain } from "./tensorflow-score.ts";
import { ZeroMasks } from "./tensorflow-zero-masks.ts";

export interface PruneWeightsOptions {
  /** Share of the kernels' weights that become 0, from 0 to 1. */
  readonly sparsity: number;
  /** `global` by default: layers with much to spare lose more. */
  readonly scope?: PruningScope;
  /** Names of the layers; all dense and convolutional ones by default. */
  readonly layers?: readonly string[];
  /** Trains the model while it is pruned, by the cubic schedule; without, everything goes at once. */
  readonly training?: Retraining;
  readonly schedule?: {
    /** Sparsity at the first step; 0 by default. */
    readonly initial?: number;
    /** Share of the steps after which the final sparsity is reached; 0.6 by default. */
    readonly until?: number;
    /** Steps from one pruning to the next; 10 by default. */
    readonly every?: number;
  };
  readonly evaluation?: Evaluation;
}

/**
 * Sets the smallest weights of a model's dense and convolutional kernels to zero; biases and quantum layers stay as they are. The
 * shapes stay: what is gained is in bytes, see `exportCompact`.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_LAYER; with `training` as `train`
 * @example const { model, report } = await pruneWeights(trained, { sparsity: 0.8, training: { data, optimizer: "adam", loss, epochs: 10 } });
 */
export async function pruneWeights(model: LayersModel, options: PruneWeightsOptions): Promise<CompressedModel> {
  checkOptions("pruneWeights", options, ["sparsity", "scope", "layers", "training", "schedule", "evaluation"]);
  const { sparsity, scope = "global", layers, training, schedule = {}, evaluation } = options;
  checkOptions("schedule", schedule, ["initial", "until", "every"]);
  const { initial = 0, until = 0.6, every = 10 } = schedule;
  checkNumber("sparsity", sparsity, 0, 1);
  checkNumber("schedule.initial", initial, 0, sparsity);
  checkNumber("schedule.until", until, 0, 1);
  checkNumber("schedule.every", every, 1, Number.MAX_SAFE_INTEGER, true);
  if (scope !== "global" && scope !== "layer")
    throw new CompressionError("COMPRESSION_OPTION", `There is no scope "${scope}"; there are "global" and "layer".`);
  const pruned = await copyModel(model);
  const pruner = new Pruner(kernelLayers(pruned, layers), scope);
  try {
    if (training === undefined) pruner.prune(sparsity);
    else
      await retrain(
        pruned,
        training,
        pruner.callbacks((share) => cubicSparsity(share, until, initial, sparsity), every, training),
      );
    if (training !== undefined && pruner.sparsity !== sparsity) pruner.prune(sparsity);
  } finally {
    pruner.dispose();
  }
  const done = Object.fromEntries(
    kernelLayers(pruned, layers).map(({ layer, variable }) => {
      const values = variable.dataSync() as Float32Array;
      const zeros = values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
      return [layer.name, `${zeros} of ${values.length} weights are 0`];
    }),
  );
  return compressed(model, pruned, evaluation, { layers: done });
}

/** Prunes weights to a share that may grow, and keeps at zero what has been pruned. */
class Pruner {
  readonly #zeros: ZeroMasks;
  readonly #scope: PruningScope;
  sparsity = 0;

  constructor(kernels: readonly KernelLayer[], scope: PruningScope) {
    this.#zeros = new ZeroMasks(kernels);
    this.#scope = scope;
  }

  prune(sparsity: number): void {
    this.sparsity = sparsity;
    this.#zeros.set((weights) => magnitudeMasks(weights, sparsity, this.#scope));
  }

  /** Prunes by the share of steps that are done. All that they need they find in the step's number and in the weights. */
  callbacks(sparsityAt: (share: number) => number, every: number, { steps, epochs }: Retraining): TrainCallbacks {
    let total = Number.NaN;
    return {
      onTrainBegin: ({ stepsPerEpoch }) => {
        const most = steps ?? Number.POSITIVE_INFINITY;
        total = Math.min(most, (epochs ?? (steps === undefined ? 1 : Number.POSITIVE_INFINITY)) * stepsPerEpoch);
      },
      onBatchEnd: ({ step }) => {
        // A run that goes on after a crash has the zeros of the last pruning in its weights, and finds them again.
        const last = Math.max(1, step - (step % every));
        if (step === last || this.#zeros.isEmpty) this.prune(sparsityAt(last / total));
        else this.#zeros.hold();
      },
    };
  }

  dispose(): void {
    this.#zeros.dispose();
  }
}
