import { KernelError } from "../errors.ts";
import {
  checkOptions,
  checkPair,
  checkPositive,
  checkRows,
  type Kernel,
  type KernelJSON,
  type KernelRows,
} from "./kernel.ts";

/** The inner product x·y, for a classical baseline. */
export function linearKernel(): Kernel {
  const kernel: Kernel = classicalKernel("linear", dot, () => kernel, {});
  return kernel;
}

/**
 * exp(-γ|x - y|²), for a classical baseline.
 * @param options.gamma above 0; "scale" (default) takes 1/(D·variance of all training values), as scikit-learn does
 * @throws KernelError KERNEL_OPTION
 */
export function rbfKernel(options: { readonly gamma?: number | "scale" } = {}): Kernel {
  checkOptions("rbfKernel", options, ["gamma"]);
  const { gamma = "scale" } = options;
  if (gamma !== "scale") checkPositive("gamma", gamma);
  const value = gamma === "scale" ? undefined : squaredExponential(gamma);
  const kernel: Kernel = classicalKernel(
    "rbf",
    value,
    (train) => (gamma === "scale" ? rbfKernel({ gamma: scaleGamma(train) }) : kernel),
    { gamma },
  );
  return kernel;
}

/** 1/(D·variance), the variance (divisor n) over all values of all rows; 1 where they do not vary. @throws KernelError KERNEL_ROWS */
export function scaleGamma(train: KernelRows): number {
  checkRows(train);
  const { x, numFeatures } = train;
  let mean = 0;
  for (let i = 0; i < x.length; i++) mean += (x[i]! - mean) / (i + 1);
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i]! - mean) ** 2;
  return squares === 0 ? 1 : x.length / (numFeatures * squares);
}

/** k of row i of `a` and row j of `b`, both of `width` values. */
export type RowFunction = (a: Float64Array, i: number, b: Float64Array, j: number, width: number) => number;

function dot(a: Float64Array, i: number, b: Float64Array, j: number, width: number): number {
  let sum = 0;
  for (let f = 0; f < width; f++) sum += a[i * width + f]! * b[j * width + f]!;
  return sum;
}

export function squaredExponential(gamma: number): RowFunction {
  return (a, i, b, j, width) => {
    let sum = 0;
    for (let f = 0; f < width; f++) sum += (a[i * width + f]! - b[j * width + f]!) ** 2;
    return Math.exp(-gamma * sum);
  };
}

/** All values of a function of two rows [n, m]; half of them computed where `b` is left out. */
export function rowFunctionMatrix(value: RowFunction, a: KernelRows, b: KernelRows | undefined): Float64Array {
  const width = a.numFeatures;
  const n = a.numRows;
  const m = b?.numRows ?? n;
  const right = b?.x ?? a.x;
  const data = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = b === undefined ? i : 0; j < m; j++) {
      data[i * m + j] = value(a.x, i, right, j, width);
      if (b === undefined) data[j * m + i] = data[i * m + j]!;
    }
  return data;
}

function classicalKernel(
  kind: string,
  value: RowFunction | undefined,
  fitted: (train: KernelRows) => Kernel,
  settings: Readonly<Record<string, unknown>>,
): Kernel {
  return Object.freeze({
    kind,
    numFeatures: undefined,
    fitted,
    async matrix(a: KernelRows, b?: KernelRows) {
      checkPair(a, b);
      if (value === undefined)
        throw new KernelError(
          "KERNEL_NOT_FITTED",
          'gamma: "scale" is taken from training rows; use kernel.fitted(train), as a classifier does.',
        );
      return {
        shape: [a.numRows, b?.numRows ?? a.numRows] as const,
        data: rowFunctionMatrix(value, a, b),
        stds: undefined,
        executions: 0,
        quantumSeconds: 0,
        jobIds: [],
      };
    },
    async plan(a: KernelRows, b?: KernelRows) {
      checkPair(a, b);
      const pairs = b === undefined ? (a.numRows * (a.numRows + 1)) / 2 : a.numRows * b.numRows;
      return { pairs, jobs: 0, executions: 0, quantumSeconds: 0 };
    },
    toJSON: (): KernelJSON => ({ kind, ...settings }),
  });
}
