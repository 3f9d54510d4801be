import { type Dataset, randomSplit } from "../data/index.ts";
import { importWeights } from "../models/tensorflow-safetensors.ts";
import { rowOf } from "../runs/stop-run.ts";
import { madeBy, readRunConfig } from "../training/run-config-file.ts";
import { rowsFor, type TrainingData } from "../training/tensorflow-data.ts";
import { isDataset } from "../training/training-data.ts";
import { executeRun, requireTask } from "../worker/execute-run.ts";
import { UsageError } from "./errors.ts";
import { withStore } from "./store.ts";
import { type Compressible, ofModel, validationNote } from "./tensorflow-compressible.ts";

/**
 * The model of a run that is finished, with the rows and the loss that its file names.
 * @throws UsageError STORE_MISSING, COMPRESS_RUN; RunError RUN_UNKNOWN, RUN_NO_TASK, RUN_CHANGED; TrainingError CONFIG_FILE
 */
export async function openRun(
  id: string,
  location: string | undefined,
  seed: number,
  note: (text: string) => void,
): Promise<Compressible> {
  const { task, weights } = await withStore(location, "must-exist", async (store) => {
    const row = await rowOf(store, id);
    if (row.status !== "finished")
      throw new UsageError(
        "COMPRESS_RUN",
        `Run ${id} is ${row.status}, not finished; go on with it first: lepton runs resume ${id}`,
      );
    const executed = await executeRun(store, id, { weights: true });
    if (executed.kind !== "train")
      throw new UsageError("COMPRESS_RUN", `Run ${id} is one of minimize, which has no model; use compressCircuit.`);
    return { task: requireTask(row), weights: executed.weights! };
  });
  const { config: file, options } = task;
  const config = await readRunConfig(file, options);
  if (!("model" in config)) throw new UsageError("COMPRESS_RUN", `${file} no longer has a model.`);
  const model = await madeBy(file, "model", config.model);
  importWeights(model, weights);
  const data = await madeBy(file, "data", config.data);
  const { train, validation } = partsOf(file, data, config.validation, seed, note);
  const { loss, metrics } = config;
  const objective = { ...(loss === undefined ? {} : { loss }), ...(metrics === undefined ? {} : { metrics }) };
  const count = async (rows: TrainingData): Promise<number> => (await rowsFor(model, rows)).numRows;
  const numRows = { train: await count(train), validation: await count(validation), test: 0 };
  return ofModel(model, { train, validation }, numRows, objective);
}

function partsOf(
  file: string,
  data: TrainingData,
  validation: TrainingData | undefined,
  seed: number,
  note: (text: string) => void,
): { readonly train: TrainingData; readonly validation: TrainingData } {
  if (validation !== undefined) return { train: data, validation };
  if (!isDataset(data))
    throw new UsageError(
      "COMPRESS_RUN",
      `${file} names no validation rows, and its data are no Dataset that some could be held out of: add { validation }.`,
    );
  const rows: Dataset = data;
  const stratified = rows.classes !== undefined;
  const held = randomSplit(rows, { train: 0.8, validation: 0.2 }, { seed, stratified });
  note(validationNote(file, held.validation.numRows, rows.numRows));
  return held;
}
