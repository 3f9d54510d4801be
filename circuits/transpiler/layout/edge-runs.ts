import type { UnitaryKind } from "../../operation.ts";
import { pairFacts } from "./block-facts.ts";
import type { Coupling } from "./coupling.ts";
import { type Dag, NODE, type NodeOrder } from "./dag.ts";

const PURE_SWAP = -1;
const SEVERAL = -2;

/**
 * The runs of gates on the pairs of a device while a circuit is routed, and the entanglers that they will take once each run
 * is synthesised as a whole. A run is last on its edge as long as no other gate on two qubits has touched its ends.
 */
export class EdgeRuns {
  /** Entanglers of all runs. */
  cost = 0;
  readonly #dag: Dag;
  readonly #coupling: Coupling;
  #order: NodeOrder;
  readonly #runCost: Uint8Array;
  readonly #runSwapped: Uint8Array;
  /** An odd number of swaps is part of the run. */
  readonly #flipped: Uint8Array;
  /** The run ends in a swap. */
  readonly #endsSwapped: Uint8Array;
  /** The node that the run consists of besides swaps; PURE_SWAP or SEVERAL. */
  readonly #runNode: Int32Array;
  /** For each place the edge of the last gate on two qubits; -1 for none. */
  readonly #lastEdge: Int32Array;
  /** For each edge the last node there that is a run of its own, and when it ran; -1 for none. */
  readonly #edgeNode: Int32Array;
  readonly #edgeTime: Int32Array;
  readonly #movedAt: Int32Array;
  /** For each qubit the group of its last pair node; -1 where something has come that nothing moves past. */
  readonly #lastGroup: Int32Array;
  readonly #merged = new Map<number, number>();
  #time = 0;

  constructor(dag: Dag, coupling: Coupling) {
    this.#dag = dag;
    this.#coupling = coupling;
    this.#order = dag.order;
    this.#runCost = new Uint8Array(coupling.numEdges);
    this.#runSwapped = new Uint8Array(coupling.numEdges);
    this.#flipped = new Uint8Array(coupling.numEdges);
    this.#endsSwapped = new Uint8Array(coupling.numEdges);
    this.#runNode = new Int32Array(coupling.numEdges);
    this.#edgeNode = new Int32Array(coupling.numEdges);
    this.#edgeTime = new Int32Array(coupling.numEdges);
    this.#lastEdge = new Int32Array(coupling.numQubits);
    this.#movedAt = new Int32Array(coupling.numQubits);
    this.#lastGroup = new Int32Array(dag.numQubits);
  }

  begin(order: NodeOrder): void {
    this.#order = order;
    this.cost = 0;
    this.#time = 0;
    this.#lastEdge.fill(-1);
    this.#edgeNode.fill(-1);
    this.#movedAt.fill(-1);
    this.#lastGroup.fill(-1);
  }

  /** To be told of every node that has run. */
  passed(node: number, places: Int32Array): void {
    const { wireStart, wires, groups } = this.#order;
    const { kind, numQubits } = this.#dag;
    if (kind[node] === NODE.single) return;
    const pair = kind[node] === NODE.pair;
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) {
      const wire = wires[i]!;
      if (wire >= numQubits) continue;
      this.#lastGroup[wire] = pair ? groups[i]! : -1;
      if (!pair) this.#lastEdge[places[wire]!] = -1;
    }
  }

  /** Whether a pair node on an edge would continue a run there. */
  joins(edge: number): boolean {
    return this.#isLast(edge) || this.absorber(edge) !== -1;
  }

  #isLast(edge: number): boolean {
    return this.#lastEdge[this.#coupling.low[edge]!] === edge && this.#lastEdge[this.#coupling.high[edge]!] === edge;
  }

  /** Runs a pair node on an edge; returns a node there right after which it must be put, or -1. */
  addNode(node: number, edge: number): number {
    const { cost, swappedCost } = this.#dag;
    if (this.#isLast(edge)) {
      this.#endsSwapped[edge] = 0;
      const flipped = this.#flipped[edge] === 1;
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
      this.cost += this.#runCost[edge]! - current;
      this.#runNode[edge] = alone === PURE_SWAP ? node : SEVERAL;
      this.#edgeNode[edge] = -1;
      return -1;
    }
    const absorber = this.absorber(edge);
    if (absorber !== -1) {
      const together = this.#together(absorber, node);
      this.#startRun(edge, together >> 2, together & 3, SEVERAL);
      this.cost += (together >> 2) - cost[absorber]!;
      this.#edgeNode[edge] = -1;
      return absorber;
    }
    this.#startRun(edge, cost[node]!, swappedCost[node]!, node);
    this.cost += cost[node]!;
    this.#edgeNode[edge] = node;
    this.#edgeTime[edge] = ++this.#time;
    return -1;
  }

  #startRun(edge: number, cost: number, swappedCost: number, node: number): void {
    this.#endsSwapped[edge] = 0;
    this.#runCost[edge] = cost;
    this.#runSwapped[edge] = swappedCost;
    this.#flipped[edge] = 0;
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

  /** The node after which a swap on an edge may be put so that both are one run; -1 where there is none. */
  absorber(edge: number): number {
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

  /** Entanglers that a swap on an edge adds; `onto` tells that one of its ends is unused. */
  expense(edge: number, onto: boolean): number {
    if (this.#isLast(edge)) return this.#runSwapped[edge]! - this.#runCost[edge]!;
    const absorber = this.absorber(edge);
    if (absorber !== -1) return this.#dag.swappedCost[absorber]! - this.#dag.cost[absorber]!;
    return onto ? 2 : 3;
  }

  /** Swaps along an edge: the node there right after which it must be put, or -1. */
  addSwap(edge: number, onto: boolean): number {
    let absorber = -1;
    if (this.#isLast(edge)) {
      const before = this.#runCost[edge]!;
      this.#runCost[edge] = this.#runSwapped[edge]!;
      this.#runSwapped[edge] = before;
      this.#flipped[edge] = 1 - this.#flipped[edge]!;
      this.cost += this.#runCost[edge]! - before;
    } else {
      absorber = this.absorber(edge);
      if (absorber !== -1) {
        const { cost, swappedCost } = this.#dag;
        this.#startRun(edge, swappedCost[absorber]!, cost[absorber]!, absorber);
        this.cost += swappedCost[absorber]! - cost[absorber]!;
      } else {
        this.#startRun(edge, onto ? 2 : 3, 0, PURE_SWAP);
        this.cost += this.#runCost[edge]!;
      }
      this.#flipped[edge] = 1;
    }
    this.#endsSwapped[edge] = 1;
    this.#edgeNode[edge] = -1;
    this.#time++;
    this.#movedAt[this.#coupling.low[edge]!] = this.#time;
    this.#movedAt[this.#coupling.high[edge]!] = this.#time;
    return absorber;
  }

  /** Whether a swap on an edge would only undo the last one. */
  undoes(edge: number): boolean {
    return this.#endsSwapped[edge] === 1 && this.#isLast(edge);
  }

  /** Whether a swap on an edge would have to be written out, not being part of a run. */
  startsRun(edge: number): boolean {
    return !this.#isLast(edge) && this.absorber(edge) === -1;
  }

  /** Entanglers that are saved where the last run on a pair may leave its qubits exchanged. */
  exchangeGain(): number {
    const { numEdges } = this.#coupling;
    let gain = 0;
    for (let edge = 0; edge < numEdges; edge++)
      if (this.#isLast(edge)) gain += Math.max(0, this.#runCost[edge]! - this.#runSwapped[edge]!);
    return gain;
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
