import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { multiplyPaulis, ObservableError, pauliKey, pauliLabel, Rng, SparsePauliOp } from "../../circuits/index.ts";
import { multiplyMatrices } from "../../circuits/matrices.ts";
import { pauliFromKey, pauliFromMap } from "../../circuits/pauli.ts";
import { goldenGradients, goldenHamiltonians, goldenObservable } from "../support/golden.ts";
import { distance, identity, kronecker, labelMatrix, observableMatrix } from "../support/linear-algebra.ts";

const settings = { numRuns: 150, seed: 3 } as const;
const label = (n: number) =>
  fc.array(fc.constantFrom("I", "X", "Y", "Z"), { minLength: n, maxLength: n }).map((letters) => letters.join(""));
const coefficient = fc.double({ min: -3, max: 3, noNaN: true });
const sum = (n: number) =>
  fc
    .array(fc.tuple(label(n), coefficient), { minLength: 1, maxLength: 7 })
    .map((terms) => SparsePauliOp.fromLabels(terms));
const pair = fc.integer({ min: 1, max: 3 }).chain((n) => fc.tuple(sum(n), sum(n)));
const scaled = (matrix: Float64Array, factor: number) => matrix.map((value) => value * factor);
const added = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + b[i]!);

describe("algebra is that of matrices", () => {
  test("sum, difference, multiple", () => {
    fc.assert(
      fc.property(pair, coefficient, ([a, b], factor) => {
        const [A, B] = [observableMatrix(a), observableMatrix(b)];
        expect(distance(observableMatrix(a.plus(b)), added(A, B))).toBeLessThan(1e-14);
        expect(distance(observableMatrix(a.minus(b)), added(A, scaled(B, -1)))).toBeLessThan(1e-14);
        expect(distance(observableMatrix(a.times(factor)), scaled(A, factor))).toBeLessThan(1e-13);
        expect(a.plus(b).equals(b.plus(a))).toBe(true);
        expect(a.minus(a).terms).toEqual([]);
      }),
      settings,
    );
  });

  test("the product of two strings, phase included", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((n) => fc.tuple(label(n), label(n))),
        ([a, b]) => {
          const { quarterTurns, pauli } = multiplyPaulis(paulis(a), paulis(b));
          const wanted = multiplyMatrices(labelMatrix(a), labelMatrix(b));
          const base = labelMatrix(pauliLabel(pauli, a.length));
          const turned = base.map((_, i) => {
            const [re, im] = [base[i & ~1]!, base[i | 1]!];
            const parts = [re, im, -re, -im, re, im];
            // i^k (re + i im): k quarter turns.
            return [
              [parts[0]!, parts[1]!],
              [-parts[1]!, parts[0]!],
              [-parts[0]!, -parts[1]!],
              [parts[1]!, -parts[0]!],
            ][quarterTurns]![i & 1]!;
          });
          expect(distance(turned, wanted)).toBe(0);
        },
      ),
      settings,
    );
  });

  test("the product of two sums, refused exactly if it is not Hermitian", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const AB = multiplyMatrices(observableMatrix(a), observableMatrix(b));
        const BA = multiplyMatrices(observableMatrix(b), observableMatrix(a));
        // The anti-Hermitian part of AB is half the commutator.
        const commutator = distance(AB, BA);
        if (commutator > 1e-9)
          expect(() => a.product(b)).toThrow(expect.objectContaining({ code: "OBSERVABLE_NOT_HERMITIAN" }));
        else if (commutator === 0) expect(distance(observableMatrix(a.product(b)), AB)).toBeLessThan(1e-12);
      }),
      settings,
    );
  });

  test("observables commute exactly if their matrices do", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [A, B] = [observableMatrix(a), observableMatrix(b)];
        const commutator = distance(multiplyMatrices(A, B), multiplyMatrices(B, A));
        if (commutator > 1e-9) expect(a.commutesWith(b)).toBe(false);
        else if (commutator === 0) expect(a.commutesWith(b)).toBe(true);
        expect(a.commutesWith(a.product(a))).toBe(true);
      }),
      settings,
    );
    const [xx, zz, yi] = ["XX", "ZZ", "YI"].map((text) => SparsePauliOp.parse(text));
    expect([xx!.commutesWith(zz!), xx!.commutesWith(yi!), zz!.commutesWith(yi!.times(0))]).toEqual([true, false, true]);
  });

  test("the tensor product is the Kronecker product, and joins labels", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const wanted = kronecker(observableMatrix(a), observableMatrix(b));
        expect(distance(observableMatrix(a.tensor(b)), wanted)).toBeLessThan(1e-14);
      }),
      settings,
    );
    expect(SparsePauliOp.parse("2*XI - YY").tensor(SparsePauliOp.parse("0.5*Z")).toLabels()).toEqual([
      ["XIZ", 1],
      ["YYZ", -0.5],
    ]);
  });

  test("toMatrix is the sum of Kronecker products", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }).chain(sum), (a) => {
        expect(distance(a.toMatrix(), observableMatrix(a))).toBeLessThan(1e-14);
      }),
      settings,
    );
    expect([...SparsePauliOp.zero(1).toMatrix()]).toEqual(new Array(8).fill(0));
    expect([...SparsePauliOp.identity(0, 3).toMatrix()]).toEqual([3, 0]);
  });

  test("simplify drops what rounding left, and nothing is dropped without it", () => {
    const a = SparsePauliOp.parse("0.3*ZZ + XX")
      .plus(SparsePauliOp.parse("-0.1*ZZ"))
      .plus(SparsePauliOp.parse("-0.2*ZZ"));
    expect(a.terms).toHaveLength(2);
    expect(a.simplify().toLabels()).toEqual([["XX", 1]]);
    // Relative to the largest: small observables stay.
    const small = SparsePauliOp.parse("1e-20*ZZ + 1e-21*XX + 1e-33*YY");
    expect(
      small
        .simplify()
        .toLabels()
        .map(([label]) => label),
    ).toEqual(["ZZ", "XX"]);
    expect(SparsePauliOp.parse("ZZ + 0.25*XX - 0.5*YY").simplify(0.25).toString()).toBe("1*ZZ - 0.5*YY");
    expect(SparsePauliOp.zero(2).simplify().equals(SparsePauliOp.zero(2))).toBe(true);
    expect(small.simplify(0).equals(small)).toBe(true);
  });

  test("powers of one observable commute, rounding errors notwithstanding", () => {
    fc.assert(
      fc.property(sum(3), (a) => {
        const square = a.product(a);
        const matrix = observableMatrix(a);
        const cube = multiplyMatrices(matrix, multiplyMatrices(matrix, matrix));
        expect(distance(observableMatrix(square.product(a)), cube)).toBeLessThan(1e-11);
        expect(distance(observableMatrix(a.product(square)), cube)).toBeLessThan(1e-11);
      }),
      settings,
    );
  });

  test("placing on other qubits moves the letters", () => {
    expect(
      SparsePauliOp.fromLabels([["XZ", 2]])
        .placed(4, [3, 1])
        .toLabels(),
    ).toEqual([["ZIXI", 2]]);
  });
});

