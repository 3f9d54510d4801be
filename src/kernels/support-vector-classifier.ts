import { KernelError } from "../errors.ts";
import { FittedSupportVectors } from "./fitted-support-vectors.ts";
import { checkOptions, checkPositive, checkRows, type Kernel, type KernelOptions, type KernelRows } from "./kernel.ts";
import { type PairModel, trainPairs } from "./one-vs-one.ts";
import { nearestPositiveSemidefinite } from "./positive-semidefinite.ts";

/** Rows with a class index each; a `Dataset` of `lepton/data` for classification is such. */
export interface LabelledRows extends KernelRows {
  readonly y: Float64Array;
  /** Names of the classes 0, 1, ...; by default the indices up to the highest that occurs. */
  readonly classes?: readonly string[] | undefined;
}

export interface SupportVectorOptions {
  readonly kernel: Kernel;
  /** Price of a row on the wrong side of its margin, above 0; 1 by default. */
  readonly C?: number;
  /** Factors of C for each class, or "balanced": inversely as its share of the training rows. All 1 by default. */
  readonly classWeights?: "balanced" | readonly number[];
  /** Also fits probabilities, by cross-validation within the training rows; false by default. */
  readonly probability?: boolean;
  /** Decides the folds of that; 0 by default. */
  readonly seed?: number;
  /** Largest violation of the optimality conditions that is accepted; 1e-3 by default. */
  readonly tolerance?: number;
  /** 10 million by default. */
  readonly maxIterations?: number;
}

export interface SupportVectorClassifier {
  /**
   * Learns from these rows: one kernel matrix, and a convex problem for each pair of classes.
   * @throws KernelError KERNEL_ROWS, SVC_CLASSES, SVC_CONVERGENCE; what the kernel throws
   */
  fit(train: LabelledRows, options?: KernelOptions): Promise<FittedSupportVectors>;
}

/**
 * Support vector classification (C-SVC) on any kernel, quantum or classical, so that both are treated alike. More than two classes
 * vote by pairs. A kernel matrix that was sampled is replaced by the nearest positive semidefinite one with ones on its diagonal.
 * @example
 * const kernel = quantumKernel({ featureMap: perception.zz(), qubits: 4, bandwidth: 0.2 });
 * const classifier = await supportVectorClassifier({ kernel, C: 10 }).fit(train);
 * const predicted = await classifier.predict(test);
 * @throws KernelError KERNEL_OPTION
 */
export function supportVectorClassifier(options: SupportVectorOptions): SupportVectorClassifier {
  checkOptions("supportVectorClassifier", options, [
    "kernel",
    "C",
    "classWeights",
    "probability",
    "seed",
    "tolerance",
    "maxIterations",
  ]);
  const { kernel, C = 1, probability = false, seed = 0, tolerance = 1e-3, maxIterations = 10_000_000 } = options;
  if (typeof kernel?.matrix !== "function")
    throw new KernelError(
      "KERNEL_OPTION",
      "A support vector classifier needs a kernel, such as quantumKernel({ ... }).",
    );
  checkPositive("C", C);
  checkPositive("tolerance", tolerance);
  checkPositive("maxIterations", maxIterations);
  return {
    async fit(train, run = {}) {
      const classes = classesOf(train);
      const fitted = kernel.fitted(train);
      const measured = await fitted.matrix(train, undefined, run);
      const matrix =
        measured.stds === undefined
          ? measured.data
          : nearestPositiveSemidefinite(measured.data, train.numRows, { unitDiagonal: true });
      const models = trainPairs(matrix, train.y, {
        C,
        tolerance,
        maxIterations,
        classWeights: weightsOf(options.classWeights, train.y, classes.length),
        probabilitySeed: probability ? seed : undefined,
      });
      const { support, pairs } = supportOf(train, models);
      const { executions, quantumSeconds, jobIds } = measured;
      return new FittedSupportVectors(fitted, classes, support, pairs, { executions, quantumSeconds, jobIds });
    },
  };
}

/** @throws KernelError KERNEL_ROWS, SVC_CLASSES */
function classesOf(train: LabelledRows): readonly string[] {
  checkRows(train);
  if (train.y?.length !== train.numRows)
    throw new KernelError(
      "SVC_CLASSES",
      `${train.numRows} row(s) need as many classes, but ${train.y?.length} were given.`,
    );
  let highest = 0;
  for (const label of train.y) if (label > highest) highest = label;
  const classes = train.classes ?? Array.from({ length: Math.floor(Math.min(highest, 1e6)) + 1 }, (_, i) => String(i));
  const wrong = train.y.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes.length));
  if (wrong >= 0)
    throw new KernelError(
      "SVC_CLASSES",
      `The class of row ${wrong} is ${train.y[wrong]}; ${train.classes === undefined ? "a classifier takes a dataset with classes" : `classes are integers from 0 to ${classes.length - 1}`}.`,
    );
  return classes;
}

/** @throws KernelError KERNEL_OPTION */
function weightsOf(given: SupportVectorOptions["classWeights"], y: Float64Array, numClasses: number): Float64Array {
  if (given === undefined) return new Float64Array(numClasses).fill(1);
  if (given === "balanced") {
    const counts = new Float64Array(numClasses);
    for (const label of y) counts[label]!++;
    const present = counts.filter((count) => count > 0).length;
    return counts.map((count) => (count === 0 ? 1 : y.length / (present * count)));
  }
  if (!Array.isArray(given) || given.length !== numClasses || !given.every((one) => Number.isFinite(one) && one > 0))
    throw new KernelError(
      "KERNEL_OPTION",
      `classWeights are "balanced" or ${numClasses} numbers above 0, one for each class, not ${JSON.stringify(given)}.`,
    );
  return Float64Array.from(given);
}

/** The rows that any pair needs, and the pairs in their numbering. */
function supportOf(
  train: KernelRows,
  models: readonly PairModel[],
): { readonly support: KernelRows; readonly pairs: readonly PairModel[] } {
  const rows = [...new Set(models.flatMap((model) => [...model.rows]))].sort((a, b) => a - b);
  const place = new Map(rows.map((row, index) => [row, index]));
  const { numFeatures } = train;
  const x = new Float64Array(rows.length * numFeatures);
  for (const [index, row] of rows.entries())
    x.set(train.x.subarray(row * numFeatures, (row + 1) * numFeatures), index * numFeatures);
  return {
    support: { x, numRows: rows.length, numFeatures },
    pairs: models.map((model) => ({ ...model, rows: model.rows.map((row) => place.get(row)!) })),
  };
}
