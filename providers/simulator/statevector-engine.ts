import { type Circuit, CircuitError, type SparsePauliOp } from "../../circuits/index.ts";
import { PubError } from "../errors.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "./engine.ts";
import { StatevectorExpectation } from "./expectation-program.ts";
import { LargeStatevector } from "./large/index.ts";
import { StateMemory } from "./state-memory.ts";
import { threadCount } from "./threads/index.ts";

/** Settings of the statevector engine; the defaults suit all circuits. */
export interface StatevectorOptions {
  /** Up to this many qubits, phases and permutations go by table, many rows at once; above, in place, row by row. */
  readonly tableQubits?: number;
  /** Bytes that the states of all programs together may take; by default most of what is free. */
  readonly maxBytes?: number;
  /** Threads that work on a large state, the caller's included; by default as many as the machine runs at once. */
  readonly threads?: number;
  /** Where states are borrowed, in place of a memory of `maxBytes` of the engine's own. */
  readonly memory?: StateMemory;
}

/** States that gradients hold: the state and its adjoint. */
const GRADIENT_STATES = 2;

/**
 * The engine of WebAssembly kernels made at run time; see docs/decisions/0003.
 * @throws SimulatorError THREAD_COUNT
 */
export function createStatevectorEngine(options: StatevectorOptions = {}): Engine {
  const { tableQubits, memory = new StateMemory(options.maxBytes) } = options;
  const threads = threadCount(options.threads);
  return {
    name: "statevector",
    get maxQubits() {
      return memory.maxQubitsFor(GRADIENT_STATES);
    },
    statevector(circuit: Circuit): StatevectorProgram {
      return new LargeStatevector(circuit, memory, { threads });
    },
    expectation(circuit: Circuit, observables: readonly SparsePauliOp[]): RowExpectationProgram {
      if (!circuit.isUnitary)
        throw new CircuitError(
          "CIRCUIT_NOT_UNITARY",
          "A circuit that measures, resets or branches has no single final state to differentiate; use an Estimator, which follows its branches.",
        );
      for (const [index, { numQubits }] of observables.entries())
        if (numQubits !== circuit.numQubits)
          throw new PubError(
            "OBSERVABLE_QUBITS",
            `Observable ${index} has ${numQubits} qubit(s) but the circuit has ${circuit.numQubits}; a label needs one letter a qubit.`,
          );
      return new StatevectorExpectation(circuit, observables, memory, { tableQubits, threads });
    },
  };
}
