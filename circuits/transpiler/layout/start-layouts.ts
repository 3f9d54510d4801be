import type { Rng } from "../../rng.ts";
import type { Coupling } from "./coupling.ts";
import { type Dag, NODE } from "./dag.ts";
import { findPlacement } from "./vf2.ts";

const PATH_BUDGET = 1000;

/** How strongly pairs of qubits want to be close: [numQubits, numQubits], symmetric; what comes early weighs more. */
export function attraction(dag: Dag): Float64Array {
  const { numQubits, numNodes, kind, first, second, branchPairs, order } = dag;
  const weights = new Float64Array(numQubits * numQubits);
  const add = (a: number, b: number, weight: number): void => {
    weights[a * numQubits + b] = weights[a * numQubits + b]! + weight;
    weights[b * numQubits + a] = weights[b * numQubits + a]! + weight;
  };
  for (let node = 0; node < numNodes; node++) {
    const weight = 0.15 + 0.85 * 0.9 ** order.level[node]!;
    if (kind[node] === NODE.pair) add(first[node]!, second[node]!, weight);
    if (kind[node] === NODE.branch) for (const [a, b] of branchPairs.get(node)!) add(a, b, weight);
  }
  return weights;
}

/**
 * A region of the device for each component, so that each fits in one region together with the others there: largest first
 * into the region with most room. Undefined when they do not fit.
 */
export function assignRegions(
  parts: readonly (readonly number[])[],
  sizes: readonly number[],
): readonly number[] | undefined {
  const room = [...sizes];
  const regions: number[] = [];
  for (const part of parts) {
    let best = -1;
    for (let region = 0; region < room.length; region++)
      if (room[region]! >= part.length && (best === -1 || room[region]! > room[best]!)) best = region;
    if (best === -1) return undefined;
    room[best] = room[best]! - part.length;
    regions.push(best);
  }
  return regions;
}

/** Builds layouts to start from; holds what they have in common. */
export class StartLayouts {
  readonly #coupling: Coupling;
  readonly #numQubits: number;
  readonly #weights: Float64Array;
  /** The region of each qubit of the circuit. */
  readonly #regionOf: Int32Array;
  /** Places along a path; empty where none was found. */
  #path: { readonly layout: Int32Array } | undefined;

  constructor(dag: Dag, coupling: Coupling, regionOf: Int32Array) {
    this.#coupling = coupling;
    this.#numQubits = dag.numQubits;
    this.#weights = attraction(dag);
    this.#regionOf = regionOf;
  }

