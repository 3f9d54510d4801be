import { DataError } from "../../errors.ts";
import { checkOptions } from "../options.ts";
import {
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  type Transform,
  type TransformJSON,
} from "../transform.ts";
import {
  type GridWindows,
  timesHeld,
  type WindowOptions,
  windowsFromJSON,
  windowsToJSON,
  windowTransform,
} from "./grid-windows.ts";

export interface PoolingOptions extends WindowOptions {
  /** "mean" by default. */
  readonly kind?: PoolingKind;
}

type PoolingKind = "mean" | "max";
const KINDS: readonly unknown[] = ["mean", "max"];

/**
 * The mean or the largest value of each window of a picture, channel by channel, as average and max pooling without padding. The
 * outputs form the smaller grid. `inverse` gives every pixel the value of its window (the mean where several hold it), 0 to those
 * that none does.
 * @throws DataError GRID_WINDOW, DATA_OPTION; when fitted GRID_SHAPE
 */
export function pooling(options: PoolingOptions): Transform {
  checkOptions("pooling", options, ["size", "stride", "grid", "kind"]);
  const { kind = "mean" } = options;
  if (!KINDS.includes(kind))
    throw new DataError("DATA_OPTION", `kind is ${JSON.stringify(kind)}; give "mean" or "max".`);
  return windowTransform(options, (names, windows) => pooled(names, kind, windows));
}

function pooled(names: readonly string[], kind: PoolingKind, windows: GridWindows): FittedTransform {
  const { features, rows, columns, size, grid } = windows;
  const { channels } = grid;
  const pixels = size[0] * size[1];
  const numOutputs = rows * columns * channels;
  const held = timesHeld(windows);
  return fittedTransform(
    {
      numOutputs,
      names: Object.freeze(
        Array.from({ length: numOutputs }, (_, at) => {
          const place = Math.floor(at / channels);
          const channel = channels === 1 ? "" : `,${at % channels}`;
          return `${kind}[${Math.floor(place / columns)},${place % columns}${channel}]`;
        }),
      ),
      grid: () => ({ height: rows, width: columns, channels }),
      apply(from, fromStart, to, toStart) {
        for (let at = 0; at < numOutputs; at++) {
          let index = Math.floor(at / channels) * pixels * channels + (at % channels);
          let value = from[fromStart + features[index]!]!;
          for (let pixel = 1; pixel < pixels; pixel++) {
            index += channels;
            const next = from[fromStart + features[index]!]!;
            value = kind === "max" ? Math.max(value, next) : value + next;
          }
          to[toStart + at] = kind === "max" ? value : value / pixels;
        }
      },
    },
    {
      numOutputs: names.length,
      names,
      grid: () => grid,
      apply(from, fromStart, to, toStart) {
        for (let index = 0; index < features.length; index++) {
          const feature = features[index]!;
          const at = Math.floor(index / (pixels * channels)) * channels + (index % channels);
          to[toStart + feature]! += from[fromStart + at]! / held[feature]!;
        }
      },
    },
    () => ({ kind: "pooling", names, pooling: kind, ...windowsToJSON(windows) }),
  );
}

/** @throws DataError TRANSFORM_JSON */
export function poolingFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const { pooling: kind } = json;
  if (!KINDS.includes(kind))
    throw new DataError(
      "TRANSFORM_JSON",
      `A saved pooling transform pools by "mean" or "max", not ${JSON.stringify(kind)}.`,
    );
  return pooled(names, kind as PoolingKind, windowsFromJSON(json, names.length));
}
