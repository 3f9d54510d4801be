export { causalCone } from "./causal-cone.ts";
export type { EvaluateOptions, GradientEvaluation, GradientPoint, Gradients } from "./evaluation.ts";
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
export { type OneJob, runOneJob } from "./one-job.ts";
export { type ShiftedRows, ShiftProgram, type SlotJacobian } from "./parameter-shift.ts";
export {
  GRADIENT_METHODS,
  type GradientMethod,
  type MethodChoice,
  type MethodRequest,
  selectMethod,
} from "./select.ts";
export { generalShiftRule, type ShiftTerm, shiftRule } from "./shift-rules.ts";
export { type GradientWants, type ShiftedSlot, shiftedSlots, slotCircuit } from "./slot-circuit.ts";
export type { SpsaGradientOptions } from "./spsa.ts";
