/** Phases of chains by the Hamiltonian variational ansatz (Wecker et al., arXiv:1507.08969). */
import { appendSingleExcitation, ghzState, type PauliString } from "../../circuits/index.ts";
import {
  Circuit,
  hamiltonianVariational,
  heisenbergChain,
  hubbardChain,
  isingChain,
  lbfgs,
  localSimulator,
  minimize,
  Rng,
  SparsePauliOp,
} from "../../src/index.ts";

/** A chain whose ground state changes with one number, and how to prepare it. */
export interface Chain {
  readonly name: string;
  readonly parameter: string;
  readonly values: readonly number[];
  hamiltonian(value: number): SparsePauliOp;
  ansatz(value: number): Circuit;
  /** What weights start at, in each layer (from 0 to 1); seeds add their own noise. */
  start(value: number, layer: number): readonly number[];
  /** What tells the phases apart: this observable's value, or its root. */
  readonly order: { readonly name: string; readonly observable: SparsePauliOp; readonly isSquare: boolean };
}

const SPINS = 8;
const SITES = 4;
const range = (count: number, step = 1): number[] => Array.from({ length: count }, (_, i) => i * step);

/** The terms of equal kind as one operator each, in the order of `kinds`. */
function split({ numQubits, terms }: SparsePauliOp, kinds: string, kindOf: (pauli: PauliString) => string) {
  const ofKind = (kind: string) => terms.filter(({ pauli }) => kindOf(pauli) === kind);
  return kinds.split(" ").map((kind) => SparsePauliOp.fromTerms(numQubits, ofKind(kind)));
}

/** (Σ ±Z_i / n)², with the signs of a Néel state where `staggered`. */
function squaredMagnetisation(staggered: boolean): SparsePauliOp {
  const sign = (site: number) => (staggered && site % 2 === 1 ? -1 : 1);
  const terms = range(SPINS).map((site) => [{ [site]: "Z" }, sign(site) / SPINS] as const);
  const z = SparsePauliOp.fromMaps(SPINS, terms);
  return z.product(z);
}

const [bonds, field] = split(isingChain({ sites: SPINS, field: 1 }), "2 1", ({ letters }) => `${letters.length}`);
const plus = Circuit.build(SPINS, (c) => void range(SPINS).map((site) => c.h(site)));
/** Well below the transition it is easier to come from the ordered side. */
const isOrdered = (value: number): boolean => value < 0.8;
export const ising: Chain = {
  name: "Ising chain in a transverse field, 8 spins",
  parameter: "h/J",
  values: range(21, 0.1),
  hamiltonian: (value) => isingChain({ sites: SPINS, field: value }),
  ansatz: (value) =>
    isOrdered(value)
      ? hamiltonianVariational([field!, bonds!], { layers: 8, initialState: ghzState(SPINS) })
      : hamiltonianVariational([bonds!, field!], { layers: 8, initialState: plus }),
  // The steps of a slow sweep from the easy Hamiltonian to the wanted one.
  start: (value, layer) => (isOrdered(value) ? [0.5 * layer * value, 0.5] : [0.5 * layer, 0.5 * (1 - layer)]),
  order: { name: "magnetisation √⟨M²⟩", observable: squaredMagnetisation(false), isSquare: true },
};

const spinGroups = split(heisenbergChain({ sites: SPINS }), "Z1 XY1 Z0 XY0", ({ letters: [first] }) => {
  return `${first![1] === "Z" ? "Z" : "XY"}${first![0] % 2}`;
});
/** Singlets on every other bond: the ground state of these bonds alone. */
const singlets = Circuit.build(SPINS, (c) => {
  for (const a of range(SPINS / 2, 2))
    c.x(a)
      .x(a + 1)
      .h(a)
      .cx(a, a + 1);
});
export const heisenberg: Chain = {
  name: "Heisenberg chain with anisotropy, 8 spins",
  parameter: "Δ",
  values: range(13, 0.25),
  hamiltonian: (value) => heisenbergChain({ sites: SPINS, anisotropy: value }),
  ansatz: () => hamiltonianVariational(spinGroups, { layers: 4, initialState: singlets }),
  start: () => [0.2, 0.2, 0.2, 0.2],
  order: { name: "staggered magnetisation √⟨M²⟩", observable: squaredMagnetisation(true), isSquare: true },
};

const pairs = hubbardChain({ sites: SITES, hopping: 0, interaction: 1, chemicalPotential: 0 });
const electronGroups = split(hubbardChain({ sites: SITES, interaction: 4 }), "U 1 0", ({ letters }) =>
  letters.every(([, letter]) => letter === "Z") ? "U" : `${Math.floor(letters[0]![0] / 2) % 2}`,
);
/** One electron of either spin on each pair of sites, spread evenly over both. */
const bonding = Circuit.build(2 * SITES, (c) => {
  for (const mode of [0, 1, 4, 5]) c.x(mode);
  for (const mode of [0, 1, 4, 5]) appendSingleExcitation(c, Math.PI / 2, [mode, mode + 2], { fermionic: true });
});
export const hubbard: Chain = {
  name: "Hubbard chain at half filling, 4 sites",
  parameter: "U/t",
  values: range(13),
  hamiltonian: (value) => hubbardChain({ sites: SITES, interaction: value, chemicalPotential: 0 }),
  ansatz: () => hamiltonianVariational(electronGroups, { layers: 6, initialState: bonding }),
  start: () => [0.2, 0.2, 0.2],
  order: { name: "doubly occupied sites", observable: pairs.times(1 / SITES), isSquare: false },
};

export async function groundStateOf(chain: Chain, value: number, options: { seed: number; steps: number }) {
  const provider = localSimulator();
  const circuit = chain.ansatz(value);
  const [layers] = circuit.vectors[0]!.shape;
  const rng = Rng.seed(options.seed).fork("start", String(value));
  const start = range(layers!).flatMap((layer) => chain.start(value, (layer + 0.5) / layers!));
  const initial = start.map((weight) => weight + 0.05 * rng.normal());
  const problem = { circuit, observable: chain.hamiltonian(value), optimizer: lbfgs(), provider, initial };
  const { weights, value: energy, executions } = await minimize({ ...problem, steps: options.steps, tolerance: 1e-9 });
  const pub = { circuit, observables: [chain.order.observable], parameterValues: [Array.from(weights)] };
  const [found] = await (await provider.estimator({ precision: 0 }).run([pub])).result();
  const order = chain.order.isSquare ? Math.sqrt(found!.evs[0]!) : found!.evs[0]!;
  return { energy, order, weights, circuitExecutions: executions + 1 };
}
