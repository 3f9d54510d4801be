import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { type CalibrationMethod, type Int8Range, largestSigned, rangeOf, scaleOf } from "../../compute/int8/index.ts";
import type { WeightGrid } from "./compact-weights.ts";
import { type KernelLayer, kernelLayers } from "./tensorflow-classical-layers.ts";

type Layer = layers.Layer;

interface Grid {
  /** Shaped so that they go along with the kernel's trailing axes. */
  readonly scale: tf.Tensor;
  readonly low: number;
  readonly high: number;
}

/**
 * Numbers brought to integers from low to high times scale, as f32. Gradients go through as if nothing had happened, and stop where numbers
 * are cut off: the straight-through estimator (Bengio et al., arXiv 1308.3432; Jacob et al., arXiv 1712.05877).
 */
export function fakeQuantize(x: tf.Tensor, { scale, low, high }: Grid): tf.Tensor {
  const operation = tf.customGrad((given, save) => {
    const value = given as tf.Tensor;
    (save as tf.GradSaveFunc)([value]);
    const made = tf.mul(tf.clipByValue(tf.round(tf.div(value, scale)), low, high), scale);
    return {
      value: made,
      gradFunc: (dy, saved) => {
        const steps = tf.div((saved as tf.Tensor[])[0]!, scale);
        // Half a step beyond an end is rounded to it, not cut off.
        const inside = tf.logicalAnd(tf.greaterEqual(steps, low - 0.5), tf.lessEqual(steps, high + 0.5));
        return tf.where(inside, dy as tf.Tensor, tf.zerosLike(dy as tf.Tensor));
      },
    };
  });
  return operation(x);
}

type PlainGrid = Omit<Grid, "scale"> & { readonly scale: Float32Array };
/** For each layer, in order. */
export type FakeQuantizationState = readonly {
  readonly weights: PlainGrid | null;
  readonly inputs: PlainGrid | null;
}[];

export interface FakeQuantizationSettings {
  readonly weightBits: number;
  /** Undefined leaves activations as they are. */
  readonly activationBits: number | undefined;
  readonly method: CalibrationMethod;
  readonly percentile: number;
}

interface Watched {
  readonly kernel: KernelLayer;
  weights: Grid | undefined;
  inputs: Grid | undefined;
  /** What the layer is given while ranges are being found. */
  seen: Float32Array[] | undefined;
}

/**
 * Makes the dense and convolutional layers of a model compute with quantised kernels and inputs, until it is taken off. Their variables stay
 * in f32, and are what training moves.
 */
export class FakeQuantization {
  readonly #model: LayersModel;
  readonly #settings: FakeQuantizationSettings;
  readonly #watched: readonly Watched[];

