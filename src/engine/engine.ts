import { optionsFault } from "../../circuits/index.ts";
import type { Dataset, Features } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { type ModelCard, writeModelCard } from "../models/model-card.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import {
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
import { compressed, type EngineCompression, type EngineCompressOptions } from "./compress.ts";
import { type Evaluation, evaluationOf, labelsOf, type Prediction } from "./evaluation.ts";
import { hasTargets, numRowsOf } from "./parts.ts";
import { type Learned, Preparation, type Prepared } from "./preparation.ts";
import { type CardOptions, cardOf, EngineRecord } from "./record.ts";
import { type EngineSummary, summaryText } from "./summary.ts";
import { fitRecorded, settingsOf, type Trainable, type TrainingSettings, trainRecorded } from "./training.ts";
import type { EngineOptions, NewRows, OptimizeUnit, PartName, SavedEngine } from "./units.ts";

/** Options of `train` that belong to a run and not to the pipeline. */
export type EngineTrainOptions = Omit<TrainOptions, "loss" | "metrics" | "optimizer" | "validation">;
/** Options of `fit` likewise. */
export type EngineFitOptions = Omit<FitOptions, "loss" | "metrics" | "optimizer" | "validation">;

const UNITS = ["name", "data", "features", "quantum", "classical", "optimize", "seed", "compute"] as const;

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
  readonly #learned: Learned | undefined;
  readonly #preparation: Preparation<Source>;
  /** Of the last training; TensorFlow.js frees none that it was given. */
  #optimizer: { dispose(): void } | undefined;
  #record: EngineRecord;

  /** @param learned a pipeline that has learned already, with its model; `loadEngine` gives one */
  constructor(options: EngineOptions<Source>, learned?: Learned) {
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
    this.#learned = learned;
    this.#preparation = new Preparation({ ...options, name, seed }, learned);
    this.#record = learned?.record ?? new EngineRecord(learned?.description.record);
  }

  /**
   * The same pipeline with other units; it has learned nothing yet.
   * @throws EngineError ENGINE_OPTION for a loaded engine, which knows its model and not the units that it was made of
   */
  with(changes: Partial<EngineOptions<Source>>): LeptonEngine<Source> {
    if (this.#learned?.hasUnits === false)
      throw new EngineError(
        "ENGINE_OPTION",
        "A loaded engine holds a trained model and not the units that it was made of, so it cannot be put together anew: make it by engine({ ... }), or train it further by loadEngine(folder, { data, optimize }).",
      );
    return new LeptonEngine<Source>({ ...this.options, ...changes });
  }

  /**
   * Loads the data, fits the feature units on the training rows alone and builds the model; once, whoever calls it first. A
   * failed attempt is forgotten.
   * @throws ModelError TENSORFLOW_MISSING, TENSORFLOW_BACKEND; DataError; EngineError ENGINE_SHAPE, ENGINE_UNIT, ENGINE_TARGETS, ENGINE_CLASSES, ENGINE_DISPOSED; what the data unit throws; the
   * signal's reason
   */
  prepare(signal?: AbortSignal): Promise<Prepared> {
    return this.#preparation.prepare(signal);
  }

  /** The TensorFlow.js model, from features to outputs. */
  async model(): Promise<LayersModel> {
    return (await this.prepare()).model;
  }

  /**
   * Trains with `train`: on any provider, and kept in a store where one is given.
   * @throws (by the run) as `prepare` and `train`; EngineError ENGINE_DISPOSED
   */
  train(options: EngineTrainOptions = {}): Run<StepReport, TrainResult> {
    return Run.start(async (emit, signal, journal) => {
      const run = { emit, signal, journal };
      return this.#trained(signal, (trainable) => trainRecorded(trainable, options, run, this.#record));
    }, options);
  }

  /**
   * Trains with `model.fit`'s own loop, on the local simulator and for whole epochs.
   * @throws EngineError ENGINE_OPTION where the optimisation unit counts steps or stops early; as `prepare` and `fit`
   */
  async fit(options: EngineFitOptions = {}): Promise<History> {
    return this.#trained(undefined, (trainable) => fitRecorded(trainable, options, this.#record));
  }

  /** Trains with an optimizer of the training's own, and frees that of the one before. */
  async #trained<Result>(
    signal: AbortSignal | undefined,
    train: (trainable: Trainable) => Promise<Result>,
  ): Promise<Result> {
    const { model, data, settings } = await this.#training(signal);
    const { optimizerOf } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const optimizer = optimizerOf(this.options.optimize ?? {});
    try {
      return await this.#whileThere(() => train({ model, data, settings, optimizer }));
    } finally {
      if (typeof optimizer !== "string") {
        const isInUse = this.#preparation.model === model && model.optimizer === optimizer;
        (isInUse ? this.#optimizer : optimizer)?.dispose();
        if (isInUse) this.#optimizer = optimizer;
      }
    }
  }

  async #whileThere<Result>(work: () => Promise<Result>): Promise<Result> {
    const { life } = this.#preparation;
    try {
      return await work();
    } catch (error) {
      this.#preparation.assertThere(life, error);
      throw error;
    }
  }

  /** What `train` would send with these options. @throws as `prepare` and `plan` */
  async plan(options: EngineTrainOptions = {}): Promise<TrainingPlan> {
    const { model, data, settings } = await this.#training(options.signal);
    return plan(model, data, { ...settings, ...options });
  }

  async #training(signal: AbortSignal | undefined): Promise<{
    readonly model: LayersModel;
    readonly data: Dataset;
    readonly settings: TrainingSettings;
  }> {
    const { model, output, parts } = await this.prepare(signal);
    const { train: data, validation } = parts;
    if (data === undefined)
      throw new EngineError("ENGINE_NO_DATA", "This engine has no data to train on: loadEngine(folder, { data }).");
    const facts = { task: output.task, seed: this.seed, validation, compute: this.options.compute };
    return { model, data, settings: settingsOf(this.options.optimize ?? {}, facts) };
  }

  /**
   * Makes the model smaller, circuit and classical layers, within a budget on the training and the validation rows: `compressModel`, with loss and
   * batch size of the optimisation unit. This engine stays as it is. Test rows are not looked at.
   * @throws EngineError ENGINE_OPTION without a budget, ENGINE_NO_DATA without validation rows; as `prepare` and `compressModel`
   * @example const { engine: smaller, best } = await digits.compress({ budget: { accuracy: -0.01 }, target: loadTarget("torino") });
   */
  async compress(options: EngineCompressOptions): Promise<EngineCompression<LeptonEngine<Source>>> {
    if (typeof options !== "object" || options === null)
      throw new EngineError("ENGINE_OPTION", "compress takes a budget: { budget: { accuracy: -0.01 } }.");
    const prepared = await this.prepare(options.signal);
    const { settings } = await this.#training(options.signal);
    const description = await this.toJSON();
    return compressed(
      prepared,
      settings,
      options,
      ({ how, ...made }) =>
        new LeptonEngine<Source>(this.options, {
          ...{ description, ...made, hasData: true, hasUnits: this.#learned?.hasUnits ?? true },
          record: this.#record.compressed(how, options.provider),
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

  #placed(options: PredictOptions): PredictOptions {
    const { compute } = this.options;
    return compute === undefined ? options : { compute, ...options };
  }

  async #predictFeatures(rows: Features, options: PredictOptions): Promise<Prediction> {
    const { model, output } = await this.prepare(options.signal);
    const { predictFeatures } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const { outputs, ...costs } = await this.#whileThere(() =>
      this.#record.sending(options.provider, () => predictFeatures(model, rows, this.#placed(options))),
    );
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
    const record = this.#record;
    const { version } = record;
    const evaluation = evaluationOf(data, await this.#predictFeatures(data, options));
    if (typeof rows === "string")
      record.evaluated({ part: rows as PartName, rows: data, provider: options.provider, version }, evaluation);
    return evaluation;
  }

  /**
   * Units, shapes, parameters, the circuit's size, executions of a training step and where each unit runs; `text` is a table
   * of it.
   * @param options those of `train`: with a provider, what a step takes there is planned
   * @throws as `prepare` and `plan`
   */
  async describe(options: EngineTrainOptions = {}): Promise<EngineSummary> {
    const { parts } = await this.prepare(options.signal);
    return {
      ...(await this.#facts(options.compute)),
      numRows: numRowsOf(parts),
      provider: options.provider?.name ?? "local simulator",
      optimize: { ...this.options.optimize, ...settingsAmong(options) },
      plan: parts.train === undefined ? undefined : await this.plan(options),
    };
  }

  async #facts(
    compute = this.options.compute,
  ): Promise<Pick<EngineSummary, "name" | "output" | "numRows" | "features" | "layers">> {
    const { output, parts, features, model } = await this.prepare();
    const { layerFacts } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const isWithoutData = parts.train === undefined && this.#learned !== undefined;
    return {
      ...{ name: this.name, output },
      numRows: isWithoutData ? this.#learned.description.numRows : numRowsOf(parts),
      features: features.toJSON().map(({ kind }) => kind),
      layers: layerFacts(model, compute),
    };
  }

  /** `describe` as a table for people. */
  async summary(options: EngineTrainOptions = {}): Promise<string> {
    return summaryText(await this.describe(options));
  }

  /** The pipeline as plain data, without its weights. */
  async toJSON(): Promise<SavedEngine> {
    const { features } = await this.prepare();
    const { name, output, numRows } = await this.#facts();
    const { seed } = this;
    return {
      ...{ format: "lepton-engine@1", name, seed, output, features: features.toJSON(), numRows },
      record: this.#record.toJSON(),
    };
  }

  /**
   * What those who use the model must know: data, split, trainings and evaluations so far, also those of before it was saved, and what the
   * options add, such as groups of people to compare.
   * @throws EngineError ENGINE_CARD where groups are given that the last evaluation of the test rows cannot be compared by
   */
  async card(options: CardOptions = {}): Promise<ModelCard> {
    return cardOf(await this.#facts(), this.#record, options);
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
    await saveEngine(model, await this.toJSON(), folder, this.#learned?.grids);
    writeModelCard(folder, card);
  }

  /**
   * Frees the model's tensors, and ends what runs with ENGINE_DISPOSED. An engine that was made by `engine` then starts anew; one that was
   * loaded, or made smaller by `compress`, is of no more use.
   */
  dispose(): void {
    this.#preparation.dispose();
    this.#optimizer?.dispose();
    this.#optimizer = undefined;
    this.#record = new EngineRecord();
  }
}

/** What options of a run say in place of the optimisation unit. */
function settingsAmong(options: EngineTrainOptions): Partial<OptimizeUnit> {
  const names = [
    "epochs",
    "steps",
    "batchSize",
    "learningRate",
    "earlyStopping",
    "gradient",
    "shots",
    "precision",
  ] as const;
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
