import { type KernelEmitter, UNIT } from "./kernel.ts";
import { phaseTerm } from "./phase-gradient.ts";

const AMPLITUDE = 2 * UNIT;

/*
 * Phases with an angle of their own for every lane of every group, on the amplitudes that a list of u32 names.
 */

/**
 * multiplyLanes(base, bytes, groups, indices, count, cosines, sines, sign): multiplies the listed amplitudes of every group
 * by cos + i·sign·sin of its lanes. Four multiplications and two additions for each.
 * phaseGradientLanes(psi, lambda, bytes, groups, indices, count, out): adds to the unit out[g] the Σ of λ_im·ψ_re - λ_re·ψ_im
 * over the listed amplitudes: half the derivative in that phase.
 * Twins, group by group: the functions of these names, whose gradient is the whole derivative.
 */
export const emitLanePhase: KernelEmitter = (module) => {
  module.add(
    "multiplyLanes",
    {
      base: "index",
      bytes: "index",
      groups: "index",
      indices: "index",
      count: "index",
      cosines: "index",
      sines: "index",
      sign: "real",
    },
    (f, { base, bytes, groups, indices, count, cosines, sines, sign }, o) => {
      const state = f.index(base);
      const end = f.index(o.add(indices, o.mul(count, o.at(4))));
      f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
        const c = f.vector(o.load(o.add(cosines, group)));
        const s = f.vector(o.vmul(o.splat(sign), o.load(o.add(sines, group))));
        f.loop(indices, end, o.at(4), (index) => {
          const address = f.index(o.add(state, o.mul(o.loadIndex(index), o.at(AMPLITUDE))));
          const re = f.vector(o.load(address));
          const im = f.vector(o.load(address, UNIT));
          f.store(address, o.vsub(o.vmul(c, re), o.vmul(s, im)));
          f.store(address, o.vadd(o.vmul(c, im), o.vmul(s, re)), UNIT);
        });
        f.set(state, o.add(state, bytes));
      });
    },
  );
  module.add(
    "phaseGradientLanes",
    {
      psi: "index",
      lambda: "index",
      bytes: "index",
      groups: "index",
      indices: "index",
      count: "index",
      out: "index",
    },
    (f, { psi, lambda, bytes, groups, indices, count, out }, o) => {
      const state = f.index(psi);
      const away = f.index(o.sub(lambda, psi));
      const end = f.index(o.add(indices, o.mul(count, o.at(4))));
      f.loop(o.at(0), o.mul(groups, o.at(UNIT)), o.at(UNIT), (group) => {
        const target = f.index(o.add(out, group));
        const sum = f.vector(o.load(target));
        f.loop(indices, end, o.at(4), (index) => {
          const address = f.index(o.add(state, o.mul(o.loadIndex(index), o.at(AMPLITUDE))));
          const other = f.index(o.add(address, away));
          f.set(sum, o.vadd(sum, phaseTerm(o, address, other)));
        });
        f.store(target, sum);
        f.set(state, o.add(state, bytes));
      });
    },
  );
};

/** Multiplies the listed amplitudes by c + i·s, given per lane. */
export function multiplyLanes(
  state: Float64Array,
  indices: Int32Array,
  lanes: number,
  c: Float64Array,
  s: Float64Array,
  sign: number,
): void {
  for (let k = 0; k < indices.length; k++) {
    const at = 2 * lanes * indices[k]!;
    for (let lane = 0; lane < lanes; lane++) {
      const a = at + lane;
      const x = state[a]!;
      const y = state[a + lanes]!;
      const re = c[lane]!;
      const im = sign * s[lane]!;
      state[a] = re * x - im * y;
      state[a + lanes] = re * y + im * x;
    }
  }
}

/** The same derivative summed over the listed basis states, added lane by lane to `out`. */
export function phaseGradientLanes(
  psi: Float64Array,
  lambda: Float64Array,
  indices: Int32Array,
  lanes: number,
  out: Float64Array,
): void {
  for (let k = 0; k < indices.length; k++) {
    const at = 2 * lanes * indices[k]!;
    for (let lane = 0; lane < lanes; lane++) {
      const a = at + lane;
      out[lane]! += 2 * (lambda[a + lanes]! * psi[a]! - lambda[a]! * psi[a + lanes]!);
    }
  }
}
