import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Dataset,
  datasetFromTable,
  fromArrays,
  minMax,
  pca,
  pipeline,
  readCsv,
  selectRows,
  standardise,
  type Transform,
  transformFromJSON,
} from "../../../src/data/index.ts";

const iris = datasetFromTable(readCsv(new URL("../../fixtures/data/iris.csv", import.meta.url)), { target: "label" });
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const column = ({ x, numFeatures }: Dataset, f: number) => [...x].filter((_, i) => i % numFeatures === f);
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance);
};

const KINDS: readonly (readonly [string, Transform])[] = [
  ["standardise", standardise()],
  ["minMax", minMax({ range: [0, Math.PI] })],
  ["minMax, clipped", minMax({ clip: true })],
  ["pca", pca({ numComponents: 2 })],
  ["pipeline", pipeline([standardise(), pca({ numComponents: 3 }), minMax({ range: [-1, 1] })])],
];

/** Random rows of 3 features with some spread. */
const rowsOf = (minLength: number) =>
  fc
    .array(fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -1000, max: 1000 }))), { minLength, maxLength: 30 })
    .map((rows) => rows.map((row, i) => row.map((value, f) => value / 7 + (i + 1) * (f + 1))));
const plain = (rows: readonly number[][]) =>
  fromArrays(
    rows,
    rows.map(() => 0),
  );

describe("standardise", () => {
  test("agrees with numpy on iris", () => {
    const fitted = standardise().fit(iris);
    const { offset, scale } = fitted.toJSON() as unknown as { offset: number[]; scale: number[] };
    close(offset, [5.84333333, 3.05733333, 3.758, 1.19933333], 1e-8);
    close(
      scale.map((s) => 1 / s),
      [0.82530129, 0.43441097, 1.75940407, 0.75969263],
      1e-8,
    );
  });

  test("takes a column for constant that differs by rounding alone", () => {
    const fitted = standardise().fit(fromArrays([[0.3], [0.1 + 0.2], [0.3]], [0, 1, 0]));
    expect(fitted.transform(fromArrays([[0.31]], [0])).x[0]).toBeCloseTo(0.01, 12);
  });

  test("only centres a feature that is constant over the training rows", () => {
    const train = fromArrays(
      [
        [0.1, 1],
        [0.1, 3],
        [0.1, 5],
      ],
      [0, 0, 0],
    );
    const fitted = standardise().fit(train);
    expect(column(fitted.transform(train), 0)).toEqual([0, 0, 0]);
    close(fitted.transform(fromArrays([[0.6, 3]], [0])).x, [0.5, 0], 1e-12);
    close(fitted.inverse(fitted.transform(train)).x, train.x, 1e-12);
  });
});

describe("minMax", () => {
  test("maps the training range onto the range asked for", () => {
    const train = fromArrays(
      [
        [2, 7],
        [4, 7],
        [10, 7],
      ],
      [0, 0, 0],
    );
    const fitted = minMax({ range: [0, Math.PI] }).fit(train);
    close(column(fitted.transform(train), 0), [0, Math.PI / 4, Math.PI], 1e-12);
    expect(column(fitted.transform(train), 1)).toEqual([0, 0, 0]);
    close(fitted.inverse(fitted.transform(train)).x, train.x, 1e-12);
  });

  test("rows outside the training range are cut only when asked to", () => {
    const train = fromArrays([[0], [10]], [0, 0]);
    const outside = fromArrays([[-5], [20]], [0, 0]);
    expect([...minMax().fit(train).transform(outside).x]).toEqual([-0.5, 2]);
    expect([...minMax({ clip: true }).fit(train).transform(outside).x]).toEqual([0, 1]);
  });

  test.each([[[1, 1]], [[2, 1]], [[0, Number.NaN]], [[0, Number.POSITIVE_INFINITY]]] as const)(
    "refuses the range %j",
    (range) => {
      expect(() => minMax({ range })).toThrowError(code("TRANSFORM_RANGE"));
    },
  );
});

test.each([
  ["minMax", () => minMax({ low: 3 } as never), 'no option "low"; its options are: range, clip'],
  ["minMax", () => minMax(null as never), "not null"],
  ["pca", () => pca({ components: 2 } as never), "numComponents"],
  ["pca", () => pca(undefined as never), "not undefined"],
])("%s refuses options that there are not", (_, act, text) => {
  expect(act).toThrowError(expect.objectContaining({ code: "DATA_OPTION", message: expect.stringContaining(text) }));
});

