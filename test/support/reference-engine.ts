import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "../../providers/index.ts";
import { expectedValue, stateOf } from "../contracts/truth.ts";

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
  return stateOf(circuit.bind(named));
}

function referenceExpectation(circuit: Circuit, observables: readonly SparsePauliOp[]): RowExpectationProgram {
  const width = circuit.parameters.length;
  const count = observables.length;
  const valuesOf = (row: ArrayLike<number>): number[] => {
    const state = referenceState(circuit, row);
    return observables.map((observable) => expectedValue(state, observable));
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