describe("ways to write one", () => {
  test("label, list, record, map, text and JSON agree; the highest qubit is leftmost", () => {
    const wanted = SparsePauliOp.fromMaps(3, [
      [{ 2: "Z", 1: "Z" }, 1],
      [{ 0: "X" }, -0.5],
    ]);
    const ways = [
      SparsePauliOp.fromLabels([
        ["ZZI", 1],
        ["IIX", -0.5],
      ]),
      SparsePauliOp.fromLabels({ IIX: -0.5, ZZI: 1 }),
      SparsePauliOp.parse("ZZI - 0.5*IIX"),
      SparsePauliOp.parse("  +1.0 ZZI-5e-1IIX "),
      SparsePauliOp.parse("-.5 * IIX + 1. * ZZI"),
      SparsePauliOp.parse("1.0*ZZI + -0.5*IIX"),
      SparsePauliOp.parse("1.0*ZZI - +0.5*IIX"),
      SparsePauliOp.parse("- -1.0*ZZI + -0.5*IIX"),
      SparsePauliOp.fromTerms(3, wanted.terms),
      SparsePauliOp.fromLabels("ZZI").plus(SparsePauliOp.fromLabels("IIX").times(-0.5)),
      SparsePauliOp.fromJSON({
        numQubits: 3,
        terms: [
          ["Z1 Z2", 1],
          ["X0", -0.5],
        ],
      }),
    ];
    for (const one of ways) expect(one.equals(wanted)).toBe(true);
    expect(SparsePauliOp.z(3, 1).toLabels()).toEqual([["IZI", 1]]);
    expect(SparsePauliOp.identity(2, 0.5).toLabels()).toEqual([["II", 0.5]]);
    expect(SparsePauliOp.zero(2).toString()).toBe("0*II");
  });

  test("text and JSON bring back the same observable", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain((n) => sum(n)),
        (a) => {
          expect(SparsePauliOp.parse(a.toString()).equals(a)).toBe(true);
          expect(SparsePauliOp.fromJSON(JSON.parse(JSON.stringify(a))).equals(a)).toBe(true);
        },
      ),
      settings,
    );
  });

  test("equal strings merge, in order of first appearance, and those that cancel go", () => {
    const a = SparsePauliOp.fromLabels([
      ["XI", 1],
      ["ZZ", 0.25],
      ["XI", 0.5],
      ["YY", 2],
      ["YY", -2],
    ]);
    expect(a.toLabels()).toEqual([
      ["XI", 1.5],
      ["ZZ", 0.25],
    ]);
  });

  test("devices with more qubits than a number has bits", () => {
    const a = SparsePauliOp.fromMaps(156, [[{ 155: "X", 0: "Y", 77: "Z" }, 1]]);
    expect(pauliKey(a.terms[0]!.pauli)).toBe("Y0 Z77 X155");
    expect(a.toLabels()[0]![0]).toHaveLength(156);
    expect(a.support).toEqual([0, 77, 155]);
  });

  test("support, diagonality and equality", () => {
    expect(SparsePauliOp.parse("ZIZ + IIZ").isDiagonal).toBe(true);
    expect(SparsePauliOp.parse("ZIZ + IIX").isDiagonal).toBe(false);
    expect(SparsePauliOp.parse("ZII + IIX").support).toEqual([0, 2]);
    expect(SparsePauliOp.parse("ZI").equals(SparsePauliOp.parse("ZII"))).toBe(false);
    expect(SparsePauliOp.parse("ZI").equals(SparsePauliOp.parse("2*ZI"))).toBe(false);
  });

  test("it is frozen, and freezes nothing of the caller's", () => {
    const terms = [{ coefficient: 1, pauli: pauliFromMap({ 0: "Z" }) }];
    const a = SparsePauliOp.fromTerms(1, terms);
    terms[0]!.coefficient = 7;
    expect(a.terms[0]!.coefficient).toBe(1);
    for (const part of [a, a.terms, a.terms[0], a.terms[0]!.pauli.letters]) expect(Object.isFrozen(part)).toBe(true);
  });
});

