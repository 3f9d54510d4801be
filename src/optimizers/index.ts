export { type AdagradState, adagrad } from "./adagrad.ts";
export { type AdamState, adam } from "./adam.ts";
export type { EvaluationOptimizer, GradientOptimizer, LearningRate, Optimizer } from "./optimizer.ts";
export { type RotosolveState, rotosolve } from "./rotosolve.ts";
export { type MomentumState, momentum, type SgdState, sgd } from "./sgd.ts";
export { type SpsaOptions, type SpsaState, spsa } from "./spsa.ts";
