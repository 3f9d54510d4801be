import { groundState, type SparsePauliOp } from "../../src/index.ts";
import type { Problem } from "./molecules.ts";

/** All determinants of as many electrons of either spin, as basis states; up spins on even qubits, down spins on odd ones. */
export function determinants(numQubits: number, electrons: number): readonly number[] {
  const isOfSpin = (state: number, spin: number): boolean =>
    Array.from({ length: numQubits / 2 }, (_, k) => (state >> (2 * k + spin)) & 1).reduce((a, b) => a + b, 0) ===
    electrons / 2;
  return Array.from({ length: 2 ** numQubits }, (_, state) => state).filter(
    (state) => isOfSpin(state, 0) && isOfSpin(state, 1),
  );
}

/** How many electrons are elsewhere than in the Hartree-Fock determinant. */
function excitations(state: number, electrons: number): number {
  let moved = 0;
  for (let qubit = 0; qubit < electrons; qubit++) moved += 1 - ((state >> qubit) & 1);
  return moved;
}

/** The exact energy in the active space. */
export function exactEnergy({ hamiltonian, integrals }: Problem): number {
  return groundState(hamiltonian, { basis: determinants(hamiltonian.numQubits, integrals.numElectrons) }).energy;
}

export interface ConfigurationInteraction {
  readonly energy: number;
  /** Free coefficients: one less than determinants, since the norm is fixed. */
  readonly coefficients: number;
}

/**
 * Configuration interaction with at most this many free coefficients: the determinants with the fewest excitations, of equal
 * ones those of the lowest energy.
 */
export function configurationInteraction(problem: Problem, coefficients: number): ConfigurationInteraction {
  const { hamiltonian, integrals } = problem;
  const electrons = integrals.numElectrons;
  const ranked = determinants(hamiltonian.numQubits, electrons)
    .map((state) => ({ state, rank: excitations(state, electrons), energy: diagonal(hamiltonian, state) }))
    .sort((a, b) => a.rank - b.rank || a.energy - b.energy);
  const basis = ranked.slice(0, coefficients + 1).map(({ state }) => state);
  return { energy: groundState(hamiltonian, { basis }).energy, coefficients: basis.length - 1 };
}

/** CISD: all single and double excitations. */
export function singlesAndDoubles(problem: Problem): ConfigurationInteraction {
  const { hamiltonian, integrals } = problem;
  const electrons = integrals.numElectrons;
  const basis = determinants(hamiltonian.numQubits, electrons).filter((state) => excitations(state, electrons) <= 2);
  return { energy: groundState(hamiltonian, { basis }).energy, coefficients: basis.length - 1 };
}

function diagonal(hamiltonian: SparsePauliOp, state: number): number {
  return groundState(hamiltonian, { basis: [state] }).energy;
}
