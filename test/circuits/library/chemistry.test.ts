import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Circuit, circuitMatrix, slotsOf, weight } from "../../../circuits/index.ts";
import { doubleExcitation, excitations, singleExcitation, uccsd } from "../../../circuits/library/index.ts";
import { distance, expectationOf, golden, identityMatrix, operator, stateOf } from "./golden.ts";

/** A real operator on basis states: state -> [state, sign], or undefined where it vanishes. */
type Ladder = (state: number) => readonly [number, number] | undefined;

/** Jordan-Wigner: (-1)^(occupied below) times lowering or raising. */
const ladder =
  (orbital: number, create: boolean): Ladder =>
  (state) => {
    if (((state >> orbital) & 1) === (create ? 1 : 0)) return undefined;
    const below = state & (2 ** orbital - 1);
    const parity = below.toString(2).replaceAll("0", "").length % 2;
    return [state ^ (1 << orbital), parity === 0 ? 1 : -1];
  };

/** exp(angle/2·(T - T†)) for a product T of ladder operators (rightmost first): a rotation of each pair it couples. */
function exponential(numQubits: number, angle: number, product: readonly Ladder[], signed: boolean): Float64Array {
  const size = 2 ** numQubits;
  const matrix = identityMatrix(size);
  for (let from = 0; from < size; from++) {
    let image: readonly [number, number] | undefined = [from, 1];
    for (const factor of product.toReversed()) {
      const next: readonly [number, number] | undefined = image && factor(image[0]);
      image = next && image && [next[0], next[1] * image[1]];
    }
    if (image === undefined) continue;
    const [to, sign] = [image[0], signed ? image[1] : 1];
    matrix[2 * (from * size + from)] = Math.cos(angle / 2);
    matrix[2 * (to * size + to)] = Math.cos(angle / 2);
    matrix[2 * (to * size + from)] = sign * Math.sin(angle / 2);
    matrix[2 * (from * size + to)] = -sign * Math.sin(angle / 2);
  }
  return matrix;
}

const orbitals = (count: number) => fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: count, maxLength: count });
const angles = fc.double({ min: -6, max: 6, noNaN: true });

describe("excitations are the exponentials of ladder operators", () => {
  test("single", () => {
    fc.assert(
      fc.property(orbitals(2), angles, fc.boolean(), ([p, r], angle, fermionic) => {
        const circuit = singleExcitation(angle, [p!, r!], { fermionic, numQubits: 6 });
        const expected = exponential(6, angle, [ladder(r!, true), ladder(p!, false)], fermionic);
        expect(distance(circuitMatrix(circuit), expected)).toBeLessThan(1e-12);
      }),
      { seed: 21, numRuns: 25 },
    );
  });
  test("double", () => {
    fc.assert(
      fc.property(orbitals(4), angles, fc.boolean(), ([p, q, r, s], angle, fermionic) => {
        const circuit = doubleExcitation(angle, [p!, q!, r!, s!], { fermionic, numQubits: 6 });
        const product = [ladder(r!, true), ladder(s!, true), ladder(q!, false), ladder(p!, false)];
        expect(distance(circuitMatrix(circuit), exponential(6, angle, product, fermionic))).toBeLessThan(1e-12);
      }),
      { seed: 22, numRuns: 25 },
    );
  });
  test("one slot each, with the frequencies of a Givens rotation", () => {
    for (const circuit of [singleExcitation(weight("t"), [0, 2]), doubleExcitation(weight("t"), [0, 1, 2, 3])])
      expect(slotsOf(circuit).map(({ frequencies }) => frequencies)).toEqual([[0.5, 1]]);
  });
  test("orbitals must differ and exist", () => {
    expect(() => singleExcitation(1, [1, 1])).toThrow(expect.objectContaining({ code: "QUBIT_DUPLICATE" }));
    expect(() => doubleExcitation(1, [0, 1, 1, 2])).toThrow(expect.objectContaining({ code: "QUBIT_DUPLICATE" }));
    expect(() => singleExcitation(1, [0, 4], { numQubits: 3 })).toThrow(
      expect.objectContaining({ code: "QUBIT_RANGE" }),
    );
  });
});

/** The least value of a function of period 4π in each coordinate, by cyclic golden-section search. */
function minimise(f: (w: readonly number[]) => number, size: number, sweeps: number): number {
  const w = new Array<number>(size).fill(0);
  const ratio = (Math.sqrt(5) - 1) / 2;
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let i = 0; i < size; i++) {
      const at = (value: number): number => f(w.with(i, value));
      let [low, high] = [w[i]! - 0.6, w[i]! + 0.6];
      while (high - low > 1e-7) {
        const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
        if (at(a) < at(b)) high = b;
        else low = a;
      }
      w[i] = (low + high) / 2;
    }
  return f(w);
}

describe("uccsd", () => {
  const energyOf = (id: string, circuit: Circuit) => {
    const item = golden("hamiltonians", id);
    const hamiltonian = operator(item.n, item.terms);
    return (w: readonly number[]): number => expectationOf(stateOf(circuit.bind({ w })), hamiltonian);
  };
  test.each(["h2_0.50", "h2_0.735", "h2_1.40", "h2_2.20"])("%s: Hartree-Fock at zero, exact at the minimum", (id) => {
    const circuit = uccsd({ numQubits: 4, numElectrons: 2 });
    const energy = energyOf(id, circuit);
    const { hf_energy, ground_energy } = golden("hamiltonians", id);
    expect(energy([0, 0, 0])).toBeCloseTo(hf_energy, 8);
    expect(minimise(energy, 3, id === "h2_2.20" ? 4 : 2)).toBeCloseTo(ground_energy, 8);
  });
  test("counts: singles and doubles that keep the spin, in either ordering", () => {
    for (const ordering of ["interleaved", "blocked"] as const) {
      const { occupied, singles, doubles } = excitations(8, 4, ordering);
      expect(occupied).toEqual(ordering === "interleaved" ? [0, 1, 2, 3] : [0, 1, 4, 5]);
      expect([singles.length, doubles.length]).toEqual([8, 18]);
    }
    expect(uccsd({ numQubits: 8, numElectrons: 4, reps: 2 }).vectors.map(({ shape }) => shape)).toEqual([[2, 26]]);
  });
  test("keeps the numbers of electrons of either spin", () => {
    const circuit = uccsd({ numQubits: 6, numElectrons: 3 });
    const w = Array.from({ length: circuit.numWeights }, (_, i) => Math.cos(i));
    const state = stateOf(circuit.bind({ w }));
    for (let i = 0; i < 64; i++) {
      const ones = (mask: number): number => (i & mask).toString(2).replaceAll("0", "").length;
      if (ones(0b010101) !== 2 || ones(0b101010) !== 1)
        expect(Math.hypot(state[2 * i]!, state[2 * i + 1]!)).toBeLessThan(1e-12);
    }
  });
  test.each([
    [{ numQubits: 5, numElectrons: 2 }, "UCC_SPACE"],
    [{ numQubits: 4, numElectrons: 4 }, "UCC_SPACE"],
    [{ numQubits: 2, numElectrons: 1 }, "UCC_SPACE"],
    [{ numQubits: 4, numElectrons: 0 }, "LIBRARY_COUNT"],
    [{ numQubits: 4, numElectrons: 2, reps: 0 }, "LIBRARY_COUNT"],
    [{ numQubits: 4, numElectrons: 2, ordering: "spiral" as "blocked" }, "LIBRARY_OPTION"],
  ])("%j is refused", (given, code) => {
    expect(() => uccsd(given)).toThrow(expect.objectContaining({ code }));
  });
});