describe("measurement groups", () => {
  const observables = [
    ...goldenHamiltonians().map(({ id, n, terms }) => [id, goldenObservable(n, terms)] as const),
    ...goldenGradients().map(({ id, n, observable }) => [id, goldenObservable(n, observable)] as const),
  ];
  test.each(observables)("%s: every term once, and no qubit with two letters in a group", (_, observable) => {
    checkGroups(observable);
  });

  test("random sums", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }).chain(sum), checkGroups), settings);
  });

  test("thousands of terms are grouped as by the plain rule, also past 32 and 64 groups", () => {
    const rng = Rng.seed("groups");
    const label = () => Array.from({ length: 6 }, () => "IXYZ"[rng.integer(4)]!).join("");
    const sum = SparsePauliOp.fromLabels(Array.from({ length: 3000 }, () => [label(), rng.normal()] as const));
    const plain: { basis: Map<number, string>; keys: string[] }[] = [];
    for (const { coefficient, pauli } of sum.terms.toSorted(
      (a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient),
    )) {
      let group = plain.find(({ basis }) =>
        pauli.letters.every(([qubit, letter]) => (basis.get(qubit) ?? letter) === letter),
      );
      if (group === undefined) {
        group = { basis: new Map(), keys: [] };
        plain.push(group);
      }
      for (const [qubit, letter] of pauli.letters) group.basis.set(qubit, letter);
      group.keys.push(String(coefficient));
    }
    expect(plain.length).toBeGreaterThan(100);
    expect(sum.qubitWiseCommutingGroups().map((group) => group.map(({ coefficient }) => String(coefficient)))).toEqual(
      plain.map(({ keys }) => keys),
    );
  });

  test("strings that commute only as a whole are kept apart, one basis is kept together", () => {
    expect(SparsePauliOp.parse("XX + YY + ZZ").qubitWiseCommutingGroups()).toHaveLength(3);
    expect(SparsePauliOp.parse("ZZI + IZZ + ZIZ + 0.1*ZII").qubitWiseCommutingGroups()).toHaveLength(1);
    expect(SparsePauliOp.parse("II + XI + IX").qubitWiseCommutingGroups()).toHaveLength(1);
    expect(SparsePauliOp.zero(2).qubitWiseCommutingGroups()).toEqual([]);
  });

  function checkGroups(observable: SparsePauliOp): void {
    const groups = observable.qubitWiseCommutingGroups();
    const again = SparsePauliOp.fromTerms(observable.numQubits, groups.flat());
    expect(groups.flat()).toHaveLength(observable.terms.length);
    expect(again.equals(observable)).toBe(true);
    for (const group of groups) {
      expect(group.length).toBeGreaterThan(0);
      for (let qubit = 0; qubit < observable.numQubits; qubit++) {
        const letters = group.flatMap(({ pauli }) =>
          pauli.letters.filter(([at]) => at === qubit).map(([, letter]) => letter),
        );
        expect(new Set(letters).size).toBeLessThanOrEqual(1);
      }
    }
  }
});

