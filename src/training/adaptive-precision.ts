import { TrainingError } from "../errors.ts";
import { checkNames } from "./options.ts";

export interface AdaptivePrecisionOptions {
  /** Target standard error of the first steps, such as 0.2. */
  readonly start: number;
  /** The finest that it comes to, such as 0.01. */
  readonly finest: number;
  /** The gradient's standard error is to be at most this share of its norm; 0.7 by default. */
  readonly theta?: number;
  /** The most by which the shots grow from one step to the next; 2 by default. */
  readonly growth?: number;
}

/**
 * A precision that becomes finer as the gradient becomes smaller, as an object without memory of its own: what it has seen is in
 * its state, as plain JSON.
 */
export interface AdaptivePrecision extends Required<AdaptivePrecisionOptions> {
  readonly kind: "precision";
  readonly name: "adaptivePrecision";
  /** All settings as text. */
  readonly settings: string;
  init(): PrecisionState;
  /** A gradient that was measured at the state's precision. */
  observe(state: PrecisionState, gradient: GradientNoise): PrecisionState;
  toJSON(): { readonly name: string; readonly settings: string };
}

/** A gradient's squared norm, and the sum of its squared standard errors. */
export interface GradientNoise {
  readonly squaredNorm: number;
  readonly variance: number;
}

export interface PrecisionState {
  /** Of the next step. */
  readonly precision: number;
  /** Decaying sums: of the squared norm without what noise adds to it, and of the variance of a single shot. */
  readonly signal: number;
  readonly shotVariance: number;
}

/** How much of the sums is left after a step: a chance small norm alone is not to cost shots for ever. */
const MEMORY = 0.7;

/**
 * Few shots at first, and more as the gradient sinks into its noise: the norm test of Byrd et al. (Math. Program. 134, 127, 2012),
 * for shots as in iCANS (Kübler et al., arXiv:1909.09083). After each step the shots grow to those at which the standard error
 * √(Σ stderr²) of the gradient would be `theta` of its norm, at most `growth`-fold; they never fall. The squared norm is taken
 * without the variance that noise adds to it, and both as decaying means over the steps.
 * @throws TrainingError TRAINING_SAMPLING
 */
export function adaptivePrecision(options: AdaptivePrecisionOptions): AdaptivePrecision {
  checkNames("adaptivePrecision", options, ["start", "finest", "theta", "growth"]);
  const { start, finest, theta = 0.7, growth = 2 } = options;
  const valid = finest > 0 && start >= finest && start < Infinity && theta > 0 && theta < Infinity && growth > 1;
  if (!valid || !Number.isFinite(growth))
    throw new TrainingError(
      "TRAINING_SAMPLING",
      `adaptivePrecision needs start ≥ finest > 0, theta > 0 and growth > 1, such as { start: 0.2, finest: 0.01 }, not ${JSON.stringify({ start, finest, theta, growth })}.`,
    );
  const settings = JSON.stringify({ start, finest, theta, growth });
  return {
    kind: "precision",
    name: "adaptivePrecision",
    settings,
    start,
    finest,
    theta,
    growth,
    init: () => ({ precision: start, signal: 0, shotVariance: 0 }),
    observe(state, { squaredNorm, variance }) {
      if (!Number.isFinite(squaredNorm) || !Number.isFinite(variance))
        throw new TrainingError(
          "TRAINING_SAMPLING",
          "The gradient came without standard errors, so its precision cannot be adapted; use gradients by parameter shift.",
        );
      const { precision } = state;
      const shots = 1 / precision ** 2;
      const decayed = (sum: number, next: number): number => MEMORY * sum + (1 - MEMORY) * next;
      const signal = decayed(state.signal, squaredNorm - variance);
      const shotVariance = decayed(state.shotVariance, variance * shots);
      const wanted = shotVariance === 0 ? shots : signal > 0 ? shotVariance / (theta ** 2 * signal) : Infinity;
      const next = Math.min(Math.max(wanted, shots), growth * shots);
      return { precision: next === shots ? precision : Math.max(finest, 1 / Math.sqrt(next)), signal, shotVariance };
    },
    toJSON: () => ({ name: "adaptivePrecision", settings }),
  };
}
