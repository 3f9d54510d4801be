import { DataError } from "../errors.ts";
import { assertFinite, type Dataset, type DatasetOptions, type Features, makeDataset, targetsOf } from "./dataset.ts";
import { type Encoding, encodingFromJSON, type FittedEncoding, oneHotEncoding } from "./encoding.ts";
import { checkOptions } from "./options.ts";
import { transformFromJSON } from "./pipeline.ts";
import { numbersOf, type Table, textsOf } from "./table.ts";
import { type FittedTransform, namesFromJSON, type Transform, type TransformJSON } from "./transform.ts";

/** Number columns with a transform of their own, such as `pipeline([impute({ strategy: "median" }), standardise()])`. */
export interface NumberColumns {
  readonly columns: readonly string[];
  readonly transform?: Transform;
}

/** Columns of categories, texts or numbers, with an encoding of their own. */
export interface CategoricalColumns {
  readonly columns: readonly string[];
  /** `oneHotEncoding()` by default. */
  readonly encoding?: Encoding;
}

export interface ColumnsOptions extends Partial<Pick<DatasetOptions, "target" | "task" | "classes">> {
  /** Columns to take as numbers, by name (as they are) or in groups with a transform. */
  readonly number?: readonly (string | NumberColumns)[];
  /** Columns to take as categories, by name (one-hot) or in groups with an encoding. */
  readonly categorical?: readonly (string | CategoricalColumns)[];
  /** A transform of all features together, such as `pca`, fitted on them as they come out of their groups. */
  readonly combined?: Transform;
}

/** What makes features of a table's columns, before it has seen data. */
export interface TableTransform {
  /**
   * Learns from these rows alone; give it the training part only.
   * @throws DataError of the transforms and encodings, DATA_COLUMN_UNKNOWN, DATA_COLUMN_TYPE, DATA_MISSING
   */
  fit(train: Table): FittedColumns;
}

/** The same with what it learned. Immutable. */
export interface FittedColumns {
  readonly featureNames: readonly string[];
  /** Names of the target's classes in the training rows; undefined for a regression and without a target. */
  readonly classes: readonly string[] | undefined;
  /** Features of the table's rows; it needs no target column. @throws DataError */
  features(table: Table): Features;
  /** Features and targets of the table's rows. @throws DataError, also DATA_TARGET where no target was named, DATA_CLASSES */
  dataset(table: Table): Dataset;
  /** `columnsFromJSON` reads it. */
  toJSON(): TransformJSON;
}

/** A group of columns with what it learned. */
type FittedGroup =
  | { readonly columns: readonly string[]; readonly transform: FittedTransform | undefined }
  | { readonly encoding: FittedEncoding; readonly column: string };

/**
 * Features from a table's columns: numbers through transforms, categories through encodings, in that order, all fitted on the
 * training rows of the table. Columns that are not named are left out.
 * @throws DataError DATA_FEATURES without columns, or for one named twice
 */
export function columns(options: ColumnsOptions): TableTransform {
  checkOptions("columns", options, ["target", "task", "classes", "number", "categorical", "combined"]);
  const numbers: readonly NumberColumns[] = grouped(options.number ?? []);
  const categories: readonly CategoricalColumns[] = grouped(options.categorical ?? []);
  for (const group of numbers) checkOptions("A group of number columns", group, ["columns", "transform"]);
  for (const group of categories) checkOptions("A group of categorical columns", group, ["columns", "encoding"]);
  const names = [...numbers, ...categories].flatMap((group) => group.columns);
  if (names.length === 0) throw new DataError("DATA_FEATURES", "Name at least one number or categorical column.");
  const twice = names.find((name, i) => names.indexOf(name) !== i || name === options.target);
  if (twice !== undefined)
    throw new DataError(
      "DATA_FEATURES",
      `Column "${twice}" is ${twice === options.target ? "the target and cannot be a feature as well" : "named twice"}.`,
    );
  return {
    fit(train) {
      const groups: FittedGroup[] = numbers.map((group) => ({
        columns: group.columns,
        transform: group.transform?.fit(numberFeatures(train, group.columns)),
      }));
      for (const { columns: members, encoding = oneHotEncoding() } of categories)
        for (const column of members) groups.push({ encoding: encoding.fit(column, textsOf(train, column)), column });
      const rows = joined(train, groups);
      const combined = options.combined?.fit(rows);
      const { featureNames } = combined === undefined ? rows : combined.transform(rows);
      const { target, task = "classification" } = options;
      const classes = target === undefined ? undefined : targetsOf(train, { ...options, target }).classes;
      return fittedColumns({ groups, combined, featureNames, target, task, classes });
    },
  };
}

