import { describeValue } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";
import type { ComputeMemory } from "./kernels/compute-memory.ts";
import type { TrainedRegion } from "./memory-plan.ts";
import { vectorBytes } from "./operations/operation.ts";
import { checkOptions, checkRange } from "./options.ts";

export interface SgdSettings {
  readonly name: "sgd";
  readonly learningRate: number;
}
export interface MomentumSettings {
  readonly name: "momentum";
  readonly learningRate: number;
  /** What is kept of the last step. Default: 0.9. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}
export interface AdamSettings {
  readonly name: "adam";
  /** Default: 0.001. */
  readonly learningRate?: number;
  /** What is kept of the moving mean of gradients. Default: 0.9. */
  readonly beta1?: number;
  /** What is kept of the moving mean of their squares. Default: 0.999. */
  readonly beta2?: number;
  /** Added to the root of the latter. Default: 1e-7, as TensorFlow.js has it for single precision. */
  readonly epsilon?: number;
}
export type OptimizerSettings = SgdSettings | MomentumSettings | AdamSettings;

/** Takes one step of all weights. */
export interface ComputeOptimizer {
  learningRate: number;
  /** How many pieces of memory as large as the weights it has. */
  readonly numMoments: number;
  step(memory: ComputeMemory, region: TrainedRegion): void;
  /** Numbers beside the moments that decide the next step. */
  state: readonly number[];
}

/** @throws ComputeError COMPUTE_OPTION */
export function computeOptimizer(settings: OptimizerSettings): ComputeOptimizer {
  switch (settings?.name) {
    case "sgd":
      return sgd(settings);
    case "momentum":
      return momentum(settings);
    case "adam":
      return adam(settings);
    default:
      throw new ComputeError(
        "COMPUTE_OPTION",
        `There is no optimizer ${describeValue((settings as { name?: unknown } | undefined)?.name ?? settings)}; give { name: "sgd", "momentum" or "adam", ... }.`,
      );
  }
}

function sgd(settings: SgdSettings): ComputeOptimizer {
  checkOptions("sgd", settings, ["name", "learningRate"]);
  const { learningRate } = settings;
  checkRange("learningRate", learningRate, 0, Infinity);
  return {
    learningRate,
    numMoments: 0,
    state: [],
    step({ kernels }, { weights, gradients, numbers }) {
      kernels.sgd!(weights, gradients, vectorBytes(numbers), this.learningRate);
    },
  };
}

function momentum(settings: MomentumSettings): ComputeOptimizer {
  checkOptions("momentum", settings, ["name", "learningRate", "momentum", "nesterov"]);
  const { learningRate, momentum = 0.9, nesterov = false } = settings;
  checkRange("learningRate", learningRate, 0, Infinity);
  checkRange("momentum", momentum, 0, 1);
  const kernel = nesterov ? "nesterov" : "momentum";
  return {
    learningRate,
    numMoments: 1,
    state: [],
    step({ kernels }, { weights, gradients, moments, numbers }) {
      kernels[kernel]!(weights, gradients, moments[0]!, vectorBytes(numbers), this.learningRate, momentum);
    },
  };
}

function adam(settings: AdamSettings): ComputeOptimizer {
  checkOptions("adam", settings, ["name", "learningRate", "beta1", "beta2", "epsilon"]);
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = settings;
  checkRange("learningRate", learningRate, 0, Infinity);
  checkRange("beta1", beta1, 0, 1);
  checkRange("beta2", beta2, 0, 1);
  checkRange("epsilon", epsilon, 0, Infinity);
  return {
    learningRate,
    numMoments: 2,
    // The powers of both betas, in single precision as TensorFlow.js has them.
    state: [Math.fround(beta1), Math.fround(beta2)],
    step({ kernels }, { weights, gradients, moments, numbers }) {
      const [power1, power2] = this.state as [number, number];
      const scale1 = 1 / (1 - power1);
      const scale2 = 1 / (1 - power2);
      const bytes = vectorBytes(numbers);
      kernels.adam!(
        weights,
        gradients,
        moments[0]!,
        moments[1]!,
        bytes,
        this.learningRate,
        beta1,
        beta2,
        epsilon,
        scale1,
        scale2,
      );
      this.state = [Math.fround(power1 * Math.fround(beta1)), Math.fround(power2 * Math.fround(beta2))];
    },
  };
}
