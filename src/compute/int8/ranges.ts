import { ComputeError } from "../../errors.ts";
import type { Int8Range } from "./stages.ts";

export const CALIBRATION_METHODS = ["min-max", "percentile", "mse"] as const;
/**
 * How a scale is found from numbers: by the largest; by a percentile of the absolute ones, so that the few beyond are cut off;
 * or the scale with the least mean squared error of rounding and cutting off.
 */
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

export interface RangeOptions {
  readonly method: CalibrationMethod;
  /** Of method `percentile`, in percent. */
  readonly percentile: number;
  /** 2 to 8. */
  readonly bits: number;
}

/** Shares of the largest number that are tried as the largest one kept. */
const MSE_STEPS = 100;
/** Numbers that are enough to find a scale by. */
const SAMPLE = 32_768;

/** Largest integer of so many bits with a sign. */
export const largestSigned = (bits: number): number => 2 ** (bits - 1) - 1;

/**
 * The range that represents numbers: from -largest to largest, or from 0 where none is negative. Bytes hold 127 at most also
 * where there is no sign, as the products of the kernels want it; narrower numbers without a sign use all of their bits.
 */
export function rangeOf(values: Float32Array, nonNegative: boolean, options: RangeOptions): Int8Range {
  const { bits } = options;
  const high = nonNegative ? Math.min(127, 2 ** bits - 1) : largestSigned(bits);
  const low = nonNegative ? 0 : -high;
  return { scale: scaleOf(values, { low, high }, options), low, high };
}

/** The scale of integers from `low` to `high` for numbers; of zeros alone, 1 / high. */
export function scaleOf(
  values: Float32Array,
  limits: { readonly low: number; readonly high: number },
  { method, percentile }: Omit<RangeOptions, "bits">,
): number {
  const { high } = limits;
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  if (!Number.isFinite(most))
    throw new ComputeError(
      "INT8_CALIBRATION",
      "There are numbers that are not finite; check the weights and the rows.",
    );
  if (!(most > 0)) return Math.fround(1 / high);
  if (method === "percentile") most = percentileOf(values, percentile) || most;
  if (method === "mse") most = leastError(values, most, limits);
  // Below the least normal f32 a scale would lose its own precision.
  return Math.max(Math.fround(most / high), 2 ** -120);
}

function percentileOf(values: Float32Array, percentile: number): number {
  const sorted = values.map(Math.abs).sort();
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!;
}

function leastError(
  values: Float32Array,
  most: number,
  limits: { readonly low: number; readonly high: number },
): number {
  const stride = Math.max(1, Math.ceil(values.length / SAMPLE));
  const sample = Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]!);
  let best = most;
  let least = Number.POSITIVE_INFINITY;
  for (let step = MSE_STEPS; step > MSE_STEPS / 10; step--) {
    const bound = (most * step) / MSE_STEPS;
    const error = squaredError(sample, bound / limits.high, limits);
    if (error < least) [least, best] = [error, bound];
  }
  return best;
}

function squaredError(
  values: Float32Array,
  scale: number,
  { low, high }: { readonly low: number; readonly high: number },
): number {
  let sum = 0;
  for (const value of values) {
    const kept = Math.min(high, Math.max(low, Math.round(value / scale))) * scale;
    sum += (value - kept) ** 2;
  }
  return sum;
}

/** Numbers as integers: rounded to nearest, ties to even, in f32, as the kernels round; held to the limits. */
export function quantizeValues(values: Float32Array, { scale, low, high }: Int8Range): Int8Array {
  const factor = Math.fround(1 / scale);
  return Int8Array.from(values, (value) =>
    Math.min(high, Math.max(low, roundHalfEven(Math.fround(Math.fround(value) * factor)))),
  );
}

export function dequantizeValues(integers: Int8Array, { scale }: Pick<Int8Range, "scale">): Float32Array {
  return Float32Array.from(integers, (integer) => integer * scale);
}

export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
