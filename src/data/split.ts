import { Rng } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import { type Dataset, encodeClasses, type RowsOf, selectRows } from "./dataset.ts";
import { checkTimes, type RowLabels } from "./folds.ts";
import { checkOptions } from "./options.ts";
import type { Table } from "./table.ts";

/**
 * Splits a dataset or table by a name for each row, such as a table's `split` column of "train" and "test". Rows keep their order.
 * @throws DataError DATA_SPLIT when a required part is missing or the number of names is not that of the rows
 */
export function splitByNames<Part extends string, Source extends Dataset | Table = Dataset>(
  source: Source,
  names: readonly string[],
  parts: readonly Part[],
): Readonly<Record<Part, RowsOf<Source>>> {
  if (names.length !== source.numRows)
    throw new DataError("DATA_SPLIT", `${names.length} split name(s) were given for ${source.numRows} row(s).`);
  const unknown = names.findIndex((name) => !(parts as readonly string[]).includes(name));
  if (unknown !== -1)
    throw new DataError(
      "DATA_SPLIT",
      `Row ${unknown} belongs to the part "${names[unknown]}", which is none of: ${parts.join(", ")}.`,
    );
  return Object.fromEntries(
    parts.map((part) => {
      const rows = names.flatMap((name, row) => (name === part ? [row] : []));
      if (rows.length === 0) throw new DataError("DATA_SPLIT", `No row belongs to the part "${part}".`);
      return [part, selectRows(source, rows)];
    }),
  ) as Record<Part, RowsOf<Source>>;
}

/**
 * Splits a dataset or table at random into parts with the given fractions, which sum to 1. Part sizes are exact to the nearest row (largest
 * remainder). Same seed, same parts.
 * @param options.stratified keeps each class's share in every part, exact to the nearest row within the class: true for the
 * classes of a dataset, or a label for each row
 * @throws DataError DATA_SPLIT when fractions do not sum to 1, a part gets no row, or a regression is to be stratified
 */
export function randomSplit<Part extends string, Source extends Dataset | Table = Dataset>(
  source: Source,
  fractions: Readonly<Record<Part, number>>,
  options: { readonly seed: number; readonly stratified?: boolean | RowLabels },
): Readonly<Record<Part, RowsOf<Source>>> {
  checkOptions("randomSplit", options, ["seed", "stratified"]);
  const parts = Object.keys(fractions) as Part[];
  const shares = checkFractions(fractions, parts);
  const { stratified = false } = options;
  const groups =
    stratified === false
      ? [Int32Array.from({ length: source.numRows }, (_, i) => i)]
      : rowsByClass(stratified === true ? classesOf(source) : classesFrom(stratified, source.numRows));
  const rng = Rng.seed(options.seed).fork("split");
  const rows: number[][] = parts.map(() => []);
  for (const [group, members] of groups.entries()) {
    const order = rng.fork(group).permutation(members.length);
    let start = 0;
    for (const [part, size] of apportion(members.length, shares).entries()) {
      for (let i = start; i < start + size; i++) rows[part]!.push(members[order[i]!]!);
      start += size;
    }
  }
  return Object.fromEntries(
    parts.map((part, i) => {
      if (rows[i]!.length === 0) throw noRows(part, source.numRows);
      return [
        part,
        selectRows(
          source,
          rows[i]!.sort((a, b) => a - b),
        ),
      ];
    }),
  ) as Record<Part, RowsOf<Source>>;
}

/**
 * Splits a dataset or table along time into parts with the given fractions, in their order: the first part is the earliest. Sizes are exact to the
 * nearest row. A part never shares a time with the one after it: rows that do are left out of the earlier part.
 * @param options.times the time of each row, ascending; by default rows are in order
 * @param options.gap rows left out at the end of each part but the last, 0 by default; see `timeFolds`
 * @throws DataError DATA_SPLIT when fractions do not sum to 1, a part gets no row, or times are not ascending
 */
export function timeSplit<Part extends string, Source extends Dataset | Table = Dataset>(
  source: Source,
  fractions: Readonly<Record<Part, number>>,
  options: { readonly times?: ArrayLike<number>; readonly gap?: number } = {},
): Readonly<Record<Part, RowsOf<Source>>> {
  checkOptions("timeSplit", options, ["times", "gap"]);
  const { times, gap = 0 } = options;
  if (!(Number.isSafeInteger(gap) && gap >= 0))
    throw new DataError("DATA_SPLIT", `gap is ${String(gap)}; it is an integer of 0 or more.`);
  checkTimes(times, source.numRows);
  const parts = Object.keys(fractions) as Part[];
  const sizes = apportion(source.numRows, checkFractions(fractions, parts));
  let start = 0;
  return Object.fromEntries(
    parts.map((part, i) => {
      const next = start + sizes[i]!;
      let end = next < source.numRows ? next - gap : next;
      if (times !== undefined && next < source.numRows) while (end > start && times[end - 1]! >= times[next]!) end--;
      if (end <= start) throw noRows(part, source.numRows);
      const rows = Int32Array.from({ length: end - start }, (_, row) => start + row);
      start = next;
      return [part, selectRows(source, rows)];
    }),
  ) as Record<Part, RowsOf<Source>>;
}

function checkFractions<Part extends string>(
  fractions: Readonly<Record<Part, number>>,
  parts: readonly Part[],
): readonly number[] {
  const shares = parts.map((part) => fractions[part]);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (!shares.every((share) => share > 0) || Math.abs(total - 1) > 1e-9)
    throw new DataError(
      "DATA_SPLIT",
      `Fractions must be above 0 and sum to 1, but ${JSON.stringify(fractions)} sum to ${total}.`,
    );
  return shares;
}

function noRows(part: string, numRows: number): DataError {
  return new DataError("DATA_SPLIT", `The part "${part}" gets none of ${numRows} row(s); give it a larger fraction.`);
}

type Classes = Pick<Dataset, "y"> & { readonly classes: readonly string[] };

function classesOf(source: Dataset | Table): Classes {
  if ("columns" in source)
    throw new DataError("DATA_SPLIT", "A table has no classes; give labels: { stratified: textsOf(table, column) }.");
  const { y, classes } = source;
  if (classes === undefined)
    throw new DataError("DATA_SPLIT", "A stratified split needs classes, but this dataset is for regression.");
  return { y, classes };
}

function classesFrom(labels: RowLabels, numRows: number): Classes {
  if (labels.length !== numRows)
    throw new DataError("DATA_SPLIT", `${labels.length} label(s) were given for ${numRows} row(s).`);
  return encodeClasses(Array.from(labels, String));
}

function rowsByClass({ y, classes }: Classes): readonly Int32Array[] {
  const rows: number[][] = classes.map(() => []);
  for (const [row, label] of y.entries()) rows[label]!.push(row);
  return rows.map((members) => Int32Array.from(members));
}

/** Whole numbers that sum to `total` and differ from `total·share` by less than 1. */
function apportion(total: number, shares: readonly number[]): readonly number[] {
  // Float noise such as 0.1·3 must not hand a whole row to the wrong part.
  const exact = shares.map((share) => Math.round(total * share * 1e9) / 1e9);
  const sizes = exact.map(Math.floor);
  const left = total - sizes.reduce((sum, size) => sum + size, 0);
  const byRemainder = exact.map((size, i) => [size - sizes[i]!, i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of byRemainder.slice(0, left)) sizes[i]!++;
  return sizes;
}
