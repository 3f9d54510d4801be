import type { Circuit } from "../circuit.ts";

export function drawText(circuit: Circuit): string {
  return `Circuit(${circuit.numQubits} qubits, ${circuit.operations.length} operations)`;
}
