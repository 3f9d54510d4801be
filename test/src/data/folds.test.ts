import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  columns,
  crossValidate,
  type Dataset,
  datasetFromTable,
  type Fold,
  frequencyEncoding,
  fromArrays,
  impute,
  kFold,
  lagFeatures,
  minMax,
  oneHotEncoding,
  ordinalEncoding,
  pca,
  pipeline,
  randomProjection,
  randomSplit,
  readCsv,
  robust,
  scale,
  selectRows,
  splitByNames,
  standardise,
  type Table,
  type Transform,
  textsOf,
  timeFolds,
  timeSplit,
} from "../../../src/data/index.ts";

const truth = JSON.parse(readFileSync(new URL("../../fixtures/preprocessing/sklearn.json", import.meta.url), "utf8"));
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const counted = (numRows: number, numClasses = 3): Dataset =>
  fromArrays(
    Array.from({ length: numRows }, (_, i) => [i]),
    Array.from({ length: numRows }, (_, i) => i % numClasses),
  );
/** Every row is judged once, and no row is on both sides. */
const expectPartition = (folds: readonly Fold[], numRows: number) => {
  const all = Array.from({ length: numRows }, (_, i) => i);
  expect(folds.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b)).toEqual(all);
  for (const { train, validation } of folds) expect([...train, ...validation].sort((a, b) => a - b)).toEqual(all);
};

describe("kFold", () => {
  const sizes = fc.record({
    numRows: fc.integer({ min: 2, max: 60 }),
    folds: fc.integer({ min: 2, max: 8 }),
    seed: fc.nat(1000),
  });

  test("every row is judged once, folds are even, and the seed decides them", () => {
    fc.assert(
      fc.property(sizes, ({ numRows, folds, seed }) => {
        fc.pre(folds <= numRows);
        const made = kFold({ numRows }, { folds, seed });
        expectPartition(made, numRows);
        const lengths = made.map(({ validation }) => validation.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        expect(kFold({ numRows }, { folds, seed })).toEqual(made);
      }),
      { seed: 1, numRuns: 60 },
    );
    expect(kFold({ numRows: 40 }, { folds: 4, seed: 1 })).not.toEqual(kFold({ numRows: 40 }, { folds: 4, seed: 2 }));
  });

  test("stratified folds keep each class's share to the row", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 18, max: 60 }), fc.nat(99), (folds, rows, seed) => {
        const source = counted(rows);
        const made = kFold(source, { folds, seed, stratified: true });
        expectPartition(made, rows);
        const lengths = made.map(({ validation }) => validation.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        for (const { validation } of made)
          for (const label of [0, 1, 2]) {
            const inFold = validation.filter((row) => source.y[row] === label).length;
            expect(Math.abs(inFold - source.y.filter((y) => y === label).length / folds)).toBeLessThan(1);
          }
      }),
      { seed: 2, numRuns: 40 },
    );
  });

  test("a group is never on both sides", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 6, maxLength: 40 }),
        fc.integer({ min: 2, max: 3 }),
        fc.nat(99),
        (groups, folds, seed) => {
          fc.pre(new Set(groups).size >= folds);
          const made = kFold({ numRows: groups.length }, { folds, seed, groups });
          expectPartition(made, groups.length);
          for (const { train, validation } of made) {
            const trained = new Set([...train].map((row) => groups[row]));
            expect([...validation].some((row) => trained.has(groups[row]!))).toBe(false);
            expect(validation.length).toBeGreaterThan(0);
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  test.each([
    ["one fold", () => kFold({ numRows: 9 }, { folds: 1, seed: 0 })],
    ["more folds than rows", () => kFold({ numRows: 2 }, { folds: 3, seed: 0 })],
    ["a class too small", () => kFold({ numRows: 4 }, { folds: 2, seed: 0, stratified: ["a", "a", "a", "b"] })],
    ["classes that there are not", () => kFold({ numRows: 4 }, { folds: 2, seed: 0, stratified: true })],
    ["too few groups", () => kFold({ numRows: 4 }, { folds: 2, seed: 0, groups: [1, 1, 1, 1] })],
    ["labels of other rows", () => kFold({ numRows: 4 }, { folds: 2, seed: 0, groups: [1, 2] })],
    ["groups and classes", () => kFold(counted(9), { folds: 2, seed: 0, stratified: true, groups: [1, 2] })],
  ])("refuses %s", (_name, make) => {
    expect(make).toThrowError(code("DATA_SPLIT"));
  });
});

