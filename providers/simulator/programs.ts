import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { observableKey } from "../pub-observables.ts";
import { BranchedExpectation, dephased } from "./branched-expectation.ts";
import type { Engine, RowExpectationProgram } from "./engine.ts";
import { unitaryBody } from "./live-circuit.ts";
import { ProgramCache } from "./program-cache.ts";
import { SampledCircuit } from "./sampled-circuit.ts";
import { SampledExpectation } from "./sampled-expectation.ts";
import type { StateMemory } from "./state-memory.ts";

const MAX_ENTRIES = 128;
/** Tables of all cached programs together. */
const MAX_BYTES = 1 << 28;
/** Bytes of the objects around a program, about. */
const PROGRAM_BYTES = 1000;

/** A state of so few qubits fits anywhere. */
const SURE_QUBITS = 12;

/** By the engine where the circuit comes down to gates, else by its branches. */
export type ExactProgram = { readonly bytes: number } & (
  | { readonly unitary: RowExpectationProgram; readonly branched?: undefined }
  | { readonly branched: BranchedExpectation; readonly unitary?: undefined }
);

/** Compiled programs of one simulator, kept for when the same circuit comes again, as in training it does every step. */
export class Programs {
  readonly engine: Engine;
  readonly #memory: StateMemory;
  readonly #cache: ProgramCache;

  constructor(engine: Engine, memory: StateMemory) {
    this.engine = engine;
    this.#memory = memory;
    this.#cache = new ProgramCache(MAX_ENTRIES, Math.min(MAX_BYTES, memory.availableBytes / 4));
  }

  /** Exact expectation values of observables that have the circuit's qubits. @throws SimulatorError STATE_TOO_LARGE */
  exact(circuit: Circuit, observables: readonly SparsePauliOp[]): ExactProgram {
    return this.#cache.get(`exact ${keyOf(circuit, observables)}`, () => {
      const body = unitaryBody(circuit);
      const seen = dephased(circuit, observables);
      if (body === undefined) {
        const branched = new BranchedExpectation(this.engine, this.#memory, circuit, seen);
        return { branched, bytes: PROGRAM_BYTES + branched.bytes };
      }
      const unitary = this.engine.expectation(body, seen);
      return { unitary, bytes: PROGRAM_BYTES + (unitary.bytes ?? 0) };
    });
  }

  /**
   * Values and gradients of a unitary circuit; the same program for equal circuits and observables.
   * @throws CircuitError CIRCUIT_NOT_UNITARY, PubError OBSERVABLE_QUBITS, SimulatorError STATE_TOO_LARGE
   */
  differentiable(circuit: Circuit, observables: readonly SparsePauliOp[]): RowExpectationProgram {
    const { program } = this.#cache.get(`differentiable ${keyOf(circuit, observables)}`, () => {
      const made = this.engine.expectation(circuit, observables);
      return { program: made, bytes: PROGRAM_BYTES + (made.bytes ?? 0) };
    });
    return program;
  }

  /** Expectation values estimated from samples. @throws SimulatorError STATE_TOO_LARGE */
  estimates(circuit: Circuit, observables: readonly SparsePauliOp[]): SampledExpectation {
    return this.#cache.get(
      `estimates ${keyOf(circuit, observables)}`,
      () => new SampledExpectation(this.engine, this.#memory, circuit, observables),
    );
  }

  /** Samples of a circuit's own measurements. @throws SimulatorError STATE_TOO_LARGE */
  samples(circuit: Circuit): SampledCircuit {
    return this.#cache.get(`samples ${circuit.hash}`, () => new SampledCircuit(this.engine, this.#memory, circuit));
  }

  /** True for circuits so wide that perhaps only their light cones fit into memory. */
  isWide(circuit: Circuit): boolean {
    return circuit.numQubits > SURE_QUBITS && circuit.numQubits > this.engine.maxQubits;
  }
}

function keyOf(circuit: Circuit, observables: readonly SparsePauliOp[]): string {
  return `${circuit.hash} ${observables.map(observableKey).join()}`;
}
