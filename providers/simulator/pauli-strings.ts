import type { SparsePauliOp } from "../../circuits/index.ts";

/** Strings of one group from which on one Walsh-Hadamard transform costs less than each by itself. */
export const TRANSFORM_FROM = 4;

/** Distinct Pauli strings with the same X part x and the same parity of Y's: one array of values serves them all. */
export interface StringGroup {
  readonly x: number;
  /** Whether the strings need the imaginary part of conj(ψ_{i⊕x})·ψ_i (an odd number of Y's). */
  readonly imaginary: boolean;
  readonly strings: readonly PauliString[];
}

export interface PauliString {
  readonly z: number;
  readonly index: number;
  readonly numY: number;
}

/** Coefficient of string `string` in observable `observable`. */
export interface StringEntry {
  readonly observable: number;
  readonly string: number;
  readonly coefficient: number;
}

/** K Pauli sums as combinations of distinct strings. */
export interface PauliStrings {
  readonly numObservables: number;
  readonly numStrings: number;
  readonly groups: readonly StringGroup[];
  readonly entries: readonly StringEntry[];
  /** Only Z on single qubits (and the identity): the usual read-out of a model. */
  readonly singleZ: boolean;
}

/** Numbers the distinct strings of observables in the order in which they come. */
export function pauliStrings(observables: readonly SparsePauliOp[]): PauliStrings {
  const groups = new Map<string, StringGroup & { readonly strings: PauliString[] }>();
  const indices = new Map<string, number>();
  const entries: StringEntry[] = [];
  for (const [observable, { terms }] of observables.entries())
    for (const { coefficient, pauli } of terms) {
      let x = 0;
      let z = 0;
      let numY = 0;
      for (const [qubit, letter] of pauli.letters) {
        if (letter !== "Z") x |= 1 << qubit;
        if (letter !== "X") z |= 1 << qubit;
        if (letter === "Y") numY++;
      }
      const key = `${x}:${z}`;
      let index = indices.get(key);
      if (index === undefined) {
        index = indices.size;
        indices.set(key, index);
        const groupKey = `${x}:${numY % 2}`;
        const group = groups.get(groupKey) ?? { x, imaginary: numY % 2 === 1, strings: [] };
        group.strings.push({ z, index, numY });
        groups.set(groupKey, group);
      }
      entries.push({ observable, string: index, coefficient });
    }
  const all = [...groups.values()];
  return {
    numObservables: observables.length,
    numStrings: indices.size,
    groups: all,
    entries,
    singleZ: all.every(({ x, strings }) => x === 0 && strings.every(({ z }) => (z & (z - 1)) === 0)),
  };
}
