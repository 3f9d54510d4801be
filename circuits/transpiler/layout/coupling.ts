import type { Target } from "../target.ts";

/** The live pairs of a device as numbered edges, for inner loops. */
export interface Coupling {
  readonly numQubits: number;
  readonly numEdges: number;
  /** Ends of edge e: low[e] < high[e]. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Neighbours of qubit q: to[start[q] .. start[q + 1]], ascending, and the edges that lead there. */
  readonly start: Int32Array;
  readonly to: Int32Array;
  readonly edge: Int32Array;
  /** Hops, [numQubits, numQubits] row-major; -1 where there is no way. */
  readonly distances: Int32Array;
  /** The connected region of each qubit, numbered by first qubit; -1 for a qubit on which nothing runs. */
  readonly region: Int32Array;
  readonly regionSizes: readonly number[];
}

export function couplingOf(target: Target): Coupling {
  const { numQubits, neighbours } = target;
  const start = new Int32Array(numQubits + 1);
  for (let q = 0; q < numQubits; q++) start[q + 1] = start[q]! + neighbours[q]!.length;
  const numEdges = start[numQubits]! / 2;
  const low = new Int32Array(numEdges);
  const high = new Int32Array(numEdges);
  const to = new Int32Array(2 * numEdges);
  const edge = new Int32Array(2 * numEdges);
  let next = 0;
  for (let q = 0; q < numQubits; q++)
    neighbours[q]!.forEach((other, i) => {
      to[start[q]! + i] = other;
      if (other > q) {
        low[next] = q;
        high[next] = other;
        edge[start[q]! + i] = next++;
      } else edge[start[q]! + i] = edge[start[other]! + neighbours[other]!.indexOf(q)]!;
    });
  const region = new Int32Array(numQubits).fill(-1);
  const regionSizes: number[] = [];
  const { distances } = target;
  for (let q = 0; q < numQubits; q++) {
    if (region[q] !== -1 || !target.isUsable(q)) continue;
    let size = 0;
    for (let other = q; other < numQubits; other++)
      if (distances[q * numQubits + other] !== -1) {
        region[other] = regionSizes.length;
        size++;
      }
    regionSizes.push(size);
  }
  return { numQubits, numEdges, low, high, start, to, edge, distances, region, regionSizes };
}

/** The edge between two qubits; -1 where there is none. */
export function edgeBetween(coupling: Coupling, a: number, b: number): number {
  for (let i = coupling.start[a]!; i < coupling.start[a + 1]!; i++) if (coupling.to[i] === b) return coupling.edge[i]!;
  return -1;
}
