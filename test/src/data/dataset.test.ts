import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  batches,
  datasetFromTable,
  fromArrays,
  numbersOf,
  oneHot,
  randomSplit,
  readCsv,
  selectRows,
  splitByNames,
  textsOf,
} from "../../../src/data/index.ts";

const table = readCsv(new URL("../../fixtures/data/iris.csv", import.meta.url));
const iris = datasetFromTable(table, { target: "label" });
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });

describe("datasets", () => {
  test("a table's number columns become features, its target classes", () => {
    expect(iris.numRows).toBe(150);
    expect(iris.featureNames).toEqual(["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"]);
    expect([...iris.x.subarray(4, 8)]).toEqual([4.9, 3, 1.4, 0.2]);
    expect(iris.classes).toEqual(["0", "1", "2"]);
    expect([0, 1, 2].map((label) => iris.y.filter((y) => y === label).length)).toEqual([50, 50, 50]);
  });

  test("features can be named or excluded, and a regression keeps its target's values", () => {
    const widths = datasetFromTable(table, {
      target: "petal_length_cm",
      task: "regression",
      features: ["sepal_width_cm", "petal_width_cm"],
    });
    expect(widths.y[0]).toBe(1.4);
    expect(widths.classes).toBeUndefined();
    expect([...widths.x.subarray(0, 2)]).toEqual([3.5, 0.2]);
    expect(datasetFromTable(table, { target: "label", exclude: ["sepal_length_cm"] }).numFeatures).toBe(3);
  });

  test("number classes are in order of value, text classes of text", () => {
    const made = (labels: string) =>
      readCsv({ text: `x,c\n${[...labels.split(" ")].map((l) => `1,${l}`).join("\n")}\n` });
    expect(datasetFromTable(made("10 9 2"), { target: "c" }).classes).toEqual(["2", "9", "10"]);
    expect(datasetFromTable(made("b c a b"), { target: "c" }).classes).toEqual(["a", "b", "c"]);
    expect([...datasetFromTable(made("b c a b"), { target: "c" }).y]).toEqual([1, 2, 0, 1]);
  });

  test("arrays become a dataset", () => {
    const made = fromArrays([[1, 2], [3, 4], new Float64Array([5, 6])], ["cat", "dog", "cat"]);
    expect([...made.x]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...made.y]).toEqual([0, 1, 0]);
    expect(made.classes).toEqual(["cat", "dog"]);
    expect(fromArrays([[1], [2]], [2, 0]).classes).toEqual(["0", "1", "2"]);
    expect(fromArrays([[1]], [0.5], { task: "regression" }).classes).toBeUndefined();
  });

  test("oneHot has a single 1 a row", () => {
    expect([...oneHot([2, 0], 3)]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  test.each([
    ["no rows", () => fromArrays([], []), "DATA_EMPTY"],
    ["a list where rows are needed", () => fromArrays([1, 2] as never, [0, 1]), "DATA_SHAPE"],
    ["ragged rows", () => fromArrays([[1, 2], [3]], [0, 1]), "DATA_SHAPE"],
    ["no features", () => fromArrays([[], []], [0, 1]), "DATA_SHAPE"],
    ["too few targets", () => fromArrays([[1], [2]], [0]), "DATA_SHAPE"],
    ["too few names", () => fromArrays([[1, 2]], [0], { featureNames: ["a"] }), "DATA_SHAPE"],
    ["NaN as a feature", () => fromArrays([[1], [Number.NaN]], [0, 1]), "DATA_NOT_FINITE"],
    ["NaN as a value", () => fromArrays([[1]], [Number.NaN], { task: "regression" }), "DATA_NOT_FINITE"],
    ["null as a feature", () => fromArrays([[1], [null as unknown as number]], [0, 1]), "DATA_TYPE"],
    ["null as a value", () => fromArrays([[1]], [null as unknown as number], { task: "regression" }), "DATA_TYPE"],
    ["a fraction as a class", () => fromArrays([[1]], [0.5]), "DATA_CLASSES"],
    ["a negative class", () => fromArrays([[1]], [-1]), "DATA_CLASSES"],
    ["a class that has no name", () => fromArrays([[1]], ["fox"], { classes: ["cat"] }), "DATA_CLASSES"],
    ["a class beyond the names", () => fromArrays([[1]], [3], { classes: ["a", "b"] }), "DATA_CLASSES"],
    ["oneHot beyond its classes", () => oneHot([3], 3), "DATA_CLASSES"],
    ["an unknown column", () => datasetFromTable(table, { target: "nope" }), "DATA_COLUMN_UNKNOWN"],
    [
      "an unknown excluded column",
      () => datasetFromTable(table, { target: "label", exclude: ["no"] }),
      "DATA_COLUMN_UNKNOWN",
    ],
    ["text as a feature", () => datasetFromTable(table, { target: "label", features: ["split"] }), "DATA_COLUMN_TYPE"],
    [
      "the target as a feature",
      () => datasetFromTable(table, { target: "label", features: ["label"] }),
      "DATA_FEATURES",
    ],
    ["no feature left", () => datasetFromTable(readCsv({ text: "c\n1\n" }), { target: "c" }), "DATA_FEATURES"],
    ["no row selected", () => selectRows(iris, []), "DATA_EMPTY"],
    ["a row that is not there", () => selectRows(iris, [150]), "DATA_ROW"],
  ])("refuses %s", (_name, make, expected) => {
    expect(make).toThrowError(code(expected));
  });
});

describe("splits", () => {
  test("a split column is followed exactly", () => {
    const names = textsOf(table, "split");
    const { train, test: held } = splitByNames(iris, names, ["train", "test"]);
    expect([train.numRows, held.numRows]).toEqual([105, 45]);
    expect([...held.x.subarray(0, 4)]).toEqual([5.1, 3.5, 1.4, 0.2]);
  });

  test("parts of a random split hold every row exactly once, at sizes exact to the row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 200 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (rows, seed, tenths, stratified) => {
          fc.pre(Math.round((rows * tenths) / 10) >= 1 && Math.round(rows * (1 - tenths / 10)) >= 1);
          const source = fromArrays(
            Array.from({ length: rows }, (_, i) => [i]),
            Array.from({ length: rows }, (_, i) => i % 3),
          );
          let parts: ReturnType<typeof randomSplit<"train" | "test">>;
          try {
            parts = randomSplit(source, { train: 1 - tenths / 10, test: tenths / 10 }, { seed, stratified });
          } catch (error) {
            expect(stratified && rows < 17 && error instanceof Error && error.message.includes("gets none")).toBe(true);
            return;
          }
          const all = [...parts.train.x, ...parts.test.x].sort((a, b) => a - b);
          expect(all).toEqual(Array.from({ length: rows }, (_, i) => i));
          expect(Math.abs(parts.test.numRows - (rows * tenths) / 10)).toBeLessThan(stratified ? 3 : 1);
          if (stratified)
            for (const label of [0, 1, 2]) {
              const inClass = source.y.filter((y) => y === label).length;
              const inTest = parts.test.y.filter((y) => y === label).length;
              expect(Math.abs(inTest - (inClass * tenths) / 10)).toBeLessThan(1);
            }
        },
      ),
      { seed: 3, numRuns: 100 },
    );
  });

  test("the seed decides a split", () => {
    const part = (seed: number) => [...randomSplit(iris, { train: 0.7, test: 0.3 }, { seed }).test.x];
    expect(part(1)).toEqual(part(1));
    expect(part(1)).not.toEqual(part(2));
  });

  test.each([
    ["fractions that do not sum to 1", () => randomSplit(iris, { a: 0.5, b: 0.4 }, { seed: 0 })],
    ["a fraction of 0", () => randomSplit(iris, { a: 1, b: 0 }, { seed: 0 })],
    ["a part without rows", () => randomSplit(iris, { a: 0.999, b: 0.001 }, { seed: 0 })],
    [
      "a stratified regression",
      () =>
        randomSplit(
          fromArrays([[1], [2]], [1, 2], { task: "regression" }),
          { a: 0.5, b: 0.5 },
          { seed: 0, stratified: true },
        ),
    ],
    ["an unknown part", () => splitByNames(iris, textsOf(table, "split"), ["train"])],
    ["a missing part", () => splitByNames(iris, textsOf(table, "split"), ["train", "test", "validation"])],
    ["too few names", () => splitByNames(iris, ["train"], ["train"])],
  ])("refuses %s", (_name, make) => {
    expect(make).toThrowError(code("DATA_SPLIT"));
  });
});

