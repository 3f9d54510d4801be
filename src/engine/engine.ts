import { optionsFault } from "../../circuits/index.ts";
import type { Dataset, Features } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { type ModelCard, writeModelCard } from "../models/model-card.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import {
  type PlanOptions,
  plan,
  Run,
  type StepReport,
  type TrainingPlan,
  type TrainOptions,
  type TrainResult,
} from "../training/index.ts";
import type { FitOptions, History } from "../training/tensorflow-fit.ts";
import type { PredictOptions } from "../training/tensorflow-predict.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";
import { compressed, type EngineCompression, type EngineCompressOptions, type WeightGrids } from "./compress.ts";
import { type Evaluation, evaluationOf, labelsOf, type Prediction } from "./evaluation.ts";
import { type AnyUnit, type FittedUnits, featuresFromJSON, fitFeatures } from "./features.ts";
import { type FeatureParts, hasTargets, numRowsOf, partsOf } from "./parts.ts";
import { type CardOptions, cardOf, EngineRecord } from "./record.ts";
import { type EngineSummary, summaryText } from "./summary.ts";
import type { DataParts, EngineOptions, NewRows, OptimizeUnit, OutputFacts, PartName, SavedEngine } from "./units.ts";

/** Options of `train` that belong to a run and not to the pipeline. */
export type EngineTrainOptions = Omit<TrainOptions, "loss" | "metrics" | "optimizer" | "validation">;
/** Options of `fit` likewise. */
export type EngineFitOptions = Omit<FitOptions, "loss" | "metrics" | "optimizer" | "validation">;

/** What is there once data were loaded. */
export interface Prepared {
  readonly features: FittedUnits<unknown>;
  readonly output: OutputFacts;
  readonly model: LayersModel;
  /** The parts as features; none in a loaded engine without data. */
  readonly parts: FeatureParts;
}

const UNITS = ["name", "data", "features", "quantum", "classical", "optimize", "seed"] as const;

/**
 * The four units of Lepton as one pipeline: data → features → quantum unit → classical unit → optimisation. It joins
 * `lepton/data`, `quantumLayer`, TensorFlow.js and `train`, and does nothing that these do not do alone: `model` is an ordinary
 * TensorFlow.js model, and `train` an ordinary run.
 * @example
 * const digits = engine({ data: { train, test }, features: minMax(), quantum: { layer, bottleneck: true }, optimize: { learningRate: 0.02, steps: 500 } });
 * await digits.train({ provider: localSimulator() });
 * console.log(await digits.summary(), (await digits.evaluate("test")).metrics);
 * @throws EngineError ENGINE_OPTION
 */
export function engine<Source = Dataset>(options: EngineOptions<Source>): LeptonEngine<Source> {
  return new LeptonEngine(options);
}

export class LeptonEngine<Source = Dataset> {
  readonly name: string;
  readonly seed: number;
  readonly options: EngineOptions<Source>;
  #prepared: Promise<Prepared> | undefined;
  #model: LayersModel | undefined;
  /** Of a model that was compressed: how its weights are saved. */
  readonly #grids: WeightGrids | undefined;
  readonly #record: EngineRecord;

  /** @param saved a pipeline that has learned already, with its model; `loadEngine` gives one */
  constructor(
    options: EngineOptions<Source>,
    saved?: {
      readonly description: SavedEngine;
      readonly model: LayersModel;
      readonly hasData: boolean;
      readonly grids?: WeightGrids | undefined;
      readonly record?: EngineRecord;
    },
  ) {
    const fault = optionsFault("An engine", options, UNITS);
    if (fault !== undefined) throw new EngineError("ENGINE_OPTION", fault);
    const { name = "lepton-engine", seed = 0, data } = options;
    if (typeof name !== "string" || !/^[A-Za-z0-9_.-]+$/.test(name))
      throw new EngineError("ENGINE_OPTION", `name is ${JSON.stringify(name)}; use letters, digits and _ . -`);
    if (!Number.isSafeInteger(seed))
      throw new EngineError("ENGINE_OPTION", `seed is ${String(seed)}; it must be an integer.`);
    if (typeof data !== "function" && (typeof data !== "object" || data === null))
      throw new EngineError(
        "ENGINE_OPTION",
        "data must be { train, validation, test } with rows in each, or a function that loads them.",
      );
    this.name = name;
    this.seed = seed;
    this.options = options;
    this.#grids = saved?.grids;
    this.#record = saved?.record ?? new EngineRecord();
    if (saved !== undefined) {
      this.#model = saved.model;
      this.#prepared = this.#restore(saved.description, saved.model, saved.hasData);
      // Whoever awaits it is told; until then a failure must not end the process.
      this.#prepared.catch(() => {});
    }
  }

