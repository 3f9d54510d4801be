import { type Circuit, CircuitError, type Matrix } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import { StateMemory } from "../state-memory.ts";
import type { NoiseModel } from "./noise-model.ts";
import { noisyCircuit } from "./noisy-circuit.ts";
import { toElements } from "./transfer-kernels.ts";
import { TransferProgram } from "./transfer-program.ts";

/** Larger matrices are nothing to look at: this one takes 16 MB. */
const MAX_QUBITS = 10;

/**
 * The density matrix at the end of a noisy circuit, averaged over the outcomes of its measurements and before any bit is
 * misread: 2^n x 2^n, row-major, re and im interleaved, qubit 0 least significant. O(n 4^n) besides the gates.
 * @param values a row of parameter values (radians)
 * @throws SimulatorError STATE_TOO_LARGE above 10 qubits, NOISE_MODEL, NOISE_TIME, STATE_NOT_FINITE; CircuitError
 * CIRCUIT_UNBOUND when there are more or fewer values than parameters
 */
export function densityMatrix(circuit: Circuit, noise: NoiseModel, values: ArrayLike<number> = []): Matrix {
  const { numQubits } = circuit;
  if (numQubits > MAX_QUBITS)
    throw new SimulatorError(
      "STATE_TOO_LARGE",
      `densityMatrix gives matrices of up to ${MAX_QUBITS} qubits, not ${numQubits}; a noisySimulator reads what is wanted of larger ones.`,
    );
  if (values.length !== circuit.parameters.length)
    throw new CircuitError(
      "CIRCUIT_UNBOUND",
      `The circuit has ${circuit.parameters.length} free parameter(s) but ${values.length} value(s) were given.`,
    );
  const all = Array.from({ length: numQubits }, (_, qubit) => qubit);
  const noisy = { ...noisyCircuit(circuit, noise, { qubits: all }), qubits: all };
  const memory = new StateMemory();
  const program = new TransferProgram(circuit, noisy, noise, memory, [], false);
  const elements = new Float64Array(2 * 4 ** numQubits);
  const steps = program.run(Float64Array.from(values), (members) => {
    toElements(members[0]!.vector, numQubits, elements);
  });
  while (!steps.next().done);
  return rowMajor(elements, numQubits);
}

/** From interleaved bits of row and column to rows. */
function rowMajor(elements: Float64Array, numQubits: number): Matrix {
  const size = 2 ** numQubits;
  const spread = Int32Array.from({ length: size }, (_, index) => {
    let bits = 0;
    for (let qubit = 0; qubit < numQubits; qubit++) bits |= ((index >> qubit) & 1) << (2 * qubit);
    return bits;
  });
  const out = new Float64Array(elements.length);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const from = 2 * (spread[row]! | (spread[column]! << 1));
      out[2 * (row * size + column)] = elements[from]!;
      out[2 * (row * size + column) + 1] = elements[from + 1]!;
    }
  return out;
}
