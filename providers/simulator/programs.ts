import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { observableKey } from "../pub-observables.ts";
import { BranchedExpectation, dephased, SampledCircuit } from "./branched-circuit.ts";
import type { Engine, RowExpectationProgram } from "./engine.ts";
import { lightCone } from "./light-cone.ts";
import { unitaryBody } from "./live-circuit.ts";
import { ProgramCache } from "./program-cache.ts";

const MAX_ENTRIES = 64;
/** Amplitudes of all cached states together: 256 MiB. */
const MAX_AMPLITUDES = 1 << 24;

/** By the engine where the circuit comes down to gates, else by its branches. */
export type ExactProgram =
  | { readonly unitary: RowExpectationProgram; readonly branched?: undefined }
  | { readonly branched: BranchedExpectation; readonly unitary?: undefined };

/** Compiled programs of one simulator, kept for when the same circuit comes again, as in training it does every step. */
export class Programs {
  readonly engine: Engine;
  readonly #maxBytes: number | undefined;
  readonly #exact = new ProgramCache<ExactProgram>(MAX_ENTRIES, MAX_AMPLITUDES);
  readonly #sampled = new ProgramCache<SampledCircuit>(MAX_ENTRIES, MAX_AMPLITUDES);

  constructor(engine: Engine, maxBytes: number | undefined) {
    this.engine = engine;
    this.#maxBytes = maxBytes;
  }

  /** Exact expectation values of observables that have the circuit's qubits. */
  expectation(circuit: Circuit, observables: readonly SparsePauliOp[]): ExactProgram {
    const key = `${circuit.hash} ${observables.map(observableKey).join()}`;
    const make = (): ExactProgram => {
      const body = unitaryBody(circuit);
      const seen = dephased(circuit, observables);
      return body === undefined
        ? { branched: new BranchedExpectation(this.engine, circuit, seen, this.#maxBytes) }
        : { unitary: this.engine.expectation(body, seen) };
    };
    return this.#exact.get(key, make, ({ unitary, branched }) =>
      amplitudes(
        unitary === undefined
          ? branched.numQubits
          : lightCone(unitary.circuit, [...new Set(observables.flatMap(({ support }) => support))]).numQubits,
      ),
    );
  }

  /** A circuit to be sampled, measured by `measured()` in the setting that `basis` names ("" for its own measurements). */
  sampled(circuit: Circuit, basis: string, measured: () => Circuit): SampledCircuit {
    return this.#sampled.get(
      `${circuit.hash} ${basis}`,
      () => new SampledCircuit(this.engine, measured(), this.#maxBytes),
      ({ live }) => amplitudes(live.prefix.numQubits),
    );
  }
}

function amplitudes(numQubits: number): number {
  return 2 ** Math.min(numQubits, 30);
}
