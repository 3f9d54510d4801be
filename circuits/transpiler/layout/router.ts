import type { UnitaryKind } from "../../operation.ts";
import type { Rng } from "../../rng.ts";
import { pairFacts } from "./block-facts.ts";
import type { Coupling } from "./coupling.ts";
import { type Dag, NODE, type NodeOrder } from "./dag.ts";

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

const PURE_SWAP = -1;
const SEVERAL = -2;

/**
 * Routes circuits over a device: the search of SABRE (Li, Ding and Xie, arXiv 1809.02573), with swaps weighed by the
 * entanglers that they add. A swap on the pair of the gates before it costs what resynthesis of both together costs (0 to
 * 2), a move onto an unused qubit 2, any other swap 3. Holds its working memory; not to be shared between calls.
 */
export class Router {
  readonly #dag: Dag;
  readonly #coupling: Coupling;
  /** The physical place of each qubit and the qubit at each place (-1 for none), as the last route left them. */
  readonly places: Int32Array;
  readonly #occupant: Int32Array;
  /** The recorded steps of the last route. */
  readonly steps: number[] = [];
  readonly what: number[] = [];
  readonly after: number[] = [];
  #recording = false;
  #cost = 0;
  // Progress through the order.
  readonly #remaining: Int32Array;
  readonly #waiting: Int32Array;
  readonly #done: Uint8Array;
  readonly #stack: Int32Array;
  readonly #front: Int32Array;
  #frontSize = 0;
  readonly #ahead: Int32Array;
  readonly #aheadWeight: Float64Array;
  #aheadSize = 0;
  #aheadFrom = 0;
  // The run of gates that is last on each edge, as long as nothing else has touched its ends.
  readonly #runCost: Uint8Array;
  readonly #runSwapped: Uint8Array;
  readonly #lastEdge: Int32Array;
  readonly #edgeNode: Int32Array;
  readonly #edgeTime: Int32Array;
  readonly #movedAt: Int32Array;
  readonly #lastGroup: Int32Array;
  // The pairs that wait, as links from either place to the other.
  readonly #linkHead: Int32Array;
  readonly #linkNext: Int32Array;
  readonly #linkPlace: Int32Array;
  readonly #linkOther: Int32Array;
  readonly #linkWeight: Float64Array;
  #numLinks = 0;
  readonly #tried: Int32Array;
  readonly #decays: Float64Array;
  /** An odd number of swaps is part of the run. */
  readonly #runFlipped: Uint8Array;
  /** The node that the run consists of besides swaps; PURE_SWAP or SEVERAL. */
  readonly #runNode: Int32Array;
  readonly #merged = new Map<number, number>();
  readonly #powers = new Map<number, Float64Array>();
  /** What a pair at two places weighs, [places, places]. */
  #potential: Float64Array;
  #time = 0;
  #order: NodeOrder;

