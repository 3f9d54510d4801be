import { type Circuit, circuitMatrix, pauliLabel, type SparsePauliOp } from "../../circuits/index.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "../../providers/index.ts";

/** The slow twin of the real engine: whole matrices, Pauli letters one by one, derivatives by central differences. */
export function createReferenceEngine(): Engine {
  return {
    name: "reference",
    maxQubits: 8,
    statevector: (circuit): StatevectorProgram => ({
      circuit,
      statevector: (values) => referenceState(circuit, values),
    }),
    expectation: referenceExpectation,
  };
}

/** Column 0 of the circuit's matrix, interleaved re/im. */
export function referenceState(circuit: Circuit, values: ArrayLike<number>): Float64Array {
  const row = Array.from(values);
  let offset = 0;
  const named: Record<string, number | number[]> = {};
  for (const { name, shape, size } of circuit.vectors) {
    named[name] = shape.length === 0 ? row[offset]! : row.slice(offset, offset + size);
    offset += size;
  }
  const matrix = circuitMatrix(circuit.bind(named));
  const size = 2 ** circuit.numQubits;
  const state = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    state[2 * i] = matrix[2 * i * size]!;
    state[2 * i + 1] = matrix[2 * i * size + 1]!;
  }
  return state;
}

/** Σ_terms c·<ψ|P|ψ>, each P applied letter by letter. */
export function referenceValue(state: Float64Array, observable: SparsePauliOp): number {
  let sum = 0;
  for (const { coefficient, pauli } of observable.terms) {
    const letters = [...pauliLabel(pauli, observable.numQubits)].reverse();
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

function referenceExpectation(circuit: Circuit, observables: readonly SparsePauliOp[]): RowExpectationProgram {
  const width = circuit.parameters.length;
  const count = observables.length;
  const valuesOf = (row: ArrayLike<number>): number[] => {
    const state = referenceState(circuit, row);
    return observables.map((observable) => referenceValue(state, observable));
  };
  const rowOf = (inputs: Float64Array, weights: Float64Array, row: number): number[] => [
    ...inputs.subarray(row * circuit.numInputs, (row + 1) * circuit.numInputs),
    ...weights,
  ];
  return {
    circuit,
    numObservables: count,
    evaluate(values, rows, outputs) {
      for (let row = 0; row < rows; row++)
        outputs.set(valuesOf(values.subarray(row * width, (row + 1) * width)), row * count);
    },
    forward(inputs, weights, rows, outputs) {
      for (let row = 0; row < rows; row++) outputs.set(valuesOf(rowOf(inputs, weights, row)), row * count);
    },
    backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients) {
      this.forward(inputs, weights, rows, outputs);
      weightGradients?.fill(0);
      inputGradients?.fill(0);
      for (let row = 0; row < rows; row++) {
        const values = rowOf(inputs, weights, row);
        const loss = (index: number, shift: number): number =>
          valuesOf(values.with(index, values[index]! + shift)).reduce(
            (sum, value, k) => sum + value * cotangents[row * count + k]!,
            0,
          );
        for (let index = 0; index < width; index++) {
          const step = 1e-3;
          const slope =
            (8 * (loss(index, step) - loss(index, -step)) - (loss(index, 2 * step) - loss(index, -2 * step))) /
            (12 * step);
          if (index < circuit.numInputs) {
            if (inputGradients !== null) inputGradients[row * circuit.numInputs + index]! += slope;
          } else if (weightGradients !== null) weightGradients[index - circuit.numInputs]! += slope;
        }
      }
    },
  };
}
