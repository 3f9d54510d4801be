/** Kernels of quantum feature maps, support vector machines on them, and the fit of an encoding to data. */
export { KernelError } from "../errors.ts";
export { linearKernel, rbfKernel, scaleGamma } from "./classical-kernels.ts";
export type { CrossValidationOptions, FoldScores, KernelScore } from "./cross-validation.ts";
export {
  type EncodingCandidate,
  type EncodingCandidates,
  type EncodingFit,
  type EncodingProgress,
  type FitEncodingOptions,
  fitEncoding,
} from "./fit-encoding.ts";
export { type FitKernelOptions, fitKernel, type KernelCandidate, type KernelFit } from "./fit-kernel.ts";
export { FittedEncoder, type FittedEncoderJSON, type KernelPlace } from "./fitted-encoder.ts";
export { type Classification, FittedSupportVectors, type SupportVectorsJSON } from "./fitted-support-vectors.ts";
export type { Kernel, KernelCosts, KernelJSON, KernelMatrix, KernelOptions, KernelPlan, KernelRows } from "./kernel.ts";
export { kernelFromJSON } from "./kernel-json.ts";
export { nearestPositiveSemidefinite, symmetricEigenvalues } from "./positive-semidefinite.ts";
export { type ProjectedKernelOptions, ProjectedQuantumKernel, projectedQuantumKernel } from "./projected-kernel.ts";
export { type FeatureMapOptions, QuantumKernel, type QuantumKernelOptions, quantumKernel } from "./quantum-kernel.ts";
export {
  type LabelledRows,
  type SupportVectorClassifier,
  type SupportVectorOptions,
  supportVectorClassifier,
} from "./support-vector-classifier.ts";
