export * from "./circuit/index.ts";
export {
  type ClassicalSteps,
  type CompressedModelSearch,
  type CompressModelOptions,
  type CompressModelProgress,
  compressModel,
} from "./compress-model.ts";
export {
  type CompressedModelCircuit,
  type CompressModelCircuitOptions,
  compressModelCircuit,
} from "./model-circuit.ts";
export type { ModelPoint } from "./model-point.ts";
