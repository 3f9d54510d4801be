import { DataError } from "../errors.ts";

/** A column of a table: numbers or texts, one per row. */
export type Column =
  | { readonly name: string; readonly type: "number"; readonly values: Float64Array }
  | { readonly name: string; readonly type: "text"; readonly values: readonly string[] };

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
  throw new DataError(
    "DATA_COLUMN_UNKNOWN",
    `${table.source} has no column "${name}". It has: ${table.columns.map((candidate) => candidate.name).join(", ")}.`,
  );
}

/** The values of a number column. @throws DataError DATA_COLUMN_UNKNOWN, DATA_COLUMN_TYPE */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.type === "number") return column.values;
  throw new DataError(
    "DATA_COLUMN_TYPE",
    `Column "${name}" of ${table.source} holds text such as "${column.values[0]}", but numbers are needed here.`,
  );
}

/** The values of a column as text; numbers in their shortest form. @throws DataError DATA_COLUMN_UNKNOWN */
export function textsOf(table: Table, name: string): readonly string[] {
  const column = columnOf(table, name);
  return column.type === "text" ? column.values : Array.from(column.values, String);
}
