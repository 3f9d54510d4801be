import { checkNumbers, checkOptions, checkSetting, plain, settingsText } from "./checks.ts";
import { checkRate, type KeptRate, type LearningRate } from "./learning-rate.ts";
import type { GradientOptimizer } from "./optimizer.ts";

export interface SgdState extends KeptRate {
  readonly step: number;
}

/** Gradient descent: w ← w - rate·g. @throws TrainingError OPTIMIZER_SETTING */
export function sgd(options: { readonly learningRate: LearningRate }): GradientOptimizer<SgdState> {
  checkOptions("sgd", options, ["learningRate"]);
  const rate = checkRate("sgd", options.learningRate);
  return {
    kind: "gradient",
    name: "sgd",
    settings: settingsText(options),
    init: () => ({ step: 0, ...rate.init() }),
    update(gradient, state, weights, value) {
      const { step } = state;
      checkNumbers("sgd", "gradient", gradient, weights.length);
      const kept = rate.observe(state, value);
      const eta = rate.rate(step, kept);
      return { weights: weights.map((w, i) => w - eta * gradient[i]!), state: { step: step + 1, ...kept } };
    },
  };
}

export interface MomentumState extends KeptRate {
  readonly step: number;
  readonly velocity: readonly number[];
}

/**
 * Gradient descent with momentum: v ← momentum·v + g, then w ← w - rate·v, or with Nesterov's look-ahead
 * w ← w - rate·(momentum·v + g) (Sutskever et al., ICML 2013).
 * @param options.momentum from 0 to below 1; 0.9 by default
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function momentum(options: {
  readonly learningRate: LearningRate;
  readonly momentum?: number;
  readonly nesterov?: boolean;
}): GradientOptimizer<MomentumState> {
  checkOptions("momentum", options, ["learningRate", "momentum", "nesterov"]);
  const { momentum: decay = 0.9, nesterov = false } = options;
  const rate = checkRate("momentum", options.learningRate);
  checkSetting("momentum", "momentum", decay, decay >= 0 && decay < 1);
  return {
    kind: "gradient",
    name: nesterov ? "nesterov" : "momentum",
    settings: settingsText({ learningRate: options.learningRate, momentum: decay, nesterov }),
    init: (weights) => ({ step: 0, velocity: new Array<number>(weights.length).fill(0), ...rate.init() }),
    update(gradient, state, weights, value) {
      const { step, velocity } = state;
      checkNumbers("momentum", "gradient", gradient, weights.length);
      checkNumbers("momentum", "velocity", velocity, weights.length);
      const kept = rate.observe(state, value);
      const eta = rate.rate(step, kept);
      const next = gradient.map((g, i) => decay * velocity[i]! + g);
      return {
        weights: weights.map((w, i) => w - eta * (nesterov ? decay * next[i]! + gradient[i]! : next[i]!)),
        state: { step: step + 1, velocity: plain(next), ...kept },
      };
    },
  };
}
