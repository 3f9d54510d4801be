import { type Circuit, CircuitError, type SparsePauliOp } from "../../circuits/index.ts";
import { PubError, SimulatorError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { checkDtype, type Dtype } from "./dtype.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "./engine.ts";
import { StatevectorExpectation } from "./expectation-program.ts";
import { LargeStatevector, largestQubits } from "./large/index.ts";
import { StateMemory } from "./state-memory.ts";
import { threadCount } from "./threads/index.ts";

/** Settings of the statevector engine; the defaults suit all circuits. */
export interface StatevectorOptions {
  /** Up to this many qubits (at most 14, the default) rows are run many at once; above, one by one. */
  readonly batchedQubits?: number;
  /** Bytes that the states of all programs together may take; by default most of what is free. */
  readonly maxBytes?: number;
  /**
   * Threads that work on a large state or share out a large batch, the caller's included; by default as many as the machine
   * runs at once. Results are the same to the last bit for any number.
   */
  readonly threads?: number;
  /**
   * Of the amplitudes of light cones of at most 14 qubits, for expectation values and gradients: `float32` is 1.2
   * (4 qubits, 32 rows) to 1.9 times (12 qubits, 256 rows) as fast, and right to about 1e-5. Larger cones, statevectors and
   * samples are float64 always, and so is all that goes in and comes out. float64 by default.
   */
  readonly dtype?: Dtype;
  /** Where states are borrowed, in place of a memory of `maxBytes` of the engine's own. */
  readonly memory?: StateMemory;
}

const OPTIONS: readonly (keyof StatevectorOptions)[] = ["batchedQubits", "maxBytes", "threads", "dtype", "memory"];

/** States that gradients hold: the state and its adjoint. */
const GRADIENT_STATES = 2;

/**
 * The engine of WebAssembly kernels made at run time; see docs/decisions/0003 and 0008.
 * @throws SimulatorError THREAD_COUNT, DTYPE, MEMORY_LIMIT, BATCHED_QUBITS; PubError PUB_FORM (options that there are not)
 */
export function createStatevectorEngine(options?: StatevectorOptions): Engine {
  const checked = checkOptions(options, "createStatevectorEngine", OPTIONS);
  const { batchedQubits, dtype = "float64", memory = new StateMemory(checked.maxBytes) } = checked;
  checkDtype(dtype);
  if (batchedQubits !== undefined && !(Number.isInteger(batchedQubits) && batchedQubits >= 0))
    throw new SimulatorError(
      "BATCHED_QUBITS",
      `batchedQubits is ${String(batchedQubits)}; give an integer of 0 or more, or leave it out.`,
    );
  const threads = threadCount(checked.threads);
  return {
    name: dtype === "float64" ? "statevector" : `statevector ${dtype}`,
    get maxQubits() {
      return Math.min(memory.maxQubitsFor(GRADIENT_STATES), largestQubits(GRADIENT_STATES));
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
      return new StatevectorExpectation(circuit, observables, memory, { batchedQubits, threads, dtype });
    },
  };
}
