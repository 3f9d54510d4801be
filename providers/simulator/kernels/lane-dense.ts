import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;

/**
 * denseLanes(base, bytes, occupied, places, local, matrix, scratch): a unitary on some qubits in place, for all groups at
 * once, where the control bits are set. `places` lists, as u32, the byte offsets of the `local` amplitudes it mixes (control
 * bits included), `occupied` holds all bits of these; the matrix is row-major, re and im of each entry; `scratch` has room
 * for `local` amplitudes. 2·local complex multiplications for each amplitude and lane. Twin: denseKernel in kernels/dense.ts,
 * group by group.
 */
export const emitLaneDense: KernelEmitter = (module) => {
  module.add(
    "denseLanes",
    {
      base: "index",
      bytes: "index",
      occupied: "index",
      places: "index",
      local: "index",
      matrix: "index",
      scratch: "index",
    },
    (f, { base, bytes, occupied, places, local, matrix, scratch }, o) => {
      const lastPlace = f.index(o.add(places, o.mul(local, o.at(4))));
      const scratchEnd = f.index(o.add(scratch, o.mul(local, o.at(AMPLITUDE))));
      const entry = f.index();
      forFree(f, o, o.or(occupied, o.at(UNIT)), bytes, (offset) => {
        const block = f.index(o.add(base, offset));
        const copy = f.index(scratch);
        f.loop(places, lastPlace, o.at(4), (place) => {
          const from = f.index(o.add(block, o.loadIndex(place)));
          f.store(copy, o.load(from));
          f.store(copy, o.load(from, UNIT), UNIT);
          f.set(copy, o.add(copy, o.at(AMPLITUDE)));
        });
        f.set(entry, matrix);
        f.loop(places, lastPlace, o.at(4), (place) => {
          const re = f.vector(o.constant(0));
          const im = f.vector(o.constant(0));
          f.loop(scratch, scratchEnd, o.at(AMPLITUDE), (from) => {
            const c = f.vector(o.loadSplat(entry));
            const s = f.vector(o.loadSplat(entry, o.realBytes));
            const x = f.vector(o.load(from));
            const y = f.vector(o.load(from, UNIT));
            f.set(re, o.vadd(re, o.vsub(o.vmul(c, x), o.vmul(s, y))));
            f.set(im, o.vadd(im, o.vadd(o.vmul(c, y), o.vmul(s, x))));
            f.set(entry, o.add(entry, o.at(2 * o.realBytes)));
          });
          const to = f.index(o.add(block, o.loadIndex(place)));
          f.store(to, re);
          f.store(to, im, UNIT);
        });
      });
    },
  );
};
