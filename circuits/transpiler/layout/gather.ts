import { type Coupling, edgeBetween } from "./coupling.ts";

const MAX_TRIES = 20_000;

/**
 * Edges to swap along, in order, after which all pairs of qubits are neighbours at once; undefined where no such places were
 * found. The places nearest to where the qubits are come first. Qubits are brought in along a tree, its far ends first, so
 * that a qubit in place is never in the way.
 */
export function gatherPairs(
  coupling: Coupling,
  places: ArrayLike<number>,
  pairs: readonly (readonly [number, number])[],
): readonly number[] | undefined {
  const goals = findGoals(coupling, places, pairs);
  return goals && bringIn(coupling, places, goals);
}

/** A place for each qubit of the pairs. */
function findGoals(
  coupling: Coupling,
  places: ArrayLike<number>,
  pairs: readonly (readonly [number, number])[],
): ReadonlyMap<number, number> | undefined {
  const { numQubits, distances, region, start, to } = coupling;
  const order: number[] = [];
  const waiting = new Set(pairs.flat());
  while (waiting.size > 0) {
    const met = [...waiting].find((q) =>
      pairs.some(([a, b]) => (a === q && order.includes(b)) || (b === q && order.includes(a))),
    );
    const next = met ?? [...waiting][0]!;
    waiting.delete(next);
    order.push(next);
  }
  const goals = new Map<number, number>();
  const taken = new Set<number>();
  let tries = 0;
  const place = (step: number): boolean => {
    if (step === order.length) return true;
    const qubit = order[step]!;
    const at = places[qubit]!;
    const partners = pairs
      .flatMap(([a, b]) => (a === qubit ? [b] : b === qubit ? [a] : []))
      .flatMap((other) => (goals.has(other) ? [goals.get(other)!] : []));
    const [first] = partners;
    const options =
      first === undefined
        ? Array.from({ length: numQubits }, (_, p) => p).filter((p) => region[p] === region[at])
        : Array.from(to.subarray(start[first]!, start[first + 1]!));
    options.sort((a, b) => distances[at * numQubits + a]! - distances[at * numQubits + b]! || a - b);
    for (const option of options) {
      if (taken.has(option) || !partners.every((partner) => distances[partner * numQubits + option] === 1)) continue;
      if (++tries > MAX_TRIES) return false;
      goals.set(qubit, option);
      taken.add(option);
      if (place(step + 1)) return true;
      goals.delete(qubit);
      taken.delete(option);
    }
    return false;
  };
  return place(0) ? goals : undefined;
}

function bringIn(coupling: Coupling, places: ArrayLike<number>, goals: ReadonlyMap<number, number>): readonly number[] {
  const { start, to, numQubits } = coupling;
  const swaps: number[] = [];
  const wanted = new Map([...goals].map(([qubit, goal]) => [goal, qubit]));
  const at = new Map([...goals.keys()].map((qubit) => [qubit, places[qubit]!]));
  const roots = new Set<number>();
  for (const root of goals.values()) {
    if (roots.has(coupling.region[root]!)) continue;
    roots.add(coupling.region[root]!);
    const parent = new Int32Array(numQubits).fill(-1);
    const reached = [root];
    parent[root] = root;
    for (let head = 0; head < reached.length; head++)
      for (let i = start[reached[head]!]!; i < start[reached[head]! + 1]!; i++)
        if (parent[to[i]!] === -1) {
          parent[to[i]!] = reached[head]!;
          reached.push(to[i]!);
        }
    const swap = (a: number, b: number): void => {
      for (const [qubit, place] of at) if (place === a || place === b) at.set(qubit, place === a ? b : a);
      swaps.push(edgeBetween(coupling, a, b));
    };
    reached.toReversed().forEach((end, count) => {
      const qubit = wanted.get(end);
      const left = reached.slice(0, reached.length - 1 - count);
      const held = new Set(at.values());
      if (qubit !== undefined) {
        const path = pathInTree(parent, at.get(qubit)!, end);
        for (let i = 0; i + 1 < path.length; i++) swap(path[i]!, path[i + 1]!);
        at.delete(qubit);
      } else if (held.has(end)) {
        // All on the way to a place that no qubit of the pairs holds moves up by one; there are more places left than qubits.
        const ways = left.filter((place) => !held.has(place)).map((place) => pathInTree(parent, place, end));
        const shortest = ways.reduce((best, way) => (way.length < best.length ? way : best));
        for (let i = 0; i + 1 < shortest.length; i++) swap(shortest[i]!, shortest[i + 1]!);
      }
    });
  }
  return swaps;
}

function pathInTree(parent: Int32Array, from: number, to: number): readonly number[] {
  const up = (place: number): number[] => {
    const way = [place];
    while (parent[way.at(-1)!] !== way.at(-1)) way.push(parent[way.at(-1)!]!);
    return way;
  };
  const [left, right] = [up(from), up(to)];
  while (left.length > 1 && right.length > 1 && left.at(-2) === right.at(-2)) {
    left.pop();
    right.pop();
  }
  return [...left, ...right.reverse().slice(1)];
}