  /** The same pipeline with other units; it has learned nothing yet. */
  with(changes: Partial<EngineOptions<Source>>): LeptonEngine<Source> {
    return new LeptonEngine<Source>({ ...this.options, ...changes });
  }

  /**
   * Loads the data, fits the feature units on the training rows alone and builds the model; once, whoever calls it first. A
   * failed attempt is forgotten.
   * @throws DataError; EngineError ENGINE_SHAPE, ENGINE_UNIT, ENGINE_TARGETS, ENGINE_CLASSES; what the data unit throws
   */
  prepare(signal?: AbortSignal): Promise<Prepared> {
    this.#prepared ??= this.#prepare(signal).catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  async #prepare(signal: AbortSignal | undefined): Promise<Prepared> {
    const sources = await this.#load(signal);
    const features = fitFeatures(this.#units(), sources.train);
    const parts = partsOf(sources, features);
    const train = parts.train!;
    const output: OutputFacts = {
      task: train.classes === undefined ? "regression" : "classification",
      targetName: train.targetName,
      classes: train.classes,
      featureNames: train.featureNames,
    };
    const { quantum, classical } = this.options;
    const { buildModel } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const shape = {
      numInputs: train.numFeatures,
      numOutputs: output.classes?.length ?? 1,
      task: output.task,
      seed: this.seed,
    };
    this.#model = buildModel(this.name, { quantum, classical }, shape);
    return { features, output, model: this.#model, parts };
  }

  async #restore({ features: json, output }: SavedEngine, model: LayersModel, hasData: boolean): Promise<Prepared> {
    const features = featuresFromJSON(json);
    const parts = hasData ? partsOf(await this.#load(undefined), features) : {};
    const classes = parts.train?.classes;
    if (parts.train !== undefined && String(classes) !== String(output.classes))
      throw new EngineError(
        "ENGINE_CLASSES",
        `The saved engine tells ${output.classes?.join(", ") ?? "numbers"} apart, but these data have ${classes?.join(", ") ?? "numbers"}.`,
      );
    return { features, output, model, parts };
  }

  async #load(signal: AbortSignal | undefined): Promise<DataParts<Source>> {
    const { data } = this.options;
    const parts = typeof data === "function" ? await data(signal) : data;
    if (typeof parts !== "object" || parts?.train === undefined)
      throw new EngineError("ENGINE_OPTION", "The data unit gave no training rows: it gives { train, test }.");
    return parts;
  }

  #units(): readonly AnyUnit[] {
    const { features = [] } = this.options;
    return (Array.isArray(features) ? features : [features]) as readonly AnyUnit[];
  }

  /** The TensorFlow.js model, from features to outputs. */
  async model(): Promise<LayersModel> {
    return (await this.prepare()).model;
  }

  /**
   * Trains with `train`: on any provider, and kept in a store where one is given.
   * @throws (by the run) as `prepare` and `train`
   */
  train(options: EngineTrainOptions = {}): Run<StepReport, TrainResult> {
    return Run.start(async (emit, signal, journal) => {
      const { model, data, settings } = await this.#training(signal);
      const { executeTraining } = await withTensorFlow(() => import("../training/tensorflow-train.ts"));
      const all = { ...settings, ...options };
      return this.#record.training(all, () => executeTraining(model, data, all, { emit, signal, journal }));
    }, options);
  }

