import type { DensePrimitive, PermutationPrimitive, PhasePrimitive, RotationPrimitive } from "../normal-form.ts";
import { schedule } from "../stages.ts";
import type { PlannedPass } from "./pass-plan.ts";

/** Outer masks that one sweep of phases and permutations may tell apart: it has a table for each combination. */
const MAX_CONDITIONS = 2;

/** Phases, then permutations, of which some apply only to tiles whose outer bits contain one of `conditions`. */
export interface MonomialSweep {
  readonly kind: "monomial";
  readonly phases: readonly PhasePrimitive[];
  readonly permutations: readonly PermutationPrimitive[];
  readonly conditions: readonly number[];
}

/** Phases of at most one inner qubit each, under so many conditions that they are multiplied anew for each tile. */
export interface ProductSweep {
  readonly kind: "product";
  readonly phases: readonly PhasePrimitive[];
}

/** Rotations on different qubits. */
export interface RotationSweep {
  readonly kind: "rotations";
  readonly rotations: readonly RotationPrimitive[];
}

export interface UnitarySweep {
  readonly kind: "unitary";
  readonly unitary: DensePrimitive;
}

export type Sweep = MonomialSweep | ProductSweep | RotationSweep | UnitarySweep;

interface Slot {
  readonly items: (PhasePrimitive | PermutationPrimitive)[];
  rotations: readonly RotationPrimitive[];
  dense: readonly DensePrimitive[];
}

/** A phase that may stand at the start of any slot from `first` to `last`. */
interface Movable {
  readonly phase: PhasePrimitive;
  readonly first: number;
  readonly last: number;
}

/** The sweeps over a tile that do what a pass has to do. */
export function sweepsOf({ inner, primitives }: PlannedPass, numQubits: number): readonly Sweep[] {
  const slots = slotsOf(primitives, numQubits);
  const gathered = gather(takeMovable(slots, inner), slots.length);
  const sweeps: Sweep[] = [];
  for (const [index, { items, rotations, dense }] of slots.entries()) {
    const movable = gathered[index]!;
    const own = conditionsOf([...movable, ...items], inner);
    if (movable.length > 0 && own.length > MAX_CONDITIONS) sweeps.push({ kind: "product", phases: movable });
    else items.unshift(...movable);
    sweeps.push(...monomialSweeps(items, inner));
    if (rotations.length > 0) sweeps.push({ kind: "rotations", rotations });
    for (const unitary of dense) sweeps.push({ kind: "unitary", unitary });
  }
  return sweeps;
}

/** Slots of phases and permutations, each with the rotations that follow it; the last one has none. */
function slotsOf(primitives: PlannedPass["primitives"], numQubits: number): readonly Slot[] {
  const slots: Slot[] = [{ items: [], rotations: [], dense: [] }];
  for (const stage of schedule(primitives, numQubits)) {
    const slot = slots.at(-1)!;
    if (stage.kind === "monomial") slot.items.push(...stage.items);
    else {
      slot.rotations = stage.rotations;
      slot.dense = stage.dense;
      slots.push({ items: [], rotations: [], dense: [] });
    }
  }
  return slots;
}

/** Takes out the phases that depend on outer qubits and on one inner qubit at most: they can wait until that is turned. */
function takeMovable(slots: readonly Slot[], inner: number): readonly Movable[] {
  const movable: Movable[] = [];
  for (const [index, { items }] of slots.entries()) {
    let turnedBefore = 0;
    const kept: Slot["items"] = [];
    for (const [place, item] of items.entries()) {
      if (item.kind === "permutation") {
        turnedBefore |= turnsOf(item);
        kept.push(item);
        continue;
      }
      const qubit = item.mask & inner;
      const isSingle = (qubit & (qubit - 1)) === 0;
      // At the start of its slot a phase stands before the permutations there.
      const first = (turnedBefore & qubit) === 0 ? index : index + 1;
      const last = qubit === 0 ? slots.length - 1 : lastSlot(slots, index, place, qubit, first > index);
      if ((item.mask & ~inner) !== 0 && isSingle && first <= last) movable.push({ phase: item, first, last });
      else kept.push(item);
    }
    items.splice(0, items.length, ...kept);
  }
  return movable;
}

/** The last slot before which nothing turns `qubit`, seen from an item of slot `index`; -1 where it cannot leave its slot. */
function lastSlot(slots: readonly Slot[], index: number, place: number, qubit: number, mustLeave: boolean): number {
  const turns = (items: Slot["items"]): boolean =>
    items.some((item) => item.kind === "permutation" && (turnsOf(item) & qubit) !== 0);
  if (turns(slots[index]!.items.slice(place + 1))) return mustLeave ? -1 : index;
  for (let at = index; at < slots.length - 1; at++) {
    const { rotations, dense } = slots[at]!;
    if (
      rotations.some((rotation) => (1 << rotation.qubit) & qubit) ||
      dense.some((unitary) => turnsOf(unitary) & qubit)
    )
      return at;
    if (turns(slots[at + 1]!.items)) return at + 1;
  }
  return slots.length - 1;
}

/** Gathers movable phases in as few slots as possible: those that must come soonest decide where. */
function gather(movable: readonly Movable[], count: number): readonly PhasePrimitive[][] {
  const gathered = Array.from({ length: count }, (): PhasePrimitive[] => []);
  let latest = -1;
  for (const { phase, first, last } of [...movable].sort((a, b) => a.last - b.last)) {
    if (first > latest) latest = last;
    gathered[latest]!.push(phase);
  }
  return gathered;
}

/** Phases and permutations in order as sweeps of phases before permutations, with few conditions each. */
function monomialSweeps(items: Slot["items"], inner: number): readonly MonomialSweep[] {
  const sweeps: {
    kind: "monomial";
    phases: PhasePrimitive[];
    permutations: PermutationPrimitive[];
    conditions: number[];
  }[] = [];
  const fits = (index: number, condition: number): boolean => {
    const { conditions } = sweeps[index]!;
    return condition === 0 || conditions.includes(condition) || conditions.length < MAX_CONDITIONS;
  };
  for (const item of items) {
    const condition = (item.kind === "phase" ? item.mask : item.controls) & ~inner;
    let at = sweeps.length - 1;
    if (item.kind === "phase") {
      let found = -1;
      // A phase may go before permutations that do not move its bits.
      for (; at >= 0 && !sweeps[at]!.permutations.some((permutation) => turnsOf(permutation) & item.mask); at--)
        if (fits(at, condition)) found = at;
      at = found;
    } else if (at >= 0 && !fits(at, condition)) at = -1;
    if (at < 0) at = sweeps.push({ kind: "monomial", phases: [], permutations: [], conditions: [] }) - 1;
    const sweep = sweeps[at]!;
    if (item.kind === "phase") sweep.phases.push(item);
    else sweep.permutations.push(item);
    if (condition !== 0 && !sweep.conditions.includes(condition)) sweep.conditions.push(condition);
  }
  return sweeps;
}

function conditionsOf(items: Slot["items"], inner: number): readonly number[] {
  const all = items.map((item) => (item.kind === "phase" ? item.mask : item.controls) & ~inner);
  return [...new Set(all.filter((condition) => condition !== 0))];
}

function turnsOf({ qubits }: PermutationPrimitive | DensePrimitive): number {
  return qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
}
