import { DataError } from "../../errors.ts";
import type { Features, GridShape } from "../dataset.ts";
import { checkTrainingRows, type FittedTransform, type Transform, type TransformJSON } from "../transform.ts";

/** Height and width, or one number for both. */
export type GridSize = number | readonly [height: number, width: number];

export interface WindowOptions {
  readonly size: GridSize;
  /** From one window to the next; the size by default, so that windows touch. */
  readonly stride?: GridSize;
  /** How the features of a row form a picture; by default as the dataset says. */
  readonly grid?: GridShape;
}

/** Windows over a grid, none of which reaches beyond its edge. */
export interface GridWindows {
  readonly grid: GridShape;
  readonly size: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  /** Windows down and across. */
  readonly rows: number;
  readonly columns: number;
  /** For each window, row by row, the features in it: pixels row by row, channels last. [rows·columns, height·width·channels] */
  readonly features: Int32Array;
}

/**
 * A transform of what windows hold: sizes are looked at now, and windows are laid when it is fitted.
 * @throws DataError GRID_WINDOW; when fitted GRID_SHAPE
 */
export function windowTransform(
  options: WindowOptions,
  fitted: (names: readonly string[], windows: GridWindows) => FittedTransform,
): Transform {
  const size = checkedSize("size", options.size);
  const stride = checkedSize("stride", options.stride ?? size);
  return {
    fit(train) {
      checkTrainingRows(train);
      return fitted(train.featureNames, gridWindows(gridOf(train, options.grid), size, stride));
    },
  };
}

/** How many windows hold each feature. */
export function timesHeld({ features, grid }: GridWindows): Float64Array {
  const held = new Float64Array(grid.height * grid.width * grid.channels);
  for (const feature of features) held[feature]!++;
  return held;
}

/** @throws DataError GRID_WINDOW */
function checkedSize(what: string, size: GridSize): readonly [number, number] {
  const [height, width] = typeof size === "number" ? [size, size] : (size ?? []);
  if (![height, width].every((side) => Number.isSafeInteger(side) && side! >= 1))
    throw new DataError(
      "GRID_WINDOW",
      `${what} is ${JSON.stringify(size)}; give an integer of 1 or more, or [height, width].`,
    );
  return [height!, width!];
}

/** The grid of the rows' features. @throws DataError GRID_SHAPE */
function gridOf(rows: Features, given: GridShape | undefined): GridShape {
  const grid = given ?? rows.grid;
  if (grid === undefined)
    throw new DataError(
      "GRID_SHAPE",
      "These features form no grid by themselves; give grid: { height, width, channels }.",
    );
  const { height, width, channels } = grid;
  if (
    ![height, width, channels].every((side) => Number.isSafeInteger(side) && side >= 1) ||
    height * width * channels !== rows.numFeatures
  )
    throw new DataError(
      "GRID_SHAPE",
      `${rows.numFeatures} feature(s) form no grid of ${height} × ${width} with ${channels} channel(s).`,
    );
  return { height, width, channels };
}

/** @throws DataError GRID_WINDOW for a window that is larger than the grid */
function gridWindows(grid: GridShape, size: readonly [number, number], stride: readonly [number, number]): GridWindows {
  const { height, width, channels } = grid;
  if (size[0] > height || size[1] > width)
    throw new DataError(
      "GRID_WINDOW",
      `A window of ${size[0]} × ${size[1]} does not fit a grid of ${height} × ${width}.`,
    );
  const rows = Math.floor((height - size[0]) / stride[0]) + 1;
  const columns = Math.floor((width - size[1]) / stride[1]) + 1;
  const features = new Int32Array(rows * columns * size[0] * size[1] * channels);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < size[0]; y++)
        for (let x = 0; x < size[1]; x++)
          for (let channel = 0; channel < channels; channel++)
            features[at++] = ((row * stride[0] + y) * width + column * stride[1] + x) * channels + channel;
  return { grid, size, stride, rows, columns, features };
}

/** What a saved transform keeps of its windows. */
export function windowsToJSON({ grid, size, stride }: GridWindows) {
  return { grid, size: [...size], stride: [...stride] };
}

/** @throws DataError TRANSFORM_JSON */
export function windowsFromJSON(json: TransformJSON, numInputs: number): GridWindows {
  const { grid, size, stride } = json as { grid?: GridShape; size?: GridSize; stride?: GridSize };
  try {
    const rows = { x: new Float64Array(0), numRows: 0, numFeatures: numInputs, featureNames: [] };
    const own = gridOf(rows, grid ?? { height: 0, width: 0, channels: 0 });
    return gridWindows(own, checkedSize("size", size!), checkedSize("stride", stride!));
  } catch (error) {
    throw new DataError(
      "TRANSFORM_JSON",
      `The windows of a saved ${json.kind} transform: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
