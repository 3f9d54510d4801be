import type { Circuit } from "./circuit.ts";
import { foldControls, inverseOperation, unfoldControls } from "./controls.ts";
import { CircuitError } from "./errors.ts";
import { constantValue } from "./expression.ts";
import { gateSpec } from "./gates.ts";
import { adjointMatrix, type Matrix, multiplyMatrices } from "./matrices.ts";
import {
  type GateOperation,
  gateOperation,
  matrixOf,
  type Operation,
  type UnitaryKind,
  unitaryOperation,
} from "./operation.ts";
import { assertUnitary, circuitMatrix, inverseOperations } from "./transformations.ts";
import { unitaryPower } from "./unitary-power.ts";

const MAX_ROOT_QUBITS = 6;
const MAX_OPERATIONS = 10_000_000;
/** Up to this power products of a matrix round less than its eigenvectors do. */
const MAX_MULTIPLIED = 1024;

/** The operations of a circuit to a real power. @throws CircuitError CIRCUIT_NOT_UNITARY, CIRCUIT_POWER, CIRCUIT_UNBOUND */
export function poweredOperations(circuit: Circuit, exponent: number): readonly Operation[] {
  if (!Number.isFinite(exponent))
    throw new CircuitError("CIRCUIT_POWER", `A circuit cannot be raised to the power ${exponent}.`);
  const { operations, numQubits } = circuit;
  for (const operation of operations) assertUnitary(operation, "power");
  const [only] = operations;
  if (only !== undefined && operations.length === 1 && (only.kind === "gate" || only.kind === "unitary")) {
    const powered = powerOfOne(only, exponent);
    if (powered !== undefined) return powered;
  }
  if (Number.isInteger(exponent)) {
    if (Math.abs(exponent) * operations.length > MAX_OPERATIONS)
      throw new CircuitError(
        "CIRCUIT_POWER",
        `The power ${exponent} of ${operations.length} operations would have more than ${MAX_OPERATIONS}; use its matrix instead.`,
      );
    return repeated(operations, exponent);
  }
  if (numQubits > MAX_ROOT_QUBITS)
    throw new CircuitError(
      "CIRCUIT_POWER",
      `A fractional power needs at most ${MAX_ROOT_QUBITS} qubits; the circuit has ${numQubits}.`,
    );
  const qubits = Array.from({ length: numQubits }, (_, i) => i);
  return [unitaryOperation(unitaryPower(circuitMatrix(circuit), exponent), qubits, `circuit^${exponent}`)];
}

/** The operations, or for a negative count their inverse, one after the other. */
export function repeated(operations: readonly Operation[], count: number): readonly Operation[] {
  const once = count < 0 ? inverseOperations(operations) : operations;
  return Array.from({ length: Math.abs(count) }, () => once).flat();
}

/**
 * One gate or unitary to a real power, kept a gate where the table allows; undefined where it must be repeated.
 * @throws CircuitError CIRCUIT_POWER for a fraction of a gate with free parameters that does not scale
 */
export function powerOfOne(operation: UnitaryKind, exponent: number): readonly Operation[] | undefined {
  if (exponent === 1) return [operation];
  if (exponent === -1) return [inverseOperation(operation)];
  if (operation.kind === "unitary") return exponent === 0 ? [] : [powerByMatrix(operation, exponent)];
  const { gate, params, qubits, numControls, controlState } = operation;
  const { power } = gateSpec(gate);
  if (power !== undefined) {
    const [base, angles] = power(params, exponent);
    return [foldControls(gateOperation(base, angles, qubits, numControls, controlState))];
  }
  if (Number.isInteger(exponent)) {
    if (!isSelfInverse(operation)) return undefined;
    return exponent % 2 === 0 ? [] : [operation];
  }
  const inner = unfoldControls(operation);
  if (inner.gate === "x" || inner.gate === "y") return rootOfPauli(inner, exponent);
  if (params.some((param) => constantValue(param) === undefined))
    throw new CircuitError("CIRCUIT_POWER", `A fractional power of ${gate} needs numbers for its parameters.`);
  return [powerByMatrix(operation, exponent)];
}

/** X^k and Y^k: a rotation by πk with the phase πk/2, which √X has built in. */
function rootOfPauli(
  { gate, qubits, numControls, controlState }: GateOperation,
  exponent: number,
): readonly Operation[] {
  const make = (name: string, params: readonly number[], on: readonly number[]): Operation =>
    foldControls(gateOperation(name, params, on, numControls, controlState));
  if (gate === "x" && Math.abs(exponent) === 0.5) return [make(exponent > 0 ? "sx" : "sxdg", [], qubits)];
  return [
    make(gate === "x" ? "rx" : "ry", [Math.PI * exponent], qubits),
    make("gphase", [(Math.PI * exponent) / 2], qubits.slice(0, numControls)),
  ];
}

function isSelfInverse({ gate, params }: GateOperation): boolean {
  const { inverse } = gateSpec(gate);
  return inverse !== undefined && params.length === 0 && inverse([])[0] === gate;
}

/** Controls are left out of the matrix: the principal power of the base, controlled, is that of the whole. */
function powerByMatrix(operation: UnitaryKind, exponent: number): Operation {
  const { qubits, numControls, controlState } = operation;
  const base = matrixOf({ ...operation, numControls: 0, qubits: qubits.slice(numControls) } as UnitaryKind);
  const label = `${operation.kind === "gate" ? operation.gate : operation.label}^${exponent}`;
  const whole = Number.isInteger(exponent) && Math.abs(exponent) <= MAX_MULTIPLIED;
  const matrix = whole ? productPower(base, exponent) : unitaryPower(base, exponent);
  return unitaryOperation(matrix, qubits, label, numControls, controlState);
}

/** By squaring, for an integer that is not 0. */
function productPower(matrix: Matrix, exponent: number): Matrix {
  let factor = exponent < 0 ? adjointMatrix(matrix) : matrix;
  let result: Matrix | undefined;
  for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? factor : multiplyMatrices(result, factor);
    if (rest > 1) factor = multiplyMatrices(factor, factor);
  }
  return result!;
}
