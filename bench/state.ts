import type { Circuit, SparsePauliOp } from "../circuits/index.ts";
import { createStatevectorEngine } from "../providers/index.ts";
import { type Measured, ownSide, type PeerSpec } from "./measure.ts";
import { gatesForPeers, observablesForPeers, type Task } from "./task.ts";
import { stateProbes } from "./workloads.ts";

export interface StateWork {
  readonly workload: string;
  readonly name?: string;
  readonly circuit: Circuit;
  /** Prepares the state that the circuit acts on; by default that is |0…0⟩. */
  readonly preparation?: Circuit;
  readonly peers: readonly PeerSpec[];
}

/** The whole state of a circuit without parameters. */
export function stateCase({ workload, name, circuit, preparation, peers }: StateWork): Measured {
  const probes = stateProbes(circuit.numQubits);
  const prepare = () => {
    const program = createStatevectorEngine().statevector(preparation?.compose(circuit) ?? circuit);
    const none = new Float64Array(0);
    let state: Float64Array | undefined;
    return {
      run: () => {
        state = program.statevector(none, state);
      },
      check: () => probes.map((probe) => expectation(state!, probe)),
    };
  };
  return {
    workload,
    ...(name === undefined ? {} : { name }),
    numQubits: circuit.numQubits,
    batch: 1,
    task: stateTask(circuit, preparation),
    peers,
    ours: () => ownSide("lepton", prepare),
  };
}

/** @throws Error when the circuit has parameters */
export function stateTask(circuit: Circuit, preparation?: Circuit, kind: "state" | "sampling" = "state"): Task {
  if (circuit.parameters.length > 0) throw new Error("A state's circuit has no parameters.");
  const preparing = preparation === undefined ? [] : gatesForPeers(preparation);
  return {
    kind,
    numQubits: circuit.numQubits,
    gates: [...preparing, ...gatesForPeers(circuit)],
    numPreparing: preparing.length,
    numInputs: 0,
    numWeights: 0,
    batch: 1,
    inputs: [],
    weights: [],
    cotangents: [],
    observables: observablesForPeers(stateProbes(circuit.numQubits)),
  };
}

/** ⟨ψ|O|ψ⟩ by the definition, for interleaved amplitudes. */
export function expectation(state: Float64Array, observable: SparsePauliOp): number {
  let total = 0;
  for (const { coefficient, pauli } of observable.terms) {
    let flips = 0;
    let signs = 0;
    let numY = 0;
    for (const [qubit, letter] of pauli.letters) {
      if (letter !== "Z") flips |= 1 << qubit;
      if (letter !== "X") signs |= 1 << qubit;
      if (letter === "Y") numY++;
    }
    // P|k⟩ = i^numY · (-1)^|k & signs| |k ^ flips⟩
    let real = 0;
    let imaginary = 0;
    for (let k = 0; 2 * k < state.length; k++) {
      const i = 2 * k;
      const j = 2 * (k ^ flips);
      const sign = parity(k & signs) === 0 ? 1 : -1;
      real += sign * (state[j]! * state[i]! + state[j + 1]! * state[i + 1]!);
      imaginary += sign * (state[j]! * state[i + 1]! - state[j + 1]! * state[i]!);
    }
    total += coefficient * [real, -imaginary, -real, imaginary][numY % 4]!;
  }
  return total;
}

function parity(bits: number): number {
  let x = bits ^ (bits >> 16);
  x ^= x >> 8;
  x ^= x >> 4;
  x ^= x >> 2;
  return (x ^ (x >> 1)) & 1;
}
