import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import { roundUp, WeightSlot } from "../memory-plan.ts";
import type { BatchNormalizationLayer } from "../network.ts";
import { type BatchValues, batchValues, type Layout, type Operation, type Pass } from "./operation.ts";

/** Batch normalisation over the last axis. */
export class NormalizationOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #channels: number;
  readonly #epsilon: number;
  readonly #momentum: number;
  readonly #gamma: WeightSlot | undefined;
  readonly #beta: WeightSlot | undefined;
  readonly #movingMean: WeightSlot;
  readonly #movingVariance: WeightSlot;
  /** One number a channel each: mean and variance of the batch or the moving ones, and what kernels take. */
  readonly #mean: number;
  readonly #variance: number;
  readonly #factor: number;
  readonly #shift: number;
  readonly #centre: number;
  readonly #slope: number;
  readonly #dots: number;
  readonly #sums: number;

  constructor(layout: Layout, layer: BatchNormalizationLayer, index: number, input: BatchValues, needs: boolean) {
    const { plan } = layout;
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, input.size, needs);
    this.#channels = layer.inputShape.at(-1)!;
    this.#epsilon = layer.epsilon;
    this.#momentum = layer.momentum;
    const slot = (name: "gamma" | "beta" | "movingMean" | "movingVariance"): WeightSlot | undefined => {
      const isTrained = (name === "gamma" || name === "beta") && layer.trainable;
      if (layer[name] === undefined) return undefined;
      return plan.weight(new WeightSlot(index, name, isTrained, this.#channels));
    };
    this.#gamma = slot("gamma");
    this.#beta = slot("beta");
    this.#movingMean = slot("movingMean")!;
    this.#movingVariance = slot("movingVariance")!;
    const channels = (): number => plan.reserve(roundUp(this.#channels, 4));
    this.#mean = channels();
    this.#variance = channels();
    this.#factor = channels();
    this.#shift = channels();
    this.#centre = channels();
    this.#slope = channels();
    this.#dots = channels();
    this.#sums = channels();
  }

  #rowsOf(rows: number): number {
    return (rows * this.input.size) / this.#channels;
  }

  forward({ kernels, f32 }: ComputeMemory, { rows, training }: Pass): void {
    const bytes = this.#channels * REAL;
    const all = this.#rowsOf(rows);
    if (training) {
      kernels.columnSums!(this.input.address, all, bytes, bytes, this.#mean, 1 / all, 0);
      kernels.variances!(this.input.address, this.#mean, all, bytes, this.#variance, 1 / all);
    }
    const [mean, variance, factor, shift] = [this.#mean / 4, this.#variance / 4, this.#factor / 4, this.#shift / 4];
    for (let channel = 0; channel < this.#channels; channel++) {
      if (!training) {
        f32[mean + channel] = f32[this.#movingMean.address / 4 + channel]!;
        f32[variance + channel] = f32[this.#movingVariance.address / 4 + channel]!;
      }
      const gamma = this.#gamma === undefined ? 1 : f32[this.#gamma.address / 4 + channel]!;
      f32[factor + channel] = gamma / Math.sqrt(f32[variance + channel]! + this.#epsilon);
      f32[shift + channel] = this.#beta === undefined ? 0 : f32[this.#beta.address / 4 + channel]!;
    }
    const { address: to } = this.output;
    kernels.normalize!(this.input.address, this.#mean, this.#factor, this.#shift, all, bytes, to);
  }

  backward({ kernels, f32 }: ComputeMemory, { rows, training }: Pass): void {
    const { cotangents: dy } = this.output;
    const { address: x, cotangents: to } = this.input;
    const bytes = this.#channels * REAL;
    const all = this.#rowsOf(rows);
    kernels.columnSums!(dy, all, bytes, bytes, this.#sums, 1, 0);
    kernels.normalizedDots!(x, this.#mean, dy, all, bytes, this.#dots);
    for (let channel = 0; channel < this.#channels; channel++) {
      const sum = f32[this.#sums / 4 + channel]!;
      const dot = f32[this.#dots / 4 + channel]!;
      const precision = 1 / (f32[this.#variance / 4 + channel]! + this.#epsilon);
      if (this.#beta?.trainable) f32[this.#beta.gradient / 4 + channel] = sum;
      if (this.#gamma?.trainable) f32[this.#gamma.gradient / 4 + channel] = dot * Math.sqrt(precision);
      // Moving statistics do not depend on the batch.
      f32[this.#centre / 4 + channel] = training ? sum / all : 0;
      f32[this.#slope / 4 + channel] = training ? (dot * precision) / all : 0;
    }
    if (to !== 0)
      kernels.normalizeGradient!(dy, x, this.#mean, this.#factor, this.#centre, this.#slope, all, bytes, to);
  }

  /** Moves the moving statistics towards those of the batch that was forward last, in training. */
  moveStatistics({ f32 }: ComputeMemory): void {
    const rest = 1 - this.#momentum;
    for (let channel = 0; channel < this.#channels; channel++) {
      const mean = this.#movingMean.address / 4 + channel;
      const variance = this.#movingVariance.address / 4 + channel;
      f32[mean]! -= (f32[mean]! - f32[this.#mean / 4 + channel]!) * rest;
      f32[variance]! -= (f32[variance]! - f32[this.#variance / 4 + channel]!) * rest;
    }
  }
}
