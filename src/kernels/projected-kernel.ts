import { type Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { type Backend, isDifferentiable, localSimulator, shotsFor } from "../../providers/index.ts";
import { runExpectations } from "../gradients/expectation-job.ts";
import { rowFunctionMatrix, squaredExponential } from "./classical-kernels.ts";
import {
  checkOptions,
  checkPair,
  checkPositive,
  type Kernel,
  type KernelJSON,
  type KernelMatrix,
  type KernelOptions,
  type KernelPlan,
  type KernelRows,
} from "./kernel.ts";
import { FEATURE_MAP_OPTIONS, type FeatureMapOptions, featureMapOf, KERNEL_OPTIONS } from "./quantum-kernel.ts";

export interface ProjectedKernelOptions extends FeatureMapOptions {
  /** γ, above 0; 1 by default. */
  readonly gamma?: number;
  /** Target standard error of the one-qubit expectation values; exact without it where the provider can, else 1/32. */
  readonly precision?: number;
  /** Decides samples; the provider's own by default. */
  readonly seed?: number;
}

/**
 * The projected quantum kernel exp(-γ Σ_q |ρ_q(x) - ρ_q(y)|²) of the one-qubit reduced density matrices in the Frobenius norm
 * (Huang et al., arXiv:2011.01938, equation 9). With ρ = (1 + r·σ)/2 that is γ/2 times the squared distance of all Bloch vectors, so a
 * circuit runs once a row, in three measurement settings, and not once a pair; and values do not concentrate as fidelities of
 * many qubits do.
 * @throws KernelError KERNEL_OPTION, KERNEL_FEATURE_MAP; ModelError LAYER_PART, LAYER_QUBITS
 */
export function projectedQuantumKernel(options: ProjectedKernelOptions): ProjectedQuantumKernel {
  checkOptions("projectedQuantumKernel", options, [...FEATURE_MAP_OPTIONS, "gamma", "precision", "seed"]);
  const { bandwidth = 1, gamma = 1, provider, precision, seed } = options;
  checkPositive("gamma", gamma);
  if (precision !== undefined) checkPositive("precision", precision);
  return new ProjectedQuantumKernel(
    featureMapOf("projectedQuantumKernel", options),
    bandwidth,
    gamma,
    provider ?? localSimulator(),
    precision ?? ((provider?.capabilities.exact ?? true) ? 0 : DEFAULT_PRECISION),
    seed,
  );
}

/** 1024 shots for each setting. */
const DEFAULT_PRECISION = 1 / 32;
/** Bases in which all qubits are measured: X, Y and Z. */
const SETTINGS = 3;

/** Bloch vectors of all qubits for each row, and what they took. */
interface BlochVectors {
  /** [n, 3·qubits] */
  readonly rows: KernelRows;
  readonly stds: Float64Array | undefined;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/** See `projectedQuantumKernel`. */
export class ProjectedQuantumKernel implements Kernel {
  readonly kind = "projected";
  readonly circuit: Circuit;
  readonly bandwidth: number;
  readonly gamma: number;
  readonly numFeatures: number;
  readonly #provider: Backend;
  readonly #precision: number;
  readonly #seed: number | undefined;
  readonly #observables: readonly SparsePauliOp[];

  /** @internal Use `projectedQuantumKernel`. */
  constructor(
    circuit: Circuit,
    bandwidth: number,
    gamma: number,
    provider: Backend,
    precision: number,
    seed: number | undefined,
  ) {
    this.circuit = circuit;
    this.bandwidth = bandwidth;
    this.gamma = gamma;
    this.numFeatures = circuit.numInputs;
    this.#provider = provider;
    this.#precision = precision;
    this.#seed = seed;
    this.#observables = Array.from({ length: 3 * circuit.numQubits }, (_, k) =>
      SparsePauliOp.fromMaps(circuit.numQubits, [[{ [Math.floor(k / 3)]: "XYZ"[k % 3] as "X" | "Y" | "Z" }, 1]]),
    );
    Object.freeze(this);
  }

  fitted(): this {
    return this;
  }

  async matrix(a: KernelRows, b?: KernelRows, options: KernelOptions = {}): Promise<KernelMatrix> {
    checkOptions("matrix", options, KERNEL_OPTIONS);
    checkPair(a, b, this.numFeatures);
    const left = await this.#bloch(a, options);
    const right = b === undefined ? left : await this.#bloch(b, options);
    const parts = b === undefined ? [left] : [left, right];
    const data = rowFunctionMatrix(
      squaredExponential(this.gamma / 2),
      left.rows,
      b === undefined ? undefined : right.rows,
    );
    return {
      shape: [a.numRows, b?.numRows ?? a.numRows],
      data,
      stds: left.stds === undefined || right.stds === undefined ? undefined : this.#stds(left, right, data),
      executions: parts.reduce((sum, { executions }) => sum + executions, 0),
      quantumSeconds: parts.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0),
      jobIds: parts.flatMap(({ jobIds }) => jobIds),
    };
  }

  async plan(a: KernelRows, b?: KernelRows): Promise<KernelPlan> {
    checkPair(a, b, this.numFeatures);
    const total = { pairs: 0, jobs: 0, executions: 0, quantumSeconds: 0 };
    for (const rows of b === undefined ? [a] : [a, b]) {
      total.pairs = b === undefined ? (a.numRows * (a.numRows - 1)) / 2 : a.numRows * b.numRows;
      if (this.#isLocal) {
        total.executions += rows.numRows;
        continue;
      }
      const precision = this.#precision;
      const parameterValues = { shape: [rows.numRows, 1, this.numFeatures], data: this.#values(rows) };
      const pub = { circuit: this.circuit, observables: this.#observables, parameterValues };
      const plan = await this.#provider.estimator({ precision }).plan?.([pub]);
      total.jobs += plan?.subJobs ?? 1;
      total.executions += plan?.executions ?? rows.numRows * (precision === 0 ? 1 : SETTINGS * shotsFor(precision));
      total.quantumSeconds += plan?.quantumSeconds ?? 0;
    }
    return total;
  }

  /** Without provider and precision: where a kernel runs is no part of it. */
  toJSON(): KernelJSON {
    return { kind: this.kind, circuit: this.circuit.toJSON(), bandwidth: this.bandwidth, gamma: this.gamma };
  }

  get #isLocal(): boolean {
    return this.#precision === 0 && isDifferentiable(this.#provider);
  }

  #values(rows: KernelRows): Float64Array {
    return rows.x.map((value) => this.bandwidth * value);
  }

  async #bloch(rows: KernelRows, { signal, tags, onSubmitted }: KernelOptions): Promise<BlochVectors> {
    signal?.throwIfAborted();
    const numFeatures = this.#observables.length;
    const values = this.#values(rows);
    const provider = this.#provider;
    if (this.#isLocal && isDifferentiable(provider)) {
      const x = new Float64Array(rows.numRows * numFeatures);
      provider.differentiate(this.circuit, this.#observables).forward(values, new Float64Array(0), rows.numRows, x);
      const measured = { x, numRows: rows.numRows, numFeatures };
      return { rows: measured, stds: undefined, executions: rows.numRows, quantumSeconds: 0, jobIds: [] };
    }
    const { results, ...costs } = await runExpectations(
      provider,
      [{ circuit: this.circuit, observables: this.#observables, shape: [rows.numRows], data: values }],
      {
        precision: this.#precision,
        seed: this.#seed,
        ...(signal === undefined ? {} : { signal }),
        ...(tags === undefined ? {} : { tags }),
        ...(onSubmitted === undefined ? {} : { onSubmitted }),
      },
    );
    const { evs, stds } = results[0]!;
    const isExact = stds.every((std) => std === 0);
    return {
      rows: { x: Float64Array.from(evs), numRows: rows.numRows, numFeatures },
      stds: isExact ? undefined : stds,
      ...costs,
    };
  }

  /** To first order in the errors of the expectation values, taken as independent. */
  #stds(a: BlochVectors, b: BlochVectors, data: Float64Array): Float64Array {
    const width = this.#observables.length;
    const n = a.rows.numRows;
    const m = b.rows.numRows;
    const stds = new Float64Array(n * m);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++) {
        // A row with itself is certain: both sides are the same numbers.
        if (a === b && i === j) continue;
        let variance = 0;
        for (let k = 0; k < width; k++) {
          const difference = a.rows.x[i * width + k]! - b.rows.x[j * width + k]!;
          variance += difference ** 2 * (a.stds![i * width + k]! ** 2 + b.stds![j * width + k]! ** 2);
        }
        stds[i * m + j] = this.gamma * data[i * m + j]! * Math.sqrt(variance);
      }
    return stds;
  }
}
