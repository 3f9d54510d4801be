import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { optionsFault } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import type { Column, Table } from "./table.ts";

export interface CsvOptions {
  /** One character; a comma by default. */
  readonly delimiter?: string;
  /** Types of columns by name. A column that is not named here holds numbers or texts, never both. */
  readonly types?: Readonly<Record<string, Column["type"]>>;
  /** What an empty cell does: an error (default), or its whole row is left out and counted in `droppedRows`. */
  readonly missing?: "error" | "drop-row";
}

/** CSV text itself, with a name for messages. */
export interface CsvText {
  readonly text: string;
  readonly name?: string;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly raw: string;
  readonly info: { readonly lines: number };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads a CSV table with a header row (RFC 4180, UTF-8), from a path or from `{ text }`. Nothing is guessed: an empty
 * cell, text in a number column and a row of another length are errors that name file, line and column.
 * @throws DataError CSV_READ, CSV_SYNTAX, CSV_EMPTY, CSV_HEADER, CSV_ROW_LENGTH, CSV_MISSING_CELL, CSV_NOT_A_NUMBER, CSV_OPTION
 */
export function readCsv(source: string | URL | CsvText, options: CsvOptions = {}): Table {
  const fault = optionsFault("readCsv", options, ["delimiter", "types", "missing"]);
  if (fault !== undefined) throw new DataError("CSV_OPTION", fault);
  const { name, text } = load(source);
  const { delimiter = ",", types = {}, missing = "error" } = options;
  checkOptions(types, missing);
  const [header, ...records] = parseRecords(text, name, delimiter);
  const names = checkHeader(header, name, types);
  if (records.length === 0) throw new DataError("CSV_EMPTY", `${name} has a header but no rows.`);

  const rows: CsvRecord[] = [];
  for (const row of records) {
    if (row.record.length !== names.length)
      throw new DataError(
        "CSV_ROW_LENGTH",
        `${name}:${position(row, Math.min(row.record.length, names.length), delimiter)}: this row has ${row.record.length} cell(s), but the header has ${names.length}.`,
      );
    const empty = row.record.findIndex((cell) => cell.trim() === "");
    if (empty === -1) rows.push(row);
    else if (missing === "error")
      throw new DataError(
        "CSV_MISSING_CELL",
        `${name}:${position(row, empty, delimiter)}: the cell of column "${names[empty]}" is empty. Fill it in, or pass { missing: "drop-row" }.`,
      );
  }
  if (rows.length === 0) throw new DataError("CSV_EMPTY", `${name} has no row without empty cells.`);

  const columns = names.map((column, index): Column => {
    const declared = Object.hasOwn(types, column) ? types[column] : undefined;
    const type = declared ?? (rows.some((row) => isNumber(row.record[index]!)) ? "number" : "text");
    if (type === "text") return { name: column, type, values: Object.freeze(rows.map((row) => row.record[index]!)) };
    const values = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      const cell = row.record[index]!;
      if (!isNumber(cell))
        throw new DataError(
          "CSV_NOT_A_NUMBER",
          `${name}:${position(row, index, delimiter)}: "${shorten(cell)}" is not a finite number, but ${declared === undefined ? "other cells of " : ""}column "${column}" ${declared === undefined ? "are" : "holds numbers"}. Correct it, or pass { types: { "${column}": "text" } }.`,
        );
      values[i] = Number(cell);
    }
    return { name: column, type, values };
  });
  return Object.freeze({
    source: name,
    numRows: rows.length,
    columns: Object.freeze(columns),
    droppedRows: records.length - rows.length,
  });
}

/** @throws DataError CSV_OPTION */
function checkOptions(types: Readonly<Record<string, Column["type"]>>, missing: string): void {
  if (missing !== "error" && missing !== "drop-row")
    throw new DataError("CSV_OPTION", `missing is "${missing}"; it is "error" or "drop-row".`);
  for (const [column, type] of Object.entries(types))
    if (type !== "number" && type !== "text")
      throw new DataError(
        "CSV_OPTION",
        `The type of column "${column}" is "${String(type)}"; it is "number" or "text".`,
      );
}

function load(source: string | URL | CsvText): { readonly name: string; readonly text: string } {
  if (typeof source === "object" && "text" in source) return { name: source.name ?? "CSV text", text: source.text };
  try {
    return {
      name: typeof source === "string" ? source : basename(source.pathname),
      text: readFileSync(source, "utf8"),
    };
  } catch (cause) {
    throw new DataError("CSV_READ", `Cannot read ${source}: ${(cause as Error).message}`, { cause });
  }
}

function parseRecords(text: string, name: string, delimiter: string): readonly CsvRecord[] {
  try {
    return parse(text, {
      delimiter,
      bom: true,
      info: true,
      raw: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as CsvRecord[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new DataError("CSV_SYNTAX", `${name} is not valid CSV: ${cause.message}.`, { cause });
  }
}

function checkHeader(
  header: CsvRecord | undefined,
  name: string,
  types: Readonly<Record<string, Column["type"]>>,
): readonly string[] {
  if (header === undefined)
    throw new DataError("CSV_EMPTY", `${name} is empty; a header row and data rows are needed.`);
  const names = header.record.map((cell) => cell.trim());
  const fault = names.findIndex((column, index) => column === "" || names.indexOf(column) !== index);
  if (fault !== -1)
    throw new DataError(
      "CSV_HEADER",
      `${name}: header cell ${fault + 1} is ${names[fault] === "" ? "empty" : `"${names[fault]}" for a second time`}; every column needs its own name.`,
    );
  const unknown = Object.keys(types).find((column) => !names.includes(column));
  if (unknown !== undefined)
    throw new DataError(
      "CSV_HEADER",
      `A type is given for column "${unknown}", but ${name} has only: ${names.join(", ")}.`,
    );
  return names;
}

function isNumber(cell: string): boolean {
  return NUMBER.test(cell.trim()) && Number.isFinite(Number(cell));
}

/** `line:column` (from 1) of a cell. The parser counts lines up to a record's end, so its start is found from its text. */
function position({ raw, info }: CsvRecord, cell: number, delimiter: string): string {
  const text = raw.replace(/^[\r\n]+/, "").replace(/\r?\n$/, "");
  let line = info.lines - (text.split("\n").length - 1);
  if (!/\n$/.test(raw)) line = Math.max(line, 1);
  let column = 1;
  let seen = 0;
  let quoted = false;
  for (const character of text) {
    if (seen === cell) break;
    if (character === '"') quoted = !quoted;
    if (character === delimiter && !quoted) seen++;
    if (character === "\n") {
      line++;
      column = 1;
    } else column++;
  }
  return `${line}:${column}`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
