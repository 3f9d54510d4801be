import * as tf from "@tensorflow/tfjs-core";
import { LayersModel, loadLayersModel, model as makeModel } from "@tensorflow/tfjs-layers";
import { optionsFault } from "../../circuits/index.ts";
import { assertFinite } from "../data/dataset.ts";
import type { Features, FittedTransform, GridShape, Transform, TransformJSON } from "../data/index.ts";
import { DataError, ModelError } from "../errors.ts";
import { checkTensorBackend } from "../layers/tensorflow-backend.ts";
import { ensureBuilt } from "../layers/tensorflow-model-parts.ts";
import { loadModel } from "../models/tensorflow-folder.ts";

export interface FrozenExtractorOptions {
  /** The layer whose output becomes the features, by name or index; the one before the last by default. */
  readonly layer?: string | number;
  /** Rows that are computed at once; 256 by default. */
  readonly batchSize?: number;
}

/** A trained classical network up to one of its layers, as feature extraction: a transform that is fitted already. */
export class FrozenExtractor implements Transform, FittedTransform {
  /** The network up to the layer, with nothing to train. Put it before a head to save or serve both as one model. */
  readonly model: LayersModel;
  /** The layer's name. */
  readonly layer: string;
  readonly numInputs: number;
  readonly numOutputs: number;
  readonly #batchSize: number;
  readonly #grid: GridShape | undefined;
  readonly #names: readonly string[];
  readonly #known = new WeakMap<Float64Array, Float64Array>();

  /** @internal Use `frozenExtractor`. */
  constructor(model: LayersModel, layer: string, batchSize: number) {
    this.model = model;
    this.layer = layer;
    this.#batchSize = batchSize;
    const output = sizesOf(model.outputs[0]!.shape);
    this.numInputs = sizeOf(sizesOf(model.inputs[0]!.shape));
    this.numOutputs = sizeOf(output);
    this.#grid = output.length === 3 ? { height: output[0]!, width: output[1]!, channels: output[2]! } : undefined;
    this.#names = Object.freeze(Array.from({ length: this.numOutputs }, (_, index) => `${layer}[${index}]`));
    Object.freeze(this);
  }

  /** The extractor itself: it has learned already, from other rows than these. @throws DataError DATA_SHAPE, DATA_NOT_FINITE */
  fit(train: Features): this {
    this.#check(train);
    return this;
  }

  /**
   * The layer's output for each row [n, numOutputs], in float32 as TensorFlow.js computes. The features of a row fill the model's input in
   * row-major order. Rows whose `x` was transformed before are not computed again, so do not write to it.
   * @throws DataError DATA_SHAPE, DATA_NOT_FINITE
   */
  transform<Source extends Features>(source: Source): Source {
    this.#check(source);
    let x = this.#known.get(source.x);
    if (x === undefined) {
      x = this.#compute(source);
      this.#known.set(source.x, x);
    }
    const { grid: _grid, ...rest } = source;
    return Object.freeze({
      ...rest,
      x,
      numFeatures: this.numOutputs,
      featureNames: this.#names,
      ...(this.#grid === undefined ? {} : { grid: this.#grid }),
    }) as unknown as Source;
  }

  /** @throws DataError TRANSFORM_NO_INVERSE always */
  inverse<Source extends Features>(_source: Source): Source {
    throw new DataError("TRANSFORM_NO_INVERSE", "The layers of a network cannot be gone back through.");
  }

  /** @throws DataError TRANSFORM_JSON always: a network is saved as a folder */
  toJSON(): TransformJSON {
    throw new DataError(
      "TRANSFORM_JSON",
      "A frozen extractor is not saved as JSON: put extractor.model before the head in one model and use saveModel, or keep its folder and load it again.",
    );
  }

  /** Gives the memory of its weights back. */
  dispose(): void {
    this.model.dispose();
  }

  #check(rows: Features): void {
    if (rows.numFeatures !== this.numInputs)
      throw new DataError(
        "DATA_SHAPE",
        `The extractor takes ${this.numInputs} feature(s) a row, but these rows have ${rows.numFeatures}.`,
      );
    assertFinite(rows);
  }

