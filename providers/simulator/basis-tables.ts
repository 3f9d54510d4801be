import type { PermutationPrimitive } from "./normal-form.ts";
import type { MonomialStage } from "./stages.ts";

/** What the permutations of a stage make of the basis states up to some place in it. */
interface Basis {
  /** The basis before its last permutation; -1 for the first. */
  readonly before: number;
  readonly permutation: PermutationPrimitive | undefined;
  table: Int32Array | undefined;
  identity: boolean | undefined;
}

/**
 * Tables over basis states that the stages of one program share: the layers of a circuit permute alike, so that a hundred
 * of them need the tables of one. Bases are numbered, 0 being the one every stage starts in. Tables are made at first use;
 * what they will take is known before.
 */
export class BasisTables {
  readonly size: number;
  readonly #bases: Basis[] = [{ before: -1, permutation: undefined, table: undefined, identity: true }];
  readonly #byPath = new Map<string, number>();
  readonly #indices = new Map<string, Int32Array>();
  readonly #counted = new Set<string>();
  #bytes = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Bytes of the tables of all stages given to `count`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The basis that a permutation makes of `basis`. */
  after(basis: number, permutation: PermutationPrimitive): number {
    const { qubits, permutation: moves, controls } = permutation;
    const path = `${basis} ${qubits.join()} ${moves.join()} ${controls}`;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const made = this.#bases.push({ before: basis, permutation, table: undefined, identity: undefined }) - 1;
    this.#byPath.set(path, made);
    return made;
  }

  /** The basis after all permutations of a stage. */
  last(stage: MonomialStage): number {
    return stage.items.reduce((basis, item) => (item.kind === "permutation" ? this.after(basis, item) : basis), 0);
  }

  /** Adds to `bytes` what a stage will use and no stage before it did. */
  count(stage: MonomialStage): void {
    let basis = 0;
    for (const item of stage.items)
      if (item.kind === "permutation") basis = this.after(basis, item);
      else {
        this.#count(`${basis}`, this.size);
        this.#count(`${basis} ${item.mask}`, this.size / 2 ** bitCount(item.mask));
      }
    this.#count(`${basis}`, this.size);
  }

  #count(key: string, length: number): void {
    if (this.#counted.has(key)) return;
    this.#counted.add(key);
    this.#bytes += Int32Array.BYTES_PER_ELEMENT * length;
  }

  /** Where the states of basis 0 are in `basis`. */
  table(basis: number): Int32Array {
    const wanted = this.#bases[basis]!;
    if (wanted.table !== undefined) return wanted.table;
    // Bases on the way here get no table unless a stage asks for it.
    const path: PermutationPrimitive[] = [];
    let from = wanted;
    while (from.table === undefined && from.permutation !== undefined) {
      path.unshift(from.permutation);
      from = this.#bases[from.before]!;
    }
    const table = from.table?.slice() ?? Int32Array.from({ length: this.size }, (_, i) => i);
    for (const permutation of path) permute(table, permutation);
    wanted.table = table;
    return table;
  }

  /** True when `basis` is basis 0 again. */
  isIdentity(basis: number): boolean {
    const found = this.#bases[basis]!;
    found.identity ??= this.table(basis).every((to, from) => to === from);
    return found.identity;
  }

  /** The states of basis 0 whose image in `basis` has all bits of the mask, ascending. */
  indices(basis: number, mask: number): Int32Array {
    const key = `${basis} ${mask}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const table = this.table(basis);
    const indices = new Int32Array(this.size / 2 ** bitCount(mask));
    for (let i = 0, at = 0; i < table.length; i++) if ((table[i]! & mask) === mask) indices[at++] = i;
    this.#indices.set(key, indices);
    return indices;
  }
}

/** Replaces each basis state by the one it is sent to. */
function permute(states: Int32Array, { qubits, permutation, controls }: PermutationPrimitive): void {
  let targets = 0;
  for (const qubit of qubits) targets |= 1 << qubit;
  for (let i = 0; i < states.length; i++) {
    const state = states[i]!;
    if ((state & controls) !== controls) continue;
    let local = 0;
    for (let bit = 0; bit < qubits.length; bit++) local |= ((state >> qubits[bit]!) & 1) << bit;
    const moved = permutation[local]!;
    let placed = state & ~targets;
    for (let bit = 0; bit < qubits.length; bit++) placed |= ((moved >> bit) & 1) << qubits[bit]!;
    states[i] = placed;
  }
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
