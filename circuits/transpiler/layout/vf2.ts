import type { Rng } from "../../rng.ts";
import { components } from "./components.ts";
import { type Coupling, edgeBetween } from "./coupling.ts";
import type { ErrorCosts, Usage } from "./error-costs.ts";

export interface Placement {
  /** The place of each qubit. */
  readonly layout: Int32Array;
  /** Minus the logarithm of the estimated success. */
  readonly score: number;
}

/** What a placement costs; Infinity where a pair that interacts is not joined. */
export function placementScore(usage: Usage, coupling: Coupling, costs: ErrorCosts, layout: ArrayLike<number>): number {
  let score = 0;
  for (let q = 0; q < usage.numQubits; q++)
    score += usage.singles[q]! * costs.single[layout[q]!]! + usage.readouts[q]! * costs.readout[layout[q]!]!;
  for (const { first, second, count } of usage.pairs) {
    const edge = edgeBetween(coupling, layout[first]!, layout[second]!);
    score += edge === -1 ? Number.POSITIVE_INFINITY : count * costs.pair[edge]!;
  }
  return score;
}

/**
 * Places a circuit so that all pairs that interact are neighbours, if there is such a way, with the least error found: the
 * subgraph search of VF2 (Cordella et al. 2004) as branch and bound over estimated success (Nation and Treinish,
 * arXiv 2209.15512). At most `budget` placements of a single qubit are tried, whatever the machine, so the result is the
 * same everywhere. `known` is a placement to improve on.
 */
export function findPlacement(
  usage: Usage,
  coupling: Coupling,
  costs: ErrorCosts,
  budget: number,
  rng: Rng,
  known?: Placement,
): Placement | undefined {
  const busy = qubitsInPairs(usage);
  if (busy.length < usage.numQubits) return aroundBusy(usage, busy, coupling, costs, budget, rng, known);
  if (!degreesFit(usage, coupling)) return known;
  const search = new Search(usage, coupling, costs, known);
  // Where nothing is known, some tries with other orders of places find a way out of dead ends.
  if (known === undefined) {
    // Searches for a placement are lucky soon or not for long: many short ones find more than a long one.
    const short = 10 * usage.numQubits + 50;
    if (search.run(Math.max(short, budget >> 4), "roomy") && search.best === undefined) return undefined;
    for (let attempt = 0; attempt * short < budget && search.best === undefined; attempt++)
      if (search.run(short, "random", rng.fork("vf2", attempt)) && search.best === undefined) return undefined;
  }
  if (search.best === undefined || search.run(budget >> 1, "cheap")) return search.best;
  // The rest goes to other corners of the tree, where the first choices cost a little more.
  const slice = 20 * usage.numQubits + 100;
  for (let attempt = 0; attempt * slice < budget >> 1; attempt++)
    search.run(slice, "blurred", rng.fork("place", attempt));
  return search.best;
}

function qubitsInPairs({ pairs }: Usage): readonly number[] {
  return [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].sort((a, b) => a - b);
}

/** Places the qubits that interact, then each other one, the busiest first, where it costs least. */
function aroundBusy(
  usage: Usage,
  busy: readonly number[],
  coupling: Coupling,
  costs: ErrorCosts,
  budget: number,
  rng: Rng,
  known: Placement | undefined,
): Placement | undefined {
  const index = new Int32Array(usage.numQubits).fill(-1);
  busy.forEach((q, i) => {
    index[q] = i;
  });
  const core: Usage = {
    numQubits: busy.length,
    pairs: usage.pairs.map(({ first, second, count }) => ({ first: index[first]!, second: index[second]!, count })),
    singles: Float64Array.from(busy, (q) => usage.singles[q]!),
    readouts: Float64Array.from(busy, (q) => usage.readouts[q]!),
  };
  const coreLayout = Int32Array.from(busy, (q) => known?.layout[q] ?? -1);
  const coreKnown = known && { layout: coreLayout, score: placementScore(core, coupling, costs, coreLayout) };
  const placed =
    busy.length === 0 ? { layout: coreLayout, score: 0 } : findPlacement(core, coupling, costs, budget, rng, coreKnown);
  if (placed === undefined) return undefined;
  const layout = new Int32Array(usage.numQubits).fill(-1);
  const free = Uint8Array.from(coupling.region, (region) => (region === -1 ? 0 : 1));
  busy.forEach((q, i) => {
    layout[q] = placed.layout[i]!;
    free[layout[q]!] = 0;
  });
  const idle = Array.from(layout.keys()).filter((q) => index[q] === -1);
  const need = (q: number): number => usage.readouts[q]! + 0.01 * usage.singles[q]!;
  for (const q of idle.sort((a, b) => need(b) - need(a) || a - b)) {
    let place = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let p = 0; p < coupling.numQubits; p++) {
      const cost = usage.singles[q]! * costs.single[p]! + usage.readouts[q]! * costs.readout[p]!;
      if (free[p] === 1 && cost < least) {
        least = cost;
        place = p;
      }
    }
    if (place === -1) return known;
    layout[q] = place;
    free[place] = 0;
  }
  return { layout, score: placementScore(usage, coupling, costs, layout) };
}

