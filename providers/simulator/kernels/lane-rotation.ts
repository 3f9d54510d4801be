import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

/**
 * rotateLanes(base, bytes, groups, stride, cosines, sines, sign): an RY rotation with an angle of its own for every lane of
 * every group, in place; the units cosines[g] and sines[g] belong to group g, whose state takes `bytes`. With sign -1 the
 * inverse. Per pair of units four multiplications and two additions. Twin: rotateLanes in
 * kernels/rotation.ts, group by group.
 */
export const emitLaneRotation: KernelEmitter = (module) => {
  module.add(
    "rotateLanes",
    {
      base: "index",
      bytes: "index",
      groups: "index",
      stride: "index",
      cosines: "index",
      sines: "index",
      sign: "real",
    },
    (f, { base, bytes, groups, stride, cosines, sines, sign }, o) => {
      const state = f.index(base);
      f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
        const c = f.vector(o.load(o.add(cosines, group)));
        const s = f.vector(o.vmul(o.splat(sign), o.load(o.add(sines, group))));
        forFree(f, o, stride, bytes, (offset) => {
          const low = f.index(o.add(state, offset));
          const high = f.index(o.add(low, stride));
          const a = f.vector(o.load(low));
          const b = f.vector(o.load(high));
          f.store(low, o.vsub(o.vmul(c, a), o.vmul(s, b)));
          f.store(high, o.vadd(o.vmul(s, a), o.vmul(c, b)));
        });
        f.set(state, o.add(state, bytes));
      });
    },
  );
};
