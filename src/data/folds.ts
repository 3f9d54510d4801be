import { Rng } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import type { FittedColumns, TableTransform } from "./columns.ts";
import { type Dataset, selectRows } from "./dataset.ts";
import { checkOptions } from "./options.ts";
import type { Table } from "./table.ts";
import type { FittedTransform, Transform } from "./transform.ts";

/** Rows to train on and rows to judge by, as positions, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** One value for each row: names of classes or groups, or numbers. */
export type RowLabels = ArrayLike<number> | readonly string[];

export interface KFoldOptions {
  /** 2 or more. */
  readonly folds: number;
  readonly seed: number;
  /** Keeps each class's share in every fold: true for the classes of a dataset, or a label for each row. */
  readonly stratified?: boolean | RowLabels;
  /** A group for each row; rows of one group (a patient, a machine) are never on both sides. */
  readonly groups?: RowLabels;
}

/**
 * k folds: every row is in the validation part of one fold and in the training part of the others. Sizes differ by one row at most
 * (stratified: in each class, and in all; grouped: as even as a greedy choice of whole groups, large ones first, makes them).
 * @throws DataError DATA_SPLIT for fewer rows, groups or members of a class than folds, or both `stratified` and `groups`
 */
export function kFold(
  source: { readonly numRows: number; readonly y?: Float64Array; readonly classes?: readonly string[] | undefined },
  options: KFoldOptions,
): readonly Fold[] {
  checkOptions("kFold", options, ["folds", "seed", "stratified", "groups"]);
  const { folds, seed, stratified = false, groups } = options;
  checkFolds(folds, source.numRows);
  if (stratified !== false && groups !== undefined)
    throw new DataError("DATA_SPLIT", "Folds are stratified or keep groups together, not both.");
  const rng = Rng.seed(seed).fork("folds");
  const fold = new Int32Array(source.numRows);
  if (groups !== undefined) {
    const members = shuffled(membersOf(groups, source.numRows, "group"), rng).sort((a, b) => b.length - a.length);
    if (members.length < folds)
      throw new DataError("DATA_SPLIT", `${members.length} group(s) do not fill ${folds} folds.`);
    const sizes = new Int32Array(folds);
    for (const rows of members) {
      const smallest = sizes.indexOf(Math.min(...sizes));
      sizes[smallest]! += rows.length;
      for (const row of rows) fold[row] = smallest;
    }
  } else {
    const strata =
      stratified === false
        ? [Array.from(fold.keys())]
        : membersOf(stratified === true ? classesOf(source) : stratified, source.numRows, "label");
    const small = strata.find((rows) => rows.length < folds);
    if (small !== undefined)
      throw new DataError("DATA_SPLIT", `A class of ${small.length} row(s) is not in each of ${folds} folds.`);
    // Going on where the last class ended keeps the folds themselves even.
    let next = 0;
    for (const [stratum, rows] of strata.entries())
      for (const place of rng.fork(stratum).permutation(rows.length)) fold[rows[place]!] = next++ % folds;
  }
  return Object.freeze(Array.from({ length: folds }, (_, k) => partition(fold, k)));
}

export interface TimeFoldsOptions {
  /** 1 or more. */
  readonly folds: number;
  /** Rows of each validation part; by default an equal share of all, rows / (folds + 1). */
  readonly validationRows?: number;
  /** Rows left out between the two parts, 0 by default: where targets lie ahead of their features, as far as they do. */
  readonly gap?: number;
  /** At most so many rows before the gap are trained on (a sliding window); by default all (an expanding one). */
  readonly trainRows?: number;
  /** The time of each row, ascending; by default rows are in order. Rows as late as the first validation row are not trained on. */
  readonly times?: ArrayLike<number>;
}

/**
 * Folds along time: each trains on the past and is judged by what comes next, and the last one ends with the last row (as
 * scikit-learn's TimeSeriesSplit). No fold trains on its future.
 * @throws DataError DATA_SPLIT when the rows do not suffice, or times are not ascending
 */
export function timeFolds(source: { readonly numRows: number }, options: TimeFoldsOptions): readonly Fold[] {
  checkOptions("timeFolds", options, ["folds", "validationRows", "gap", "trainRows", "times"]);
  const { numRows } = source;
  const { folds, gap = 0, trainRows = numRows, times } = options;
  const { validationRows = Math.floor(numRows / (folds + 1)) } = options;
  for (const [name, value, least] of [
    ["folds", folds, 1],
    ["validationRows", validationRows, 1],
    ["gap", gap, 0],
    ["trainRows", trainRows, 1],
  ] as const)
    if (!(Number.isSafeInteger(value) && value >= least))
      throw new DataError("DATA_SPLIT", `${name} is ${String(value)}; it is an integer of ${least} or more.`);
  checkTimes(times, numRows);
  const first = numRows - folds * validationRows;
  return Object.freeze(
    Array.from({ length: folds }, (_, k): Fold => {
      const start = first + k * validationRows;
      let end = start - gap;
      if (times !== undefined && start >= 0) while (end > 0 && times[end - 1]! >= times[start]!) end--;
      if (end < 1)
        throw new DataError(
          "DATA_SPLIT",
          `Fold ${k} of ${folds} has no row to train on: ${numRows} row(s), of which each validation part takes ${validationRows} and the gap ${gap}.`,
        );
      return Object.freeze({
        train: range(Math.max(0, end - trainRows), end),
        validation: range(start, start + validationRows),
      });
    }),
  );
}

