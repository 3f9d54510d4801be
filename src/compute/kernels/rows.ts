import { forVectors, type KernelEmitter, REAL, storeVector, sumRows, UNIT } from "./columns.ts";

/*
 * Sums over rows and moves of rows; `bytes` are those of the columns that count, rows are `rowBytes` apart.
 *
 * columnSums(from, rows, bytes, rowBytes, to, scale, keep): to = (keep ? to : 0) + scale·Σ rows.
 * copyRows(from, fromBytes, rows, bytes, to, toBytes): rows of `from`, fromBytes apart, to those of `to`.
 * addWindows(from, places, rows, segments, segmentBytes, segmentStride, to): to += rows of segments, where `product` would read
 * them: its transpose.
 * transpose(panels, depth, columns, to): the kernel [depth, columns] in panels to its transpose in panels. One number at a time.
 */
export const emitRows: KernelEmitter = (module) => {
  module.add(
    "columnSums",
    { from: "index", rows: "index", bytes: "index", rowBytes: "index", to: "index", scale: "real", keep: "index" },
    (f, p, o) => {
      const scale = f.vector(o.splat(p.scale));
      forVectors(f, o, p.bytes, (offset, mask) => {
        const address = f.index(o.add(p.from, offset));
        const sum = sumRows(
          f,
          o,
          p.rows,
          () => o.load(address),
          () => f.set(address, o.add(address, p.rowBytes)),
        );
        const to = f.index(o.add(p.to, offset));
        const scaled = f.vector(o.vmul(sum, scale));
        f.when(o.notEqual(p.keep, o.at(0)), () => f.set(scaled, o.vadd(o.load(to), scaled)));
        storeVector(f, o, to, scaled, mask);
      });
    },
  );

  module.add(
    "copyRows",
    { from: "index", fromBytes: "index", rows: "index", bytes: "index", to: "index", toBytes: "index" },
    (f, p, o) => {
      const from = f.index(p.from);
      const to = f.index(p.to);
      f.loop(o.at(0), p.rows, o.at(1), () => {
        forVectors(f, o, p.bytes, (offset, mask) =>
          storeVector(f, o, o.add(to, offset), o.load(o.add(from, offset)), mask),
        );
        f.set(from, o.add(from, p.fromBytes));
        f.set(to, o.add(to, p.toBytes));
      });
    },
  );

  module.add(
    "addWindows",
    {
      from: "index",
      places: "index",
      rows: "index",
      segments: "index",
      segmentBytes: "index",
      segmentStride: "index",
      to: "index",
    },
    (f, p, o) => {
      const from = f.index(p.from);
      const last = f.index(o.add(p.places, o.mul(p.rows, o.at(4))));
      f.loop(p.places, last, o.at(4), (place) => {
        const window = f.index(o.add(p.to, o.loadIndex(place)));
        f.loop(o.at(0), p.segments, o.at(1), () => {
          forVectors(f, o, p.segmentBytes, (offset, mask) => {
            const to = f.index(o.add(window, offset));
            const sum = o.vadd(o.load(to), o.load(o.add(from, offset)));
            storeVector(f, o, to, sum, mask);
          });
          f.set(from, o.add(from, p.segmentBytes));
          f.set(window, o.add(window, p.segmentStride));
        });
      });
    },
  );

  module.add("transpose", { panels: "index", depth: "index", columns: "index", to: "index" }, (f, p, o) => {
    /** Calls `body` with start and width in numbers of each panel of so many columns. */
    const PANEL = (2 * UNIT) / REAL;
    const width = (columns: typeof p.columns, first: typeof p.columns) => {
      const wide = f.index(o.at(PANEL));
      f.when(o.lt(o.sub(columns, first), o.at(UNIT / REAL + 1)), () => f.set(wide, o.at(UNIT / REAL)));
      return wide;
    };
    f.loop(o.at(0), p.columns, o.at(PANEL), (first) => {
      const fromWidth = width(p.columns, first);
      const fromPanel = f.index(o.add(p.panels, o.mul(o.mul(first, p.depth), o.at(REAL))));
      const end = f.index(p.columns);
      f.when(o.lt(o.add(first, o.at(PANEL)), end), () => f.set(end, o.add(first, o.at(PANEL))));
      f.loop(o.at(0), p.depth, o.at(PANEL), (top) => {
        const toWidth = width(p.depth, top);
        const toPanel = f.index(o.add(p.to, o.mul(o.mul(top, p.columns), o.at(REAL))));
        const bottom = f.index(p.depth);
        f.when(o.lt(o.add(top, o.at(PANEL)), bottom), () => f.set(bottom, o.add(top, o.at(PANEL))));
        f.loop(first, end, o.at(1), (column) => {
          const from = f.index(o.add(fromPanel, o.mul(o.add(o.mul(top, fromWidth), o.sub(column, first)), o.at(REAL))));
          const to = f.index(o.add(toPanel, o.mul(o.mul(column, toWidth), o.at(REAL))));
          f.loop(top, bottom, o.at(1), () => {
            f.storeReal(to, o.loadReal(from));
            f.set(to, o.add(to, o.at(REAL)));
            f.set(from, o.add(from, o.mul(fromWidth, o.at(REAL))));
          });
        });
      });
    });
  });
};
