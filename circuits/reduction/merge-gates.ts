import { add } from "../arithmetic.ts";
import { inverseOperation } from "../controls.ts";
import { type Angle, constantValue, ParameterExpression } from "../expression.ts";
import { gateSpec } from "../gates.ts";
import { dimensionOf, type Matrix } from "../matrices.ts";
import {
  type GateOperation,
  gateOperation,
  matrixOf,
  type Operation,
  slotFrequencies,
  type UnitaryKind,
} from "../operation.ts";
import { AffineAngle } from "../transpiler/affine-angle.ts";
import { angleAbout, axisOf } from "../transpiler/linalg/two-by-two.ts";
import { commute, type PauliAxis } from "./gate-axes.ts";

const NEGLIGIBLE = 1e-13;
const TURN = 2 * Math.PI;

/**
 * Adds up rotations about the same axis and lets inverse gates cancel, where they can be brought together past gates that
 * commute; gates that are the identity, up to a global phase, go. Angles may be free. O(gates²) at worst.
 */
export function mergeGates(operations: readonly Operation[]): readonly Operation[] {
  const out: Operation[] = [];
  for (const operation of operations) {
    if (operation.kind !== "gate" && operation.kind !== "unitary") {
      out.push(operation);
      continue;
    }
    if (isIdentity(operation)) continue;
    const partner = partnerOf(out, operation);
    if (partner === undefined) out.push(operation);
    else out.splice(partner.position, 1, ...(partner.joined === undefined ? [] : [partner.joined]));
  }
  return out;
}

/** An earlier operation with which this one becomes one, or nothing. */
function partnerOf(
  before: readonly Operation[],
  operation: UnitaryKind,
): { readonly position: number; readonly joined: UnitaryKind | undefined } | undefined {
  for (let position = before.length - 1; position >= 0; position--) {
    const earlier = before[position]!;
    if (earlier.kind !== "gate" && earlier.kind !== "unitary") {
      if (earlier.kind === "barrier" ? earlier.qubits.some((qubit) => operation.qubits.includes(qubit)) : true)
        return undefined;
      continue;
    }
    if (sameQubits(earlier, operation)) {
      const joined = join(earlier, operation);
      if (joined !== "apart") return { position, joined };
    }
    if (!commute(earlier, operation)) return undefined;
  }
  return undefined;
}

function sameQubits(a: UnitaryKind, b: UnitaryKind): boolean {
  return a.qubits.length === b.qubits.length && a.qubits.every((qubit) => b.qubits.includes(qubit));
}

/** Two operations on the same qubits as one; undefined where they cancel. */
function join(earlier: UnitaryKind, later: UnitaryKind): UnitaryKind | undefined | "apart" {
  if (earlier.kind === "unitary" || later.kind === "unitary") return "apart";
  const [first, second] = [rotationOf(earlier), rotationOf(later)];
  if (first !== undefined && second !== undefined) {
    if (first.axis !== second.axis) return "apart";
    const angle = first.angle.plus(second.angle);
    return angle.isZero ? undefined : gateOperation(ROTATIONS[first.axis], [angle.toAngle()], earlier.qubits);
  }
  if (!alike(earlier, later)) return areInverse(earlier, later) ? undefined : "apart";
  if (isAdditive(earlier)) {
    const angle = sumOf(earlier.params[0]!, later.params[0]!, periodOf(earlier));
    if (angle === undefined) return "apart";
    const joined = { ...earlier, params: Object.freeze([angle]) };
    return isIdentity(joined) ? undefined : Object.freeze(joined);
  }
  return areInverse(earlier, later) ? undefined : "apart";
}

const ROTATIONS = { X: "rx", Y: "ry", Z: "rz" } as const;

/** A gate on one qubit as a rotation about an axis, global phase aside. */
function rotationOf(operation: GateOperation): { readonly axis: PauliAxis; readonly angle: AffineAngle } | undefined {
  const { gate, params, qubits, numControls } = operation;
  if (numControls > 0 || qubits.length !== 1) return undefined;
  const [param] = params;
  if (params.length === 1 && param instanceof ParameterExpression) {
    const axis = gate === "p" ? "Z" : (Object.keys(ROTATIONS) as PauliAxis[]).find((key) => ROTATIONS[key] === gate);
    return axis === undefined ? undefined : { axis, angle: AffineAngle.of(param) };
  }
  if (params.some((one) => constantValue(one) === undefined)) return undefined;
  const matrix = matrixOf(operation);
  const axis = axisOf(matrix);
  return axis === "none" || axis === "I" ? undefined : { axis, angle: AffineAngle.of(angleAbout(matrix, axis)) };
}