/** Names that stand by themselves become one group. */
function grouped<Group extends { readonly columns: readonly string[] }>(
  list: readonly (string | Group)[],
): readonly (Group | { readonly columns: readonly string[] })[] {
  const single = list.filter((item) => typeof item === "string");
  const groups = list.filter((item) => typeof item !== "string");
  return single.length === 0 ? groups : [{ columns: single }, ...groups];
}

function numberFeatures(table: Table, names: readonly string[]): Features {
  const values = names.map((name) => numbersOf(table, name));
  const x = new Float64Array(table.numRows * names.length);
  for (const [f, column] of values.entries())
    for (let row = 0; row < table.numRows; row++) x[row * names.length + f] = column[row]!;
  return { x, numRows: table.numRows, numFeatures: names.length, featureNames: names };
}

function groupFeatures(table: Table, group: FittedGroup): Features {
  if ("columns" in group) {
    const numbers = numberFeatures(table, group.columns);
    return group.transform === undefined ? numbers : group.transform.transform(numbers);
  }
  const { names } = group.encoding;
  const x = new Float64Array(table.numRows * names.length);
  for (const [row, value] of textsOf(table, group.column).entries())
    group.encoding.apply(value, row, x, row * names.length);
  return { x, numRows: table.numRows, numFeatures: names.length, featureNames: names };
}

/** The groups' features side by side. */
function joined(table: Table, groups: readonly FittedGroup[]): Features {
  const parts = groups.map((group) => groupFeatures(table, group));
  const featureNames = Object.freeze(parts.flatMap((part) => part.featureNames));
  const numFeatures = featureNames.length;
  const x = new Float64Array(table.numRows * numFeatures);
  let start = 0;
  for (const part of parts) {
    for (let row = 0; row < table.numRows; row++)
      x.set(part.x.subarray(row * part.numFeatures, (row + 1) * part.numFeatures), row * numFeatures + start);
    start += part.numFeatures;
  }
  return { x, numRows: table.numRows, numFeatures, featureNames };
}

function fittedColumns(state: {
  readonly groups: readonly FittedGroup[];
  readonly combined: FittedTransform | undefined;
  readonly featureNames: readonly string[];
  readonly target: string | undefined;
  readonly task: "classification" | "regression";
  readonly classes: readonly string[] | undefined;
}): FittedColumns {
  const { groups, combined, featureNames, target, task, classes } = state;
  const features = (table: Table): Features => {
    const rows = joined(table, groups);
    assertFinite(rows);
    return combined === undefined ? rows : combined.transform(rows);
  };
  return Object.freeze({
    featureNames,
    classes,
    features,
    dataset(table: Table): Dataset {
      if (target === undefined)
        throw new DataError("DATA_TARGET", "A dataset needs a target; name its column: columns({ target, ... }).");
      const targets = targetsOf(table, { target, task, ...(classes === undefined ? {} : { classes }) });
      return makeDataset({ ...features(table), ...targets });
    },
    toJSON: () => ({
      kind: "columns",
      groups: groups.map((group) =>
        "columns" in group
          ? { columns: group.columns, transform: group.transform?.toJSON() ?? null }
          : { encoding: group.encoding.toJSON() },
      ),
      combined: combined?.toJSON() ?? null,
      names: featureNames,
      target: target ?? null,
      task,
      classes: classes ?? null,
    }),
  });
}

/** Fitted columns from what their `toJSON` gave; they give the same bits. @throws DataError TRANSFORM_JSON */
export function columnsFromJSON(json: TransformJSON): FittedColumns {
  const texts = (list: unknown): list is readonly string[] =>
    Array.isArray(list) && list.every((item) => typeof item === "string");
  const wrong = (what: string): DataError => new DataError("TRANSFORM_JSON", `Saved columns need ${what}.`);
  if (json?.kind !== "columns") throw wrong('the kind "columns"');
  const { target, task, classes } = json;
  if (task !== "classification" && task !== "regression") throw wrong("a task");
  if (target !== null && typeof target !== "string") throw wrong("a target or null");
  if (classes !== null && !texts(classes)) throw wrong("classes or null");
  if (!Array.isArray(json.groups) || json.groups.length === 0) throw wrong("groups");
  const transform = (saved: unknown): FittedTransform | undefined =>
    saved === null ? undefined : transformFromJSON(saved as TransformJSON);
  const groups = json.groups.map((group): FittedGroup => {
    if (typeof group !== "object" || group === null) throw wrong("groups that are objects");
    if ("columns" in group) {
      if (!texts(group.columns)) throw wrong("columns by name in each group");
      return { columns: group.columns, transform: transform(group.transform) };
    }
    const encoding = encodingFromJSON(group.encoding);
    return { encoding, column: encoding.toJSON().column };
  });
  return fittedColumns({
    groups,
    combined: transform(json.combined),
    featureNames: namesFromJSON(json),
    target: target ?? undefined,
    task,
    classes: classes ?? undefined,
  });
}