  constructor(model: LayersModel, settings: FakeQuantizationSettings, names?: readonly string[]) {
    this.#model = model;
    this.#settings = settings;
    this.#watched = kernelLayers(model, names).map((kernel) => ({
      kernel,
      weights: undefined,
      inputs: undefined,
      seen: undefined,
    }));
    for (const watched of this.#watched) this.#attach(watched);
  }

  get layers(): readonly KernelLayer[] {
    return this.#watched.map(({ kernel }) => kernel);
  }

  /** Finds the scales of kernels anew: one for each output channel, by least squared error below 8 bits. */
  rescaleWeights(): void {
    const { weightBits } = this.#settings;
    for (const watched of this.#watched) {
      watched.weights?.scale.dispose();
      const { variable, channelShape } = watched.kernel;
      const scales = channelScales(variable.dataSync() as Float32Array, channelShape, weightBits);
      const high = largestSigned(weightBits);
      watched.weights = { scale: tf.tensor(scales, [...channelShape]), low: -high, high };
    }
  }

  /** Finds the ranges of layers' inputs anew, by what they are given when the model computes these rows. */
  calibrate(x: readonly tf.Tensor[]): void {
    const { activationBits, method, percentile } = this.#settings;
    if (activationBits === undefined) return;
    for (const watched of this.#watched) {
      watched.inputs?.scale.dispose();
      watched.inputs = undefined;
      watched.seen = [];
    }
    tf.tidy(() => void this.#model.apply(x.length === 1 ? x[0]! : [...x]));
    for (const watched of this.#watched) {
      const values = Float32Array.from((watched.seen ?? []).flatMap((part) => [...part]));
      watched.seen = undefined;
      const nonNegative = values.every((value) => value >= 0);
      const range: Int8Range = rangeOf(values, nonNegative, { method, percentile, bits: activationBits });
      watched.inputs = { scale: tf.scalar(range.scale), low: range.low, high: range.high };
    }
  }

  /** The scales and ranges that there are, as plain data. */
  state(): FakeQuantizationState {
    const plain = (grid: Grid | undefined): PlainGrid | null =>
      grid === undefined ? null : { ...grid, scale: grid.scale.dataSync().slice() as Float32Array };
    return this.#watched.map(({ weights, inputs }) => ({ weights: plain(weights), inputs: plain(inputs) }));
  }

  restore(state: FakeQuantizationState): void {
    for (const [i, { kernel, ...watched }] of this.#watched.entries()) {
      tf.dispose([watched.weights?.scale, watched.inputs?.scale].filter((scale) => scale !== undefined));
      const grid = (plain: PlainGrid | null, shape: readonly number[]): Grid | undefined =>
        plain === null ? undefined : { ...plain, scale: tf.tensor(plain.scale, [...shape]) };
      this.#watched[i]!.weights = grid(state[i]!.weights, kernel.channelShape);
      this.#watched[i]!.inputs = grid(state[i]!.inputs, []);
    }
  }

  /** Takes everything off, with the quantised kernels in the variables. @returns their grids by the names of the weights */
  bake(): ReadonlyMap<string, WeightGrid> {
    const grids = new Map<string, WeightGrid>();
    for (const { kernel, weights } of this.#watched) {
      const { variable } = kernel;
      tf.tidy(() => variable.assign(fakeQuantize(variable, weights!)));
      const scales = weights!.scale.dataSync() as Float32Array;
      grids.set(kernel.kernel.originalName, { bits: this.#settings.weightBits, scales: scales.slice() });
    }
    this.detach();
    return grids;
  }

  /** Takes everything off, and leaves the variables as they are. */
  detach(): void {
    for (const { kernel, weights, inputs } of this.#watched) {
      // The layer's own method stands behind the one that was put before it.
      delete (kernel.layer as Partial<Layer>).call;
      weights?.scale.dispose();
      inputs?.scale.dispose();
    }
  }

  #attach(watched: Watched): void {
    const { layer, kernel } = watched.kernel;
    const call = layer.call.bind(layer);
    layer.call = (given, kwargs) => {
      const x = Array.isArray(given) ? given[0]! : given;
      watched.seen?.push(x.dataSync().slice() as Float32Array);
      const inputs = watched.inputs === undefined ? x : fakeQuantize(x, watched.inputs);
      if (watched.weights === undefined) return call(inputs, kwargs);
      const quantized = fakeQuantize(watched.kernel.variable, watched.weights);
      // A layer reads its kernel by this method; whoever trains it, too, so it is changed for the call alone.
      const readable = kernel as { read?: () => tf.Tensor };
      readable.read = () => quantized;
      try {
        return call(inputs, kwargs);
      } finally {
        delete readable.read;
      }
    };
  }
}

function channelScales(values: Float32Array, channelShape: readonly number[], bits: number): Float32Array {
  const channels = channelShape.reduce((product, size) => product * size, 1);
  const terms = values.length / channels;
  const high = largestSigned(bits);
  const column = new Float32Array(terms);
  return Float32Array.from({ length: channels }, (_, channel) => {
    for (let i = 0; i < terms; i++) column[i] = values[i * channels + channel]!;
    return scaleOf(column, { low: -high, high }, { method: bits === 8 ? "min-max" : "mse", percentile: 100 });
  });
}
