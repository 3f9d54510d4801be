import type { Operation, UnitaryKind } from "../../operation.ts";
import { cz, isLocal, isPair, local, type RotationAxis, rotation, swap } from "../ir.ts";
import {
  anticommute,
  bitCount,
  type ControlledPauli,
  conjugateBy,
  isNegative,
  letterAt,
  type SignedPauli,
} from "../linalg/signed-pauli.ts";
import { cliffordFrom, FROM_Z, TO_Z } from "./local-cliffords.ts";
import { type PauliRotation, rotationForm } from "./pauli-rotations.ts";
import { allBits, QubitGraph } from "./qubit-graph.ts";

const MAX_QUBITS = 24;
const MAX_ROTATIONS = 600;
/** How many rotations ahead a choice is weighed by, how much less each counts than the one before, and how many it starts from. */
const WINDOW = 24;
const DECAY = 0.85;
const FRONT = 6;
const AXES: readonly RotationAxis[] = ["X", "Y", "Z"];

/** Where a network acts: on any pairs, those that gates of the circuit share before others, or on neighbours in order of index. */
export type NetworkPairs = "circuit" | "line";

/**
 * Rewrites a circuit as a network of entanglers between which its rotations act on one qubit each: all rotations are written
 * about Pauli operators, and entanglers that shorten the next ones most are chosen one by one (in the spirit of de Brugière
 * and Martiel, arXiv 2404.03280). What the entanglers leave behind is undone at the end, up to swaps. Undefined where the
 * circuit is too large or holds more than gates, and where more than `limit` entanglers would be needed. Cost: entanglers times pairs times 24.
 */
export function pauliNetwork(
  operations: readonly Operation[],
  numQubits: number,
  pairs: NetworkPairs,
  limit: number = Number.POSITIVE_INFINITY,
): readonly Operation[] | undefined {
  if (numQubits < 2 || numQubits > MAX_QUBITS) return undefined;
  if (!operations.every((operation): operation is UnitaryKind => isLocal(operation) || isPair(operation)))
    return undefined;
  const form = rotationForm(operations, numQubits);
  if (form === undefined || form.rotations.length === 0 || form.rotations.length > MAX_ROTATIONS) return undefined;
  const edges =
    pairs === "line"
      ? Array.from({ length: numQubits - 1 }, (_, q) => [q, q + 1])
      : operations.flatMap(({ qubits }) => (qubits.length === 2 ? [qubits] : []));
  const network = new Network(edges, pairs === "line", numQubits, form.rotations, form.imagesOfX, form.imagesOfZ);
  return network.build(limit);
}

class Network {
  readonly #numQubits: number;
  readonly #rotations: PauliRotation[];
  readonly #imagesOfX: readonly SignedPauli[];
  readonly #imagesOfZ: readonly SignedPauli[];
  #graph: QubitGraph;
  readonly #alongEdges: boolean;
  readonly #out: UnitaryKind[] = [];
  #entanglers = 0;

  constructor(
    edges: readonly (readonly number[])[],
    alongEdges: boolean,
    numQubits: number,
    rotations: readonly PauliRotation[],
    imagesOfX: readonly SignedPauli[],
    imagesOfZ: readonly SignedPauli[],
  ) {
    this.#numQubits = numQubits;
    this.#rotations = [...rotations];
    this.#imagesOfX = imagesOfX;
    this.#imagesOfZ = imagesOfZ;
    this.#alongEdges = alongEdges;
    this.#graph = new QubitGraph(edges, numQubits);
  }

