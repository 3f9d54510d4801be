import { causalCone } from "../causal-cone.ts";
import { Circuit } from "../circuit.ts";
import { describeValue } from "../describe-value.ts";
import { CircuitError } from "../errors.ts";
import { SparsePauliOp } from "../observable.ts";
import type { Operation } from "../operation.ts";
import { optionsFault } from "../options-fault.ts";
import { assertUnitary } from "../transformations.ts";
import { absorbCliffords } from "./absorb-cliffords.ts";
import { type FoldedCircuit, foldWeights } from "./fold-weights.ts";
import { useKnownQubits } from "./known-qubits.ts";
import { mergeGates } from "./merge-gates.ts";

export interface ReduceOptions {
  /**
   * Whether Clifford gates at the end may go into the observables, as long as these need no more measurement settings; true
   * by default.
   */
  readonly absorb?: boolean;
}

/** A circuit that gives the same expectation values with fewer gates. */
export interface ReducedCircuit extends FoldedCircuit {
  /** What to measure, one for each of the observables that were given. */
  readonly observables: readonly SparsePauliOp[];
}

/** Passes after which a circuit has settled; each further round takes gates away, so there are few. */
const MAX_ROUNDS = 50;

/**
 * The same expectation values, for all inputs and weights, from fewer gates and weights: without what lies outside the causal
 * cone of the observables or acts on qubits whose state is known at the start, with rotations about one axis added up and
 * inverse gates cancelled across gates that commute, and with Clifford gates at the end moved into the observables.
 * Exact; angles stay free. Global phases are not kept.
 * @throws CircuitError CIRCUIT_NOT_UNITARY, CIRCUIT_PART, REDUCE_OPTION, REDUCE_OBSERVABLES
 * @example const { circuit, observables, mapWeights } = reduceCircuit(layer.circuit, layer.observables);
 */
export function reduceCircuit(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  options: ReduceOptions = {},
): ReducedCircuit {
  check(circuit, observables, options);
  let operations: readonly Operation[] = circuit.operations;
  let measured = observables;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = operations;
    operations = mergeGates(operations);
    operations = useKnownQubits(operations, circuit.numQubits);
    if (options.absorb ?? true) ({ operations, observables: measured } = absorbCliffords(operations, measured));
    operations = insideCone(circuit, operations, measured);
    if (operations.length === before.length && operations.every((operation, index) => operation === before[index]))
      break;
  }
  return { ...foldWeights(circuit, operations), observables: measured };
}

function insideCone(
  circuit: Circuit,
  operations: readonly Operation[],
  observables: readonly SparsePauliOp[],
): readonly Operation[] {
  const matters = causalCone(new Circuit({ ...circuit, operations }), observables);
  return operations.filter(({ kind }, position) => matters[position] || kind === "barrier" || kind === "delay");
}

function check(circuit: Circuit, observables: readonly SparsePauliOp[], options: ReduceOptions): void {
  if (!(circuit instanceof Circuit))
    throw new CircuitError("CIRCUIT_PART", `Only a circuit can be reduced, not ${describeValue(circuit)}.`);
  for (const operation of circuit.operations) assertUnitary(operation, "reduced form");
  const odd = Array.isArray(observables) ? observables.find((one) => !(one instanceof SparsePauliOp)) : observables;
  if (odd !== undefined || !Array.isArray(observables))
    throw new CircuitError(
      "REDUCE_OBSERVABLES",
      `A circuit is reduced for a list of SparsePauliOp, not for ${describeValue(odd)}.`,
    );
  const wide = observables.find(({ numQubits }: SparsePauliOp) => numQubits !== circuit.numQubits);
  if (wide !== undefined)
    throw new CircuitError(
      "REDUCE_OBSERVABLES",
      `The circuit has ${circuit.numQubits} qubit(s) but an observable acts on ${wide.numQubits}.`,
    );
  const fault = optionsFault("reduceCircuit", options, ["absorb"]);
  if (fault !== undefined) throw new CircuitError("REDUCE_OPTION", fault);
}
