import { gateSpec } from "./gates.ts";
import { adjointMatrix } from "./matrices.ts";
import { type GateOperation, gateOperation, type UnitaryKind, unitaryOperation } from "./operation.ts";

/** The inverse of a gate or unitary. */
export function inverseOperation(operation: UnitaryKind): UnitaryKind {
  if (operation.kind === "unitary") {
    const label = operation.label.endsWith("†") ? operation.label.slice(0, -1) : `${operation.label}†`;
    return unitaryOperation(
      adjointMatrix(operation.matrix),
      operation.qubits,
      label,
      operation.numControls,
      operation.controlState,
    );
  }
  const spec = gateSpec(operation.gate);
  if (spec.inverse !== undefined) {
    const [gate, params] = spec.inverse(operation.params);
    return foldControls(gateOperation(gate, params, operation.qubits, operation.numControls, operation.controlState));
  }
  return inverseOperation(unfoldControls(operation));
}

/** The same gate written as its base gate with all controls explicit; gates without own controls are returned as they are. */
export function unfoldControls(operation: GateOperation): GateOperation {
  const { base, controls } = gateSpec(operation.gate);
  if (base === undefined || controls === undefined) return operation;
  const { params, qubits, numControls, controlState } = operation;
  const own = (2 ** controls - 1) * 2 ** numControls;
  return gateOperation(base, params, qubits, numControls + controls, controlState + own);
}

/**
 * The operation with `controls` (new qubits, in front) added; a row of the table is used where one exists.
 * @param state bit i is the value of new control i; all ones by default
 */
export function controlledOperation(
  operation: UnitaryKind,
  controls: readonly number[],
  state: number = 2 ** controls.length - 1,
): UnitaryKind {
  const numControls = operation.numControls + controls.length;
  const controlState = state + operation.controlState * 2 ** controls.length;
  const qubits = [...controls, ...operation.qubits];
  if (operation.kind === "unitary")
    return unitaryOperation(operation.matrix, qubits, operation.label, numControls, controlState);
  return foldControls(gateOperation(operation.gate, operation.params, qubits, numControls, controlState));
}

/** Replaces the innermost positive controls by the table's own controlled gates, as far as they exist. */
export function foldControls(operation: GateOperation): GateOperation {
  const { controlled } = gateSpec(operation.gate);
  const { params, qubits, numControls, controlState } = operation;
  if (controlled === undefined || numControls === 0) return operation;
  const innermost = 2 ** (numControls - 1);
  if (controlState < innermost) return operation;
  return foldControls(gateOperation(controlled, params, qubits, numControls - 1, controlState - innermost));
}