/** Whether the device has as many places of each degree, and edges, as the circuit needs. */
function degreesFit(usage: Usage, coupling: Coupling): boolean {
  if (usage.pairs.length > coupling.numEdges) return false;
  const needed = new Int32Array(usage.numQubits);
  for (const { first, second } of usage.pairs) {
    needed[first]!++;
    needed[second]!++;
  }
  needed.sort().reverse();
  const offered: number[] = [];
  for (let p = 0; p < coupling.numQubits; p++)
    if (coupling.region[p] !== -1) offered.push(coupling.start[p + 1]! - coupling.start[p]!);
  offered.sort((a, b) => b - a);
  return needed.every((degree, i) => i < offered.length && degree <= offered[i]!);
}

/** What places are tried first: tight corners or any, until one placement is found; or cheap ones, or nearly. */
type Mode = "roomy" | "random" | "cheap" | "blurred";

class Search {
  best: Placement | undefined;
  readonly #usage: Usage;
  readonly #coupling: Coupling;
  readonly #costs: ErrorCosts;
  /** Qubits in the order in which they are placed; with each the earlier ones it meets, and how often. */
  readonly #order: Int32Array;
  readonly #meets: readonly (readonly { readonly qubit: number; readonly count: number }[])[];
  /** Pairs of a qubit with qubits placed later. */
  readonly #open: Int32Array;
  /** The least that all from this step on can cost. */
  readonly #rest: Float64Array;
  readonly #layout: Int32Array;
  readonly #free: Uint8Array;
  /** How many of the component that step i belongs to are still to come at step i. */
  readonly #toCome: Int32Array;
  #left = 0;
  #mode: Mode = "roomy";
  #rng: Rng | undefined;

