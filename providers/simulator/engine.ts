import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { ExpectationProgram } from "../primitives.ts";

/** A unitary circuit compiled once, to be run for many rows of parameter values. */
export interface StatevectorProgram {
  readonly circuit: Circuit;
  /**
   * The amplitudes for one row of parameter values [P] (radians): interleaved re/im, length 2·2^n, qubit 0 least
   * significant. The array belongs to the program and is overwritten by its next run.
   */
  statevector(values: Float64Array): Float64Array;
}

/** Exact expectation values of K observables for rows of parameter values. */
export interface RowExpectationProgram extends ExpectationProgram {
  /** Writes [rows, K] for values [rows, P]; unlike in `forward`, weights may differ from row to row. */
  evaluate(values: Float64Array, rows: number, outputs: Float64Array): void;
}

/** What computes states: the seam behind which kernels can be replaced. */
export interface Engine {
  readonly name: string;
  /** The most qubits a state vector may have so that it (and for gradients its adjoint) fits in memory. */
  readonly maxQubits: number;
  /** @throws CircuitError CIRCUIT_NOT_UNITARY, SimulatorError STATE_TOO_LARGE */
  statevector(circuit: Circuit): StatevectorProgram;
  /** @throws CircuitError CIRCUIT_NOT_UNITARY, PubError OBSERVABLE_QUBITS, SimulatorError STATE_TOO_LARGE */
  expectation(circuit: Circuit, observables: readonly SparsePauliOp[]): RowExpectationProgram;
}
