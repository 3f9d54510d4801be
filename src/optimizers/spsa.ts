import { Rng } from "../../circuits/index.ts";
import { checkNumbers, checkOptions, checkSetting, plain, settingsText } from "./checks.ts";
import type { EvaluationOptimizer } from "./optimizer.ts";

export interface SpsaState {
  /** Steps of descent so far. */
  readonly step: number;
  readonly weights: readonly number[];
  /** Spall's a; null until the first step has calibrated it. */
  readonly rate: number | null;
}

export interface SpsaOptions {
  /** Decides the directions; 0 by default. */
  readonly seed?: number | string;
  /** Spall's a. By default one step of calibration chooses it. */
  readonly learningRate?: number;
  /** Spall's c, radians: weights move by ±c/(k+1)^gamma in step k; 0.2 by default. */
  readonly perturbation?: number;
  /** Spall's A, which tames the first steps: about a tenth of the steps to come; 0 by default. */
  readonly stability?: number;
  /** Decay of the rate a/(A+k+1)^alpha; 0.602 by default, the smallest that is sure to converge. */
  readonly alpha?: number;
  /** Decay of the perturbation; 0.101 by default. */
  readonly gamma?: number;
  /** Random directions averaged in a step; 1 by default. */
  readonly resamplings?: number;
  /** Random directions of the calibrating step; 25 by default. */
  readonly calibrationDirections?: number;
  /** Radians that each weight moves in the first step after calibration; π/5 by default. */
  readonly firstStep?: number;
}

const OPTIONS = [
  "seed",
  "learningRate",
  "perturbation",
  "stability",
  "alpha",
  "gamma",
  "resamplings",
  "calibrationDirections",
  "firstStep",
] as const satisfies readonly (keyof SpsaOptions)[];

/**
 * Simultaneous perturbation stochastic approximation (Spall, IEEE TAES 34, 817, 1998): two evaluations a step, however many
 * weights, and made for noise. The rate is calibrated as in Kandala et al. (Nature 549, 242, 2017): from the slope along
 * random directions, in a step of its own that does not move the weights. A step's value is the mean over its points.
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function spsa(options: SpsaOptions = {}): EvaluationOptimizer<SpsaState> {
  checkOptions("spsa", options, OPTIONS);
  const { seed = 0, learningRate, perturbation = 0.2, stability = 0, alpha = 0.602, gamma = 0.101 } = options;
  const { resamplings = 1, calibrationDirections = 25, firstStep = Math.PI / 5 } = options;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  if (learningRate !== undefined) checkSetting("spsa", "learningRate", learningRate, learningRate > 0);
  checkSetting("spsa", "perturbation", perturbation, perturbation > 0);
  checkSetting("spsa", "stability", stability, stability >= 0);
  checkSetting("spsa", "alpha", alpha, alpha > 0 && alpha <= 1);
  checkSetting("spsa", "gamma", gamma, gamma > 0 && gamma <= 1);
  checkSetting("spsa", "resamplings", resamplings, isCount(resamplings));
  checkSetting("spsa", "calibrationDirections", calibrationDirections, isCount(calibrationDirections));
  checkSetting("spsa", "firstStep", firstStep, firstStep > 0);
  const rng = Rng.seed(seed).fork("spsa");

  /** The directions of a step depend on seed and step alone, so they need not be kept between propose and accept. */
  const directionsOf = ({ step, rate, weights }: SpsaState): readonly Float64Array[] => {
    const draw = rate === null ? rng.fork("calibration") : rng.fork("step", step);
    return Array.from({ length: rate === null ? calibrationDirections : resamplings }, () =>
      Float64Array.from(weights, () => (draw.uint32() >>> 31 === 0 ? 1 : -1)),
    );
  };
  const perturbationOf = ({ step, rate }: SpsaState): number =>
    rate === null ? perturbation : perturbation / (step + 1) ** gamma;

  return {
    kind: "evaluation",
    name: "spsa",
    settings: settingsText({
      seed,
      learningRate,
      perturbation,
      stability,
      alpha,
      gamma,
      resamplings,
      calibrationDirections,
      firstStep,
    }),
    stepsPerSweep: 1,
    init: (weights) => ({ step: 0, weights: plain(weights), rate: learningRate ?? null }),
    weights: (state) => Float64Array.from(state.weights),
    propose(state) {
      const c = perturbationOf(state);
      return directionsOf(state).flatMap((direction) => [
        direction.map((sign, i) => state.weights[i]! + c * sign),
        direction.map((sign, i) => state.weights[i]! - c * sign),
      ]);
    },
    accept(state, values, stds = new Float64Array(values.length)) {
      const directions = directionsOf(state);
      checkNumbers("spsa", "value", values, 2 * directions.length);
      const c = perturbationOf(state);
      const slopes = directions.map((_, d) => (values[2 * d]! - values[2 * d + 1]!) / (2 * c));
      const value = values.reduce((sum, one) => sum + one, 0) / values.length;
      const stderr = Math.hypot(...stds) / values.length;
      if (state.rate === null) {
        const steepness = slopes.reduce((sum, slope) => sum + Math.abs(slope), 0) / slopes.length;
        // Where it is flat in all directions any rate will do, and a steep one would only amplify noise.
        const rate = steepness < 1e-10 ? firstStep : (firstStep * (stability + 1) ** alpha) / steepness;
        return { state: { ...state, rate }, value, stderr };
      }
      const eta = state.rate / (stability + state.step + 1) ** alpha;
      const weights = state.weights.map((w, i) => {
        let gradient = 0;
        for (const [d, direction] of directions.entries()) gradient += (slopes[d]! * direction[i]!) / directions.length;
        return w - eta * gradient;
      });
      return { state: { step: state.step + 1, weights: plain(weights), rate: state.rate }, value, stderr };
    },
  };
}
