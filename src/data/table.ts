import { DataError } from "../errors.ts";

/** What a cell without a value does: it is an error, its row is left out, or it is kept as missing. */
export type MissingCells = "error" | "drop-row" | "keep";

/** A column of a table: numbers or texts, one per row. A missing cell is NaN among numbers and empty among texts. */
export type Column =
  | { readonly name: string; readonly type: "number"; readonly values: Float64Array }
  | { readonly name: string; readonly type: "text"; readonly values: readonly string[] };

export type ColumnType = Column["type"];

/** Named columns of equal length, as read from a file. */
export interface Table {
  /** Where the table came from, for messages. */
  readonly source: string;
  readonly numRows: number;
  readonly columns: readonly Column[];
  /** Rows left out for missing cells (only with `missing: "drop-row"`). */
  readonly droppedRows: number;
}

/** The column of that name. @throws DataError DATA_COLUMN_UNKNOWN */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const names = table.columns.map((candidate) => candidate.name);
  const near = names.find((other) => other.trim().toLowerCase() === String(name).trim().toLowerCase());
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  throw new DataError(
    "DATA_COLUMN_UNKNOWN",
    near === undefined
      ? `${table.source} has no column "${name}". It has: ${names.slice(0, MOST_NAMES).join(", ")}${more}.`
      : `${table.source} has no column "${name}", but one "${near}".`,
  );
}

/** Names of columns in a message. */
const MOST_NAMES = 20;

/** The values of a number column. @throws DataError DATA_COLUMN_UNKNOWN, DATA_COLUMN_TYPE */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.type === "number") return column.values;
  throw new DataError(
    "DATA_COLUMN_TYPE",
    `Column "${name}" of ${table.source} holds text such as "${column.values[0]}", but numbers are needed here.`,
  );
}

/** The values of a column as text; numbers in their shortest form, missing cells empty. @throws DataError DATA_COLUMN_UNKNOWN */
export function textsOf(table: Table, name: string): readonly string[] {
  const column = columnOf(table, name);
  if (column.type === "text") return column.values;
  return Array.from(column.values, (value) => (Number.isNaN(value) ? "" : String(value)));
}

/** The given rows of a table, in the given order. @throws DataError DATA_EMPTY, DATA_ROW */
export function selectTableRows(table: Table, rows: ArrayLike<number>): Table {
  if (rows.length === 0) throw new DataError("DATA_EMPTY", "No row was selected; a table needs at least one.");
  for (let i = 0; i < rows.length; i++)
    if (!(Number.isInteger(rows[i]) && rows[i]! >= 0 && rows[i]! < table.numRows))
      throw new DataError("DATA_ROW", `Row ${rows[i]} does not exist in a table of ${table.numRows} row(s).`);
  const picked = Array.from(rows);
  const columns = table.columns.map(
    (column): Column =>
      column.type === "number"
        ? { ...column, values: Float64Array.from(picked, (row) => column.values[row]!) }
        : { ...column, values: Object.freeze(picked.map((row) => column.values[row]!)) },
  );
  return Object.freeze({ ...table, numRows: picked.length, columns: Object.freeze(columns) });
}
