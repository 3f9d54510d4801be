import { firstFitGroups } from "./commuting-groups.ts";
import { ObservableError } from "./errors.ts";
import type { Matrix } from "./matrices.ts";
import { type LabelPair, labelPairs, readTerms } from "./observable-text.ts";
import {
  checkLetters,
  multiplyPaulis,
  type PauliLetter,
  type PauliMap,
  type PauliString,
  pauliFromKey,
  pauliFromLabel,
  pauliFromMap,
  pauliKey,
  pauliLabel,
} from "./pauli.ts";

/** One term of a Pauli sum. */
export interface PauliTerm {
  readonly coefficient: number;
  readonly pauli: PauliString;
}

/** A larger matrix would not fit: this one takes 268 MB. */
const MAX_MATRIX_QUBITS = 12;

/**
 * A real-weighted sum of Pauli strings: a Hermitian observable. Immutable. Labels have the highest qubit leftmost, so
 * `"ZI"` acts on qubit 1. Terms with the same string are merged and zero terms dropped; order is of first appearance.
 */
export class SparsePauliOp {
  readonly numQubits: number;
  readonly terms: readonly PauliTerm[];

  private constructor(numQubits: number, terms: Iterable<PauliTerm>) {
    if (!Number.isSafeInteger(numQubits) || numQubits < 0)
      throw new ObservableError("OBSERVABLE_QUBITS", `An observable cannot have ${numQubits} qubits.`);
    const merged = new Map<string, PauliTerm>();
    for (const { coefficient, pauli } of terms) {
      if (typeof coefficient !== "number" || !Number.isFinite(coefficient))
        throw new ObservableError(
          "OBSERVABLE_COEFFICIENT",
          `The coefficient of ${pauliKey(pauli)} is ${coefficient}; it must be a finite real number.`,
        );
      checkLetters(pauli);
      const highest = pauli.letters.at(-1)?.[0] ?? -1;
      if (highest >= numQubits)
        throw new ObservableError(
          "OBSERVABLE_QUBITS",
          `Qubit ${highest} does not exist in an observable of ${numQubits} qubit(s).`,
        );
      const key = pauliKey(pauli);
      const found = merged.get(key);
      merged.set(
        key,
        found === undefined ? { coefficient, pauli } : { coefficient: found.coefficient + coefficient, pauli },
      );
    }
    this.numQubits = numQubits;
    this.terms = Object.freeze(
      [...merged.values()].filter(({ coefficient }) => coefficient !== 0).map((term) => Object.freeze(term)),
    );
    Object.freeze(this);
  }

  /**
   * From a label (`"ZZI"`), or labels with coefficients (`[["ZZI", 1], ["XXI", 0.5]]` or `{ZZI: 1, XXI: 0.5}`).
   * @throws ObservableError OBSERVABLE_LABEL when a label has other letters or another length than the first;
   * OBSERVABLE_EMPTY, OBSERVABLE_COEFFICIENT
   */
  static fromLabels(labels: string | readonly LabelPair[] | Readonly<Record<string, number>>): SparsePauliOp {
    const list = labelPairs(labels);
    const numQubits = list[0]![0].length;
    return new SparsePauliOp(
      numQubits,
      list.map(([label, coefficient]) => ({ coefficient, pauli: pauliFromLabel(label, numQubits) })),
    );
  }

  /** From `{qubit: letter}` maps with coefficients, for `numQubits` qubits. */
  static fromMaps(numQubits: number, terms: readonly (readonly [map: PauliMap, coefficient: number])[]): SparsePauliOp {
    return new SparsePauliOp(
      numQubits,
      terms.map(([map, coefficient]) => ({ coefficient, pauli: pauliFromMap(map) })),
    );
  }

  static fromTerms(numQubits: number, terms: Iterable<PauliTerm>): SparsePauliOp {
    return new SparsePauliOp(numQubits, terms);
  }

  /**
   * From text such as `"1.0*ZZI + 0.5*XXI - YII"`; a coefficient may have a sign of its own, as in `"ZZ + -0.5*XX"`.
   * @throws ObservableError OBSERVABLE_TEXT naming the column
   */
  static parse(text: string): SparsePauliOp {
    return SparsePauliOp.fromLabels(readTerms(text));
  }

  static identity(numQubits: number, coefficient = 1): SparsePauliOp {
    return new SparsePauliOp(numQubits, [{ coefficient, pauli: { letters: [] } }]);
  }
  static zero(numQubits: number): SparsePauliOp {
    return new SparsePauliOp(numQubits, []);
  }
  /** Z on one qubit. */
  static z(numQubits: number, qubit: number): SparsePauliOp {
    return SparsePauliOp.fromMaps(numQubits, [[{ [qubit]: "Z" }, 1]]);
  }

