import type { Circuit } from "./circuit.ts";
import { CircuitError } from "./errors.ts";
import { gateSpec } from "./gates.ts";
import { dimensionOf, type Matrix } from "./matrices.ts";
import {
  controlledOperation,
  foldControls,
  gateOperation,
  inverseOperation,
  mapOperation,
  type Operation,
  operationMatrix,
  type UnitaryKind,
  unitaryOperation,
} from "./operation.ts";
import { unitaryPower } from "./unitary-power.ts";

const MAX_ROOT_QUBITS = 6;
const MAX_OPERATIONS = 10_000_000;

function assertUnitary(
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

/** One gate or unitary to a real power: by its own rule where the table has one, else by its matrix. */
export function poweredOperation(operation: UnitaryKind, exponent: number): UnitaryKind {
  if (exponent === 1) return operation;
  if (exponent === -1) return inverseOperation(operation);
  const { qubits, numControls, controlState } = operation;
  if (operation.kind === "gate") {
    const rule = gateSpec(operation.gate).power;
    if (rule !== undefined) {
      const [gate, params] = rule(operation.params, exponent);
      return foldControls(gateOperation(gate, params, qubits, numControls, controlState));
    }
  }
  const base = operationMatrix({ ...operation, numControls: 0, qubits: qubits.slice(numControls) } as UnitaryKind);
  const label = `${operation.kind === "gate" ? operation.gate : operation.label}^${exponent}`;
  return unitaryOperation(unitaryPower(base, exponent), qubits, label, numControls, controlState);
}

/** The operations of a circuit to a real power. */
export function poweredOperations(circuit: Circuit, exponent: number): readonly Operation[] {
  if (!Number.isFinite(exponent))
    throw new CircuitError("CIRCUIT_POWER", `A circuit cannot be raised to the power ${exponent}.`);
  for (const operation of circuit.operations) assertUnitary(operation, "power");
  const [only] = circuit.operations;
  if (circuit.operations.length === 1 && (only!.kind === "gate" || only!.kind === "unitary"))
    return [poweredOperation(only as UnitaryKind, exponent)];
  if (Number.isInteger(exponent)) {
    if (Math.abs(exponent) * circuit.operations.length > MAX_OPERATIONS)
      throw new CircuitError(
        "CIRCUIT_POWER",
        `The power ${exponent} of ${circuit.operations.length} operations would have more than ${MAX_OPERATIONS}; use its matrix instead.`,
      );
    const once = exponent < 0 ? inverseOperations(circuit.operations) : circuit.operations;
    return Array.from({ length: Math.abs(exponent) }, () => once).flat();
  }
  if (circuit.numQubits > MAX_ROOT_QUBITS)
    throw new CircuitError(
      "CIRCUIT_POWER",
      `A fractional power needs at most ${MAX_ROOT_QUBITS} qubits; the circuit has ${circuit.numQubits}.`,
    );
  const qubits = Array.from({ length: circuit.numQubits }, (_, i) => i);
  return [unitaryOperation(unitaryPower(circuitMatrix(circuit), exponent), qubits, `circuit^${exponent}`)];
}

/** The unitary of a bound circuit without measurements, 4^n entries; for small circuits. @throws CircuitError CIRCUIT_NOT_UNITARY, CIRCUIT_UNBOUND */
export function circuitMatrix(circuit: Circuit): Matrix {
  const size = 2 ** circuit.numQubits;
  const matrix = new Float64Array(2 * size * size);
  for (let i = 0; i < size; i++) matrix[2 * (i * size + i)] = 1;
  for (const operation of circuit.operations) {
    assertUnitary(operation, "matrix");
    if (operation.kind !== "gate" && operation.kind !== "unitary") continue;
    applyToRows(matrix, size, operationMatrix(operation), operation.qubits);
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