describe("bad input", () => {
  const z = SparsePauliOp.fromLabels("ZI");
  test.each([
    ["OBSERVABLE_EMPTY", () => SparsePauliOp.fromLabels([]), "zero"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels("ZQ"), '"ZQ"'],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels("zz"), '"zz"'],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels(""), "letters"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels({ ZZ: 1, Z: 1 }), '"Z"'],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromMaps(2, [[{ 0: "Q" as never }, 1]]), '"Q" on qubit 0'],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromMaps(2, [[{ [-1]: "X" }, 1]]), "-1"],
    ["OBSERVABLE_LABEL", () => pauliFromKey("X"), '"X"'],
    ["OBSERVABLE_LABEL", () => pauliFromKey("X0 Z0"), "twice"],
    ["OBSERVABLE_LABEL", () => pauliFromKey("X1e1"), "X1e1"],
    ["OBSERVABLE_LABEL", () => pauliFromKey("Q1"), "Q1"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromTerms(3, [unordered]), "ascending"],
    [
      "OBSERVABLE_LABEL",
      () => SparsePauliOp.fromLabels(["ZZ", "XX"] as never),
      'pairs of label and coefficient, such as [["ZZ", 1]',
    ],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels([["ZZ"]] as never), "pairs"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels([[1, "ZZ"]] as never), "pairs"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.fromLabels(undefined as never), "undefined"],
    ["OBSERVABLE_COEFFICIENT", () => SparsePauliOp.fromLabels([["ZZ", "1"]] as never), "finite real number"],
    ["OBSERVABLE_COEFFICIENT", () => z.simplify(-1), "-1"],
    ["OBSERVABLE_COEFFICIENT", () => z.simplify(Number.NaN), "NaN"],
    ["OBSERVABLE_JSON", () => SparsePauliOp.fromJSON({ numQubits: 2 } as never), "terms"],
    ["OBSERVABLE_JSON", () => SparsePauliOp.fromJSON(null as never), "terms"],
    ["OBSERVABLE_JSON", () => SparsePauliOp.fromJSON({ numQubits: 2, terms: ["Z0"] } as never), "terms"],
    ["OBSERVABLE_QUBITS", () => SparsePauliOp.fromJSON({ terms: [] } as never), "undefined qubits"],
    ["OBSERVABLE_QUBITS", () => SparsePauliOp.zero(13).toMatrix(), "at most 12 qubits"],
    ["OBSERVABLE_QUBITS", () => z.commutesWith(SparsePauliOp.fromLabels("Z")), "2 and 1 qubits"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse(3 as never), "number"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("ZZ + - 0.5*XX"), "column 4"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("ZZ + --0.5*XX"), "column 4"],
    ["OBSERVABLE_QUBITS", () => SparsePauliOp.fromMaps(2, [[{ 2: "X" }, 1]]), "Qubit 2"],
    ["OBSERVABLE_QUBITS", () => SparsePauliOp.zero(-1), "-1"],
    ["OBSERVABLE_QUBITS", () => z.plus(SparsePauliOp.fromLabels("Z")), "2 and 1 qubits"],
    ["OBSERVABLE_QUBITS", () => z.product(SparsePauliOp.fromLabels("Z")), "2 and 1 qubits"],
    ["OBSERVABLE_QUBITS", () => z.placed(3, [1, 1]), "[1, 1]"],
    ["OBSERVABLE_QUBITS", () => z.placed(3, [1, 3]), "[1, 3]"],
    ["OBSERVABLE_QUBITS", () => z.placed(3, [1]), "[1]"],
    ["OBSERVABLE_COEFFICIENT", () => SparsePauliOp.fromLabels({ ZZ: Number.NaN }), "Z0 Z1 is NaN"],
    ["OBSERVABLE_COEFFICIENT", () => z.times(Number.POSITIVE_INFINITY), "Infinity"],
    ["OBSERVABLE_NOT_HERMITIAN", () => z.product(SparsePauliOp.fromLabels("XI")), "not Hermitian"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse(""), "column 1"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("ZZ XX"), "column 4"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("1.0*ZZ + 0.5*"), "column 8"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("ZZ + + XX"), "column 4"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("(1+2j)*ZZ"), "column 1"],
    ["OBSERVABLE_TEXT", () => SparsePauliOp.parse("nan*ZZ"), "column 1"],
    ["OBSERVABLE_LABEL", () => SparsePauliOp.parse("ZZ + X"), '"X"'],
  ])("%s (%#)", (code, act, text) => {
    expect(act).toThrow(ObservableError);
    expect(act).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });

  test("hostile texts of 200,000 characters fail at once", () => {
    const size = 200_000;
    const blanks = " ".repeat(size);
    for (const text of [`${blanks}?`, `1${blanks}?`, `${"1".repeat(size)}?`, `ZZ${blanks}?`, `-${blanks}?`])
      expect(() => SparsePauliOp.parse(text)).toThrow(expect.objectContaining({ code: "OBSERVABLE_TEXT" }));
  }, 3000);
});

const unordered = {
  coefficient: 1,
  pauli: {
    letters: [
      [2, "X"],
      [0, "Z"],
    ],
  },
} as const;
const paulis = (text: string) => SparsePauliOp.fromLabels(text).terms[0]!.pauli;

test("the identity string is the identity matrix", () => {
  expect(distance(observableMatrix(SparsePauliOp.identity(3)), identity(8))).toBe(0);
});
