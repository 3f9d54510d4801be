import { type KernelEmitter, UNIT } from "./kernel.ts";

/** Angles up to this size are reduced exactly enough; larger ones are for `Math.cos` and `Math.sin`. */
export const MAX_ANGLE = 1e6;

/*
 * π/2 in three parts of 33 bits each, and the minimax polynomials of sin and cos on [-π/4, π/4]: the constants of fdlibm
 * (Sun Microsystems, 1993: e_rem_pio2.c, k_sin.c, k_cos.c).
 */
const PIO2 = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;
const SIN = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6, -2.5050760253406863e-8,
  1.58969099521155e-10,
] as const;
const COS = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7, 2.087572321298175e-9,
  -1.1359647557788195e-11,
] as const;

/**
 * sincos(angles, cosines, sines, bytes): cos and sin of every angle of an array, |angle| ≤ MAX_ANGLE, within 0.8 units in the
 * last place, by reduction to [-π/4, π/4] and two polynomials. About 60 operations for each unit of lanes. For f64 only.
 */
export const emitSincos: KernelEmitter = (module) => {
  if (module.operations.target.realBits !== 64) return;
  module.add("sincos", { angles: "index", cosines: "index", sines: "index", bytes: "index" }, (f, p, o) => {
    f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
      const x = f.vector(o.load(o.add(p.angles, offset)));
      const turns = f.vector(o.nearest(o.vmul(x, o.constant(2 / Math.PI))));
      const part = f.vector(o.vsub(x, o.vmul(turns, o.constant(PIO2[0]))));
      const next = f.vector(o.vmul(turns, o.constant(PIO2[1])));
      const rest = f.vector(o.vsub(part, next));
      // What the last subtraction lost, and the third part.
      const lost = f.vector(o.vsub(o.vmul(turns, o.constant(PIO2[2])), o.vsub(o.vsub(part, rest), next)));
      const r = f.vector(o.vsub(rest, lost));
      const tail = f.vector(o.vsub(o.vsub(rest, r), lost));
      const z = f.vector(o.vmul(r, r));
      const polynomial = (coefficients: readonly number[]): ReturnType<typeof o.vadd> =>
        coefficients
          .slice(0, -1)
          .reduceRight(
            (sum, coefficient) => o.vadd(o.constant(coefficient), o.vmul(z, sum)),
            o.constant(coefficients.at(-1)!),
          );
      const cube = f.vector(o.vmul(z, r));
      const sinTail = f.vector(polynomial(SIN.slice(1)));
      const sine = f.vector(
        o.vsub(
          r,
          o.vsub(
            o.vsub(o.vmul(z, o.vsub(o.vmul(o.constant(0.5), tail), o.vmul(cube, sinTail))), tail),
            o.vmul(cube, o.constant(SIN[0])),
          ),
        ),
      );
      const half = f.vector(o.vmul(z, o.constant(0.5)));
      const one = f.vector(o.vsub(o.constant(1), half));
      const cosine = f.vector(
        o.vadd(
          one,
          o.vadd(
            o.vsub(o.vsub(o.constant(1), one), half),
            o.vsub(o.vmul(z, o.vmul(z, polynomial(COS))), o.vmul(r, tail)),
          ),
        ),
      );
      const halves = f.vector(o.floor(o.vmul(turns, o.constant(0.5))));
      const isOdd = f.vector(o.vlt(o.constant(0.5), o.vsub(turns, o.vmul(o.constant(2), halves))));
      const pairs = o.floor(o.vmul(halves, o.constant(0.5)));
      const sign = f.vector(o.vsub(o.constant(1), o.vmul(o.constant(2), o.vsub(halves, o.vmul(o.constant(2), pairs)))));
      f.store(o.add(p.sines, offset), o.vmul(sign, o.select(cosine, sine, isOdd)));
      f.store(o.add(p.cosines, offset), o.vmul(sign, o.select(o.vneg(sine), cosine, isOdd)));
    });
  });
};

/** What the kernel computes, to within a unit in the last place. */
export function sincosTwin(angles: Float64Array, cosines: Float64Array, sines: Float64Array): void {
  for (let i = 0; i < angles.length; i++) {
    cosines[i] = Math.cos(angles[i]!);
    sines[i] = Math.sin(angles[i]!);
  }
}
