import type { Dataset, FittedTransform, Transform } from "../data/index.ts";
import { KernelError } from "../errors.ts";
import { bestOf, CrossValidation, type CrossValidationOptions, type FoldScores } from "./cross-validation.ts";
import { checkOptions, type Kernel, type KernelOptions } from "./kernel.ts";
import { nearestPositiveSemidefinite } from "./positive-semidefinite.ts";

export interface FitKernelOptions extends CrossValidationOptions, KernelOptions {
  readonly kernels: Readonly<Record<string, Kernel>>;
  /** Values of C to try; [0.1, 1, 10, 100] by default. */
  readonly C?: readonly number[];
  /** Fitted anew on the training rows of each fold; the rows as they are by default. */
  readonly preprocessing?: Transform;
}

export interface KernelCandidate extends FoldScores {
  /** Its name among `kernels`. */
  readonly kernel: string;
}

export interface KernelFit {
  /** All that were tried, in the order given. */
  readonly candidates: readonly KernelCandidate[];
  readonly chosen: KernelCandidate;
  /** `preprocessing` fitted on all training rows. */
  readonly transform: FittedTransform | undefined;
  /** Circuit executions of all kernel matrices. */
  readonly executions: number;
}

export const DEFAULT_C: readonly number[] = [0.1, 1, 10, 100];

/**
 * Chooses among kernels, quantum or classical, and values of C by stratified cross-validation on these rows alone. It is how a classical
 * baseline gets the care that `fitEncoding` gives to a quantum kernel. Deterministic by seed.
 * @throws KernelError KERNEL_OPTION, SVC_CLASSES, SVC_CONVERGENCE; DataError DATA_SPLIT; what the kernels throw
 */
export async function fitKernel(train: Dataset, options: FitKernelOptions): Promise<KernelFit> {
  checkOptions("fitKernel", options, [
    "kernels",
    "C",
    "preprocessing",
    "folds",
    "seed",
    "score",
    "signal",
    "tags",
    "onSubmitted",
  ]);
  const { kernels, C = DEFAULT_C, preprocessing, signal, tags, onSubmitted } = options;
  const named = Object.entries(kernels ?? {});
  if (named.length === 0)
    throw new KernelError("KERNEL_OPTION", "fitKernel compares kernels by name, such as { rbf: rbfKernel() }.");
  const validation = new CrossValidation(train, C, options);
  const run: KernelOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(tags === undefined ? {} : { tags }),
    ...(onSubmitted === undefined ? {} : { onSubmitted }),
  };
  const scores = named.map((): Float64Array[] => []);
  let executions = 0;
  for (const fold of validation.folds) {
    const transform = preprocessing?.fit(fold.train);
    const rows = transform?.transform(fold.train) ?? fold.train;
    const all = transform?.transform(fold.all) ?? fold.all;
    for (const [index, [, kernel]] of named.entries()) {
      const matrix = await kernel.fitted(rows).matrix(all, undefined, run);
      executions += matrix.executions;
      if (matrix.stds !== undefined) makeTrainable(matrix.data, all.numRows, rows.numRows);
      scores[index]!.push(validation.scores(fold, matrix.data));
    }
  }
  const candidates = named.flatMap(([name], index) =>
    validation.summary(scores[index]!).map((summary) => ({ kernel: name, ...summary })),
  );
  return { candidates, chosen: bestOf(candidates), transform: preprocessing?.fit(train), executions };
}

/** Replaces the values of the training rows, the first ones, as a classifier does with a sampled matrix. */
function makeTrainable(matrix: Float64Array, stride: number, rows: number): void {
  const own = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) own.set(matrix.subarray(row * stride, row * stride + rows), row * rows);
  const near = nearestPositiveSemidefinite(own, rows, { unitDiagonal: true });
  for (let row = 0; row < rows; row++) matrix.set(near.subarray(row * rows, (row + 1) * rows), row * stride);
}
