import { type Operation, qubitsOf } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { angleOf, cz, type RotationAxis, rotation, rotationAxis, rzz } from "../ir.ts";

/** What all rotations of one kind in one place add up to. */
type Group =
  | { readonly kind: "rotation"; readonly axis: RotationAxis; readonly qubit: number; angle: AffineAngle }
  | { readonly kind: "pair"; readonly a: number; readonly b: number; angle: AffineAngle; odd: boolean };

/**
 * Adds up rotations that commutation brings together and lets pairs of cz cancel, with free angles too. On each qubit,
 * operations that commute with the same Pauli follow each other in any order: such a stretch is a segment, and gates of one
 * kind on the same qubits and in the same segments become one. O(gates).
 */
export function mergeCommuting(operations: readonly Operation[]): readonly Operation[] {
  const labels = new Map<number, RotationAxis | undefined>();
  const segments = new Map<number, number>();
  let count = 0;
  const segmentOf = (qubit: number, label: RotationAxis | undefined): number => {
    if (label === undefined || labels.get(qubit) !== label) {
      labels.set(qubit, label);
      segments.set(qubit, ++count);
    }
    return segments.get(qubit)!;
  };
  const groups = new Map<string, Group>();
  const out: (Operation | Group)[] = [];
  for (const operation of operations) {
    const axis = rotationAxis(operation);
    if (operation.kind === "gate" && axis !== undefined) {
      const [qubit] = operation.qubits;
      const key = `${axis} ${segmentOf(qubit!, axis)}`;
      const found = groups.get(key);
      if (found === undefined) {
        const group: Group = { kind: "rotation", axis, qubit: qubit!, angle: angleOf(operation) };
        groups.set(key, group);
        out.push(group);
      } else found.angle = found.angle.plus(angleOf(operation));
      continue;
    }
    if (operation.kind === "gate" && (operation.gate === "cz" || operation.gate === "rzz")) {
      const [a, b] = operation.qubits as [number, number];
      const places = [segmentOf(a, "Z"), segmentOf(b, "Z")];
      const key = `zz ${Math.min(...places)} ${Math.max(...places)}`;
      let found = groups.get(key) as Extract<Group, { kind: "pair" }> | undefined;
      if (found === undefined) {
        found = { kind: "pair", a, b, angle: AffineAngle.zero, odd: false };
        groups.set(key, found);
        out.push(found);
      }
      if (operation.gate === "cz") found.odd = !found.odd;
      else found.angle = found.angle.plus(angleOf(operation));
      continue;
    }
    for (const qubit of qubitsOf(operation)) segmentOf(qubit, undefined);
    out.push(operation);
  }
  return out.flatMap((entry) =>
    entry.kind === "rotation" ? emittedRotation(entry) : entry.kind === "pair" ? emittedPair(entry) : [entry],
  );
}

function emittedRotation({ axis, angle, qubit }: Extract<Group, { kind: "rotation" }>): readonly Operation[] {
  return angle.isZero ? [] : [rotation(axis, angle, qubit)];
}

/** cz = Rz(π/2)⊗Rz(π/2) Rzz(-π/2); an Rzz by a quarter turn is a cz, by a half turn Z⊗Z. */
function emittedPair({ a, b, angle, odd }: Extract<Group, { kind: "pair" }>): readonly Operation[] {
  const turns = (quarters: number): readonly Operation[] =>
    quarters % 4 === 0 ? [] : [a, b].map((qubit) => rotation("Z", AffineAngle.of((quarters * Math.PI) / 2), qubit));
  if (angle.isZero) return odd ? [cz(a, b)] : [];
  const quarters = angle.constant / (Math.PI / 2);
  if (angle.isConstant && Number.isInteger(quarters)) {
    // Rzz(±π/2) = cz·Rz(±π/2)⊗Rz(±π/2), and Rzz(π) = Z⊗Z.
    return odd === (quarters !== 2) ? turns(quarters) : [cz(a, b), ...turns(quarters)];
  }
  if (!odd) return [rzz(angle, a, b)];
  return [rzz(angle.plusConstant(-Math.PI / 2), a, b), ...turns(1)];
}
