import type { FunctionBuilder, Index, Operations, Variable } from "../../../providers/simulator/wasm/index.ts";
import { firstLanes, type KernelEmitter, REAL, storeMasked, UNIT } from "./columns.ts";

/** Rows of a tile: with two vectors of columns their sums fill half of the sixteen registers of SSE and AVX. */
const TILE_ROWS = 4;
/** Columns of a panel in bytes: two vectors. */
const PANEL = 2 * UNIT;
/** Steps along a row that are written out. */
const UNROLL = 4;

/**
 * product(input, places, rows, segments, segmentBytes, segmentStride, panels, bias, columnBytes, slope, ceiling, output,
 * rowBytes): output = min(max(s, slope·s), ceiling) of the sums s = bias + input·kernel, for `rows` ≥ 1 rows of `columnBytes` / 4
 * columns, `rowBytes` apart.
 *
 * A row of the input begins `places[row]` bytes (u32) after `input`; it consists of `segments` segments of `segmentBytes`,
 * `segmentStride` bytes apart: one for a dense layer, and for a convolution one for each row of its window, so that a window
 * is read where it is in the image. The kernel lies in panels of 8 columns (the last one of 4 where that suffices): all rows
 * of the first panel, then those of the next. A panel stays in the nearest cache, and sums in registers, while the input's
 * rows stream through: a systolic array's weight-stationary flow. 2 operations for each 4 products.
 * slope 1 and ceiling ∞ are no activation, 0 and ∞ relu, 0 and 6 relu6, s and ∞ leakyRelu.
 */
export const emitProduct: KernelEmitter = (module) => {
  module.add(
    "product",
    {
      input: "index",
      places: "index",
      rows: "index",
      segments: "index",
      segmentBytes: "index",
      segmentStride: "index",
      panels: "index",
      bias: "index",
      columnBytes: "index",
      slope: "real",
      ceiling: "real",
      output: "index",
      rowBytes: "index",
    },
    (f, p, o) => {
      const slope = f.vector(o.splat(p.slope));
      const ceiling = f.vector(o.splat(p.ceiling));
      const wholeBytes = f.index(o.and(p.segmentBytes, o.at(-UNROLL * REAL)));
      const gap = f.index(o.sub(p.segmentStride, p.segmentBytes));
      const depth = f.index(o.mul(p.segments, p.segmentBytes));

      /** The sums of some rows from `place` on, over the panel at `panel` with `vectors` vectors of columns. */
      const tile = (
        rows: number,
        vectors: 1 | 2,
        panel: Index,
        column: Index,
        place: Index,
        to: Index,
        left: Index,
      ) => {
        const weights = f.index(panel);
        const inputs = Array.from({ length: rows }, (_, row) => f.index(o.add(p.input, o.loadIndex(place, row * 4))));
        const sums = inputs.map(() =>
          Array.from({ length: vectors }, (_, v) => f.vector(o.load(o.add(p.bias, column), v * UNIT))),
        );
        const step = (steps: number): void => {
          for (let k = 0; k < steps; k++) {
            const loaded = Array.from({ length: vectors }, (_, v) =>
              f.vector(o.load(weights, (k * vectors + v) * UNIT)),
            );
            for (const [row, from] of inputs.entries()) {
              const x = f.vector(o.loadSplat(from, k * REAL));
              for (const [v, w] of loaded.entries()) f.set(sums[row]![v]!, o.vadd(sums[row]![v]!, o.vmul(x, w)));
            }
          }
          for (const from of inputs) f.set(from, o.add(from, o.at(steps * REAL)));
          f.set(weights, o.add(weights, o.at(steps * vectors * UNIT)));
        };
        const lead = inputs[0]!;
        const segment = f.index(p.segments);
        f.doWhile(() => {
          const end = f.index(o.add(lead, p.segmentBytes));
          const wholeEnd = f.index(o.add(lead, wholeBytes));
          f.when(o.lt(lead, wholeEnd), () =>
            f.doWhile(() => {
              step(UNROLL);
              return o.lt(lead, wholeEnd);
            }),
          );
          f.when(o.lt(lead, end), () =>
            f.doWhile(() => {
              step(1);
              return o.lt(lead, end);
            }),
          );
          for (const from of inputs) f.set(from, o.add(from, gap));
          f.set(segment, o.sub(segment, o.at(1)));
          return o.notEqual(segment, o.at(0));
        });
        for (const row of sums)
          for (const sum of row) f.set(sum, o.vsmaller(o.vlarger(sum, o.vmul(sum, slope)), ceiling));
        storeTile(f, o, sums, to, p.rowBytes, left);
      };

      const panel = f.index(p.panels);
      f.loop(o.at(0), p.columnBytes, o.at(PANEL), (column) => {
        const left = f.index(o.sub(p.columnBytes, column));
        const rowsOf = (vectors: 1 | 2): void => {
          const place = f.index(p.places);
          const to = f.index(o.add(p.output, column));
          const rest = f.index(p.rows);
          f.when(o.lt(o.at(TILE_ROWS - 1), rest), () =>
            f.doWhile(() => {
              tile(TILE_ROWS, vectors, panel, column, place, to, left);
              f.set(place, o.add(place, o.at(4 * TILE_ROWS)));
              f.set(to, o.add(to, o.mul(p.rowBytes, o.at(TILE_ROWS))));
              f.set(rest, o.sub(rest, o.at(TILE_ROWS)));
              return o.lt(o.at(TILE_ROWS - 1), rest);
            }),
          );
          const tails = Array.from({ length: TILE_ROWS }, (_, rows) => () => {
            if (rows > 0) tile(rows, vectors, panel, column, place, to, left);
          });
          f.choose(o.wrap(rest), tails);
        };
        f.when(
          o.lt(o.at(UNIT), left),
          () => rowsOf(2),
          () => rowsOf(1),
        );
        f.set(panel, o.add(panel, o.mul(depth, o.at(PANEL / REAL))));
      });
    },
  );
};

/** Stores rows of sums, of which `left` bytes are columns. */
function storeTile(
  f: FunctionBuilder,
  o: Operations,
  rows: readonly (readonly Variable<"v128">[])[],
  to: Index,
  rowBytes: Index,
  left: Index,
): void {
  const vectors = rows[0]!.length;
  const store = (last: (address: Index, sum: Variable<"v128">) => void): void => {
    const address = f.index(to);
    for (const row of rows) {
      for (const [v, sum] of row.entries()) if (v < vectors - 1) f.store(address, sum, v * UNIT);
      last(vectors > 1 ? o.add(address, o.at((vectors - 1) * UNIT)) : address, row.at(-1)!);
      f.set(address, o.add(address, rowBytes));
    }
  };
  f.when(
    o.lt(left, o.at(vectors * UNIT)),
    () => {
      const mask = firstLanes(f, o, o.sub(left, o.at((vectors - 1) * UNIT)));
      store((address, sum) => storeMasked(f, o, address, sum, mask));
    },
    () => store((address, sum) => f.store(address, sum)),
  );
}
