import type { layers } from "@tensorflow/tfjs-layers";

export type { Tensor } from "@tensorflow/tfjs-core";
export type { LayersModel, ModelCompileArgs } from "@tensorflow/tfjs-layers";

export type Layer = layers.Layer;
