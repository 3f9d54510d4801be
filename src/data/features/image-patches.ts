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

/**
 * The patches of a picture one after another, each with its pixels row by row and channels last, as a circuit or a convolution takes
 * them in. The outputs form a grid of patches whose channels are a patch's values. `inverse` puts the patches back: exact for
 * pixels that a patch holds (the mean where several hold it), 0 for those that none does.
 * @throws DataError GRID_WINDOW; when fitted GRID_SHAPE
 */
export function imagePatches(options: WindowOptions): Transform {
  checkOptions("imagePatches", options, ["size", "stride", "grid"]);
  return windowTransform(options, patches);
}

function patches(names: readonly string[], windows: GridWindows): FittedTransform {
  const { features, rows, columns, grid } = windows;
  const perPatch = features.length / (rows * columns);
  const held = timesHeld(windows);
  return fittedTransform(
    {
      numOutputs: features.length,
      names: Object.freeze(
        Array.from(features, (feature, at) => {
          const patch = Math.floor(at / perPatch);
          return `patch[${Math.floor(patch / columns)},${patch % columns}].${names[feature]}`;
        }),
      ),
      grid: () => ({ height: rows, width: columns, channels: perPatch }),
      apply(from, fromStart, to, toStart) {
        for (let at = 0; at < features.length; at++) to[toStart + at] = from[fromStart + features[at]!]!;
      },
    },
    {
      numOutputs: names.length,
      names,
      grid: () => grid,
      apply(from, fromStart, to, toStart) {
        for (let at = 0; at < features.length; at++) {
          const feature = features[at]!;
          to[toStart + feature]! += from[fromStart + at]! / held[feature]!;
        }
      },
    },
    () => ({ kind: "imagePatches", names, ...windowsToJSON(windows) }),
  );
}

/** @throws DataError TRANSFORM_JSON */
export function imagePatchesFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  return patches(names, windowsFromJSON(json, names.length));
}
