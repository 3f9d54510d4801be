import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnOf, numbersOf, readCsv, textsOf } from "../../../src/data/index.ts";

const csv = (text: string, options = {}) => readCsv({ text, name: "t.csv" }, options);
const failure = (text: string, options = {}) => {
  try {
    csv(text, options);
  } catch (error) {
    return error as { code: string; message: string; name: string };
  }
  throw new Error("no error was thrown");
};

describe("readCsv", () => {
  test("reads a file, with types from the first row", () => {
    const table = readCsv(new URL("../../fixtures/data/iris.csv", import.meta.url));
    expect(table.numRows).toBe(150);
    expect(table.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      "sepal_length_cm:number",
      "sepal_width_cm:number",
      "petal_length_cm:number",
      "petal_width_cm:number",
      "label:number",
      "split:text",
    ]);
    const lines = readFileSync(new URL("../../fixtures/data/iris.csv", import.meta.url), "utf8")
      .trim()
      .split("\n");
    for (const row of [0, 77, 149]) {
      const cells = lines[row + 1]!.split(",");
      expect(numbersOf(table, "petal_width_cm")[row]).toBe(Number(cells[3]));
      expect(textsOf(table, "split")[row]).toBe(cells[5]);
    }
  });

  test("reads quotes, embedded separators and line ends, CRLF, a byte order mark and blank lines", () => {
    const table = csv('\uFEFFa, b\r\n"x, ""y""\nz",1e-3\r\n\r\nw,-.5\r\n');
    expect(textsOf(table, "a")).toEqual(['x, "y"\nz', "w"]);
    expect([...numbersOf(table, "b")]).toEqual([1e-3, -0.5]);
  });

  test("takes declared types and another delimiter", () => {
    const table = csv("id;v\n007;1\nA12;2\n", { delimiter: ";", types: { id: "text" } });
    expect(textsOf(table, "id")).toEqual(["007", "A12"]);
  });

  test("leaves out rows with empty cells only when asked to, and counts them", () => {
    const table = csv("a,b\n1,2\n,3\n4,5\n", { missing: "drop-row" });
    expect([...numbersOf(table, "a")]).toEqual([1, 4]);
    expect(table.droppedRows).toBe(1);
  });

  test.each([
    ["an empty cell", "a,b\n1,2\n3,\n", {}, "CSV_MISSING_CELL", 't.csv:3:3: the cell of column "b" is empty'],
    ["a blank cell", "a,b\n1, \n", {}, "CSV_MISSING_CELL", "t.csv:2:3"],
    ["text among numbers", "a,b\n1,2\n3,n/a\n", {}, "CSV_NOT_A_NUMBER", 't.csv:3:3: "n/a" is not a finite number'],
    [
      "text before numbers",
      "a,b\n1,?\n3,4\n",
      {},
      "CSV_NOT_A_NUMBER",
      't.csv:2:3: "?" is not a finite number, but other cells of',
    ],
    ["an unknown way with missing cells", "a\n1\n", { missing: "drop" as never }, "CSV_OPTION", '"drop-row"'],
    ["an unknown type", "a\n1\n", { types: { a: "numeric" as never } }, "CSV_OPTION", '"numeric"'],
    ["a fault after CR lines", "a,b\r1,2\r3,x\r", {}, "CSV_NOT_A_NUMBER", "x"],
    ["NaN", "a\n1\nNaN\n", {}, "CSV_NOT_A_NUMBER", 't.csv:3:1: "NaN"'],
    ["infinity by overflow", "a\n1\n1e999\n", {}, "CSV_NOT_A_NUMBER", "t.csv:3:1"],
    ["a hexadecimal", "a\n1\n0x10\n", {}, "CSV_NOT_A_NUMBER", "t.csv:3:1"],
    ["declared numbers that are text", "a\nx\n", { types: { a: "number" } }, "CSV_NOT_A_NUMBER", "t.csv:2:1"],
    ["a cell after a quoted line end", 'a,b\n"x\ny",\n', {}, "CSV_MISSING_CELL", "t.csv:3:4"],
    ["a fault after blank lines", "a,b\n\n\n1,2\n\nx,2\n", {}, "CSV_NOT_A_NUMBER", "t.csv:6:1"],
    ["a fault after CRLF lines", "a,b\r\n1,2\r\n3,x\r\n", {}, "CSV_NOT_A_NUMBER", "t.csv:3:3"],
    ["a fault in a last line without an end", "a,b\n1,2\n3,x", {}, "CSV_NOT_A_NUMBER", "t.csv:3:3"],
    ["a short row", "a,b\n1,2\n3\n", {}, "CSV_ROW_LENGTH", "t.csv:3:2: this row has 1 cell(s), but the header has 2"],
    ["a long row", "a,b\n1,2,3\n", {}, "CSV_ROW_LENGTH", "t.csv:2:5: this row has 3 cell(s)"],
    ["nothing", "", {}, "CSV_EMPTY", "t.csv is empty"],
    ["a header alone", "a,b\n", {}, "CSV_EMPTY", "no rows"],
    ["no complete row", "a,b\n1,\n", { missing: "drop-row" }, "CSV_EMPTY", "no row without empty cells"],
    ["a name twice", "a,a\n1,2\n", {}, "CSV_HEADER", 'header cell 2 is "a" for a second time'],
    ["an empty name", "a,\n1,2\n", {}, "CSV_HEADER", "header cell 2 is empty"],
    ["a type for no column", "a\n1\n", { types: { z: "text" } }, "CSV_HEADER", '"z"'],
    ["an open quote", 'a\n"x\n', {}, "CSV_SYNTAX", "t.csv is not valid CSV"],
  ])("refuses %s", (_name, text, options, code, message) => {
    const error = failure(text, options);
    expect(error.name).toBe("DataError");
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test("refuses a file that is not there, and columns of another name or type", () => {
    expect(() => readCsv("no/such/file.csv")).toThrowError(expect.objectContaining({ code: "CSV_READ" }));
    const table = csv("a,b\n1,x\n");
    expect(() => columnOf(table, "c")).toThrowError(/no column "c". It has: a, b/);
    expect(() => numbersOf(table, "b")).toThrowError(expect.objectContaining({ code: "DATA_COLUMN_TYPE" }));
  });

  test("gives back what was written, whatever the cells hold", () => {
    const cell = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
        (rows) => {
          const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const table = csv(`t,n\n${rows.map(([t, n]) => `${quote(t)},${n}`).join("\n")}\n`, { types: { t: "text" } });
          expect(textsOf(table, "t")).toEqual(rows.map(([t]) => t));
          expect([...numbersOf(table, "n")]).toEqual(rows.map(([, n]) => n));
        },
      ),
      { seed: 7, numRuns: 50 },
    );
  });
});
