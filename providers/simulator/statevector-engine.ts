import { type Circuit, CircuitError, type SparsePauliOp } from "../../circuits/index.ts";
import { PubError } from "../errors.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "./engine.ts";
import { StatevectorExpectation } from "./expectation-program.ts";
import { assertLength } from "./program-arrays.ts";
import { StateMemory } from "./state-memory.ts";
import { StepProgram } from "./step-program.ts";

/** Settings of the statevector engine; the defaults suit all circuits. */
export interface StatevectorOptions {
  /** Up to this many qubits, phases and permutations go by table, many rows at once; above, in place, row by row. */
  readonly tableQubits?: number;
  /** Bytes that the states of all programs together may take; by default most of what is free. */
  readonly maxBytes?: number;
  /** Where states are borrowed, in place of a memory of `maxBytes` of the engine's own. */
  readonly memory?: StateMemory;
}

/** States that gradients hold: the state, its adjoint, and half of one for what is read from them. */
const GRADIENT_STATES = 2.5;

class StatevectorRun implements StatevectorProgram {
  readonly circuit: Circuit;
  readonly #memory: StateMemory;
  readonly #steps: StepProgram;

  constructor(circuit: Circuit, memory: StateMemory, tableQubits: number | undefined) {
    memory.assertFits(circuit.numQubits, 1);
    this.circuit = circuit;
    this.#memory = memory;
    this.#steps = new StepProgram(circuit, "amplitudes", { memory, tableQubits, maxLanes: 1 });
  }

  get bytes(): number {
    return this.#steps.bytes;
  }

  statevector(values: Float64Array, out?: Float64Array): Float64Array {
    const steps = this.statevectorInSteps(values, out);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  *statevectorInSteps(values: Float64Array, out?: Float64Array): Generator<void, Float64Array> {
    const steps = this.#steps;
    assertLength("values", values, "parameter", this.circuit.parameters.length);
    const state = out ?? this.#newState();
    assertLength("out", state, "re and im number", 2 * steps.workspace.size);
    try {
      steps.begin(false, state);
      steps.beginRows();
      steps.setWholeLane(0, values);
      yield* steps.forwardInSteps(1);
      const { psi } = steps.workspace;
      if (psi !== state) state.set(psi);
    } finally {
      steps.end();
    }
    return state;
  }

  #newState(): Float64Array {
    this.#memory.assertFits(this.circuit.numQubits, 1);
    return new Float64Array(2 * 2 ** this.circuit.numQubits);
  }
}

/** The engine of plain typed-array loops over batched states; see docs/decisions/0003. */
export function createStatevectorEngine(options: StatevectorOptions = {}): Engine {
  const { tableQubits, memory = new StateMemory(options.maxBytes) } = options;
  return {
    name: "statevector",
    get maxQubits() {
      return memory.maxQubitsFor(GRADIENT_STATES);
    },
    statevector(circuit: Circuit): StatevectorProgram {
      return new StatevectorRun(circuit, memory, tableQubits);
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
      return new StatevectorExpectation(circuit, observables, memory, tableQubits);
    },
  };
}
