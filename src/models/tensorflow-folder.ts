import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { io } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { WeightGrid } from "../compression/classical/compact-weights.ts";
import { ModelError } from "../errors.ts";
// Registers the quantum layer, so that saved models which hold one can be read.
import "../layers/tensorflow.ts";
import { checkTensorBackend } from "../layers/tensorflow-backend.ts";
import { packageVersion } from "../version.ts";
import { type CompactEntry, packWeights, unpackWeights } from "./compact-form.ts";
import { type ModelCard, writeModelCard } from "./model-card.ts";

const TOPOLOGY = "model.json";
const WEIGHTS = "weights.bin";
/** Written first and renamed when whole. */
const NEXT = ".next";

/** What Lepton adds to the model.json of TensorFlow.js; other readers skip it. */
interface LeptonSection {
  /** Of the second, only Lepton can read the weights: they are in their compact form. */
  readonly format: "lepton-model@1" | "lepton-compact-model@1";
  readonly version: string;
  readonly weights: {
    readonly bytes: number;
    readonly sha256: string;
    /** Of compact weights, in place of a manifest. */
    readonly entries?: readonly CompactEntry[];
  };
}

const FORMATS: readonly string[] = ["lepton-model@1", "lepton-compact-model@1"];

/** Grids of weights by name, as a compressed model has them. */
type Grids = ReadonlyMap<string, WeightGrid>;

interface ModelFile extends io.ModelJSON {
  readonly lepton?: LeptonSection;
}

export interface SaveModelOptions {
  /** Also saves the optimizer's state and what the model is compiled with; false by default. */
  readonly includeOptimizer?: boolean;
  /**
   * Saves weights in their compact form, as `exportCompact` counts it, those on a grid as integers of its bits: what
   * `compressModel` and `quantizeModel` give beside a model, or an empty map. TensorFlow.js alone cannot read the folder then; `loadModel`
   * can, to the last bit. Weights that have left their grid are saved as f32.
   */
  readonly grids?: Grids;
  /** Written beside the model as model-card.md and model-card.json; an engine's `save` makes one by itself. */
  readonly card?: ModelCard;
}

/**
 * Saves a model to a folder as model.json and weights.bin, in the format that TensorFlow.js reads. A crash at any moment
 * leaves a folder that loads as the old or as the new model.
 * @throws ModelError MODEL_FOLDER when the folder cannot be made or written; MODEL_OPTIMIZER when the optimizer cannot be
 * saved
 */
export async function saveModel(model: LayersModel, folder: string, options: SaveModelOptions = {}): Promise<void> {
  const { includeOptimizer = false, grids, card } = options;
  if (includeOptimizer) checkOptimizer(model);
  try {
    await model.save({ save: (artifacts) => saveArtifacts(folder, artifacts, grids) }, { includeOptimizer });
  } catch (error) {
    if (error instanceof ModelError || !includeOptimizer) throw error;
    throw optimizerError(model, (error as Error).message, error);
  }
  if (card !== undefined) writeModelCard(folder, card);
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
  return (await loadModelWithGrids(folder)).model;
}

/** The model, and the grids that its weights lie on where the folder holds their compact form. */
export async function loadModelWithGrids(
  folder: string,
): Promise<{ readonly model: LayersModel; readonly grids: Grids | undefined }> {
  checkTensorBackend();
  const { grids, ...artifacts } = await loadArtifacts(folder);
  try {
    return { model: await loadLayersModel(io.fromMemory(artifacts)), grids };
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

async function saveArtifacts(folder: string, artifacts: io.ModelArtifacts, grids?: Grids): Promise<io.SaveResult> {
  const { modelTopology, weightSpecs = [], weightData = new ArrayBuffer(0), trainingConfig } = artifacts;
  const dense = new Uint8Array(io.concatenateArrayBuffers(Array.isArray(weightData) ? weightData : [weightData]));
  const compact = grids === undefined ? undefined : packWeights(denseWeights(folder, weightSpecs, dense), grids);
  const weights = compact?.bytes ?? dense;
  const lepton: LeptonSection = {
    format: compact === undefined ? "lepton-model@1" : "lepton-compact-model@1",
    version: packageVersion(),
    weights: {
      bytes: weights.length,
      sha256: sha256(weights),
      ...(compact === undefined ? {} : { entries: compact.entries }),
    },
  };
  const file = {
    format: artifacts.format,
    generatedBy: artifacts.generatedBy,
    convertedBy: artifacts.convertedBy ?? null,
    modelTopology,
    ...(trainingConfig === undefined ? {} : { trainingConfig }),
    ...(artifacts.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: artifacts.userDefinedMetadata }),
    weightsManifest: [{ paths: [WEIGHTS], weights: compact === undefined ? weightSpecs : [] }],
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

/** @throws ModelError MODEL_FOLDER */
function denseWeights(folder: string, specs: readonly io.WeightsManifestEntry[], bytes: Uint8Array) {
  const odd = specs.find(({ dtype, quantization }) => dtype !== "float32" || quantization !== undefined);
  if (odd !== undefined)
    throw new ModelError(
      "MODEL_FOLDER",
      `The model cannot be saved to ${folder} in its compact form: weight ${odd.name} is ${odd.dtype}, not float32.`,
    );
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let at = 0;
  return specs.map(({ name, shape }) => {
    const from = at;
    at += sizeOf(shape);
    return { name, shape, values: floats.subarray(from, at) };
  });
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dimension) => size * dimension, 1);

async function loadArtifacts(folder: string): Promise<io.ModelArtifacts & { readonly grids?: Grids }> {
  const file = await readModelFile(folder);
  const paths = file.weightsManifest.flatMap((group) => group.paths);
  if (paths.length > 1 || paths.some((path) => path.includes("/") || path.includes("\\")))
    throw new ModelError(
      "MODEL_FOREIGN",
      `${join(folder, TOPOLOGY)} names ${paths.length} weights file(s): ${paths.join(", ")}; one file in the same folder can be read.`,
    );
  const specs = file.weightsManifest.flatMap((group) => group.weights);
  const { bytes, entries } = file.lepton?.weights ?? { bytes: 0, entries: undefined };
  const stored = await readWeights(
    folder,
    paths[0] ?? WEIGHTS,
    file,
    entries === undefined ? weightBytes(specs) : bytes,
  );
  const compact = entries === undefined ? undefined : unpackWeights({ entries, bytes: stored });
  if (entries !== undefined && compact === undefined)
    throw new ModelError(
      "MODEL_WEIGHTS_CORRUPT",
      `The compact weights in ${folder} do not fit what ${join(folder, TOPOLOGY)} says of them.`,
    );
  return {
    modelTopology: file.modelTopology,
    ...(compact === undefined ? {} : { grids: compact.grids }),
    weightSpecs: entries?.map(({ name, shape }) => ({ name, shape: [...shape], dtype: "float32" })) ?? specs,
    weightData:
      compact === undefined
        ? stored.slice().buffer
        : io.concatenateArrayBuffers(compact.values.map(({ buffer }) => buffer as ArrayBuffer)),
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
  if (file.lepton !== undefined && !FORMATS.includes(file.lepton.format))
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
    return sum + width * sizeOf(shape);
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
