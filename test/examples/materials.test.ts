import { describe, expect, test } from "vitest";
import { beside, stacked } from "../../examples/application/stacked.ts";
import {
  type ClassicalChain,
  classicalHeisenberg,
  classicalHubbard,
  classicalIsing,
  exactState,
  jastrowState,
  meanFieldState,
} from "../../examples/materials/classical.ts";
import { type Chain, groundStateOf, heisenberg, hubbard, ising } from "../../examples/materials/materials.ts";
import { phaseErrors } from "../../examples/materials/phases.ts";
import { groundState, hubbardChain } from "../../src/index.ts";

const relative = (energy: number, exact: number): number => (energy - exact) / Math.abs(exact);
const cases: readonly (readonly [string, Chain, ClassicalChain, number, number])[] = [
  ["Ising at its transition", ising, classicalIsing(8), 1, 1e-3],
  ["Ising, ordered", ising, classicalIsing(8), 0.7, 1e-3],
  ["Heisenberg", heisenberg, classicalHeisenberg(8), 1, 1e-3],
  ["Hubbard", hubbard, classicalHubbard(4, hubbard.hamiltonian(0)), 4, 1e-6],
];

describe.each(cases)("%s", (_name, chain, classical, value, tolerance) => {
  const hamiltonian = chain.hamiltonian(value);
  const { observable } = chain.order;
  const exact = exactState(hamiltonian, observable, classical);

  test("the circuit finds the ground state and its order parameter", async () => {
    const { energy, order } = await groundStateOf(chain, value, { seed: 3, steps: 200 });
    expect(relative(energy, exact.energy)).toBeLessThan(tolerance);
    expect(relative(energy, exact.energy)).toBeGreaterThan(-1e-10);
    expect(order).toBeCloseTo(chain.order.isSquare ? Math.sqrt(exact.order) : exact.order, 2);
  });

  test("classical states lie above the exact one, the correlated one below the mean field", async () => {
    const meanField = await meanFieldState(hamiltonian, observable, classical, 0);
    const jastrow = jastrowState(hamiltonian, observable, classical, 0);
    expect(relative(jastrow.energy, exact.energy)).toBeGreaterThan(-1e-10);
    expect(jastrow.energy).toBeLessThan(meanField.energy);
    expect(relative(jastrow.energy, exact.energy)).toBeLessThan(5e-3);
  });
});

test("the ground states are in the sectors that classical states keep to", () => {
  for (const [chain, classical] of [
    [ising, classicalIsing(8)],
    [heisenberg, classicalHeisenberg(8)],
  ] as const) {
    const hamiltonian = chain.hamiltonian(1.5);
    const { energy } = exactState(hamiltonian, chain.order.observable, classical);
    expect(groundState(hamiltonian).energy).toBeCloseTo(energy, 8);
  }
  // At this chemical potential the Hubbard chain is half filled of itself; it shifts the energy by U/2 an electron.
  const filled = exactState(hubbard.hamiltonian(4), hubbard.order.observable, cases[3]![2]).energy;
  expect(groundState(hubbardChain({ sites: 4, interaction: 4 })).energy).toBeCloseTo(filled - 8, 8);
});

test("mean field knows what is classical: no field, and the Néel state's energy", async () => {
  const spins = classicalIsing(8);
  const still = await meanFieldState(ising.hamiltonian(0), ising.order.observable, spins, 0);
  expect(still.energy).toBeCloseTo(-7, 8);
  expect(still.order).toBeCloseTo(1, 6);
  const neel = await meanFieldState(heisenberg.hamiltonian(3), heisenberg.order.observable, classicalHeisenberg(8), 0);
  expect(neel.energy).toBeCloseTo(-21, 8);
});

test("free electrons on four sites fill the two lowest waves", () => {
  const classical = classicalHubbard(4, hubbard.hamiltonian(0));
  const { energy, order } = exactState(hubbard.hamiltonian(0), hubbard.order.observable, classical);
  expect(energy).toBeCloseTo(-4 * (Math.cos(Math.PI / 5) + Math.cos((2 * Math.PI) / 5)), 9);
  expect(order).toBeCloseTo(0.25, 9);
});

test("errors are relative for energies and absolute for order parameters", () => {
  const exact = [
    { energy: -2, order: 0.5 },
    { energy: -4, order: 0.1 },
  ];
  const found = [
    { energy: -1.9, order: 0.4 },
    { energy: -4, order: 0.3 },
  ];
  const { largest, mean, order } = phaseErrors(found, exact);
  expect(largest).toBeCloseTo(0.05, 12);
  expect(mean).toBeCloseTo(0.025, 12);
  expect(order).toBeCloseTo(0.2, 12);
});

test("pictures are put below and beside one another", () => {
  const svg = (width: number, height: number) => `<svg class="a" width="${width}" height="${height}"></svg>`;
  expect(stacked([svg(10, 20), svg(30, 5)])).toMatch(
    /^<svg [^>]*width="30" height="25"[\s\S]*<svg y="0"[\s\S]*<svg y="20"/,
  );
  expect(beside([svg(10, 20), svg(30, 5)])).toMatch(
    /^<svg [^>]*width="40" height="20"[\s\S]*<svg x="0"[\s\S]*<svg x="10"/,
  );
});