  build(limit: number): readonly Operation[] | undefined {
    while (this.#rotations.length > 0) {
      if (this.#entanglers > limit) return undefined;
      const front = this.#front();
      const ready = front.filter((index) => supportSize(this.#rotations[index]!.pauli) <= 1);
      if (ready.length > 0) {
        for (const index of ready) this.#rotate(this.#rotations[index]!);
        const done = new Set(ready);
        const rest = this.#rotations.filter((_, index) => !done.has(index));
        this.#rotations.splice(0, this.#rotations.length, ...rest);
        continue;
      }
      const gate = this.#best(front);
      if (gate !== undefined) this.#entangle(gate);
      else {
        // Brought to the end at once: the next choice could take a single step back.
        const { pauli } = this.#rotations[this.#shortest(front)]!;
        this.#gather(pauli, allBits(this.#numQubits));
      }
    }
    this.#undo(limit);
    return this.#entanglers > limit ? undefined : this.#out;
  }

  /** The first rotations that commute with all before them. */
  #front(): readonly number[] {
    const front: number[] = [];
    for (let index = 0; index < this.#rotations.length && front.length < FRONT; index++) {
      const { pauli } = this.#rotations[index]!;
      let free = true;
      for (let before = 0; before < index && free; before++) free = !anticommute(pauli, this.#rotations[before]!.pauli);
      if (free) front.push(index);
      else if (index > 4 * WINDOW) break;
    }
    return front;
  }

  #shortest(front: readonly number[]): number {
    return front.reduce((best, index) =>
      this.#length(this.#rotations[index]!.pauli) < this.#length(this.#rotations[best]!.pauli) ? index : best,
    );
  }

  /** What it costs to bring a Pauli to one qubit. */
  #length({ x, z }: SignedPauli): number {
    return this.#graph.gatheringCost(x | z);
  }

  /** The entangler that shortens the rotations to come most; undefined where none shortens them on balance. */
  #best(front: readonly number[]): ControlledPauli | undefined {
    let best: ControlledPauli | undefined;
    let bestScore = -1e-9;
    const window = Math.min(WINDOW, this.#rotations.length);
    const lengths = Array.from({ length: window }, (_, k) => this.#length(this.#rotations[k]!.pauli));
    const tried = new Set<number>();
    for (const index of front) {
      const { pauli } = this.#rotations[index]!;
      for (const [a, b] of this.#graph.neighboursIn(pauli.x | pauli.z)) {
        const pair = a * this.#numQubits + b;
        if (tried.has(pair)) continue;
        tried.add(pair);
        for (const p of AXES)
          for (const q of AXES) {
            const gate = { a, p, b, q };
            let score = 0;
            let weight = 1;
            for (let k = 0; k < window; k++, weight *= DECAY) {
              const { pauli: own } = this.#rotations[k]!;
              const turned = { ...own };
              conjugateBy(gate, turned);
              if (own.x !== turned.x || own.z !== turned.z) score += weight * (this.#length(turned) - lengths[k]!);
            }
            if (score < bestScore) {
              bestScore = score;
              best = gate;
            }
          }
      }
    }
    return best;
  }

  /** Shortens what a Pauli is on the qubits of `mask` to one qubit, by the closest pairs; returns that qubit. */
  #gather(pauli: SignedPauli, mask: number): number {
    for (;;) {
      const support = (pauli.x | pauli.z) & mask;
      if (bitCount(support) <= 1) return 31 - Math.clz32(support);
      const [a, b] = this.#graph.closestPair(support);
      if (this.#graph.distance(a, b) === 1 || !this.#alongEdges) this.#absorb(pauli, b, a);
      else this.#move(pauli, b, this.#graph.nextHop(b, a));
    }
  }

  /** Moves what a Pauli is on one qubit to another, along neighbours. */
  #move(pauli: SignedPauli, from: number, to: number): void {
    for (let at = from; at !== to; ) {
      const next = this.#graph.nextHop(at, to);
      this.#extend(pauli, at, next);
      this.#absorb(pauli, at, next);
      at = next;
    }
  }

  /** Takes a Pauli off qubit `from` by an entangler with `into`, where it stays. */
  #absorb(pauli: SignedPauli, from: number, into: number): void {
    this.#entangle({ a: into, p: anotherAxis(letterAt(pauli, into)!), b: from, q: letterAt(pauli, from)! });
  }

  /** Brings a Pauli that is on qubit `from` to `next` too. */
  #extend(pauli: SignedPauli, from: number, next: number): void {
    this.#entangle({ a: from, p: anotherAxis(letterAt(pauli, from)!), b: next, q: "Z" });
  }

