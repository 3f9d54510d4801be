import { type Circuit, CircuitError, type SparsePauliOp } from "../../circuits/index.ts";
import { PubError } from "../errors.ts";
import type { Engine, RowExpectationProgram, StatevectorProgram } from "./engine.ts";
import { StatevectorExpectation, type StatevectorOptions } from "./expectation-program.ts";
import { assertStateFits, maxQubitsFor } from "./memory.ts";
import { StepProgram } from "./step-program.ts";

class StatevectorRun implements StatevectorProgram {
  readonly circuit: Circuit;
  readonly #steps: StepProgram;

  constructor(circuit: Circuit, options: StatevectorOptions) {
    assertStateFits(circuit.numQubits, 1, options.maxBytes);
    this.circuit = circuit;
    this.#steps = new StepProgram(circuit, "amplitudes", options);
  }

  statevector(values: Float64Array): Float64Array {
    this.#steps.allocate(false);
    this.#steps.beginRows();
    this.#steps.setWholeLane(0, values);
    this.#steps.forward(1);
    const { psi, size } = this.#steps.workspace;
    return psi.length === 2 * size ? psi : psi.subarray(0, 2 * size);
  }
}

/** The engine of plain typed-array loops over batched states; see docs/decisions/0003. */
export function createStatevectorEngine(options: StatevectorOptions = {}): Engine {
  return {
    name: "statevector",
    get maxQubits() {
      return maxQubitsFor(2.5, options.maxBytes);
    },
    statevector(circuit: Circuit): StatevectorProgram {
      return new StatevectorRun(circuit, options);
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
      return new StatevectorExpectation(circuit, observables, options);
    },
  };
}
