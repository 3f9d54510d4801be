import { type FunctionBuilder, integers, type Operations, type V128 } from "../../../providers/simulator/wasm/index.ts";

/* The polynomials of the Cephes library for single precision (S. Moshier, 1992: expf.c, logf.c, tanhf.c). */
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];
const ERF = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
const LN2 = [0.693359375, -2.1219444e-4] as const;
/** Beyond these an f32 is infinite or no normal number. */
const LARGEST = 88.3762626647949;
const SMALLEST = -87.3;

/** Σ coefficient · x^k, the first coefficient of the highest power. */
function polynomial(o: Operations, x: V128, coefficients: readonly number[]): V128 {
  return coefficients
    .slice(1)
    .reduce((sum, coefficient) => o.vadd(o.vmul(sum, x), o.constant(coefficient)), o.constant(coefficients[0]!));
}

/** e^x within 2 units in the last place; x below -87.3 and above 88.37 counts as these. About 20 operations. */
export function exp(f: FunctionBuilder, o: Operations, power: V128): V128 {
  const x = f.vector(o.vsmaller(o.vlarger(power, o.constant(SMALLEST)), o.constant(LARGEST)));
  const twos = f.vector(o.nearest(o.vmul(x, o.constant(Math.LOG2E))));
  const r = f.vector(o.vsub(o.vsub(x, o.vmul(twos, o.constant(LN2[0]))), o.vmul(twos, o.constant(LN2[1]))));
  const tail = o.vmul(o.vmul(r, r), polynomial(o, r, EXP));
  const part = f.vector(o.vadd(o.vadd(tail, r), o.constant(1)));
  // Times 2^twos: the exponent of a float is the bits from 23 on.
  const scale = integers.i32ShiftLeft(integers.i32Add(integers.i32Truncate(twos), integers.i32Constant(127)), 23);
  return f.vector(o.vmul(part, scale));
}

/** ln x of positive normal numbers, within 2 units in the last place. About 25 operations. */
export function log(f: FunctionBuilder, o: Operations, value: V128): V128 {
  const bits = f.vector(value);
  const exponent = f.vector(integers.i32Sub(integers.i32ShiftRight(bits, 23), integers.i32Constant(126)));
  // The mantissa in [1/2, 1), then in [√1/2, √2).
  const mantissa = f.vector(o.vor(o.vand(bits, integers.i32Constant(0x007fffff)), integers.i32Constant(0x3f000000)));
  const isSmall = f.vector(o.vlt(mantissa, o.constant(Math.SQRT1_2)));
  const e = f.vector(o.vsub(integers.f32Convert(exponent), o.vand(isSmall, o.constant(1))));
  const x = f.vector(o.vadd(o.vsub(mantissa, o.constant(1)), o.vand(isSmall, mantissa)));
  const z = f.vector(o.vmul(x, x));
  const y = f.vector(o.vmul(o.vmul(x, z), polynomial(o, x, LOG)));
  const low = o.vsub(o.vadd(y, o.vmul(e, o.constant(LN2[1]))), o.vmul(z, o.constant(0.5)));
  return f.vector(o.vadd(o.vadd(x, low), o.vmul(e, o.constant(LN2[0]))));
}

/** 1 / (1 + e^-x). */
export function sigmoid(f: FunctionBuilder, o: Operations, value: V128): V128 {
  const x = f.vector(value);
  const e = f.vector(exp(f, o, o.vneg(o.vabs(x))));
  const positive = f.vector(o.vdiv(o.constant(1), o.vadd(o.constant(1), e)));
  return f.vector(o.select(o.vmul(e, positive), positive, o.vlt(x, o.constant(0))));
}

export function tanh(f: FunctionBuilder, o: Operations, value: V128): V128 {
  const x = f.vector(value);
  const size = f.vector(o.vabs(x));
  const z = f.vector(o.vmul(x, x));
  // Near 0 the quotient would lose what it is about.
  const near = o.vadd(x, o.vmul(o.vmul(x, z), polynomial(o, z, TANH)));
  const e = f.vector(exp(f, o, o.vmul(size, o.constant(-2))));
  const far = o.vdiv(o.vsub(o.constant(1), e), o.vadd(o.constant(1), e));
  const signed = o.vor(far, o.vand(x, o.constant(-0)));
  return f.vector(o.select(near, signed, o.vlt(size, o.constant(0.625))));
}

/** ln(1 + e^x). */
export function softplus(f: FunctionBuilder, o: Operations, value: V128): V128 {
  const x = f.vector(value);
  const e = f.vector(exp(f, o, o.vneg(o.vabs(x))));
  const whole = log(f, o, o.vadd(o.constant(1), e));
  // 1 + e rounds away what a small e is about.
  const small = o.vmul(e, o.vsub(o.constant(1), o.vmul(e, o.constant(0.5))));
  const log1p = o.select(small, whole, o.vlt(e, o.constant(1e-3)));
  return f.vector(o.vadd(o.vlarger(x, o.constant(0)), log1p));
}

/** The normal distribution's cumulative function, by the rational form 7.1.26 of Abramowitz and Stegun: within 2e-7. */
export function normalCumulative(f: FunctionBuilder, o: Operations, value: V128): V128 {
  const x = f.vector(o.vmul(value, o.constant(Math.SQRT1_2)));
  const t = f.vector(o.vdiv(o.constant(1), o.vadd(o.constant(1), o.vmul(o.vabs(x), o.constant(0.3275911)))));
  const e = f.vector(exp(f, o, o.vneg(o.vmul(x, x))));
  // Half of the complement of erf: the smaller of both tails.
  const tail = f.vector(o.vmul(o.constant(0.5), o.vmul(o.vmul(polynomial(o, t, ERF), t), e)));
  return f.vector(o.select(tail, o.vsub(o.constant(1), tail), o.vlt(x, o.constant(0))));
}