  /** Qubit i at place i; undefined where a place does not work. */
  trivial(): Int32Array | undefined {
    const layout = Int32Array.from({ length: this.#numQubits }, (_, q) => q);
    return layout.every((q) => this.#coupling.region[q] === this.#regionOf[q]) ? layout : undefined;
  }

  /**
   * The qubit that is drawn most to those placed goes next, to the free place with the least weighted distance to them;
   * the first one near the middle of its region. `noise` (0 for none) blurs both choices.
   */
  greedy(rng: Rng, noise: number): Int32Array {
    const { numQubits: numPlaces, distances, region } = this.#coupling;
    const n = this.#numQubits;
    const layout = new Int32Array(n).fill(-1);
    const free = new Uint8Array(numPlaces).fill(1);
    const pull = new Float64Array(n);
    const strength = new Float64Array(n);
    for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) strength[a] = strength[a]! + this.#weights[a * n + b]!;
    for (let count = 0; count < n; count++) {
      let qubit = -1;
      let best = Number.NEGATIVE_INFINITY;
      for (let q = 0; q < n; q++) {
        if (layout[q] !== -1) continue;
        const score = (pull[q]! * 1000 + strength[q]!) * (1 + noise * rng.uniform());
        if (score > best) {
          best = score;
          qubit = q;
        }
      }
      let place = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let p = 0; p < numPlaces; p++) {
        if (free[p] === 0 || region[p] !== this.#regionOf[qubit]) continue;
        let score =
          pull[qubit] === 0 ? this.#eccentricity(p, layout) * (1 + 0.5 * rng.uniform()) : noise * rng.uniform();
        if (pull[qubit]! > 0)
          for (let other = 0; other < n; other++) {
            const weight = this.#weights[qubit * n + other]!;
            if (weight > 0 && layout[other] !== -1) score += weight * distances[p * numPlaces + layout[other]!]!;
          }
        // Room to grow: a place with free neighbours is better for a qubit that has more to meet.
        score -= 0.01 * this.#freeNeighbours(p, free);
        if (score < least) {
          least = score;
          place = p;
        }
      }
      layout[qubit] = place;
      free[place] = 0;
      for (let q = 0; q < n; q++) pull[q] = pull[q]! + this.#weights[qubit * n + q]!;
    }
    return layout;
  }

  /** Qubits along a path of the device, in their own order or a random one; undefined where no such path was found. */
  path(rng: Rng, inOrder: boolean): Int32Array | undefined {
    this.#path ??= this.#findPath(rng);
    const path = this.#path.layout;
    if (path.length === 0) return undefined;
    const order = inOrder ? Int32Array.from(path.keys()) : rng.permutation(path.length);
    return order.map((place) => path[place]!);
  }

  #findPath(rng: Rng): { readonly layout: Int32Array } {
    const n = this.#numQubits;
    const pairs = Array.from({ length: n - 1 }, (_, q) => ({ first: q, second: q + 1, count: 1 }));
    const usage = { numQubits: n, pairs, singles: new Float64Array(n), readouts: new Float64Array(n) };
    const none = new Float64Array(this.#coupling.numQubits);
    const costs = { pair: new Float64Array(this.#coupling.numEdges).fill(1), single: none, readout: none };
    const found = findPlacement(usage, this.#coupling, costs, PATH_BUDGET, rng);
    const fits = found?.layout.every((place, q) => this.#coupling.region[place] === this.#regionOf[q]) ?? false;
    return { layout: fits ? found!.layout : new Int32Array(0) };
  }

  /** Random places in a ball of the device just large enough, times `slack`. */
  ball(rng: Rng, slack: number): Int32Array {
    const { numQubits: numPlaces, distances, region, regionSizes } = this.#coupling;
    const n = this.#numQubits;
    const layout = new Int32Array(n).fill(-1);
    for (let r = 0; r < regionSizes.length; r++) {
      const qubits: number[] = [];
      for (let q = 0; q < n; q++) if (this.#regionOf[q] === r) qubits.push(q);
      if (qubits.length === 0) continue;
      const places: number[] = [];
      for (let p = 0; p < numPlaces; p++) if (region[p] === r) places.push(p);
      const centre = places[rng.integer(places.length)]!;
      places.sort((a, b) => distances[centre * numPlaces + a]! - distances[centre * numPlaces + b]! || a - b);
      const chosen = places.slice(0, Math.max(qubits.length, Math.ceil(qubits.length * slack)));
      const order = rng.permutation(chosen.length);
      qubits.forEach((q, i) => {
        layout[q] = chosen[order[i]!]!;
      });
    }
    return layout;
  }

  #freeNeighbours(place: number, free: Uint8Array): number {
    const { start, to } = this.#coupling;
    let count = 0;
    for (let i = start[place]!; i < start[place + 1]!; i++) count += free[to[i]!]!;
    return count;
  }

  /** Mean distance to the region's places, or to what is placed already. */
  #eccentricity(place: number, layout: Int32Array): number {
    const { numQubits: numPlaces, distances, region } = this.#coupling;
    let sum = 0;
    let count = 0;
    for (const other of layout)
      if (other !== -1 && region[other] === region[place]) {
        sum += distances[place * numPlaces + other]!;
        count++;
      }
    if (count > 0) return sum / count;
    for (let p = 0; p < numPlaces; p++)
      if (region[p] === region[place]) {
        sum += distances[place * numPlaces + p]!;
        count++;
      }
    return sum / count;
  }
}
