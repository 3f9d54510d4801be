import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ColumnsOptions,
  columns,
  columnsFromJSON,
  datasetFromTable,
  type Encoding,
  fitOnStream,
  frequencyEncoding,
  fromArrays,
  impute,
  minMax,
  oneHotEncoding,
  ordinalEncoding,
  pca,
  pipeline,
  readCsv,
  robust,
  selectRows,
  standardise,
  streamCsv,
  transformFromJSON,
} from "../../../src/data/index.ts";

/** Computed by scikit-learn; see make.py beside the file. */
const truth = JSON.parse(readFileSync(new URL("../../fixtures/preprocessing/sklearn.json", import.meta.url), "utf8"));
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const regression = (x: readonly number[][]) =>
  fromArrays(
    x,
    x.map(() => 0),
    { task: "regression" },
  );
/** A dataset of rows that may have holes (null). */
const withHoles = (rows: readonly (readonly (number | null)[])[]) => {
  const names = rows[0]!.map((_, f) => `x${f}`);
  const text = [[...names, "y"].join(","), ...rows.map((row) => [...row.map((v) => v ?? ""), 0].join(","))].join("\n");
  const types = Object.fromEntries(names.map((name) => [name, "number" as const]));
  return datasetFromTable(readCsv({ text }, { missing: "keep", types }), { target: "y", missing: "keep" });
};
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!)));
};

describe("scaling", () => {
  test.each([
    ["standardise", standardise()],
    ["minMax", minMax()],
    ["robust", robust()],
  ] as const)("%s agrees with scikit-learn, and comes back from JSON", (name, transform) => {
    const data = regression(truth.x);
    const fitted = transform.fit(data);
    close(fitted.transform(data).x, truth.scaled[name]);
    close(fitted.inverse(fitted.transform(data)).x, data.x);
    const again = transformFromJSON(JSON.parse(JSON.stringify(fitted)));
    expect(again.transform(data).x).toEqual(fitted.transform(data).x);
  });

  test("a feature with equal quartiles is only centred", () => {
    const data = regression([[1], [1], [1], [1], [9]]);
    expect([...robust().fit(data).transform(data).x]).toEqual([0, 0, 0, 0, 8]);
    const rounded = regression([[0.3], [0.1 + 0.2], [0.3], [0.1 + 0.2]]);
    expect(Math.max(...robust().fit(rounded).transform(rounded).x)).toBeLessThan(1e-15);
  });

  test.each([
    ["standardise", standardise()],
    ["minMax", minMax({ range: [-1, 1], clip: true })],
  ] as const)("%s learns the same in parts: bit for bit in one, up to rounding in many", async (_name, transform) => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(number, fc.constant(0.1)), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 30 }),
        async (rows, size) => {
          const data = regression(rows.map((row) => [...row]));
          const whole = transform.fit(data);
          const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, part) =>
            selectRows(
              data,
              rows.flatMap((_, row) => (Math.floor(row / size) === part ? [row] : [])),
            ),
          );
          const streamed = await fitOnStream(transform, parts);
          if (parts.length === 1) expect(streamed.toJSON()).toEqual(whole.toJSON());
          const { offset, scale } = whole.toJSON() as unknown as { offset: number[]; scale: number[] };
          // Where the spread is rounding beside the mean, its inverse is too.
          fc.pre(scale.every((s, f) => s * Math.max(1, Math.abs(offset[f]!)) < 1e6));
          close(streamed.transform(data).x, whole.transform(data).x, 1e-8);
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  test("a scaler is fitted on a file that is streamed", async () => {
    const iris = new URL("../../fixtures/data/iris.csv", import.meta.url);
    const options = { target: "label", classes: ["0", "1", "2"] };
    const parts = async function* () {
      for await (const table of streamCsv(iris, { chunkRows: 16 })) yield datasetFromTable(table, options);
    };
    const whole = datasetFromTable(readCsv(iris), options);
    const streamed = await fitOnStream(standardise(), parts());
    close(streamed.transform(whole).x, standardise().fit(whole).transform(whole).x, 1e-12);
  });

  test("parts have the same features, and there is one at least", async () => {
    const other = fromArrays([[1, 2]], [0], { featureNames: ["x0", "z"] });
    await expect(fitOnStream(standardise(), [regression([[1, 2]]), other])).rejects.toEqual(code("DATA_SHAPE"));
    await expect(fitOnStream(minMax(), [])).rejects.toEqual(code("DATA_EMPTY"));
  });
});