describe("pca", () => {
  const fitted = pca({ numComponents: 4 }).fit(iris);

  test("agrees with numpy's singular value decomposition of iris", () => {
    close(fitted.explainedVariance, [4.22824171, 0.24267075, 0.0782095, 0.02383509], 1e-8);
    close(fitted.explainedVarianceRatio, [0.92461872, 0.05306648, 0.01710261, 0.00521218], 1e-8);
    close(
      fitted.components,
      [
        [0.36138659, -0.08452251, 0.85667061, 0.3582892],
        [0.65658877, 0.73016143, -0.17337266, -0.07548102],
        [-0.58202985, 0.59791083, 0.07623608, 0.54583143],
        [0.31548719, -0.3197231, -0.47983899, 0.75365743],
      ].flat(),
      1e-7,
    );
  });

  test("scores have the explained variance, and no correlation", () => {
    const scores = fitted.transform(iris);
    expect(scores.featureNames).toEqual(["pc1", "pc2", "pc3", "pc4"]);
    for (let a = 0; a < 4; a++)
      for (let b = 0; b < 4; b++) {
        const [left, right] = [column(scores, a), column(scores, b)];
        const covariance = left.reduce((sum, value, i) => sum + value * right[i]!, 0) / 149;
        expect(covariance).toBeCloseTo(a === b ? fitted.explainedVariance[a]! : 0, 10);
      }
  });

  test("the inverse is exact with all components, and the best projection with fewer", () => {
    close(fitted.inverse(fitted.transform(iris)).x, iris.x, 1e-12);
    const two = pca({ numComponents: 2 }).fit(iris);
    const back = two.inverse(two.transform(iris));
    const error = iris.x.reduce((sum, value, i) => sum + (value - back.x[i]!) ** 2, 0) / 149;
    expect(error).toBeCloseTo(0.0782095 + 0.02383509, 7);
  });

  test.each([0, 5, 1.5, -1, Number.NaN])("refuses %d components of 4 features", (numComponents) => {
    expect(() => pca({ numComponents }).fit(iris)).toThrowError(code("PCA_COMPONENTS"));
  });
  test("refuses more components than rows carry, and rows that are all equal", () => {
    expect(() => pca({ numComponents: 2 }).fit(selectRows(iris, [0, 1]))).toThrowError(code("PCA_COMPONENTS"));
    expect(() => pca({ numComponents: 1 }).fit(selectRows(iris, [0, 0, 0]))).toThrowError(code("PCA_COMPONENTS"));
    expect(() => pca({ numComponents: 1 }).fit(selectRows(iris, [0]))).toThrowError(code("DATA_EMPTY"));
  });
});

describe.each(KINDS)("%s", (_name, transform) => {
  test("learns from the training rows alone: other rows change nothing, and each row goes by itself", () => {
    fc.assert(
      fc.property(rowsOf(6), rowsOf(1), (train, other) => {
        const fitted = transform.fit(plain(train));
        const before = JSON.stringify(fitted.toJSON());
        const together = fitted.transform(plain([...other, ...train]));
        expect(JSON.stringify(fitted.toJSON())).toBe(before);
        for (const [row, values] of other.entries())
          expect([...fitted.transform(plain([values])).x]).toEqual([
            ...together.x.subarray(row * fitted.numOutputs, (row + 1) * fitted.numOutputs),
          ]);
      }),
      { seed: 11, numRuns: 25 },
    );
  });

  test("its JSON transforms to the same bits, both ways", () => {
    const fitted = transform.fit(iris);
    const copy = transformFromJSON(JSON.parse(JSON.stringify(fitted)));
    expect([copy.numInputs, copy.numOutputs]).toEqual([fitted.numInputs, fitted.numOutputs]);
    const there = fitted.transform(iris);
    expect(copy.transform(iris).x).toEqual(there.x);
    expect(copy.inverse(there).x).toEqual(fitted.inverse(there).x);
    expect(copy.transform(iris).featureNames).toEqual(there.featureNames);
  });

  test("keeps targets and leaves its argument as it was", () => {
    const before = iris.x.slice();
    const after = transform.fit(iris).transform(iris);
    expect(after.y).toEqual(iris.y);
    expect(after.classes).toEqual(iris.classes);
    expect(iris.x).toEqual(before);
  });

  test("refuses other feature counts and values that are not finite", () => {
    const fitted = transform.fit(iris);
    expect(() => fitted.transform(plain([[1, 2, 3]]))).toThrowError(code("DATA_SHAPE"));
    const broken = { ...iris, x: iris.x.map((value, i) => (i === 9 ? Number.NaN : value)) };
    expect(() => fitted.transform(broken)).toThrowError(/sepal_width_cm of row 2 is NaN/);
    expect(() => transform.fit(broken)).toThrowError(code("DATA_NOT_FINITE"));
    expect(() => transform.fit({ ...iris, x: new Float64Array(0), numRows: 0 })).toThrowError(code("DATA_EMPTY"));
    expect(() => transform.fit({ ...iris, x: iris.x.slice(1) })).toThrowError(code("DATA_SHAPE"));
  });
});

describe("pipeline", () => {
  test("its inverse undoes its steps in reverse order", () => {
    const fitted = pipeline([minMax(), standardise(), pca({ numComponents: 4 })]).fit(iris);
    close(fitted.inverse(fitted.transform(iris)).x, iris.x, 1e-10);
  });
  test("refuses to be empty, and JSON that is no transform", () => {
    expect(() => pipeline([])).toThrowError(code("TRANSFORM_PIPELINE"));
    const scaling = { kind: "minMax", names: ["a"], offset: [0], scale: [1], low: 0 };
    for (const json of [
      { kind: "cube" },
      { kind: "pipeline", steps: [] },
      { ...scaling, names: [] },
      { ...scaling, scale: [0] },
      { ...scaling, offset: ["0"] },
      { ...scaling, offset: [0, 1] },
      { ...scaling, low: null },
      { kind: "pca", names: ["a"], mean: [0], components: [], explainedVariance: [1], explainedVarianceRatio: [1] },
    ])
      expect(() => transformFromJSON(json as never), JSON.stringify(json)).toThrowError(code("TRANSFORM_JSON"));
  });
});
