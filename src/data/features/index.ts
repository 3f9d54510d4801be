import type { FittedTransform, TransformJSON } from "../transform.ts";
import { fourierFeaturesFromJSON } from "./fourier-features.ts";
import { imagePatchesFromJSON } from "./image-patches.ts";
import { lagFeaturesFromJSON } from "./lag-features.ts";
import { poolingFromJSON } from "./pooling.ts";
import { randomProjectionFromJSON } from "./random-projection.ts";
import { scaleFromJSON } from "./scale.ts";
import { waveletFeaturesFromJSON } from "./wavelet-features.ts";

export { type FourierOptions, fourierFeatures } from "./fourier-features.ts";
export type { GridSize, WindowOptions } from "./grid-windows.ts";
export { imagePatches } from "./image-patches.ts";
export { type LagOptions, lagFeatures } from "./lag-features.ts";
export { type PoolingOptions, pooling } from "./pooling.ts";
export { type RandomProjectionOptions, randomProjection } from "./random-projection.ts";
export { scale } from "./scale.ts";
export { type Wavelet, type WaveletOptions, waveletFeatures } from "./wavelet-features.ts";

/** Reads each kind of saved feature extraction. */
export const FEATURES_FROM_JSON: Readonly<Record<string, (json: TransformJSON) => FittedTransform>> = {
  fourierFeatures: fourierFeaturesFromJSON,
  imagePatches: imagePatchesFromJSON,
  lagFeatures: lagFeaturesFromJSON,
  pooling: poolingFromJSON,
  randomProjection: randomProjectionFromJSON,
  scale: scaleFromJSON,
  waveletFeatures: waveletFeaturesFromJSON,
};
