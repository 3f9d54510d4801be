import type { Rng } from "../../rng.ts";
import { type Coupling, edgeBetween } from "./coupling.ts";
import { type Dag, NODE } from "./dag.ts";
import { EdgeRuns } from "./edge-runs.ts";
import { gatherPairs } from "./gather.ts";
import { Progress } from "./progress.ts";

/** What a route weighs when it chooses the next swap. All in hops, so that they can be added. */
export interface RouteWeights {
  /** Of the nodes that come after those that are ready. */
  readonly lookahead: number;
  /** How fast that weight falls from one step of the circuit to the next, 0 to 1. */
  readonly falloff: number;
  /** Of the entanglers that a swap costs, 3 of them being one hop at weight 1. */
  readonly expense: number;
  /** Added for each recent swap on the same qubits. */
  readonly decay: number;
  /** How many nodes are looked at ahead. */
  readonly horizon: number;
  /** A pair d hops apart weighs (d - 1) to this power: below 1, the closest pairs come first. */
  readonly exponent: number;
  /** Up to this much is added to the score of a swap at random, so that trials differ. */
  readonly noise: number;
}

/** A kind of step of a recorded route. */
export const STEP = {
  /** Run node `what`. */
  node: 0,
  /** Swap along edge `what`. */
  swap: 1,
  /** Swap along edge `what`, right after node `after`, which commutes with all that ran since on its qubits. */
  absorbed: 2,
  /** Move a qubit along edge `what` onto an unused one, which is in |0⟩. */
  move: 3,
  /** Run node `what` right after node `after`, likewise. */
  merged: 4,
} as const;

/**
 * Routes circuits over a device: the search of SABRE (Li, Ding and Xie, arXiv 1809.02573), with swaps weighed by the
 * entanglers that they add. A swap on the pair of the gates before it costs what resynthesis of both together costs (0 to
 * 2), a move onto an unused qubit 2, any other swap 3. Holds its working memory; not to be shared between calls.
 */
export class Router {
  /** The physical place of each qubit, as the last route left it. */
  readonly places: Int32Array;
  /** The recorded steps of the last route. */
  readonly steps: number[] = [];
  readonly what: number[] = [];
  readonly after: number[] = [];
  readonly #dag: Dag;
  readonly #coupling: Coupling;
  readonly #progress: Progress;
  readonly #runs: EdgeRuns;
  /** The qubit at each place; -1 for none. */
  readonly #occupant: Int32Array;
  #recording = false;
  /** The node right after which the pair node that runs now must be put; -1 for none. */
  #putAfter = -1;
  // The pairs that wait, as links from either place to the other.
  readonly #linkHead: Int32Array;
  readonly #linkNext: Int32Array;
  readonly #linkPlace: Int32Array;
  readonly #linkOther: Int32Array;
  readonly #linkWeight: Float64Array;
  #numLinks = 0;
  readonly #tried: Int32Array;
  readonly #decays: Float64Array;
  readonly #powers = new Map<number, Float64Array>();
  /** What a pair at two places weighs, [places, places]. */
  #potential: Float64Array;
  #choice = 0;