  plus(other: SparsePauliOp): SparsePauliOp {
    return new SparsePauliOp(this.#sameSize(other), [...this.terms, ...other.terms]);
  }
  minus(other: SparsePauliOp): SparsePauliOp {
    return this.plus(other.times(-1));
  }
  times(factor: number): SparsePauliOp {
    return new SparsePauliOp(
      this.numQubits,
      this.terms.map(({ coefficient, pauli }) => ({ coefficient: coefficient * factor, pauli })),
    );
  }
  /** The operator product. @throws ObservableError OBSERVABLE_NOT_HERMITIAN when it has imaginary coefficients */
  product(other: SparsePauliOp): SparsePauliOp {
    const { real, commutes } = this.#product(other);
    if (!commutes)
      throw new ObservableError(
        "OBSERVABLE_NOT_HERMITIAN",
        "The product of these observables is not Hermitian; they do not commute.",
      );
    return new SparsePauliOp(this.numQubits, real);
  }
  /** True when the operators commute, rounding errors of their products aside. @throws ObservableError OBSERVABLE_QUBITS */
  commutesWith(other: SparsePauliOp): boolean {
    return this.#product(other).commutes;
  }
  /** The tensor product with `other` on the lower qubits, so that labels are joined: X tensor Z is XZ. */
  tensor(other: SparsePauliOp): SparsePauliOp {
    const terms = this.terms.flatMap((high) =>
      other.terms.map((low) => ({
        coefficient: high.coefficient * low.coefficient,
        pauli: {
          letters: [
            ...low.pauli.letters,
            ...high.pauli.letters.map(([qubit, letter]) => [qubit + other.numQubits, letter] as const),
          ],
        },
      })),
    );
    return new SparsePauliOp(this.numQubits + other.numQubits, terms);
  }
  /**
   * Without the terms whose |coefficient| is at most `atol`: by default 1e-12 of the largest, which are those that sums and
   * products leave behind by rounding. Nothing else drops them.
   * @throws ObservableError OBSERVABLE_COEFFICIENT unless `atol` is a number of 0 or more
   */
  simplify(atol: number = 1e-12 * this.#largest()): SparsePauliOp {
    if (!(atol >= 0))
      throw new ObservableError("OBSERVABLE_COEFFICIENT", `simplify needs a bound of 0 or more, not ${atol}.`);
    return new SparsePauliOp(
      this.numQubits,
      this.terms.filter(({ coefficient }) => Math.abs(coefficient) > atol),
    );
  }
  /**
   * The observable on more qubits: qubit q goes to `qubits[q]`.
   * @throws ObservableError OBSERVABLE_QUBITS unless `qubits` holds a different qubit below `numQubits` for each
   */
  placed(numQubits: number, qubits: readonly number[]): SparsePauliOp {
    const fits = (qubit: number) => Number.isSafeInteger(qubit) && qubit >= 0 && qubit < numQubits;
    if (qubits.length !== this.numQubits || new Set(qubits).size !== qubits.length || !qubits.every(fits))
      throw new ObservableError(
        "OBSERVABLE_QUBITS",
        `An observable of ${this.numQubits} qubit(s) cannot be placed on qubits [${qubits.join(", ")}] of ${numQubits}.`,
      );
    return new SparsePauliOp(
      numQubits,
      this.terms.map(({ coefficient, pauli }) => ({
        coefficient,
        pauli: pauliFromMap(Object.fromEntries(pauli.letters.map(([qubit, letter]) => [qubits[qubit]!, letter]))),
      })),
    );
  }

  /** True when every term has only I and Z. */
  get isDiagonal(): boolean {
    return this.terms.every(({ pauli }) => pauli.letters.every(([, letter]) => letter === "Z"));
  }
  /** The qubits on which some term is not I, ascending. */
  get support(): readonly number[] {
    return [...new Set(this.terms.flatMap(({ pauli }) => pauli.letters.map(([qubit]) => qubit)))].sort((a, b) => a - b);
  }
  equals(other: SparsePauliOp): boolean {
    return this.numQubits === other.numQubits && this.#sortedKey() === other.#sortedKey();
  }

  /**
   * Groups of terms that one measurement setting serves: within a group no qubit has two different letters. Greedy
   * first fit in order of descending |coefficient|. The identity term belongs to the first group.
   */
  qubitWiseCommutingGroups(): readonly (readonly PauliTerm[])[] {
    return firstFitGroups(this.terms);
  }

  toLabels(): readonly (readonly [label: string, coefficient: number])[] {
    return this.terms.map(({ coefficient, pauli }) => [pauliLabel(pauli, this.numQubits), coefficient] as const);
  }
  toString(): string {
    return (
      this.toLabels()
        .map(([label, coefficient]) => `${coefficient}*${label}`)
        .join(" + ")
        .replaceAll("+ -", "- ") || `0*${"I".repeat(this.numQubits)}`
    );
  }
  toJSON(): { readonly numQubits: number; readonly terms: readonly (readonly [string, number])[] } {
    return {
      numQubits: this.numQubits,
      terms: this.terms.map(({ coefficient, pauli }) => [pauliKey(pauli), coefficient] as const),
    };
  }
  /** @throws ObservableError OBSERVABLE_JSON, and as the constructors */
  static fromJSON(json: {
    readonly numQubits: number;
    readonly terms: readonly (readonly [string, number])[];
  }): SparsePauliOp {
    const isPair = (term: unknown): boolean => Array.isArray(term) && term.length === 2 && typeof term[0] === "string";
    if (typeof json !== "object" || json === null || !Array.isArray(json.terms) || !json.terms.every(isPair))
      throw new ObservableError(
        "OBSERVABLE_JSON",
        'The JSON of an observable is { numQubits, terms: [["X0 Z3", 0.5], ...] }; this is none.',
      );
    return new SparsePauliOp(
      json.numQubits,
      json.terms.map(([key, coefficient]) => ({ coefficient, pauli: pauliFromKey(key) })),
    );
  }

  /** The matrix, 4^n entries, for at most 12 qubits. @throws ObservableError OBSERVABLE_QUBITS */
  toMatrix(): Matrix {
    if (this.numQubits > MAX_MATRIX_QUBITS)
      throw new ObservableError(
        "OBSERVABLE_QUBITS",
        `The matrix of ${this.numQubits} qubits would have 4^${this.numQubits} entries; at most ${MAX_MATRIX_QUBITS} qubits fit.`,
      );
    const size = 2 ** this.numQubits;
    const matrix = new Float64Array(2 * size * size);
    for (const { coefficient, pauli } of this.terms) {
      // Y = i·X·Z, so the string takes |c> to i^(number of Y) · (-1)^(ones of c under Z or Y) |c with X and Y flipped>.
      const maskOf = (...wanted: readonly PauliLetter[]): number =>
        pauli.letters.reduce((mask, [qubit, letter]) => (wanted.includes(letter) ? mask | (1 << qubit) : mask), 0);
      const [flips, signs] = [maskOf("X", "Y"), maskOf("Z", "Y")];
      const turns = pauli.letters.filter(([, letter]) => letter === "Y").length % 4;
      for (let column = 0; column < size; column++) {
        const at = 2 * ((column ^ flips) * size + column) + (turns % 2);
        const negative = isOdd(column & signs) !== turns >= 2;
        matrix[at]! += negative ? -coefficient : coefficient;
      }
    }
    return matrix;
  }

  /** The Hermitian part of the operator product, and whether it is all. */
  #product(other: SparsePauliOp): { readonly real: readonly PauliTerm[]; readonly commutes: boolean } {
    const numQubits = this.#sameSize(other);
    const real: PauliTerm[] = [];
    const imaginary: PauliTerm[] = [];
    for (const a of this.terms)
      for (const b of other.terms) {
        const { quarterTurns, pauli } = multiplyPaulis(a.pauli, b.pauli);
        const coefficient = a.coefficient * b.coefficient * (quarterTurns >= 2 ? -1 : 1);
        (quarterTurns % 2 === 0 ? real : imaginary).push({ coefficient, pauli });
      }
    const scale = this.#weight() * other.#weight();
    const rest = new SparsePauliOp(numQubits, imaginary).#weight();
    return { real, commutes: rest <= 1e-14 * imaginary.length * scale };
  }
  #sameSize(other: SparsePauliOp): number {
    if (this.numQubits !== other.numQubits)
      throw new ObservableError(
        "OBSERVABLE_QUBITS",
        `Observables of ${this.numQubits} and ${other.numQubits} qubits cannot be combined.`,
      );
    return this.numQubits;
  }
  /** The sum of |coefficient|. */
  #weight(): number {
    return this.terms.reduce((sum, { coefficient }) => sum + Math.abs(coefficient), 0);
  }
  #largest(): number {
    return this.terms.reduce((most, { coefficient }) => Math.max(most, Math.abs(coefficient)), 0);
  }
  #sortedKey(): string {
    return this.terms
      .map(({ coefficient, pauli }) => `${pauliKey(pauli)}:${coefficient}`)
      .sort()
      .join(";");
  }
}

/** Whether a number of up to 32 bits has an odd number of ones. */
function isOdd(bits: number): boolean {
  let odd = false;
  for (let rest = bits; rest !== 0; rest &= rest - 1) odd = !odd;
  return odd;
}
