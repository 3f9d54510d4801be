export type { TrainedCircuit } from "./trained-circuit.ts";
export {
  type TransferOptions,
  type TransferredWeight,
  transferWeights,
  type WeightOrigin,
  type WeightTransfer,
} from "./transfer-weights.ts";
