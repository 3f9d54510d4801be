import type { Rng } from "../../circuits/index.ts";
import { parity } from "./kernels/pauli.ts";
import type { MeasurementGroup } from "./measurement-groups.ts";

/** Of one tally and its arrays, besides their numbers: about. */
const OBJECT_BYTES = 2000;
/** Coin bits in one word. */
const WORD_BITS = 32;
/** Outcomes that are evaluated together, term by term, so that each loop is long and has no branch on an outcome. */
const BLOCK = 64;

/** What decides the outcome of each measured qubit of a group. */
export interface Reading {
  /** Qubits whose outcome is a bit of the basis state: which bit. Qubits that are neither here nor coins read 0. */
  readonly bits: ReadonlyMap<number, number>;
  /** Qubits whose outcome is a fair coin, independent of all others. */
  readonly coins: readonly number[];
}

/** Sums over the shots of one group, for K observables; groups that are tallied in turn can share them. */
export class TallySums {
  readonly value: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  /** The first shot's value, subtracted before squaring so that small variances survive rounding. */
  readonly offset: Float64Array;
  shots = 0;

  constructor(numObservables: number) {
    this.value = new Float64Array(numObservables);
    this.sums = new Float64Array(numObservables);
    this.squares = new Float64Array(numObservables);
    this.offset = new Float64Array(numObservables);
  }

  /** Forgets all shots. */
  clear(): void {
    this.sums.fill(0);
    this.squares.fill(0);
    this.offset.fill(0);
    this.shots = 0;
  }

  /**
   * Counts values of one observable, the first `size`, each for as many shots as its weight. Whoever does so for all
   * observables that are not 0 then adds the weights to `shots`.
   */
  countObservable(k: number, values: Float64Array, weights: Int32Array, size: number): void {
    if (this.shots === 0) this.offset[k] = values[0]!;
    const offset = this.offset[k]!;
    let sum = this.sums[k]!;
    let squares = this.squares[k]!;
    for (let i = 0; i < size; i++) {
      const deviation = values[i]! - offset;
      sum += weights[i]! * deviation;
      squares += weights[i]! * deviation * deviation;
    }
    this.sums[k] = sum;
    this.squares[k] = squares;
  }

  /** Counts `value` for a number of shots. */
  count(shots: number): void {
    const { value, sums, squares, offset } = this;
    if (this.shots === 0) offset.set(value);
    this.shots += shots;
    for (let k = 0; k < value.length; k++) {
      const deviation = value[k]! - offset[k]!;
      sums[k]! += shots * deviation;
      squares[k]! += shots * deviation * deviation;
    }
  }

  /** Adds the means to `means` [K] and the squared standard errors of the means to `variances` [K]. */
  addTo(means: Float64Array, variances: Float64Array): void {
    const { shots, sums, squares, offset } = this;
    for (let k = 0; k < means.length; k++) {
      const mean = sums[k]! / shots;
      means[k]! += offset[k]! + mean;
      variances[k]! += Math.max(0, (squares[k]! - shots * mean * mean) / (shots - 1)) / shots;
    }
  }
}

/** What each shot of one group says about each observable. T terms, in flat arrays. */
export class GroupTally {
  readonly bytes: number;
  /** [T] bits of the basis state that decide the sign. */
  readonly #masks: Int32Array;
  /** [T, words] coins that decide it too. */
  readonly #termCoins: Int32Array;
  /** Observables that have terms in this group. */
  readonly #observables: Int32Array;
  /** [their number + 1] where the terms of each begin; those terms, and their coefficients. */
  readonly #starts: Int32Array;
  readonly #terms: Int32Array;
  readonly #coefficients: Float64Array;
  readonly #sums: TallySums;
  /** Basis states that wait to be evaluated together, how many shots had each, and [words, BLOCK] their coins. */
  readonly #outcomes = new Int32Array(BLOCK);
  readonly #weights = new Int32Array(BLOCK);
  readonly #coins: Int32Array;
  #size = 0;
  /** [T, BLOCK] signs of the terms, and [BLOCK] values of one observable. */
  readonly #signs: Int8Array;
  readonly #values = new Float64Array(BLOCK);

