import type { CircuitBuilder } from "../builder.ts";
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
 * The even superposition of all states of `numQubits` qubits with exactly `ones` of them in |1>, a Dicke state, by O(numQubits·ones)
 * gates (Bärtschi and Eidenbenz, arXiv:1904.07358). Of more than half of the qubits the zeros are prepared.
 * @throws CircuitError LIBRARY_COUNT unless `ones` is an integer from 0 to `numQubits`
 */
export function dickeState(numQubits: number, ones: number): Circuit {
  checkCount("dickeState", "numQubits", numQubits);
  checkCount("dickeState", "ones", ones, 0, numQubits);
  const excited = Math.min(ones, numQubits - ones);
  return Circuit.build(numQubits, (c) => {
    if (excited === 1)
      c.place(
        wState(numQubits),
        Array.from({ length: numQubits }, (_, qubit) => qubit),
      );
    else {
      for (let qubit = numQubits - excited; qubit < numQubits; qubit++) c.x(qubit);
      for (let size = numQubits; size > 1; size--) splitAndShift(c, size, Math.min(excited, size - 1));
    }
    if (excited !== ones) for (let qubit = 0; qubit < numQubits; qubit++) c.x(qubit);
  });
}

/**
 * On the first `size` qubits, of which the highest l <= `most` are 1: parts the states in which the highest qubit stays 1, an l/size
 * of them, from those in which all ones move down by one.
 */
function splitAndShift(c: CircuitBuilder, size: number, most: number): void {
  const top = size - 1;
  for (let l = 1; l <= most; l++) {
    const angle = 2 * Math.acos(Math.sqrt(l / size));
    const low = top - l;
    c.cx(low, top);
    if (l === 1) c.cry(angle, top, low);
    else {
      // RY under two controls as a rotation multiplexed over both: four CX, where two controls of their own take more.
      for (const [control, part] of [
        [top, 1],
        [low + 1, -1],
        [top, 1],
        [low + 1, -1],
      ] as const)
        c.ry((part * angle) / 4, low).cx(control, low);
    }
    c.cx(low, top);
  }
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