  constructor(usage: Usage, coupling: Coupling, costs: ErrorCosts, known: Placement | undefined) {
    this.#usage = usage;
    this.#coupling = coupling;
    this.#costs = costs;
    this.best = known;
    const n = usage.numQubits;
    const neighbours: { qubit: number; count: number }[][] = Array.from({ length: n }, () => []);
    for (const { first, second, count } of usage.pairs) {
      neighbours[first]!.push({ qubit: second, count });
      neighbours[second]!.push({ qubit: first, count });
    }
    const order: number[] = [];
    const toCome: number[] = [];
    const placed = new Uint8Array(n);
    for (const part of components(
      n,
      usage.pairs.map(({ first, second }) => [first, second] as const),
    ))
      for (let step = 0; step < part.length; step++) {
        let next = -1;
        let most = -1;
        for (const q of part) {
          if (placed[q] === 1) continue;
          const known = neighbours[q]!.filter(({ qubit }) => placed[qubit] === 1).length;
          // A path is walked from an end, so that what is free is not cut in two.
          const degree = neighbours[q]!.length;
          const rank = known * 1000 + (step === 0 && degree === 1 ? 500 : degree);
          if (rank > most) {
            most = rank;
            next = q;
          }
        }
        placed[next] = 1;
        order.push(next);
        toCome.push(part.length - step);
      }
    this.#order = Int32Array.from(order);
    this.#toCome = Int32Array.from(toCome);
    const stepOf = new Int32Array(n);
    order.forEach((q, step) => {
      stepOf[q] = step;
    });
    this.#meets = order.map((q, step) => neighbours[q]!.filter(({ qubit }) => stepOf[qubit]! < step));
    this.#open = Int32Array.from(
      order,
      (q, step) => neighbours[q]!.filter(({ qubit }) => stepOf[qubit]! > step).length,
    );
    const least = (values: Float64Array): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const [pair, single, readout] = [least(costs.pair), least(costs.single), least(costs.readout)];
    this.#rest = new Float64Array(n + 1);
    for (let step = n - 1; step >= 0; step--) {
      const q = order[step]!;
      this.#rest[step] =
        this.#rest[step + 1]! +
        usage.singles[q]! * single +
        usage.readouts[q]! * readout +
        this.#meets[step]!.reduce((sum, { count }) => sum + count * pair, 0);
    }
    this.#layout = new Int32Array(n).fill(-1);
    this.#free = Uint8Array.from(coupling.region, (region) => (region === -1 ? 0 : 1));
  }

  /** Searches within a budget; whether the whole tree was searched. */
  run(budget: number, mode: Mode, rng?: Rng): boolean {
    this.#left = budget;
    this.#mode = mode;
    this.#rng = rng;
    this.#extend(0, 0);
    return this.#left > 0;
  }

  #extend(step: number, score: number): void {
    if (step === this.#order.length) {
      if (this.best === undefined || score < this.best.score - 1e-12)
        this.best = { layout: this.#layout.slice(), score };
      return;
    }
    const qubit = this.#order[step]!;
    const { start, to } = this.#coupling;
    const meets = this.#meets[step]!;
    const options: { place: number; cost: number; rank: number }[] = [];
    const offer = (place: number): void => {
      if (this.#free[place] === 0) return;
      const cost = this.#costAt(qubit, place, meets);
      if (cost === Number.POSITIVE_INFINITY || this.#room(place) < this.#open[step]!) return;
      options.push({ place, cost, rank: this.#rank(place, cost) });
    };
    if (meets.length > 0) {
      const at = this.#layout[meets[0]!.qubit]!;
      for (let i = start[at]!; i < start[at + 1]!; i++) offer(to[i]!);
    } else for (let place = 0; place < this.#coupling.numQubits; place++) offer(place);
    options.sort((a, b) => a.rank - b.rank || a.place - b.place);
    for (const { place, cost } of options) {
      if (this.best !== undefined && score + cost + this.#rest[step + 1]! >= this.best.score - 1e-12) continue;
      if (this.#left-- <= 0) return;
      this.#layout[qubit] = place;
      this.#free[place] = 0;
      if (this.#improves || this.#reaches(place, step)) this.#extend(step + 1, score + cost);
      this.#free[place] = 1;
      this.#layout[qubit] = -1;
      if (this.#left <= 0 || (!this.#improves && this.best !== undefined)) return;
    }
  }

  get #improves(): boolean {
    return this.#mode === "cheap" || this.#mode === "blurred";
  }

  #costAt(qubit: number, place: number, meets: readonly { readonly qubit: number; readonly count: number }[]): number {
    const { single, readout, pair } = this.#costs;
    let cost = this.#usage.singles[qubit]! * single[place]! + this.#usage.readouts[qubit]! * readout[place]!;
    for (const { qubit: other, count } of meets) {
      const edge = edgeBetween(this.#coupling, place, this.#layout[other]!);
      if (edge === -1) return Number.POSITIVE_INFINITY;
      cost += count * pair[edge]!;
    }
    return cost;
  }

  #rank(place: number, cost: number): number {
    switch (this.#mode) {
      case "cheap":
        return cost;
      case "blurred":
        return cost * (0.5 + this.#rng!.uniform());
      // Corners first: a place that is left with few free neighbours is lost if it is passed by.
      case "roomy":
        return this.#room(place) + 0.5 * Math.min(1, cost);
      case "random":
        return this.#rng!.uniform() + 0.3 * this.#room(place);
    }
  }

  #room(place: number): number {
    const { start, to } = this.#coupling;
    let count = 0;
    for (let i = start[place]!; i < start[place + 1]!; i++) count += this.#free[to[i]!]!;
    return count;
  }

  /** Whether what is free around a place and the open ends can still hold the rest of the component. */
  #reaches(place: number, step: number): boolean {
    const needed = this.#toCome[step]! - 1;
    if (needed < 4 || this.#open[step] === 0) return true;
    const { start, to, numQubits } = this.#coupling;
    const seen = new Uint8Array(numQubits);
    const queue = [place];
    let count = 0;
    // Other open ends of the component may grow too: only a path has just one.
    const single = this.#open.subarray(0, step + 1).reduce((sum, open) => sum + open, 0) === step + 1;
    if (!single) return true;
    while (queue.length > 0 && count < needed) {
      const at = queue.pop()!;
      for (let i = start[at]!; i < start[at + 1]!; i++) {
        const next = to[i]!;
        if (seen[next] === 1 || this.#free[next] === 0) continue;
        seen[next] = 1;
        count++;
        queue.push(next);
      }
    }
    return count >= needed;
  }
}