  constructor(dag: Dag, coupling: Coupling) {
    this.#dag = dag;
    this.#coupling = coupling;
    const { numNodes, numQubits } = dag;
    const numGroups = Math.max(dag.order.members.length, 1);
    this.#order = dag.order;
    this.places = new Int32Array(numQubits);
    this.#occupant = new Int32Array(coupling.numQubits);
    this.#remaining = new Int32Array(numGroups);
    this.#waiting = new Int32Array(numNodes);
    this.#done = new Uint8Array(numNodes);
    this.#stack = new Int32Array(numNodes + 1);
    this.#front = new Int32Array(numNodes + 1);
    this.#ahead = new Int32Array(numNodes + 1);
    this.#aheadWeight = new Float64Array(numNodes + 1);
    this.#runCost = new Uint8Array(coupling.numEdges);
    this.#runSwapped = new Uint8Array(coupling.numEdges);
    this.#runFlipped = new Uint8Array(coupling.numEdges);
    this.#runNode = new Int32Array(coupling.numEdges);
    this.#edgeNode = new Int32Array(coupling.numEdges);
    this.#edgeTime = new Int32Array(coupling.numEdges);
    this.#tried = new Int32Array(coupling.numEdges);
    let numPairs = numNodes;
    for (const pairs of dag.branchPairs.values()) numPairs += pairs.length;
    this.#linkHead = new Int32Array(coupling.numQubits).fill(-1);
    this.#linkNext = new Int32Array(2 * numPairs);
    this.#linkPlace = new Int32Array(2 * numPairs);
    this.#linkOther = new Int32Array(2 * numPairs);
    this.#linkWeight = new Float64Array(2 * numPairs);
    this.#lastEdge = new Int32Array(coupling.numQubits);
    this.#movedAt = new Int32Array(coupling.numQubits);
    this.#decays = new Float64Array(coupling.numQubits);
    this.#lastGroup = new Int32Array(numQubits);
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
    this.#potential = this.#power(weights.exponent);
    this.#begin(layout, backwards, record);
    const { numQubits } = this.#dag;
    const patience = 10 + 2 * Math.ceil(Math.sqrt(this.#coupling.numQubits)) + numQubits;
    let idle = 0;
    let sinceReset = 0;
    let forced = 0;
    for (;;) {
      if (this.#runFront()) {
        idle = 0;
        sinceReset = 0;
        this.#decays.fill(0);
        this.#lookAhead(weights);
      }
      if (this.#frontSize === 0) break;
      if (this.#cost >= limit) return Number.POSITIVE_INFINITY;
      if (idle > patience) {
        // Only a conditional that needs several pairs at once can go on like this.
        if (++forced > 4 * this.#dag.numNodes + 100) return Number.POSITIVE_INFINITY;
        this.#force();
        idle = 0;
        continue;
      }
      const edge = this.#chooseSwap(weights, rng);
      this.#swap(edge);
      const a = this.#coupling.low[edge]!;
      const b = this.#coupling.high[edge]!;
      this.#decays[a] = this.#decays[a]! + weights.decay;
      this.#decays[b] = this.#decays[b]! + weights.decay;
      idle++;
      if (++sinceReset >= 8) {
        this.#decays.fill(0);
        sinceReset = 0;
      }
    }
    return this.#cost - this.#exchangeGain();
  }

  /** Entanglers that are saved where the last run on a pair may leave its qubits exchanged. */
  #exchangeGain(): number {
    const { numEdges, low, high } = this.#coupling;
    let gain = 0;
    for (let edge = 0; edge < numEdges; edge++)
      if (this.#lastEdge[low[edge]!] === edge && this.#lastEdge[high[edge]!] === edge)
        gain += Math.max(0, this.#runCost[edge]! - this.#runSwapped[edge]!);
    return gain;
  }

  #begin(layout: Int32Array, backwards: boolean, record: boolean): void {
    const dag = this.#dag;
    const order = backwards ? dag.reversed : dag.order;
    this.#order = order;
    this.#recording = record;
    this.#cost = 0;
    this.#time = 0;
    this.steps.length = 0;
    this.what.length = 0;
    this.after.length = 0;
    this.places.set(layout);
    this.#occupant.fill(-1);
    for (let qubit = 0; qubit < dag.numQubits; qubit++) this.#occupant[layout[qubit]!] = qubit;
    this.#done.fill(0);
    this.#lastEdge.fill(-1);
    this.#edgeNode.fill(-1);
    this.#movedAt.fill(-1);
    this.#lastGroup.fill(-1);
    this.#decays.fill(0);
    this.#tried.fill(-1);
    this.#frontSize = 0;
    this.#aheadSize = 0;
    this.#aheadFrom = 0;
    const { memberStart, wireStart, firstGroup, groups, wires } = order;
    const numGroups = memberStart.length - 1;
    for (let group = 0; group < numGroups; group++)
      this.#remaining[group] = memberStart[group + 1]! - memberStart[group]!;
    for (let node = 0; node < dag.numNodes; node++) {
      let waiting = 0;
      for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) if (groups[i] !== firstGroup[wires[i]!]) waiting++;
      this.#waiting[node] = waiting;
    }
    for (let node = 0; node < dag.numNodes; node++)
      if (this.#waiting[node] === 0 && this.#done[node] === 0) this.#makeReady(node);
    this.#lookAhead(undefined);
  }

  /** Runs what may stand anywhere, and all that this makes ready; pairs join the front. */
  #makeReady(start: number): void {
    const { kind } = this.#dag;
    const stack = this.#stack;
    let size = 0;
    stack[size++] = start;
    // A node is marked when it is put on the stack or into the front, so that none comes twice.
    this.#done[start] = 1;
    while (size > 0) {
      const node = stack[--size]!;
      const nodeKind = kind[node]!;
      if (nodeKind === NODE.pair || nodeKind === NODE.branch) {
        this.#front[this.#frontSize++] = node;
        continue;
      }
      if (this.#recording) this.#note(STEP.node, node, -1);
      size = this.#finish(node, size);
    }
  }

  /** Takes a node as done and puts what becomes ready on the stack. */
  #finish(node: number, stackSize: number): number {
    const { wireStart, wires, groups, firstGroup, memberStart, members } = this.#order;
    const { numQubits, kind } = this.#dag;
    let size = stackSize;
    const solid = kind[node] === NODE.solid || kind[node] === NODE.branch;
    const pair = kind[node] === NODE.pair;
    this.#done[node] = 2;
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) {
      const wire = wires[i]!;
      const group = groups[i]!;
      if (wire < numQubits) {
        if (pair) this.#lastGroup[wire] = group;
        else if (solid) {
          this.#lastGroup[wire] = -1;
          this.#lastEdge[this.places[wire]!] = -1;
        }
      }
      this.#remaining[group] = this.#remaining[group]! - 1;
      if (this.#remaining[group] !== 0 || group + 1 >= firstGroup[wire + 1]!) continue;
      for (let m = memberStart[group + 1]!; m < memberStart[group + 2]!; m++) {
        const next = members[m]!;
        this.#waiting[next] = this.#waiting[next]! - 1;
        if (this.#waiting[next] === 0) {
          this.#done[next] = 1;
          this.#stack[size++] = next;
        }
      }
    }
    return size;
  }

  /** Runs all nodes of the front whose qubits are neighbours, those that join a run first; whether there was one. */
  #runFront(): boolean {
    let ran = false;
    for (;;) {
      let chosen = -1;
      for (let i = 0; i < this.#frontSize; i++) {
        if (!this.#executable(this.#front[i]!)) continue;
        chosen = i;
        if (this.#joins(this.#front[i]!)) break;
      }
      if (chosen === -1) return ran;
      const node = this.#front[chosen]!;
      this.#front[chosen] = this.#front[--this.#frontSize]!;
      const before = this.#dag.kind[node] === NODE.pair ? this.#runPair(node) : -1;
      if (this.#recording) this.#note(before === -1 ? STEP.node : STEP.merged, node, before);
      let size = this.#finish(node, 0);
      while (size > 0) {
        const next = this.#stack[--size]!;
        const kind = this.#dag.kind[next]!;
        if (kind === NODE.pair || kind === NODE.branch) this.#front[this.#frontSize++] = next;
        else {
          if (this.#recording) this.#note(STEP.node, next, -1);
          size = this.#finish(next, size);
        }
      }
      ran = true;
    }
  }

  /** Whether a node whose qubits are neighbours can follow a run on their edge. */
  #joins(node: number): boolean {
    if (this.#dag.kind[node] !== NODE.pair) return false;
    const p = this.places[this.#dag.first[node]!]!;
    const q = this.places[this.#dag.second[node]!]!;
    const edge = this.#edgeOf(p, q);
    return (this.#lastEdge[p] === edge && this.#lastEdge[q] === edge) || this.#absorber(edge) !== -1;
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

  /** Counts the entanglers of a pair node and keeps the run on its edge; a node after which it was put, or -1. */
  #runPair(node: number): number {
    const { first, second, cost, swappedCost } = this.#dag;
    const p = this.places[first[node]!]!;
    const q = this.places[second[node]!]!;
    const edge = this.#edgeOf(p, q);
    const isLast = this.#lastEdge[p] === edge && this.#lastEdge[q] === edge;
    const absorber = isLast ? -1 : this.#absorber(edge);
    if (isLast) {
      const flipped = this.#runFlipped[edge] === 1;
      const current = this.#runCost[edge]!;
      const before = flipped ? this.#runSwapped[edge]! : current;
      const beforeSwapped = flipped ? current : this.#runSwapped[edge]!;
      const alone = this.#runNode[edge]!;
      let plain: number;
      let swapped: number;
      if (alone >= 0) {
        const together = this.#together(alone, node);
        plain = together >> 2;
        swapped = together & 3;
      } else {
        plain = Math.min(3, before + cost[node]!, beforeSwapped + swappedCost[node]!);
        swapped = Math.min(3, beforeSwapped + cost[node]!, before + swappedCost[node]!);
      }
      this.#runCost[edge] = flipped ? swapped : plain;
      this.#runSwapped[edge] = flipped ? plain : swapped;
      this.#cost += this.#runCost[edge]! - current;
      this.#runNode[edge] = alone === PURE_SWAP ? node : SEVERAL;
      this.#edgeNode[edge] = -1;
      return -1;
    }
    if (absorber !== -1) {
      const together = this.#together(absorber, node);
      this.#startRun(edge, together >> 2, together & 3, SEVERAL);
      this.#cost += (together >> 2) - cost[absorber]!;
      this.#edgeNode[edge] = -1;
      return absorber;
    }
    this.#startRun(edge, cost[node]!, swappedCost[node]!, node);
    this.#cost += cost[node]!;
    this.#edgeNode[edge] = node;
    this.#edgeTime[edge] = ++this.#time;
    return -1;
  }

  #startRun(edge: number, cost: number, swappedCost: number, node: number): void {
    this.#runCost[edge] = cost;
    this.#runSwapped[edge] = swappedCost;
    this.#runFlipped[edge] = 0;
    this.#runNode[edge] = node;
    this.#lastEdge[this.#coupling.low[edge]!] = edge;
    this.#lastEdge[this.#coupling.high[edge]!] = edge;
  }

  /** Entanglers of two nodes on one pair with what stands between them, as 4 · plain + swapped. */
  #together(before: number, node: number): number {
    const { cost, swappedCost, numNodes } = this.#dag;
    if (this.#order !== this.#dag.order) {
      const plain = Math.min(3, cost[before]! + cost[node]!, swappedCost[before]! + swappedCost[node]!);
      return 4 * plain + Math.min(3, swappedCost[before]! + cost[node]!, cost[before]! + swappedCost[node]!);
    }
    const key = before * numNodes + node;
    let found = this.#merged.get(key);
    if (found === undefined) {
      found = mergedCosts(this.#dag, before, node);
      this.#merged.set(key, found);
    }
    return found;
  }

  #edgeOf(p: number, q: number): number {
    const { start, to, edge } = this.#coupling;
    for (let i = start[p]!; i < start[p + 1]!; i++) if (to[i] === q) return edge[i]!;
    return -1;
  }

  /** The node after which a swap on an edge may be put so that both are one run; -1 where there is none. */
  #absorber(edge: number): number {
    const node = this.#edgeNode[edge]!;
    if (node === -1) return -1;
    const time = this.#edgeTime[edge]!;
    const { low, high } = this.#coupling;
    if (this.#movedAt[low[edge]!]! > time || this.#movedAt[high[edge]!]! > time) return -1;
    const { wireStart, wires, groups } = this.#order;
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++)
      if (this.#lastGroup[wires[i]!] !== groups[i]) return -1;
    return node;
  }

  /** Entanglers that a swap on an edge adds. */
  #expense(edge: number): number {
    const a = this.#coupling.low[edge]!;
    const b = this.#coupling.high[edge]!;
    if (this.#lastEdge[a] === edge && this.#lastEdge[b] === edge) return this.#runSwapped[edge]! - this.#runCost[edge]!;
    const absorber = this.#absorber(edge);
    if (absorber !== -1) return this.#dag.swappedCost[absorber]! - this.#dag.cost[absorber]!;
    return this.#occupant[a] === -1 || this.#occupant[b] === -1 ? 2 : 3;
  }

  #swap(edge: number): void {
    const a = this.#coupling.low[edge]!;
    const b = this.#coupling.high[edge]!;
    const inA = this.#occupant[a]!;
    const inB = this.#occupant[b]!;
    if (this.#lastEdge[a] === edge && this.#lastEdge[b] === edge) {
      const before = this.#runCost[edge]!;
      this.#runCost[edge] = this.#runSwapped[edge]!;
      this.#runSwapped[edge] = before;
      this.#runFlipped[edge] = 1 - this.#runFlipped[edge]!;
      this.#cost += this.#runCost[edge]! - before;
      if (this.#recording) this.#note(STEP.swap, edge, -1);
    } else {
      const absorber = this.#absorber(edge);
      const move = inA === -1 || inB === -1;
      if (absorber !== -1) {
        const { cost, swappedCost } = this.#dag;
        this.#startRun(edge, swappedCost[absorber]!, cost[absorber]!, absorber);
        this.#cost += swappedCost[absorber]! - cost[absorber]!;
        if (this.#recording) this.#note(STEP.absorbed, edge, absorber);
      } else {
        this.#startRun(edge, move ? 2 : 3, 0, PURE_SWAP);
        this.#cost += this.#runCost[edge]!;
        if (this.#recording) this.#note(move ? STEP.move : STEP.swap, edge, -1);
      }
      this.#runFlipped[edge] = 1;
    }
    this.#edgeNode[edge] = -1;
    this.#time++;
    this.#movedAt[a] = this.#time;
    this.#movedAt[b] = this.#time;
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

  /** The next nodes that are not ready yet, by the step at which they could first run. */
  #lookAhead(weights: RouteWeights | undefined): void {
    const { schedule, level } = this.#order;
    while (this.#aheadFrom < schedule.length && this.#done[schedule[this.#aheadFrom]!] === 2) this.#aheadFrom++;
    this.#aheadSize = 0;
    if (weights === undefined || this.#aheadFrom >= schedule.length) return;
    const base = level[schedule[this.#aheadFrom]!]!;
    for (let i = this.#aheadFrom; i < schedule.length && this.#aheadSize < weights.horizon; i++) {
      const node = schedule[i]!;
      if (this.#done[node] !== 0) continue;
      this.#aheadWeight[this.#aheadSize] = weights.lookahead * weights.falloff ** Math.max(0, level[node]! - base - 1);
      this.#ahead[this.#aheadSize++] = node;
    }
  }

  #chooseSwap(weights: RouteWeights, rng: Rng): number {
    const { start, edge: edges, to } = this.#coupling;
    const frontLinks = this.#linkPlaces();
    this.#time++;
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    let ties = 0;
    // Only swaps that move a qubit of the front help; its links come first.
    for (let link = 0; link < frontLinks; link++) {
      const place = this.#linkPlace[link]!;
      for (let i = start[place]!; i < start[place + 1]!; i++) {
        const edge = edges[i]!;
        if (this.#tried[edge] === this.#time) continue;
        this.#tried[edge] = this.#time;
        const other = to[i]!;
        const score =
          this.#gain(place, other) +
          this.#gain(other, place) +
          (weights.expense * this.#expense(edge)) / 3 +
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
    for (let i = 0; i < this.#frontSize; i++) {
      const node = this.#front[i]!;
      if (kind[node] === NODE.pair) this.#link(first[node]!, second[node]!, 1);
      else for (const [u, v] of branchPairs.get(node)!) this.#link(u, v, 1);
    }
    const frontLinks = this.#numLinks;
    for (let i = 0; i < this.#aheadSize; i++) {
      const node = this.#ahead[i]!;
      const weight = this.#aheadWeight[i]!;
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

  /** Brings the closest pair of the front together along a shortest path; the way out when the search goes in circles. */
  #force(): void {
    const { first, second, kind, branchPairs } = this.#dag;
    const { distances, numQubits, start, to, edge } = this.#coupling;
    let from = -1;
    let goal = -1;
    let least = Number.POSITIVE_INFINITY;
    const offer = (u: number, v: number): void => {
      const distance = distances[this.places[u]! * numQubits + this.places[v]!]!;
      if (distance > 1 && distance < least) {
        least = distance;
        from = u;
        goal = v;
      }
    };
    for (let i = 0; i < this.#frontSize; i++) {
      const node = this.#front[i]!;
      if (kind[node] === NODE.pair) offer(first[node]!, second[node]!);
      else for (const [a, b] of branchPairs.get(node)!) offer(a, b);
    }
    while (from !== -1 && least > 1) {
      const p = this.places[from]!;
      const q = this.places[goal]!;
      for (let i = start[p]!; i < start[p + 1]!; i++)
        if (distances[to[i]! * numQubits + q]! < least) {
          this.#swap(edge[i]!);
          least--;
          break;
        }
    }
  }
}

/** Exact counts for two nodes on the same pair, one after the other; what commutes with either may stand anywhere. */
function mergedCosts(dag: Dag, before: number, node: number): number {
  const { first, second, operations, order, kind } = dag;
  const between: number[] = [];
  for (let i = order.wireStart[before]!; i < order.wireStart[before + 1]!; i++)
    for (let k = order.wireStart[node]!; k < order.wireStart[node + 1]!; k++) {
      if (order.wires[i] !== order.wires[k]) continue;
      for (let m = order.memberStart[order.groups[i]! + 1]!; m < order.memberStart[order.groups[k]!]!; m++)
        if (kind[order.members[m]!] === NODE.single) between.push(order.members[m]!);
    }
  const gates = [before, ...between, node].flatMap((member) => operations[member]!) as UnitaryKind[];
  const facts = pairFacts(gates, first[before]!, second[before]!);
  return 4 * facts.cost + facts.swappedCost;
}
