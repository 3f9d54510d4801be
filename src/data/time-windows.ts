import { DataError } from "../errors.ts";
import { type Dataset, type DatasetOptions, makeDataset, targetsOf } from "./dataset.ts";
import { checkOptions } from "./options.ts";
import { columnOf, numbersOf, type Table, textsOf } from "./table.ts";

export interface TimeWindowOptions extends Pick<DatasetOptions, "task" | "classes" | "missing"> {
  /** Consecutive rows in a window, 1 or more. */
  readonly length: number;
  /** How many rows after the window's last one the target is, 1 by default. */
  readonly horizon?: number;
  /** Rows from one window's start to the next one's, 1 by default. */
  readonly stride?: number;
  /** Of a table: the column to predict. Its past values are features too, unless `features` leaves it out. */
  readonly target?: string;
  /** Of a table: feature columns in order; by default all number columns but `time` and `group`. */
  readonly features?: readonly string[];
  /** Of a table: a column of times, numbers or ISO 8601 dates (UTC where they name no zone), that must rise from row to row. */
  readonly time?: string;
  /** Of a table: a column that says which series a row belongs to, such as a machine; rows of one follow each other. */
  readonly group?: string;
}

/** Windows of a time series, in the order of their targets within each group. */
export interface TimeWindows {
  /**
   * A row is a window: [length, columns] row-major, as the grid 1 x length x columns. Features are named `COLUMN[t-2]`,
   * `COLUMN[t-1]`, `COLUMN[t]`.
   */
  readonly data: Dataset;
  /** Position of each window's target in the source. */
  readonly targetRows: Int32Array;
  /** Time of each window's target, for `timeFolds` and `timeSplit`; dates as milliseconds since 1970. */
  readonly times: Float64Array | undefined;
  /** Group of each window, for `kFold`. */
  readonly groups: readonly string[] | undefined;
  /** Windows to leave out between training and validation, for `timeFolds`: so all training targets are known where a validation window ends. */
  readonly gap: number;
}

/**
 * Windows of a table or a list of numbers, each with a target that comes strictly after it. No window reaches into another group.
 * @throws DataError WINDOW_OPTION, WINDOW_TIME, WINDOW_LENGTH when no group is long enough; as `datasetFromTable`
 */
