import { describeValue } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import { checkNames } from "./options.ts";

/** When a value that is measured with errors no longer falls by more than these can tell. */
export interface NoiseFloorOptions {
  /** Values on each side of the comparison; 5 by default, 2 at least. */
  readonly window?: number;
  /** How many of its own standard errors an improvement must have; 1 by default. */
  readonly sigmas?: number;
}

/** The last values and their standard errors, the oldest first, as plain data. */
export interface NoiseFloorState {
  readonly values: readonly number[];
  readonly stderrs: readonly number[];
}

/**
 * A one-sided z-test on the mean of the last `window` values against that of as many before them: training has come to the
 * noise floor when mean(before) - mean(last) < sigmas·√(SE(before)² + SE(last)²), where the standard errors of the means come
 * from those of the values, taken as independent. At 1 sigma, values that only scatter pass for an improvement once in six
 * times. Exact values, and those whose error nobody knows (NaN), have no floor.
 */
export class NoiseFloor {
  readonly #window: number;
  readonly #sigmas: number;

  /** @throws TrainingError TRAINING_EARLY_STOPPING; TRAINING_OPTION for an option that there is not */
  constructor(options: NoiseFloorOptions) {
    checkNames("noiseFloor", options, ["window", "sigmas"]);
    const { window = 5, sigmas = 1 } = options;
    if (!(Number.isSafeInteger(window) && window >= 2) || !(Number.isFinite(sigmas) && sigmas > 0))
      throw new TrainingError(
        "TRAINING_EARLY_STOPPING",
        `A noise floor needs a window that is an integer of 2 or more, and sigmas above 0, not ${describeValue(window)} and ${describeValue(sigmas)}.`,
      );
    this.#window = window;
    this.#sigmas = sigmas;
  }

  init(): NoiseFloorState {
    return { values: [], stderrs: [] };
  }

  observe({ values, stderrs }: NoiseFloorState, value: number, stderr: number): NoiseFloorState {
    const kept = 2 * this.#window - 1;
    return { values: [...values.slice(-kept), value], stderrs: [...stderrs.slice(-kept), stderr] };
  }

  isReached({ values, stderrs }: NoiseFloorState): boolean {
    const window = this.#window;
    if (values.length < 2 * window) return false;
    let improvement = 0;
    let variance = 0;
    for (const [i, value] of values.entries()) {
      improvement += (i < window ? value : -value) / window;
      variance += (stderrs[i]! / window) ** 2;
    }
    return variance > 0 && improvement < this.#sigmas * Math.sqrt(variance);
  }
}
