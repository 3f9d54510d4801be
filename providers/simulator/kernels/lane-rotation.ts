import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

/**
 * rotateLanes(base, bytes, groups, stride, cosines, sines, sign): an RY rotation with an angle of its own for every lane of
 * every group, in place; the units cosines[g] and sines[g] belong to group g, whose state takes `bytes`. With sign -1 the
 * inverse. Per pair of units four multiplications and two additions. Twin: rotateLanes, group
 * by group.
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

/** As `rotate` with an angle for each lane. */
export function rotateLanes(
  state: Float64Array,
  size: number,
  qubit: number,
  lanes: number,
  c: Float64Array,
  s: Float64Array,
): void {
  const run = (2 * lanes) << qubit;
  const end = 2 * lanes * size;
  for (let base = 0; base < end; base += 2 * run)
    for (let row = base; row < base + run; row += lanes)
      for (let lane = 0; lane < lanes; lane++) {
        const i = row + lane;
        const j = i + run;
        const a = state[i]!;
        const b = state[j]!;
        state[i] = c[lane]! * a - s[lane]! * b;
        state[j] = s[lane]! * a + c[lane]! * b;
      }
}
