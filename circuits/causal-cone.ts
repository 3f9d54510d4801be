import type { Circuit } from "./circuit.ts";
import { gateSpec } from "./gates.ts";
import type { SparsePauliOp } from "./observable.ts";
import { clbitsOf, type Operation, qubitsOf } from "./operation.ts";

/**
 * Which of the circuit's operations (by position) can influence the observables. Conservative: an operation that is left
 * out cannot, whatever its angle; one that is kept might. Left out are operations outside the light cone, and diagonal gates
 * that commute with all that is measured behind them, such as the last rotations about Z before a measurement of Z.
 */
export function causalCone(circuit: Circuit, observables: readonly SparsePauliOp[]): readonly boolean[] {
  const reach: Reach = { qubits: new Set(), flipped: new Set(), clbits: new Set() };
  for (const { terms } of observables)
    for (const { pauli } of terms)
      for (const [qubit, letter] of pauli.letters) {
        reach.qubits.add(qubit);
        if (letter !== "Z") reach.flipped.add(qubit);
      }
  const kept = new Array<boolean>(circuit.operations.length).fill(false);
  for (let position = circuit.operations.length - 1; position >= 0; position--)
    kept[position] = step(circuit.operations[position]!, reach);
  return kept;
}

/** Where the observables act, carried backwards through the circuit. */
interface Reach {
  readonly qubits: Set<number>;
  /** The qubits whose basis states they may exchange; on all others they are diagonal. */
  readonly flipped: Set<number>;
  readonly clbits: Set<number>;
}

/** Carries the reach backwards over one operation; true when the operation matters. */
function step(operation: Operation, { qubits, flipped, clbits }: Reach): boolean {
  switch (operation.kind) {
    case "barrier":
    case "delay":
      return false;
    case "reset":
      flipped.delete(operation.qubit);
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
      const { phases, permutation } = operation.kind === "gate" ? gateSpec(operation.gate) : {};
      const flips = own.some((qubit) => flipped.has(qubit));
      if (phases !== undefined && !flips) return false;
      for (const qubit of own) qubits.add(qubit);
      for (const bit of bits) clbits.add(bit);
      // A diagonal gate exchanges no basis states, and a permutation of them keeps what is diagonal so.
      if (phases === undefined && (permutation === undefined || flips)) for (const qubit of own) flipped.add(qubit);
      return true;
    }
  }
}
