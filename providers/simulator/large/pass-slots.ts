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
  items: readonly (PhasePrimitive | PermutationPrimitive)[];
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
    const all = [...movable, ...items];
    const isProduct = movable.length > 0 && conditionsOf(all, inner).length > MAX_CONDITIONS;
    if (isProduct) sweeps.push({ kind: "product", phases: movable });
    for (const sweep of monomialSweeps(isProduct ? items : all, inner)) sweeps.push(sweep);
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
    if (stage.kind === "monomial") slot.items = [...slot.items, ...stage.items];
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
  const turns = slots.map(turnsOfSlot);
  for (const [index, slot] of slots.entries()) {
    const kept: (PhasePrimitive | PermutationPrimitive)[] = [];
    const turnedBehind = turnsBehind(slot.items);
    let turnedBefore = 0;
    for (const [place, item] of slot.items.entries()) {
      if (item.kind === "permutation") turnedBefore |= turnsOf(item);
      const qubit = item.kind === "phase" ? item.mask & inner : 0;
      if (item.kind === "permutation" || (item.mask & ~inner) === 0 || (qubit & (qubit - 1)) !== 0) {
        kept.push(item);
        continue;
      }
      // At the start of its slot a phase stands before the permutations there.
      const first = (turnedBefore & qubit) === 0 ? index : index + 1;
      const last = (turnedBehind[place]! & qubit) === 0 ? lastSlot(turns, index, qubit) : index;
      if (first <= last) movable.push({ phase: item, first, last });
      else kept.push(item);
    }
    slot.items = kept;
  }
  return movable;
}

/** The qubits that a slot's permutations move, and those that what follows them turns. */
interface SlotTurns {
  readonly moved: number;
  readonly turned: number;
}

function turnsOfSlot({ items, rotations, dense }: Slot): SlotTurns {
  let moved = 0;
  for (const item of items) if (item.kind === "permutation") moved |= turnsOf(item);
  let turned = 0;
  for (const { qubit } of rotations) turned |= 1 << qubit;
  for (const unitary of dense) turned |= turnsOf(unitary);
  return { moved, turned };
}

/** For each item the qubits that permutations behind it move. */
function turnsBehind(items: Slot["items"]): Int32Array {
  const behind = new Int32Array(items.length);
  for (let place = items.length - 1; place > 0; place--) {
    const item = items[place]!;
    behind[place - 1] = behind[place]! | (item.kind === "permutation" ? turnsOf(item) : 0);
  }
  return behind;
}

/** The last slot before which nothing turns `qubit`, seen from the end of the permutations of slot `index`. */
function lastSlot(turns: readonly SlotTurns[], index: number, qubit: number): number {
  for (let at = index; at < turns.length - 1; at++) {
    if ((turns[at]!.turned & qubit) !== 0) return at;
    if ((turns[at + 1]!.moved & qubit) !== 0) return at + 1;
  }
  return turns.length - 1;
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
