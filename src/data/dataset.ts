import { DataError } from "../errors.ts";
import { checkOptions } from "./options.ts";
import { columnOf, numbersOf, selectTableRows, type Table, textsOf } from "./table.ts";

/** A row's features as a picture: row-major over height, width, channels (channels last, as in TensorFlow.js). */
export interface GridShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Rows of features, row-major [numRows, numFeatures]. */
export interface Features {
  readonly x: Float64Array;
  readonly numRows: number;
  readonly numFeatures: number;
  readonly featureNames: readonly string[];
  /** Of features that are pixels or the like: height·width·channels = numFeatures. */
  readonly grid?: GridShape;
}

/**
 * Features with one target a row. For classification `y` holds class indices and `classes` their names; for regression
 * `y` holds the values and `classes` is undefined.
 */
export interface Dataset extends Features {
  readonly y: Float64Array;
  readonly targetName: string;
  readonly classes: readonly string[] | undefined;
}

export interface DatasetOptions {
  /** The column to predict. */
  readonly target: string;
  /** `classification` (default): every distinct target value is a class. `regression`: the target is a number. */
  readonly task?: "classification" | "regression";
  /** Feature columns in order; by default all number columns but the target and `exclude`. */
  readonly features?: readonly string[];
  /** Columns that are not features, such as identifiers or outcomes. */
  readonly exclude?: readonly string[];
  /** Names of the classes in order, for tables that may not hold all of them, such as those of a stream. */
  readonly classes?: readonly string[];
  /** What a missing cell (NaN) among the features does: an error (default), or it stays missing, for `impute()` to fill in. */
  readonly missing?: "error" | "keep";
}

/**
 * A dataset from a table's columns. Classes are ordered by number where all are numbers, else by text.
 * @throws DataError DATA_COLUMN_UNKNOWN, DATA_COLUMN_TYPE, DATA_FEATURES, DATA_CLASSES, DATA_MISSING for a row without a target,
 * DATA_NOT_FINITE for a missing feature unless they are kept
 */
export function datasetFromTable(table: Table, options: DatasetOptions): Dataset {
  checkOptions("datasetFromTable", options, ["target", "task", "features", "exclude", "classes", "missing"]);
  const { target, exclude = [], missing = "error" } = options;
  if (missing !== "error" && missing !== "keep")
    throw new DataError("DATA_OPTION", `missing is "${String(missing)}"; it is "error" or "keep".`);
  for (const name of exclude) columnOf(table, name);
  const left = new Set([target, ...exclude]);
  const featureNames =
    options.features ??
    table.columns.filter(({ name, type }) => type === "number" && !left.has(name)).map(({ name }) => name);
  if (featureNames.length === 0)
    throw new DataError("DATA_FEATURES", `${table.source} leaves no number column as a feature.`);
  if (featureNames.includes(target))
    throw new DataError("DATA_FEATURES", `"${target}" is the target and cannot be a feature as well.`);
  const columns = featureNames.map((name) => numbersOf(table, name));
  const x = new Float64Array(table.numRows * columns.length);
  for (const [feature, values] of columns.entries())
    for (let row = 0; row < table.numRows; row++) x[row * columns.length + feature] = values[row]!;
  return makeDataset({ x, numRows: table.numRows, featureNames, ...targetsOf(table, options) }, missing === "keep");
}

/**
 * A table's column as targets.
 * @throws DataError DATA_COLUMN_UNKNOWN, DATA_COLUMN_TYPE, DATA_CLASSES, DATA_MISSING
 */
export function targetsOf(
  table: Table,
  options: Pick<DatasetOptions, "target" | "task" | "classes">,
): Pick<Dataset, "y" | "targetName" | "classes"> {
  const { target, task = "classification" } = options;
  if (task !== "classification" && task !== "regression")
    throw new DataError("DATA_OPTION", `task is "${String(task)}"; it is "classification" or "regression".`);
  const labels = textsOf(table, target);
  const absent = labels.indexOf("");
  if (absent >= 0)
    throw new DataError("DATA_MISSING", `Row ${absent} of ${table.source} has no "${target}", which is the target.`);
  if (task === "regression") return { y: numbersOf(table, target).slice(), targetName: target, classes: undefined };
  return { ...encodeClasses(labels, options.classes), targetName: target };
}

