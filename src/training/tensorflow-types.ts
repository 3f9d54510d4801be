export type { Tensor } from "@tensorflow/tfjs-core";
export type { LayersModel, ModelCompileArgs } from "@tensorflow/tfjs-layers";
