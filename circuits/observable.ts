import { ObservableError } from "./errors.ts";

export type PauliLetter = "I" | "X" | "Y" | "Z";

/**
 * A Pauli string as two sets of qubits: `x` where it has X or Y, `z` where it has Z or Y. Held as sorted lists, since
 * devices have more qubits than a number has bits.
 */
export interface PauliString {
  /** Qubit and letter (never I), by ascending qubit. */
  readonly letters: readonly (readonly [qubit: number, letter: Exclude<PauliLetter, "I">])[];
}

/** One term of a Pauli sum. */
export interface PauliTerm {
  readonly coefficient: number;
  readonly pauli: PauliString;
}

/** A letter for each named qubit, such as `{0: "X", 3: "Z"}`; all other qubits have I. */
export type PauliMap = Readonly<Record<number, PauliLetter>>;

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
      if (!Number.isFinite(coefficient))
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
   * @throws ObservableError OBSERVABLE_LABEL when a label has other letters or another length than the first
   */
  static fromLabels(
    labels: string | readonly (readonly [label: string, coefficient: number])[] | Readonly<Record<string, number>>,
  ): SparsePauliOp {
    const list =
      typeof labels === "string" ? [[labels, 1] as const] : Array.isArray(labels) ? labels : Object.entries(labels);
    if (list.length === 0)
      throw new ObservableError(
        "OBSERVABLE_EMPTY",
        "An observable from labels needs at least one; use SparsePauliOp.zero(n).",
      );
    const numQubits = list[0]![0].length;
    return new SparsePauliOp(
      numQubits,
      list.map(([label, coefficient]) => {
        if (label.length !== numQubits || !/^[IXYZ]+$/.test(label))
          throw new ObservableError(
            "OBSERVABLE_LABEL",
            `"${label}" is not a Pauli label of ${numQubits} letters I, X, Y, Z (highest qubit leftmost).`,
          );
        const map: Record<number, PauliLetter> = {};
        for (let qubit = 0; qubit < numQubits; qubit++) map[qubit] = label[numQubits - 1 - qubit] as PauliLetter;
        return { coefficient, pauli: pauliFromMap(map) };
      }),
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
   * From text such as `"1.0*ZZI + 0.5*XXI - YII"`.
   * @throws ObservableError OBSERVABLE_TEXT naming the column
   */
  static parse(text: string): SparsePauliOp {
    // No two neighbours of the pattern can match the same blank or digit, so a long hostile text costs linear time.
    const term = /\s*(?:([+-])\s*)?(?:((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?:\*\s*)?)?([IXYZ]+)\s*/y;
    const list: [string, number][] = [];
    while (term.lastIndex < text.length || list.length === 0) {
      const start = term.lastIndex;
      const match = term.exec(text);
      if (match === null || (list.length > 0 && match[1] === undefined))
        throw new ObservableError(
          "OBSERVABLE_TEXT",
          `Cannot read "${text}" as an observable at column ${start + 1}; write for example "1.0*ZZI + 0.5*XXI".`,
        );
      list.push([match[3]!, (match[1] === "-" ? -1 : 1) * Number(match[2] ?? 1)]);
    }
    return SparsePauliOp.fromLabels(list);
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
    if (new SparsePauliOp(numQubits, imaginary).#weight() > 1e-14 * imaginary.length * scale)
      throw new ObservableError(
        "OBSERVABLE_NOT_HERMITIAN",
        "The product of these observables is not Hermitian; they do not commute.",
      );
    return new SparsePauliOp(numQubits, real);
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
    const groups: { basis: Map<number, PauliLetter>; terms: PauliTerm[] }[] = [];
    for (const term of this.terms.toSorted((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient))) {
      const fits = ({ basis }: { basis: Map<number, PauliLetter> }): boolean =>
        term.pauli.letters.every(([qubit, letter]) => (basis.get(qubit) ?? letter) === letter);
      let group = groups.find(fits);
      if (group === undefined) {
        group = { basis: new Map(), terms: [] };
        groups.push(group);
      }
      for (const [qubit, letter] of term.pauli.letters) group.basis.set(qubit, letter);
      group.terms.push(term);
    }
    return groups.map(({ terms }) => terms);
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
  static fromJSON(json: {
    readonly numQubits: number;
    readonly terms: readonly (readonly [string, number])[];
  }): SparsePauliOp {
    return new SparsePauliOp(
      json.numQubits,
      json.terms.map(([key, coefficient]) => ({ coefficient, pauli: pauliFromKey(key) })),
    );
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
  #sortedKey(): string {
    return this.terms
      .map(({ coefficient, pauli }) => `${pauliKey(pauli)}:${coefficient}`)
      .sort()
      .join(";");
  }
}

/** A Pauli string from a map. @throws ObservableError OBSERVABLE_LABEL */
export function pauliFromMap(map: PauliMap): PauliString {
  const letters = Object.entries(map)
    .map(([qubit, letter]) => [Number(qubit), letter] as const)
    .filter(([qubit, letter]) => {
      if (!Number.isSafeInteger(qubit) || qubit < 0 || !["I", "X", "Y", "Z"].includes(letter))
        throw new ObservableError(
          "OBSERVABLE_LABEL",
          `"${letter}" on qubit ${qubit} is no Pauli; use I, X, Y or Z on qubits 0, 1, ...`,
        );
      return letter !== "I";
    })
    .sort(([a], [b]) => a - b);
  return Object.freeze({ letters: Object.freeze(letters as (readonly [number, Exclude<PauliLetter, "I">])[]) });
}

/** Terms of the caller's own making are taken as they are, so their order must be checked. */
function checkLetters(pauli: PauliString): void {
  let last = -1;
  for (const [qubit, letter] of pauli.letters) {
    if (!Number.isSafeInteger(qubit) || qubit <= last || (letter !== "X" && letter !== "Y" && letter !== "Z"))
      throw new ObservableError(
        "OBSERVABLE_LABEL",
        `A Pauli string lists X, Y and Z by ascending qubit, but "${letter}" on qubit ${qubit} follows qubit ${last}.`,
      );
    last = qubit;
  }
}

/**
 * From `"X0 Z3"` (letter and qubit, blanks between; `"I"` or nothing is the identity).
 * @throws ObservableError OBSERVABLE_LABEL
 */
export function pauliFromKey(key: string): PauliString {
  const map: Record<number, PauliLetter> = {};
  for (const word of key.split(" "))
    if (word !== "I" && word !== "") {
      if (!/^[IXYZ]\d+$/.test(word))
        throw new ObservableError("OBSERVABLE_LABEL", `"${word}" in "${key}" is no Pauli; write for example "X0 Z3".`);
      const qubit = Number(word.slice(1));
      if (qubit in map) throw new ObservableError("OBSERVABLE_LABEL", `Qubit ${qubit} occurs twice in "${key}".`);
      map[qubit] = word[0] as PauliLetter;
    }
  return pauliFromMap(map);
}

/** `"X0 Z3"`; `"I"` for the identity. */
export function pauliKey(pauli: PauliString): string {
  return pauli.letters.map(([qubit, letter]) => `${letter}${qubit}`).join(" ") || "I";
}

/** The label with the highest qubit leftmost. */
export function pauliLabel(pauli: PauliString, numQubits: number): string {
  const letters = new Array<string>(numQubits).fill("I");
  for (const [qubit, letter] of pauli.letters) letters[numQubits - 1 - qubit] = letter;
  return letters.join("");
}

/** a·b = i^quarterTurns · pauli. */
export function multiplyPaulis(
  a: PauliString,
  b: PauliString,
): { readonly quarterTurns: number; readonly pauli: PauliString } {
  const letters = new Map<number, PauliLetter>(a.letters);
  let quarterTurns = 0;
  for (const [qubit, second] of b.letters) {
    const first = letters.get(qubit);
    if (first === undefined || first === "I") letters.set(qubit, second);
    else if (first === second) letters.set(qubit, "I");
    else {
      const order = "XYZ";
      const third = [..."XYZ"].find((letter) => letter !== first && letter !== second) as PauliLetter;
      quarterTurns += (order.indexOf(second) - order.indexOf(first) + 3) % 3 === 1 ? 1 : 3;
      letters.set(qubit, third);
    }
  }
  return { quarterTurns: quarterTurns % 4, pauli: pauliFromMap(Object.fromEntries(letters)) };
}
