import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { ExpectationProgram } from "../primitives.ts";
import type { Dtype } from "./dtype.ts";
import type { StateMemory } from "./state-memory.ts";

/** A unitary circuit compiled once, to be run for many rows of parameter values; one row at a time. */
export interface StatevectorProgram {
  readonly circuit: Circuit;
  /** Bytes that the program keeps between runs, without any state; 0 when left out. */
  readonly bytes?: number;
  /**
   * The amplitudes for one row of parameter values [P] (radians): interleaved re/im, length 2·2^n, qubit 0 least
   * significant. They are written to `out` (2·2^n) where the engine can, else to an array of their own; the array that is
   * returned holds them. With the array of an earlier call as `out` nothing is copied. The array of a large state may be a
   * view of linear memory, which threads may share: it can be read and written, but not transferred to another thread.
   */
  statevector(values: Float64Array, out?: Float64Array): Float64Array;
  /** As `statevector`, pausing now and then where the state is large. */
  statevectorInSteps?(values: Float64Array, out?: Float64Array): Generator<void, Float64Array>;
  /** As `statevectorInSteps`, in a buffer that `memory` lends and that is to be given back to it. */
  lentStatevector?(values: Float64Array, memory: StateMemory): Generator<void, Float64Array>;
}

/** Exact expectation values of K observables for rows of parameter values; one call at a time. */
export interface RowExpectationProgram extends ExpectationProgram {
  /** Bytes that the program keeps between calls, without any state; 0 when left out. */
  readonly bytes?: number;
  /** Of the amplitudes that the values come from; float64 when left out. */
  readonly dtype?: Dtype;
  /** Writes [rows, K] for values [rows, P]; unlike in `forward`, weights may differ from row to row. */
  evaluate(values: Float64Array, rows: number, outputs: Float64Array): void;
  /** As `evaluate`, pausing now and then where the state is large. */
  evaluateInSteps?(values: Float64Array, rows: number, outputs: Float64Array): Generator<void>;
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
