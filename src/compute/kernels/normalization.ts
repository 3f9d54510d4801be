import type { FunctionBuilder, Index, Operations, V128, Variable } from "../../../providers/simulator/wasm/index.ts";
import { forVectors, type KernelEmitter, storeVector, sumRows } from "./columns.ts";

/*
 * Batch normalisation over `rows` of channels of `bytes`, rows after each other. `mean`, `inverse`, ... are one number a channel.
 *
 * variances(from, mean, rows, bytes, to, scale): scale·Σ (x - mean)².
 * normalize(from, mean, factor, shift, rows, bytes, to): (x - mean)·factor + shift.
 * normalizedDots(from, mean, cotangents, rows, bytes, to): Σ cotangents·(x - mean).
 * normalizeGradient(cotangents, from, mean, factor, centre, slope, rows, bytes, to): factor·(cotangents - centre - (x - mean)·slope).
 */
export const emitNormalization: KernelEmitter = (module) => {
  /** Over the channels, a vector of them at a time: `body` has the channels' offset. */
  const sums = (
    f: FunctionBuilder,
    o: Operations,
    p: { readonly rows: Index; readonly bytes: Index; readonly to: Index },
    body: (offset: Index) => { readonly term: (row: Index) => V128; readonly scale: V128 },
  ): void =>
    forVectors(f, o, p.bytes, (offset, mask) => {
      const { term, scale } = body(offset);
      const row = f.index(offset);
      const sum = sumRows(
        f,
        o,
        p.rows,
        () => term(row),
        () => f.set(row, o.add(row, p.bytes)),
      );
      storeVector(f, o, o.add(p.to, offset), f.vector(o.vmul(sum, scale)), mask);
    });

  module.add(
    "variances",
    { from: "index", mean: "index", rows: "index", bytes: "index", to: "index", scale: "real" },
    (f, p, o) =>
      sums(f, o, p, (offset) => {
        const mean = f.vector(o.load(o.add(p.mean, offset)));
        const difference = f.vector();
        const term = (row: Index): V128 => {
          f.set(difference, o.vsub(o.load(o.add(p.from, row)), mean));
          return o.vmul(difference, difference);
        };
        return { term, scale: f.vector(o.splat(p.scale)) };
      }),
  );

  module.add(
    "normalizedDots",
    { from: "index", mean: "index", cotangents: "index", rows: "index", bytes: "index", to: "index" },
    (f, p, o) =>
      sums(f, o, p, (offset) => {
        const mean = f.vector(o.load(o.add(p.mean, offset)));
        const term = (row: Index): V128 =>
          o.vmul(o.load(o.add(p.cotangents, row)), o.vsub(o.load(o.add(p.from, row)), mean));
        return { term, scale: o.constant(1) };
      }),
  );

  /** Each row and vector of channels: `body` has the address offset in rows, and that in the channels. */
  const each = (
    f: FunctionBuilder,
    o: Operations,
    p: { readonly rows: Index; readonly bytes: Index; readonly to: Index },
    channels: readonly Index[],
    body: (row: Index, loaded: readonly Variable<"v128">[]) => V128,
  ): void =>
    forVectors(f, o, p.bytes, (offset, mask) => {
      const loaded = channels.map((address) => f.vector(o.load(o.add(address, offset))));
      const row = f.index(offset);
      f.loop(o.at(0), p.rows, o.at(1), () => {
        storeVector(f, o, o.add(p.to, row), f.vector(body(row, loaded)), mask);
        f.set(row, o.add(row, p.bytes));
      });
    });

  module.add(
    "normalize",
    {
      from: "index",
      mean: "index",
      factor: "index",
      shift: "index",
      rows: "index",
      bytes: "index",
      to: "index",
    },
    (f, p, o) =>
      each(f, o, p, [p.mean, p.factor, p.shift], (row, [mean, factor, shift]) =>
        o.vadd(o.vmul(o.vsub(o.load(o.add(p.from, row)), mean!), factor!), shift!),
      ),
  );

  module.add(
    "normalizeGradient",
    {
      cotangents: "index",
      from: "index",
      mean: "index",
      factor: "index",
      centre: "index",
      slope: "index",
      rows: "index",
      bytes: "index",
      to: "index",
    },
    (f, p, o) =>
      each(f, o, p, [p.mean, p.factor, p.centre, p.slope], (row, [mean, factor, centre, slope]) => {
        const x = o.vsub(o.load(o.add(p.from, row)), mean!);
        return o.vmul(factor!, o.vsub(o.vsub(o.load(o.add(p.cotangents, row)), centre!), o.vmul(x, slope!)));
      }),
  );
};