export function windows(source: Table | ArrayLike<number>, options: TimeWindowOptions): TimeWindows {
  checkOptions("windows", options, [
    ...(["length", "horizon", "stride", "target", "features"] as const),
    ...(["time", "group", "task", "classes", "missing"] as const),
  ]);
  const { length, horizon = 1, stride = 1, missing = "error" } = options;
  for (const [name, value] of Object.entries({ length, horizon, stride }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new DataError("WINDOW_OPTION", `${name} is ${String(value)}; it is an integer of 1 or more.`);
  const series = "columns" in source ? tableSeries(source, options) : listSeries(source, options);
  const { columns, names, targets, numRows, groups } = series;
  checkRising(series.times, groups, series.name);

  const starts = windowStarts(groups, numRows, length + horizon, stride);
  if (starts.length === 0)
    throw new DataError(
      "WINDOW_LENGTH",
      `${series.name} has no ${groups === undefined ? "" : "group of "}${length + horizon} rows, for a window of ${length} and a target ${horizon} after it.`,
    );
  const width = columns.length;
  const x = new Float64Array(starts.length * length * width);
  for (const [window, start] of starts.entries())
    for (let step = 0; step < length; step++)
      for (let c = 0; c < width; c++) x[(window * length + step) * width + c] = columns[c]![start + step]!;
  const featureNames = Array.from({ length }, (_, step) =>
    names.map((name) => `${name}[t${step === length - 1 ? "" : `-${length - 1 - step}`}]`),
  ).flat();
  const targetRows = Int32Array.from(starts, (start) => start + length - 1 + horizon);
  const data: Dataset = makeDataset(
    {
      ...{
        x,
        numRows: starts.length,
        featureNames,
        grid: Object.freeze({ height: 1, width: length, channels: width }),
      },
      ...{ ...targets, y: Float64Array.from(targetRows, (row) => targets.y[row]!) },
    },
    missing === "keep",
  );
  const { times } = series;
  return Object.freeze({
    data,
    targetRows,
    times: times === undefined ? undefined : Float64Array.from(targetRows, (row) => times[row]!),
    groups: groups === undefined ? undefined : Array.from(targetRows, (row) => groups[row]!),
    gap: Math.ceil(horizon / stride) - 1,
  });
}

interface Series {
  readonly name: string;
  readonly numRows: number;
  readonly columns: readonly ArrayLike<number>[];
  readonly names: readonly string[];
  readonly targets: Pick<Dataset, "y" | "targetName" | "classes">;
  readonly times: Float64Array | undefined;
  readonly groups: readonly string[] | undefined;
}

function listSeries(source: ArrayLike<number>, options: TimeWindowOptions): Series {
  const foreign = (["target", "features", "time", "group", "classes"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (foreign !== undefined || options.task === "classification")
    throw new DataError(
      "WINDOW_OPTION",
      `A list of numbers is a regression on its own past; ${foreign ?? "classification"} belongs to a table.`,
    );
  const y = Float64Array.from(source);
  const targets = { y, targetName: "x", classes: undefined };
  return {
    ...{ name: "The series", numRows: y.length, columns: [y], names: ["x"], targets },
    ...{ times: undefined, groups: undefined },
  };
}

function tableSeries(table: Table, options: TimeWindowOptions): Series {
  const { target, time, group, task = "regression" } = options;
  if (target === undefined)
    throw new DataError("WINDOW_OPTION", "Windows of a table need a target: the name of the column to predict.");
  const names =
    options.features ??
    table.columns
      .filter(({ name, type }) => type === "number" && name !== time && name !== group)
      .map(({ name }) => name);
  if (names.length === 0) throw new DataError("DATA_FEATURES", `${table.source} leaves no number column as a feature.`);
  const groups = group === undefined ? undefined : textsOf(table, group);
  if (groups !== undefined) checkGroups(groups, table.source);
  return {
    name: table.source,
    numRows: table.numRows,
    columns: names.map((name) => numbersOf(table, name)),
    names,
    targets: targetsOf(table, { ...options, target, task }),
    times: time === undefined ? undefined : timesOf(table, time),
    groups,
  };
}

/** A date, or date and time, of ISO 8601, also with a space for the T. */
const ISO_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

function timesOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.type === "number") return column.values;
  return Float64Array.from(column.values, (text, row) => {
    const [, date, clock, zone = "Z"] = ISO_TIME.exec(text.trim()) ?? [];
    const time = Date.parse(`${date}T${clock ?? "00:00"}${zone}`);
    if (!Number.isNaN(time)) return time;
    throw new DataError(
      "WINDOW_TIME",
      `Row ${row} of ${table.source} has the time "${text}"; times are numbers or ISO 8601 dates, such as 2024-05-31 or 2024-05-31T12:00Z.`,
    );
  });
}

function checkRising(times: Float64Array | undefined, groups: readonly string[] | undefined, name: string): void {
  if (times === undefined) return;
  for (let row = 0; row < times.length; row++) {
    const follows = row > 0 && (groups === undefined || groups[row] === groups[row - 1]);
    if (!Number.isFinite(times[row]) || (follows && times[row]! <= times[row - 1]!))
      throw new DataError(
        "WINDOW_TIME",
        `Row ${row} of ${name} ${Number.isFinite(times[row]) ? "is not later than the row before it" : "has no time"}; sort the rows by time, with one row for each.`,
      );
  }
}

function checkGroups(groups: readonly string[], name: string): void {
  const seen = new Set<string>();
  for (const [row, group] of groups.entries()) {
    if (group === groups[row - 1]) continue;
    if (seen.has(group))
      throw new DataError(
        "WINDOW_TIME",
        `Row ${row} of ${name} goes back to the group "${group}"; sort the rows by group.`,
      );
    seen.add(group);
  }
}

function windowStarts(
  groups: readonly string[] | undefined,
  numRows: number,
  span: number,
  stride: number,
): readonly number[] {
  const starts: number[] = [];
  let begin = 0;
  while (begin < numRows) {
    let end = begin;
    while (end < numRows && (groups === undefined || groups[end] === groups[begin])) end++;
    for (let start = begin; start + span <= end; start += stride) starts.push(start);
    begin = end;
  }
  return starts;
}
