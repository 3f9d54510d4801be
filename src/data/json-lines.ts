import { DataError } from "../errors.ts";
import { checkCells, checkOptions } from "./options.ts";
import { type NamedText, nameOf, readFailure, readText, type StreamSource } from "./source.ts";
import { streamThrough } from "./stream-through.ts";
import type { Column, ColumnType, MissingCells, Table } from "./table.ts";
import { textLines } from "./text-lines.ts";

export interface JsonLinesOptions {
  /** Types of fields by name. A field that is not named here holds numbers or texts, never both. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** What a field without a value (absent or null) does: an error (default), or as `readCsv` has it. */
  readonly missing?: MissingCells;
}

export interface StreamJsonLinesOptions extends JsonLinesOptions {
  /** Rows of each table but the last; 1000 by default. */
  readonly chunkRows?: number;
  /** For messages, where the source is no file. */
  readonly name?: string;
}

type Cell = number | string | undefined;
interface Line {
  readonly number: number;
  readonly cells: ReadonlyMap<string, Cell>;
}

/**
 * Reads JSON lines (one object a line, UTF-8) as a table with a column for each field, in the order in which fields first occur.
 * Values are numbers, texts, true and false (1 and 0), and null (missing, as an absent field is); anything nested is an error
 * that names line and field. Unpacked where the path ends in `.gz`.
 * @throws DataError JSONL_READ, JSONL_SYNTAX, JSONL_EMPTY, JSONL_NESTED, JSONL_TYPE, JSONL_MISSING, JSONL_FIELD, DATA_OPTION
 */
export function readJsonLines(source: string | URL | NamedText, options: JsonLinesOptions = {}): Table {
  checkOptions("readJsonLines", options, ["types", "missing"]);
  checkCells("DATA_OPTION", "field", options);
  const { name, text } = readText(source, "JSON lines", "JSONL_READ");
  const lines = text.split("\n").flatMap((line, i) => parseLine(line, i + 1, name));
  const rows = jsonRows(name, options);
  rows.settleFields(lines);
  const kept = lines.filter((line) => rows.keeps(line));
  if (kept.length === 0) throw noRows(name, lines.length);
  return rows.table(kept, lines.length - kept.length);
}

/**
 * Reads JSON lines piece by piece: tables of `chunkRows` rows with the same columns, which are the fields of the first table's
 * rows and those named in `types`. Errors are those of `readJsonLines`; a field that appears later is one as well.
 * @throws DataError DATA_OPTION at once; the others by the iteration
 */
export function streamJsonLines(
  source: StreamSource,
  options: StreamJsonLinesOptions = {},
): AsyncGenerator<Table, void, undefined> {
  checkOptions("streamJsonLines", options, ["types", "missing", "chunkRows", "name"]);
  checkCells("DATA_OPTION", "field", options);
  const { chunkRows = 1000 } = options;
  if (!(Number.isSafeInteger(chunkRows) && chunkRows >= 1))
    throw new DataError("DATA_OPTION", `chunkRows is ${String(chunkRows)}; a table has 1 row or more.`);
  return tables(source, options.name ?? nameOf(source, "JSON lines stream"), chunkRows, options);
}

async function* tables(
  source: StreamSource,
  name: string,
  chunkRows: number,
  options: JsonLinesOptions,
): AsyncGenerator<Table, void, undefined> {
  const rows = jsonRows(name, options);
  let first = true;
  let read: Line[] = [];
  const kept: Line[] = [];
  let seen = 0;
  let number = 0;
  const keep = (): void => {
    if (first) rows.settleFields(read);
    first = false;
    for (const line of read) if (rows.keeps(line)) kept.push(line);
    read = [];
  };
  try {
    for await (const text of streamThrough(source, textLines())) {
      read.push(...parseLine(text as string, ++number, name));
      // The first table's fields are known when its lines are read; later lines are judged one by one.
      if (first ? read.length < chunkRows : read.length === 0) continue;
      seen += read.length;
      keep();
      while (kept.length > chunkRows) {
        const full = kept.splice(0, chunkRows);
        yield rows.table(full, seen - full.length - kept.length);
        seen = kept.length;
      }
    }
  } catch (cause) {
    throw readFailure(cause, name, "JSONL_READ");
  }
  seen += read.length;
  keep();
  if (kept.length === 0) throw noRows(name, seen);
  yield rows.table(kept, seen - kept.length);
}

