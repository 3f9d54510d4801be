import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type Column, readCsv, type StreamCsvOptions, streamCsv, type Table } from "../../../src/data/index.ts";
import { collect } from "../../support/collect.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-csv-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The text's bytes in pieces of that size, which may part a character. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function tables(text: string, options: StreamCsvOptions = {}, size = 7): Promise<readonly Table[]> {
  return collect(streamCsv(pieces(text, size), { name: "t.csv", ...options }));
}

const joined = (parts: readonly Table[]): readonly Pick<Column, "name" | "type" | "values">[] =>
  parts[0]!.columns.map(({ name, type }, i) => ({
    name,
    type,
    values: parts.flatMap(({ columns }) => [...columns[i]!.values]) as never,
  }));

const failure = async (text: string, options: StreamCsvOptions = {}) => {
  const error = await tables(text, options).catch((error: unknown) => error);
  return error as { code: string; message: string; name: string };
};

describe("streamCsv", () => {
  const cell = fc.constantFrom("a", "ü", "x, y", 'say "so"', "line\nend", "  b ", "7b");
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;

  test("gives the rows of readCsv, however the bytes are cut and whatever the size of the tables", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, fc.option(fc.integer(), { freq: 3 })), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("\n", "\r\n"),
        async (rows, size, chunkRows, end) => {
          const text = `t,n${end}${rows.map(([t, n]) => `${quote(t)},${n ?? ""}${end}`).join("")}`;
          const options = { missing: "keep", types: { n: "number" } } as const;
          const whole = readCsv({ text, name: "t.csv" }, options);
          const parts = await tables(text, { ...options, chunkRows }, size);
          expect(joined(parts)).toEqual(whole.columns.map((column) => ({ ...column, values: [...column.values] })));
          expect(parts.slice(0, -1).every(({ numRows }) => numRows === chunkRows)).toBe(true);

          const dropped = await tables(text, { ...options, missing: "drop-row", chunkRows }, size).catch(() => []);
          const kept = rows.filter(([, n]) => n !== null).length;
          expect(dropped.reduce((sum, { numRows }) => sum + numRows, 0)).toBe(kept);
          if (kept > 0) expect(dropped.reduce((sum, part) => sum + part.droppedRows, 0)).toBe(rows.length - kept);
        },
      ),
      { seed: 5, numRuns: 40 },
    );
  });

  test.each([
    ["an empty cell", "a,b\n1,2\n3,\n", {}],
    ["text among numbers", "a,b\n1,2\n3,n/a\n", {}],
    ["declared numbers that are text", "a\n1\nx\n", { types: { a: "number" } }],
    ["a cell after a quoted line end", 'a,b\n"x\ny",\n', {}],
    ["a fault after blank lines and CRLF", "a,b\r\n\r\n1,2\r\n\r\nx,2\r\n", {}],
    ["a short row", "a,b\n1,2\n3\n", {}],
    ["nothing", "", {}],
    ["a header alone", "a,b\n", {}],
    ["no complete row", "a,b\n1,\n", { missing: "drop-row" }],
    ["a column without a filled cell", "a,b\n1,\n", { missing: "keep" }],
    ["a name twice", "a,a\n1,2\n", {}],
    ["a type for no column", "a\n1\n", { types: { z: "text" } }],
    ["an open quote", 'a\n"x\n', {}],
  ] as const)("refuses %s as readCsv does, at the same place", async (_name, text, options) => {
    const streamed = await failure(text, options);
    expect(streamed.name).toBe("DataError");
    expect(() => readCsv({ text, name: "t.csv" }, options)).toThrowError(
      expect.objectContaining({ code: streamed.code, message: streamed.message }),
    );
  });

  test("says where a later row contradicts the type of the first ones", async () => {
    expect(await failure("a,b\n1,x\n2,y\n3,z\nq,w\n", { chunkRows: 2 })).toMatchObject({
      code: "CSV_TYPE_CHANGED",
      message: expect.stringContaining(
        't.csv:5:1: "q" is not a finite number, but column "a" holds numbers in the first 2 row(s).',
      ),
    });
    expect(await failure("a,b\n1,x\n2,y\n3,4\n", { chunkRows: 2 })).toMatchObject({
      code: "CSV_TYPE_CHANGED",
      message: expect.stringContaining('t.csv:4:3: "4" is a number, but column "b" holds text in the first 2 row(s).'),
    });
    const declared = { chunkRows: 2, types: { b: "text" } } as const;
    expect((await tables("a,b\n1,x\n2,y\n3,4\n", declared)).length).toBe(2);
    expect(await failure("a\n1\n2\nx\n", { chunkRows: 2, types: { a: "number" } })).toMatchObject({
      code: "CSV_NOT_A_NUMBER",
      message: expect.stringContaining("t.csv:4:1"),
    });
  });

  test("rows before a fault are handed out before it is thrown", async () => {
    let seen = 0;
    const reading = (async () => {
      for await (const { numRows } of streamCsv(pieces("a\n1\n2\n3\n4\nx\n", 3), { chunkRows: 2 })) seen += numRows;
    })();
    await expect(reading).rejects.toMatchObject({ code: "CSV_TYPE_CHANGED" });
    expect(seen).toBe(4);
  });

  test("reads files, packed ones too, and so does readCsv", async () => {
    const text = `a,b\n${Array.from({ length: 500 }, (_, i) => `${i},t${i}`).join("\n")}\n`;
    writeFileSync(join(folder, "plain.csv"), text);
    writeFileSync(join(folder, "packed.csv.gz"), gzipSync(text));
    writeFileSync(join(folder, "torn.csv.gz"), gzipSync(text).subarray(0, 200));
    for (const file of ["plain.csv", "packed.csv.gz"]) {
      const parts = await collect(streamCsv(join(folder, file), { chunkRows: 128 }));
      expect(parts.map(({ numRows }) => numRows)).toEqual([128, 128, 128, 116]);
      expect(joined(parts)[0]!.values).toEqual([...readCsv(join(folder, file)).columns[0]!.values]);
    }
    for (const file of ["torn.csv.gz", "none.csv"]) {
      const path = join(folder, file);
      await expect(collect(streamCsv(path))).rejects.toMatchObject({ name: "DataError", code: "CSV_READ" });
      expect(() => readCsv(path)).toThrowError(expect.objectContaining({ code: "CSV_READ" }));
    }
  });

  test("a loop that is left early closes its source, and reads little of it", async () => {
    let given = 0;
    let closed = false;
    const source = async function* () {
      try {
        yield "a\n";
        for (given = 0; given < 100_000; given++) yield "1\n".repeat(100);
      } finally {
        closed = true;
      }
    };
    const readable = Readable.from(source());
    for await (const _ of streamCsv(readable, { chunkRows: 10 })) break;
    await new Promise((resolve) => (readable.closed ? resolve(null) : readable.once("close", resolve)));
    await new Promise(setImmediate);
    expect(closed).toBe(true);
    expect(given).toBeLessThan(1000);
  });

  test("a source that fails is an error with that as its cause", async () => {
    const broken = new Error("the line went dead");
    const source = async function* () {
      yield "a\n1\n";
      throw broken;
    };
    await expect(collect(streamCsv(source(), { name: "feed" }))).rejects.toMatchObject({
      code: "CSV_READ",
      message: "Cannot read feed: the line went dead",
      cause: broken,
    });
  });

  test.each([{ chunkRows: 0 }, { chunk: 5 }, { missing: "skip" }, { types: { a: "int" } }])(
    "refuses %j before it reads",
    (options) => {
      expect(() => streamCsv("t.csv", options as never)).toThrowError(expect.objectContaining({ code: "CSV_OPTION" }));
    },
  );
});
