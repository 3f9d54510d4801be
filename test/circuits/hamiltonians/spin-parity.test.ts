import { expect, test } from "vitest";
import { groundState, hubbardChain, reduceSpinParities, SparsePauliOp } from "../../../circuits/index.ts";
import { golden, operator } from "../library/golden.ts";

/** All basis states of as many electrons up (even qubits) and down (odd qubits), modulo 2 where `parity`. */
function sector(numQubits: number, up: number, down: number): number[] {
  const count = (state: number, spin: number): number =>
    Array.from({ length: numQubits / 2 }, (_, k) => (state >> (2 * k + spin)) & 1).reduce((a, b) => a + b, 0);
  return Array.from({ length: 2 ** numQubits }, (_, state) => state).filter(
    (state) => count(state, 0) % 2 === up % 2 && count(state, 1) % 2 === down % 2,
  );
}

test.each([
  ["h2_0.735", "h2_0.735_2q"],
  ["lih_1.595_cas2_3", "lih_1.595_cas2_3_4q"],
])("%s on two qubits fewer has the spectrum of OpenFermion's reduction", (id, reducedId) => {
  const item = golden("hamiltonians", id);
  const expected = golden("hamiltonians", reducedId);
  const reduced = reduceSpinParities(operator(item.n, item.terms), { up: 1, down: 1 });
  expect(reduced.numQubits).toBe(expected.n);
  expect(reduced.terms).toHaveLength(expected.terms.length);
  // The moments of a spectrum: traces of the first powers.
  const other = operator(expected.n, expected.terms);
  for (const power of [1, 2, 3, 4]) expect(moment(reduced, power)).toBeCloseTo(moment(other, power), 8);
  expect(groundState(reduced).energy).toBeCloseTo(expected.ground_energy, 9);
});

function moment(observable: SparsePauliOp, power: number): number {
  let product = SparsePauliOp.identity(observable.numQubits);
  for (let k = 0; k < power; k++) product = product.product(observable);
  return product.terms.find(({ pauli }) => pauli.letters.length === 0)?.coefficient ?? 0;
}

test("each sector keeps its lowest energy, also with odd and unequal numbers of electrons", () => {
  const model = hubbardChain({ sites: 3, interaction: 3, chemicalPotential: 0.7 });
  for (const [up, down] of [
    [1, 1],
    [2, 1],
    [1, 2],
    [0, 2],
    [3, 0],
  ] as const) {
    const exact = groundState(model, { basis: sector(6, up, down) }).energy;
    expect(groundState(reduceSpinParities(model, { up, down })).energy).toBeCloseTo(exact, 9);
  }
});

test("what keeps no parity, or does not fit, is refused", () => {
  const refused = expect.objectContaining({ code: "SPIN_PARITY" });
  expect(() => reduceSpinParities(SparsePauliOp.parse("XIII"), { up: 1, down: 1 })).toThrow(refused);
  expect(() => reduceSpinParities(SparsePauliOp.parse("IXXI"), { up: 1, down: 1 })).toThrow(refused);
  expect(() => reduceSpinParities(SparsePauliOp.parse("ZZ"), { up: 1, down: 1 })).toThrow(refused);
  expect(() => reduceSpinParities(SparsePauliOp.parse("ZZZZZ"), { up: 1, down: 1 })).toThrow(refused);
  expect(() => reduceSpinParities(SparsePauliOp.parse("ZZZZ"), { up: 3, down: 1 })).toThrow(refused);
  expect(() => reduceSpinParities(SparsePauliOp.parse("ZZZZ"), { up: 0.5, down: 1 })).toThrow(refused);
});