describe("folds along time", () => {
  test("agree with scikit-learn's TimeSeriesSplit", () => {
    for (const { rows: numRows, expected, ...options } of truth.timeSeriesSplit)
      expect(timeFolds({ numRows }, options).map(({ train, validation }) => [[...train], [...validation]])).toEqual(
        expected,
      );
  });

  test("no fold and no part trains on its future, also where rows share a time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
        (steps, folds, gap) => {
          let now = 0;
          const times = steps.map((step) => (now += step));
          const earliest = (rows: Iterable<number>) => Math.min(...[...rows].map((row) => times[row]!));
          const latest = (rows: Iterable<number>) => Math.max(...[...rows].map((row) => times[row]!));
          let made: readonly Fold[] = [];
          try {
            made = timeFolds({ numRows: times.length }, { folds, gap, times });
          } catch (error) {
            expect(error).toEqual(code("DATA_SPLIT"));
          }
          for (const { train, validation } of made) {
            expect(latest(train)).toBeLessThan(earliest(validation));
            expect(validation[0]! - train.at(-1)!).toBeGreaterThan(gap);
          }
          try {
            const source = counted(times.length);
            const {
              train,
              validation,
              test: held,
            } = timeSplit(source, { train: 0.5, validation: 0.25, test: 0.25 }, { times, gap });
            expect(latest(train.x)).toBeLessThan(earliest(validation.x));
            expect(latest(validation.x)).toBeLessThan(earliest(held.x));
            expect(held.x.at(-1)).toBe(times.length - 1);
          } catch (error) {
            expect(error).toEqual(code("DATA_SPLIT"));
          }
        },
      ),
      { seed: 6, numRuns: 80 },
    );
  });

  test("parts along time have the sizes asked for", () => {
    const parts = timeSplit(counted(20), { train: 0.6, validation: 0.2, test: 0.2 }, { gap: 1 });
    expect([parts.train.x.length, parts.validation.x[0], parts.validation.x.length, parts.test.x[0]]).toEqual([
      11, 12, 3, 16,
    ]);
  });

  test.each([
    ["no fold", () => timeFolds({ numRows: 9 }, { folds: 0 })],
    ["more folds than rows", () => timeFolds({ numRows: 3 }, { folds: 3 })],
    ["a gap that leaves nothing", () => timeFolds({ numRows: 9 }, { folds: 2, gap: 4 })],
    ["a negative gap", () => timeFolds({ numRows: 9 }, { folds: 2, gap: -1 })],
    ["times that fall", () => timeFolds({ numRows: 3 }, { folds: 1, times: [1, 3, 2] })],
    ["times of other rows", () => timeFolds({ numRows: 3 }, { folds: 1, times: [1, 2] })],
    ["rows at one time", () => timeFolds({ numRows: 4 }, { folds: 1, times: [1, 1, 1, 1] })],
    ["a part without rows", () => timeSplit(counted(3), { a: 0.9, b: 0.1 })],
    ["fractions that do not sum to 1", () => timeSplit(counted(9), { a: 0.5, b: 0.4 })],
    ["half a row between", () => timeSplit(counted(9), { a: 0.5, b: 0.5 }, { gap: 0.5 })],
  ])("refuses %s", (_name, make) => {
    expect(make).toThrowError(code("DATA_SPLIT"));
  });
});

