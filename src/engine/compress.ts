import type { CompressedModelSearch, CompressModelOptions, ModelPoint } from "../compression/index.ts";
import { EngineError } from "../errors.ts";
import type { TrainOptions } from "../training/index.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";
import type { FeatureParts } from "./parts.ts";

export type WeightGrids = CompressedModelSearch["grids"];

/** Options of `compressModel`; rows are the engine's, and so are loss, batch size and seed unless given. */
export type EngineCompressOptions = Omit<CompressModelOptions, "train" | "validation">;

/** Smaller pipelines, and what they take. */
export interface EngineCompression<Engine>
  extends Pick<CompressedModelSearch, "given" | "best" | "points" | "fineTunes"> {
  /** The pipeline with the best model; `save` keeps its few bits. */
  readonly engine: Engine;
  /** The pipeline with the model of another row. */
  engineOf(point: ModelPoint): Promise<Engine>;
}

interface Made {
  readonly model: LayersModel;
  readonly grids: WeightGrids;
  /** In a sentence: what was done to the model that was trained. */
  readonly how: string;
}

/** @throws EngineError ENGINE_NO_DATA; as `compressModel` */
export async function compressed<Engine>(
  { model, parts }: { readonly model: LayersModel; readonly parts: FeatureParts },
  { loss, metrics, batchSize, seed }: Pick<TrainOptions, "loss" | "metrics" | "batchSize" | "seed">,
  options: EngineCompressOptions,
  engineOf: (made: Made) => Engine,
): Promise<EngineCompression<Engine>> {
  const { train, validation } = parts;
  if (train === undefined || validation === undefined)
    throw new EngineError(
      "ENGINE_NO_DATA",
      "compress needs rows to train on and others to choose by: data: { train, validation, test }, taken apart before training.",
    );
  const own = Object.fromEntries(
    Object.entries({ loss, metrics, batchSize, seed }).filter(([, value]) => value !== undefined),
  );
  const { compressModel } = await import("../compression/index.ts");
  const found = await compressModel(model, { ...own, ...options, train, validation });
  const { given, best, points, fineTunes, grids } = found;
  const howOf = ({ circuit, classical, bytes }: ModelPoint): string =>
    `It was made smaller after it was trained: ${circuit === undefined ? "" : `circuit by "${circuit}", `}classical layers by "${classical}", ${bytes} of ${given.bytes} bytes of weights; by the training and validation rows, which therefore no longer judge it.`;
  return {
    ...{ given, best, points, fineTunes },
    engine: engineOf({ model: found.model, grids, how: howOf(best) }),
    engineOf: async (point) => engineOf({ ...(await found.modelOf(point)), how: howOf(point) }),
  };
}
