import type { PauliTerm } from "./observable.ts";

const LETTERS = ["X", "Y", "Z"] as const;
type Letter = (typeof LETTERS)[number];

/**
 * Terms in groups that commute qubit by qubit, so that one setting of the qubits measures all of a group: largest
 * coefficients first, each term into the first group that takes it. Which groups have which letter on a qubit is kept as
 * bits, 32 groups a word, so that 8,000 terms take milliseconds instead of a second.
 */
export function firstFitGroups(terms: readonly PauliTerm[]): readonly (readonly PauliTerm[])[] {
  const groups: PauliTerm[][] = [];
  /** For each qubit and letter the groups that measure it so. */
  const holders = new Map<number, Record<Letter, number[]>>();
  const conflicts: number[] = [];
  for (const term of terms.toSorted((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient))) {
    conflicts.fill(0);
    for (const [qubit, letter] of term.pauli.letters) {
      const found = holders.get(qubit);
      if (found === undefined) continue;
      for (const other of LETTERS)
        if (other !== letter) for (const [word, bits] of found[other].entries()) conflicts[word]! |= bits;
    }
    let word = conflicts.findIndex((bits) => bits !== -1);
    if (word < 0) word = conflicts.push(0) - 1;
    const bit = 31 - Math.clz32(~conflicts[word]! & -~conflicts[word]!);
    const group = 32 * word + bit;
    if (group === groups.length) groups.push([]);
    groups[group]!.push(term);
    for (const [qubit, letter] of term.pauli.letters) {
      let found = holders.get(qubit);
      if (found === undefined) {
        found = { X: [], Y: [], Z: [] };
        holders.set(qubit, found);
      }
      const own = found[letter];
      while (own.length <= word) own.push(0);
      own[word]! |= 1 << bit;
    }
  }
  return groups;
}
