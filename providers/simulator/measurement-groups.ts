import { type Circuit, type PauliLetter, type PauliTerm, SparsePauliOp } from "../../circuits/index.ts";
import type { SampledCircuit } from "./branched-circuit.ts";

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

/** The circuit followed by a measurement of each qubit of the basis, in a register of its own. */
export function measuredInBasis(
  circuit: Circuit,
  basis: MeasurementGroup["basis"],
): { readonly circuit: Circuit; readonly firstClbit: number } {
  let name = "observable";
  while (circuit.registers.some((register) => register.name === name)) name += "_";
  return {
    firstClbit: circuit.numClbits,
    circuit: circuit.extend((builder) => {
      const { offset } = builder.register(name, basis.length);
      for (const [index, [qubit, letter]] of basis.entries()) {
        if (letter === "Y") builder.sdg(qubit);
        if (letter !== "Z") builder.h(qubit);
        builder.measure(qubit, offset + index);
      }
    }),
  };
}

/** Sums over shots of what a group says about each observable, for means and standard errors. */
export class GroupTally {
  readonly #masks: Int32Array;
  readonly #coefficients: readonly Float64Array[];
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #value: Float64Array;
  /** The first shot's value, subtracted before squaring so that small variances survive rounding. */
  readonly #offset: Float64Array;
  #shots = 0;
  #seen = -1;

  /** @param program samples `measuredInBasis(circuit, group.basis)` */
  constructor(group: MeasurementGroup, numObservables: number, program: SampledCircuit, firstClbit: number) {
    const bits = new Map(
      program.live.finalMeasurements
        .filter(({ clbit }) => clbit >= firstClbit)
        .map(({ qubit, clbit }) => [group.basis[clbit - firstClbit]![0], qubit]),
    );
    // A qubit that nothing touches reads 0: its Z is 1 and needs no bit.
    this.#masks = Int32Array.from(group.terms, ({ qubits }) =>
      qubits.reduce((mask, qubit) => (bits.get(qubit)! >= 0 ? mask | (1 << bits.get(qubit)!) : mask), 0),
    );
    this.#coefficients = group.terms.map(({ coefficients }) => coefficients);
    this.#sums = new Float64Array(numObservables);
    this.#squares = new Float64Array(numObservables);
    this.#value = new Float64Array(numObservables);
    this.#offset = new Float64Array(numObservables);
  }

  /** Takes basis states of the program's compact qubits; equal ones in a row are cheap. */
  add(outcomes: Int32Array): void {
    const value = this.#value;
    for (const outcome of outcomes) {
      if (outcome !== this.#seen) this.#evaluate(outcome);
      this.#shots++;
      for (let k = 0; k < value.length; k++) {
        const deviation = value[k]! - this.#offset[k]!;
        this.#sums[k]! += deviation;
        this.#squares[k]! += deviation * deviation;
      }
    }
  }

  #evaluate(outcome: number): void {
    const value = this.#value.fill(0);
    for (let term = 0; term < this.#masks.length; term++) {
      let parity = outcome & this.#masks[term]!;
      for (let shift = 16; shift > 0; shift >>= 1) parity ^= parity >> shift;
      const coefficients = this.#coefficients[term]!;
      for (let k = 0; k < value.length; k++) value[k]! += parity & 1 ? -coefficients[k]! : coefficients[k]!;
    }
    if (this.#shots === 0) this.#offset.set(value);
    this.#seen = outcome;
  }

  /** Adds the means to `means` [K] and the squared standard errors of the means to `variances` [K]. */
  addTo(means: Float64Array, variances: Float64Array): void {
    const shots = this.#shots;
    for (let k = 0; k < means.length; k++) {
      const mean = this.#sums[k]! / shots;
      means[k]! += this.#offset[k]! + mean;
      variances[k]! += Math.max(0, (this.#squares[k]! - shots * mean * mean) / (shots - 1)) / shots;
    }
  }
}
