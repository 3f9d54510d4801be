import { type Circuit, clbitsOf, type Operation, qubitsOf, type SparsePauliOp } from "../../circuits/index.ts";

/**
 * Which of the circuit's operations (by position) can influence the observables. Conservative: an operation that is left
 * out cannot, whatever its angle; one that is kept might.
 */
export function causalCone(circuit: Circuit, observables: readonly SparsePauliOp[]): readonly boolean[] {
  const qubits = new Set(observables.flatMap(({ support }) => support));
  const clbits = new Set<number>();
  const kept = new Array<boolean>(circuit.operations.length).fill(false);
  for (let position = circuit.operations.length - 1; position >= 0; position--)
    kept[position] = step(circuit.operations[position]!, qubits, clbits);
  return kept;
}

/** Carries the sets that matter backwards over one operation; true when the operation matters. */
function step(operation: Operation, qubits: Set<number>, clbits: Set<number>): boolean {
  switch (operation.kind) {
    case "barrier":
    case "delay":
      return false;
    case "reset":
      return qubits.delete(operation.qubit);
    case "measure": {
      const matters = qubits.has(operation.qubit) || clbits.has(operation.clbit);
      if (clbits.delete(operation.clbit)) qubits.add(operation.qubit);
      return matters;
    }
    default: {
      const own = qubitsOf(operation);
      const bits = clbitsOf(operation);
      if (!own.some((qubit) => qubits.has(qubit)) && !bits.some((bit) => clbits.has(bit))) return false;
      for (const qubit of own) qubits.add(qubit);
      for (const bit of bits) clbits.add(bit);
      return true;
    }
  }
}
