import type { IbmEstimatorOptions, IbmSamplerOptions } from "./program-options.ts";

/** What error mitigation by the service adds to a job. */
export interface MitigationWork {
  /** The most executions that one becomes. */
  readonly factor: number;
  /** Executions by which the noise is learned, once a job. */
  readonly learning: number;
}

/** Bases in which a layer of gates is learned, at most. */
const LEARNING_BASES = 9;

/**
 * An upper bound of what the service's mitigation takes, with its defaults where options say nothing: zero-noise extrapolation
 * runs each circuit once for each noise factor, probabilistic error cancellation up to `maxOverhead` times.
 */
export function mitigationWork(options: IbmEstimatorOptions | IbmSamplerOptions): MitigationWork {
  const { resilienceLevel, resilience = {} } = options as IbmEstimatorOptions;
  const { zne = {}, pec = {}, layerNoiseLearning = {} } = resilience;
  const cancels = resilience.pecMitigation === true;
  const extrapolates = !cancels && (resilience.zneMitigation ?? resilienceLevel === 2);
  const factor = cancels ? (pec.maxOverhead ?? 100) : extrapolates ? (zne.noiseFactors?.length ?? 3) : 1;
  if (!(cancels || (extrapolates && zne.amplifier === "pea"))) return { factor, learning: 0 };
  const {
    maxLayersToLearn = 4,
    layerPairDepths = [0, 1, 2, 4, 16, 32],
    numRandomizations = 32,
    shotsPerRandomization = 128,
  } = layerNoiseLearning;
  const learning =
    maxLayersToLearn * LEARNING_BASES * layerPairDepths.length * numRandomizations * shotsPerRandomization;
  return { factor, learning };
}
