import { freemem } from "node:os";
import { describeNumber } from "../../circuits/index.ts";
import { SimulatorError } from "../errors.ts";

/** Bytes of one amplitude in complex float64. */
export const BYTES_PER_AMPLITUDE = 16;
/** Basis states are 32-bit integers in the kernels. */
const MAX_QUBITS = 30;
/** The rest is left to the program around the simulator. */
const USABLE_FRACTION = 0.8;

/** Bytes that new states may take: what the machine or its container has free. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory();
  const own =
    constrained > 0 && constrained < Number.MAX_SAFE_INTEGER ? constrained - process.memoryUsage.rss() : Infinity;
  return USABLE_FRACTION * Math.min(own, Math.max(freemem(), process.availableMemory()));
}

/** The most qubits of which `states` state vectors fit into `bytes` (default: what is free now). */
export function maxQubitsFor(states: number, bytes: number = availableBytes()): number {
  return Math.max(0, Math.min(MAX_QUBITS, Math.floor(Math.log2(bytes / (states * BYTES_PER_AMPLITUDE)))));
}

/**
 * Checks before anything is allocated.
 * @param states how many state vectors the computation holds at once
 * @throws SimulatorError STATE_TOO_LARGE saying how many qubits would fit
 */
export function assertStateFits(numQubits: number, states: number, bytes: number = availableBytes()): void {
  const fits = maxQubitsFor(states, bytes);
  if (numQubits <= fits) return;
  const needed = states * BYTES_PER_AMPLITUDE * 2 ** numQubits;
  const reason =
    needed > bytes
      ? `${numQubits} qubits need ${gibibytes(needed)} for ${states} state vector(s) but ${gibibytes(bytes)} can be used; at most ${fits} qubits fit.`
      : `A state vector has at most ${MAX_QUBITS} qubits, whatever the memory; this one would have ${numQubits}.`;
  throw new SimulatorError("STATE_TOO_LARGE", `${reason} Use fewer qubits, or observables with a smaller light cone.`);
}

/** @throws SimulatorError MEMORY_LIMIT unless the option is a positive number or left out */
export function checkMemoryLimit(option: string, bytes: number | undefined): void {
  if (bytes === undefined || (typeof bytes === "number" && bytes > 0)) return;
  throw new SimulatorError("MEMORY_LIMIT", `${option} is ${describeNumber(bytes)}; give a positive number of bytes.`);
}

/** Bytes as messages print them. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
}
