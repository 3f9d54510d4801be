import type { Rng } from "../../circuits/index.ts";
import { parity } from "./kernels/pauli.ts";
import type { MeasurementGroup } from "./measurement-groups.ts";

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

/** One term of some observables, as its outcome is read. */
interface Term {
  /** Bits of the basis state that decide the sign. */
  readonly mask: number;
  /** Coins, word by word, that decide it too. */
  readonly coins: Int32Array;
  /** Observables that have the term, with their coefficients. */
  readonly observables: Int32Array;
  readonly coefficients: Float64Array;
}

/** What each shot of one group says about each observable. */
export class GroupTally {
  readonly #terms: readonly Term[];
  readonly #sums: TallySums;
  /** The coins of one shot. */
  readonly #coins: Int32Array;

  /** @param sums where shots are counted; cleared by whoever starts to count */
  constructor(group: MeasurementGroup, { bits, coins }: Reading, sums: TallySums) {
    const place = new Map(coins.map((qubit, index) => [qubit, index]));
    const words = Math.ceil(coins.length / WORD_BITS);
    this.#terms = group.terms.map(({ qubits, coefficients }): Term => {
      const own = new Int32Array(words);
      for (const qubit of qubits) {
        const coin = place.get(qubit);
        if (coin !== undefined) own[Math.floor(coin / WORD_BITS)]! |= 1 << (coin % WORD_BITS);
      }
      const observables = Int32Array.from(coefficients.keys()).filter((k) => coefficients[k] !== 0);
      return {
        mask: qubits.reduce((mask, qubit) => (bits.has(qubit) ? mask | (1 << bits.get(qubit)!) : mask), 0),
        coins: own,
        observables,
        coefficients: Float64Array.from(observables, (k) => coefficients[k]!),
      };
    });
    this.#sums = sums;
    this.#coins = new Int32Array(words);
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
    for (const { mask, coins, observables, coefficients } of this.#terms) {
      let odd = parity(outcome & mask);
      for (let word = 0; word < coins.length; word++) odd ^= parity(this.#coins[word]! & coins[word]!);
      for (let i = 0; i < observables.length; i++)
        value[observables[i]!]! += odd === 1 ? -coefficients[i]! : coefficients[i]!;
    }
  }
}
