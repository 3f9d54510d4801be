/** Potential curves by the variational quantum eigensolver (Peruzzo et al., arXiv:1304.3061). */
import { readFileSync } from "node:fs";
import {
  activeSpace,
  type Circuit,
  lbfgs,
  localSimulator,
  type MinimizeResult,
  type MolecularIntegrals,
  minimize,
  molecularHamiltonian,
  parseFcidump,
  Rng,
  type SparsePauliOp,
  smallGaussianWeights,
  uccsd,
} from "../../src/index.ts";

/** A molecule with all its bonds of one length. */
export interface Geometry {
  readonly molecule: string;
  /** Angstrom. */
  readonly bond: number;
  /** Hartree, in STO-3G; `fullCi` is exact in this basis. */
  readonly hartreeFock: number;
  readonly fullCi: number;
  /** Labels of the molecular orbitals, in the order of their integrals. */
  readonly orbitals: readonly string[];
  readonly fcidump: string;
}

/** What is solved: the orbitals that are always full, and those that the active electrons may take. */
export interface System {
  readonly name: string;
  readonly molecule: string;
  readonly core: readonly string[];
  readonly active: readonly string[];
  /** Repetitions of the ansatz. */
  readonly reps: number;
}

export const SYSTEMS: readonly System[] = [
  { name: "H2", molecule: "H2", core: [], active: ["1ag", "1b1u"], reps: 1 },
  { name: "LiH, 3 orbitals", molecule: "LiH", core: ["1a1"], active: ["2a1", "3a1", "1b1"], reps: 2 },
  { name: "LiH, frozen core", molecule: "LiH", core: ["1a1"], active: ["2a1", "3a1", "1b1", "1b2", "4a1"], reps: 1 },
  {
    name: "H2O, 4 orbitals",
    molecule: "H2O",
    core: ["1a1", "2a1", "1b1"],
    active: ["1b2", "3a1", "4a1", "2b2"],
    reps: 2,
  },
];

/** One geometry of a system as a problem for a quantum computer. */
export interface Problem {
  readonly geometry: Geometry;
  /** Of the active space. */
  readonly integrals: MolecularIntegrals;
  readonly hamiltonian: SparsePauliOp;
  readonly circuit: Circuit;
}

export function loadGeometries(): readonly Geometry[] {
  const text = readFileSync(new URL("./integrals.jsonl", import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Geometry);
}

/** The geometries of a system's molecule, the shortest bond first. */
export function problemsOf(system: System, geometries: readonly Geometry[]): readonly Problem[] {
  return geometries
    .filter(({ molecule }) => molecule === system.molecule)
    .map((geometry) => {
      const numbers = (labels: readonly string[]) => labels.map((label) => geometry.orbitals.indexOf(label));
      const integrals = activeSpace(parseFcidump(geometry.fcidump), {
        core: numbers(system.core),
        active: numbers(system.active),
      });
      const { numElectrons, numOrbitals } = integrals;
      const circuit = uccsd({ numQubits: 2 * numOrbitals, numElectrons, reps: system.reps });
      return { geometry, integrals, hamiltonian: molecularHamiltonian(integrals), circuit };
    });
}

export interface Solution {
  readonly energy: number;
  readonly weights: Float64Array;
  /** Of both starts. */
  readonly circuitExecutions: number;
}

/**
 * The lowest energy of each geometry along a curve. Each is minimised from its neighbour's weights and from fresh ones near
 * Hartree-Fock, and the lower result kept: where states cross, the neighbour's lead to the wrong one.
 */
export async function* potentialCurve(
  problems: readonly Problem[],
  options: { readonly seed: number; readonly steps: number },
): AsyncGenerator<Solution> {
  const provider = localSimulator();
  let neighbour: Float64Array | undefined;
  for (const [index, { hamiltonian, circuit }] of problems.entries()) {
    const fresh = smallGaussianWeights(0.1)(circuit, Rng.seed(options.seed).fork("start", index));
    const runs: MinimizeResult[] = [];
    for (const initial of neighbour === undefined ? [fresh] : [neighbour, fresh]) {
      const problem = { circuit, observable: hamiltonian, provider, optimizer: lbfgs(), initial };
      runs.push(await minimize({ ...problem, steps: options.steps, tolerance: 1e-9, patience: 3 }));
    }
    const best = runs.reduce((a, b) => (b.value < a.value ? b : a));
    neighbour = best.weights;
    yield {
      energy: best.value,
      weights: best.weights,
      circuitExecutions: runs.reduce((sum, { executions }) => sum + executions, 0),
    };
  }
}
