export { ComputeError } from "../errors.ts";
export { checkNetwork } from "./check-network.ts";
export {
  CompiledNetwork,
  type CompileOptions,
  compileNetwork,
  type ForwardOptions,
  type NetworkGradients,
  type NetworkState,
} from "./compiled-network.ts";
export {
  fitNetwork,
  type NetworkData,
  type NetworkEpoch,
  type NetworkFitOptions,
  type NetworkRows,
} from "./fit-network.ts";
export {
  type CalibrationMethod,
  type Int8LayerReport,
  Int8Network,
  type Int8Stages,
  type QuantizeOptions,
  quantizeNetwork,
} from "./int8/index.ts";
export { LOSSES, type LossName } from "./loss-head.ts";
export {
  ACTIVATIONS,
  type Activation,
  type ActivationLayer,
  type ActivationName,
  type BatchNormalizationLayer,
  type Conv2dLayer,
  type DenseLayer,
  type DepthwiseConv2dLayer,
  type DropoutLayer,
  type GlobalPool2dLayer,
  layerWeights,
  type Network,
  type NetworkLayer,
  numParameters,
  type Padding,
  type Pool2dLayer,
  type ReshapeLayer,
  type RowShape,
  sizeOf,
  type Window,
  windowOver,
} from "./network.ts";
export type { AdamSettings, MomentumSettings, OptimizerSettings, SgdSettings } from "./optimizer.ts";
