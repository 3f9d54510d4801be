import { readFileSync } from "node:fs";
import { Circuit, input, type ParameterVector, SparsePauliOp, weight } from "../../circuits/index.ts";
import { readExpression } from "./expression-text.ts";

/** One gate of a golden item; `exprs` (texts over w[i] and x[i]) stand in for `params`. */
export interface GoldenOperation {
  readonly gate: string;
  readonly qubits: readonly number[];
  readonly params?: readonly number[];
  readonly exprs?: readonly string[];
}

/** What every golden item with a circuit has; w and x are the values of weights and inputs. */
export interface GoldenCircuit {
  readonly id: string;
  readonly n: number;
  readonly ops: readonly GoldenOperation[];
  readonly w?: readonly number[];
  readonly x?: readonly number[];
}

export interface GoldenState extends GoldenCircuit {
  readonly amplitudes: readonly (readonly [re: number, im: number])[];
  /** By Pauli string, such as "X0 Z1". */
  readonly expectations: Readonly<Record<string, number>>;
  readonly qasm3: string;
}

export interface GoldenGradient extends GoldenCircuit {
  readonly observable: readonly (readonly [pauli: string, coefficient: number])[];
  readonly w: readonly number[];
  readonly x: readonly number[];
  readonly value: number;
  readonly grad_w: readonly number[];
  readonly grad_x: readonly number[];
  /** Where there are at most six weights. */
  readonly hessian_w?: readonly (readonly number[])[];
}

export interface GoldenHamiltonian {
  readonly id: string;
  readonly n: number;
  readonly terms: readonly (readonly [pauli: string, coefficient: number])[];
  readonly ground_energy: number;
  /** The four lowest eigenvalues, ascending. */
  readonly lowest: readonly number[];
  readonly max_energy: number;
  readonly hf_energy?: number;
  readonly hf_bits_q0_first?: readonly number[];
  readonly best_bitstrings_int?: readonly number[];
}

/** The Fubini-Study metric of a circuit without inputs at `w`; the quantum Fisher information is four times that. */
export interface GoldenMetric extends GoldenCircuit {
  readonly w: readonly number[];
  readonly metric: readonly (readonly number[])[];
}

/** A channel of a noisy circuit, by its formula's numbers. */
export interface GoldenChannel {
  readonly channel: string;
  readonly args: readonly number[];
  readonly qubits: readonly number[];
}

export interface GoldenNoisyCircuit {
  readonly id: string;
  readonly n: number;
  readonly ops: readonly (GoldenOperation | GoldenChannel)[];
  readonly expectations: Readonly<Record<string, number>>;
  /** By basis state. */
  readonly probabilities: readonly number[];
  readonly purity: number;
  /** By rows; up to three qubits. */
  readonly density_matrix?: readonly (readonly (readonly [re: number, im: number])[])[];
  /** By qubit: [[P(0|0), P(1|0)], [P(0|1), P(1|1)]]. */
  readonly readout?: readonly (readonly [readonly [number, number], readonly [number, number]])[];
  readonly probabilities_after_readout?: readonly number[];
}

/** A kernel of the ZZ feature map at points [m][n]. */
export interface GoldenKernel {
  readonly id: string;
  readonly n: number;
  readonly reps: number;
  readonly entanglement: "full" | "linear";
  readonly points: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly kernel: readonly (readonly number[])[];
  readonly min_eigenvalue: number;
}

function read<Item>(name: string): readonly Item[] {
  const url = new URL(`../fixtures/golden/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { readonly items: readonly Item[] }).items;
}
export const goldenStates = (): readonly GoldenState[] => read("statevectors");
export const goldenGradients = (): readonly GoldenGradient[] => read("gradients");
export const goldenHamiltonians = (): readonly GoldenHamiltonian[] => read("hamiltonians");
export const goldenNoise = (): readonly GoldenNoisyCircuit[] => read("noise");
export const goldenMetrics = (): readonly GoldenMetric[] => read("metric");
export const goldenKernels = (): readonly GoldenKernel[] => read("kernels");

/**
 * The item's circuit: weights `w` and inputs `x` as long as the item's values (a vector that would be empty is left
 * out), so a row of parameter values is `[...item.x, ...item.w]`.
 */
export function goldenCircuit({ n, ops, w = [], x = [] }: GoldenCircuit): Circuit {
  const vectors: Record<string, ParameterVector> = {};
  if (x.length > 0) vectors.x = input("x", x.length);
  if (w.length > 0) vectors.w = weight("w", w.length);
  const resolve = (name: string) => {
    const match = /^([wx])\[(\d+)\]$/.exec(name);
    return match === null ? undefined : vectors[match[1]!]!.at(Number(match[2]));
  };
  return Circuit.build(n, (builder) => {
    builder.declare(...Object.values(vectors));
    for (const { gate, qubits, params = [], exprs } of ops)
      builder.gate(gate, exprs === undefined ? params : exprs.map((text) => readExpression(text, resolve)), qubits);
  });
}

/** A Pauli sum as golden items write it: `[["X0 Z3", 0.5], ...]`. */
export const goldenObservable = (
  numQubits: number,
  terms: readonly (readonly [pauli: string, coefficient: number])[],
): SparsePauliOp => SparsePauliOp.fromJSON({ numQubits, terms });
