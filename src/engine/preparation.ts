import { optionsFault } from "../../circuits/index.ts";
import { EngineError } from "../errors.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import type { LayersModel } from "../training/tensorflow-types.ts";
import type { WeightGrids } from "./compress.ts";
import { type AnyUnit, type FittedUnits, featuresFromJSON, fitFeatures } from "./features.ts";
import { type FeatureParts, partsOf } from "./parts.ts";
import type { EngineRecord } from "./record.ts";
import type { DataParts, EngineOptions, OutputFacts, SavedEngine } from "./units.ts";

/** What is there once data were loaded. */
export interface Prepared {
  readonly features: FittedUnits<unknown>;
  readonly output: OutputFacts;
  readonly model: LayersModel;
  /** The parts as features; none in a loaded engine without data. */
  readonly parts: FeatureParts;
}

/** A pipeline that has learned already. */
export interface Learned {
  readonly description: SavedEngine;
  readonly model: LayersModel;
  readonly hasData: boolean;
  /** Whether the options hold the units that it was made of; those of a loaded engine do not. */
  readonly hasUnits: boolean;
  readonly grids?: WeightGrids | undefined;
  readonly record?: EngineRecord;
}

/** Preparing, for all who wait for it. */
interface Attempt {
  readonly prepared: Promise<Prepared>;
  /** Of whoever asked first; it ends the attempt. */
  readonly signal: AbortSignal | undefined;
}

/** An engine's data, features and model: made once, for all who ask. */
export class Preparation<Source> {
  readonly #options: EngineOptions<Source> & { readonly name: string; readonly seed: number };
  readonly #learned: Learned | undefined;
  #attempt: Attempt | undefined;
  #model: LayersModel | undefined;
  #life = 0;

  constructor(
    options: EngineOptions<Source> & { readonly name: string; readonly seed: number },
    learned: Learned | undefined,
  ) {
    this.#options = options;
    this.#learned = learned;
    this.#model = learned?.model;
  }

  /** Another number after `dispose`, for `assertThere`. */
  get life(): number {
    return this.#life;
  }

  get model(): LayersModel | undefined {
    return this.#model;
  }

  /** As the engine's own. */
  async prepare(signal?: AbortSignal): Promise<Prepared> {
    for (;;) {
      signal?.throwIfAborted();
      this.#attempt ??= this.#begin(signal);
      const attempt = this.#attempt;
      try {
        return await attempt.prepared;
      } catch (error) {
        // Another's signal has ended it: it begins again for those who still want it.
        if (attempt.signal === signal || attempt.signal?.aborted !== true) throw error;
      }
    }
  }

  #begin(signal: AbortSignal | undefined): Attempt {
    const learned = this.#learned;
    const prepared = learned === undefined ? this.#prepare(signal) : this.#restore(learned, signal);
    const attempt = { prepared, signal };
    prepared.catch(() => {
      if (this.#attempt === attempt) this.#attempt = undefined;
    });
    return attempt;
  }

  async #prepare(signal: AbortSignal | undefined): Promise<Prepared> {
    const life = this.#life;
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
    if (output.classes?.length === 1)
      throw new EngineError(
        "ENGINE_CLASSES",
        `There is nothing to tell apart: all rows to train on are of the class ${output.classes[0]}.`,
      );
    const { quantum, classical } = this.#options;
    const { buildModel } = await withTensorFlow(() => import("./tensorflow-model.ts"));
    const shape = {
      numInputs: train.numFeatures,
      numOutputs: output.classes?.length ?? 1,
      task: output.task,
      seed: this.#options.seed,
    };
    this.assertThere(life);
    this.#model = buildModel(this.#options.name, { quantum, classical }, shape);
    return { features, output, model: this.#model, parts };
  }

  async #restore({ description, model, hasData }: Learned, signal: AbortSignal | undefined): Promise<Prepared> {
    this.assertThere(0);
    const { output } = description;
    const features = await featuresFromJSON(description.features);
    const parts = hasData ? partsOf(await this.#load(signal), features) : {};
    this.assertThere(0);
    const classes = parts.train?.classes;
    if (parts.train !== undefined && String(classes) !== String(output.classes))
      throw new EngineError(
        "ENGINE_CLASSES",
        `The saved engine tells ${output.classes?.join(", ") ?? "numbers"} apart, but these data have ${classes?.join(", ") ?? "numbers"}.`,
      );
    return { features, output, model, parts };
  }

  async #load(signal: AbortSignal | undefined): Promise<DataParts<Source>> {
    const { data } = this.#options;
    const parts = typeof data === "function" ? await data(signal) : data;
    if (typeof parts !== "object" || parts?.train == null)
      throw new EngineError("ENGINE_OPTION", "The data unit gave no training rows: it gives { train, test }.");
    // A part by another name would be left out without a word.
    const fault = optionsFault("The data unit", parts, ["train", "validation", "test"]);
    if (fault !== undefined) throw new EngineError("ENGINE_OPTION", fault);
    return parts;
  }

  #units(): readonly AnyUnit[] {
    const { features = [] } = this.#options;
    return (Array.isArray(features) ? features : [features]) as readonly AnyUnit[];
  }

  /** @throws EngineError ENGINE_DISPOSED */
  assertThere(life: number, cause?: unknown): void {
    if (this.#life !== life)
      throw new EngineError(
        "ENGINE_DISPOSED",
        `The engine ${this.#options.name} was disposed, and its model with it${this.#learned === undefined ? "" : "; load or make it again"}.`,
        { cause },
      );
  }

  dispose(): void {
    this.#life++;
    this.#model?.dispose();
    this.#model = undefined;
    this.#attempt = undefined;
  }
}
