import type { Operations, Real, V128 } from "../wasm/index.ts";

/** Swaps the two lanes: i times the conjugate of an amplitude. */
export function swapped(o: Operations, amplitude: V128): V128 {
  return o.shuffle(amplitude, amplitude, 1, 0);
}

/** A complex factor made ready to multiply amplitudes (re, im): (c, c) and (-s, s). */
export interface Factor {
  readonly c: V128;
  readonly s: V128;
}

/** amplitude·factor: two multiplications, one addition, one shuffle. `amplitude` is read twice, so give a variable. */
export function times(o: Operations, amplitude: V128, { c, s }: Factor): V128 {
  return o.vadd(o.vmul(amplitude, c), o.vmul(swapped(o, amplitude), s));
}

/** The factor c + i·s from two numbers. */
export function factorOf(o: Operations, c: Real, s: Real): Factor {
  return { c: o.splat(c), s: o.vmul(o.splat(s), o.constant(-1, 1)) };
}

/** The factor of a phase (c, s) in memory; `signs` is (-1, 1), or (1, -1) for its conjugate. */
export function factorAt(o: Operations, phase: V128, signs: V128): Factor {
  return { c: o.shuffle(phase, phase, 0, 0), s: o.vmul(o.shuffle(phase, phase, 1, 1), signs) };
}