describe("impute", () => {
  test.each(["mean", "median", "most-frequent", "constant"] as const)("%s agrees with scikit-learn", (strategy) => {
    const data = withHoles(truth.holes);
    const step = impute({ strategy, indicator: true, ...(strategy === "constant" ? { value: -1 } : {}) });
    const fitted = step.fit(data);
    const filled = fitted.transform(data);
    close(filled.x, truth.imputed[strategy]);
    expect(filled.featureNames).toEqual(["x0", "x1", "x2", "missing:x0", "missing:x1", "missing:x2"]);
    const again = transformFromJSON(JSON.parse(JSON.stringify(fitted)));
    expect(again.transform(data)).toEqual(filled);
    expect(fitted.inverse(filled).featureNames).toEqual(["x0", "x1", "x2"]);
  });

  test("other steps say who fills in, and follow it in a pipeline", () => {
    const data = withHoles([
      [1, 2],
      [null, 4],
      [3, 6],
    ]);
    expect(() => standardise().fit(data)).toThrowError(/impute\(\) fills in missing ones/);
    const fitted = pipeline([impute({ strategy: "mean" }), minMax()]).fit(data);
    expect([...fitted.transform(data).x]).toEqual([0, 0, 0.5, 0.5, 1, 1]);
  });

  test("only features with missing training values are indicated", () => {
    const fitted = impute({ strategy: "median", indicator: true }).fit(
      withHoles([
        [1, 2],
        [null, 4],
      ]),
    );
    const rows = fitted.transform(withHoles([[5, null]]));
    expect([rows.featureNames, [...rows.x]]).toEqual([
      ["x0", "x1", "missing:x0"],
      [5, 3, 0],
    ]);
  });

  test.each([
    ["a feature without a value", () => impute({ strategy: "mean" }).fit(withHoles([[1, null]])), "IMPUTE_EMPTY"],
    ["an unknown strategy", () => impute({ strategy: "mode" as never }), "DATA_OPTION"],
    ["a constant without a value", () => impute({ strategy: "constant" }), "DATA_OPTION"],
    ["a value for a mean", () => impute({ strategy: "mean", value: 0 }), "DATA_OPTION"],
    ["missing features that are not kept", () => datasetFromTable(holed, { target: "y" }), "DATA_NOT_FINITE"],
    ["a row without a target", () => datasetFromTable(holed, { target: "a" }), "DATA_MISSING"],
    [
      "another way with missing cells",
      () => datasetFromTable(holed, { target: "y", missing: "drop" as never }),
      "DATA_OPTION",
    ],
  ])("refuses %s", (_name, make, expected) => {
    expect(make).toThrowError(code(expected));
  });
  const holed = readCsv({ text: "a,y\n1,0\n,1\n" }, { missing: "keep" });
});

const people = readCsv(
  { text: "age,city,grade,bad\n20,Rome,low,1\n30,Oslo,high,0\n,Rome,mid,0\n50,,low,1\n" },
  { missing: "keep" },
);