  /** @param sums where shots are counted; cleared by whoever starts to count */
  constructor({ terms }: MeasurementGroup, { bits, coins }: Reading, sums: TallySums) {
    const place = new Map(coins.map((qubit, index) => [qubit, index]));
    const words = Math.ceil(coins.length / WORD_BITS);
    this.#masks = new Int32Array(terms.length);
    this.#termCoins = new Int32Array(terms.length * words);
    const parts = new Map<number, (readonly [term: number, coefficient: number])[]>();
    for (const [t, { qubits, coefficients }] of terms.entries()) {
      for (const qubit of qubits) {
        const bit = bits.get(qubit);
        if (bit !== undefined) this.#masks[t]! |= 1 << bit;
        const coin = place.get(qubit);
        if (coin !== undefined) this.#termCoins[t * words + Math.floor(coin / WORD_BITS)]! |= 1 << (coin % WORD_BITS);
      }
      for (const [k, coefficient] of coefficients.entries()) {
        if (coefficient === 0) continue;
        const known = parts.get(k);
        if (known === undefined) parts.set(k, [[t, coefficient]]);
        else known.push([t, coefficient]);
      }
    }
    const all = [...parts.values()].flat();
    this.#observables = Int32Array.from(parts.keys());
    this.#terms = Int32Array.from(all, ([term]) => term);
    this.#coefficients = Float64Array.from(all, ([, coefficient]) => coefficient);
    this.#starts = new Int32Array(parts.size + 1);
    for (const [index, { length }] of [...parts.values()].entries())
      this.#starts[index + 1] = this.#starts[index]! + length;
    this.#sums = sums;
    this.#coins = new Int32Array(words * BLOCK);
    this.#signs = new Int8Array(terms.length * BLOCK);
    this.bytes =
      OBJECT_BYTES +
      terms.length * (4 + 4 * words + BLOCK) +
      12 * all.length +
      8 * parts.size +
      BLOCK * (4 * words + 16);
  }

  /** Takes basis states, one a shot, and throws the coins. Without coins, equal states in a row are counted at once. */
  add(outcomes: Int32Array, rng: Rng): void {
    const coins = this.#coins;
    for (let from = 0, to = 0; from < outcomes.length; from = to) {
      const outcome = outcomes[from]!;
      to++;
      if (coins.length === 0) while (to < outcomes.length && outcomes[to] === outcome) to++;
      for (let at = this.#size; at < coins.length; at += BLOCK) coins[at] = rng.uint32();
      this.#outcomes[this.#size] = outcome;
      this.#weights[this.#size] = to - from;
      if (++this.#size === BLOCK) this.#evaluate();
    }
    if (this.#size > 0) this.#evaluate();
  }

  /** Counts the outcomes that wait. */
  #evaluate(): void {
    const size = this.#size;
    const sums = this.#sums;
    const weights = this.#weights;
    this.#findSigns();
    for (let index = 0; index < this.#observables.length; index++) {
      this.#findValues(index);
      sums.countObservable(this.#observables[index]!, this.#values, weights, size);
    }
    for (let i = 0; i < size; i++) sums.shots += weights[i]!;
    this.#size = 0;
  }

  #findSigns(): void {
    const size = this.#size;
    const outcomes = this.#outcomes;
    const coins = this.#coins;
    const signs = this.#signs;
    const words = coins.length / BLOCK;
    for (let t = 0; t < this.#masks.length; t++) {
      const mask = this.#masks[t]!;
      const to = t * BLOCK;
      for (let i = 0; i < size; i++) signs[to + i] = 1 - 2 * parity(outcomes[i]! & mask);
      for (let word = 0; word < words; word++) {
        const thrown = this.#termCoins[t * words + word]!;
        const at = word * BLOCK;
        for (let i = 0; i < size; i++) signs[to + i]! *= 1 - 2 * parity(coins[at + i]! & thrown);
      }
    }
  }

  /** The values of observable `#observables[index]`. */
  #findValues(index: number): void {
    const size = this.#size;
    const signs = this.#signs;
    const values = this.#values.fill(0);
    for (let term = this.#starts[index]!; term < this.#starts[index + 1]!; term++) {
      const coefficient = this.#coefficients[term]!;
      const from = this.#terms[term]! * BLOCK;
      for (let i = 0; i < size; i++) values[i]! += coefficient * signs[from + i]!;
    }
  }
}