/**
 * A dataset from arrays: rows of equal length and one target a row. Text targets are class names; number targets are
 * class indices 0, 1, ... for classification (default) and values for regression.
 * @throws DataError DATA_EMPTY, DATA_SHAPE, DATA_TYPE, DATA_NOT_FINITE, DATA_CLASSES
 */
export function fromArrays(
  x: readonly ArrayLike<number>[],
  y: ArrayLike<number> | readonly string[],
  options: {
    readonly task?: "classification" | "regression";
    readonly featureNames?: readonly string[];
    readonly targetName?: string;
    /** Names of the classes 0, 1, ...; by default the indices that occur. */
    readonly classes?: readonly string[];
  } = {},
): Dataset {
  checkOptions("fromArrays", options, ["task", "featureNames", "targetName", "classes"]);
  const { task = "classification", targetName = "y" } = options;
  if (x.length === 0) throw new DataError("DATA_EMPTY", "A dataset needs at least one row.");
  const flatRow = x.findIndex((row) => typeof row !== "object" || row === null);
  if (flatRow >= 0)
    throw new DataError(
      "DATA_SHAPE",
      `Row ${flatRow} is ${String(x[flatRow])}; each row is a list of features, such as [${String(x[flatRow])}].`,
    );
  const numFeatures = x[0]!.length;
  const ragged = x.findIndex((row) => row.length !== numFeatures);
  if (ragged !== -1)
    throw new DataError("DATA_SHAPE", `Row ${ragged} has ${x[ragged]!.length} value(s), but row 0 has ${numFeatures}.`);
  if (y?.length === undefined)
    throw new DataError("DATA_SHAPE", "fromArrays(rows, targets) takes a target for each row, such as [0, 1, 1].");
  if (y.length !== x.length)
    throw new DataError("DATA_SHAPE", `${x.length} row(s) of features were given with ${y.length} target(s).`);
  const featureNames = options.featureNames ?? Array.from({ length: numFeatures }, (_, i) => `x${i}`);
  const flat = new Float64Array(x.length * numFeatures);
  for (const [row, values] of x.entries())
    for (let i = 0; i < numFeatures; i++)
      flat[row * numFeatures + i] = asNumber(values[i], () => `Feature ${featureNames[i]} of row ${row}`);
  if (typeof y[0] === "string") {
    const encoded = encodeClasses(Array.from(y, String), options.classes);
    return makeDataset({ x: flat, numRows: x.length, featureNames, targetName, ...encoded });
  }
  const values = Float64Array.from(y as ArrayLike<number>, (value, row) => asNumber(value, () => `Target ${row}`));
  const classes = task === "regression" ? undefined : (options.classes ?? namesOfIndices(values));
  return makeDataset({ x: flat, numRows: x.length, featureNames, y: values, targetName, classes });
}

/** A number as it is; `Number(null)` and the like would make data up. */
function asNumber(value: unknown, what: () => string): number {
  if (typeof value === "number") return value;
  throw new DataError("DATA_TYPE", `${what()} is ${JSON.stringify(value) ?? String(value)}, which is no number.`);
}

/** Checks and freezes. Every dataset is made here or by `selectRows`. @throws DataError DATA_SHAPE, DATA_NOT_FINITE, DATA_CLASSES */
export function makeDataset(parts: Omit<Dataset, "numFeatures">, takesMissing = false): Dataset {
  const { x, numRows, featureNames, y, targetName, classes, grid } = parts;
  const numFeatures = x.length / numRows;
  if (numFeatures === 0) throw new DataError("DATA_SHAPE", "A dataset needs at least one feature.");
  if (featureNames.length !== numFeatures)
    throw new DataError("DATA_SHAPE", `${featureNames.length} name(s) were given for ${numFeatures} feature(s).`);
  assertFinite({ x, numRows, numFeatures, featureNames }, takesMissing);
  for (const [row, target] of y.entries())
    if (classes === undefined ? !Number.isFinite(target) : !(Number.isInteger(target) && classes[target] !== undefined))
      throw classes === undefined
        ? new DataError("DATA_NOT_FINITE", `Target ${row} is ${target}; targets must be finite numbers.`)
        : new DataError(
            "DATA_CLASSES",
            `Target ${row} is ${target}; classes are given as integers from 0 to ${classes.length - 1}, or as text.`,
          );
  return Object.freeze({
    x,
    numRows,
    numFeatures,
    featureNames: Object.freeze([...featureNames]),
    y,
    targetName,
    classes,
    ...(grid === undefined ? {} : { grid }),
  });
}

