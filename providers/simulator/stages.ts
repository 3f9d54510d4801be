import {
  addAngles,
  type DensePrimitive,
  type PermutationPrimitive,
  type PhasePrimitive,
  type Primitive,
  type RotationPrimitive,
} from "./normal-form.ts";

/** Phases and permutations in order: together they send basis state i to e^{iΦ(i)} times basis state π(i). */
export interface MonomialStage {
  readonly kind: "monomial";
  readonly items: readonly (PhasePrimitive | PermutationPrimitive)[];
}

/** Rotations and dense unitaries on disjoint qubits. */
export interface RotationStage {
  readonly kind: "rotations";
  readonly rotations: readonly RotationPrimitive[];
  readonly dense: readonly DensePrimitive[];
}

export type Stage = MonomialStage | RotationStage;

interface Level {
  monomial: (PhasePrimitive | PermutationPrimitive)[];
  rotations: Map<number, RotationPrimitive>;
  dense: DensePrimitive[];
}

function qubitMask(primitive: Primitive): number {
  switch (primitive.kind) {
    case "rotation":
      return 1 << primitive.qubit;
    case "phase":
      return primitive.mask;
    default:
      return primitive.qubits.reduce((mask, qubit) => mask | (1 << qubit), primitive.controls);
  }
}

/**
 * Schedules primitives into alternating monomial and rotation stages, each as early as the primitives before it on the
 * same qubits allow, so that the one-qubit gates of a whole layer share one pass. Successive rotations of a qubit merge.
 */
export function schedule(primitives: readonly Primitive[], numQubits: number): readonly Stage[] {
  const levels: Level[] = [];
  // Level of the last rotation (or dense unitary) and of the last phase or permutation on each qubit; -1 for none.
  const rotated = new Int32Array(numQubits).fill(-1);
  const phased = new Int32Array(numQubits).fill(-1);
  const permuted = new Int32Array(numQubits).fill(-1);
  const levelAt = (index: number): Level => {
    while (levels.length <= index) levels.push({ monomial: [], rotations: new Map(), dense: [] });
    return levels[index]!;
  };
  for (const primitive of primitives) {
    const mask = qubitMask(primitive);
    const latest = (of: Int32Array, offset: number): number => {
      let level = 0;
      for (let qubit = 0; qubit < numQubits; qubit++)
        if ((mask >> qubit) & 1) level = Math.max(level, of[qubit]! + offset);
      return level;
    };
    const mark = (of: Int32Array, level: number): void => {
      for (let qubit = 0; qubit < numQubits; qubit++) if ((mask >> qubit) & 1) of[qubit] = Math.max(of[qubit]!, level);
    };
    if (primitive.kind === "phase") {
      const level = Math.max(latest(rotated, 1), latest(permuted, 0));
      levelAt(level).monomial.push(primitive);
      mark(phased, level);
    } else if (primitive.kind === "permutation") {
      const level = Math.max(latest(rotated, 1), latest(permuted, 0), latest(phased, 0));
      levelAt(level).monomial.push(primitive);
      mark(permuted, level);
    } else {
      let level = Math.max(latest(permuted, 0), latest(phased, 0), latest(rotated, 0));
      const found =
        primitive.kind === "rotation" && level >= 0 ? levels[level]?.rotations.get(primitive.qubit) : undefined;
      if (primitive.kind === "rotation" && found !== undefined)
        levels[level]!.rotations.set(primitive.qubit, { ...found, angle: addAngles(found.angle, primitive.angle) });
      else {
        if (latest(rotated, 0) === level && touches(levels[level], mask)) level++;
        if (primitive.kind === "rotation") levelAt(level).rotations.set(primitive.qubit, primitive);
        else levelAt(level).dense.push(primitive);
      }
      mark(rotated, level);
    }
  }
  const stages: Stage[] = [];
  for (const { monomial, rotations, dense } of levels) {
    if (monomial.length > 0) stages.push({ kind: "monomial", items: monomial });
    if (rotations.size > 0 || dense.length > 0)
      stages.push({ kind: "rotations", rotations: [...rotations.values()], dense });
  }
  return stages;
}

function touches(level: Level | undefined, mask: number): boolean {
  if (level === undefined) return false;
  return [...level.rotations.values(), ...level.dense].some((primitive) => (qubitMask(primitive) & mask) !== 0);
}
