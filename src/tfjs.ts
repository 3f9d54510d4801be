/** The TensorFlow.js half of Lepton: quantum layers in Keras models. Importing it loads TensorFlow.js. */
export {
  type CompressedModel,
  type DistillOptions,
  distill,
  type Evaluation,
  exportCompact,
  type FactorizeOptions,
  factorizeDense,
  importCompact,
  type ModelCompressionReport,
  type ModelMeasure,
  type ModelSize,
  modelSize,
  type PruneUnitsOptions,
  type PruneWeightsOptions,
  pruneUnits,
  pruneWeights,
  type QuantizeModelOptions,
  quantizeModel,
  type Retraining,
} from "./compression/classical/index.ts";
export { type ApplyOptions, type CompiledModel, compileModel } from "./compute/tensorflow-compile.ts";
export { type ReadOptions, readNetwork, writeNetwork } from "./compute/tensorflow-network.ts";
export type { LayerPlace } from "./compute/tensorflow-segments.ts";
export { KerasQuantumLayer, type KerasQuantumLayerOptions, quantum } from "./layers/tensorflow.ts";
export type { ModelCard } from "./models/model-card.ts";
export { folderHandler, loadModel, type SaveModelOptions, saveModel } from "./models/tensorflow-folder.ts";
export { exportWeights, importWeights } from "./models/tensorflow-safetensors.ts";
export type { ModelData, TensorData, TrainingData } from "./training/tensorflow-data.ts";
export type { FitOptions } from "./training/tensorflow-fit.ts";
export type { EvaluateResult, PredictOptions, PredictResult } from "./training/tensorflow-predict.ts";
export { evaluate, fit, predict, train } from "./training/train.ts";
export {
  FrozenExtractor,
  type FrozenExtractorOptions,
  frozenExtractor,
} from "./transfer/tensorflow-frozen-extractor.ts";
