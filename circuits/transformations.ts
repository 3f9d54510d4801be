import type { Circuit } from "./circuit.ts";
import { controlledOperation, inverseOperation } from "./controls.ts";
import { CircuitError } from "./errors.ts";
import { dimensionOf, type Matrix } from "./matrices.ts";
import { mapOperation, matrixOf, type Operation } from "./operation.ts";

/** @throws CircuitError CIRCUIT_NOT_UNITARY */
export function assertUnitary(
  operation: Operation,
  purpose: string,
): asserts operation is Exclude<Operation, { kind: "measure" | "reset" | "if" }> {
  if (operation.kind === "measure" || operation.kind === "reset" || operation.kind === "if")
    throw new CircuitError(
      "CIRCUIT_NOT_UNITARY",
      `A circuit with ${operation.kind} has no ${purpose}; remove it first.`,
    );
}

/** The operations reversed and each inverted; barriers and delays keep their place. */
export function inverseOperations(operations: readonly Operation[]): readonly Operation[] {
  return operations.toReversed().map((operation) => {
    assertUnitary(operation, "inverse");
    return operation.kind === "gate" || operation.kind === "unitary" ? inverseOperation(operation) : operation;
  });
}

/** The operations, moved up by `numControls` qubits, each under controls 0 .. numControls-1. */
export function controlledOperations(
  operations: readonly Operation[],
  numControls: number,
  state: number,
): readonly Operation[] {
  const controls = Array.from({ length: numControls }, (_, i) => i);
  return operations.map((operation) => {
    assertUnitary(operation, "controlled form");
    const moved = mapOperation(operation, { qubit: (qubit) => qubit + numControls });
    return moved.kind === "gate" || moved.kind === "unitary" ? controlledOperation(moved, controls, state) : moved;
  });
}

/** Larger matrices would not fit: this one takes 268 MB. */
const MAX_MATRIX_QUBITS = 12;

/**
 * The unitary of a bound circuit without measurements, 4^n entries, for at most 12 qubits.
 * @throws CircuitError CIRCUIT_NOT_UNITARY, CIRCUIT_UNBOUND, CIRCUIT_TOO_LARGE
 */
export function circuitMatrix(circuit: Circuit): Matrix {
  if (circuit.numQubits > MAX_MATRIX_QUBITS)
    throw new CircuitError(
      "CIRCUIT_TOO_LARGE",
      `The matrix of ${circuit.numQubits} qubits would have 4^${circuit.numQubits} entries; at most ${MAX_MATRIX_QUBITS} qubits fit. Use a simulator for its state.`,
    );
  const size = 2 ** circuit.numQubits;
  const matrix = new Float64Array(2 * size * size);
  for (let i = 0; i < size; i++) matrix[2 * (i * size + i)] = 1;
  for (const operation of circuit.operations) {
    assertUnitary(operation, "matrix");
    if (operation.kind !== "gate" && operation.kind !== "unitary") continue;
    applyToRows(matrix, size, matrixOf(operation), operation.qubits);
  }
  return matrix;
}

/** Multiplies `gate` on `qubits` from the left. */
function applyToRows(matrix: Matrix, size: number, gate: Matrix, qubits: readonly number[]): void {
  const local = dimensionOf(gate);
  const rowOf = (rest: number, index: number): number =>
    qubits.reduce((row, qubit, bit) => row | (((index >> bit) & 1) << qubit), rest);
  const occupied = qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
  const column = new Float64Array(2 * local);
  for (let rest = 0; rest < size; rest++) {
    if ((rest & occupied) !== 0) continue;
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < local; i++) {
        const at = 2 * (rowOf(rest, i) * size + j);
        column[2 * i] = matrix[at]!;
        column[2 * i + 1] = matrix[at + 1]!;
      }
      for (let i = 0; i < local; i++) {
        let re = 0;
        let im = 0;
        for (let k = 0; k < local; k++) {
          const a = gate[2 * (i * local + k)]!;
          const b = gate[2 * (i * local + k) + 1]!;
          re += a * column[2 * k]! - b * column[2 * k + 1]!;
          im += a * column[2 * k + 1]! + b * column[2 * k]!;
        }
        const at = 2 * (rowOf(rest, i) * size + j);
        matrix[at] = re;
        matrix[at + 1] = im;
      }
    }
  }
}
