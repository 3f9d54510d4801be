import { CsvError, parse } from "csv-parse/sync";
import { DataError } from "../errors.ts";
import { type CsvOptions, type CsvRecord, checkCsvOptions, csvRows, parserOptions } from "./csv-rows.ts";
import { type NamedText, readText } from "./source.ts";
import type { Table } from "./table.ts";

/** CSV text itself, with a name for messages. */
export type CsvText = NamedText;

/**
 * Reads a CSV table with a header row (RFC 4180, UTF-8), from a path (unpacked where it ends in `.gz`) or from `{ text }`.
 * Nothing is guessed: an empty cell, text in a number column and a row of another length are errors that name file, line and
 * column. For files larger than memory there is `streamCsv`.
 * @throws DataError CSV_READ, CSV_SYNTAX, CSV_EMPTY, CSV_HEADER, CSV_ROW_LENGTH, CSV_MISSING_CELL, CSV_NOT_A_NUMBER,
 * CSV_COLUMN_EMPTY, CSV_OPTION
 */
export function readCsv(source: string | URL | CsvText, options: CsvOptions = {}): Table {
  checkCsvOptions("readCsv", options);
  const { name, text } = readText(source, "CSV text", "CSV_READ");
  const [header, ...records] = parseRecords(text, name, options.delimiter ?? ",");
  const reader = csvRows(header, name, options);
  if (records.length === 0) throw new DataError("CSV_EMPTY", `${name} has a header but no rows.`);
  const rows = records.filter((row) => reader.keeps(row));
  if (rows.length === 0) throw new DataError("CSV_EMPTY", `${name} has no row without empty cells.`);
  return Object.freeze({
    source: name,
    numRows: rows.length,
    columns: reader.columns(rows),
    droppedRows: records.length - rows.length,
  });
}

function parseRecords(text: string, name: string, delimiter: string): readonly CsvRecord[] {
  try {
    return parse(text, parserOptions(delimiter)) as unknown as CsvRecord[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new DataError("CSV_SYNTAX", `${name} is not valid CSV: ${cause.message}.`, { cause });
  }
}
