import type { Dataset, Features, Table, TableTransform, TransformJSON } from "../data/index.ts";
import type { QuantumLayer } from "../layers/index.ts";
import type { CardEvaluation, CardSending, CardTraining } from "../models/model-card.ts";
import type { TrainOptions } from "../training/index.ts";
import type { Layer } from "../training/tensorflow-types.ts";

/** Rows apart: those to learn from, those to choose by, those to judge by. */
export interface DataParts<Source> {
  readonly train: Source;
  /** Evaluated after each epoch; early stopping and other choices look at it. */
  readonly validation?: Source | undefined;
  /** Never seen before `evaluate`. */
  readonly test?: Source | undefined;
}

/** Where rows come from: the parts, or a function that loads them when they are first needed. */
export type DataUnit<Source> =
  | DataParts<Source>
  | ((signal: AbortSignal | undefined) => DataParts<Source> | Promise<DataParts<Source>>);

/** Makes features of rows; learns from the training rows alone. Every `Transform` of `lepton/data` is one. */
export interface FeatureUnit<Source> {
  fit(train: Source): FittedFeatures<Source>;
}

export interface FittedFeatures<Source> {
  /** The rows' features; a `Dataset` for rows that have targets. */
  transform(rows: Source): Features | Dataset;
  /** Plain data that `transformFromJSON` reads. */
  toJSON(): TransformJSON;
}

/** What a pipeline's rows go through first; those of a table also through `columns({ target, ... })`. */
export type FirstUnit<Source> = FeatureUnit<Source> | (Source extends Table ? TableTransform : never);

/** What a unit is to fit between. */
export interface UnitShape {
  /** Columns that come in. */
  readonly numInputs: number;
  /** Columns of the whole pipeline's output: one for each class, or 1 for regression. */
  readonly numOutputs: number;
  readonly task: Task;
  /** Decides starting weights. */
  readonly seed: number;
}

export type Task = "classification" | "regression";

/** The quantum compute unit: a layer, made to measure where it is a function. */
export type QuantumUnit =
  | QuantumLayer
  | ((shape: UnitShape) => QuantumLayer)
  | {
      readonly layer: QuantumLayer | ((shape: UnitShape) => QuantumLayer);
      /**
       * A trained dense layer in front that brings features to as many columns as the circuit has inputs, without bias where
       * `bias` is false. Without one (`false`) the two must agree.
       */
      readonly bottleneck?: boolean | { readonly activation?: Activation; readonly bias?: boolean };
    };

export type Activation = "linear" | "relu" | "sigmoid" | "tanh" | "elu" | "selu" | "softplus" | "swish";

/** The efficient compute unit: dense layers up to the output, or the layers themselves. */
export type ClassicalUnit =
  | {
      /** Units of hidden layers; none by default. */
      readonly hidden?: readonly number[];
      /** Of the hidden layers; `relu` by default. */
      readonly activation?: Activation;
    }
  | ((shape: UnitShape) => readonly Layer[]);

/** The optimisation engine's settings for training. */
export interface OptimizeUnit
  extends Pick<
    TrainOptions,
    | "optimizer"
    | "loss"
    | "epochs"
    | "steps"
    | "batchSize"
    | "earlyStopping"
    | "gradient"
    | "spsa"
    | "shuffle"
    | "learningRate"
    | "shots"
    | "precision"
  > {}

/** A whole pipeline. Each unit can be given by itself, and replaced by `with`. */
export interface EngineOptions<Source> {
  /** Names the model, its card and its files; `lepton-engine` by default. */
  readonly name?: string;
  readonly data: DataUnit<Source>;
  /** Several are fitted one after another. Left out, the rows are the features. */
  readonly features?:
    | FirstUnit<NoInfer<Source>>
    | readonly [FirstUnit<NoInfer<Source>>, ...FeatureUnit<Dataset>[]]
    | readonly []
    | undefined;
  /** Left out, features go to the classical unit: the same pipeline without its quantum part. */
  readonly quantum?: QuantumUnit | undefined;
  /** One dense layer by default. */
  readonly classical?: ClassicalUnit | undefined;
  readonly optimize?: OptimizeUnit | undefined;
  /**
   * Where classical layers run in `train`, `evaluate` and `predict`: TensorFlow.js by default; with `wasm` on the compute unit, but for
   * layers that it does not have.
   */
  readonly compute?: TrainOptions["compute"];
  /** Decides starting weights, the order of rows and samples; 0 by default. */
  readonly seed?: number;
}

/** Rows to predict for, which need no targets. */
export type NewRows<Source> = Source extends Features ? Features : Source;

/** Names of a pipeline's parts of the data. */
export type PartName = keyof DataParts<unknown>;

/** What a pipeline has learned about its outputs. */
export interface OutputFacts {
  readonly task: Task;
  readonly targetName: string;
  /** Names of the classes in the order of the columns; undefined for regression. */
  readonly classes: readonly string[] | undefined;
  readonly featureNames: readonly string[];
}

/** What was done with a model, for its card. */
export interface SavedRecord {
  readonly trainings: readonly CardTraining[];
  /** Since the last training. */
  readonly evaluations: readonly CardEvaluation[];
  /** Jobs by provider, besides those of the trainings. */
  readonly sent: readonly CardSending[];
  /** In a sentence, how the model was made smaller. */
  readonly compression?: string;
}

/** A pipeline as it goes into a saved model. */
export interface SavedEngine {
  readonly format: "lepton-engine@1";
  readonly name: string;
  readonly seed: number;
  readonly output: OutputFacts;
  readonly features: readonly TransformJSON[];
  /** Rows of each part that it was made with. */
  readonly numRows: Readonly<Partial<Record<PartName, number>>>;
  readonly record: SavedRecord;
}