/** Blank lines hold no row. */
function parseLine(text: string, number: number, name: string): readonly Line[] {
  // A byte order mark counts as space.
  const trimmed = text.trim();
  if (trimmed === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (cause) {
    throw new DataError("JSONL_SYNTAX", `${name}:${number}: this line is not JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DataError("JSONL_SYNTAX", `${name}:${number}: this line is JSON, but no object.`);
  const cells = Object.entries(value).map(([field, cell]): readonly [string, Cell] => {
    if (cell === null) return [field, undefined];
    if (typeof cell === "boolean") return [field, Number(cell)];
    if (typeof cell === "string" || (typeof cell === "number" && Number.isFinite(cell))) return [field, cell];
    if (typeof cell === "number")
      throw new DataError("JSONL_TYPE", `${name}:${number}: field "${field}" is too large for a number.`);
    throw new DataError(
      "JSONL_NESTED",
      `${name}:${number}: field "${field}" holds ${Array.isArray(cell) ? "a list" : "an object"}; a field of a table is a number, a text, true, false or null.`,
    );
  });
  return [{ number, cells: new Map(cells) }];
}

/** Makes columns of lines; fields and types settle with the first ones. */
function jsonRows(name: string, { types = {}, missing = "error" }: JsonLinesOptions) {
  const settled = new Map<string, ColumnType | undefined>(Object.entries(types));
  const order: string[] = [];

  const columnType = (field: string, lines: readonly Line[]): ColumnType => {
    const known = settled.get(field);
    if (known !== undefined) return known;
    const filled = lines.find(({ cells }) => cells.get(field) !== undefined);
    if (filled === undefined)
      throw new DataError(
        "JSONL_FIELD",
        `${name}: field "${field}" has no value in ${lines.length} line(s). Pass { types: { "${field}": "number" } }, or "text".`,
      );
    return typeof filled.cells.get(field) === "number" ? "number" : "text";
  };

  return {
    settleFields(lines: readonly Line[]): void {
      const fields = new Set(lines.flatMap(({ cells }) => [...cells.keys()]));
      order.push(...fields, ...Object.keys(types).filter((field) => !fields.has(field)));
    },
    keeps({ number, cells }: Line): boolean {
      for (const field of cells.keys())
        if (!order.includes(field))
          throw new DataError(
            "JSONL_FIELD",
            `${name}:${number}: field "${field}" is not among those of the first lines: ${order.join(", ")}. Name it in { types } to have it from the start.`,
          );
      if (missing === "keep") return true;
      const absent = order.find((field) => cells.get(field) === undefined);
      if (absent !== undefined && missing === "error")
        throw new DataError(
          "JSONL_MISSING",
          `${name}:${number}: field "${absent}" has no value. Fill it in, or pass { missing: "drop-row" } or { missing: "keep" }.`,
        );
      return absent === undefined;
    },
    table(lines: readonly Line[], droppedRows: number): Table {
      const columns = order.map((field): Column => {
        const type = columnType(field, lines);
        const cellOf = ({ number, cells }: Line): Cell => {
          const cell = cells.get(field);
          if (cell === undefined || typeof cell === (type === "text" ? "string" : "number")) return cell;
          throw new DataError(
            "JSONL_TYPE",
            `${name}:${number}: field "${field}" is the ${typeof cell === "string" ? `text ${describeText(cell)}` : `number ${cell}`}, but ${Object.hasOwn(types, field) ? "is declared to hold" : "earlier lines hold"} ${type === "text" ? "text" : "numbers"}.`,
          );
        };
        return type === "text"
          ? { name: field, type, values: Object.freeze(lines.map((line) => (cellOf(line) as string) ?? "")) }
          : { name: field, type, values: Float64Array.from(lines, (line) => (cellOf(line) as number) ?? Number.NaN) };
      });
      for (const { name: field, type } of columns) settled.set(field, type);
      return Object.freeze({ source: name, numRows: lines.length, columns: Object.freeze(columns), droppedRows });
    },
  };
}

function describeText(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}

function noRows(name: string, lines: number): DataError {
  return new DataError(
    "JSONL_EMPTY",
    lines === 0 ? `${name} has no lines with an object.` : `${name} has no line in which every field has a value.`,
  );
}
