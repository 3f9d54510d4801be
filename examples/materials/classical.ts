import { appendSingleExcitation } from "../../circuits/index.ts";
import {
  Circuit,
  groundState,
  lbfgs,
  localSimulator,
  type MinimizeResult,
  minimize,
  Rng,
  type SparsePauliOp,
  weight,
} from "../../src/index.ts";

/** How a chain is treated without a quantum computer. */
export interface ClassicalChain {
  /** The basis states that the ground state is made of: its sector. */
  readonly basis: readonly number[];
  /** The best state without correlations is in the reach of this circuit: a product of spins, or one Slater determinant. */
  readonly meanField: Circuit;
  /** Amplitudes over the basis that a Jastrow factor is put on; they carry the signs. */
  reference(): Float64Array;
  /** Exponents of the Jastrow factor over the basis, one list for each parameter. */
  readonly features: readonly Float64Array[];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const bit = (state: number, qubit: number): number => (state >> qubit) & 1;
const spin = (state: number, qubit: number): number => 1 - 2 * bit(state, qubit);

/** Pairs of sites, those that a reflection of the chain takes to each other together. */
function reflectedPairs(sites: number): readonly (readonly (readonly [number, number])[])[] {
  const classes = new Map<string, (readonly [number, number])[]>();
  for (let a = 0; a < sites; a++)
    for (let b = a + 1; b < sites; b++) {
      const key = String(Math.min(a * sites + b, (sites - 1 - b) * sites + (sites - 1 - a)));
      classes.set(key, [...(classes.get(key) ?? []), [a, b]]);
    }
  return [...classes.values()];
}

const spinCorrelations = (sites: number, basis: readonly number[]): Float64Array[] =>
  reflectedPairs(sites).map((pairs) =>
    Float64Array.from(basis, (state) => pairs.reduce((sum, [a, b]) => sum + spin(state, a) * spin(state, b), 0)),
  );

/** All 2^n states; all signs are positive. */
export function classicalIsing(sites: number): ClassicalChain {
  const basis = range(2 ** sites);
  const w = weight("w", sites);
  return {
    basis,
    meanField: Circuit.build(sites, (c) => void range(sites).map((site) => c.ry(w.at(site), site))),
    reference: () => new Float64Array(basis.length).fill(1),
    features: spinCorrelations(sites, basis),
  };
}

/** As many spins up as down, with Marshall's signs (Proc. R. Soc. A 232, 48, 1955), which are the exact ones. */
export function classicalHeisenberg(sites: number): ClassicalChain {
  const basis = range(2 ** sites).filter(
    (state) => range(sites).reduce((sum, site) => sum + spin(state, site), 0) === 0,
  );
  const w = weight("w", [2, sites]);
  return {
    basis,
    meanField: Circuit.build(sites, (c) => {
      for (const site of range(sites)) {
        if (site % 2 === 1) c.x(site);
        c.ry(w.at(0, site), site).rz(w.at(1, site), site);
      }
    }),
    reference: () =>
      Float64Array.from(basis, (state) => {
        const ups = range(sites).filter((site) => site % 2 === 0 && bit(state, site) === 1).length;
        return ups % 2 === 0 ? 1 : -1;
      }),
    features: spinCorrelations(sites, basis),
  };
}

/** Half filled with as many electrons of either spin; the reference is the ground state of free electrons. */
export function classicalHubbard(sites: number, free: SparsePauliOp): ClassicalChain {
  const electrons = (state: number, which: number): number =>
    range(sites).reduce((sum, site) => sum + bit(state, 2 * site + which), 0);
  const basis = range(4 ** sites).filter(
    (state) => electrons(state, 0) === sites / 2 && electrons(state, 1) === sites / 2,
  );
  const charge = (state: number, site: number): number => bit(state, 2 * site) + bit(state, 2 * site + 1) - 1;
  const moment = (state: number, site: number): number => bit(state, 2 * site) - bit(state, 2 * site + 1);
  const features = (of: typeof charge, withSelf: boolean): Float64Array[] =>
    range(sites).flatMap((a) =>
      range(sites)
        .filter((b) => b > a || (withSelf && b === a))
        .map((b) => Float64Array.from(basis, (state) => of(state, a) * of(state, b))),
    );
  // Antiferromagnetic: spins up start on even sites, spins down on odd ones.
  const occupied = [0, 1].map((which) =>
    range(sites)
      .filter((site) => site % 2 === which)
      .map((site) => 2 * site + which),
  );
  const empty = [0, 1].map((which) =>
    range(sites)
      .filter((site) => site % 2 !== which)
      .map((site) => 2 * site + which),
  );
  const w = weight("w", [2, sites / 2, sites / 2]);
  return {
    basis,
    meanField: Circuit.build(2 * sites, (c) => {
      for (const mode of occupied.flat()) c.x(mode);
      for (const which of [0, 1])
        for (const [i, from] of occupied[which]!.entries())
          for (const [k, to] of empty[which]!.entries())
            appendSingleExcitation(c, w.at(which, i, k), [from, to], { fermionic: true });
    }),
    reference: () => realAmplitudes(groundState(free, { basis }).amplitudes),
    features: [...features(charge, true), ...features(moment, false)],
  };
}

/** A state of a real Hamiltonian is real up to one phase, which is taken off. */
function realAmplitudes(amplitudes: Float64Array): Float64Array {
  let largest = 0;
  for (let i = 2; i < amplitudes.length; i += 2)
    if (Math.hypot(amplitudes[i]!, amplitudes[i + 1]!) > Math.hypot(amplitudes[largest]!, amplitudes[largest + 1]!))
      largest = i;
  const [re, im] = [amplitudes[largest]!, amplitudes[largest + 1]!];
  const norm = Math.hypot(re, im);
  return Float64Array.from(
    { length: amplitudes.length / 2 },
    (_, i) => (amplitudes[2 * i]! * re + amplitudes[2 * i + 1]! * im) / norm,
  );
}

/** Of a state that is minimised, of which the lowest is kept: some end in a local minimum. */
const STARTS = 4;

export interface ClassicalState {
  readonly energy: number;
  /** Value of the order observable. */
  readonly order: number;
}

/** Exact, within the sector. */
export function exactState(
  hamiltonian: SparsePauliOp,
  order: SparsePauliOp,
  { basis }: ClassicalChain,
): ClassicalState {
  const { energy, amplitudes } = groundState(hamiltonian, { basis });
  const diagonal = diagonalOf(order, basis);
  const value = basis.reduce(
    (sum, _, i) => sum + diagonal[i]! * (amplitudes[2 * i]! ** 2 + amplitudes[2 * i + 1]! ** 2),
    0,
  );
  return { energy, order: value };
}

/** The lowest state without correlations. */
export async function meanFieldState(
  hamiltonian: SparsePauliOp,
  order: SparsePauliOp,
  { meanField }: ClassicalChain,
  seed: number,
): Promise<ClassicalState> {
  const provider = localSimulator();
  let best: MinimizeResult | undefined;
  for (let start = 0; start < STARTS; start++) {
    const rng = Rng.seed(seed).fork("mean field", start);
    const initial = Float64Array.from({ length: meanField.numWeights }, () => 0.5 * rng.normal());
    const problem = { circuit: meanField, observable: hamiltonian, provider, optimizer: lbfgs(), initial };
    const found = await minimize({ ...problem, steps: 200, tolerance: 1e-10 });
    if (best === undefined || found.value < best.value) best = found;
  }
  const { value: energy, weights } = best!;
  const pub = { circuit: meanField, observables: [order], parameterValues: [Array.from(weights)] };
  const [found] = await (await provider.estimator({ precision: 0 }).run([pub])).result();
  return { energy, order: found!.evs[0]! };
}

/**
 * The reference times exp(Σ a_k f_k(s)), its energy by exact sums over the basis and lowered by L-BFGS: a variational state of
 * as many parameters as the circuit has weights, which needs no quantum computer (Jastrow, Phys. Rev. 98, 1479, 1955).
 */
export function jastrowState(
  hamiltonian: SparsePauliOp,
  order: SparsePauliOp,
  { basis, features, reference }: ClassicalChain,
  seed: number,
): ClassicalState {
  const size = basis.length;
  const entries = realEntries(hamiltonian, basis);
  const signs = reference();
  const psi = new Float64Array(size);
  const applied = new Float64Array(size);
  const gradient = new Float64Array(features.length);
  /** Fills `psi`, `applied` = H psi and `gradient`; gives the energy. */
  const evaluate = (a: Float64Array): number => {
    let [norm, energy, largest] = [0, 0, Number.NEGATIVE_INFINITY];
    for (let s = 0; s < size; s++) {
      psi[s] = 0;
      for (const [k, feature] of features.entries()) psi[s]! += a[k]! * feature[s]!;
      largest = Math.max(largest, psi[s]!);
    }
    for (let s = 0; s < size; s++) {
      psi[s] = signs[s]! * Math.exp(psi[s]! - largest);
      norm += psi[s]! ** 2;
    }
    applied.fill(0);
    for (const [row, column, value] of entries) applied[row]! += value * psi[column]!;
    for (let s = 0; s < size; s++) energy += (psi[s]! * applied[s]!) / norm;
    for (const [k, feature] of features.entries()) {
      gradient[k] = 0;
      for (let s = 0; s < size; s++)
        gradient[k]! += (2 * psi[s]! * (applied[s]! - energy * psi[s]!) * feature[s]!) / norm;
    }
    return energy;
  };
  let best: { readonly value: number; readonly weights: readonly number[] } | undefined;
  for (let start = 0; start < STARTS; start++) {
    const rng = Rng.seed(seed).fork("jastrow", start);
    const optimizer = lbfgs();
    let weights = Float64Array.from(features, () => 0.01 * rng.normal());
    let state = optimizer.init(weights);
    for (let step = 0; step < 300; step++) {
      const energy = evaluate(weights);
      const isDone = Math.max(...gradient.map(Math.abs)) < 1e-9;
      const next = optimizer.update(gradient, state, weights, energy);
      weights = Float64Array.from(next.weights);
      state = next.state;
      if (isDone) break;
    }
    if (best === undefined || state.base!.value < best.value) best = state.base!;
  }
  const energy = evaluate(Float64Array.from(best!.weights));
  const diagonal = diagonalOf(order, basis);
  const norm = psi.reduce((sum, value) => sum + value ** 2, 0);
  return { energy, order: psi.reduce((sum, value, s) => sum + (diagonal[s]! * value ** 2) / norm, 0) };
}

/** The entries that are not zero of a real observable on the span of a basis. */
function realEntries(
  observable: SparsePauliOp,
  basis: readonly number[],
): readonly (readonly [row: number, column: number, value: number])[] {
  const matrix = observable.toMatrix();
  const width = 2 ** observable.numQubits;
  return basis.flatMap((from, column) =>
    basis
      .map((to, row) => [row, column, matrix[2 * (to * width + from)]!] as const)
      .filter(([, , value]) => value !== 0),
  );
}

function diagonalOf(observable: SparsePauliOp, basis: readonly number[]): Float64Array {
  const matrix = observable.toMatrix();
  const width = 2 ** observable.numQubits;
  return Float64Array.from(basis, (state) => matrix[2 * state * (width + 1)]!);
}
