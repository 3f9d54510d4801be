import { type Circuit, type Operation, qubitsOf, SparsePauliOp } from "../../circuits/index.ts";

/** The part of a circuit that can influence some observables, on as few qubits as it needs. */
export interface LightCone {
  readonly numQubits: number;
  /** Its qubit i is qubit `qubits[i]` of the whole circuit. */
  readonly qubits: readonly number[];
  /** Operations in the whole circuit's numbering, in order. */
  readonly operations: readonly Operation[];
  /** For each operation, its position in the whole circuit. */
  readonly positions: readonly number[];
}

/** Walks the circuit backwards from `support`, keeping what can influence it. Unitary circuits only. */
export function lightCone(circuit: Circuit, support: readonly number[]): LightCone {
  const active = new Set(support);
  const touched = new Set<number>();
  const operations: Operation[] = [];
  const positions: number[] = [];
  for (let position = circuit.operations.length - 1; position >= 0; position--) {
    const operation = circuit.operations[position]!;
    if (operation.kind === "barrier" || operation.kind === "delay") continue;
    const qubits = qubitsOf(operation);
    if (!qubits.some((qubit) => active.has(qubit))) continue;
    for (const qubit of qubits) {
      active.add(qubit);
      touched.add(qubit);
    }
    operations.push(operation);
    positions.push(position);
  }
  return {
    numQubits: touched.size,
    qubits: [...touched].sort((a, b) => a - b),
    operations: operations.reverse(),
    positions: positions.reverse(),
  };
}

/**
 * An observable on the qubits of a light cone. Outside it the state is |0⟩, where Z is 1 and a term with X or Y is 0.
 */
export function restrict(observable: SparsePauliOp, cone: LightCone): SparsePauliOp {
  const place = new Map(cone.qubits.map((qubit, index) => [qubit, index]));
  return SparsePauliOp.fromTerms(
    cone.numQubits,
    observable.terms.flatMap(({ coefficient, pauli }) => {
      if (pauli.letters.some(([qubit, letter]) => !place.has(qubit) && letter !== "Z")) return [];
      const letters = pauli.letters
        .filter(([qubit]) => place.has(qubit))
        .map(([qubit, letter]) => [place.get(qubit)!, letter] as const);
      return [{ coefficient, pauli: { letters } }];
    }),
  );
}
