import type { Primitive } from "../normal-form.ts";

/** How the state is cut into tiles. */
export interface TileShape {
  /** Qubits of a tile at most, where no single operation needs more. */
  readonly tileQubits: number;
  /** The lowest qubits that every tile contains, so that its amplitudes come in runs of whole cache lines. */
  readonly runQubits: number;
}

/** One sweep over the state: its primitives run in order on each tile while that is in the cache. */
export interface PlannedPass {
  /** Qubits of the tiles: a mask. Primitives turn or move these only; the others they may read. */
  readonly inner: number;
  readonly primitives: readonly Primitive[];
}

/** The qubits that a primitive leaves in their basis states and those that it does not. */
interface Action {
  readonly reads: number;
  readonly turns: number;
}

/** Primitives that a pass leaves before it stops to look for more: it need not find all that it could do. */
const MAX_WAITING = 2000;

/** What copying tiles and multiplying phases costs a pass besides, in the units of WORK: measured, within a factor of two. */
const SWEEP_WORK = 128;
/** What an operation costs an amplitude, about. */
const WORK = { rotation: 4, permutation: 2, phase: 1 } as const;

/**
 * Distributes primitives over passes, each as early as its qubits allow. A primitive is taken before others that come
 * earlier in the circuit only where both leave the basis states of all qubits that they share. Greedy: each pass takes the
 * qubits for which most is done for what it costs.
 */
export function planPasses(
  primitives: readonly Primitive[],
  numQubits: number,
  { tileQubits, runQubits }: TileShape,
): readonly PlannedPass[] {
  const actions = new Map(primitives.map((primitive) => [primitive, actionOf(primitive)]));
  let widest = 0;
  for (const { turns } of actions.values()) widest = Math.max(widest, countBits(turns));
  const low = Math.min(runQubits, numQubits);
  const size = Math.min(numQubits, Math.max(tileQubits, widest + low));
  const passes: PlannedPass[] = [];
  let rest: Rest = { waiting: [], next: 0 };
  // Qubits that passes have turned; amplitudes in which others are 1 are 0 as yet, so that tiles of them are left out.
  let touched = 0;
  while (rest.waiting.length > 0 || rest.next < primitives.length) {
    let best: (Taken & { readonly worth: number }) | undefined;
    for (const inner of candidates(primitives, rest, actions, numQubits, size, low)) {
      const taken = take(primitives, rest, actions, inner);
      const { work } = taken;
      const worth = work / ((SWEEP_WORK + work) * 2 ** countBits(touched | inner));
      if (best === undefined || worth > best.worth) best = { ...taken, worth };
    }
    const { inner, done } = best!;
    touched |= inner;
    rest = best!.rest;
    // Phases that are left alone at the end need no pass of their own: each tile knows the bits it stands for.
    const onlyPhases = rest.next === primitives.length && rest.waiting.every(({ kind }) => kind === "phase");
    passes.push({ inner, primitives: onlyPhases ? [...done, ...rest.waiting] : done });
    if (onlyPhases) break;
  }
  return passes;
}

/** What is still to be done: primitives that passes have left, and then all from `next` on. */
interface Rest {
  readonly waiting: readonly Primitive[];
  readonly next: number;
}

interface Taken {
  readonly inner: number;
  readonly done: readonly Primitive[];
  readonly rest: Rest;
  readonly work: number;
}

/** What a pass over tiles of the qubits `inner` can do of the rest. */
function take(primitives: readonly Primitive[], rest: Rest, actions: Map<Primitive, Action>, inner: number): Taken {
  const { waiting, next } = rest;
  const end = waiting.length + primitives.length - next;
  const done: Primitive[] = [];
  const left: Primitive[] = [];
  let work = 0;
  // Qubits that primitives which are left turn, and those that they only read.
  let turned = 0;
  let read = 0;
  let at = 0;
  for (; at < end && (inner & ~turned) !== 0 && left.length < MAX_WAITING; at++) {
    const primitive = at < waiting.length ? waiting[at]! : primitives[next + at - waiting.length]!;
    const { reads, turns } = actions.get(primitive)!;
    const isFree = ((reads | turns) & turned) === 0 && (turns & read) === 0;
    if (isFree && (turns & ~inner) === 0 && ((reads | turns) & inner) !== 0) {
      done.push(primitive);
      work += workOf(primitive);
    } else {
      left.push(primitive);
      turned |= turns;
      read |= reads;
    }
  }
  left.push(...waiting.slice(at));
  return { inner, done, rest: { waiting: left, next: next + Math.max(0, at - waiting.length) }, work };
}

/** Sets of qubits to try: the lowest with each run of others, and with those that the next primitives turn. */
function candidates(
  primitives: readonly Primitive[],
  { waiting, next: from }: Rest,
  actions: Map<Primitive, Action>,
  numQubits: number,
  size: number,
  low: number,
): ReadonlySet<number> {
  if (size >= numQubits) return new Set([maskOf(numQubits)]);
  const found = new Set<number>([maskOf(size)]);
  const lowest = maskOf(low);
  for (let start = low; start + size - low <= numQubits; start++) found.add(lowest | (maskOf(size - low) << start));
  let next = lowest;
  for (let at = 0; at < waiting.length + primitives.length - from; at++) {
    const primitive = waiting[at] ?? primitives[from + at - waiting.length]!;
    const { reads, turns } = actions.get(primitive)!;
    const wider = next | (turns === 0 ? reads & -reads : turns);
    if (countBits(wider) <= size) next = wider;
    if (countBits(next) === size) break;
  }
  for (let qubit = 0; countBits(next) < size; qubit++) next |= 1 << qubit;
  found.add(next);
  return found;
}

function actionOf(primitive: Primitive): Action {
  switch (primitive.kind) {
    case "rotation":
      return { reads: 0, turns: 1 << primitive.qubit };
    case "phase":
      return { reads: primitive.mask, turns: 0 };
    default:
      return {
        reads: primitive.controls,
        turns: primitive.qubits.reduce((mask, qubit) => mask | (1 << qubit), 0),
      };
  }
}

function workOf(primitive: Primitive): number {
  return primitive.kind === "dense" ? 2 ** (primitive.qubits.length + 1) : WORK[primitive.kind];
}

function maskOf(numQubits: number): number {
  return 2 ** numQubits - 1;
}

function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
