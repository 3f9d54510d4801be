import { Rng } from "../../circuits/index.ts";
import { checkOptions } from "../options.ts";
import type { EstimatorOptions, SamplerOptions } from "../primitives.ts";
import { checkPrecision, checkShots, type PubLimits } from "../pub.ts";
import { checkMemoryLimit } from "./memory.ts";

/** Shots of one PUB, or of one group of an observable at the smallest precision. */
export const MAX_SHOTS = 10_000_000;

/** What a simulator gives its estimators and samplers where they, or their PUBs, do not say it. */
export class PrimitiveSettings {
  readonly limits: PubLimits;
  readonly #rng: Rng;
  readonly #precision: number;
  readonly #shots: number;
  #made = 0;

  /** @throws PubError PUB_PRECISION, PUB_SHOTS; SimulatorError MEMORY_LIMIT; ParameterError SEED */
  constructor(options: {
    readonly seed?: number;
    readonly precision?: number;
    readonly shots?: number;
    readonly maxMemoryBytes?: number;
  }) {
    const { seed = 0, precision = 0, shots = 1024, maxMemoryBytes } = options;
    checkMemoryLimit("maxMemoryBytes", maxMemoryBytes);
    this.#precision = checkPrecision(precision);
    this.#shots = checkShots(shots);
    this.#rng = Rng.seed(seed);
    this.limits = { maxShots: MAX_SHOTS, maxResultBytes: maxMemoryBytes };
  }

  /** @throws PubError PUB_FORM, PUB_PRECISION; ParameterError SEED */
  estimator(options: EstimatorOptions | undefined): { readonly precision: number; readonly rng: Rng } {
    const { precision = this.#precision, seed } = checkOptions(options, "estimator", ["precision", "seed"]);
    return { precision: checkPrecision(precision), rng: this.#fork(seed) };
  }

  /** @throws PubError PUB_FORM, PUB_SHOTS; ParameterError SEED */
  sampler(options: SamplerOptions | undefined): { readonly shots: number; readonly rng: Rng } {
    const { shots = this.#shots, seed } = checkOptions(options, "sampler", ["shots", "seed"]);
    return { shots: checkShots(shots), rng: this.#fork(seed) };
  }

  /** A primitive without a seed of its own takes the simulator's, forked by how many were made before. */
  #fork(seed: number | undefined): Rng {
    return seed === undefined ? this.#rng.fork("primitive", this.#made++) : Rng.seed(seed);
  }
}
