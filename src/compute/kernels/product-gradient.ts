import type { Index } from "../../../providers/simulator/wasm/index.ts";
import { type KernelEmitter, REAL, UNIT } from "./columns.ts";

const TILE_ROWS = 4;
const PANEL = 2 * UNIT;

/**
 * productGradient(input, places, rows, segments, segmentBytes, segmentStride, cotangents, columnBytes, rowBytes, gradient, keep):
 * gradient = (keep ? gradient : 0) + inputᵀ·cotangents, in the panels of the kernel; the arguments as those of `product`,
 * cotangents [rows, columns] `rowBytes` apart. A tile of four rows of the kernel stays in registers while rows of the input
 * and cotangents stream. What panels have beyond the columns is junk.
 */
export const emitProductGradient: KernelEmitter = (module) => {
  module.add(
    "productGradient",
    {
      input: "index",
      places: "index",
      rows: "index",
      segments: "index",
      segmentBytes: "index",
      segmentStride: "index",
      cotangents: "index",
      columnBytes: "index",
      rowBytes: "index",
      gradient: "index",
      keep: "index",
    },
    (f, p, o) => {
      const lastPlace = f.index(o.add(p.places, o.mul(p.rows, o.at(4))));
      const to = f.index(p.gradient);
      const keep = f.vector(o.vequal(o.splat(o.number(0)), o.splat(o.number(0))));
      f.when(o.equal(p.keep, o.at(0)), () => f.set(keep, o.constant(0)));
      const tile = (rows: number, vectors: 1 | 2, from: Index, column: Index): void => {
        const sums = Array.from({ length: rows }, (_, row) =>
          Array.from({ length: vectors }, (_, v) => f.vector(o.vand(keep, o.load(to, (row * vectors + v) * UNIT)))),
        );
        const cotangent = f.index(o.add(p.cotangents, column));
        f.loop(p.places, lastPlace, o.at(4), (place) => {
          const input = f.index(o.add(from, o.loadIndex(place)));
          const loaded = Array.from({ length: vectors }, (_, v) => f.vector(o.load(cotangent, v * UNIT)));
          for (const [row, ofRow] of sums.entries()) {
            const x = f.vector(o.loadSplat(input, row * REAL));
            for (const [v, dy] of loaded.entries()) f.set(ofRow[v]!, o.vadd(ofRow[v]!, o.vmul(x, dy)));
          }
          f.set(cotangent, o.add(cotangent, p.rowBytes));
        });
        for (const [row, ofRow] of sums.entries())
          for (const [v, sum] of ofRow.entries()) f.store(to, sum, (row * vectors + v) * UNIT);
        f.set(to, o.add(to, o.at(rows * vectors * UNIT)));
      };
      f.loop(o.at(0), p.columnBytes, o.at(PANEL), (column) => {
        const rowsOf = (vectors: 1 | 2): void => {
          const from = f.index(p.input);
          f.loop(o.at(0), p.segments, o.at(1), () => {
            const rest = f.index(o.shr(p.segmentBytes, o.at(2)));
            const within = f.index(from);
            f.when(o.lt(o.at(TILE_ROWS - 1), rest), () =>
              f.doWhile(() => {
                tile(TILE_ROWS, vectors, within, column);
                f.set(within, o.add(within, o.at(TILE_ROWS * REAL)));
                f.set(rest, o.sub(rest, o.at(TILE_ROWS)));
                return o.lt(o.at(TILE_ROWS - 1), rest);
              }),
            );
            const tails = Array.from({ length: TILE_ROWS }, (_, rows) => () => {
              if (rows > 0) tile(rows, vectors, within, column);
            });
            f.choose(o.wrap(rest), tails);
            f.set(from, o.add(from, p.segmentStride));
          });
        };
        f.when(
          o.lt(o.at(UNIT), o.sub(p.columnBytes, column)),
          () => rowsOf(2),
          () => rowsOf(1),
        );
      });
    },
  );
};
