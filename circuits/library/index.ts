export { type Amplitudes, amplitudeEmbedding } from "./amplitude-embedding.ts";
export { amplitudeFeatureMap } from "./amplitude-feature-map.ts";
export {
  appendDoubleExcitation,
  appendSingleExcitation,
  doubleExcitation,
  type ExcitationOptions,
  excitations,
  type SpinOrdering,
  singleExcitation,
  uccsd,
} from "./chemistry.ts";
export { dataReuploading } from "./data-reuploading.ts";
export { angleEmbedding, basisEmbedding, iqpEmbedding, type RotationAxis } from "./embeddings.ts";
export { type Entanglement, type EntanglementName, entanglementBlocks } from "./entanglement.ts";
export { type DataMap, type PauliFeatureMapOptions, pauliFeatureMap, zzFeatureMap } from "./feature-maps.ts";
export { hamiltonianVariational, qaoaAnsatz } from "./hamiltonian-ansatze.ts";
export {
  constantWeights,
  type Initializer,
  identityBlockWeights,
  mirroredBlocks,
  smallGaussianWeights,
  uniformWeights,
  type WeightTarget,
  zeroWeights,
} from "./initializers.ts";
export { basicEntangler, stronglyEntangling } from "./layered-ansatze.ts";
export { type Mixer, type MixerPattern, xyMixer } from "./mixers.ts";
export { efficientSU2, type NLocalOptions, nLocal, realAmplitudes, type TwoLayerOptions } from "./n-local.ts";
export {
  appendPauliRotation,
  appendTermExponentials,
  type PauliLike,
  pauliRotation,
  trotter,
} from "./pauli-evolution.ts";
export { dickeState, ghzState, qft, wState } from "./states.ts";
