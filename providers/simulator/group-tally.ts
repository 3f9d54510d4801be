import type { Rng } from "../../circuits/index.ts";
import { parity } from "./kernels/pauli.ts";
import type { MeasurementGroup } from "./measurement-groups.ts";

/** Of one tally and its arrays, besides their numbers: about. */
const OBJECT_BYTES = 1200;
/** Coin bits in one word. */
const WORD_BITS = 32;

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
    this.shots = 0;
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
  /** [T + 1] where the observables of each term begin; those that have it, and their coefficients. */
  readonly #starts: Int32Array;
  readonly #observables: Int32Array;
  readonly #coefficients: Float64Array;
  readonly #sums: TallySums;
  /** The coins of one shot. */
  readonly #coins: Int32Array;

  /** @param sums where shots are counted; cleared by whoever starts to count */
  constructor({ terms }: MeasurementGroup, { bits, coins }: Reading, sums: TallySums) {
    const place = new Map(coins.map((qubit, index) => [qubit, index]));
    const words = Math.ceil(coins.length / WORD_BITS);
    const count = terms.reduce((sum, { coefficients }) => sum + coefficients.filter((c) => c !== 0).length, 0);
    this.#masks = new Int32Array(terms.length);
    this.#termCoins = new Int32Array(terms.length * words);
    this.#starts = new Int32Array(terms.length + 1);
    this.#observables = new Int32Array(count);
    this.#coefficients = new Float64Array(count);
    let at = 0;
    for (const [t, { qubits, coefficients }] of terms.entries()) {
      for (const qubit of qubits) {
        const bit = bits.get(qubit);
        if (bit !== undefined) this.#masks[t]! |= 1 << bit;
        const coin = place.get(qubit);
        if (coin !== undefined) this.#termCoins[t * words + Math.floor(coin / WORD_BITS)]! |= 1 << (coin % WORD_BITS);
      }
      for (const [k, coefficient] of coefficients.entries())
        if (coefficient !== 0) {
          this.#observables[at] = k;
          this.#coefficients[at++] = coefficient;
        }
      this.#starts[t + 1] = at;
    }
    this.#sums = sums;
    this.#coins = new Int32Array(words);
    this.bytes = OBJECT_BYTES + 4 * (2 * terms.length + terms.length * words) + 12 * count;
  }

  /** Takes basis states, one a shot, and throws the coins. Without coins, equal states in a row are counted at once. */
  add(outcomes: Int32Array, rng: Rng): void {
    const coins = this.#coins;
    if (coins.length > 0) {
      for (const outcome of outcomes) {
        for (let word = 0; word < coins.length; word++) coins[word] = rng.uint32();
        this.#evaluate(outcome);
        this.#sums.count(1);
      }
      return;
    }
    for (let from = 0, to = 0; from < outcomes.length; from = to) {
      while (to < outcomes.length && outcomes[to] === outcomes[from]) to++;
      this.#evaluate(outcomes[from]!);
      this.#sums.count(to - from);
    }
  }

  #evaluate(outcome: number): void {
    const value = this.#sums.value.fill(0);
    const words = this.#coins.length;
    for (let t = 0; t < this.#masks.length; t++) {
      let odd = parity(outcome & this.#masks[t]!);
      for (let word = 0; word < words; word++) odd ^= parity(this.#coins[word]! & this.#termCoins[t * words + word]!);
      for (let i = this.#starts[t]!; i < this.#starts[t + 1]!; i++)
        value[this.#observables[i]!]! += odd === 1 ? -this.#coefficients[i]! : this.#coefficients[i]!;
    }
  }
}
