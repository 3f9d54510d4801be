import { checkNumbers, checkOptions, checkSetting, plain, settingsText } from "./checks.ts";
import { checkRate, type KeptRate, type LearningRate } from "./learning-rate.ts";
import type { GradientOptimizer } from "./optimizer.ts";

export interface AdagradState extends KeptRate {
  readonly step: number;
  /** Sum of the squared gradients. */
  readonly sum: readonly number[];
}

/**
 * AdaGrad (Duchi et al., JMLR 12, 2121, 2011): w ← w - rate·g/(√Σg² + epsilon).
 * @param options.initialSum what Σg² starts from; 0 by default
 * @param options.epsilon 1e-10 by default
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function adagrad(options: {
  readonly learningRate: LearningRate;
  readonly initialSum?: number;
  readonly epsilon?: number;
}): GradientOptimizer<AdagradState> {
  checkOptions("adagrad", options, ["learningRate", "initialSum", "epsilon"]);
  const { initialSum = 0, epsilon = 1e-10 } = options;
  const rate = checkRate("adagrad", options.learningRate);
  checkSetting("adagrad", "initialSum", initialSum, initialSum >= 0);
  checkSetting("adagrad", "epsilon", epsilon, epsilon > 0);
  return {
    kind: "gradient",
    name: "adagrad",
    settings: settingsText({ learningRate: options.learningRate, initialSum, epsilon }),
    init: (weights) => ({ step: 0, sum: new Array<number>(weights.length).fill(initialSum), ...rate.init() }),
    update(gradient, state, weights, value) {
      checkNumbers("adagrad", "gradient", gradient, weights.length);
      checkNumbers("adagrad", "sum", state.sum, weights.length);
      const kept = rate.observe(state, value);
      const eta = rate.rate(state.step, kept);
      const sum = gradient.map((g, i) => state.sum[i]! + g * g);
      return {
        weights: weights.map((w, i) => w - (eta * gradient[i]!) / (Math.sqrt(sum[i]!) + epsilon)),
        state: { step: state.step + 1, sum: plain(sum), ...kept },
      };
    },
  };
}
