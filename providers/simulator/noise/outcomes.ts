import type { Rng } from "../../../circuits/index.ts";
import { assertFinite } from "../finite.ts";
import type { TallySums } from "../group-tally.ts";
import { parity, walshHadamard } from "../kernels/pauli.ts";
import type { MeasurementGroup } from "../measurement-groups.ts";
import { LETTER_DIGITS } from "./pauli-transfer.ts";

type Letter = keyof typeof LETTER_DIGITS;

/** Shots that are drawn between two chances for other work. */
export const SHOTS_PER_SLICE = 1 << 16;

/** A qubit whose outcome nothing decides but its read-out. */
export interface LooseBit {
  readonly qubit: number;
  readonly probabilityOfOne: number;
}

/** How bits of a read-out distribute, from a density matrix in the Pauli basis. m bits, 2^m outcomes. */
export class OutcomeDistribution {
  readonly probabilities: Float64Array;
  readonly #indices: Int32Array;

  /** @param letters the letter that is measured on a compact qubit, for bit 0, 1, ... of the outcome */
  constructor(letters: readonly (readonly [qubit: number, letter: Letter])[]) {
    const size = 2 ** letters.length;
    this.probabilities = new Float64Array(size);
    this.#indices = new Int32Array(size);
    for (const [bit, [qubit, letter]] of letters.entries())
      for (let low = 0; low < 2 ** bit; low++)
        this.#indices[2 ** bit + low] = this.#indices[low]! + LETTER_DIGITS[letter] * 4 ** qubit;
  }

  get bytes(): number {
    return 12 * this.#indices.length;
  }

  /**
   * Fills `probabilities`: p(b) = 2^-m sum over strings S of the letters of (-1)^(bits of b in S) r[S].
   * @throws SimulatorError STATE_NOT_FINITE
   */
  read(vector: Float64Array): void {
    const { probabilities } = this;
    const size = probabilities.length;
    for (let at = 0; at < size; at++) probabilities[at] = vector[this.#indices[at]!]! / size;
    walshHadamard(probabilities, size, 1);
    // Rounding can leave impossible outcomes a little below 0.
    for (let at = 0; at < size; at++) {
      assertFinite(probabilities[at]!);
      probabilities[at] = Math.max(0, probabilities[at]!);
    }
  }
}

/** Running sums of probabilities, in place. */
export function accumulate(probabilities: Float64Array): void {
  for (let at = 1; at < probabilities.length; at++) probabilities[at]! += probabilities[at - 1]!;
}

/** The place of a random outcome, by the running sums of its probabilities (which need not add up to 1). */
export function drawFrom(cumulative: Float64Array, rng: Rng): number {
  const u = rng.uniform() * cumulative[cumulative.length - 1]!;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u < cumulative[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What outcomes of one measurement group say about each observable. */
export class OutcomeTally {
  readonly #terms: readonly {
    readonly mask: number;
    readonly loose: readonly number[];
    /** Observables that have the term, most often few of many, and their coefficients. */
    readonly observables: Int32Array;
    readonly coefficients: Float64Array;
  }[];
  readonly #loose: readonly LooseBit[];
  readonly #drawn: Uint8Array;
  readonly #sums: TallySums;

  /** @param bits for each qubit that the state decides its bit in an outcome; qubits in neither list read 0 */
  constructor(group: MeasurementGroup, bits: ReadonlyMap<number, number>, loose: readonly LooseBit[], sums: TallySums) {
    const places = new Map(loose.map(({ qubit }, index) => [qubit, index]));
    this.#terms = group.terms.map(({ qubits, coefficients }) => ({
      mask: qubits.reduce((mask, qubit) => (bits.has(qubit) ? mask | (1 << bits.get(qubit)!) : mask), 0),
      loose: qubits.flatMap((qubit) => places.get(qubit) ?? []),
      observables: Int32Array.from([...coefficients.keys()].filter((k) => coefficients[k] !== 0)),
      coefficients: coefficients.filter((coefficient) => coefficient !== 0),
    }));
    this.#loose = loose;
    this.#drawn = new Uint8Array(loose.length);
    this.#sums = sums;
  }

  /** Counts `shots` shots that read an outcome. */
  add(outcome: number, shots: number, rng: Rng): void {
    if (this.#loose.length === 0) {
      this.#evaluate(outcome);
      this.#sums.count(shots);
      return;
    }
    for (let shot = 0; shot < shots; shot++) {
      for (const [index, { probabilityOfOne }] of this.#loose.entries())
        this.#drawn[index] = rng.uniform() < probabilityOfOne ? 1 : 0;
      this.#evaluate(outcome);
      this.#sums.count(1);
    }
  }

  #evaluate(outcome: number): void {
    const { value } = this.#sums;
    value.fill(0);
    for (const { mask, loose, observables, coefficients } of this.#terms) {
      let odd = parity(outcome & mask);
      for (const place of loose) odd ^= this.#drawn[place]!;
      for (let i = 0; i < observables.length; i++)
        value[observables[i]!]! += odd === 1 ? -coefficients[i]! : coefficients[i]!;
    }
  }
}

/** Misreads bits of an outcome. @param errors for bit 0, 1, ...: P(read 1 | 0), P(read 0 | 1) */
export function misread(outcome: number, errors: readonly (readonly [number, number])[], rng: Rng): number {
  let read = outcome;
  for (const [bit, [e0, e1]] of errors.entries()) {
    const probability = (outcome >> bit) & 1 ? e1 : e0;
    if (probability > 0 && rng.uniform() < probability) read ^= 1 << bit;
  }
  return read;
}
