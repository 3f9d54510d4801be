/** Which qubits are neighbours, and how far apart others are; sets of up to 31 qubits are bit masks. Immutable. */
export class QubitGraph {
  readonly numQubits: number;
  readonly #edges: readonly (readonly number[])[];
  /** [numQubits, numQubits]; where there is no way, more than any way. */
  readonly #distances: Int32Array;

  /** @param open only edges between these qubits count; all by default */
  constructor(edges: readonly (readonly number[])[], numQubits: number, open = allBits(numQubits)) {
    this.numQubits = numQubits;
    this.#edges = edges;
    const distances = new Int32Array(numQubits * numQubits).fill(2 * numQubits);
    for (let q = 0; q < numQubits; q++) distances[q * numQubits + q] = 0;
    for (const [a, b] of edges as readonly (readonly [number, number])[])
      if ((open >>> a) & (open >>> b) & 1) {
        distances[a * numQubits + b] = 1;
        distances[b * numQubits + a] = 1;
      }
    for (let k = 0; k < numQubits; k++)
      for (let i = 0; i < numQubits; i++)
        for (let j = 0; j < numQubits; j++) {
          const through = distances[i * numQubits + k]! + distances[k * numQubits + j]!;
          if (through < distances[i * numQubits + j]!) distances[i * numQubits + j] = through;
        }
    this.#distances = distances;
  }

  /** The same edges, only those between `open` qubits. */
  restricted(open: number): QubitGraph {
    return new QubitGraph(this.#edges, this.numQubits, open);
  }

  distance(a: number, b: number): number {
    return this.#distances[a * this.numQubits + b]!;
  }

  /** The neighbour of `from` on a shortest way to `to`. */
  nextHop(from: number, to: number): number {
    const left = this.distance(from, to);
    for (let next = 0; next < this.numQubits; next++)
      if (this.distance(from, next) === 1 && this.distance(next, to) === left - 1) return next;
    return to;
  }

  /** The pairs of neighbours among some qubits. */
  neighboursIn(qubits: number): readonly (readonly [number, number])[] {
    const pairs: (readonly [number, number])[] = [];
    for (let a = 0; a < this.numQubits; a++)
      for (let b = a + 1; b < this.numQubits; b++)
        if ((qubits >>> a) & (qubits >>> b) & 1 && this.distance(a, b) === 1) pairs.push([a, b]);
    return pairs;
  }

  /** The two of some qubits that are closest. */
  closestPair(qubits: number): readonly [number, number] {
    let best: readonly [number, number] = [0, 0];
    let distance = Number.POSITIVE_INFINITY;
    for (let a = 0; a < this.numQubits; a++)
      for (let b = a + 1; b < this.numQubits; b++)
        if ((qubits >>> a) & (qubits >>> b) & 1 && this.distance(a, b) < distance) {
          distance = this.distance(a, b);
          best = [a, b];
        }
    return best;
  }

  /**
   * Entanglers that bring a Pauli on these qubits to one of them along a tree of shortest ways: 1 for neighbours, 2 for each
   * hop more.
   */
  gatheringCost(qubits: number): number {
    if ((qubits & (qubits - 1)) === 0) return 0;
    let tree = qubits & -qubits;
    let rest = qubits ^ tree;
    let total = 0;
    // Prim's algorithm on few qubits.
    while (rest !== 0) {
      let best = 1 << 20;
      let next = 0;
      for (let a = rest; a !== 0; a &= a - 1) {
        const i = 31 - Math.clz32(a & -a);
        for (let b = tree; b !== 0; b &= b - 1) {
          const distance = this.#distances[i * this.numQubits + (31 - Math.clz32(b & -b))]!;
          if (distance < best) {
            best = distance;
            next = i;
          }
        }
      }
      total += 2 * best - 1;
      tree |= 1 << next;
      rest &= ~(1 << next);
    }
    return total;
  }
}

/** The set of the first `count` qubits. */
export function allBits(count: number): number {
  return 2 ** count - 1;
}