/** One round of a cross-validation. */
export interface CrossValidationRound<Fitted> {
  /** From 0. */
  readonly fold: number;
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Fitted on the training rows of this round. */
  readonly fitted: Fitted;
  /** Positions of the rows in the source. */
  readonly rows: Fold;
}

/**
 * Goes through folds: the rows of each part, transformed by what was fitted on that fold's training rows alone. A table goes
 * through `columns({ target, ... })`; of a dataset the transform may be left out.
 * @throws DataError of the transform; DATA_ROW for folds of another source
 */
export function crossValidate(
  source: Table,
  folds: Iterable<Fold>,
  transform: TableTransform,
): Generator<CrossValidationRound<FittedColumns>, void, undefined>;
export function crossValidate(
  source: Dataset,
  folds: Iterable<Fold>,
  transform: Transform,
): Generator<CrossValidationRound<FittedTransform>, void, undefined>;
export function crossValidate(
  source: Dataset,
  folds: Iterable<Fold>,
): Generator<CrossValidationRound<undefined>, void, undefined>;
export function* crossValidate(
  source: Table | Dataset,
  folds: Iterable<Fold>,
  transform?: TableTransform | Transform,
): Generator<CrossValidationRound<FittedColumns | FittedTransform | undefined>, void, undefined> {
  const isTable = "columns" in source;
  if (isTable && transform === undefined)
    throw new DataError("DATA_OPTION", "A table goes through columns({ target, ... }); give it as the third argument.");
  let fold = 0;
  for (const rows of folds) {
    if (isTable) {
      const train = selectRows(source, rows.train);
      const fitted = (transform as TableTransform).fit(train);
      const validation = fitted.dataset(selectRows(source, rows.validation));
      yield Object.freeze({ fold, train: fitted.dataset(train), validation, fitted, rows });
    } else {
      const train = selectRows(source, rows.train);
      const validation = selectRows(source, rows.validation);
      const fitted = (transform as Transform | undefined)?.fit(train);
      yield Object.freeze({
        fold,
        train: fitted?.transform(train) ?? train,
        validation: fitted?.transform(validation) ?? validation,
        fitted,
        rows,
      });
    }
    fold++;
  }
}

function checkFolds(folds: number, numRows: number): void {
  if (!(Number.isSafeInteger(folds) && folds >= 2 && folds <= numRows))
    throw new DataError(
      "DATA_SPLIT",
      `${numRows} row(s) cannot make ${String(folds)} folds; 2 or more, with a row each.`,
    );
}

/** @throws DataError DATA_SPLIT unless there is a finite time for each row, ascending */
export function checkTimes(times: ArrayLike<number> | undefined, numRows: number): void {
  if (times === undefined) return;
  if (times.length !== numRows)
    throw new DataError("DATA_SPLIT", `${times.length} time(s) were given for ${numRows} row(s).`);
  for (let row = 0; row < numRows; row++)
    if (!(Number.isFinite(times[row]) && (row === 0 || times[row]! >= times[row - 1]!)))
      throw new DataError(
        "DATA_SPLIT",
        `Row ${row} is at ${times[row]}, after ${times[row - 1]}; sort the rows by time.`,
      );
}

function classesOf({ y, classes }: { readonly y?: Float64Array; readonly classes?: readonly string[] | undefined }) {
  if (y !== undefined && classes !== undefined) return y;
  throw new DataError(
    "DATA_SPLIT",
    "Stratified folds need classes; give a label for each row: { stratified: textsOf(table, column) }.",
  );
}

/** The rows of each label, in the order in which labels first occur. */
function membersOf(labels: RowLabels, numRows: number, what: string): number[][] {
  if (labels.length !== numRows)
    throw new DataError("DATA_SPLIT", `${labels.length} ${what}(s) were given for ${numRows} row(s).`);
  const members = new Map<number | string, number[]>();
  for (let row = 0; row < numRows; row++) {
    const rows = members.get(labels[row]!);
    if (rows === undefined) members.set(labels[row]!, [row]);
    else rows.push(row);
  }
  return [...members.values()];
}

function shuffled<Item>(items: readonly Item[], rng: Rng): Item[] {
  return Array.from(rng.permutation(items.length), (place) => items[place]!);
}

function partition(fold: Int32Array, k: number): Fold {
  const rows = Int32Array.from(fold.keys());
  return Object.freeze({
    train: rows.filter((row) => fold[row] !== k),
    validation: rows.filter((row) => fold[row] === k),
  });
}

function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