  #compute({ x, numRows }: Features): Float64Array {
    const shape = sizesOf(this.model.inputs[0]!.shape);
    const out = new Float64Array(numRows * this.numOutputs);
    for (let from = 0; from < numRows; from += this.#batchSize) {
      const rows = Math.min(this.#batchSize, numRows - from);
      const values = Float32Array.from(x.subarray(from * this.numInputs, (from + rows) * this.numInputs));
      const batch = tf.tidy(() => {
        const output = this.model.predict(tf.tensor(values, [rows, ...shape]), { batchSize: rows }) as tf.Tensor;
        return output.dataSync();
      });
      out.set(batch, from * this.numOutputs);
    }
    return out;
  }
}

/**
 * A trained model of TensorFlow.js, cut at a layer and frozen, as feature extraction under a quantum head (transfer learning; Mari et al.,
 * arXiv:1912.08278). The extractor has a copy of the weights: training the model later does not change it.
 * @param source a model, or the folder of a saved one
 * @example
 * const extractor = await frozenExtractor("models/digits", { layer: "bottleneck" });
 * const features = extractor.transform(train);
 * @throws ModelError TRANSFER_OPTION, TRANSFER_LAYER, MODEL_NOT_BUILT, TENSORFLOW_BACKEND, and what `loadModel` throws
 */
export async function frozenExtractor(
  source: LayersModel | string,
  options: FrozenExtractorOptions = {},
): Promise<FrozenExtractor> {
  const fault = optionsFault("frozenExtractor", options, ["layer", "batchSize"]);
  if (fault !== undefined) throw new ModelError("TRANSFER_OPTION", fault);
  const { batchSize = 256 } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new ModelError("TRANSFER_OPTION", `batchSize is ${String(batchSize)}; give an integer of 1 or more.`);
  checkTensorBackend();
  const whole = typeof source === "string" ? await loadModel(source) : await copyOf(source);
  if (whole.inputs.length !== 1)
    throw new ModelError(
      "TRANSFER_LAYER",
      `Model ${whole.name} has ${whole.inputs.length} inputs; an extractor has one.`,
    );
  const layer = layerOf(whole, options.layer ?? whole.layers.length - 2);
  if (Array.isArray(layer.output))
    throw new ModelError(
      "TRANSFER_LAYER",
      `Layer ${layer.name} has several outputs; choose one after which they are joined.`,
    );
  const cut = makeModel({ inputs: whole.inputs, outputs: layer.output, name: `${whole.name}_to_${layer.name}` });
  const open = [...cut.inputs, ...cut.outputs].find(({ shape }) => shape.slice(1).some((size) => size === null));
  if (open !== undefined)
    throw new ModelError(
      "TRANSFER_LAYER",
      `${open.name} has shape [${open.shape.join(", ")}]; an extractor takes and gives rows of one size.`,
    );
  // Of the copy, what lies behind the cut is of no more use.
  for (const layer of whole.layers) if (!cut.layers.includes(layer)) layer.dispose();
  cut.trainable = false;
  return new FrozenExtractor(cut, layer.name, batchSize);
}

function layerOf(model: LayersModel, asked: string | number): LayersModel["layers"][number] {
  const found = model.layers.find((layer, index) => layer.name === asked || index === asked);
  if (found !== undefined) return found;
  throw new ModelError(
    "TRANSFER_LAYER",
    `Model ${model.name} has no layer ${JSON.stringify(asked)}; it has: ${model.layers.map(({ name }) => name).join(", ")}.`,
  );
}

/** The same model with weights of its own. */
async function copyOf(model: LayersModel): Promise<LayersModel> {
  if (!(model instanceof LayersModel))
    throw new ModelError(
      "TRANSFER_OPTION",
      "frozenExtractor takes a model of TensorFlow.js layers, or the folder of one.",
    );
  ensureBuilt(model);
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  return loadLayersModel(tf.io.fromMemory(artifacts!));
}

function sizesOf(shape: readonly (number | null)[]): readonly number[] {
  return shape.slice(1).map((size) => size!);
}

function sizeOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
