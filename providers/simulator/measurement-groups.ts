import { type PauliLetter, type PauliTerm, SparsePauliOp } from "../../circuits/index.ts";

/** Terms of several observables that one measurement setting serves. */
export interface MeasurementGroup {
  /** The letter to measure on each qubit, by ascending qubit. */
  readonly basis: readonly (readonly [qubit: number, letter: PauliLetter])[];
  readonly terms: readonly {
    readonly qubits: readonly number[];
    /** Of each observable [K]. */
    readonly coefficients: Float64Array;
  }[];
}

/** Qubit-wise commuting groups of all terms of all observables together. */
export function measurementGroups(observables: readonly SparsePauliOp[]): readonly MeasurementGroup[] {
  const [first] = observables;
  if (first === undefined) return [];
  // Absolute values, so that terms of different observables do not cancel.
  const all = SparsePauliOp.fromTerms(
    first.numQubits,
    observables.flatMap(({ terms }) =>
      terms.map(({ coefficient, pauli }) => ({ coefficient: Math.abs(coefficient), pauli })),
    ),
  );
  const coefficients = new Map<string, Float64Array>();
  for (const [index, { terms }] of observables.entries())
    for (const term of terms) {
      const key = letterKey(term);
      const row = coefficients.get(key) ?? new Float64Array(observables.length);
      row[index] = term.coefficient;
      coefficients.set(key, row);
    }
  return all.qubitWiseCommutingGroups().map((group) => ({
    basis: [...new Map(group.flatMap(({ pauli }) => pauli.letters))].sort(([a], [b]) => a - b),
    terms: group.map((term) => ({
      qubits: term.pauli.letters.map(([qubit]) => qubit),
      coefficients: coefficients.get(letterKey(term))!,
    })),
  }));
}

function letterKey({ pauli }: PauliTerm): string {
  return pauli.letters.join(" ");
}