  constructor(dag: Dag, coupling: Coupling) {
    this.#dag = dag;
    this.#coupling = coupling;
    this.places = new Int32Array(dag.numQubits);
    this.#occupant = new Int32Array(coupling.numQubits);
    this.#runs = new EdgeRuns(dag, coupling);
    this.#progress = new Progress(dag, (node) => {
      this.#runs.passed(node, this.places);
      if (this.#recording) this.#note(this.#putAfter === -1 ? STEP.node : STEP.merged, node, this.#putAfter);
      this.#putAfter = -1;
    });
    let numPairs = dag.numNodes;
    for (const pairs of dag.branchPairs.values()) numPairs += pairs.length;
    this.#linkHead = new Int32Array(coupling.numQubits).fill(-1);
    this.#linkNext = new Int32Array(2 * numPairs);
    this.#linkPlace = new Int32Array(2 * numPairs);
    this.#linkOther = new Int32Array(2 * numPairs);
    this.#linkWeight = new Float64Array(2 * numPairs);
    this.#tried = new Int32Array(coupling.numEdges);
    this.#decays = new Float64Array(coupling.numQubits);
    this.#potential = this.#power(1);
  }

  #power(exponent: number): Float64Array {
    let table = this.#powers.get(exponent);
    if (table === undefined) {
      table = Float64Array.from(this.#coupling.distances, (d) => (d <= 1 ? 0 : (d - 1) ** exponent));
      this.#powers.set(exponent, table);
    }
    return table;
  }

  /**
   * Routes from a layout and returns the estimated number of entanglers; stops and returns Infinity as soon as it reaches
   * `limit`. `places` then holds where the qubits ended.
   */
  route(
    layout: Int32Array,
    backwards: boolean,
    weights: RouteWeights,
    rng: Rng,
    record: boolean,
    limit = Number.POSITIVE_INFINITY,
  ): number {
    const { lookahead, falloff, horizon, decay } = weights;
    const progress = this.#progress;
    this.#begin(layout, backwards, weights.exponent, record);
    const patience = 10 + 2 * Math.ceil(Math.sqrt(this.#coupling.numQubits)) + this.#dag.numQubits;
    let idle = 0;
    let sinceReset = 0;
    for (;;) {
      if (this.#runFront()) {
        idle = 0;
        sinceReset = 0;
        this.#decays.fill(0);
        progress.lookAhead(lookahead, falloff, horizon);
      }
      if (progress.frontSize === 0) break;
      if (this.#runs.cost >= limit) return Number.POSITIVE_INFINITY;
      if (idle > patience) {
        if (!this.#force()) return Number.POSITIVE_INFINITY;
        idle = 0;
        continue;
      }
      const edge = this.#chooseSwap(weights, rng);
      if (edge === -1) {
        idle = patience + 1;
        continue;
      }
      this.#swap(edge);
      const a = this.#coupling.low[edge]!;
      const b = this.#coupling.high[edge]!;
      this.#decays[a] = this.#decays[a]! + decay;
      this.#decays[b] = this.#decays[b]! + decay;
      idle++;
      if (++sinceReset >= 8) {
        this.#decays.fill(0);
        sinceReset = 0;
      }
    }
    return this.#runs.cost - this.#runs.exchangeGain();
  }

  #begin(layout: Int32Array, backwards: boolean, exponent: number, record: boolean): void {
    const order = backwards ? this.#dag.reversed : this.#dag.order;
    this.#potential = this.#power(exponent);
    this.#recording = record;
    this.#putAfter = -1;
    this.steps.length = 0;
    this.what.length = 0;
    this.after.length = 0;
    this.places.set(layout);
    this.#occupant.fill(-1);
    for (let qubit = 0; qubit < layout.length; qubit++) this.#occupant[layout[qubit]!] = qubit;
    this.#decays.fill(0);
    this.#tried.fill(0);
    this.#choice = 0;
    this.#runs.begin(order);
    this.#progress.begin(order);
  }

  /** Runs all nodes of the front whose qubits are neighbours, those that join a run first; whether there was one. */
  #runFront(): boolean {
    const progress = this.#progress;
    const { kind } = this.#dag;
    for (let ran = false; ; ran = true) {
      let chosen = -1;
      for (let i = 0; i < progress.frontSize; i++) {
        const node = progress.front[i]!;
        if (!this.#executable(node)) continue;
        chosen = i;
        if (kind[node] === NODE.pair && this.#runs.joins(this.#edgeOf(node))) break;
      }
      if (chosen === -1) return ran;
      const node = progress.front[chosen]!;
      if (kind[node] === NODE.pair) this.#putAfter = this.#runs.addNode(node, this.#edgeOf(node));
      progress.run(chosen);
    }
  }

  #executable(node: number): boolean {
    const { first, second, kind, branchPairs } = this.#dag;
    const { distances, numQubits } = this.#coupling;
    if (kind[node] === NODE.pair)
      return distances[this.places[first[node]!]! * numQubits + this.places[second[node]!]!] === 1;
    for (const [a, b] of branchPairs.get(node)!)
      if (distances[this.places[a]! * numQubits + this.places[b]!] !== 1) return false;
    return true;
  }

  /** The edge on which the qubits of a pair node stand. */
  #edgeOf(node: number): number {
    const { first, second } = this.#dag;
    return edgeBetween(this.#coupling, this.places[first[node]!]!, this.places[second[node]!]!);
  }

  #swap(edge: number): void {
    const a = this.#coupling.low[edge]!;
    const b = this.#coupling.high[edge]!;
    const inA = this.#occupant[a]!;
    const inB = this.#occupant[b]!;
    const onto = inA === -1 || inB === -1;
    const isMove = onto && this.#runs.startsRun(edge);
    const absorber = this.#runs.addSwap(edge, onto);
    if (this.#recording) this.#note(absorber !== -1 ? STEP.absorbed : isMove ? STEP.move : STEP.swap, edge, absorber);
    this.#occupant[a] = inB;
    this.#occupant[b] = inA;
    if (inA !== -1) this.places[inA] = b;
    if (inB !== -1) this.places[inB] = a;
  }

  #note(step: number, what: number, after: number): void {
    this.steps.push(step);
    this.what.push(what);
    this.after.push(after);
  }

  #chooseSwap(weights: RouteWeights, rng: Rng): number {
    const { start, edge: edges, to } = this.#coupling;
    const frontLinks = this.#linkPlaces();
    this.#choice++;
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    let ties = 0;
    // Only swaps that move a qubit of the front help; its links come first.
    for (let link = 0; link < frontLinks; link++) {
      const place = this.#linkPlace[link]!;
      for (let i = start[place]!; i < start[place + 1]!; i++) {
        const edge = edges[i]!;
        if (this.#tried[edge] === this.#choice) continue;
        this.#tried[edge] = this.#choice;
        if (this.#runs.undoes(edge)) continue;
        const other = to[i]!;
        const score =
          this.#gain(place, other) +
          this.#gain(other, place) +
          (weights.expense * this.#runs.expense(edge, this.#occupant[place] === -1 || this.#occupant[other] === -1)) /
            3 +
          Math.max(this.#decays[place]!, this.#decays[other]!) +
          (weights.noise === 0 ? 0 : weights.noise * rng.uniform());
        if (score < bestScore - 1e-9) {
          bestScore = score;
          best = edge;
          ties = 1;
        } else if (score < bestScore + 1e-9 && rng.uniform() * ++ties < 1) best = edge;
      }
    }
    return best;
  }

  /** Links both places of each pair that waits, so that a swap is judged by the pairs that it moves; how many are of the front. */
  #linkPlaces(): number {
    const { kind, branchPairs, first, second } = this.#dag;
    for (let link = 0; link < this.#numLinks; link++) this.#linkHead[this.#linkPlace[link]!] = -1;
    this.#numLinks = 0;
    for (let i = 0; i < this.#progress.frontSize; i++) {
      const node = this.#progress.front[i]!;
      if (kind[node] === NODE.pair) this.#link(first[node]!, second[node]!, 1);
      else for (const [u, v] of branchPairs.get(node)!) this.#link(u, v, 1);
    }
    const frontLinks = this.#numLinks;
    for (let i = 0; i < this.#progress.aheadSize; i++) {
      const node = this.#progress.ahead[i]!;
      const weight = this.#progress.aheadWeight[i]!;
      if (kind[node] === NODE.pair) this.#link(first[node]!, second[node]!, weight);
      else for (const [u, v] of branchPairs.get(node)!) this.#link(u, v, weight);
    }
    return frontLinks;
  }

  #link(u: number, v: number, weight: number): void {
    const p = this.places[u]!;
    const q = this.places[v]!;
    this.#addLink(p, q, weight);
    this.#addLink(q, p, weight);
  }

  #addLink(place: number, other: number, weight: number): void {
    const link = this.#numLinks++;
    this.#linkPlace[link] = place;
    this.#linkOther[link] = other;
    this.#linkWeight[link] = weight;
    this.#linkNext[link] = this.#linkHead[place]!;
    this.#linkHead[place] = link;
  }

  /** How the weighted pairs of the qubit at `from` change when it goes to `goal`; pairs with the qubit there do not. */
  #gain(from: number, goal: number): number {
    const { numQubits } = this.#coupling;
    const before = from * numQubits;
    const after = goal * numQubits;
    let sum = 0;
    for (let link = this.#linkHead[from]!; link !== -1; link = this.#linkNext[link]!) {
      const other = this.#linkOther[link]!;
      if (other !== goal)
        sum += this.#linkWeight[link]! * (this.#potential[after + other]! - this.#potential[before + other]!);
    }
    return sum;
  }

  /**
   * Brings the closest pair of the front together along a shortest path, the way out when the search goes in circles; or, where
   * only a conditional is left, all its pairs. False where these cannot be neighbours at once.
   */
  #force(): boolean {
    const { first, second, kind, branchPairs } = this.#dag;
    const { distances, numQubits, start, to, edge } = this.#coupling;
    const { front, frontSize } = this.#progress;
    let closest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < frontSize; i++) {
      const node = front[i]!;
      if (kind[node] !== NODE.pair) continue;
      const distance = distances[this.places[first[node]!]! * numQubits + this.places[second[node]!]!]!;
      if (distance < least) {
        least = distance;
        closest = node;
      }
    }
    if (closest === -1) {
      const swaps = gatherPairs(this.#coupling, this.places, branchPairs.get(front[0]!)!);
      for (const along of swaps ?? []) this.#swap(along);
      return swaps !== undefined;
    }
    const goal = this.places[second[closest]!]!;
    for (; least > 1; least--) {
      const at = this.places[first[closest]!]!;
      for (let i = start[at]!; i < start[at + 1]!; i++)
        if (distances[to[i]! * numQubits + goal]! < least) {
          this.#swap(edge[i]!);
          break;
        }
    }
    return true;
  }
}
