import { optionsFault } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import { checkCells } from "./options.ts";
import type { Column, ColumnType, MissingCells } from "./table.ts";

export interface CsvOptions {
  /** One character; a comma by default. */
  readonly delimiter?: string;
  /** Types of columns by name. A column that is not named here holds numbers or texts, never both. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /**
   * What an empty cell does: an error (default); its whole row is left out and counted in `droppedRows`; or it is kept, as NaN in
   * a number column and as an empty text in others.
   */
  readonly missing?: MissingCells;
}

/** A row as the parser gives it. */
export interface CsvRecord {
  readonly record: readonly string[];
  readonly raw: string;
  readonly info: { readonly lines: number };
}

/** What the parser is told, for a file at once and for a stream. */
export function parserOptions(delimiter: string) {
  return {
    delimiter,
    bom: true,
    info: true,
    raw: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
  };
}

/** @throws DataError CSV_OPTION */
export function checkCsvOptions(what: string, options: CsvOptions, further: readonly string[] = []): void {
  const fault = optionsFault(what, options, ["delimiter", "types", "missing", ...further]);
  if (fault !== undefined) throw new DataError("CSV_OPTION", fault);
  checkCells("CSV_OPTION", "column", options);
}

/** Makes columns of the rows under one header. */
export interface CsvRows {
  /** Whether a row is kept. @throws DataError CSV_ROW_LENGTH, CSV_MISSING_CELL */
  keeps(row: CsvRecord): boolean;
  /**
   * Columns of the rows that were kept. Types that are not declared are those of the first rows given here.
   * @throws DataError CSV_NOT_A_NUMBER, CSV_TYPE_CHANGED, CSV_COLUMN_EMPTY
   */
  columns(rows: readonly CsvRecord[]): readonly Column[];
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** @throws DataError CSV_EMPTY without a header, CSV_HEADER */
export function csvRows(header: CsvRecord | undefined, name: string, options: CsvOptions): CsvRows {
  const { delimiter = ",", types = {}, missing = "error" } = options;
  const names = checkHeader(header, name, types);
  const declared = names.map((column) => (Object.hasOwn(types, column) ? types[column] : undefined));
  const settled: (ColumnType | undefined)[] = [...declared];
  let settledRows = 0;
  const at = (row: CsvRecord, cell: number): string => `${name}:${position(row, cell, delimiter)}`;

  const typeOf = (index: number, rows: readonly CsvRecord[]): ColumnType => {
    const filled = rows.filter(({ record }) => !isEmpty(record[index]!));
    if (filled.length === 0)
      throw new DataError(
        "CSV_COLUMN_EMPTY",
        `${name}: column "${names[index]}" has no filled cell in ${rows.length} row(s). Pass { types: { "${names[index]}": "number" } }, or "text".`,
      );
    return filled.some(({ record }) => isNumber(record[index]!)) ? "number" : "text";
  };

  const wrongCell = (row: CsvRecord, index: number): DataError => {
    const what = `${at(row, index)}: "${shorten(row.record[index]!)}" is ${isNumber(row.record[index]!) ? "a number" : "not a finite number"}, but`;
    const column = `column "${names[index]}"`;
    const remedy = `Correct it, or pass { types: { "${names[index]}": "text" } }.`;
    if (declared[index] === undefined && settledRows > 0)
      return new DataError(
        "CSV_TYPE_CHANGED",
        `${what} ${column} holds ${settled[index] === "number" ? "numbers" : "text"} in the first ${settledRows} row(s). ${remedy}`,
      );
    return new DataError(
      "CSV_NOT_A_NUMBER",
      `${what} ${declared[index] === undefined ? `other cells of ${column} are` : `${column} holds numbers`}. ${remedy}`,
    );
  };

  return {
    keeps(row) {
      if (row.record.length !== names.length)
        throw new DataError(
          "CSV_ROW_LENGTH",
          `${at(row, Math.min(row.record.length, names.length))}: this row has ${row.record.length} cell(s), but the header has ${names.length}.`,
        );
      if (missing === "keep") return true;
      const empty = row.record.findIndex(isEmpty);
      if (empty !== -1 && missing === "error")
        throw new DataError(
          "CSV_MISSING_CELL",
          `${at(row, empty)}: the cell of column "${names[empty]}" is empty. Fill it in, or pass { missing: "drop-row" } or { missing: "keep" }.`,
        );
      return empty === -1;
    },
    columns(rows) {
      const columns = names.map((column, index): Column => {
        const type = settled[index] ?? typeOf(index, rows);
        settled[index] = type;
        if (type === "text") {
          const changed = settledRows > 0 && declared[index] === undefined;
          const values = rows.map((row) => {
            const cell = row.record[index]!;
            if (changed && isNumber(cell)) throw wrongCell(row, index);
            return isEmpty(cell) ? "" : cell;
          });
          return { name: column, type, values: Object.freeze(values) };
        }
        const values = new Float64Array(rows.length);
        for (const [i, row] of rows.entries()) {
          const cell = row.record[index]!;
          const value = numberOf(cell);
          if (Number.isNaN(value) && !isEmpty(cell)) throw wrongCell(row, index);
          values[i] = value;
        }
        return { name: column, type, values };
      });
      if (settledRows === 0) settledRows = rows.length;
      return Object.freeze(columns);
    },
  };
}

function checkHeader(
  header: CsvRecord | undefined,
  name: string,
  types: Readonly<Record<string, ColumnType>>,
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

/** NaN for what is no finite number. */
function numberOf(cell: string): number {
  if (!NUMBER.test(cell.trim())) return Number.NaN;
  const value = Number(cell);
  return Number.isFinite(value) ? value : Number.NaN;
}

function isNumber(cell: string): boolean {
  return !Number.isNaN(numberOf(cell));
}

function isEmpty(cell: string): boolean {
  return cell === "" || cell.trim() === "";
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