/** Whether two gates are the same but for their angles; the qubits of a symmetric gate may be exchanged. */
function alike(a: GateOperation, b: GateOperation): boolean {
  if (a.gate !== b.gate || a.numControls !== b.numControls || a.controlState !== b.controlState) return false;
  return a.qubits.every((qubit, i) => qubit === b.qubits[i]) || (a.numControls === 0 && isSymmetric(a));
}

const SYMMETRIC = new Map<string, boolean>();

/** Whether a gate on two qubits stays the same when these are exchanged. */
function isSymmetric(operation: GateOperation): boolean {
  if (operation.qubits.length !== 2) return false;
  let known = SYMMETRIC.get(operation.gate);
  if (known === undefined) {
    const exchanged = (index: number): number => ((index & 1) << 1) | (index >> 1);
    const { matrix, numParams } = gateSpec(operation.gate);
    const sample = matrix([0.7313, 1.1371, -0.5127, 0.3719].slice(0, numParams));
    known = Array.from({ length: 16 }, (_, at) => at).every((at) => {
      const other = exchanged(at >> 2) * 4 + exchanged(at & 3);
      return Math.hypot(sample[2 * at]! - sample[2 * other]!, sample[2 * at + 1]! - sample[2 * other + 1]!) < 1e-12;
    });
    SYMMETRIC.set(operation.gate, known);
  }
  return known;
}

/** Whether the angles of two gates of a kind add up: they then scale with powers of the gate. */
function isAdditive({ gate, params }: GateOperation): boolean {
  return params.length === 1 && gateSpec(gate).power !== undefined;
}

/** After which angle the gate is the same again, global phase aside. */
function periodOf(operation: GateOperation): number {
  return TURN / Math.min(...slotFrequencies(operation, 0), Number.POSITIVE_INFINITY);
}

/** The sum of two angles, which is a number where their free parts cancel; undefined where that cannot be told. */
function sumOf(a: Angle, b: Angle, period: number): Angle | undefined {
  const sum = AffineAngle.of(a).plus(AffineAngle.of(b));
  if (!sum.isConstant) return add(a, b);
  const [first, second] = [valueAt(a), valueAt(b)];
  if (Number.isFinite(first + second)) return first + second;
  return period <= TURN * (1 + NEGLIGIBLE) ? sum.constant : undefined;
}

/** The free parts of a sum that cancel do so at any values of the parameters. */
function valueAt(angle: Angle): number {
  return typeof angle === "number" ? angle : angle.evaluate(() => 0.5);
}

/** Whether an operation does nothing but turn the global phase. */
export function isIdentity(operation: UnitaryKind): boolean {
  if (operation.kind === "gate" && operation.params.length === 1) {
    const angle = constantValue(operation.params[0]!);
    if (operation.gate === "gphase" && operation.numControls === 0) return true;
    if (angle === undefined || !isAdditive(operation)) return false;
    const turns = angle / periodOf(operation);
    return Math.abs(turns - Math.round(turns)) * TURN < NEGLIGIBLE;
  }
  if (
    operation.qubits.length > 3 ||
    (operation.kind === "gate" && operation.params.some((one) => constantValue(one) === undefined))
  )
    return false;
  return isScalar(matrixOf(operation));
}

function isScalar(matrix: Matrix): boolean {
  const size = dimensionOf(matrix);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const at = 2 * (i * size + j);
      const [re, im] = i === j ? [matrix[0]!, matrix[1]!] : [0, 0];
      if (Math.abs(matrix[at]! - re) > NEGLIGIBLE || Math.abs(matrix[at + 1]! - im) > NEGLIGIBLE) return false;
    }
  return true;
}

/** Whether the later gate undoes the earlier one. */
function areInverse(earlier: GateOperation, later: GateOperation): boolean {
  const undone = inverseOperation(earlier);
  if (undone.kind !== "gate" || !alike(undone, later)) return false;
  return undone.params.every((angle, index) => {
    const other = later.params[index]!;
    if (AffineAngle.of(angle).linearKey !== AffineAngle.of(other).linearKey) return false;
    return Math.abs(valueAt(angle) - valueAt(other)) < NEGLIGIBLE;
  });
}