  #entangle(gate: ControlledPauli): void {
    this.#entanglers++;
    const { a, p, b, q } = gate;
    for (const { pauli } of this.#rotations) conjugateBy(gate, pauli);
    for (const image of this.#imagesOfX) conjugateBy(gate, image);
    for (const image of this.#imagesOfZ) conjugateBy(gate, image);
    const ends = [
      [a, p],
      [b, q],
    ] as const;
    for (const [qubit, axis] of ends) if (axis !== "Z") this.#out.push(local(TO_Z[axis], qubit));
    this.#out.push(cz(a, b));
    for (const [qubit, axis] of ends) if (axis !== "Z") this.#out.push(local(FROM_Z[axis], qubit));
  }

  #rotate({ pauli, angle }: PauliRotation): void {
    const support = pauli.x | pauli.z;
    if (support === 0) return;
    const qubit = 31 - Math.clz32(support);
    this.#out.push(rotation(letterAt(pauli, qubit)!, isNegative(pauli) ? angle.negated() : angle, qubit));
  }

  /**
   * Writes the Clifford operator that is left as entanglers, swaps and gates on one qubit: first greedily, then qubit by qubit,
   * in an order in which the places that are left stay joined.
   */
  #undo(limit: number): void {
    for (let gate = this.#shrinking(); gate !== undefined && this.#entanglers <= limit; gate = this.#shrinking())
      this.#entangle(gate);
    if (this.#entanglers > limit) return;
    const unfinished = new Set(this.#imagesOfX.keys());
    let open = allBits(this.#numQubits);
    for (const end of this.#placesFromTheEnds()) {
      this.#graph = this.#graph.restricted(open);
      const qubit = [...unfinished].reduce((best, other) =>
        this.#costAt(other, end) < this.#costAt(best, end) ? other : best,
      );
      unfinished.delete(qubit);
      const [x, z] = [this.#imagesOfX[qubit]!, this.#imagesOfZ[qubit]!];
      let place = this.#gather(x, open);
      if (this.#alongEdges) {
        this.#move(x, place, end);
        place = end;
      }
      open &= ~(1 << place);
      if (((z.x | z.z) & open) === 0) continue;
      let at = this.#gather(z, open);
      if (this.#alongEdges) {
        // To a neighbour of the place, by ways that do not lead over it.
        while (this.#graph.distance(at, place) > 1) {
          const next = this.#graph.nextHop(at, place);
          this.#move(z, at, next);
          at = next;
        }
      }
      // Turns about what X has become leave that alone.
      this.#entangle({ a: place, p: letterAt(x, place)!, b: at, q: letterAt(z, at)! });
    }
    this.#finish();
  }

  /** All places so that each, when its turn comes, may be left out without parting the rest: the farthest from the first one first. */
  #placesFromTheEnds(): readonly number[] {
    return Array.from({ length: this.#numQubits }, (_, q) => q).sort(
      (a, b) => this.#graph.distance(0, b) - this.#graph.distance(0, a),
    );
  }

  /** A guess at what it costs to bring X and Z of a qubit to one place. */
  #costAt(qubit: number, place: number): number {
    const bit = this.#alongEdges ? 1 << place : 0;
    const [x, z] = [this.#imagesOfX[qubit]!, this.#imagesOfZ[qubit]!];
    return this.#length({ x: x.x | bit, z: x.z, phase: 0 }) + this.#length({ x: z.x | bit, z: z.z, phase: 0 });
  }

  /** The entangler between neighbours that shortens what is left of the Clifford operator most. */
  #shrinking(): ControlledPauli | undefined {
    let best: ControlledPauli | undefined;
    let bestScore = 0;
    const rows = this.#imagesOfX.map((x, qubit) => [x, this.#imagesOfZ[qubit]!] as const);
    const lengthOf = (x: SignedPauli, z: SignedPauli): number =>
      this.#length(x) + this.#length(z) + this.#length({ x: x.x ^ z.x, z: x.z ^ z.z, phase: 0 });
    const before = rows.map(([x, z]) => lengthOf(x, z));
    for (const [a, b] of this.#graph.neighboursIn(allBits(this.#numQubits))) {
      const touched = (1 << a) | (1 << b);
      for (const p of AXES)
        for (const q of AXES) {
          const gate = { a, p, b, q };
          let score = 0;
          for (const [index, [x, z]] of rows.entries()) {
            if (((x.x | x.z | z.x | z.z) & touched) === 0) continue;
            const [turnedX, turnedZ] = [{ ...x }, { ...z }];
            conjugateBy(gate, turnedX);
            conjugateBy(gate, turnedZ);
            score += lengthOf(turnedX, turnedZ) - before[index]!;
          }
          if (score < bestScore) {
            bestScore = score;
            best = gate;
          }
        }
    }
    return best;
  }

  /** What is left turns single qubits and exchanges them. */
  #finish(): void {
    const place = this.#imagesOfX.map(({ x, z }) => 31 - Math.clz32(x | z));
    for (const [qubit, at] of place.entries())
      this.#out.push(local(cliffordFrom(this.#imagesOfX[qubit]!, this.#imagesOfZ[qubit]!, at), at));
    // What is at place[q] must end at q.
    const order = [...place];
    for (let qubit = 0; qubit < order.length; qubit++) {
      const at = order[qubit]!;
      if (at === qubit) continue;
      this.#out.push(swap(qubit, at));
      for (let other = qubit + 1; other < order.length; other++) if (order[other] === qubit) order[other] = at;
      order[qubit] = qubit;
    }
  }
}

function supportSize({ x, z }: SignedPauli): number {
  return bitCount(x | z);
}

function anotherAxis(axis: RotationAxis): RotationAxis {
  return axis === "Z" ? "X" : "Z";
}
