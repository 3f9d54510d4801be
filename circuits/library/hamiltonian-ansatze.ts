import type { CircuitBuilder } from "../builder.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { SparsePauliOp } from "../observable.ts";
import { weight } from "../parameter.ts";
import { checkCount, checkObservable, checkOptions } from "./checks.ts";
import type { Mixer } from "./mixers.ts";
import { appendTermExponentials } from "./pauli-evolution.ts";

function checkHamiltonian(role: string, operator: SparsePauliOp, numQubits: number): void {
  if (operator.numQubits !== numQubits)
    throw new CircuitError(
      "HAMILTONIAN_QUBITS",
      `The ${role} acts on ${operator.numQubits} qubit(s) where ${numQubits} are needed.`,
    );
  if (operator.support.length === 0)
    throw new CircuitError("HAMILTONIAN_EMPTY", `The ${role} has no term but the identity, so it drives nothing.`);
}

function placeInitial(builder: CircuitBuilder, initialState: Circuit | undefined): void {
  const { numQubits } = builder;
  if (initialState === undefined) return;
  if (initialState.numQubits !== numQubits)
    throw new CircuitError(
      "HAMILTONIAN_QUBITS",
      `The initial state acts on ${initialState.numQubits} qubit(s) where ${numQubits} are needed.`,
    );
  builder.place(
    initialState,
    Array.from({ length: numQubits }, (_, qubit) => qubit),
  );
}

/** exp(-i·beta·mixer), by default of Σ X_q. */
function evolutionBy(mixer: SparsePauliOp | undefined, numQubits: number): Mixer {
  const operator =
    mixer ??
    SparsePauliOp.fromMaps(
      numQubits,
      Array.from({ length: numQubits }, (_, qubit) => [{ [qubit]: "X" }, 1] as const),
    );
  checkHamiltonian("mixer", operator, numQubits);
  return (builder, beta) => appendTermExponentials(builder, operator, beta);
}

/**
 * The quantum alternating operator ansatz (Farhi et al., arXiv:1411.4028): the initial state, then for each repetition l
 * exp(-i·gamma[l]·cost) and exp(-i·beta[l]·mixer). Exponentials are products over the terms in order: exact when the
 * operator's terms commute, as those of a diagonal cost do. Identity terms only shift the global phase and are left out.
 * Weights `gamma` [reps], `beta` [reps].
 * @param options.mixer Σ X_q by default; another Hamiltonian, or one that appends its own gates, such as `xyMixer`
 * @param options.initialState a circuit; H on every qubit by default
 * @throws CircuitError LIBRARY_COUNT, HAMILTONIAN_TYPE, HAMILTONIAN_QUBITS, HAMILTONIAN_EMPTY
 */
export function qaoaAnsatz(
  cost: SparsePauliOp,
  options: {
    readonly reps?: number;
    readonly mixer?: SparsePauliOp | Mixer;
    readonly initialState?: Circuit;
    readonly costName?: string;
    readonly mixerName?: string;
  } = {},
): Circuit {
  checkOptions("qaoaAnsatz", options, ["reps", "mixer", "initialState", "costName", "mixerName"]);
  checkObservable("qaoaAnsatz", "the cost", cost);
  if (options.mixer !== undefined && typeof options.mixer !== "function")
    checkObservable("qaoaAnsatz", "the mixer", options.mixer);
  const { numQubits } = cost;
  const { reps = 1, costName = "gamma", mixerName = "beta" } = options;
  checkCount("qaoaAnsatz", "reps", reps);
  checkHamiltonian("cost", cost, numQubits);
  const mix = typeof options.mixer === "function" ? options.mixer : evolutionBy(options.mixer, numQubits);
  const gamma = weight(costName, reps);
  const beta = weight(mixerName, reps);
  return Circuit.build(numQubits, (c) => {
    if (options.initialState === undefined) for (let qubit = 0; qubit < numQubits; qubit++) c.h(qubit);
    placeInitial(c, options.initialState);
    c.declare(gamma, beta);
    for (let layer = 0; layer < reps; layer++) {
      appendTermExponentials(c, cost, gamma.at(layer));
      mix(c, beta.at(layer));
    }
  });
}

/**
 * The Hamiltonian variational ansatz (Wecker et al., arXiv:1507.08969): `layers` times the product over the groups H_g of
 * exp(-i·w[l,g]·H_g), each a product over the group's terms (exact when they commute). Identity terms are left out.
 * Weights `w` [layers, groups].
 * @param options.initialState a circuit, such as the ground state of one group; |0...0> by default
 * @throws CircuitError LIBRARY_COUNT, HAMILTONIAN_TYPE, HAMILTONIAN_QUBITS, HAMILTONIAN_EMPTY
 */
export function hamiltonianVariational(
  groups: readonly SparsePauliOp[],
  options: { readonly layers: number; readonly initialState?: Circuit; readonly name?: string },
): Circuit {
  checkOptions("hamiltonianVariational", options, ["layers", "initialState", "name"]);
  const { layers, initialState, name = "w" } = options;
  checkCount("hamiltonianVariational", "layers", layers);
  checkCount("hamiltonianVariational", "the number of groups", groups.length);
  for (const [index, group] of groups.entries()) checkObservable("hamiltonianVariational", `group ${index}`, group);
  const { numQubits } = groups[0]!;
  for (const [index, group] of groups.entries()) checkHamiltonian(`group ${index}`, group, numQubits);
  const w = weight(name, [layers, groups.length]);
  return Circuit.build(numQubits, (c) => {
    placeInitial(c, initialState);
    c.declare(w);
    for (let layer = 0; layer < layers; layer++)
      for (const [index, group] of groups.entries()) appendTermExponentials(c, group, w.at(layer, index));
  });
}
