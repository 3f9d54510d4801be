import { Circuit, describeValue } from "../../circuits/index.ts";
import { type Backend, isDifferentiable } from "../../providers/index.ts";
import { KernelError } from "../errors.ts";
import { type CircuitTemplate, resolveTemplate } from "../layers/circuit-template.ts";
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
import { OverlapCircuits } from "./overlap-circuits.ts";
import { StateOverlaps } from "./state-overlaps.ts";

/** Which states a kernel compares: a circuit, or a template for a number of qubits. */
export interface FeatureMapOptions {
  /** Encodes a row by its inputs; instead of `featureMap` and `qubits`. */
  readonly circuit?: Circuit;
  /** An encoding such as `perception.zz()`. */
  readonly featureMap?: CircuitTemplate | Circuit;
  readonly qubits?: number;
  /** Values of the circuit's weights, if it has any, in row order, radians. */
  readonly weights?: ArrayLike<number>;
  /**
   * Factor of all features before they become angles; 1 by default. What decides most how well a quantum kernel learns
   * (Shaydulin and Wild, arXiv:2111.05451; Canatar et al., arXiv:2206.06686): choose it by `fitEncoding`.
   */
  readonly bandwidth?: number;
  /** Where circuits run; by default their states are simulated here, exactly. */
  readonly provider?: Backend;
}

export interface QuantumKernelOptions extends FeatureMapOptions {
  /**
   * Shots for each pair of rows. Without it values are exact where the provider has exact values; elsewhere 1024.
   */
  readonly shots?: number;
  /** Decides samples; the provider's own by default. */
  readonly seed?: number;
}

const DEFAULT_SHOTS = 1024;

/**
 * The fidelity kernel k(x, y) = |<ψ(x)|ψ(y)>|² of a feature map (Havlíček et al., arXiv:1804.11326; Schuld and Killoran,
 * arXiv:1803.07128). In this process a state is simulated for each row. On a provider a circuit runs for each pair of
 * different rows: the map and its inverse, whose share of all zeros is the value. There the diagonal is not measured but set
 * to 1, what it is without noise.
 * @example const kernel = quantumKernel({ featureMap: perception.zz(), qubits: 4, bandwidth: 0.2 });
 * @throws KernelError KERNEL_OPTION, KERNEL_FEATURE_MAP, KERNEL_QUBITS (exact values on a provider); CircuitError
 * CIRCUIT_NOT_UNITARY; ModelError LAYER_PART, LAYER_QUBITS
 */
export function quantumKernel(options: QuantumKernelOptions): QuantumKernel {
  checkOptions("quantumKernel", options, [...FEATURE_MAP_OPTIONS, "shots", "seed"]);
  const { bandwidth = 1, provider, shots, seed } = options;
  if (shots !== undefined && !(Number.isSafeInteger(shots) && shots >= 1))
    throw new KernelError("KERNEL_OPTION", `shots is ${String(shots)}; give an integer of 1 or more.`);
  if (shots !== undefined && provider === undefined)
    throw new KernelError(
      "KERNEL_OPTION",
      "Shots need a provider, such as localSimulator(); without one values are exact.",
    );
  return new QuantumKernel(featureMapOf("quantumKernel", options), bandwidth, provider, shots, seed);
}

/** See `quantumKernel`. */
export class QuantumKernel implements Kernel {
  readonly kind = "fidelity";
  /** The feature map, with its weights bound. */
  readonly circuit: Circuit;
  readonly bandwidth: number;
  readonly numFeatures: number;
  readonly #states: StateOverlaps | undefined;
  readonly #circuits: OverlapCircuits | undefined;

