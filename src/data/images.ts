import { DataError } from "../errors.ts";
import { type Dataset, type DatasetOptions, datasetFromTable, fromArrays, type GridShape } from "./dataset.ts";
import { checkOptions } from "./options.ts";
import type { Table } from "./table.ts";

/** A picture: flat (row-major, channels last), or lists [height][width] or [height][width][channels]. */
export type ImageArray = ArrayLike<number> | readonly ArrayLike<number>[] | readonly (readonly ArrayLike<number>[])[];

/**
 * A dataset of pictures of one size: each row is a picture, row-major with channels last, and `grid` says how. Features are named
 * `pY_X` (`pY_X_C` with several channels).
 * @param y class names, or class indices (values for a regression)
 * @param options.grid needed for flat pictures
 * @throws DataError IMAGE_GRID, DATA_EMPTY, DATA_SHAPE, DATA_TYPE, DATA_NOT_FINITE, DATA_CLASSES
 */
export function imagesFromArrays(
  images: readonly ImageArray[],
  y: ArrayLike<number> | readonly string[],
  options: {
    readonly grid?: GridShape;
    readonly task?: "classification" | "regression";
    readonly classes?: readonly string[];
    readonly targetName?: string;
  } = {},
): Dataset {
  checkOptions("imagesFromArrays", options, ["grid", "task", "classes", "targetName"]);
  if (images.length === 0) throw new DataError("DATA_EMPTY", "A dataset needs at least one picture.");
  const { grid = gridOf(images[0]!), ...rest } = options;
  checkGrid(grid);
  const rows = images.map((image, row) => flat(image, grid, row));
  return withGrid(fromArrays(rows, y, { ...rest, featureNames: pixelNames(grid) }), grid);
}

/**
 * A dataset of pictures from a table with a column for each pixel, in row-major order with channels last.
 * @param options.pixels the pixels' columns in order; by default all number columns but the target and `exclude`
 * @throws DataError IMAGE_GRID unless there are height·width·channels of them; as `datasetFromTable`
 */
export function imagesFromTable(
  table: Table,
  options: Omit<DatasetOptions, "features"> & { readonly grid: GridShape; readonly pixels?: readonly string[] },
): Dataset {
  checkOptions("imagesFromTable", options, ["target", "task", "classes", "exclude", "missing", "grid", "pixels"]);
  const { grid, pixels, ...rest } = options;
  checkGrid(grid);
  return withGrid(datasetFromTable(table, { ...rest, ...(pixels === undefined ? {} : { features: pixels }) }), grid);
}

/**
 * The same dataset, with features that are taken as a grid: row-major, channels last.
 * @throws DataError IMAGE_GRID unless height·width·channels is the number of features
 */
export function withGrid(source: Dataset, grid: GridShape): Dataset {
  const { height, width, channels } = checkGrid(grid);
  if (height * width * channels !== source.numFeatures)
    throw new DataError(
      "IMAGE_GRID",
      `A grid of ${height}x${width}x${channels} has ${height * width * channels} value(s), but these rows have ${source.numFeatures} feature(s).`,
    );
  return Object.freeze({ ...source, grid: Object.freeze({ height, width, channels }) });
}

function checkGrid(grid: GridShape): GridShape {
  checkOptions("A grid", grid, ["height", "width", "channels"]);
  const sides = [grid.height, grid.width, grid.channels];
  if (sides.every((side) => Number.isSafeInteger(side) && side >= 1)) return grid;
  throw new DataError(
    "IMAGE_GRID",
    `A grid has a height, a width and a number of channels of 1 or more each, not ${sides.map(String).join("x")}.`,
  );
}

function pixelNames({ height, width, channels }: GridShape): readonly string[] {
  return Array.from({ length: height * width * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return `p${Math.floor(pixel / width)}_${pixel % width}${channels === 1 ? "" : `_${i % channels}`}`;
  });
}

const isList = (value: unknown): value is ArrayLike<unknown> => typeof value === "object" && value !== null;

function gridOf(image: ImageArray): GridShape {
  const first: unknown = image[0];
  if (!isList(first))
    throw new DataError("IMAGE_GRID", "Flat pictures need their size: { grid: { height: 8, width: 8, channels: 1 } }.");
  return { height: image.length, width: first.length, channels: isList(first[0]) ? first[0].length : 1 };
}

/** The values of one picture, whose shape must be that of the grid. */
function flat(image: ImageArray, { height, width, channels }: GridShape, row: number): readonly number[] {
  const shape = (list: ArrayLike<unknown>, expected: number, what: string): readonly unknown[] => {
    if (list.length === expected) return Array.from(list);
    throw new DataError(
      "DATA_SHAPE",
      `Picture ${row} has ${list.length} ${what}, but the grid of ${height}x${width}x${channels} has ${expected}.`,
    );
  };
  if (!isList(image[0])) return shape(image, height * width * channels, "value(s)") as number[];
  return shape(image, height, "row(s)").flatMap((line) =>
    shape(isList(line) ? line : [line], width, "pixel(s) in a row").flatMap(
      (pixel) => shape(isList(pixel) ? pixel : [pixel], channels, "channel(s) in a pixel") as number[],
    ),
  );
}
