export type { EngineCompression, EngineCompressOptions } from "./compress.ts";
export {
  type EngineFitOptions,
  type EngineTrainOptions,
  engine,
  LeptonEngine,
} from "./engine.ts";
export type { Evaluation, Prediction } from "./evaluation.ts";
export { loadEngine } from "./load-engine.ts";
export type { CardOptions } from "./record.ts";
export type { EngineSummary } from "./summary.ts";
export type {
  Activation,
  ClassicalUnit,
  DataParts,
  DataUnit,
  EngineOptions,
  FeatureUnit,
  FittedFeatures,
  NewRows,
  OptimizeUnit,
  OutputFacts,
  PartName,
  QuantumUnit,
  SavedEngine,
  Task,
  UnitShape,
} from "./units.ts";