describe("columns", () => {
  const options: ColumnsOptions = {
    target: "bad",
    number: [{ columns: ["age"], transform: pipeline([impute({ strategy: "median" }), minMax()]) }],
    categorical: [
      { columns: ["city"], encoding: oneHotEncoding({ missing: "category", unknown: "zeros" }) },
      { columns: ["grade"], encoding: ordinalEncoding({ order: ["low", "mid", "high"] }) },
    ],
  };

  test("numbers through transforms, categories through encodings, in the order named", () => {
    const fitted = columns(options).fit(people);
    const data = fitted.dataset(people);
    expect(data.featureNames).toEqual(["age", "city=Oslo", "city=Rome", "city=", "grade"]);
    expect(fitted.featureNames).toEqual(data.featureNames);
    expect([...data.x]).toEqual([
      ...[0, 0, 1, 0, 0],
      ...[1 / 3, 1, 0, 0, 2],
      ...[1 / 3, 0, 1, 0, 1],
      ...[1, 0, 0, 1, 0],
    ]);
    expect([[...data.y], data.classes]).toEqual([
      [1, 0, 0, 1],
      ["0", "1"],
    ]);
  });

  test("rows to predict need no target; an unknown category is all zeros; JSON gives the same bits", () => {
    const fitted = columns({ ...options, combined: pca({ numComponents: 2 }) }).fit(people);
    const fresh = readCsv({ text: "grade,city,age\nmid,Paris,35\nlow,Oslo,61\n" });
    const again = columnsFromJSON(JSON.parse(JSON.stringify(fitted)));
    expect(again.features(fresh)).toEqual(fitted.features(fresh));
    expect(again.dataset(people)).toEqual(fitted.dataset(people));
    const raw = columns(options).fit(people).features(fresh);
    expect([...raw.x.subarray(0, 5)]).toEqual([0.5, 0, 0, 0, 1]);
    expect("y" in raw).toBe(false);
  });

  test("names alone are numbers as they are and categories one-hot; other columns are left out", () => {
    const table = readCsv({ text: "a,b,c,d\n1,x,5,z\n2,y,6,z\n" });
    const fitted = columns({ number: ["c", "a"], categorical: ["b"] }).fit(table);
    expect(fitted.features(table).featureNames).toEqual(["c", "a", "b=x", "b=y"]);
    expect([...fitted.features(table).x]).toEqual([5, 1, 1, 0, 6, 2, 0, 1]);
    expect(() => fitted.dataset(table)).toThrowError(code("DATA_TARGET"));
  });

  const encode = (encoding: Encoding, train: readonly string[], values: readonly string[]) => {
    const fitted = encoding.fit("c", train);
    const rows = new Float64Array(values.length * fitted.names.length);
    for (const [row, value] of values.entries()) fitted.apply(value, row, rows, row * fitted.names.length);
    return { names: fitted.names, rows: [...rows] };
  };

  test("frequencies are shares of the training rows, places follow size or order", () => {
    const train = ["b", "a", "b", "", "10", "9"];
    const frequent = frequencyEncoding({ missing: "most-frequent", unknown: "zeros" });
    expect(encode(frequent, train, ["a", "b", "", "q"]).rows).toEqual([1 / 6, 3 / 6, 3 / 6, 0]);
    expect(encode(frequencyEncoding({ missing: "category" }), train, ["", "b"]).rows).toEqual([1 / 6, 2 / 6]);
    expect(encode(ordinalEncoding({ unknown: -1 }), ["10", "9", "11"], ["9", "10", "11", "7"]).rows).toEqual([
      0, 1, 2, -1,
    ]);
    expect(encode(oneHotEncoding({ missing: "most-frequent" }), train, ["", "9"])).toEqual({
      names: ["c=9", "c=10", "c=a", "c=b"],
      rows: [0, 0, 0, 1, 1, 0, 0, 0],
    });
  });

  test.each([
    ["an unknown category", () => encode(oneHotEncoding(), ["a"], ["b"]), "ENCODING_UNKNOWN"],
    [
      "a training category without a place",
      () => ordinalEncoding({ order: ["a"] }).fit("c", ["b"]),
      "ENCODING_UNKNOWN",
    ],
    ["a missing category", () => encode(oneHotEncoding(), ["a"], [""]), "ENCODING_MISSING"],
    ["a missing training category", () => oneHotEncoding().fit("c", ["a", ""]), "ENCODING_MISSING"],
    ["no category at all", () => oneHotEncoding({ missing: "most-frequent" }).fit("c", [""]), "ENCODING_MISSING"],
    ["an order with a repetition", () => ordinalEncoding({ order: ["a", "a"] }), "DATA_OPTION"],
    ["an unknown option of an encoding", () => oneHotEncoding({ drop: "first" } as never), "DATA_OPTION"],
    ["a wrong choice", () => frequencyEncoding({ unknown: "mean" as never }), "DATA_OPTION"],
    ["no columns", () => columns({ target: "bad" }), "DATA_FEATURES"],
    ["a column twice", () => columns({ number: ["a"], categorical: ["a"] }), "DATA_FEATURES"],
    ["the target as a feature", () => columns({ target: "a", number: ["a"] }), "DATA_FEATURES"],
    ["text as a number", () => columns({ number: ["city"] }).fit(people), "DATA_COLUMN_TYPE"],
    [
      "a number that is missing",
      () =>
        columns({ number: ["age"] })
          .fit(people)
          .features(people),
      "DATA_NOT_FINITE",
    ],
    ["an unknown column", () => columns({ categorical: ["no"] }).fit(people), "DATA_COLUMN_UNKNOWN"],
    ["an option of no group", () => columns({ number: [{ columns: ["age"], scale: 1 } as never] }), "DATA_OPTION"],
    ["JSON of another kind", () => columnsFromJSON({ kind: "pca" }), "TRANSFORM_JSON"],
    ["JSON of a broken encoding", () => columnsFromJSON(broken), "TRANSFORM_JSON"],
    [
      "columns read as a transform",
      () =>
        transformFromJSON(
          columns({ number: ["x"] })
            .fit(numbers)
            .toJSON(),
        ),
      "TRANSFORM_JSON",
    ],
  ])("refuses %s", (_name, make, expected) => {
    expect(make).toThrowError(code(expected));
  });
  const numbers = readCsv({ text: "x\n1\n" });
  const broken = {
    ...{ kind: "columns", task: "regression", target: null, classes: null, combined: null, names: ["a"] },
    groups: [{ encoding: { column: "a", names: ["a"], categories: ["x"], codes: [], unknown: null, missing: null } }],
  };
});
