/** Classical layers of models made smaller; importing this loads TensorFlow.js. */
export type { WeightGrid } from "./compact-weights.ts";
export type { PruningScope } from "./magnitude.ts";
export { exportCompact, importCompact, type ModelSize, modelSize, type WeightGrids } from "./tensorflow-compact.ts";
export { type DistillOptions, distill } from "./tensorflow-distill.ts";
export { type FactorizeOptions, factorizeDense } from "./tensorflow-factorize.ts";
export { type PruneUnitsOptions, pruneUnits, type UnitImportance } from "./tensorflow-prune-units.ts";
export { type PruneWeightsOptions, pruneWeights } from "./tensorflow-prune-weights.ts";
export { type QuantizeModelOptions, quantizeModel } from "./tensorflow-quantize.ts";
export type { CompressedModel, ModelCompressionReport, ModelMeasure } from "./tensorflow-report.ts";
export type { Evaluation, Retraining } from "./tensorflow-score.ts";
