export {
  type AdaptivePrecision,
  type AdaptivePrecisionOptions,
  adaptivePrecision,
  type PrecisionState,
} from "./adaptive-precision.ts";
export type { EarlyStoppingOptions } from "./early-stopping.ts";
export {
  freezeWeights,
  type LayerwiseMinimizeOptions,
  type LayerwiseMinimizeResult,
  type LayerwiseOptions,
  type LayerwiseStage,
  minimizeLayerwise,
  trainLayerwise,
} from "./layerwise.ts";
export { minimize } from "./minimize.ts";
export type { MinimizeCheckpoint, MinimizeOptions, MinimizeResult, MinimizeStep } from "./minimize-options.ts";
export { planMinimize } from "./minimize-plan.ts";
export { NoiseFloor, type NoiseFloorOptions, type NoiseFloorState } from "./noise-floor.ts";
export { type Replayed, type ReplayKeeping, type ReplayOptions, replayRun } from "./replay.ts";
export { type Emit, Run, type RunStartOptions, type RunStatus } from "./run.ts";
export { type Lazy, made, type RunConfig, type RunConfigFile, type RunConfigOptions } from "./run-config.ts";
export type { Precision, SamplingState, ShotOptions } from "./sampling.ts";
export {
  type EpochReport,
  evaluate,
  fit,
  predict,
  type StepReport,
  type TrainCallbacks,
  type TrainControl,
  type TrainOptions,
  type TrainResult,
  train,
} from "./train.ts";
export {
  formatPlan,
  type PlannedRun,
  type PlannedWork,
  type PlanOptions,
  type PredictionPlan,
  type Price,
  plan,
  planPrediction,
  type TrainingPlan,
  workText,
} from "./training-plan.ts";
