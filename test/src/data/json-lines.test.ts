import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readJsonLines, type StreamJsonLinesOptions, streamJsonLines } from "../../../src/data/index.ts";
import { collect } from "../../support/collect.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-jsonl-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (text: string, options = {}) => readJsonLines({ text, name: "t.jsonl" }, options);

/** The text's bytes in pieces of that size, which may part a character. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
const stream = (text: string, options: StreamJsonLinesOptions = {}, size = 5) =>
  collect(streamJsonLines(pieces(text, size), { name: "t.jsonl", ...options }));

describe("JSON lines", () => {
  test("fields are columns, in the order in which they occur; true and false are 1 and 0", () => {
    const table = read('{"a":1,"b":"x"}\r\n\n{"c":true,"b":"ü\\n","a":-2.5e3}\n{"a":0,"b":"","c":false}', {
      missing: "keep",
    });
    expect(table.columns).toEqual([
      { name: "a", type: "number", values: Float64Array.of(1, -2500, 0) },
      { name: "b", type: "text", values: ["x", "ü\n", ""] },
      { name: "c", type: "number", values: Float64Array.of(Number.NaN, 1, 0) },
    ]);
  });

  test("give back what JSON holds, in one piece and in many", async () => {
    const value = { n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), t: fc.string() };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record(value), { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        async (rows, size, chunkRows) => {
          const text = rows.map((row) => JSON.stringify(row)).join("\n");
          const options = { types: { n: "number" }, missing: "keep" } as const;
          const whole = read(text, options);
          const number = whole.columns.find(({ name }) => name === "n")!;
          expect([...number.values]).toEqual(rows.map(({ n }) => (n === null ? Number.NaN : n === 0 ? n + 0 : n)));
          const parts = await stream(text, { ...options, chunkRows }, size);
          for (const [i, column] of whole.columns.entries())
            expect(parts.flatMap(({ columns }) => [...columns[i]!.values])).toEqual([...column.values]);
          expect(parts.slice(0, -1).every(({ numRows }) => numRows === chunkRows)).toBe(true);
          const complete = rows.filter(({ n }) => n !== null).length;
          const dropped = await stream(text, { missing: "drop-row", chunkRows }, size).catch(() => []);
          if (complete > 0 && rows.slice(0, chunkRows).some(({ n }) => n !== null)) {
            expect(dropped.reduce((sum, part) => sum + part.numRows, 0)).toBe(complete);
            expect(dropped.reduce((sum, part) => sum + part.droppedRows, 0)).toBe(rows.length - complete);
          }
        },
      ),
      { seed: 8, numRuns: 40 },
    );
  });

  test.each([
    ["a list", '{"a":1}\n{"a":[1]}', {}, "JSONL_NESTED", 't.jsonl:2: field "a" holds a list'],
    ["an object in a field", '{"a":1,"b":{"c":2}}', {}, "JSONL_NESTED", 't.jsonl:1: field "b" holds an object'],
    ["no JSON", '{"a":1}\n\n{"a":}', {}, "JSONL_SYNTAX", "t.jsonl:3: this line is not JSON"],
    ["a line that is no object", "[1]", {}, "JSONL_SYNTAX", "t.jsonl:1: this line is JSON, but no object"],
    [
      "text among numbers",
      '{"a":1}\n{"a":"1"}',
      {},
      "JSONL_TYPE",
      't.jsonl:2: field "a" is the text "1", but earlier lines hold numbers',
    ],
    [
      "another type than declared",
      '{"a":1}',
      { types: { a: "text" } },
      "JSONL_TYPE",
      "is the number 1, but is declared to hold text",
    ],
    ["a number too large", '{"a":1e999}', {}, "JSONL_TYPE", "t.jsonl:1"],
    ["an absent field", '{"a":1,"b":2}\n{"a":1}', {}, "JSONL_MISSING", 't.jsonl:2: field "b" has no value'],
    ["a null", '{"a":null}\n{"a":1}', {}, "JSONL_MISSING", "t.jsonl:1"],
    ["a declared field that is absent", '{"a":1}', { types: { b: "number" } }, "JSONL_MISSING", '"b"'],
    [
      "a field without a value",
      '{"a":1,"b":null}',
      { missing: "keep" },
      "JSONL_FIELD",
      '"b" has no value in 1 line(s)',
    ],
    ["nothing", " \n", {}, "JSONL_EMPTY", "no lines"],
    ["no complete line", '{"a":1,"b":null}', { missing: "drop-row" }, "JSONL_EMPTY", "no line in which"],
    ["an unknown option", '{"a":1}', { mising: "keep" }, "DATA_OPTION", '"mising"'],
    ["an unknown way with missing values", '{"a":1}', { missing: "skip" }, "DATA_OPTION", '"skip"'],
    ["an unknown type", '{"a":1}', { types: { a: "int" } }, "DATA_OPTION", '"int"'],
  ] as const)("refuse %s, read at once and streamed", async (_name, text, options, code, message) => {
    const expected = expect.objectContaining({ name: "DataError", code, message: expect.stringContaining(message) });
    expect(() => read(text, options)).toThrowError(expected);
    await expect((async () => stream(text, options as never))()).rejects.toEqual(expected);
  });

  test("a stream says where a later line has another field or type", async () => {
    const at = (code: string, message: string) => ({ code, message: expect.stringContaining(message) });
    await expect(stream('{"a":1}\n{"a":2}\n{"a":3,"b":1}', { chunkRows: 2 })).rejects.toMatchObject(
      at("JSONL_FIELD", 't.jsonl:3: field "b" is not among those of the first lines: a.'),
    );
    await expect(stream('{"a":1}\n{"a":2}\n{"a":"x"}', { chunkRows: 2 })).rejects.toMatchObject(
      at("JSONL_TYPE", 't.jsonl:3: field "a" is the text "x", but earlier lines hold numbers.'),
    );
    expect(() => streamJsonLines("t.jsonl", { chunkRows: 0.5 })).toThrowError(
      expect.objectContaining({ code: "DATA_OPTION" }),
    );
  });

  test("files are read, packed or not, and missed", async () => {
    const text = '{"a":1}\n{"a":2}\n';
    writeFileSync(join(folder, "a.jsonl"), `\uFEFF${text}`);
    writeFileSync(join(folder, "a.jsonl.gz"), gzipSync(text));
    for (const file of ["a.jsonl", "a.jsonl.gz"]) {
      const [column] = readJsonLines(join(folder, file)).columns;
      expect([...column!.values]).toEqual([1, 2]);
      const [streamed] = await collect(streamJsonLines(join(folder, file)));
      expect(streamed!.columns[0]).toEqual(column);
    }
    expect(() => readJsonLines(join(folder, "b.jsonl"))).toThrowError(expect.objectContaining({ code: "JSONL_READ" }));
    await expect(collect(streamJsonLines(join(folder, "b.jsonl")))).rejects.toMatchObject({ code: "JSONL_READ" });
  });
});
