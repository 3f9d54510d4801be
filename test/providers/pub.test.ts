import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, SparsePauliOp, weight } from "../../circuits/index.ts";
import {
  bitArray,
  broadcastIndices,
  broadcastShapes,
  checkEstimatorPubs,
  type EstimatorPub,
  toNDArray,
} from "../../providers/index.ts";

/** What numpy gives for np.broadcast_shapes; undefined stands for its ValueError. */
const NUMPY_SHAPES: readonly (readonly [shapes: readonly number[][], result: number[] | undefined])[] = [
  [[[], []], []],
  [[[5], [1]], [5]],
  [
    [
      [3, 1],
      [1, 4],
    ],
    [3, 4],
  ],
  [
    [
      [8, 1, 6, 1],
      [7, 1, 5],
    ],
    [8, 7, 6, 5],
  ],
  [
    [[256, 256, 3], [3]],
    [256, 256, 3],
  ],
  [
    [
      [15, 3, 5],
      [15, 1, 5],
    ],
    [15, 3, 5],
  ],
  [[[0], [1]], [0]],
  [[[1], [0]], [0]],
  [
    [[2, 0], [1]],
    [2, 0],
  ],
  [[[3], [4]], undefined],
  [
    [
      [2, 1],
      [8, 4, 3],
    ],
    undefined,
  ],
  [[[0], [3]], undefined],
  [
    [[2], [2, 1], [3, 1, 1]],
    [3, 2, 2],
  ],
];