  /** @internal Use `quantumKernel`. */
  constructor(
    circuit: Circuit,
    bandwidth: number,
    provider: Backend | undefined,
    shots: number | undefined,
    seed: number | undefined,
  ) {
    this.circuit = circuit;
    this.bandwidth = bandwidth;
    this.numFeatures = circuit.numInputs;
    if (provider === undefined || (shots === undefined && isDifferentiable(provider)))
      this.#states = new StateOverlaps(circuit);
    else
      this.#circuits = new OverlapCircuits(circuit, {
        provider,
        bandwidth,
        shots: shots ?? DEFAULT_SHOTS,
        exact: shots === undefined,
        seed,
      });
    Object.freeze(this);
  }

  fitted(): this {
    return this;
  }

  async matrix(a: KernelRows, b?: KernelRows, options: KernelOptions = {}): Promise<KernelMatrix> {
    checkOptions("matrix", options, KERNEL_OPTIONS);
    checkPair(a, b, this.numFeatures);
    if (this.#states === undefined) return this.#circuits!.fidelities(a, b, options);
    return {
      shape: [a.numRows, b?.numRows ?? a.numRows],
      data: await this.#states.fidelities(a, b, this.bandwidth, options.signal),
      stds: undefined,
      executions: a.numRows + (b?.numRows ?? 0),
      quantumSeconds: 0,
      jobIds: [],
    };
  }

  async plan(a: KernelRows, b?: KernelRows): Promise<KernelPlan> {
    checkPair(a, b, this.numFeatures);
    if (this.#circuits !== undefined) return this.#circuits.plan(a, b);
    const pairs = b === undefined ? (a.numRows * (a.numRows - 1)) / 2 : a.numRows * b.numRows;
    return { pairs, jobs: 0, executions: a.numRows + (b?.numRows ?? 0), quantumSeconds: 0 };
  }

  /** Without provider and shots: where a kernel runs is no part of it. */
  toJSON(): KernelJSON {
    return { kind: this.kind, circuit: this.circuit.toJSON(), bandwidth: this.bandwidth };
  }
}

export const KERNEL_OPTIONS = ["signal", "tags", "onSubmitted"] as const;

export const FEATURE_MAP_OPTIONS = ["circuit", "featureMap", "qubits", "weights", "bandwidth", "provider"] as const;

/**
 * The circuit that options name, with its weights bound.
 * @throws KernelError KERNEL_OPTION, KERNEL_FEATURE_MAP; ModelError LAYER_PART, LAYER_QUBITS
 */
export function featureMapOf(what: string, options: FeatureMapOptions): Circuit {
  const { bandwidth = 1, provider } = options;
  checkPositive("bandwidth", bandwidth);
  if (provider !== undefined && typeof provider?.sampler !== "function")
    throw new KernelError("KERNEL_OPTION", `${what} runs on a provider, such as localSimulator().`);
  const circuit = templateCircuit(what, options);
  if (circuit.numInputs === 0)
    throw new KernelError(
      "KERNEL_FEATURE_MAP",
      "The feature map has no inputs, so all rows would have one state; encode data by input().",
    );
  const weights = Array.from(options.weights ?? []);
  if (weights.length !== circuit.numWeights)
    throw new KernelError(
      "KERNEL_FEATURE_MAP",
      `The feature map has ${circuit.numWeights} weight(s) but was given ${weights.length}; give their values as weights: [...].`,
    );
  let at = 0;
  const values: Record<string, number | number[]> = {};
  for (const { name, role, shape, size } of circuit.vectors) {
    if (role !== "weight") continue;
    values[name] = shape.length === 0 ? weights[at]! : weights.slice(at, at + size);
    at += size;
  }
  return weights.length === 0 ? circuit : circuit.bind(values);
}

function templateCircuit(what: string, { circuit, featureMap, qubits }: FeatureMapOptions): Circuit {
  if ((circuit === undefined) === (featureMap === undefined))
    throw new KernelError("KERNEL_OPTION", `${what} takes either a circuit, or a featureMap and its number of qubits.`);
  if (circuit !== undefined) {
    if (circuit instanceof Circuit) return circuit;
    throw new KernelError("KERNEL_OPTION", `The circuit of ${what} is ${describeValue(circuit)}, and no Circuit.`);
  }
  const size = qubits ?? (featureMap instanceof Circuit ? featureMap.numQubits : undefined);
  if (size === undefined || !Number.isSafeInteger(size) || size < 1)
    throw new KernelError("KERNEL_OPTION", `${what} with a featureMap needs qubits, an integer of 1 or more.`);
  return resolveTemplate(featureMap!, "perception", size, []).circuit;
}
