import { DataError } from "../errors.ts";
import { compareLabels } from "./dataset.ts";
import { checkOptions } from "./options.ts";

/** How the categories of one column become numbers, before it has seen data. */
export interface Encoding {
  /** Learns from these training values; an empty text is a missing one. @throws DataError ENCODING_MISSING, ENCODING_UNKNOWN */
  fit(column: string, values: readonly string[]): FittedEncoding;
}

/** A column's encoding with what it learned. */
export interface FittedEncoding {
  readonly names: readonly string[];
  /** Writes the numbers of one value. `row` is for messages. @throws DataError ENCODING_MISSING, ENCODING_UNKNOWN */
  apply(value: string, row: number, to: Float64Array, toStart: number): void;
  toJSON(): EncodingState;
}

/** What a fitted encoding is made of, and its JSON. */
export interface EncodingState {
  readonly column: string;
  readonly names: readonly string[];
  readonly categories: readonly string[];
  /** [categories, names], row-major. */
  readonly codes: readonly number[];
  /** Numbers of a category that is not among them; null where that is an error. */
  readonly unknown: readonly number[] | null;
  /** The category that a missing value counts as; null where it is an error. */
  readonly missing: string | null;
}

export interface EncodingOptions {
  /** What a missing value does: an error (default); it is a category of its own, named ""; or it counts as the most frequent one. */
  readonly missing?: "error" | "category" | "most-frequent";
  /** What a category does that no training row has: an error (default), or all its numbers are 0. */
  readonly unknown?: "error" | "zeros";
}

/** A feature `COLUMN=CATEGORY` for each category of the training rows: 1 in rows that have it, else 0. @throws DataError DATA_OPTION */
export function oneHotEncoding(options: EncodingOptions = {}): Encoding {
  checkOptions("oneHotEncoding", options, ["missing", "unknown"]);
  checkChoices(options);
  return {
    fit(column, values) {
      const { categories, missing } = categoriesOf(column, values, options.missing);
      return fittedEncoding({
        column,
        names: categories.map((category) => `${column}=${category}`),
        categories,
        codes: categories.flatMap((_, i) => categories.map((_, j) => Number(i === j))),
        unknown: options.unknown === "zeros" ? categories.map(() => 0) : null,
        missing,
      });
    },
  };
}

/** The share of training rows that have the row's category, 0 to 1; it knows nothing of targets. @throws DataError DATA_OPTION */
export function frequencyEncoding(options: EncodingOptions = {}): Encoding {
  checkOptions("frequencyEncoding", options, ["missing", "unknown"]);
  checkChoices(options);
  return {
    fit(column, values) {
      const { categories, missing, counts } = categoriesOf(column, values, options.missing);
      return fittedEncoding({
        column,
        names: [column],
        categories,
        codes: categories.map((category) => (counts.get(category) ?? 0) / values.length),
        unknown: options.unknown === "zeros" ? [0] : null,
        missing,
      });
    },
  };
}

/**
 * The place of the row's category among all, from 0: in the `order` given, else numbers by size and texts by code unit.
 * @param options.unknown an error (default), or the number that a category without a place gets
 * @throws DataError DATA_OPTION
 */
export function ordinalEncoding(
  options: {
    readonly order?: readonly string[];
    readonly unknown?: "error" | number;
    readonly missing?: "error" | "category" | "most-frequent";
  } = {},
): Encoding {
  checkOptions("ordinalEncoding", options, ["order", "missing", "unknown"]);
  const { order, unknown = "error" } = options;
  checkChoices(options.missing === undefined ? {} : { missing: options.missing });
  if (unknown !== "error" && !Number.isFinite(unknown))
    throw new DataError("DATA_OPTION", `unknown is "${String(unknown)}"; it is "error" or a finite number.`);
  if (order !== undefined && (order.length === 0 || new Set(order).size < order.length))
    throw new DataError("DATA_OPTION", "order names every category once, and at least one.");
  return {
    fit(column, values) {
      const found = categoriesOf(column, values, options.missing);
      const categories = order ?? found.categories;
      const fitted = fittedEncoding({
        column,
        names: [column],
        categories,
        codes: categories.map((_, place) => place),
        unknown: unknown === "error" ? null : [unknown],
        missing: found.missing,
      });
      const code = new Float64Array(1);
      for (const [row, value] of values.entries()) fitted.apply(value, row, code, 0);
      return fitted;
    },
  };
}

