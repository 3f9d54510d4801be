import type { Circuit } from "../../../circuits/index.ts";
import { BasisTables } from "../basis-tables.ts";
import { type AffineAngle, type DensePrimitive, normalForm } from "../normal-form.ts";
import { type MonomialStage, schedule } from "../stages.ts";

/** An angle that the circuit turns something by. */
export interface Angle {
  readonly angle: AffineAngle;
}

/** e^{iφ} on the basis states whose image in basis `basis` of the level has all bits of the mask. */
export interface LevelPhase extends Angle {
  readonly mask: number;
  readonly basis: number;
}

export interface LevelRotation extends Angle {
  readonly qubit: number;
}

/** Phases and a permutation of basis states, then rotations and dense unitaries on disjoint qubits. */
export interface Level {
  readonly phases: readonly LevelPhase[];
  /** The basis that the permutation leads to; 0 for none. */
  readonly basis: number;
  readonly rotations: readonly LevelRotation[];
  readonly dense: readonly DensePrimitive[];
}

/** A circuit as levels over |0…0⟩, each one pass out of place and some in place. */
export interface LevelPlan {
  readonly numQubits: number;
  readonly tables: BasisTables;
  /** The basis state that the first level starts from; it has no phases and no permutation. */
  readonly start: number;
  readonly levels: readonly Level[];
  /** The basis in which diagonal observables see the last state. */
  readonly finalBasis: number;
}

/**
 * Plans the levels of a unitary circuit for expectation values.
 * @param diagonal whether all observables are diagonal, so that phases and permutations at the end are theirs
 */
export function planLevels(circuit: Circuit, diagonal: boolean): LevelPlan {
  const { numQubits } = circuit;
  const tables = new BasisTables(2 ** numQubits);
  const primitives = normalForm(circuit).filter(({ kind, ...rest }) => kind !== "phase" || maskOf(rest) !== 0);
  const stages = [...schedule(primitives, numQubits)];
  let start = 0;
  const [first] = stages;
  // Phases do nothing to |0…0⟩ but multiply it by a number that nobody sees.
  if (first?.kind === "monomial") {
    start = tables.table(tables.last(first))[0]!;
    stages.shift();
  }
  let finalBasis = 0;
  const last = stages.at(-1);
  if (diagonal && last?.kind === "monomial") {
    finalBasis = tables.last(last);
    stages.pop();
  }
  const levels: { phases: LevelPhase[]; basis: number; rotations: LevelRotation[]; dense: DensePrimitive[] }[] = [
    { phases: [], basis: 0, rotations: [], dense: [] },
  ];
  const newLevel = () => {
    const level = { phases: [], basis: 0, rotations: [], dense: [] } as (typeof levels)[number];
    levels.push(level);
    return level;
  };
  let open = true;
  for (const stage of stages) {
    if (stage.kind === "monomial") {
      const level = newLevel();
      level.basis = readMonomial(stage, tables, level.phases);
      open = true;
      continue;
    }
    const level = open ? levels.at(-1)! : newLevel();
    level.rotations.push(...[...stage.rotations].sort((a, b) => a.qubit - b.qubit));
    level.dense.push(...stage.dense);
    open = false;
  }
  return { numQubits, tables, start, levels, finalBasis };
}

function maskOf(rest: object): number {
  return (rest as { readonly mask?: number }).mask ?? 0;
}

function readMonomial({ items }: MonomialStage, tables: BasisTables, phases: LevelPhase[]): number {
  let basis = 0;
  for (const item of items)
    if (item.kind === "permutation") basis = tables.after(basis, item);
    else phases.push({ mask: item.mask, basis, angle: item.angle });
  return basis;
}
