import { KernelError } from "../errors.ts";
import { optionsCheck, type TypedOptionsCheck } from "../options-check.ts";

/** n rows of D features, row-major; any `Features` or `Dataset` of `lepton/data` is one. */
export interface KernelRows {
  readonly x: Float64Array;
  readonly numRows: number;
  readonly numFeatures: number;
}

/** A kernel as JSON; `kernelFromJSON` reads it. */
export interface KernelJSON {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface KernelOptions {
  readonly signal?: AbortSignal;
  /** For the jobs of a provider. */
  readonly tags?: readonly string[];
  /** Told of each job before it is waited for. */
  readonly onSubmitted?: (jobId: string) => void | Promise<void>;
}

/** What kernel values took. */
export interface KernelCosts {
  /** Circuit executions: states or rows of circuits that were simulated exactly, or shots; 0 for a classical kernel. */
  readonly executions: number;
  /** Seconds of a quantum computer. */
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/** Kernel values k(a_i, b_j). */
export interface KernelMatrix extends KernelCosts {
  /** [n, m] */
  readonly shape: readonly [n: number, m: number];
  /** Row-major. */
  readonly data: Float64Array;
  /** Standard errors [n, m]; undefined where the values are exact. */
  readonly stds: Float64Array | undefined;
}

/** What a kernel matrix will take, known before anything is sent. */
export interface KernelPlan {
  /** Values that are not known beforehand: the upper half of a symmetric matrix without its diagonal. */
  readonly pairs: number;
  readonly jobs: number;
  /** See `KernelCosts.executions`. */
  readonly executions: number;
  readonly quantumSeconds: number;
}

/** A positive semidefinite function of two rows. Immutable. */
export interface Kernel {
  readonly kind: string;
  /** Features that a row must have; undefined for any number. */
  readonly numFeatures: number | undefined;
  /**
   * The kernel with what it takes from training rows, such as the width of an RBF kernel; itself where it takes nothing.
   * @throws KernelError KERNEL_ROWS
   */
  fitted(train: KernelRows): Kernel;
  /**
   * All values between rows of `a` [n, D] and of `b` [m, D], or of `a` with itself, which takes half.
   * @throws KernelError KERNEL_ROWS, KERNEL_MEMORY; the provider's errors; the signal's reason when aborted
   */
  matrix(a: KernelRows, b?: KernelRows, options?: KernelOptions): Promise<KernelMatrix>;
  /** What `matrix` would run, without running it. @throws as `matrix` */
  plan(a: KernelRows, b?: KernelRows): Promise<KernelPlan>;
  toJSON(): KernelJSON;
}

/** @throws KernelError KERNEL_OPTION unless `options` is an object of known options */
export const checkOptions: TypedOptionsCheck = optionsCheck(KernelError, "KERNEL_OPTION");

/** @throws KernelError KERNEL_OPTION */
export function checkPositive(what: string, value: number): void {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return;
  throw new KernelError("KERNEL_OPTION", `${what} is ${String(value)}; give a finite number above 0.`);
}

/** @throws KernelError KERNEL_ROWS unless there are rows of as many finite features as are needed */
export function checkRows(rows: KernelRows, numFeatures?: number): void {
  if (!(rows?.x instanceof Float64Array) || !Number.isSafeInteger(rows.numRows) || rows.numRows < 1)
    throw new KernelError(
      "KERNEL_ROWS",
      "A kernel takes one row or more, as { x: Float64Array, numRows, numFeatures }; a dataset of lepton/data is such.",
    );
  if (rows.x.length !== rows.numRows * rows.numFeatures)
    throw new KernelError(
      "KERNEL_ROWS",
      `${rows.numRows} row(s) of ${rows.numFeatures} feature(s) are ${rows.numRows * rows.numFeatures} values, not ${rows.x.length}.`,
    );
  if (numFeatures !== undefined && rows.numFeatures !== numFeatures)
    throw new KernelError(
      "KERNEL_ROWS",
      `Rows of ${rows.numFeatures} feature(s) do not go with a kernel or with rows of ${numFeatures}.`,
    );
  for (let i = 0; i < rows.x.length; i++)
    if (!Number.isFinite(rows.x[i]))
      throw new KernelError(
        "KERNEL_ROWS",
        `Feature ${i % rows.numFeatures} of row ${Math.floor(i / rows.numFeatures)} is ${rows.x[i]}; features must be finite.`,
      );
}

/** @throws KernelError KERNEL_ROWS */
export function checkPair(a: KernelRows, b: KernelRows | undefined, numFeatures?: number): void {
  checkRows(a, numFeatures);
  if (b !== undefined) checkRows(b, numFeatures ?? a.numFeatures);
}