describe("batches", () => {
  test("an epoch holds every row once; seed and epoch decide the order", () => {
    const rows = (seed: number, epoch: number) =>
      [...batches(iris, { batchSize: 32, seed, epoch })].flatMap((b) => [...b.rows]);
    expect([...rows(5, 0)].sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(rows(5, 3)).toEqual(rows(5, 3));
    expect(rows(5, 3)).not.toEqual(rows(5, 4));
    expect(rows(5, 3)).not.toEqual(rows(6, 3));
  });

  test("a batch holds the rows it names", () => {
    for (const batch of batches(iris, { batchSize: 40, seed: 1 }))
      for (const [i, row] of batch.rows.entries()) {
        expect([...batch.x.subarray(4 * i, 4 * i + 4)]).toEqual([...iris.x.subarray(4 * row, 4 * row + 4)]);
        expect(batch.y[i]).toBe(iris.y[row]);
      }
  });

  test("the last batch is smaller, or left out", () => {
    const sizes = (dropRemainder: boolean) =>
      [...batches(iris, { batchSize: 64, shuffle: false, dropRemainder })].map(({ numRows }) => numRows);
    expect(sizes(false)).toEqual([64, 64, 22]);
    expect(sizes(true)).toEqual([64, 64]);
  });

  test.each([
    ["a size of 0", { batchSize: 0, seed: 0 }, "DATA_BATCH_SIZE"],
    ["half a row", { batchSize: 1.5, seed: 0 }, "DATA_BATCH_SIZE"],
    ["more than all, with the remainder dropped", { batchSize: 151, seed: 0, dropRemainder: true }, "DATA_BATCH_SIZE"],
    ["no options", undefined as never, "DATA_OPTION"],
    ["an option that there is not", { batchSize: 8, shufle: false } as never, "DATA_OPTION"],
    ["shuffling without a seed", { batchSize: 8 }, "DATA_BATCH_SEED"],
  ])("refuses %s", (_name, options, expected) => {
    expect(() => [...batches(iris, options)]).toThrowError(code(expected));
  });
});

test("an unknown column is answered with the one that differs by case, or with a list that stays readable", () => {
  const header = Array.from({ length: 65 }, (_, i) => `p${i}`).join(",");
  const wide = readCsv({ text: `${header}\n${header.replaceAll("p", "")}\n`, name: "wide.csv" });
  expect(() => numbersOf(wide, "P3")).toThrow('wide.csv has no column "P3", but one "p3".');
  expect(() => numbersOf(wide, "q")).toThrow(/It has: p0, p1, .*, p19 and 45 more\.$/);
});
