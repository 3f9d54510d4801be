import { Circuit } from "../circuit.ts";
import { checkCount } from "./checks.ts";

/** (|0...0> + |1...1>)/√2. @throws CircuitError LIBRARY_COUNT */
export function ghzState(numQubits: number): Circuit {
  checkCount("ghzState", "numQubits", numQubits);
  return Circuit.build(numQubits, (c) => {
    c.h(0);
    for (let qubit = 1; qubit < numQubits; qubit++) c.cx(qubit - 1, qubit);
  });
}

/** The even superposition of all states with one qubit in |1>. @throws CircuitError LIBRARY_COUNT */
export function wState(numQubits: number): Circuit {
  checkCount("wState", "numQubits", numQubits);
  return Circuit.build(numQubits, (c) => {
    c.x(0);
    for (let qubit = 0; qubit + 1 < numQubits; qubit++)
      c.cry(2 * Math.acos(Math.sqrt(1 / (numQubits - qubit))), qubit, qubit + 1).cx(qubit + 1, qubit);
  });
}

/**
 * The quantum Fourier transform |j> -> 2^(-n/2) Σ_k exp(2πi·jk/2^n) |k>, swaps included.
 * @throws CircuitError LIBRARY_COUNT
 */
export function qft(numQubits: number): Circuit {
  checkCount("qft", "numQubits", numQubits);
  return Circuit.build(numQubits, (c) => {
    for (let qubit = numQubits - 1; qubit >= 0; qubit--) {
      c.h(qubit);
      for (let lower = qubit - 1; lower >= 0; lower--) c.cp(Math.PI / 2 ** (qubit - lower), lower, qubit);
    }
    for (let qubit = 0; qubit < Math.floor(numQubits / 2); qubit++) c.swap(qubit, numQubits - 1 - qubit);
  });
}
