import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groundState, heisenbergChain, isingChain, SparsePauliOp } from "../../../circuits/index.ts";
import { expectationOf } from "../library/golden.ts";

const paulis = fc.array(
  fc.tuple(
    fc.string({ unit: fc.constantFrom("I", "X", "Y", "Z"), minLength: 3, maxLength: 3 }),
    fc.integer({ min: -100, max: 100 }).map((value) => value / 37),
  ),
  { minLength: 1, maxLength: 8 },
);

describe("groundState", () => {
  test("its state is an eigenstate with its energy, and no basis state lies lower", () => {
    fc.assert(
      fc.property(paulis, (labels) => {
        const observable = SparsePauliOp.fromLabels(labels);
        const { energy, amplitudes } = groundState(observable);
        const scale = labels.reduce((sum, [, c]) => sum + Math.abs(c), 1e-300);
        const matrix = observable.toMatrix();
        for (let row = 0; row < 8; row++) {
          let [re, im] = [-energy * amplitudes[2 * row]!, -energy * amplitudes[2 * row + 1]!];
          for (let column = 0; column < 8; column++) {
            const at = 2 * (8 * row + column);
            const [a, b] = [amplitudes[2 * column]!, amplitudes[2 * column + 1]!];
            re += matrix[at]! * a - matrix[at + 1]! * b;
            im += matrix[at]! * b + matrix[at + 1]! * a;
          }
          expect(Math.hypot(re, im)).toBeLessThan(1e-8 * scale + 1e-12);
        }
        for (let state = 0; state < 8; state++) expect(matrix[2 * 9 * state]! - energy).toBeGreaterThan(-1e-9 * scale);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test("complex observables and degenerate levels are no trouble", () => {
    expect(groundState(SparsePauliOp.parse("YZX + 0.5*XYI - 0.25*IIY")).energy).toBeLessThan(-1);
    // All states of this one have energy ±1.
    const { energy, amplitudes } = groundState(SparsePauliOp.parse("IIZZ"));
    expect(energy).toBeCloseTo(-1, 12);
    expect(expectationOf(amplitudes, SparsePauliOp.parse("IIZZ"))).toBeCloseTo(-1, 9);
    expect(groundState(SparsePauliOp.identity(2, 0.5)).energy).toBeCloseTo(0.5, 14);
    expect(groundState(SparsePauliOp.zero(2)).energy).toBeCloseTo(0, 14);
  });

  test("a basis is a sector: the triplets of two spins, and one spin flipped in a ferromagnet", () => {
    const pair = heisenbergChain({ sites: 2 });
    expect(groundState(pair).energy).toBeCloseTo(-3, 10);
    expect(groundState(pair, { basis: [0b11] }).energy).toBeCloseTo(1, 14);
    // A magnon of the ring has energy n·J - 4J(1 - cos k) with J < 0 here; the lowest is k = 0, the ferromagnet's own.
    const ring = heisenbergChain({ sites: 6, coupling: -1, periodic: true });
    const basis = Array.from({ length: 6 }, (_, site) => 1 << site);
    const { energy, amplitudes } = groundState(ring, { basis });
    expect(energy).toBeCloseTo(-6, 10);
    for (let i = 0; i < 6; i++)
      expect(Math.abs(amplitudes[2 * i]!) ** 2 + amplitudes[2 * i + 1]! ** 2).toBeCloseTo(1 / 6, 7);
  });

  test("what is no basis is refused", () => {
    const observable = isingChain({ sites: 3, field: 1 });
    for (const basis of [[], [8], [-1], [0.5], [1, 1]])
      expect(() => groundState(observable, { basis })).toThrow(expect.objectContaining({ code: "EIGEN_BASIS" }));
    expect(() => groundState(SparsePauliOp.z(21, 0))).toThrow(expect.objectContaining({ code: "EIGEN_BASIS" }));
    expect(() => groundState(observable, { bases: [1] } as never)).toThrow(
      expect.objectContaining({ code: "EIGEN_BASIS" }),
    );
    expect(() => groundState(isingChain({ sites: 8, field: 1 }), { tolerance: 1e-30 })).toThrow(
      expect.objectContaining({ code: "EIGEN_CONVERGENCE" }),
    );
  });
});
