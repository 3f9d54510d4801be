import { ObservableError } from "./errors.ts";

export type PauliLetter = "I" | "X" | "Y" | "Z";

/**
 * A product of Pauli matrices on different qubits, as a sorted list of those that are not I: devices have more qubits than a
 * number has bits, and few of them in one string.
 */
export interface PauliString {
  /** Qubit and letter (never I), by ascending qubit. */
  readonly letters: readonly (readonly [qubit: number, letter: Exclude<PauliLetter, "I">])[];
}

/** A letter for each named qubit, such as `{0: "X", 3: "Z"}`; all other qubits have I. */
export type PauliMap = Readonly<Record<number, PauliLetter>>;

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

/** A Pauli string from a label of `numQubits` letters. @throws ObservableError OBSERVABLE_LABEL */
export function pauliFromLabel(label: string, numQubits: number): PauliString {
  if (label.length !== numQubits || !/^[IXYZ]+$/.test(label))
    throw new ObservableError(
      "OBSERVABLE_LABEL",
      `"${label}" is not a Pauli label of ${numQubits} letters I, X, Y, Z (highest qubit leftmost).`,
    );
  const map: Record<number, PauliLetter> = {};
  for (let qubit = 0; qubit < numQubits; qubit++) map[qubit] = label[numQubits - 1 - qubit] as PauliLetter;
  return pauliFromMap(map);
}

/** Terms of the caller's own making are taken as they are, so their order must be checked. @throws ObservableError OBSERVABLE_LABEL */
export function checkLetters(pauli: PauliString): void {
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

/** P|column⟩ = i^turns |row⟩ for a Pauli string whose first letter is on the least significant bit. */
export function pauliBasisImage(
  letters: readonly PauliLetter[],
  column: number,
): { readonly row: number; readonly turns: number } {
  let row = column;
  let turns = 0;
  for (const [bit, letter] of letters.entries()) {
    const one = (column >> bit) & 1;
    if (letter === "X" || letter === "Y") row ^= 1 << bit;
    if (letter === "Y") turns += one === 0 ? 1 : 3;
    if (letter === "Z" && one === 1) turns += 2;
  }
  return { row, turns: turns % 4 };
}
