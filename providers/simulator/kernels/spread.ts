import { type KernelEmitter, UNIT } from "./kernel.ts";

/** spread(values, count, groups, units): the k-th of `count` numbers in all lanes of the units [k][group]. One store each. */
export const emitSpread: KernelEmitter = (module) =>
  module.add(
    "spread",
    { values: "index", count: "index", groups: "index", units: "index" },
    (f, { values, count, groups, units }, o) => {
      const target = f.index(units);
      const perValue = f.index(o.mul(groups, o.at(UNIT)));
      f.loop(values, o.add(values, o.mul(count, o.at(o.realBytes))), o.at(o.realBytes), (value) => {
        const number = f.vector(o.loadSplat(value));
        const end = f.index(o.add(target, perValue));
        f.doWhile(() => {
          f.store(target, number);
          f.set(target, o.add(target, o.at(UNIT)));
          return o.lt(target, end);
        });
      });
    },
  );

/** What the kernel writes. */
export function spreadTwin(values: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: values.length * width }, (_, i) => values[Math.floor(i / width)]!);
}
