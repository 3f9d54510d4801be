import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
// The command line computes on the processor.
import "@tensorflow/tfjs-backend-cpu";
import { enableProdMode, train as optimizers } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type CompressModelOptions, compressModel, type ModelPoint, type RowScore } from "../compression/index.ts";
import {
  type Dataset,
  datasetFromTable,
  randomSplit,
  readCsv,
  splitByNames,
  type Table,
  textsOf,
} from "../data/index.ts";
import { type DataParts, loadEngine, type SavedEngine } from "../engine/index.ts";
import { loadModel, saveModel } from "../models/tensorflow-folder.ts";
import type { TrainingData } from "../training/tensorflow-data.ts";
import { compileObjective } from "../training/tensorflow-objective.ts";
import { evaluate } from "../training/train.ts";
import { UsageError } from "./errors.ts";
import { fileFault } from "./io.ts";

/** Where rows are, and what they mean. */
export interface RowsOptions {
  readonly data: string;
  readonly target: string;
  readonly split?: string;
  readonly features?: string;
  readonly regression?: boolean;
  readonly loss?: string;
  readonly seed: number;
}

export type SearchSettings = Omit<CompressModelOptions, "train" | "validation" | "loss">;

export interface SavedFile {
  readonly file: string;
  readonly bytes: number;
}

/** A saved model with its rows, ready to be made smaller. */
export interface Compressible {
  /** Rows of each part. */
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  compress(settings: SearchSettings): Promise<SmallerModel>;
}

export interface SmallerModel {
  readonly given: ModelPoint;
  readonly best: ModelPoint;
  readonly points: readonly ModelPoint[];
  readonly fineTunes: number;
  /** How good the given model and the best one are on test rows; undefined without such rows. */
  test(): Promise<{ readonly given: RowScore; readonly best: RowScore } | undefined>;
  /** Saves the best model, as an engine where it came as one. */
  save(folder: string): Promise<readonly SavedFile[]>;
}

interface Parts<Rows> {
  readonly train: Rows;
  readonly validation: Rows;
  readonly test: Rows | undefined;
}

