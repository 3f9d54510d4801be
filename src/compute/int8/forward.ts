import type { Activation } from "../network.ts";
import type { FloatStage, LinearStage, PoolStage } from "./lower.ts";

/** The function of an activation on numbers of f64; softmax is none of single numbers. */
export function activationFunction({ name, slope = 0 }: Activation): (x: number) => number {
  switch (name) {
    case "linear":
      return (x) => x;
    case "relu":
      return (x) => Math.max(0, x);
    case "relu6":
      return (x) => Math.min(6, Math.max(0, x));
    case "leakyRelu":
      return (x) => (x >= 0 ? x : slope * x);
    case "elu":
      return (x) => (x >= 0 ? x : Math.expm1(x));
    case "selu":
      // Klambauer et al., Self-normalizing neural networks, 2017.
      return (x) => 1.0507009873554805 * (x >= 0 ? x : 1.6732632423543772 * Math.expm1(x));
    case "sigmoid":
      return sigmoid;
    case "tanh":
      return Math.tanh;
    case "softplus":
      return (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
    case "swish":
      return (x) => x * sigmoid(x);
    case "gelu":
      // As TensorFlow.js: by the error function, here of Abramowitz and Stegun 7.1.26, exact to 1.5e-7.
      return (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case "softmax":
      throw new Error("A softmax is of a whole row.");
  }
}

/** Whether an activation makes no number below 0. */
export function isNonNegative({ name }: Activation): boolean {
  return name === "relu" || name === "relu6" || name === "sigmoid" || name === "softplus";
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const polynomial = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - polynomial * Math.exp(-x * x));
}

/** Rows of numbers before and after a stage's activation; the same array where it has none. */
export interface StageValues {
  readonly sums: Float32Array;
  readonly values: Float32Array;
}

/** One stage on rows in f32, plainly: to find ranges and errors of int8, not to be fast. */
export function forwardStage(stage: FloatStage, input: Float32Array, rows: number): StageValues {
  if (stage.kind !== "linear") {
    const pooled = pool(stage, input, rows);
    return { sums: pooled, values: pooled };
  }
  const sums = linear(stage, input, rows);
  return { sums, values: stage.activation.name === "linear" ? sums : sums.map(activationFunction(stage.activation)) };
}

function linear({ kernel, bias, ...stage }: LinearStage, input: Float32Array, rows: number): Float32Array {
  const [, , channels] = stage.inputShape;
  const [outHeight, outWidth, filters] = stage.outputShape;
  const sums = new Float64Array(filters);
  const output = new Float32Array(rows * outHeight * outWidth * filters);
  let to = 0;
  forEachWindow(stage, rows, (pixels) => {
    sums.set(bias);
    for (const [pixel, from] of pixels)
      for (let channel = 0; channel < channels; channel++) {
        const x = input[from + channel]!;
        if (x === 0) continue;
        const weights = (pixel * channels + channel) * filters;
        for (let filter = 0; filter < filters; filter++) sums[filter]! += x * kernel[weights + filter]!;
      }
    output.set(sums, to);
    to += filters;
  });
  return output;
}

function pool(stage: PoolStage, input: Float32Array, rows: number): Float32Array {
  const [height, width, channels] = stage.outputShape;
  const output = new Float32Array(rows * height * width * channels);
  let to = 0;
  forEachWindow(stage, rows, (pixels) => {
    for (let channel = 0; channel < channels; channel++) {
      const numbers = pixels.map(([, from]) => input[from + channel]!);
      output[to++] =
        stage.kind === "maxPool"
          ? numbers.reduce((a, b) => Math.max(a, b))
          : numbers.reduce((a, b) => a + b) / numbers.length;
    }
  });
  return output;
}

/** Of each window in order its pixels that lie in the image: their numbers in the window and where their channels begin. */
function forEachWindow(
  {
    inputShape,
    outputShape,
    windowSize,
    strides,
    padding,
  }: Pick<FloatStage, "inputShape" | "outputShape" | "windowSize" | "strides" | "padding">,
  rows: number,
  take: (pixels: readonly (readonly [pixel: number, from: number])[]) => void,
): void {
  const [height, width, channels] = inputShape;
  for (let row = 0; row < rows; row++)
    for (let y = 0; y < outputShape[0]; y++)
      for (let x = 0; x < outputShape[1]; x++) {
        const pixels: (readonly [number, number])[] = [];
        for (let i = 0; i < windowSize[0]; i++)
          for (let j = 0; j < windowSize[1]; j++) {
            const [v, h] = [y * strides[0] - padding.top + i, x * strides[1] - padding.left + j];
            if (v < 0 || v >= height || h < 0 || h >= width) continue;
            pixels.push([i * windowSize[1] + j, ((row * height + v) * width + h) * channels]);
          }
        take(pixels);
      }
}

/** The finish of a network in place, on rows of f32: softmax of the last axis, or a function of each number. */
export function finishRows(values: Float32Array, width: number, activation: Activation): void {
  if (activation.name === "linear") return;
  if (activation.name !== "softmax") {
    const made = activationFunction(activation);
    for (let i = 0; i < values.length; i++) values[i] = made(values[i]!);
    return;
  }
  for (let from = 0; from < values.length; from += width) {
    let most = values[from]!;
    for (let i = from + 1; i < from + width; i++) if (values[i]! > most) most = values[i]!;
    let sum = 0;
    for (let i = from; i < from + width; i++) {
      const power = expOfNegative(values[i]! - most);
      values[i] = power;
      sum += power;
    }
    const share = 1 / sum;
    for (let i = from; i < from + width; i++) values[i] = values[i]! * share;
  }
}

/** 2 to the power of -k. */
const HALVES = Float64Array.from({ length: 128 }, (_, k) => 2 ** -k);

/**
 * exp of a number of 0 or less, to 1e-8 of it; below f32's normal numbers 0. Of additions and multiplications alone: the same bits on
 * every machine, which is not promised of Math.exp, and in a third of its time.
 */
export function expOfNegative(x: number): number {
  if (x < -87) return 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * Math.LN2;
  const polynomial = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040))))));
  return polynomial * HALVES[-k]!;
}
