import type { IbmEstimatorOptions, IbmSamplerOptions } from "./program-options.ts";

/** Whether the service puts random gates around gates; its mitigation does where options say nothing. */
export function twirlsGates(options: IbmEstimatorOptions | IbmSamplerOptions): boolean {
  const { resilienceLevel, resilience } = options as IbmEstimatorOptions;
  const learnsLayers = resilience?.pecMitigation === true || resilience?.zne?.amplifier === "pea";
  return options.twirling?.enableGates ?? (resilienceLevel === 2 || learnsLayers);
}

/** The same around measurements. */
export function twirlsMeasurements(options: IbmEstimatorOptions | IbmSamplerOptions): boolean {
  const { resilienceLevel = 0, resilience } = options as IbmEstimatorOptions;
  return options.twirling?.enableMeasure ?? (resilience?.measureMitigation === true || resilienceLevel >= 1);
}
