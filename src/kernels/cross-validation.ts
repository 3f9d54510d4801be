import { type Dataset, kFold, selectRows } from "../data/index.ts";
import { KernelError } from "../errors.ts";
import { accuracy, f1, meanAndSpread, rocAuc } from "../metrics/index.ts";
import { pairDecisions, type TrainSettings, trainPairs, votedClasses } from "./one-vs-one.ts";

/** What a candidate is judged by, larger is better; `f1` is the mean over classes, `roc-auc` needs two classes. */
export type KernelScore = "accuracy" | "f1" | "roc-auc";
const SCORES: readonly KernelScore[] = ["accuracy", "f1", "roc-auc"];

export interface CrossValidationOptions {
  /** Parts of the training rows, each judged once by a classifier that has learned from the others; 5 by default. */
  readonly folds?: number;
  /** Decides the folds; 0 by default. */
  readonly seed?: number;
  /** "accuracy" by default. */
  readonly score?: KernelScore;
}

/** How one setting of C did. */
export interface FoldScores {
  readonly C: number;
  /** One for each fold. */
  readonly scores: Float64Array;
  readonly mean: number;
  /** Sample standard deviation over folds. */
  readonly spread: number;
}

/** Rows of one fold. */
export interface FoldRows {
  /** Those that are learned from. */
  readonly train: Dataset;
  /** The same, and then those that it is judged by. */
  readonly all: Dataset;
}

/** The same folds and the same judgement for all kernels that are compared. */
export class CrossValidation {
  readonly folds: readonly FoldRows[];
  readonly #C: readonly number[];
  readonly #score: KernelScore;
  readonly #numClasses: number;

  /** @throws KernelError KERNEL_OPTION, SVC_CLASSES; DataError DATA_SPLIT */
  constructor(train: Dataset, C: readonly number[], options: CrossValidationOptions) {
    const { folds = 5, seed = 0, score = "accuracy" } = options;
    if (train?.classes === undefined)
      throw new KernelError(
        "SVC_CLASSES",
        "Kernels are compared by classifying rows, so a dataset with classes is needed.",
      );
    if (!Array.isArray(C) || C.length === 0 || !C.every((one) => Number.isFinite(one) && one > 0))
      throw new KernelError("KERNEL_OPTION", "C is a list of numbers above 0, such as [1, 10, 100].");
    if (!SCORES.includes(score))
      throw new KernelError("KERNEL_OPTION", `score is ${JSON.stringify(score)}; give one of ${SCORES.join(", ")}.`);
    if (score === "roc-auc" && train.classes.length !== 2)
      throw new KernelError("KERNEL_OPTION", `roc-auc is for two classes, but there are ${train.classes.length}.`);
    this.folds = kFold(train, { folds, seed, stratified: true }).map((fold) => ({
      train: selectRows(train, fold.train),
      all: selectRows(train, [...fold.train, ...fold.validation]),
    }));
    this.#C = C;
    this.#score = score;
    this.#numClasses = train.classes.length;
  }

  /**
   * The score on the fold's other rows for each C.
   * @param kernel of all rows of the fold with each other [n, n]
   */
  scores({ train, all }: FoldRows, kernel: Float64Array): Float64Array {
    const stride = all.numRows;
    const held = stride - train.numRows;
    const cross = kernel.subarray(train.numRows * stride);
    const truth = all.y.subarray(train.numRows);
    return Float64Array.from(this.#C, (C) => {
      const settings: TrainSettings = {
        C,
        tolerance: 1e-3,
        maxIterations: 10_000_000,
        classWeights: new Float64Array(this.#numClasses).fill(1),
        probabilitySeed: undefined,
      };
      const models = trainPairs(kernel, train.y, settings, stride);
      const decisions = pairDecisions(models, cross, held, stride);
      if (this.#score === "roc-auc") return rocAuc(truth, decisions);
      const predicted = votedClasses(models, decisions, held, this.#numClasses);
      return this.#score === "f1" ? f1(truth, predicted, { average: "macro" }) : accuracy(truth, predicted);
    });
  }

  /** Means and spreads of what `scores` gave for each fold. */
  summary(scores: readonly Float64Array[]): readonly FoldScores[] {
    return this.#C.map((C, index) => {
      const own = Float64Array.from(scores, (fold) => fold[index]!);
      const { mean, spread } = meanAndSpread(own);
      return { C, scores: own, mean, spread: spread! };
    });
  }
}

/** The candidate with the highest mean; the first of equal ones. */
export function bestOf<Candidate extends FoldScores>(candidates: readonly Candidate[]): Candidate {
  let best = candidates[0]!;
  // Means of equal scores in another order of folds differ by rounding.
  for (const candidate of candidates) if (candidate.mean > best.mean + 1e-12) best = candidate;
  return best;
}
