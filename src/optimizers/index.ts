export { type AdagradState, adagrad } from "./adagrad.ts";
export { type AdamState, adam } from "./adam.ts";
export { type LbfgsState, lbfgs } from "./lbfgs.ts";
export {
  type CosineDecayOptions,
  checkRate,
  constantRate,
  cosineDecay,
  exponentialDecay,
  type KeptRate,
  type LearningRate,
  type LearningRateSchedule,
  type OneCycleOptions,
  oneCycle,
  type PlateauState,
  type RateProgram,
  type ReduceOnPlateauOptions,
  reduceOnPlateau,
  stepDecay,
} from "./learning-rate.ts";
export type { EvaluationOptimizer, GradientOptimizer, Optimizer } from "./optimizer.ts";
export { type RotosolveState, rotosolve } from "./rotosolve.ts";
export { type MomentumState, momentum, type SgdState, sgd } from "./sgd.ts";
export { type SpsaOptions, type SpsaState, spsa } from "./spsa.ts";
