export {
  type MinimizeCheckpoint,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeStep,
  minimize,
} from "./minimize.ts";
export { type Emit, Run, type RunStartOptions, type RunStatus } from "./run.ts";
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
  type PlannedWork,
  type PlanOptions,
  type Price,
  plan,
  type TrainingPlan,
} from "./training-plan.ts";
