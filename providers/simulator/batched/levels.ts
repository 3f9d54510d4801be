import type { Circuit } from "../../../circuits/index.ts";
import { BasisTables } from "../basis-tables.ts";
import { fuseDense } from "../fuse-dense.ts";
import { type AffineAngle, type DensePrimitive, normalForm } from "../normal-form.ts";
import { type MonomialStage, schedule } from "../stages.ts";
import { type PrefixColumn, splitPrefix } from "./prefix.ts";

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
  /** Those whose angle has parameters. */
  readonly phases: readonly LevelPhase[];
  /** e^{iφ} of all constant phases for each state of the first basis, re and im, made at first use; levels that are alike share it. */
  readonly constants: (() => Float64Array) | undefined;
  /** The basis that the permutation leads to; 0 for none. */
  readonly basis: number;
  readonly rotations: readonly LevelRotation[];
  readonly dense: readonly DensePrimitive[];
}

/** A circuit as a product state and levels on it, each one pass out of place and some in place. */
export interface LevelPlan {
  readonly numQubits: number;
  readonly tables: BasisTables;
  /** Gates on single qubits at the start of the circuit: what is left of |0…0⟩ is a product state. */
  readonly prefix: readonly PrefixColumn[];
  /** The first level is the product state itself: it has no gates. */
  readonly levels: readonly Level[];
  /** The basis in which diagonal observables see the last state. */
  readonly finalBasis: number;
  /** Bytes of all tables that programs made from the plan will share. */
  readonly bytes: number;
  /** Bytes of linear memory that the tables of a call take, besides. */
  readonly tableBytes: number;
}

/**
 * Plans the levels of a unitary circuit for expectation values.
 * @param diagonal whether all observables are diagonal, so that phases and permutations at the end are theirs
 */
export function planLevels(circuit: Circuit, diagonal: boolean): LevelPlan {
  const { numQubits } = circuit;
  const tables = new BasisTables(2 ** numQubits);
  const primitives = fuseDense(normalForm(circuit), numQubits).filter(
    ({ kind, ...rest }) => kind !== "phase" || maskOf(rest) !== 0,
  );
  const { columns, rest } = splitPrefix(primitives, numQubits);
  const stages = [...schedule(rest, numQubits)];
  let finalBasis = 0;
  const last = stages.at(-1);
  if (diagonal && last?.kind === "monomial") {
    finalBasis = tables.last(last);
    stages.pop();
  }
  const constants = new Map<string, () => Float64Array>();
  const levels: {
    phases: readonly LevelPhase[];
    constants: (() => Float64Array) | undefined;
    basis: number;
    rotations: LevelRotation[];
    dense: DensePrimitive[];
  }[] = [];
  const newLevel = (stage?: MonomialStage): (typeof levels)[number] => {
    const phases: LevelPhase[] = [];
    const basis = stage === undefined ? 0 : readMonomial(stage, tables, phases);
    if (stage !== undefined) tables.count(stage);
    const fixed = phases.filter(({ angle }) => angle.slots.length === 0);
    const key = fixed.map(({ mask, basis: own, angle }) => `${own} ${mask} ${angle.constant}`).join();
    let table = constants.get(key);
    if (table === undefined && fixed.length > 0) {
      let made: Float64Array | undefined;
      table = () => (made ??= constantTable(fixed, tables));
      constants.set(key, table);
    }
    const level = {
      phases: phases.filter(({ angle }) => angle.slots.length > 0),
      constants: table,
      basis,
      rotations: [],
      dense: [],
    };
    levels.push(level);
    return level;
  };
  newLevel();
  let open: (typeof levels)[number] | undefined;
  for (const stage of stages) {
    if (stage.kind === "monomial") {
      open = newLevel(stage);
      continue;
    }
    const level = open ?? newLevel();
    level.rotations.push(...[...stage.rotations].sort((a, b) => a.qubit - b.qubit));
    level.dense.push(...stage.dense);
    open = undefined;
  }
  const bytes = tables.bytes + 16 * tables.size * constants.size;
  const withParameters = levels.filter(({ phases }) => phases.length > 0).length;
  const tableBytes = bytes + 16 * tables.size * (levels.length + withParameters);
  return { numQubits, tables, prefix: columns, levels, finalBasis, bytes, tableBytes };
}

function constantTable(phases: readonly LevelPhase[], tables: BasisTables): Float64Array {
  const table = new Float64Array(2 * tables.size);
  for (let i = 0; i < tables.size; i++) table[2 * i] = 1;
  for (const { mask, basis, angle } of phases) {
    const [c, s] = [Math.cos(angle.constant), Math.sin(angle.constant)];
    for (const index of tables.indices(basis, mask)) {
      const re = table[2 * index]!;
      const im = table[2 * index + 1]!;
      table[2 * index] = c * re - s * im;
      table[2 * index + 1] = c * im + s * re;
    }
  }
  return table;
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