function categoriesOf(column: string, values: readonly string[], missing: EncodingOptions["missing"] = "error") {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (missing === "error" && counts.has("")) throw missingValue(column, values.indexOf(""));
  const filled = [...counts.keys()].filter((category) => category !== "").sort(compareLabels);
  if (missing === "category") return { categories: [...filled, ""], missing: "", counts };
  if (filled.length === 0)
    throw new DataError("ENCODING_MISSING", `Column "${column}" has no value in ${values.length} training row(s).`);
  if (missing === "error") return { categories: filled, missing: null, counts };
  const frequent = filled.reduce((best, category) => (counts.get(category)! > counts.get(best)! ? category : best));
  counts.set(frequent, counts.get(frequent)! + (counts.get("") ?? 0));
  return { categories: filled, missing: frequent, counts };
}

function fittedEncoding(state: EncodingState): FittedEncoding {
  const { column, names, categories, codes, unknown, missing } = state;
  const place = new Map(categories.map((category, i) => [category, i]));
  return Object.freeze({
    names,
    apply(value: string, row: number, to: Float64Array, toStart: number): void {
      if (value === "" && missing === null) throw missingValue(column, row);
      const category = value === "" ? missing! : value;
      const found = place.get(category);
      if (found === undefined && unknown === null)
        throw new DataError(
          "ENCODING_UNKNOWN",
          `"${category}" in row ${row} of column "${column}" is none of the categories that were fitted: ${shown(categories)}. Allow it with the encoding's option "unknown".`,
        );
      for (let i = 0; i < names.length; i++)
        to[toStart + i] = found === undefined ? unknown![i]! : codes[found * names.length + i]!;
    },
    toJSON: () => state,
  });
}

/** @throws DataError TRANSFORM_JSON */
export function encodingFromJSON(json: unknown): FittedEncoding {
  const state = json as EncodingState;
  const texts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === "string");
  const numbers = (list: unknown, length: number): boolean =>
    Array.isArray(list) && list.length === length && list.every((item) => Number.isFinite(item));
  const sound =
    typeof state === "object" &&
    state !== null &&
    typeof state.column === "string" &&
    texts(state.names) &&
    texts(state.categories) &&
    numbers(state.codes, state.names.length * state.categories.length) &&
    (state.unknown === null || numbers(state.unknown, state.names.length)) &&
    (state.missing === null || typeof state.missing === "string");
  if (!sound)
    throw new DataError("TRANSFORM_JSON", "A saved encoding needs a column, names, categories, and a code for each.");
  return fittedEncoding(state);
}

function missingValue(column: string, row: number): DataError {
  return new DataError(
    "ENCODING_MISSING",
    `Row ${row} has no value in column "${column}". Say with the encoding's option "missing" what that is to count as.`,
  );
}

function shown(categories: readonly string[]): string {
  const first = categories.slice(0, 10).map((category) => `"${category}"`);
  return first.join(", ") + (categories.length > 10 ? `, and ${categories.length - 10} more` : "");
}

/** @throws DataError DATA_OPTION */
function checkChoices({ missing = "error", unknown = "error" }: EncodingOptions): void {
  if (!["error", "category", "most-frequent"].includes(missing))
    throw new DataError("DATA_OPTION", `missing is "${missing}"; it is "error", "category" or "most-frequent".`);
  if (unknown !== "error" && unknown !== "zeros")
    throw new DataError("DATA_OPTION", `unknown is "${String(unknown)}"; it is "error" or "zeros".`);
}
