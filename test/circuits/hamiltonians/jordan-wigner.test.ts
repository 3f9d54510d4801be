import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FermionTerm, jordanWigner, type LadderOperator, SparsePauliOp } from "../../../circuits/index.ts";

/** The matrix of a product of ladder operators, from their action on occupations. */
function fockMatrix(terms: readonly FermionTerm[], numModes: number): Float64Array {
  const size = 2 ** numModes;
  const matrix = new Float64Array(size * size);
  for (const { coefficient, ladders } of terms)
    for (let column = 0; column < size; column++) {
      let state = column;
      let value = coefficient;
      for (const [mode, action] of ladders.toReversed()) {
        const isOccupied = ((state >> mode) & 1) === 1;
        if (isOccupied === (action === "create")) value = 0;
        for (let below = 0; below < mode; below++) if (((state >> below) & 1) === 1) value = -value;
        state ^= 1 << mode;
      }
      if (value !== 0) matrix[state * size + column]! += value;
    }
  return matrix;
}

function realMatrix(operator: SparsePauliOp): Float64Array {
  const matrix = operator.toMatrix();
  return Float64Array.from({ length: matrix.length / 2 }, (_, i) => matrix[2 * i]!);
}

const MODES = 4;
const ladder = fc.tuple(fc.nat(MODES - 1), fc.constantFrom("create" as const, "annihilate" as const));
const term = fc.record({
  coefficient: fc.double({ min: -2, max: 2, noNaN: true }),
  ladders: fc.array(ladder, { maxLength: 4 }),
});
const adjoint = ({ coefficient, ladders }: FermionTerm): FermionTerm => ({
  coefficient,
  ladders: ladders
    .toReversed()
    .map(([mode, action]): LadderOperator => [mode, action === "create" ? "annihilate" : "create"]),
});

describe("jordanWigner", () => {
  test("acts on basis states as the ladder operators act on occupations", () => {
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), (terms) => {
        const hermitian = terms.flatMap((one) => [one, adjoint(one)]);
        const expected = fockMatrix(hermitian, MODES);
        const found = realMatrix(jordanWigner(hermitian, MODES));
        for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 12);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("a number operator is (1 - Z)/2, and a hop carries Z on the modes between", () => {
    const number: FermionTerm = {
      coefficient: 1,
      ladders: [
        [1, "create"],
        [1, "annihilate"],
      ],
    };
    expect(Object.fromEntries(jordanWigner([number], 2).toLabels())).toEqual({ II: 0.5, ZI: -0.5 });
    const hop: FermionTerm = {
      coefficient: 1,
      ladders: [
        [2, "create"],
        [0, "annihilate"],
      ],
    };
    expect(Object.fromEntries(jordanWigner([hop, adjoint(hop)], 3).toLabels())).toEqual({ XZX: 0.5, YZY: 0.5 });
  });

  test("what is no observable, no mode or no number is refused", () => {
    const half: FermionTerm = { coefficient: 1, ladders: [[0, "create"]] };
    expect(() => jordanWigner([half], 1)).toThrow(expect.objectContaining({ code: "OBSERVABLE_NOT_HERMITIAN" }));
    for (const [terms, modes] of [
      [[{ coefficient: 1, ladders: [[1, "create"]] }], 1],
      [[{ coefficient: 1, ladders: [[0, "delete" as "create"]] }], 1],
      [[{ coefficient: Number.NaN, ladders: [] }], 1],
      [[], 0],
      [[], 27],
    ] as [FermionTerm[], number][])
      expect(() => jordanWigner(terms, modes)).toThrow(expect.objectContaining({ code: "FERMION_TERM" }));
  });

  test("26 modes, the most there are, keep their masks apart", () => {
    const hop: FermionTerm = {
      coefficient: 2,
      ladders: [
        [25, "create"],
        [24, "annihilate"],
      ],
    };
    const expected = SparsePauliOp.fromMaps(26, [
      [{ 24: "X", 25: "X" }, 1],
      [{ 24: "Y", 25: "Y" }, 1],
    ]);
    expect(jordanWigner([hop, adjoint(hop)], 26).equals(expected)).toBe(true);
  });
});
