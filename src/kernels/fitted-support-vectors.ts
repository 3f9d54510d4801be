import type { Backend, NDArray } from "../../providers/index.ts";
import { KernelError } from "../errors.ts";
import type { Kernel, KernelCosts, KernelJSON, KernelOptions, KernelRows } from "./kernel.ts";
import { kernelFromJSON } from "./kernel-json.ts";
import { classDecisions, classProbabilities, type PairModel, pairDecisions, votedClasses } from "./one-vs-one.ts";

/** All that a classifier says of some rows, from one kernel matrix. */
export interface Classification extends KernelCosts {
  /** Class index of each row. */
  readonly predicted: Float64Array;
  /** As `decisionFunction`. */
  readonly decisions: NDArray;
  /** [n, classes]; undefined unless the classifier was fitted with `probability`. */
  readonly probabilities: NDArray | undefined;
}

export interface SupportVectorsJSON {
  readonly format: "lepton-support-vectors@1";
  readonly kernel: KernelJSON;
  readonly classes: readonly string[];
  readonly numFeatures: number;
  /** [support vectors, numFeatures] */
  readonly support: readonly number[];
  readonly pairs: readonly {
    readonly positive: number;
    readonly negative: number;
    readonly rows: readonly number[];
    readonly coefficients: readonly number[];
    readonly bias: number;
    readonly sigmoid?: { readonly slope: number; readonly offset: number };
  }[];
}

/** A support vector classifier that has learned. Immutable. */
export class FittedSupportVectors {
  readonly kernel: Kernel;
  readonly classes: readonly string[];
  /** The training rows that decide, without the others. */
  readonly support: KernelRows;
  /** What the kernel matrix of the training rows took. */
  readonly costs: KernelCosts;
  readonly #pairs: readonly PairModel[];

  /** @internal Use `supportVectorClassifier`. */
  constructor(
    kernel: Kernel,
    classes: readonly string[],
    support: KernelRows,
    pairs: readonly PairModel[],
    costs: KernelCosts,
  ) {
    this.kernel = kernel;
    this.classes = Object.freeze([...classes]);
    this.support = support;
    this.costs = costs;
    this.#pairs = pairs;
    Object.freeze(this);
  }

  /** Class index of each row. @throws what the kernel throws */
  async predict(rows: KernelRows, options?: KernelOptions): Promise<Float64Array> {
    return (await this.classify(rows, options)).predicted;
  }

  /**
   * For two classes [n]: above 0 for class 1. For more [n, classes]: the larger, the more likely.
   * @throws what the kernel throws
   */
  async decisionFunction(rows: KernelRows, options?: KernelOptions): Promise<NDArray> {
    return (await this.classify(rows, options)).decisions;
  }

  /** [n, classes] @throws KernelError SVC_PROBABILITY when it was not fitted for them; what the kernel throws */
  async probabilities(rows: KernelRows, options?: KernelOptions): Promise<NDArray> {
    if (this.#pairs.some(({ sigmoid }) => sigmoid === undefined))
      throw new KernelError(
        "SVC_PROBABILITY",
        "The classifier was fitted without probabilities; use supportVectorClassifier({ ..., probability: true }).",
      );
    return (await this.classify(rows, options)).probabilities!;
  }

  /** All of these from one kernel matrix, with what it took. @throws what the kernel throws */
  async classify(rows: KernelRows, options: KernelOptions = {}): Promise<Classification> {
    const { data, executions, quantumSeconds, jobIds } = await this.kernel.matrix(rows, this.support, options);
    const n = rows.numRows;
    const k = this.classes.length;
    const pairs = this.#pairs;
    const f = pairDecisions(pairs, data, n, this.support.numRows);
    return {
      predicted: votedClasses(pairs, f, n, k),
      decisions: k === 2 ? { shape: [n], data: f } : { shape: [n, k], data: classDecisions(pairs, f, n, k) },
      probabilities: pairs.some(({ sigmoid }) => sigmoid === undefined)
        ? undefined
        : { shape: [n, k], data: classProbabilities(pairs, f, n, k) },
      executions,
      quantumSeconds,
      jobIds,
    };
  }

  toJSON(): SupportVectorsJSON {
    return {
      format: "lepton-support-vectors@1",
      kernel: this.kernel.toJSON(),
      classes: this.classes,
      numFeatures: this.support.numFeatures,
      support: [...this.support.x],
      pairs: this.#pairs.map(({ positive, negative, rows, coefficients, bias, sigmoid }) => ({
        positive,
        negative,
        rows: [...rows],
        coefficients: [...coefficients],
        bias,
        ...(sigmoid === undefined ? {} : { sigmoid }),
      })),
    };
  }

  /**
   * What `toJSON` gave, to run where `options` say; it predicts the same bits.
   * @throws KernelError SVC_JSON, and what `kernelFromJSON` throws
   */
  static fromJSON(
    json: SupportVectorsJSON,
    options: { readonly provider?: Backend; readonly shots?: number; readonly precision?: number } = {},
  ): FittedSupportVectors {
    if (json?.format !== "lepton-support-vectors@1" || !isWhole(json))
      throw new KernelError(
        "SVC_JSON",
        `Expected a classifier of format "lepton-support-vectors@1" with classes, support vectors and pairs, but found ${JSON.stringify(json?.format)}.`,
      );
    const { numFeatures, support } = json;
    return new FittedSupportVectors(
      kernelFromJSON(json.kernel, options),
      json.classes,
      { x: Float64Array.from(support), numRows: support.length / numFeatures, numFeatures },
      json.pairs.map((pair) => ({
        ...pair,
        rows: Int32Array.from(pair.rows),
        coefficients: Float64Array.from(pair.coefficients),
        sigmoid: pair.sigmoid,
      })),
      { executions: 0, quantumSeconds: 0, jobIds: [] },
    );
  }
}

function isWhole({ classes, numFeatures, support, pairs }: SupportVectorsJSON): boolean {
  const areNumbers = (list: unknown): boolean => Array.isArray(list) && list.every((value) => Number.isFinite(value));
  if (!Array.isArray(classes) || !areNumbers(support) || !Array.isArray(pairs) || pairs.length === 0) return false;
  const numRows = support.length / numFeatures;
  const isIndex = (value: number, size: number): boolean => Number.isSafeInteger(value) && value >= 0 && value < size;
  return (
    Number.isSafeInteger(numRows) &&
    pairs.every(
      ({ positive, negative, rows, coefficients, bias, sigmoid }) =>
        isIndex(positive, classes.length) &&
        isIndex(negative, classes.length) &&
        areNumbers(rows) &&
        areNumbers(coefficients) &&
        rows.length === coefficients.length &&
        rows.every((row: number) => isIndex(row, numRows)) &&
        Number.isFinite(bias) &&
        (sigmoid === undefined || (Number.isFinite(sigmoid.slope) && Number.isFinite(sigmoid.offset))),
    )
  );
}