describe("tables", () => {
  const table = readCsv({
    text: `x,kind\n${Array.from({ length: 40 }, (_, i) => `${i},${"abbc"[i % 4]}`).join("\n")}\n`,
  });
  const data = datasetFromTable(table, { target: "kind" });
  const same = (
    parts: Readonly<Record<"train" | "test", Table>>,
    others: Readonly<Record<"train" | "test", Dataset>>,
  ) => {
    for (const part of ["train", "test"] as const)
      expect(datasetFromTable(parts[part], { target: "kind" })).toEqual(others[part]);
  };

  test("are split into the rows that their dataset is split into", () => {
    const fractions = { train: 0.7, test: 0.3 };
    same(randomSplit(table, fractions, { seed: 3 }), randomSplit(data, fractions, { seed: 3 }));
    same(
      randomSplit(table, fractions, { seed: 3, stratified: textsOf(table, "kind") }),
      randomSplit(data, fractions, { seed: 3, stratified: true }),
    );
    same(timeSplit(table, fractions), timeSplit(data, fractions));
    const names = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? "test" : "train"));
    same(splitByNames(table, names, ["train", "test"]), splitByNames(data, names, ["train", "test"]));
  });

  test("have no classes of their own", () => {
    expect(() => randomSplit(table, { a: 1 }, { seed: 0, stratified: true })).toThrowError(code("DATA_SPLIT"));
    expect(() => randomSplit(table, { a: 1 }, { seed: 0, stratified: ["a"] })).toThrowError(code("DATA_SPLIT"));
    expect(() => kFold(table, { folds: 2, seed: 0, stratified: true })).toThrowError(code("DATA_SPLIT"));
    expect(() => selectRows(table, [40])).toThrowError(code("DATA_ROW"));
    expect(() => selectRows(table, [])).toThrowError(code("DATA_EMPTY"));
  });
});

