import { type FunctionBuilder, type Index, integers, type ModuleBuilder, type V128 } from "../../../providers/index.ts";

/** Channels of a step. */
const CHANNELS = 8;

/**
 * `maxPool{W}` and `averagePool{W}`: windows over images of `channels` channels, a multiple of 8, of W bytes each. `windows` has
 * for each of `count` windows five u32: its first address, its rows, its columns, the address of the result, and 1 over its size as f32. Pixels are
 * `channels` · W bytes apart, rows `rowStride` bytes. A mean is rounded to the nearest integer, ties to even; a window has at
 * most 256 pixels, whose sums fit in an i16. O(count · window · channels).
 */
export function emitPool(module: ModuleBuilder, width: 1 | 2): void {
  const parameters = { count: "index", windows: "index", channels: "index", rowStride: "index" } as const;
  const read = (address: Index): V128 => (width === 1 ? integers.load8x8(address) : module.operations.load(address));
  for (const average of [false, true])
    module.add(`${average ? "average" : "max"}Pool${width}`, parameters, (f, p, o) => {
      const channelBytes = f.index(o.mul(p.channels, o.at(width)));
      const best = f.vector();
      const row = f.index();
      const at = f.index();
      f.loop(o.at(0), o.mul(p.count, o.at(20)), o.at(20), (index) => {
        const window = f.index(o.add(p.windows, index));
        f.loop(o.at(0), channelBytes, o.at(CHANNELS * width), (channel) => {
          f.set(row, o.add(o.loadIndex(window), channel));
          // The first pixel twice: a largest number does not mind.
          f.set(best, average ? integers.i32Constant(0) : read(row));
          f.loop(o.at(0), o.loadIndex(window, 4), o.at(1), () => {
            f.set(at, row);
            f.loop(o.at(0), o.loadIndex(window, 8), o.at(1), () => {
              f.set(best, average ? integers.i16Add(best, read(at)) : integers.i16Max(best, read(at)));
              f.set(at, o.add(at, channelBytes));
            });
            f.set(row, o.add(row, p.rowStride));
          });
          const target = f.index(o.add(o.loadIndex(window, 12), channel));
          if (average) f.set(best, mean(f, best, o.loadSplat(window, 16), o));
          if (width === 1) f.storeLane(8, target, integers.i8Narrow(best, best), 0);
          else f.store(target, best);
        });
      });
    });
}

function mean(f: FunctionBuilder, sum: V128, inverse: V128, o: ModuleBuilder["operations"]): V128 {
  const factor = f.vector(inverse);
  const part = (lanes: V128): V128 => integers.i32Truncate(o.nearest(o.vmul(integers.f32Convert(lanes), factor)));
  return integers.i16Narrow(part(integers.i32ExtendLow(sum)), part(integers.i32ExtendHigh(sum)));
}
