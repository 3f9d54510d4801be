import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCsv, type Table, timeFolds, windows } from "../../../src/data/index.ts";

const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const table = (text: string): Table => readCsv({ text, name: "t.csv" });
const prices = table("day,a,b\n2024-01-01,1,10\n2024-01-02,2,20\n2024-01-04,3,30\n2024-01-05,4,40\n2024-01-08,5,50\n");

describe("windows", () => {
  test("hold consecutive rows, and a target after them", () => {
    const { data, targetRows, times, gap } = windows(prices, { length: 2, target: "b", time: "day" });
    expect(data.featureNames).toEqual(["a[t-1]", "b[t-1]", "a[t]", "b[t]"]);
    expect([...data.x]).toEqual([1, 10, 2, 20, 2, 20, 3, 30, 3, 30, 4, 40]);
    expect([...data.y]).toEqual([30, 40, 50]);
    expect([data.targetName, data.classes, data.grid]).toEqual(["b", undefined, { height: 1, width: 2, channels: 2 }]);
    expect([...targetRows]).toEqual([2, 3, 4]);
    expect([...times!]).toEqual([Date.UTC(2024, 0, 4), Date.UTC(2024, 0, 5), Date.UTC(2024, 0, 8)]);
    expect(gap).toBe(0);
  });

  test("of a list predict it from its own past", () => {
    const { data, times, gap } = windows([1, 2, 3, 4, 5, 6, 7], { length: 2, horizon: 3, stride: 2 });
    expect([[...data.x], [...data.y], data.featureNames]).toEqual([
      [1, 2, 3, 4],
      [5, 7],
      ["x[t-1]", "x[t]"],
    ]);
    expect([times, gap]).toEqual([undefined, 1]);
  });

  test("never reach into another group", () => {
    const machines = table(
      "m,hour,v,bad\nA,0,1,no\nA,1,2,no\nA,2,3,yes\nB,0,4,no\nB,1,5,no\nC,0,6,no\nC,1,7,yes\nC,2,8,no\n",
    );
    const options = {
      length: 2,
      target: "bad",
      task: "classification",
      features: ["v"],
      time: "hour",
      group: "m",
    } as const;
    const { data, groups, times } = windows(machines, options);
    expect([[...data.x], [...data.y], data.classes, groups, [...times!]]).toEqual([
      [1, 2, 6, 7],
      [1, 0],
      ["no", "yes"],
      ["A", "C"],
      [2, 2],
    ]);
  });

  test("nothing after a window's end changes its features, and folds with its gap know only past targets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 30, max: 50 }),
        (length, horizon, stride, rows) => {
          const series = Array.from({ length: rows }, (_, i) => i);
          const { data, targetRows, gap } = windows(series, { length, horizon, stride });
          const lastRow = (window: number) => data.x[window * length + length - 1]!;
          for (let window = 0; window < data.numRows; window++) {
            expect(targetRows[window]).toBe(lastRow(window) + horizon);
            const changed = windows(
              series.map((v, i) => (i > lastRow(window) ? -1 : v)),
              { length, horizon, stride },
            );
            const features = (x: Float64Array) => [...x.subarray(window * length, (window + 1) * length)];
            expect(features(changed.data.x)).toEqual(features(data.x));
          }
          fc.pre(data.numRows > 3 * (gap + 1));
          for (const { train, validation } of timeFolds(data, { folds: 2, gap }))
            expect(Math.max(...[...train].map((w) => targetRows[w]!))).toBeLessThanOrEqual(lastRow(validation[0]!));
        },
      ),
      { seed: 2, numRuns: 30 },
    );
  });

  test.each([
    ["2024-01-01 09:30", "2024-01-01T09:30Z", 30],
    ["2024-01-01T10:30+01:00", "2024-01-01 09:30:00.000", 30],
  ])("times are ISO 8601, in UTC where they name no zone: %s", (first, same, minutes) => {
    const text = `at,v\n${first},1\n2024-01-01T10:00Z,2\n`;
    const { times } = windows(table(text), { length: 1, target: "v", time: "at" });
    expect(times![0]! - Date.parse(same.replace(" ", "T").replace(/(Z?)$/, "Z"))).toBe(minutes * 60_000);
  });

  test("missing values stay where they are kept", () => {
    const holes = readCsv({ text: "a,y\n1,1\n,2\n3,3\n" }, { missing: "keep" });
    const options = { length: 1, target: "y", features: ["a"] } as const;
    expect([...windows(holes, { ...options, missing: "keep" }).data.x]).toEqual([1, Number.NaN]);
    expect(() => windows(holes, options)).toThrowError(code("DATA_NOT_FINITE"));
  });

  test.each([
    ["no length", () => windows([1, 2], { length: 0 }), "WINDOW_OPTION"],
    ["a target in the window", () => windows([1, 2], { length: 1, horizon: 0 }), "WINDOW_OPTION"],
    ["half a stride", () => windows([1, 2], { length: 1, stride: 0.5 }), "WINDOW_OPTION"],
    ["a table without a target", () => windows(prices, { length: 1 }), "WINDOW_OPTION"],
    ["columns of a list", () => windows([1, 2], { length: 1, time: "day" }), "WINDOW_OPTION"],
    ["a series too short", () => windows([1, 2], { length: 2 }), "WINDOW_LENGTH"],
    [
      "groups too short",
      () => windows(table("g,v\na,1\nb,2\n"), { length: 1, target: "v", group: "g" }),
      "WINDOW_LENGTH",
    ],
    [
      "a group that comes back",
      () => windows(table("g,v\na,1\nb,2\na,2\n"), { length: 1, target: "v", group: "g" }),
      "WINDOW_TIME",
    ],
    [
      "times that repeat",
      () => windows(table("t,v\n1,1\n1,2\n"), { length: 1, target: "v", time: "t" }),
      "WINDOW_TIME",
    ],
    ["times that fall", () => windows(table("t,v\n2,1\n1,2\n"), { length: 1, target: "v", time: "t" }), "WINDOW_TIME"],
    [
      "times in another form",
      () => windows(table("t,v\n1/2/24,1\n1/3/24,2\n"), { length: 1, target: "v", time: "t" }),
      "WINDOW_TIME",
    ],
    ["an unknown column", () => windows(prices, { length: 1, target: "c" }), "DATA_COLUMN_UNKNOWN"],
    ["an unknown option", () => windows([1, 2], { length: 1, step: 2 } as never), "DATA_OPTION"],
  ])("refuses %s", (_name, make, name) => {
    expect(make).toThrowError(code(name));
  });
});
