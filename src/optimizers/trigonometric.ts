import { invert } from "../gradients/index.ts";

/** How to find a function f(t) = c + Σ_l a_l cos(Ω_l t) + b_l sin(Ω_l t) from its values at 2R + 1 points. */
export interface TrigonometricFit {
  readonly frequencies: readonly number[];
  /** Where f must be known, 0 among them. */
  readonly offsets: readonly number[];
  /** From values at `offsets` to c, a_1, b_1, a_2, b_2, ... */
  readonly inverse: Float64Array;
  /** The function repeats after this; for frequencies without a common step, the longest of their periods. */
  readonly period: number;
}

/** Spreads of the offsets that are tried where frequencies leave gaps. */
const SPREADS = 64;
/** A common step of the frequencies below this share of the largest is taken for none. */
const SMALLEST_STEP = 1 / 512;
const TOLERANCE = 1e-9;

/**
 * Plans the reconstruction (Wierichs et al., arXiv:2107.12390, section 3): equidistant points over the period where the
 * frequencies are all multiples of one step, else the equidistant points that amplify noise least.
 * @param frequencies positive, ascending and different, one at least
 */
export function planFit(frequencies: readonly number[]): TrigonometricFit | undefined {
  const count = frequencies.length;
  const size = 2 * count + 1;
  const largest = frequencies.at(-1)!;
  const step = frequencies.reduce((a, b) => commonStep(a, b, TOLERANCE * largest));
  const commensurable = step >= SMALLEST_STEP * largest;
  const period = (2 * Math.PI) / (commensurable ? step : frequencies[0]!);
  const complete = commensurable && Math.round(largest / step) === count;
  let best: TrigonometricFit | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let k = complete ? SPREADS : 1; k <= SPREADS; k++) {
    const spread = (period * k) / SPREADS;
    const offsets = Array.from({ length: size }, (_, i) => ((i - count) * spread) / size);
    const inverse = invert(designMatrix(frequencies, offsets), size);
    const noise = inverse?.reduce((sum, value) => sum + value * value, 0) ?? Number.POSITIVE_INFINITY;
    if (inverse === undefined || !(noise < least)) continue;
    best = { frequencies, offsets, inverse, period };
    least = noise;
  }
  return best;
}

/** Row i is 1, cos(Ω_1 t_i), sin(Ω_1 t_i), cos(Ω_2 t_i), ... */
function designMatrix(frequencies: readonly number[], offsets: readonly number[]): Float64Array {
  return Float64Array.from(
    offsets.flatMap((t) => [1, ...frequencies.flatMap((f) => [Math.cos(f * t), Math.sin(f * t)])]),
  );
}

/** The largest number of which both are multiples, to within a tolerance (Euclid). */
function commonStep(a: number, b: number, tolerance: number): number {
  while (b > tolerance) {
    const rest = a % b;
    [a, b] = [b, b - rest < tolerance ? 0 : rest];
  }
  return a;
}

/**
 * The offset in ±period/2 at which the function with these values at the fit's offsets is least, its value there, and how
 * much each of the values counts in it.
 */
export function minimizeFit(
  { frequencies, inverse, period }: TrigonometricFit,
  values: Float64Array,
): { readonly offset: number; readonly value: number; readonly influence: Float64Array } {
  const size = values.length;
  const c = Float64Array.from({ length: size }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += inverse[row * size + i]! * values[i]!;
    return sum;
  });
  const at = (t: number): number =>
    frequencies.reduce((sum, f, l) => sum + c[2 * l + 1]! * Math.cos(f * t) + c[2 * l + 2]! * Math.sin(f * t), c[0]!);
  const slope = (t: number): number =>
    frequencies.reduce((sum, f, l) => sum + f * (c[2 * l + 2]! * Math.cos(f * t) - c[2 * l + 1]! * Math.sin(f * t)), 0);
  // Between neighbours of the grid the fastest term turns by less than a quarter of a radian.
  const points = Math.ceil(4 * period * frequencies.at(-1)!);
  const h = period / points;
  let best = { offset: 0, value: at(0) };
  const amplitude = c.reduce((sum, one, i) => sum + (i === 0 ? 0 : Math.abs(one)), 0);
  for (let i = 0; i < points; i++) {
    const t = -period / 2 + i * h;
    if (!(slope(t) < 0 && slope(t + h) >= 0)) continue;
    const offset = root(slope, t, t + h);
    const value = at(offset);
    // A weight without influence stays where it is: rounding is no reason to move.
    if (value < best.value - 1e-14 * (amplitude + Math.abs(c[0]!))) best = { offset, value };
  }
  const basis = [1, ...frequencies.flatMap((f) => [Math.cos(f * best.offset), Math.sin(f * best.offset)])];
  const influence = Float64Array.from({ length: size }, (_, i) =>
    basis.reduce((sum, term, row) => sum + term * inverse[row * size + i]!, 0),
  );
  return { ...best, influence };
}

/** Bisection between a negative and a positive value, to the last bit. */
function root(f: (t: number) => number, low: number, high: number): number {
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return middle;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
}