/** Before anything is trained. @throws UsageError COMPRESS_OUT, FILE_WRITE */
export function checkOutFolder(model: string, out: string | undefined): void {
  if (out === undefined) return;
  if (resolve(out) === resolve(model))
    throw new UsageError("COMPRESS_OUT", `--out ${out} is the folder of the model itself; name another.`);
  try {
    mkdirSync(out, { recursive: true });
    const probe = join(out, ".writable");
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (cause) {
    throw new UsageError("FILE_WRITE", `Cannot write to the folder ${out}: ${fileFault(cause)}.`, { cause });
  }
}

/** @throws ModelError MODEL_FOLDER_MISSING, MODEL_FOREIGN, MODEL_WEIGHTS_CORRUPT; DataError; UsageError COMPRESS_MODEL */
export async function openCompressible(
  folder: string,
  options: RowsOptions,
  note: (text: string) => void,
): Promise<Compressible> {
  // TensorFlow.js then neither checks every tensor nor advertises its native build.
  enableProdMode();
  const model = await loadModel(folder);
  const saved = (model.getUserDefinedMetadata() as { readonly leptonEngine?: SavedEngine } | undefined)?.leptonEngine;
  const table = readCsv(options.data);
  if (saved === undefined) return openModel(model, table, options, note);
  model.dispose();
  return openEngine(folder, saved, table, options, note);
}

async function openEngine(
  folder: string,
  { features, output }: SavedEngine,
  table: Table,
  options: RowsOptions,
  note: (text: string) => void,
): Promise<Compressible> {
  const { target, loss, regression } = options;
  const odd = [
    ["--features", options.features !== undefined],
    ["--regression", regression === true],
  ].find(([, given]) => given === true);
  if (odd !== undefined)
    throw new UsageError("COMPRESS_MODEL", `${odd[0]} is for models without an engine; that in ${folder} has its own.`);
  if (target !== output.targetName)
    throw new UsageError(
      "COMPRESS_MODEL",
      `The engine in ${folder} predicts "${output.targetName}", not "${target}": --target ${output.targetName}.`,
    );
  const isClassification = output.task === "classification";
  const parts = splitRows(table, options, isClassification, note);
  const data = (
    features[0]?.kind === "columns"
      ? parts
      : mapParts(parts, (rows) => datasetOf(rows, options, output.task, output.classes))
  ) as DataParts<Dataset>;
  const engine = await loadEngine(folder, { data, ...(loss === undefined ? {} : { optimize: { loss } }) });
  const { model, parts: loaded } = await engine.prepare();
  const own = loaded as Parts<Dataset>;
  return compressible(numRowsOf(own), own.test, async (settings) => {
    const { engine: smaller, ...found } = await engine.compress(settings);
    const made = await smaller.model();
    compileObjective(model, { optimizer: optimizers.sgd(0), loss: made.loss, metrics: made.metrics });
    return { ...found, models: [model, made], save: (out) => smaller.save(out) };
  });
}

function openModel(model: LayersModel, table: Table, options: RowsOptions, note: (text: string) => void): Compressible {
  const { regression = false } = options;
  const task = regression ? "regression" : "classification";
  const width = model.outputs[0]?.shape.at(-1);
  const usual = regression ? "meanSquaredError" : width === 1 ? "binaryCrossentropy" : "categoricalCrossentropy";
  const { loss = usual } = options;
  if (options.loss === undefined) note(`Loss: ${loss}; another by --loss.`);
  const classes = task === "regression" ? undefined : datasetOf(table, options, task, undefined).classes;
  const rows = splitRows(table, options, !regression, note);
  const parts = mapParts(rows, (one) => datasetOf(one, options, task, classes));
  return ofModel(model, parts, numRowsOf(parts), { loss, metrics: regression ? [] : ["accuracy"] });
}

/** A model with rows in whatever form, and the loss and metrics that it was trained by. */
export function ofModel(
  model: LayersModel,
  {
    train,
    validation,
    test,
  }: { readonly train: TrainingData; readonly validation: TrainingData; readonly test?: Dataset | undefined },
  rows: Compressible["rows"],
  objective: Pick<CompressModelOptions, "loss" | "metrics">,
): Compressible {
  return compressible(rows, test, async (settings) => {
    const {
      model: made,
      grids,
      ...found
    } = await compressModel(model, { ...settings, ...objective, train, validation });
    compileObjective(model, { optimizer: optimizers.sgd(0), loss: made.loss, metrics: made.metrics });
    return { ...found, models: [model, made], save: (out) => saveModel(made, out, { grids }) };
  });
}

const numRowsOf = ({ train, validation, test }: Parts<Dataset>): Compressible["rows"] => ({
  train: train.numRows,
  validation: validation.numRows,
  test: test?.numRows ?? 0,
});

function compressible(
  rows: Compressible["rows"],
  test: Dataset | undefined,
  search: (settings: SearchSettings) => Promise<
    Pick<SmallerModel, "given" | "best" | "points" | "fineTunes"> & {
      readonly models: readonly [given: LayersModel, best: LayersModel];
      readonly save: (folder: string) => Promise<void>;
    }
  >,
): Compressible {
  return {
    rows,
    async compress(settings) {
      const { models, save, given, best, points, fineTunes } = await search(settings);
      return {
        ...{ given, best, points, fineTunes },
        async test() {
          if (test === undefined) return undefined;
          const [before, after] = models;
          return { given: await scoreOf(before, test), best: await scoreOf(after, test) };
        },
        async save(folder) {
          await save(folder);
          const files = ["model.json", "weights.bin", "model-card.json", "model-card.md"].map((name) =>
            join(folder, name),
          );
          return files.flatMap((file) => {
            const found = statSync(file, { throwIfNoEntry: false });
            return found === undefined ? [] : [{ file, bytes: found.size }];
          });
        },
      };
    },
  };
}

async function scoreOf(model: LayersModel, rows: Dataset): Promise<RowScore> {
  const { loss, metrics } = await evaluate(model, rows, { batchSize: 256 });
  const accuracy = metrics.acc ?? metrics.accuracy;
  return accuracy === undefined ? { loss } : { loss, accuracy };
}

/** @throws DataError DATA_COLUMN_UNKNOWN, DATA_SPLIT */
function splitRows(
  table: Table,
  { split, target, seed, data }: RowsOptions,
  stratify: boolean,
  note: (text: string) => void,
): Parts<Table> {
  const names = split === undefined ? undefined : textsOf(table, split);
  const named = ["train", "validation", "test"].filter((part) => part === "train" || names?.includes(part) === true);
  const given: Partial<Parts<Table>> =
    names === undefined
      ? { train: table }
      : splitByNames(table, names, named as readonly ("train" | "validation" | "test")[]);
  if (given.validation !== undefined) return { train: given.train!, validation: given.validation, test: given.test };
  const rows = given.train!;
  const stratified = stratify ? { stratified: textsOf(rows, target) } : {};
  const { train, validation } = randomSplit(rows, { train: 0.8, validation: 0.2 }, { seed, ...stratified });
  note(validationNote(data, validation.numRows, rows.numRows));
  return { train, validation, test: given.test };
}

export function validationNote(source: string, held: number, all: number): string {
  return `${source} names no validation rows: ${held} of ${all} training rows are held out for choosing. The model may have been trained on them; what they tell is then too good.`;
}

function datasetOf(
  table: Table,
  { target, split, features }: RowsOptions,
  task: "classification" | "regression",
  classes: readonly string[] | undefined,
): Dataset {
  return datasetFromTable(table, {
    ...{ target, task },
    exclude: split === undefined ? [] : [split],
    ...(features === undefined ? {} : { features: features.split(",").map((name) => name.trim()) }),
    ...(classes === undefined ? {} : { classes }),
  });
}

function mapParts<From, To>({ train, validation, test }: Parts<From>, make: (rows: From) => To): Parts<To> {
  return { train: make(train), validation: make(validation), test: test === undefined ? undefined : make(test) };
}
