import {
  Circuit,
  describeValue,
  foldWeights,
  type Operation,
  reduceCircuit,
  SparsePauliOp,
} from "../../../circuits/index.ts";
import { CompressionError } from "../../errors.ts";
import { optionsCheck } from "../../options-check.ts";

/** A circuit, values of its weights, and what is measured. */
export interface TrainedCircuit {
  /** Unitary; its inputs stay whatever becomes of its weights. */
  readonly circuit: Circuit;
  /** [W] in row order, radians. */
  readonly weights: Float64Array;
  readonly observables: readonly SparsePauliOp[];
  /** What an objective trains beside the circuit, such as the weights of classical layers; only it looks inside. */
  readonly companion?: unknown;
}

/** How large a circuit is, as it stands. */
export interface CircuitSize {
  /** Gates and unitaries. */
  readonly gates: number;
  /** Of these, those on two qubits or more. */
  readonly entanglers: number;
  readonly depth: number;
  readonly weights: number;
}

/** What a compression did. */
export interface CompressionReport {
  readonly before: CircuitSize;
  readonly after: CircuitSize;
}

export interface Compressed<Report extends CompressionReport = CompressionReport> extends TrainedCircuit {
  readonly report: Report;
}

export function sizeOf({ circuit }: TrainedCircuit): CircuitSize {
  const gates = circuit.operations.filter(({ kind }) => kind === "gate" || kind === "unitary");
  return {
    gates: gates.length,
    entanglers: gates.filter((operation) => isEntangler(operation)).length,
    depth: circuit.depth(),
    weights: circuit.numWeights,
  };
}

/** Whether an operation acts on two qubits or more. */
export function isEntangler(operation: Operation): boolean {
  return (operation.kind === "gate" || operation.kind === "unitary") && operation.qubits.length > 1;
}

export function reportOf(before: TrainedCircuit, after: TrainedCircuit): CompressionReport {
  return { before: sizeOf(before), after: sizeOf(after) };
}

/** The same circuit made of other operations, with the weights that these still need. */
export function withOperations(trained: TrainedCircuit, operations: readonly Operation[]): TrainedCircuit {
  const { circuit, mapWeights } = foldWeights(trained.circuit, operations);
  return { ...trained, circuit, weights: mapWeights(trained.weights) };
}

/** The same values from fewer gates. */
export function reduced(trained: TrainedCircuit, absorb = true): TrainedCircuit {
  const { circuit, observables, mapWeights } = reduceCircuit(trained.circuit, trained.observables, { absorb });
  return { ...trained, circuit, observables, weights: mapWeights(trained.weights) };
}

/**
 * Takes away what changes no expectation value, whatever inputs and weights are: see `reduceCircuit`. The circuit, its weights
 * and, unless `absorb` is false, its observables become smaller ones.
 * @throws CompressionError COMPRESSION_CIRCUIT, COMPRESSION_OPTION; CircuitError CIRCUIT_NOT_UNITARY
 * @example const { circuit, weights, observables, report } = reduceTrained({ circuit, weights, observables });
 */
export function reduceTrained(trained: TrainedCircuit, options: { readonly absorb?: boolean } = {}): Compressed {
  checkTrained("reduceTrained", trained);
  checkOptions("reduceTrained", options, ["absorb"]);
  const after = reduced(trained, options.absorb);
  return { ...after, report: reportOf(trained, after) };
}

/** @throws CompressionError COMPRESSION_OPTION unless `options` is an object of known options */
export const checkOptions = optionsCheck(CompressionError, "COMPRESSION_OPTION");

/** @throws CompressionError COMPRESSION_OPTION */
export function checkSetting(what: string, name: string, value: unknown, valid: boolean, wanted: string): void {
  if (!valid)
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `${what} cannot work with ${name} = ${typeof value === "number" ? value : describeValue(value)}; give ${wanted}.`,
    );
}

/** @throws CompressionError COMPRESSION_CIRCUIT */
export function checkTrained(what: string, trained: TrainedCircuit): void {
  const fault = faultOf(trained);
  if (fault !== undefined) throw new CompressionError("COMPRESSION_CIRCUIT", `${what}: ${fault}`);
}

function faultOf(trained: TrainedCircuit): string | undefined {
  if (typeof trained !== "object" || trained === null || !(trained.circuit instanceof Circuit))
    return `it takes { circuit, weights, observables }, not ${describeValue(trained)}.`;
  const { circuit, weights, observables } = trained;
  if (!circuit.isUnitary) return "the circuit measures, resets or branches; give its unitary part.";
  if (!(weights instanceof Float64Array) || weights.length !== circuit.numWeights)
    return `the circuit has ${circuit.numWeights} weight(s); give a Float64Array of as many, not ${describeValue(weights)}.`;
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) return `weight ${bad} is ${weights[bad]}; weights must be finite.`;
  if (
    !Array.isArray(observables) ||
    observables.length === 0 ||
    !observables.every((one) => one instanceof SparsePauliOp)
  )
    return 'observables are a list of SparsePauliOp, such as [SparsePauliOp.parse("ZZ")].';
  const odd = observables.find(({ numQubits }) => numQubits !== circuit.numQubits);
  if (odd !== undefined)
    return `the circuit has ${circuit.numQubits} qubit(s) but an observable acts on ${odd.numQubits}.`;
  return undefined;
}
