import { CsvError, parse } from "csv-parse";
import { DataError } from "../errors.ts";
import { type CsvOptions, type CsvRecord, type CsvRows, checkCsvOptions, csvRows, parserOptions } from "./csv-rows.ts";
import { nameOf, readFailure, type StreamSource } from "./source.ts";
import { streamThrough } from "./stream-through.ts";
import type { Table } from "./table.ts";

export interface StreamCsvOptions extends CsvOptions {
  /** Rows of each table but the last; 1000 by default. Memory grows with this, not with the file. */
  readonly chunkRows?: number;
  /** For messages, where the source is no file. */
  readonly name?: string;
}

/** A record is held as a whole; without an end an open quote would read the whole file as one. */
const LONGEST_RECORD = 2 ** 26;

/**
 * Reads a CSV table with a header row (RFC 4180, UTF-8) piece by piece: tables of `chunkRows` rows with the same columns. The
 * file is unpacked where its name ends in `.gz`, and closed when the loop ends, however it ends. Errors are those of `readCsv`.
 * Columns whose type is not declared take it from the first table; what contradicts it later is an error.
 * @throws DataError CSV_OPTION at once; by the iteration CSV_READ, CSV_SYNTAX (also a row of more than 64 MiB), CSV_EMPTY, CSV_HEADER,
 * CSV_ROW_LENGTH, CSV_MISSING_CELL, CSV_NOT_A_NUMBER, CSV_COLUMN_EMPTY, CSV_TYPE_CHANGED
 */
export function streamCsv(
  source: StreamSource,
  options: StreamCsvOptions = {},
): AsyncGenerator<Table, void, undefined> {
  checkCsvOptions("streamCsv", options, ["chunkRows", "name"]);
  const { chunkRows = 1000 } = options;
  if (!(Number.isSafeInteger(chunkRows) && chunkRows >= 1))
    throw new DataError("CSV_OPTION", `chunkRows is ${String(chunkRows)}; a table has 1 row or more.`);
  return tables(source, options.name ?? nameOf(source, "CSV stream"), chunkRows, options);
}

async function* tables(
  source: StreamSource,
  name: string,
  chunkRows: number,
  options: CsvOptions,
): AsyncGenerator<Table, void, undefined> {
  const parser = parse({ ...parserOptions(options.delimiter ?? ","), max_record_size: LONGEST_RECORD });
  let reader: CsvRows | undefined;
  let rows: CsvRecord[] = [];
  let droppedRows = 0;
  const table = (): Table =>
    Object.freeze({ source: name, numRows: rows.length, columns: reader!.columns(rows), droppedRows });
  try {
    for await (const record of streamThrough(source, parser) as AsyncIterable<CsvRecord>) {
      if (reader === undefined) {
        reader = csvRows(record, name, options);
        continue;
      }
      const kept = reader.keeps(record);
      // A full table waits for the row after it, so that rows left out at the end are counted in the last one.
      if (kept && rows.length === chunkRows) {
        yield table();
        rows = [];
        droppedRows = 0;
      }
      if (kept) rows.push(record);
      else droppedRows++;
    }
  } catch (cause) {
    if (cause instanceof CsvError)
      throw new DataError("CSV_SYNTAX", `${name} is not valid CSV: ${cause.message}.`, { cause });
    throw readFailure(cause, name, "CSV_READ");
  }
  reader ??= csvRows(undefined, name, options);
  if (rows.length === 0)
    throw new DataError(
      "CSV_EMPTY",
      droppedRows === 0 ? `${name} has a header but no rows.` : `${name} has no row without empty cells.`,
    );
  yield table();
}
