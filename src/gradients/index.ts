export { assertFiniteValues } from "./adjoint.ts";
export type {
  EvaluateOptions,
  GradientEvaluation,
  GradientPoint,
  Gradients,
  MeasuredValues,
  PreparedEvaluation,
  PrepareOptions,
} from "./evaluation.ts";
export {
  type ExpectationJob,
  type ExpectationRequest,
  type ExpectationResult,
  type JobCosts,
  runExpectations,
} from "./expectation-job.ts";
export {
  type GradientProgram,
  type GradientProgramOptions,
  type GradientRequest,
  type GradientResult,
  gradientProgram,
  valueAndGradient,
} from "./gradient-program.ts";
export { type GradientVariance, type GradientVarianceOptions, gradientVariance } from "./gradient-variance.ts";
export { invert } from "./linear-solve.ts";
export {
  GRADIENT_METHODS,
  type GradientMethod,
  type MethodChoice,
  type MethodRequest,
  selectMethod,
} from "./select.ts";
export { type ShiftedRows, ShiftProgram, type SlotJacobian } from "./shift-program.ts";
export { generalShiftRule, type ShiftTerm, shiftRule } from "./shift-rules.ts";
export { measuredParts, type ShotRequest } from "./shot-allocation.ts";
export { type GradientWants, type ShiftedSlot, shiftedSlots, slotCircuit } from "./slot-circuit.ts";
export type { SpsaGradientOptions } from "./spsa.ts";
export {
  formatTrainability,
  type TrainabilityDecay,
  type TrainabilityOptions,
  type TrainabilityReport,
  type TrainabilityRow,
  type TrainingStart,
  trainabilityReport,
  trainingStarts,
} from "./trainability.ts";
