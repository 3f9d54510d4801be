import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  activeSpace,
  closedShellEnergy,
  groundState,
  type MolecularIntegrals,
  molecularHamiltonian,
  parseFcidump,
  SparsePauliOp,
} from "../../../circuits/index.ts";

interface GoldenMolecule {
  readonly id: string;
  readonly n: number;
  readonly terms: readonly (readonly [string, number])[];
  readonly active: readonly [electrons: number, orbitals: number];
  readonly hf_energy: number;
  readonly casci_energy: number;
}

const read = (path: string): string => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), "utf8");
const golden = JSON.parse(read("golden/hamiltonians.json")) as { readonly items: readonly GoldenMolecule[] };
const molecules = read("chemistry/integrals.jsonl")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { readonly id: string; readonly fcidump: string });

function activeOf(full: MolecularIntegrals, [electrons, orbitals]: readonly [number, number]): MolecularIntegrals {
  const first = (full.numElectrons - electrons) / 2;
  return activeSpace(full, { electrons, active: Array.from({ length: orbitals }, (_, i) => first + i) });
}

describe.each(molecules)("$id", ({ id, fcidump }) => {
  const item = golden.items.find((one) => one.id === id)!;
  const full = parseFcidump(fcidump);
  const active = activeOf(full, item.active);

  test("the Hamiltonian is OpenFermion's, term by term", () => {
    const expected = SparsePauliOp.fromJSON({ numQubits: item.n, terms: item.terms });
    const found = molecularHamiltonian(active);
    expect(found.terms).toHaveLength(expected.terms.length);
    for (const { coefficient } of found.minus(expected).terms) expect(Math.abs(coefficient)).toBeLessThan(1e-11);
  });

  test("energies are PySCF's: Hartree-Fock, also in the active space, and CASCI", () => {
    expect(closedShellEnergy(full)).toBeCloseTo(item.hf_energy, 9);
    expect(closedShellEnergy(active)).toBeCloseTo(item.hf_energy, 9);
    expect(groundState(molecularHamiltonian(active)).energy).toBeCloseTo(item.casci_energy, 8);
  });
});

describe("activeSpace", () => {
  const full = parseFcidump(molecules.find(({ id }) => id.startsWith("lih"))!.fcidump);

  test("all orbitals in another order leave the spectrum, the order alone", () => {
    const small = activeSpace(full, { electrons: 2, active: [1, 2, 3] });
    const turned = activeSpace(full, { core: [0], active: [3, 1, 2] });
    const energy = groundState(molecularHamiltonian(small)).energy;
    expect(groundState(molecularHamiltonian(turned)).energy).toBeCloseTo(energy, 10);
  });

  test.each([
    { active: [1, 9] },
    { active: [1, 1] },
    { active: [] },
    { core: [1], active: [1, 2] },
    { electrons: 3, active: [1, 2] },
    { electrons: 2, core: [], active: [1, 2] },
    { core: [0, 1, 2], active: [3] },
  ])("%o is refused", (options) => {
    expect(() => activeSpace(full, options)).toThrow(expect.objectContaining({ code: "ACTIVE_SPACE" }));
  });
});

describe("parseFcidump", () => {
  const text =
    "&FCI NORB=2,NELEC=2,MS2=0,\n ORBSYM=1,1,\n ISYM=1,\n/\n0.5 2 1 2 1\n-1.25D+0 1 1 0 0\n-0.3 2 1 0 0\n-0.6 1 0 0 0\n0.7 0 0 0 0\n";

  test("fills the eight equal integrals and reads Fortran's numbers", () => {
    const { numOrbitals, numElectrons, constant, oneBody, twoBody } = parseFcidump(text);
    expect([numOrbitals, numElectrons, constant]).toEqual([2, 2, 0.7]);
    expect([...oneBody]).toEqual([-1.25, -0.3, -0.3, 0]);
    // (21|21) = (12|21) = (21|12) = (12|12).
    expect([...twoBody].map((value, i) => (value === 0 ? -1 : i)).filter((i) => i >= 0)).toEqual([5, 6, 9, 10]);
  });

  test.each([
    ["", "namelist"],
    ["&FCI NORB=0,NELEC=2,&END\n", "NORB"],
    ["&FCI NORB=2,NELEC=2,IUHF=1,&END\n", "spin"],
    [`${text}x 1 1 1 1`, "Line 10"],
    [`${text}0.1 3 1 1 1`, "Line 10"],
    [`${text}0.1 1 1 1 0`, "Line 10"],
    [`${text}0.1 0 1 1 1`, "Line 10"],
    [`${text}0.1 1 1`, "Line 10"],
  ])("%j is refused, naming %s", (bad, part) => {
    expect(() => parseFcidump(bad)).toThrow(
      expect.objectContaining({ code: "FCIDUMP_TEXT", message: expect.stringContaining(part) }),
    );
  });
});

test("an odd number of electrons has no closed shell", () => {
  const ion = { ...parseFcidump(molecules[0]!.fcidump), numElectrons: 1 };
  expect(() => closedShellEnergy(ion)).toThrow(expect.objectContaining({ code: "ACTIVE_SPACE" }));
});