describe("broadcasting", () => {
  test.each(NUMPY_SHAPES)("shapes %j give %j", (shapes, result) => {
    expect(broadcastShapes(...shapes)).toEqual(result);
  });

  test("each element of the result comes from the element numpy takes", () => {
    const shapes = fc
      .array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 })
      .chain((to) =>
        fc.tuple(
          fc.constant(to),
          fc.integer({ min: 0, max: to.length }),
          fc.array(fc.boolean(), { minLength: to.length, maxLength: to.length }),
        ),
      );
    fc.assert(
      fc.property(shapes, ([to, dropped, stretched]) => {
        const from = to.map((length, axis) => (stretched[axis] ? 1 : length)).slice(dropped);
        const indices = broadcastIndices(from, to);
        const visit = (axis: number, at: readonly number[]): void => {
          if (axis < to.length) {
            for (let i = 0; i < to[axis]!; i++) visit(axis + 1, [...at, i]);
            return;
          }
          const flat = at.reduce((sum, i, k) => sum * to[k]! + i, 0);
          const source = from.reduce((sum, length, k) => sum * length + (length === 1 ? 0 : at[k + dropped]!), 0);
          expect(indices[flat]).toBe(source);
        };
        visit(0, []);
        expect(broadcastShapes(from, to)).toEqual(to);
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe("arrays", () => {
  test("numbers, nested lists, typed arrays and flat arrays with a shape are one thing", () => {
    expect(toNDArray(2, "a")).toEqual({ shape: [], data: Float64Array.of(2) });
    const matrix = { shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) };
    expect(
      toNDArray(
        [
          [1, 2],
          [3, 4],
        ],
        "a",
      ),
    ).toEqual(matrix);
    expect(toNDArray([Float64Array.of(1, 2), [3, 4]], "a")).toEqual(matrix);
    expect(toNDArray(matrix, "a")).toEqual(matrix);
    expect(toNDArray([[], []], "a")).toEqual({ shape: [2, 0], data: new Float64Array(0) });
  });

  test("later changes to the caller's array change nothing", () => {
    const data = Float64Array.of(1, 2);
    const array = toNDArray({ shape: [2], data }, "a");
    data[0] = 9;
    expect([...array.data]).toEqual([1, 2]);
  });
});

describe("Estimator PUBs", () => {
  const x = input("x", [2]);
  const w = weight("w", [2, 3]);
  const circuit = Circuit.build(2, (c) => c.declare(x, w).ry(x.at(0).times(w.at(1, 2)), 0));
  const check = (pub: EstimatorPub) => checkEstimatorPubs([pub], 0)[0]!;

  test("named values fill the row in the circuit's order, inputs first, vectors row-major", () => {
    const ws = [
      [10, 11, 12],
      [13, 14, 15],
    ];
    const { values, shape } = check([circuit, ["ZZ", "XX"], { w: ws, x: [[[1, 2]], [[3, 4]], [[5, 6]]] }]);
    expect(values.shape).toEqual([3, 1]);
    expect(shape).toEqual([3, 2]);
    expect([...values.data]).toEqual([1, 3, 5].flatMap((first) => [first, first + 1, 10, 11, 12, 13, 14, 15]));
  });

  test("equal observables are kept once however they are written", () => {
    const { observables, observableOf } = check([
      Circuit.build(2, (c) => c.h(0)),
      [
        ["ZZ", "1*ZZ"],
        [{ 0: "Z", 1: "Z" }, "XX"],
      ],
    ]);
    expect(observables.distinct).toHaveLength(2);
    expect([...observableOf]).toEqual([0, 0, 0, 1]);
  });

  test("a vector's own shape must end the array's", () => {
    expect(() =>
      check([
        circuit,
        "ZZ",
        {
          x: [1, 2, 3],
          w: [
            [0, 0, 0],
            [0, 0, 0],
          ],
        },
      ]),
    ).toThrowError(
      expect.objectContaining({
        code: "PUB_VALUES_SHAPE",
        message: "PUB 0: parameterValues.x has shape [3] but x has shape [2]; give shape [...batch, 2].",
      }),
    );
  });

  test("a list of values for a single parameter is told to become rows", () => {
    const single = Circuit.build(1, (c) => c.rx(weight("t"), 0));
    expect(() => check([single, "Z", [0.1, 0.2, 0.3]])).toThrowError(/such as \[\[0\.1\], \[0\.2\], \.\.\.\]/);
  });

  test("an empty batch or no observables give an empty result", () => {
    const single = Circuit.build(1, (c) => c.rx(weight("t"), 0));
    expect(check([single, "Z", { shape: [0, 1], data: new Float64Array(0) }]).shape).toEqual([0]);
    expect(check([single, [], [[1]]]).shape).toEqual([0]);
  });
});

describe("what is no observable", () => {
  const plain = Circuit.build(2, (c) => c.h(0));
  const odd: readonly (readonly [what: string, value: unknown, mentions: RegExp])[] = [
    ["a Map", new Map([[0, "Z"]]), /observables is a Map;.*\{0: "Z"\}/],
    ["a Date", new Date(0), /a Date/],
    ["labels with coefficients", { ZZ: 1, XX: 0.5 }, /"ZZ": 1; .*fromLabels\(\{/],
    ["a list of labels with coefficients", [["ZZ", 1]], /observables\[0\]\[1\] is of type number;.*fromLabels\(\[/],
    ["a number", 5, /of type number/],
    ["null", null, /is null/],
    ["a hole in a list", Object.assign(new Array(2), { 1: "ZZ" }), /observables\[0\] is missing/],
    ["a list with undefined", ["ZZ", undefined], /observables\[1\] is missing/],
    ["an observable's JSON", JSON.parse(JSON.stringify(SparsePauliOp.z(2, 0))), /fromJSON/],
    ["a map with another letter", { 0: "Q" }, /"0": Q/],
    ["a map with small letters", { 0: "z" }, /"0": z/],
    ["a map with a negative qubit", { [-1]: "Z" }, /"-1": Z/],
    ["a map with a qubit that is no number", { q0: "Z" }, /"q0": Z/],
    ["a function", () => "ZZ", /of type function/],
    ["an object of a class", new (class Ising {})(), /an? Ising/],
  ];

  test.each(odd)("is refused: %s", (_, value, mentions) => {
    expect(() => checkEstimatorPubs([[plain, value as never]], 0)).toThrowError(
      expect.objectContaining({ code: "PUB_OBSERVABLE", message: expect.stringMatching(mentions) }),
    );
  });

  test("maps without a prototype and with I are observables", () => {
    const map = Object.assign(Object.create(null), { 0: "I", 1: "Z" });
    const [{ observables } = { observables: undefined }] = checkEstimatorPubs([[plain, map]], 0);
    expect(observables!.distinct[0]!.equals(SparsePauliOp.z(2, 1))).toBe(true);
  });
});

describe("what is no value", () => {
  const single = Circuit.build(1, (c) => c.rx(weight("t"), 0));
  test.each([
    ["a hole in a row", new Array(1), /parameterValues\[0\]/],
    ["a missing row", Object.assign(new Array(3), { 0: [0.1], 2: [0.2] }), /parameterValues\[1\]/],
  ])("is refused: %s", (_, values, mentions) => {
    expect(() => checkEstimatorPubs([[single, "Z", values as never]], 0)).toThrowError(
      expect.objectContaining({ code: "PUB_VALUES_TYPE", message: expect.stringMatching(mentions) }),
    );
  });

  test("a parameter called like a method of all objects is not taken for given", () => {
    const odd = Circuit.build(1, (c) => c.rx(weight("constructor"), 0));
    expect(() => checkEstimatorPubs([[odd, "Z", {}]], 0)).toThrowError(
      expect.objectContaining({ code: "PUB_PARAMETER_MISSING" }),
    );
  });

  test("a precision that needs too many shots names its PUB", () => {
    const plain = Circuit.build(1, (c) => c.h(0));
    expect(() =>
      checkEstimatorPubs(
        [
          [plain, "Z"],
          [plain, "Z", undefined, 1e-4],
        ],
        0,
        { maxShots: 1e6 },
      ),
    ).toThrowError(
      expect.objectContaining({ code: "PUB_PRECISION", message: expect.stringMatching(/^PUB 1: precision 0.0001/) }),
    );
  });
});

describe("bit arrays", () => {
  test("bytes are read as Qiskit writes them", () => {
    // Two elements, two shots, nine bits: 0b1_00000011, 0b0_10000000 and twice 0b1_11111111.
    const bits = bitArray(9, 2, [2], Uint8Array.of(1, 3, 0, 128, 1, 255, 1, 255));
    expect(bits.bitstrings()).toEqual(["100000011", "010000000", "111111111", "111111111"]);
    expect(bits.counts(1)).toEqual({ "111111111": 2 });
    expect(bits.counts()).toEqual({ "010000000": 1, "100000011": 1, "111111111": 2 });
    // JavaScript puts keys that look like integers first.
    expect(Object.keys(bits.counts())).toEqual(["100000011", "111111111", "010000000"]);
  });

  test("bytes and elements that do not fit are refused", () => {
    expect(() => bitArray(9, 2, [], new Uint8Array(3))).toThrowError(
      expect.objectContaining({ code: "BIT_ARRAY_SHAPE" }),
    );
    for (const element of [-1, 2, 0.5])
      expect(() => bitArray(1, 1, [2]).counts(element)).toThrowError(
        expect.objectContaining({ code: "BIT_ARRAY_ELEMENT" }),
      );
  });
});
