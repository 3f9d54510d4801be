import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { io } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import { ModelError } from "../errors.ts";
// Registers the quantum layer, so that saved models which hold one can be read.
import "../layers/tensorflow.ts";
import { checkTensorBackend } from "../layers/tensorflow-backend.ts";
import { packageVersion } from "../version.ts";

const TOPOLOGY = "model.json";
const WEIGHTS = "weights.bin";
/** Written first and renamed when whole. */
const NEXT = ".next";

/** What Lepton adds to the model.json of TensorFlow.js; other readers skip it. */
interface LeptonSection {
  readonly format: "lepton-model@1";
  readonly version: string;
  readonly weights: { readonly bytes: number; readonly sha256: string };
}

interface ModelFile extends io.ModelJSON {
  readonly lepton?: LeptonSection;
}

export interface SaveModelOptions {
  /** Also saves the optimizer's state and what the model is compiled with; false by default. */
  readonly includeOptimizer?: boolean;
}

/**
 * Saves a model to a folder as model.json and weights.bin, in the format that TensorFlow.js reads. A crash at any moment
 * leaves a folder that loads as the old or as the new model.
 * @throws ModelError MODEL_FOLDER when the folder cannot be made or written; MODEL_OPTIMIZER when the optimizer cannot be
 * saved
 */
export async function saveModel(model: LayersModel, folder: string, options: SaveModelOptions = {}): Promise<void> {
  const { includeOptimizer = false } = options;
  if (includeOptimizer) checkOptimizer(model);
  try {
    await model.save(folderHandler(folder), { includeOptimizer });
  } catch (error) {
    if (error instanceof ModelError || !includeOptimizer) throw error;
    throw optimizerError(model, (error as Error).message, error);
  }
}

/** TensorFlow.js saves losses and metrics by name, so functions would be lost in silence. */
function checkOptimizer(model: LayersModel): void {
  if (model.optimizer == null) throw optimizerError(model, "the model is not compiled");
  const named = (given: unknown): boolean =>
    given == null ||
    typeof given === "string" ||
    (typeof given === "object" && Object.values(given).every((one) => named(one)));
  for (const [what, given] of [
    ["loss", model.loss],
    ["metric", model.metrics],
  ] as const)
    if (!named(given)) throw optimizerError(model, `a ${what} that is a function has no name to be saved under`);
}

function optimizerError(model: LayersModel, reason: string, cause?: unknown): ModelError {
  return new ModelError(
    "MODEL_OPTIMIZER",
    `What model ${model.name} is compiled with cannot be saved: ${reason}. Save without { includeOptimizer: true }, and compile after loading.`,
    { cause },
  );
}

/**
 * Loads a model that `saveModel` saved, or any other in the TensorFlow.js layers format with one weights file.
 * @throws ModelError MODEL_FOLDER_MISSING, MODEL_FOREIGN, MODEL_WEIGHTS_CORRUPT, TENSORFLOW_BACKEND
 */
