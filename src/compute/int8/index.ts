export { Int8Network } from "./int8-network.ts";
export { type QuantizeOptions, quantizeNetwork } from "./quantize-network.ts";
export {
  CALIBRATION_METHODS,
  type CalibrationMethod,
  dequantizeValues,
  largestSigned,
  quantizeValues,
  type RangeOptions,
  rangeOf,
  scaleOf,
} from "./ranges.ts";
export type { Int8LayerReport } from "./report.ts";
export type { Int8Linear, Int8Pool, Int8Range, Int8Stage, Int8Stages } from "./stages.ts";
