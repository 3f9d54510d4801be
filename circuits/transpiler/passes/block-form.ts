import { constantValue } from "../../expression.ts";
import type { Matrix } from "../../matrices.ts";
import { matrixOf, type UnitaryKind } from "../../operation.ts";
import type { BlockForm, BlockRotation } from "../derivations.ts";
import { angleOf, rotationAxis } from "../ir.ts";
import { HADAMARD, IDENTITY, rotation2 } from "../linalg/constants.ts";
import { exchangeQubits, multiply4, tensor } from "../linalg/four-by-four.ts";

/** Turns that take the Z axis to another and back: R_axis(t) = back · Rz(t) · forth. */
const TO_Y = rotation2("X", -Math.PI / 2);
const FROM_Y = rotation2("X", Math.PI / 2);

/** Writes gates on a pair of qubits, `low` being the least significant, as constant matrices and diagonal rotations by free angles. O(gates). */
export function blockForm(operations: readonly UnitaryKind[], low: number): BlockForm {
  const constants: Matrix[] = [];
  const rotations: BlockRotation[] = [];
  let product: Matrix = tensor(IDENTITY, IDENTITY);
  const apply = (matrix: Readonly<Matrix>): void => {
    const next = new Float64Array(32);
    multiply4(next, matrix, product);
    product = next;
  };
  const applyLocal = (matrix: Readonly<Matrix>, qubit: number): void =>
    apply(qubit === low ? tensor(IDENTITY, matrix) : tensor(matrix, IDENTITY));
  const rotate = (rotation: BlockRotation): void => {
    constants.push(product);
    rotations.push(rotation);
    product = tensor(IDENTITY, IDENTITY);
  };
  for (const operation of operations) {
    const [first] = operation.qubits;
    const free = operation.kind === "gate" && operation.params.some((param) => constantValue(param) === undefined);
    if (!free) {
      const matrix = matrixOf(operation);
      if (operation.qubits.length === 1) applyLocal(matrix, first!);
      else apply(first === low ? matrix : exchangeQubits(matrix));
      continue;
    }
    const angle = angleOf(operation);
    const axis = rotationAxis(operation);
    if (axis === undefined) {
      rotate({ on: "both", angle });
      continue;
    }
    const on = first === low ? "low" : "high";
    if (axis === "X") applyLocal(HADAMARD, first!);
    if (axis === "Y") applyLocal(FROM_Y, first!);
    rotate({ on, angle });
    if (axis === "X") applyLocal(HADAMARD, first!);
    if (axis === "Y") applyLocal(TO_Y, first!);
  }
  constants.push(product);
  return { constants, rotations };
}
