import type { Circuit } from "../circuit.ts";
import type { SparsePauliOp } from "../observable.ts";
import type { Target } from "./target.ts";

/** How hard the compiler tries, from 0 (straight translation) to 3 (many routing trials and a search over rewritings). */
export type Effort = 0 | 1 | 2 | 3;

export interface CompileOptions {
  /** 2 by default. */
  readonly effort?: Effort;
  /** Decides all random trials; 0 by default. The same circuit, target, effort and seed give the same result everywhere. */
  readonly seed?: number;
  /** The physical qubit of each qubit of the circuit, in place of a search for the best ones. */
  readonly initialLayout?: readonly number[];
  /** Fills idle times with delays, gates as late as possible; off by default. */
  readonly scheduling?: "alap";
  /** Refocusing pulses in the idle times, for which the circuit is scheduled; none by default. */
  readonly dynamicalDecoupling?: "XX" | "XY4";
}

/** What a compiled circuit is made of. */
export interface CompiledMetrics {
  readonly twoQubitGates: number;
  /** The longest chain of two-qubit gates. */
  readonly twoQubitDepth: number;
  readonly depth: number;
  /** How often each operation occurs. */
  readonly gates: Readonly<Record<string, number>>;
  /** From the first gate to the end of the last measurement; undefined where the device does not tell its gates' times. */
  readonly durationSeconds: number | undefined;
  /** The product of 1 - error over all gates and measurements; undefined where the device tells no errors. */
  readonly estimatedSuccess: number | undefined;
}

/**
 * A circuit compiled for a target: layout, routing and structure are fixed, and only angles change with the parameters, so
 * that it is compiled once and bound many times.
 */
export interface CompiledCircuit {
  readonly source: Circuit;
  readonly target: Target;
  readonly effort: Effort;
  readonly seed: number;
  /**
   * What the device runs, on all its qubits: gates of its basis at places where they work. Its parameters are one vector of
   * weights, the angles that depend on the source's parameters, in the order of `bindRows`.
   */
  readonly circuit: Circuit;
  /** For each qubit of the source the physical qubit on which it starts. */
  readonly initialLayout: readonly number[];
  /** For each qubit of the source the physical qubit on which it ends. */
  readonly finalLayout: readonly number[];
  readonly metrics: CompiledMetrics;
  /**
   * Angles for the compiled circuit's parameters, [rows, circuit.parameters.length], from rows of values for the source's,
   * [rows, source.parameters.length]. Radians.
   * @throws ParameterError PARAMETER_SHAPE when the lengths do not fit, PARAMETER_NOT_FINITE when an angle is no finite number
   */
  bindRows(values: Float64Array, rows: number, out?: Float64Array): Float64Array;
  /** An observable of the source's qubits as one of the device's qubits at the end. @throws ObservableError OBSERVABLE_QUBITS */
  applyLayout(observable: SparsePauliOp): SparsePauliOp;
}
