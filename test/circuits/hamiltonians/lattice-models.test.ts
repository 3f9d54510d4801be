import { describe, expect, test } from "vitest";
import { groundState, heisenbergChain, hubbardChain, isingChain, type SparsePauliOp } from "../../../circuits/index.ts";
import { golden, operator } from "../library/golden.ts";

describe("lattice models are those of the golden files, term by term", () => {
  test.each<[string, SparsePauliOp]>([
    ["tfim8_open_h1", isingChain({ sites: 8, field: 1 })],
    ["tfim8_open_h0.5", isingChain({ sites: 8, field: 0.5 })],
    ["tfim8_periodic_h1", isingChain({ sites: 8, field: 1, periodic: true })],
    ["heisenberg8_open", heisenbergChain({ sites: 8 })],
    ["heisenberg4_periodic", heisenbergChain({ sites: 4, periodic: true })],
    ["xxz6_periodic", heisenbergChain({ sites: 6, anisotropy: 0.5, periodic: true })],
    ["hubbard2_u4", hubbardChain({ sites: 2, interaction: 4 })],
    ["hubbard4_u4", hubbardChain({ sites: 4, interaction: 4 })],
  ])("%s", (id, model) => {
    const item = golden("hamiltonians", id);
    const expected = operator(item.n, item.terms);
    expect(model.terms).toHaveLength(expected.terms.length);
    for (const { coefficient } of model.minus(expected).terms) expect(Math.abs(coefficient)).toBeLessThan(1e-12);
    expect(groundState(model).energy).toBeCloseTo(item.ground_energy, 9);
  });
});

test("the ring in a transverse field has the energy of its free fermions", () => {
  // Pfeuty, Ann. Phys. 57, 79 (1970): E = -Σ sqrt(1 + h² - 2h cos k) over k = ±π/n, ±3π/n, ...
  for (const field of [0.3, 1, 1.7]) {
    const n = 10;
    const exact = Array.from({ length: n }, (_, m) => (2 * m + 1) * (Math.PI / n)).reduce(
      (sum, k) => sum - Math.sqrt(1 + field ** 2 - 2 * field * Math.cos(k)),
      0,
    );
    expect(groundState(isingChain({ sites: n, field, periodic: true })).energy).toBeCloseTo(exact, 8);
  }
});

test("sizes, numbers and options that cannot be are refused", () => {
  expect(() => isingChain({ sites: 1, field: 1 })).toThrow(expect.objectContaining({ code: "LIBRARY_COUNT" }));
  expect(() => hubbardChain({ sites: 14, interaction: 1 })).toThrow(expect.objectContaining({ code: "LIBRARY_COUNT" }));
  expect(() => heisenbergChain({ sites: 4, anisotropy: Number.NaN })).toThrow(
    expect.objectContaining({ code: "LIBRARY_NUMBER" }),
  );
  expect(() => isingChain({ sites: 4, field: 1, fields: 2 } as never)).toThrow(
    expect.objectContaining({ code: "LIBRARY_OPTION" }),
  );
});