describe("crossValidate lets nothing leak", () => {
  const TRANSFORMS: readonly (readonly [string, Transform])[] = [
    ["standardise", standardise()],
    ["minMax", minMax({ range: [0, Math.PI], clip: true })],
    ["robust", robust()],
    ["pca", pca({ numComponents: 2 })],
    ["randomProjection", randomProjection({ numComponents: 2, seed: 1 })],
    ["lagFeatures", lagFeatures({ lags: [0, 1] })],
    ["scale", scale({ factor: 0.1 })],
    ["impute, mean", impute({ strategy: "mean", indicator: true })],
    ["impute, median", impute({ strategy: "median" })],
    ["impute, most frequent", impute({ strategy: "most-frequent" })],
    ["pipeline", pipeline([impute({ strategy: "median" }), standardise(), pca({ numComponents: 2 }), minMax()])],
  ];
  const value = fc.integer({ min: -50, max: 50 });
  const rows = fc.array(fc.tuple(value, value, value), { minLength: 12, maxLength: 24 }).map((list) =>
    // Rows of some spread, so that every transform can be fitted on any of them.
    list.map((row, i) => row.map((v, f) => v / 7 + ((i * (f + 2)) % 5))),
  );
  /** A NaN is a missing value. */
  const regression = (x: readonly (readonly number[])[]): Dataset =>
    datasetFromTable(
      {
        ...{ source: "rows", numRows: x.length, droppedRows: 0 },
        columns: ["a", "b", "c", "y"].map((name, f) => ({
          name,
          type: "number",
          values: Float64Array.from(x, (row, i) => (name === "y" ? i : row[f]!)),
        })),
      },
      { target: "y", task: "regression", missing: "keep" },
    );
  const foldsOf = (numRows: number, seed: number): readonly (readonly Fold[])[] => [
    kFold({ numRows }, { folds: 3, seed }),
    timeFolds({ numRows }, { folds: 2, gap: 1 }),
  ];

  test.each(TRANSFORMS)("%s: no validation value changes what is fitted, or any training row", (name, transform) => {
    fc.assert(
      fc.property(rows, fc.nat(99), fc.double({ min: -1e9, max: 1e9, noNaN: true }), (whole, seed, other) => {
        const takesMissing = /impute|pipeline/.test(name);
        const x = whole.map((row, i) => row.map((v, f) => (takesMissing && (i + 2 * f) % 4 === 1 ? Number.NaN : v)));
        for (const folds of foldsOf(x.length, seed))
          for (const [k, fold] of folds.entries()) {
            const changed = regression(
              x.map((row, i) => (fold.validation.includes(i) ? row.map((v, f) => other - 3 * v + f) : row)),
            );
            const [before] = crossValidate(regression(x), [fold], transform);
            const [after] = crossValidate(changed, [fold], transform);
            expect(JSON.stringify(after!.fitted), `fold ${k}`).toBe(JSON.stringify(before!.fitted));
            expect(after!.train).toEqual(before!.train);
            expect(after!.fitted.toJSON()).toEqual(
              transform.fit(regression([...fold.train].map((i) => x[i]!))).toJSON(),
            );
          }
      }),
      { seed: 7, numRuns: 6 },
    );
  });

  test("columns of a table: no validation cell changes what is fitted, or any training row", () => {
    const options = { missing: "category", unknown: "zeros" } as const;
    const spec = columns({
      target: "y",
      task: "regression",
      number: [{ columns: ["a"], transform: pipeline([impute({ strategy: "mean" }), robust()]) }],
      categorical: [
        { columns: ["b"], encoding: oneHotEncoding(options) },
        { columns: ["c"], encoding: frequencyEncoding(options) },
        { columns: ["d"], encoding: ordinalEncoding({ missing: "most-frequent", unknown: -1 }) },
      ],
      combined: standardise(),
    });
    const cell = fc.record({ n: value, t: fc.constantFrom("x", "y", "z", "") });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 12, maxLength: 24 }), fc.nat(99), (cells, seed) => {
        const table = (list: readonly { readonly n: number; readonly t: string }[]): Table => ({
          ...{ source: "cells", numRows: list.length, droppedRows: 0 },
          columns: [
            ...["a", "y"].map((name) => ({
              name,
              type: "number" as const,
              values: Float64Array.from(list, ({ n }, i) => n + i),
            })),
            ...["b", "c", "d"].map((name) => ({
              name,
              type: "text" as const,
              values: list.map(({ t }, i) => (i % 2 === 0 ? `${name}${i % 4}` : t)),
            })),
          ],
        });
        for (const folds of foldsOf(cells.length, seed))
          for (const fold of folds) {
            const changed = cells.map(({ n, t }, i) =>
              fold.validation.includes(i) ? { n: 1e6 - n, t: t === "" ? "new" : "" } : { n, t },
            );
            const [before] = crossValidate(table(cells), [fold], spec);
            const [after] = crossValidate(table(changed), [fold], spec);
            expect(JSON.stringify(after!.fitted)).toBe(JSON.stringify(before!.fitted));
            expect(after!.train).toEqual(before!.train);
            const alone = spec.fit(selectRows(table(cells), fold.train));
            expect(JSON.stringify(before!.fitted)).toBe(JSON.stringify(alone));
          }
      }),
      { seed: 9, numRuns: 15 },
    );
  });

  test("hands out the rows of each fold, transformed", () => {
    const source = counted(9);
    const rounds = [...crossValidate(source, kFold(source, { folds: 3, seed: 4 }), minMax())];
    expect(rounds.map(({ fold }) => fold)).toEqual([0, 1, 2]);
    for (const { train, validation, fitted, rows: fold } of rounds) {
      expect([...fitted.inverse(validation).x].map(Math.round)).toEqual([...fold.validation]);
      expect([...train.y]).toEqual([...fold.train].map((row) => source.y[row]));
    }
    const [plain] = crossValidate(source, kFold(source, { folds: 3, seed: 4 }));
    expect([plain!.fitted, [...plain!.validation.x]]).toEqual([undefined, [...rounds[0]!.rows.validation]]);
    expect(() => [...crossValidate({ columns: [], numRows: 1 } as never, [])]).toThrowError(code("DATA_OPTION"));
  });
});
