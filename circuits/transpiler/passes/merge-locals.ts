import type { Matrix } from "../../matrices.ts";
import { matrixOf, type Operation, qubitsOf, type UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { angleOf, isLocal, local, type RotationAxis, rotation, rotationAxis } from "../ir.ts";
import { angleAbout, axisOf, product2, ZERO } from "../linalg/two-by-two.ts";

type Part = { readonly axis: RotationAxis; readonly angle: AffineAngle } | { readonly matrix: Matrix };

/**
 * Joins gates that follow each other on one qubit: matrices multiply, free rotations about one axis add up, and constants
 * move behind free rotations where these stay rotations about X, Y or Z. Constants that are rotations about an axis come out
 * as such, identities not at all. O(gates).
 */
export function mergeLocals(operations: readonly Operation[]): readonly Operation[] {
  const out: Operation[] = [];
  const runs = new Map<number, Part[]>();
  const flush = (qubit: number): void => {
    const run = runs.get(qubit);
    if (run === undefined) return;
    runs.delete(qubit);
    for (const part of run) out.push(...emitted(part, qubit));
  };
  for (const operation of operations) {
    if (isLocal(operation)) {
      const [qubit] = operation.qubits;
      let run = runs.get(qubit!);
      if (run === undefined) {
        run = [];
        runs.set(qubit!, run);
      }
      append(run, operation);
      continue;
    }
    for (const qubit of qubitsOf(operation)) flush(qubit);
    out.push(operation);
  }
  for (const qubit of [...runs.keys()]) flush(qubit);
  return out;
}

function append(run: Part[], operation: UnitaryKind): void {
  const axis = rotationAxis(operation);
  const angle = axis === undefined ? undefined : angleOf(operation as Extract<UnitaryKind, { kind: "gate" }>);
  if (axis === undefined || angle === undefined || angle.isConstant) {
    const last = run.at(-1);
    const matrix = matrixOf(operation);
    if (last !== undefined && "matrix" in last) run[run.length - 1] = { matrix: product2(matrix, last.matrix) };
    else run.push({ matrix });
    return;
  }
  const last = run.at(-1);
  if (last !== undefined && "matrix" in last) {
    // R·C = C·(C†RC), so that the constant can come after the rotation about another axis.
    const turned = turnedAxis(last.matrix, axis);
    if (turned === undefined) {
      run.push({ axis, angle });
      return;
    }
    run.pop();
    appendRotation(run, turned.axis, turned.negative ? angle.negated() : angle);
    const before = run.at(-1);
    if (before !== undefined && "matrix" in before)
      run[run.length - 1] = { matrix: product2(last.matrix, before.matrix) };
    else run.push(last);
    return;
  }
  appendRotation(run, axis, angle);
}

function appendRotation(run: Part[], axis: RotationAxis, angle: AffineAngle): void {
  const last = run.at(-1);
  if (last === undefined || "matrix" in last || last.axis !== axis) {
    run.push({ axis, angle });
    return;
  }
  run.pop();
  const sum = last.angle.plus(angle);
  if (sum.isZero) return;
  if (!sum.isConstant) run.push({ axis, angle: sum });
  else append(run, rotation(axis, sum, 0));
}

/** The axis that C†·P·C has when it is a Pauli. */
export function turnedAxis(
  c: Matrix,
  axis: RotationAxis,
): { readonly axis: RotationAxis; readonly negative: boolean } | undefined {
  const adjoint = Float64Array.of(c[0]!, -c[1]!, c[4]!, -c[5]!, c[2]!, -c[3]!, c[6]!, -c[7]!);
  const turned = product2(adjoint, PAULIS[axis], c);
  const components = AXES.map((candidate) => {
    const product = product2(PAULIS[candidate], turned);
    return (product[0]! + product[6]!) / 2;
  });
  // The trace shows a deviation only in second order; the other components show it in first.
  const found = AXES.findIndex((_, i) => components.every((value, j) => i === j || Math.abs(value) < ZERO));
  return found === -1 ? undefined : { axis: AXES[found]!, negative: components[found]! < 0 };
}

const AXES = ["X", "Y", "Z"] as const;
const PAULIS = {
  X: Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0),
  Y: Float64Array.of(0, 0, 0, -1, 0, 1, 0, 0),
  Z: Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0),
} as const;

function emitted(part: Part, qubit: number): readonly Operation[] {
  if ("axis" in part) return [rotation(part.axis, part.angle, qubit)];
  const axis = axisOf(part.matrix);
  if (axis === "I") return [];
  if (axis === "none") return [local(part.matrix, qubit)];
  return [rotation(axis, AffineAngle.of(angleAbout(part.matrix, axis)), qubit)];
}
