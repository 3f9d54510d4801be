import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configurationInteraction, exactEnergy, singlesAndDoubles } from "../../examples/molecules/classical.ts";
import { bondLength, CHEMICAL_ACCURACY, curveErrors } from "../../examples/molecules/curve.ts";
import {
  loadGeometries,
  type Problem,
  potentialCurve,
  problemsOf,
  type Solution,
  SYSTEMS,
} from "../../examples/molecules/molecules.ts";
import { loadSolubility } from "../../examples/molecules/screening.ts";
import { closedShellEnergy, groundState } from "../../src/index.ts";

const geometries = loadGeometries();
const problems = (name: string): readonly Problem[] =>
  problemsOf(SYSTEMS.find((system) => system.name === name)!, geometries);

/** Energies of the table that was made apart, by bond length. */
const table = readFileSync(new URL("../fixtures/chemistry/h2-lih-curves.csv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .map(([molecule, ...numbers]) => ({ molecule: molecule!, numbers: numbers.map(Number) }));

describe.each([
  ["H2", "H2"],
  ["LiH, 3 orbitals", "LiH_cas2_3"],
])("%s at every point of the table", (name, molecule) => {
  const rows = table
    .filter((row) => row.molecule === molecule)
    .map(({ numbers }) => numbers as [number, number, number]);

  test("Hartree-Fock and exact energies are the table's", () => {
    const own = problems(name);
    expect(own.map(({ geometry }) => geometry.bond)).toEqual(rows.map(([bond]) => bond));
    for (const [i, [, hartreeFock, exact]] of rows.entries()) {
      expect(closedShellEnergy(own[i]!.integrals)).toBeCloseTo(hartreeFock, 8);
      expect(exactEnergy(own[i]!)).toBeCloseTo(exact, 8);
    }
  });

  test("VQE is within chemical accuracy", async () => {
    const found: Solution[] = [];
    for await (const solution of potentialCurve(problems(name), { seed: 0, steps: 200 })) found.push(solution);
    expect(found).toHaveLength(rows.length);
    for (const [i, [, , exact]] of rows.entries())
      expect(Math.abs(found[i]!.energy - exact)).toBeLessThan(CHEMICAL_ACCURACY / 100);
  });
});

test("water's stretched bonds are within chemical accuracy, where singles and doubles alone are not", async () => {
  const stretched = problems("H2O, 4 orbitals").slice(-2);
  const found: Solution[] = [];
  for await (const solution of potentialCurve(stretched, { seed: 0, steps: 200 })) found.push(solution);
  for (const [i, problem] of stretched.entries()) {
    const exact = exactEnergy(problem);
    expect(found[i]!.energy - exact).toBeLessThan(CHEMICAL_ACCURACY);
    expect(found[i]!.energy - exact).toBeGreaterThan(-1e-9);
    expect(singlesAndDoubles(problem).energy - exact).toBeGreaterThan(0.02);
  }
});

test("configuration interaction goes from Hartree-Fock down to the exact energy", () => {
  const [problem] = problems("H2O, 4 orbitals").slice(5);
  const energies = [0, 8, 20, 35, 90].map((coefficients) => configurationInteraction(problem!, coefficients));
  expect(energies.map(({ coefficients }) => coefficients)).toEqual([0, 8, 20, 35, 35]);
  expect(energies[0]!.energy).toBeCloseTo(problem!.geometry.hartreeFock, 8);
  for (let i = 1; i < energies.length; i++) expect(energies[i]!.energy).toBeLessThan(energies[i - 1]!.energy + 1e-10);
  expect(energies[4]!.energy).toBeCloseTo(exactEnergy(problem!), 9);
  // No state of other spin or charge lies lower there.
  expect(groundState(problem!.hamiltonian).energy).toBeCloseTo(exactEnergy(problem!), 8);
});

test("the solubilities are 1,025 to train and 257 to test, and no molecule is in both", () => {
  const { train, test: held } = loadSolubility();
  expect([train.numRows, held.numRows]).toEqual([1025, 257]);
  expect(train.featureNames).toEqual(["log_p", "weight", "rotatable_bonds", "aromatic_share"]);
  expect(train.classes).toBeUndefined();
  // n-pentane, by hand: 72.15 g/mol, two bonds that turn, no ring.
  expect([...train.x.subarray(1, 4)]).toEqual([72.15, 2, 0]);
  expect(train.y[0]).toBe(-3.18);
  const names = readFileSync(new URL("../../examples/molecules/solubility.csv", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.replace(/,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*$/, ""));
  expect(new Set(names).size).toBe(names.length);
});

test("errors of a curve, and the bond length of a parabola", () => {
  const bonds = [1, 1.5, 2, 2.5];
  const exact = bonds.map((bond) => (bond - 1.7) ** 2);
  expect(bondLength(bonds, exact)).toBeCloseTo(1.7, 12);
  const shifted = exact.map((energy, i) => energy + [0, 1e-3, -2e-3, 0][i]!);
  const { largest, mean, within } = curveErrors(bonds, shifted, exact);
  expect(largest).toBeCloseTo(2e-3, 12);
  expect(mean).toBeCloseTo(0.75e-3, 12);
  expect(within).toBe(0.75);
});
