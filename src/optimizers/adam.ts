import { checkNumbers, checkOptions, checkSetting, plain, settingsText } from "./checks.ts";
import { checkRate, type KeptRate, type LearningRate } from "./learning-rate.ts";
import type { GradientOptimizer } from "./optimizer.ts";

export interface AdamState extends KeptRate {
  readonly step: number;
  /** Decaying mean of the gradient. */
  readonly first: readonly number[];
  /** Decaying mean of its square. */
  readonly second: readonly number[];
}

/**
 * Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1, bias-corrected): w ← w - rate·m̂/(√v̂ + epsilon).
 * @param options learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8 by default
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function adam(
  options: {
    readonly learningRate?: LearningRate;
    readonly beta1?: number;
    readonly beta2?: number;
    readonly epsilon?: number;
  } = {},
): GradientOptimizer<AdamState> {
  checkOptions("adam", options, ["learningRate", "beta1", "beta2", "epsilon"]);
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const rate = checkRate("adam", learningRate);
  checkSetting("adam", "beta1", beta1, beta1 >= 0 && beta1 < 1);
  checkSetting("adam", "beta2", beta2, beta2 >= 0 && beta2 < 1);
  checkSetting("adam", "epsilon", epsilon, epsilon > 0);
  return {
    kind: "gradient",
    name: "adam",
    settings: settingsText({ learningRate, beta1, beta2, epsilon }),
    init: ({ length }) => ({
      step: 0,
      first: new Array<number>(length).fill(0),
      second: new Array<number>(length).fill(0),
      ...rate.init(),
    }),
    update(gradient, state, weights, value) {
      checkNumbers("adam", "gradient", gradient, weights.length);
      checkNumbers("adam", "first moment", state.first, weights.length);
      checkNumbers("adam", "second moment", state.second, weights.length);
      const step = state.step + 1;
      const kept = rate.observe(state, value);
      const eta = rate.rate(state.step, kept);
      const firstBias = 1 - beta1 ** step;
      const secondBias = 1 - beta2 ** step;
      const first = gradient.map((g, i) => beta1 * state.first[i]! + (1 - beta1) * g);
      const second = gradient.map((g, i) => beta2 * state.second[i]! + (1 - beta2) * g * g);
      return {
        weights: weights.map(
          (w, i) => w - (eta * (first[i]! / firstBias)) / (Math.sqrt(second[i]! / secondBias) + epsilon),
        ),
        state: { step, first: plain(first), second: plain(second), ...kept },
      };
    },
  };
}
