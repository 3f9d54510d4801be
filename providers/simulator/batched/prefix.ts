import type { AffineAngle, Primitive } from "../normal-form.ts";
import type { Angles } from "./angles.ts";

/** A rotation about Y, or a phase of the state in which the qubit is 1. */
export interface PrefixGate {
  readonly kind: "rotation" | "phase";
  readonly qubit: number;
  readonly angle: AffineAngle;
}

/** Gates on different qubits, ascending. */
export type PrefixColumn = readonly PrefixGate[];

/** Neighbours in a column that one kernel call serves: of the same kind, and all with lane angles or all with shared ones. */
export interface PrefixRun {
  readonly kind: PrefixGate["kind"];
  readonly qubit: number;
  readonly count: number;
  /** The first of their lane angles, or -1. */
  readonly lane: number;
  /** The first of their places among the prefix's shared angles, or -1. */
  readonly shared: number;
}

const PI: AffineAngle = { constant: Math.PI, slots: [], coefficients: [] };

/** Takes the gates on single qubits away that come before any gate on several; on |0⟩ they make a product state. */
export function splitPrefix(
  primitives: readonly Primitive[],
  numQubits: number,
): { readonly columns: readonly PrefixColumn[]; readonly rest: readonly Primitive[] } {
  const gates: PrefixGate[][] = Array.from({ length: numQubits }, () => []);
  const closed = new Uint8Array(numQubits);
  const rest: Primitive[] = [];
  for (const primitive of primitives) {
    const qubit = singleQubit(primitive);
    if (qubit === undefined || closed[qubit] === 1) {
      for (const touched of qubitsOf(primitive)) closed[touched] = 1;
      rest.push(primitive);
      continue;
    }
    if (primitive.kind === "rotation") gates[qubit]!.push({ kind: "rotation", qubit, angle: primitive.angle });
    // Phases do nothing to |0⟩.
    else if (primitive.kind === "phase" && gates[qubit]!.length > 0)
      gates[qubit]!.push({ kind: "phase", qubit, angle: primitive.angle });
    else if (primitive.kind === "permutation") {
      // X = RY(π)·Z.
      if (gates[qubit]!.length > 0) gates[qubit]!.push({ kind: "phase", qubit, angle: PI });
      gates[qubit]!.push({ kind: "rotation", qubit, angle: PI });
    }
  }
  const length = Math.max(0, ...gates.map((own) => own.length));
  const columns = Array.from({ length }, (_, column) =>
    gates.flatMap((own) => (own[column] === undefined ? [] : [own[column]])),
  );
  return { columns, rest };
}

/** The only qubit of a rotation, a phase, or a gate X. */
function singleQubit(primitive: Primitive): number | undefined {
  if (primitive.kind === "dense") return undefined;
  const qubits = qubitsOf(primitive);
  if (qubits.length !== 1) return undefined;
  return primitive.kind !== "permutation" || primitive.permutation[0] === 1 ? qubits[0] : undefined;
}

function qubitsOf(primitive: Primitive): readonly number[] {
  if (primitive.kind === "rotation") return [primitive.qubit];
  const bits = primitive.kind === "phase" ? primitive.mask : primitive.controls;
  const own = primitive.kind === "phase" ? [] : primitive.qubits;
  const qubits = [...own];
  for (let qubit = 0; qubit < 31; qubit++) if ((bits >> qubit) & 1) qubits.push(qubit);
  return qubits;
}

/** How many columns there are up to the last one with an angle of lanes; `first` is the prefix's first use of an angle. */
export function laneColumns(columns: readonly PrefixColumn[], first: number, angles: Angles): number {
  let use = first;
  let count = 0;
  for (const [index, column] of columns.entries())
    for (const _ of column) if (angles.laneIndex[use++]! >= 0) count = index + 1;
  return count;
}

/**
 * Cuts a column into runs.
 * @param first the column's first use of an angle
 * @param placeShared gives a shared angle its place
 */
export function prefixRuns(
  column: PrefixColumn,
  first: number,
  angles: Angles,
  placeShared: (shared: number) => number,
): readonly PrefixRun[] {
  const runs: PrefixRun[] = [];
  for (const [index, { kind, qubit }] of column.entries()) {
    const lane = angles.laneIndex[first + index]!;
    const shared = lane >= 0 ? -1 : placeShared(angles.sharedIndex[first + index]!);
    const last = runs.at(-1);
    if (last?.kind === kind && last.qubit + last.count === qubit && last.lane >= 0 === lane >= 0)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ kind, qubit, count: 1, lane, shared });
  }
  return runs;
}
