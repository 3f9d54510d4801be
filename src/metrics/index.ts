export { type Calibration, type CalibrationBin, calibrationCurve, logLoss } from "./calibration.ts";
export { accuracy, confusionMatrix, f1, predictedClasses } from "./classification.ts";
export { type FairnessReport, fairnessReport, type GroupRates, type Share } from "./fairness.ts";
export { mae, meanAndSpread, r2, rmse } from "./regression.ts";
export { type RocCurve, rocAuc, rocCurve } from "./roc.ts";
export {
  bestThreshold,
  precision,
  ratesAtThreshold,
  sensitivity,
  specificity,
  type ThresholdRates,
} from "./threshold.ts";