/** @throws DataError DATA_NOT_FINITE naming row and feature; with `takesMissing`, NaN is a missing value and no error */
export function assertFinite(features: Features, takesMissing = false): void {
  for (let i = 0; i < features.x.length; i++) {
    const value = features.x[i]!;
    if (Number.isFinite(value) || (takesMissing && Number.isNaN(value))) continue;
    throw new DataError(
      "DATA_NOT_FINITE",
      `Feature ${features.featureNames[i % features.numFeatures]} of row ${Math.floor(i / features.numFeatures)} is ${value}; features must be finite numbers${Number.isNaN(value) ? " (impute() fills in missing ones)" : ""}.`,
    );
  }
}

/** The given rows, in the given order. @throws DataError DATA_EMPTY, DATA_ROW */
export function selectRows<Source extends Dataset | Table>(source: Source, rows: ArrayLike<number>): RowsOf<Source> {
  return ("columns" in source ? selectTableRows(source, rows) : selectDatasetRows(source, rows)) as RowsOf<Source>;
}

/** What rows of a table or dataset are. */
export type RowsOf<Source extends Dataset | Table> = Source extends Table ? Table : Dataset;

function selectDatasetRows(source: Dataset, rows: ArrayLike<number>): Dataset {
  if (rows.length === 0) throw new DataError("DATA_EMPTY", "No row was selected; a dataset needs at least one.");
  const { numFeatures } = source;
  const x = new Float64Array(rows.length * numFeatures);
  const y = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < source.numRows))
      throw new DataError("DATA_ROW", `Row ${row} does not exist in a dataset of ${source.numRows} row(s).`);
    x.set(source.x.subarray(row * numFeatures, (row + 1) * numFeatures), i * numFeatures);
    y[i] = source.y[row]!;
  }
  return Object.freeze({ ...source, x, y, numRows: rows.length });
}

/**
 * Class indices as rows with a single 1: [y.length, numClasses], row-major.
 * @throws DataError DATA_CLASSES
 */
export function oneHot(y: ArrayLike<number>, numClasses: number): Float64Array {
  const encoded = new Float64Array(y.length * numClasses);
  for (let row = 0; row < y.length; row++) {
    const label = y[row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < numClasses))
      throw new DataError(
        "DATA_CLASSES",
        `Target ${row} is ${label}; with ${numClasses} classes it must be 0 to ${numClasses - 1}.`,
      );
    encoded[row * numClasses + label] = 1;
  }
  return encoded;
}

export function encodeClasses(labels: readonly string[], given?: readonly string[]) {
  const classes = given ?? [...new Set(labels)].sort(compareLabels);
  const index = new Map(classes.map((name, i) => [name, i]));
  const y = Float64Array.from(labels, (label, row) => {
    const found = index.get(label);
    if (found === undefined)
      throw new DataError("DATA_CLASSES", `Target ${row} is "${label}", which is none of: ${classes.join(", ")}.`);
    return found;
  });
  return { y, classes: Object.freeze([...classes]) };
}

export function compareLabels(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference) && difference !== 0) return difference;
  return a < b ? -1 : a > b ? 1 : 0;
}

function namesOfIndices(y: Float64Array): readonly string[] {
  let highest = 0;
  for (const label of y) if (label > highest) highest = label;
  return Array.from({ length: Math.floor(Math.min(highest, 1e6)) + 1 }, (_, i) => String(i));
}
