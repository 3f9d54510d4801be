import type { Operation, UnitaryKind } from "../../operation.ts";
import type { AffineAngle } from "../affine-angle.ts";
import { angleOf, cx, isPair, rotation } from "../ir.ts";
import { blockForm } from "./block-form.ts";
import { BlockSynthesis } from "./block-synthesis.ts";

/**
 * Writes every gate on two qubits as cz between gates on one qubit; an rzz stays where the device runs it itself. `if` bodies
 * too. O(gates).
 */
export function translatePairs(
  operations: readonly Operation[],
  isNative: (a: number, b: number) => boolean,
): readonly Operation[] {
  const synthesis = new BlockSynthesis();
  const visit = (operation: Operation): readonly Operation[] => {
    if (operation.kind === "if")
      return [
        Object.freeze({
          ...operation,
          whenTrue: Object.freeze(operation.whenTrue.flatMap(visit)),
          whenFalse: Object.freeze(operation.whenFalse.flatMap(visit)),
        }),
      ];
    if (!isPair(operation)) return [operation];
    const [a, b] = operation.qubits as [number, number];
    if (operation.kind === "gate") {
      if (operation.gate === "cz") return [operation];
      if (operation.gate === "rzz") return isNative(a, b) ? [operation] : rotatedPair(angleOf(operation), a, b);
      if (operation.gate === "swap") return [...cx(a, b), ...cx(b, a), ...cx(a, b)];
      if (operation.gate === "cx") return cx(a, b);
    }
    return synthesis
      .synthesize(blockForm([operation], a), a, b, { fractional: isNative(a, b) })!
      .operations.flatMap(visit);
  };
  return operations.flatMap(visit);
}

/** Rzz(t) as CX Rz(t) CX. */
function rotatedPair(angle: AffineAngle, a: number, b: number): readonly UnitaryKind[] {
  return [...cx(a, b), rotation("Z", angle, b), ...cx(a, b)];
}
