import type { Angle } from "../expression.ts";
import type { GateName } from "../gates.ts";
import type { Matrix } from "../matrices.ts";
import type { GateOperation, Operation, UnitaryKind, UnitaryOperation } from "../operation.ts";
import { AffineAngle } from "./affine-angle.ts";
import { HADAMARD } from "./linalg/constants.ts";

/*
 * The compiler's own form of a circuit: gates rx, ry, rz, cz, rzz and swap, and unitaries on one or two qubits, beside
 * everything that is no gate. Angles count modulo 2π, for global phases do not: no gate of this form is ever controlled.
 */

/** A gate that the compiler made itself, so that nothing about it need be checked. */
function made(gate: GateName, params: readonly Angle[], qubits: readonly number[]): GateOperation {
  return Object.freeze({
    kind: "gate",
    gate,
    params: Object.freeze(params),
    qubits: Object.freeze(qubits),
    numControls: 0,
    controlState: 0,
  });
}

function madeUnitary(matrix: Matrix, qubits: readonly number[]): UnitaryOperation {
  return Object.freeze({
    kind: "unitary",
    matrix,
    label: "unitary",
    qubits: Object.freeze(qubits),
    numControls: 0,
    controlState: 0,
  });
}

export type RotationAxis = "X" | "Y" | "Z";
const ROTATIONS = { X: "rx", Y: "ry", Z: "rz" } as const;

export function rotation(axis: RotationAxis, angle: AffineAngle, qubit: number): GateOperation {
  return made(ROTATIONS[axis], [angle.toAngle()], [qubit]);
}
/** A unitary on one qubit; the matrix is kept, not copied. */
export function local(matrix: Matrix, qubit: number): UnitaryOperation {
  return madeUnitary(matrix, [qubit]);
}
/** A unitary on two qubits, the first being the matrix's least significant bit; the matrix is kept, not copied. */
export function twoQubitUnitary(matrix: Matrix, low: number, high: number): UnitaryOperation {
  return madeUnitary(matrix, [low, high]);
}
export function cz(a: number, b: number): GateOperation {
  return made("cz", [], [a, b]);
}
/** A cx as a cz between Hadamards. */
export function cx(control: number, target: number): readonly UnitaryKind[] {
  return [local(HADAMARD, target), cz(control, target), local(HADAMARD, target)];
}
export function rzz(angle: AffineAngle, a: number, b: number): GateOperation {
  return made("rzz", [angle.toAngle()], [a, b]);
}
export function swap(a: number, b: number): GateOperation {
  return made("swap", [], [a, b]);
}
/** A gate of the device's basis. */
export function basisGate(gate: GateName, angle: AffineAngle | undefined, qubits: readonly number[]): GateOperation {
  return made(gate, angle === undefined ? [] : [angle.toAngle()], qubits);
}

/** The axis of a rotation gate of one qubit; undefined for everything else. */
export function rotationAxis(operation: Operation): RotationAxis | undefined {
  if (operation.kind !== "gate") return undefined;
  if (operation.gate === "rz") return "Z";
  if (operation.gate === "rx") return "X";
  return operation.gate === "ry" ? "Y" : undefined;
}

/** The angle of a gate with one parameter. */
export function angleOf(operation: GateOperation): AffineAngle {
  return AffineAngle.of(operation.params[0]!);
}

/** Whether an operation is a gate or unitary on one qubit. */
export function isLocal(operation: Operation): operation is UnitaryKind & { readonly qubits: readonly [number] } {
  return (operation.kind === "gate" || operation.kind === "unitary") && operation.qubits.length === 1;
}

/** Whether an operation is a gate or unitary on two qubits. */
export function isPair(
  operation: Operation,
): operation is UnitaryKind & { readonly qubits: readonly [number, number] } {
  return (operation.kind === "gate" || operation.kind === "unitary") && operation.qubits.length === 2;
}