export async function loadModel(folder: string): Promise<LayersModel> {
  checkTensorBackend();
  const artifacts = await loadArtifacts(folder);
  try {
    return await loadLayersModel(io.fromMemory(artifacts));
  } catch (error) {
    throw new ModelError("MODEL_FOREIGN", `The model in ${folder} cannot be built: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A folder as TensorFlow.js's `model.save` and `loadLayersModel` take it. */
export function folderHandler(folder: string): io.IOHandler {
  return { save: (artifacts) => saveArtifacts(folder, artifacts), load: () => loadArtifacts(folder) };
}

async function saveArtifacts(folder: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const { modelTopology, weightSpecs = [], weightData = new ArrayBuffer(0), trainingConfig } = artifacts;
  const weights = new Uint8Array(io.concatenateArrayBuffers(Array.isArray(weightData) ? weightData : [weightData]));
  const lepton: LeptonSection = {
    format: "lepton-model@1",
    version: packageVersion(),
    weights: { bytes: weights.length, sha256: sha256(weights) },
  };
  const file = {
    format: artifacts.format,
    generatedBy: artifacts.generatedBy,
    convertedBy: artifacts.convertedBy ?? null,
    modelTopology,
    ...(trainingConfig === undefined ? {} : { trainingConfig }),
    ...(artifacts.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: artifacts.userDefinedMetadata }),
    weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs }],
    lepton,
  };
  try {
    await mkdir(folder, { recursive: true });
    await finishSave(folder);
    await writeWhole(join(folder, WEIGHTS + NEXT), weights);
    await writeWhole(join(folder, TOPOLOGY + NEXT), JSON.stringify(file));
    // From this rename on the folder holds the new model: until the next one, its weights are found by their hash.
    await rename(join(folder, TOPOLOGY + NEXT), join(folder, TOPOLOGY));
    await rename(join(folder, WEIGHTS + NEXT), join(folder, WEIGHTS));
  } catch (error) {
    throw new ModelError("MODEL_FOLDER", `The model cannot be saved to ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const { mtime } = await stat(join(folder, TOPOLOGY));
  return { modelArtifactsInfo: { dateSaved: mtime, modelTopologyType: "JSON", weightDataBytes: weights.length } };
}

async function loadArtifacts(folder: string): Promise<io.ModelArtifacts> {
  const file = await readModelFile(folder);
  const paths = file.weightsManifest.flatMap((group) => group.paths);
  if (paths.length > 1 || paths.some((path) => path.includes("/") || path.includes("\\")))
    throw new ModelError(
      "MODEL_FOREIGN",
      `${join(folder, TOPOLOGY)} names ${paths.length} weights file(s): ${paths.join(", ")}; one file in the same folder can be read.`,
    );
  const specs = file.weightsManifest.flatMap((group) => group.weights);
  const weights = await readWeights(folder, paths[0] ?? WEIGHTS, file, weightBytes(specs));
  return {
    modelTopology: file.modelTopology,
    weightSpecs: specs,
    weightData: weights.slice().buffer,
    ...(file.format === undefined ? {} : { format: file.format }),
    ...(file.trainingConfig === undefined ? {} : { trainingConfig: file.trainingConfig }),
    ...(file.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: file.userDefinedMetadata }),
  };
}

/** @throws ModelError MODEL_FOLDER_MISSING, MODEL_FOREIGN */
async function readModelFile(folder: string): Promise<ModelFile> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new ModelError("MODEL_FOLDER_MISSING", `There is no folder ${folder} to load a model from.`);
  const path = join(folder, TOPOLOGY);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new ModelError("MODEL_FOREIGN", `${folder} holds no model: ${path} cannot be read.`, { cause: error });
  });
  let file: ModelFile;
  try {
    file = JSON.parse(text) as ModelFile;
  } catch (error) {
    throw new ModelError("MODEL_FOREIGN", `${path} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  const format = file?.format ?? "layers-model";
  if (format !== "layers-model" || file?.modelTopology === undefined || !Array.isArray(file.weightsManifest))
    throw new ModelError(
      "MODEL_FOREIGN",
      `${path} is no model in the TensorFlow.js layers format${format === "layers-model" ? "" : `, but of format "${format}"`}.`,
    );
  if (file.lepton !== undefined && file.lepton.format !== "lepton-model@1")
    throw new ModelError(
      "MODEL_FOREIGN",
      `${path} has format "${String(file.lepton.format)}", which this version of Lepton does not know.`,
    );
  return file;
}

/** @throws ModelError MODEL_WEIGHTS_CORRUPT */
async function readWeights(folder: string, name: string, file: ModelFile, bytes: number): Promise<Uint8Array> {
  const problems: string[] = [];
  // A save that was cut off between its two renames has left the weights under their first name.
  for (const path of [join(folder, name), join(folder, name + NEXT)]) {
    const weights = await readFile(path).catch(() => undefined);
    if (weights === undefined) problems.push(`${path} cannot be read`);
    else if (weights.length !== bytes)
      problems.push(`${path} has ${weights.length} byte(s), but the model's weights take ${bytes}`);
    else if (file.lepton !== undefined && sha256(weights) !== file.lepton.weights.sha256)
      problems.push(`${path} is not what was saved: its SHA-256 differs`);
    else return weights;
  }
  throw new ModelError("MODEL_WEIGHTS_CORRUPT", `The weights of the model are missing or damaged: ${problems[0]}.`);
}

function weightBytes(specs: readonly io.WeightsManifestEntry[]): number {
  return specs.reduce((sum, { shape, dtype, quantization }) => {
    const unquantized = dtype === "bool" ? 1 : 4;
    const width = quantization === undefined ? unquantized : quantization.dtype === "uint8" ? 1 : 2;
    return sum + width * shape.reduce((size, dimension) => size * dimension, 1);
  }, 0);
}

/** Completes a save that was cut off between its renames, since the next one writes over the weights' first name. */
async function finishSave(folder: string): Promise<void> {
  const topology = await readFile(join(folder, TOPOLOGY), "utf8").catch(() => undefined);
  const next = await readFile(join(folder, WEIGHTS + NEXT)).catch(() => undefined);
  if (topology === undefined || next === undefined) return;
  let saved: ModelFile["lepton"];
  try {
    saved = (JSON.parse(topology) as ModelFile).lepton;
  } catch {
    return;
  }
  if (saved?.weights?.sha256 === sha256(next)) await rename(join(folder, WEIGHTS + NEXT), join(folder, WEIGHTS));
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const file: FileHandle = await open(path, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
