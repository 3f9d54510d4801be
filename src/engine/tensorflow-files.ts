import type { LayersModel } from "@tensorflow/tfjs-layers";
import { EngineError } from "../errors.ts";
import { loadModelWithGrids, type SaveModelOptions, saveModel } from "../models/tensorflow-folder.ts";
import type { SavedEngine } from "./units.ts";

/** Under this name the engine stands among the model's own metadata, so that both are written at once. */
const FIELD = "leptonEngine";

type Grids = SaveModelOptions["grids"];

export async function saveEngine(
  model: LayersModel,
  description: SavedEngine,
  folder: string,
  grids: Grids,
): Promise<void> {
  const before = model.getUserDefinedMetadata();
  model.setUserDefinedMetadata({ ...before, [FIELD]: description });
  try {
    await saveModel(model, folder, grids === undefined ? {} : { grids });
  } finally {
    // TensorFlow.js knows no way to take metadata away again.
    model.setUserDefinedMetadata(before ?? {});
  }
}

/** @throws EngineError ENGINE_FILE where the folder holds a model but no engine */
export async function readEngine(
  folder: string,
): Promise<{ readonly model: LayersModel; readonly description: SavedEngine; readonly grids: Grids }> {
  const { model, grids } = await loadModelWithGrids(folder);
  const description = (model.getUserDefinedMetadata() as Record<string, unknown> | undefined)?.[FIELD] as
    | SavedEngine
    | undefined;
  if (description?.format === "lepton-engine@1") return { model, description, grids };
  model.dispose();
  throw new EngineError(
    "ENGINE_FILE",
    description === undefined
      ? `The model in ${folder} was not saved by an engine; load it with loadModel.`
      : `The engine in ${folder} is of the format ${JSON.stringify(description.format)}, which this version does not read.`,
  );
}
