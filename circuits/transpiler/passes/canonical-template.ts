import type { Matrix } from "../../matrices.ts";
import type { UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { cz, local, rotation, rzz } from "../ir.ts";
import { HADAMARD, rotation2 } from "../linalg/constants.ts";

const { PI } = Math;
const X_TO_X_Z_TO_Y = rotation2("X", -PI / 2);
const Y_TO_Z_X_TO_X = rotation2("X", PI / 2);
/** A third of a turn about (1, 1, 1): X to Y to Z to X. */
const CYCLE: Matrix = Float64Array.of(0.5, -0.5, -0.5, -0.5, 0.5, -0.5, 0.5, 0.5);
const CYCLE_BACK: Matrix = Float64Array.of(0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.5, -0.5);

/** exp(i x XX) as one rzz between Hadamards. */
export function oneRotation(x: AffineAngle, a: number, b: number): readonly UnitaryKind[] {
  return [local(HADAMARD, a), local(HADAMARD, b), rzz(x.times(-2), a, b), local(HADAMARD, a), local(HADAMARD, b)];
}

/** exp(iπ/4 XX) as one cz. */
export function oneEntangler(a: number, b: number): readonly UnitaryKind[] {
  const turn = AffineAngle.of(-PI / 2);
  return [
    local(HADAMARD, a),
    local(HADAMARD, b),
    cz(a, b),
    rotation("Z", turn, a),
    rotation("Z", turn, b),
    local(HADAMARD, a),
    local(HADAMARD, b),
  ];
}

/**
 * exp(i(x XX + y YY)) as two cz, for every x and y: between two cz, rotations about X on both qubits are rotations about XZ
 * and ZX, which commute; turned to XX and YY.
 */
export function twoEntanglers(x: AffineAngle, y: AffineAngle, a: number, b: number): readonly UnitaryKind[] {
  return [
    local(Y_TO_Z_X_TO_X, a),
    local(CYCLE_BACK, b),
    cz(a, b),
    rotation("X", x.times(-2), a),
    rotation("X", y.times(-2), b),
    cz(a, b),
    local(X_TO_X_Z_TO_Y, a),
    local(CYCLE, b),
  ];
}

/** exp(i(x XX + y YY + z ZZ)) as three cz, for all x, y and z (Vatan and Williams, PRA 69, 032315, 2004). */
export function threeEntanglers(
  [x, y, z]: readonly [AffineAngle, AffineAngle, AffineAngle],
  a: number,
  b: number,
): readonly UnitaryKind[] {
  const quarter = AffineAngle.of(PI / 2);
  return [
    rotation("Z", quarter, b),
    local(HADAMARD, a),
    cz(a, b),
    local(HADAMARD, a),
    rotation("Z", z.times(-2).plusConstant(PI / 2), a),
    rotation("Y", x.times(-2).plusConstant(PI / 2), b),
    local(HADAMARD, b),
    cz(a, b),
    local(HADAMARD, b),
    rotation("Y", y.times(2).plusConstant(-PI / 2), b),
    local(HADAMARD, a),
    cz(a, b),
    local(HADAMARD, a),
    rotation("Z", quarter.negated(), a),
  ];
}
