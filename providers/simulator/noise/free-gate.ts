import { gateSpec, type Matrix, mapOperation, operationMatrix, type UnitaryKind } from "../../../circuits/index.ts";

/** A gate whose angles a row decides. */
export interface FreeGate {
  readonly operation: UnitaryKind;
  /** For each of its parameters a number, or the slot that gives it. */
  readonly params: readonly (number | { readonly slot: number })[];
}

/** A gate with the angles of one row. */
export function boundOperation({ operation, params }: FreeGate, angles: Float64Array): UnitaryKind {
  let index = 0;
  const next = (): number => {
    const param = params[index++]!;
    return typeof param === "number" ? param : angles[param.slot]!;
  };
  return mapOperation(operation, { angle: next }) as UnitaryKind;
}

/** Its matrix at the angles of one row. */
export function boundMatrix(gate: FreeGate, angles: Float64Array): Matrix {
  const { operation, params } = gate;
  if (operation.kind === "unitary" || operation.numControls > 0) return operationMatrix(boundOperation(gate, angles));
  return gateSpec(operation.gate).matrix(
    params.map((param) => (typeof param === "number" ? param : angles[param.slot]!)),
  );
}