  /**
   * Trains with `model.fit`'s own loop, on the local simulator and for whole epochs.
   * @throws EngineError ENGINE_OPTION where the optimisation unit counts steps or stops early; as `prepare` and `fit`
   */
  async fit(options: EngineFitOptions = {}): Promise<History> {
    const { model, data, settings } = await this.#training(undefined);
    const { steps: ownSteps, earlyStopping, gradient, spsa, learningRate, shots, precision, ...rest } = settings;
    const own = Object.entries({ steps: ownSteps, earlyStopping, gradient, spsa, learningRate, shots, precision }).find(
      ([, value]) => value !== undefined,
    );
    if (own !== undefined)
      throw new EngineError("ENGINE_OPTION", `fit cannot keep to optimize.${own[0]}; use train, which can.`);
    const { executeFit } = await withTensorFlow(() => import("../training/tensorflow-fit.ts"));
    const all = { ...rest, ...options };
    const { batchSize = 32, epochs = 1 } = all;
    const circuits = model.layers.filter((layer) => layer.getClassName() === "LeptonQuantumLayer").length;
    const costs = {
      steps: epochs * Math.ceil(data.numRows / batchSize),
      executions: circuits * epochs * data.numRows,
      ...{ quantumSeconds: 0, jobIds: [] },
    };
    let history: History | undefined;
    await this.#record.training(all, async () => {
      history = await executeFit(model, data, all);
      return costs;
    });
    return history!;
  }

  /** What `train` would send with these options. @throws as `prepare` and `plan` */
  async plan(options: EngineTrainOptions = {}): Promise<TrainingPlan> {
    const { model, data, settings } = await this.#training(options.signal);
    return plan(model, data, { ...settings, ...options } as PlanOptions);
  }

  async #training(signal: AbortSignal | undefined): Promise<{
    readonly model: LayersModel;
    readonly data: Dataset;
    readonly settings: OptimizeUnit & Pick<TrainOptions, "metrics" | "seed" | "validation">;
  }> {
    const { model, output, parts } = await this.prepare(signal);
    if (parts.train === undefined)
      throw new EngineError("ENGINE_NO_DATA", "This engine has no data to train on: loadEngine(folder, { data }).");
    const { optimize = {} } = this.options;
    const { learningRate, ...rest } = optimize;
    const settings = typeof learningRate === "number" ? rest : optimize;
    const { trainingObjective } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const validation = parts.validation === undefined ? {} : { validation: parts.validation };
    const objective = trainingObjective(optimize, output.task);
    return { model, data: parts.train, settings: { seed: this.seed, ...settings, ...objective, ...validation } };
  }

  /**
   * Makes the model smaller, circuit and classical layers, within a budget on the training and the validation rows: `compressModel`, with loss and
   * batch size of the optimisation unit. This engine stays as it is. Test rows are not looked at.
   * @throws EngineError ENGINE_NO_DATA without validation rows; as `prepare` and `compressModel`
   * @example const { engine: smaller, best } = await digits.compress({ budget: { accuracy: -0.01 }, target: loadTarget("torino") });
   */
  async compress(options: EngineCompressOptions): Promise<EngineCompression<LeptonEngine<Source>>> {
    const prepared = await this.prepare(options.signal);
    const { settings } = await this.#training(options.signal);
    const description = await this.toJSON();
    return compressed(
      prepared,
      settings,
      options,
      ({ how, ...made }) =>
        new LeptonEngine<Source>(this.options, {
          ...{ description, ...made, hasData: true },
          record: this.#record.compressed(how),
        }),
    );
  }

  /**
   * What the pipeline says about rows, which need no targets, with its quantum unit on any provider.
   * @throws as `prepare` and `predict`
   */
  async predict(rows: NewRows<Source>, options: PredictOptions = {}): Promise<Prediction> {
    const { features } = await this.prepare(options.signal);
    return this.#predictFeatures(features.transform(rows), options);
  }

  async #predictFeatures(rows: Features, options: PredictOptions): Promise<Prediction> {
    const { model, output } = await this.prepare(options.signal);
    const { predictFeatures } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const { outputs, ...costs } = await predictFeatures(model, rows, options);
    const numOutputs = outputs.length / rows.numRows;
    return {
      ...{ numRows: rows.numRows, numOutputs, outputs, ...costs },
      labels: output.classes === undefined ? undefined : labelsOf(outputs, output.classes),
    };
  }

  /**
   * How good the pipeline is on a part of its data, or on other rows with targets.
   * @throws EngineError ENGINE_NO_DATA, ENGINE_TARGETS, ENGINE_CLASSES; as `predict`
   */
  async evaluate(rows: PartName | Source = "test", options: PredictOptions = {}): Promise<Evaluation> {
    const { features, output, parts } = await this.prepare(options.signal);
    const data = typeof rows === "string" ? parts[rows as PartName] : features.transform(rows);
    if (data === undefined)
      throw new EngineError(
        "ENGINE_NO_DATA",
        `This engine has no ${String(rows)} rows; it has: ${Object.keys(parts).join(", ") || "none"}.`,
      );
    if (!hasTargets(data))
      throw new EngineError("ENGINE_TARGETS", "These rows have no targets to compare with; use predict.");
    if (String(data.classes) !== String(output.classes))
      throw new EngineError(
        "ENGINE_CLASSES",
        `The engine tells ${output.classes?.join(", ") ?? "numbers"} apart, but these rows have ${data.classes?.join(", ") ?? "numbers"}.`,
      );
    const evaluation = evaluationOf(data, await this.#predictFeatures(data, options));
    if (typeof rows === "string") this.#record.evaluated(rows as PartName, data, evaluation, options.provider);
    return evaluation;
  }

  /**
   * Units, shapes, parameters, the circuit's size, executions of a training step and where each unit runs; `text` is a table
   * of it.
   * @param options those of `train`: with a provider, what a step takes there is planned
   * @throws as `prepare` and `plan`
   */
  async describe(options: EngineTrainOptions = {}): Promise<EngineSummary> {
    const prepared = await this.prepare(options.signal);
    const { layerFacts } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const step = prepared.parts.train === undefined ? undefined : await this.plan(options);
    return {
      name: this.name,
      output: prepared.output,
      numRows: numRowsOf(prepared.parts),
      features: prepared.features.toJSON().map(({ kind }) => kind),
      layers: layerFacts(prepared.model),
      provider: options.provider?.name ?? "local simulator",
      optimize: this.options.optimize ?? {},
      plan: step,
    };
  }

  /** `describe` as a table for people. */
  async summary(options: EngineTrainOptions = {}): Promise<string> {
    return summaryText(await this.describe(options));
  }

  /** The pipeline as plain data, without its weights. */
  async toJSON(): Promise<SavedEngine> {
    const prepared = await this.prepare();
    return {
      format: "lepton-engine@1",
      name: this.name,
      seed: this.seed,
      output: prepared.output,
      features: prepared.features.toJSON(),
      numRows: numRowsOf(prepared.parts),
    };
  }

  /**
   * What those who use the model must know: data, split, trainings and evaluations of this engine so far, and what the options
   * add, such as groups of people to compare.
   * @throws EngineError ENGINE_CARD where groups are given that the last evaluation of the test rows cannot be compared by
   */
  async card(options: CardOptions = {}): Promise<ModelCard> {
    return cardOf(await this.describe(), this.#record, options);
  }

  /**
   * Saves features, model and weights to a folder, in the format that TensorFlow.js reads too; whole, or not at all. Beside them
   * the model's card, as model-card.md and model-card.json.
   * @throws ModelError MODEL_FOLDER; EngineError ENGINE_CARD
   */
  async save(folder: string, options: { readonly card?: CardOptions } = {}): Promise<void> {
    const { model } = await this.prepare();
    const card = await this.card(options.card);
    const { saveEngine } = await withTensorFlow(() => import("./tensorflow-files.ts"));
    await saveEngine(model, await this.toJSON(), folder, this.#grids);
    writeModelCard(folder, card);
  }

  /** Frees the model's tensors; the engine then starts anew. */
  dispose(): void {
    this.#model?.dispose();
    this.#model = undefined;
    this.#prepared = undefined;
  }
}
