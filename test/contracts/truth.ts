import { type Circuit, circuitMatrix, pauliLabel, SparsePauliOp } from "../../circuits/index.ts";

/** Amplitudes of a bound circuit without measurements: column 0 of its matrix, interleaved re/im. */
export function stateOf(circuit: Circuit): Float64Array {
  const matrix = circuitMatrix(circuit);
  const size = 2 ** circuit.numQubits;
  const state = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    state[2 * i] = matrix[2 * i * size]!;
    state[2 * i + 1] = matrix[2 * i * size + 1]!;
  }
  return state;
}

/** How likely each basis state is. */
export function probabilitiesOf(circuit: Circuit): readonly number[] {
  const state = stateOf(circuit);
  return Array.from({ length: state.length / 2 }, (_, i) => state[2 * i]! ** 2 + state[2 * i + 1]! ** 2);
}

/** Expectation value of an observable (a SparsePauliOp or its text) in a state, each Pauli string letter by letter. */
export function expectedValue(state: Float64Array, observable: SparsePauliOp | string): number {
  const operator = typeof observable === "string" ? SparsePauliOp.parse(observable) : observable;
  let sum = 0;
  for (const { coefficient, pauli } of operator.terms) {
    const letters = [...pauliLabel(pauli, operator.numQubits)].reverse();
    for (let from = 0; from < state.length / 2; from++) {
      let to = from;
      let re = state[2 * from]!;
      let im = state[2 * from + 1]!;
      for (const [qubit, letter] of letters.entries()) {
        const bit = (from >> qubit) & 1;
        if (letter === "X" || letter === "Y") to ^= 1 << qubit;
        if (letter === "Z" && bit === 1) [re, im] = [-re, -im];
        if (letter === "Y") [re, im] = bit === 0 ? [-im, re] : [im, -re];
      }
      sum += coefficient * (state[2 * to]! * re + state[2 * to + 1]! * im);
    }
  }
  return sum;
}
