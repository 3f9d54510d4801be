import type { Int8Linear, Int8Range, Int8Stage, Int8Stages } from "../../src/compute/int8/index.ts";
import { activationTable } from "../../src/compute/int8/stages.ts";

/** What kernels of int8 inference compute, plainly: integers of every stage, and the last one's numbers before the network's finish. */
export function int8Reference(
  content: Int8Stages,
  rows: Float32Array,
): { stages: Int32Array[]; results: Float32Array } {
  const size = content.inputShape.reduce((a, b) => a * b);
  const count = rows.length / size;
  const { scale, low, high } = content.input;
  let values = Int32Array.from(rows, (x) => held(Math.fround(x * Math.fround(1 / scale)), low, high));
  let range = content.input;
  const stages: Int32Array[] = [];
  for (const [i, stage] of content.stages.entries()) {
    const windows = windowsOf(stage, count);
    if (stage.kind === "linear") {
      const sums = windows.flatMap((window) => sumsOf(stage, values, window));
      const filters = stage.bias.length;
      if (i === content.stages.length - 1) {
        const results = Float32Array.from(sums, (sum, k) =>
          Math.fround(Math.fround(sum) * Math.fround(range.scale * stage.weightScales[k % filters]!)),
        );
        return { stages, results };
      }
      values = Int32Array.from(sums, (sum, k) => madeOf(stage, range, stage.output, sum, k % filters));
    } else {
      const channels = stage.inputShape[2];
      const found = windows.flatMap((window) =>
        Array.from({ length: channels }, (_, channel) => {
          const numbers = window.map(([, from]) => values[from + channel]!);
          if (stage.kind === "maxPool") return Math.max(...numbers);
          const sum = numbers.reduce((a, b) => a + b);
          return halfEven(Math.fround(Math.fround(sum) * Math.fround(1 / numbers.length)));
        }),
      );
      values = Int32Array.from(found);
    }
    range = stage.output;
    stages.push(values);
  }
  return { stages, results: Float32Array.from(values, (value) => value * range.scale) };
}

type Window = readonly (readonly [pixel: number, from: number])[];

function windowsOf({ inputShape, outputShape, windowSize, strides, padding }: Int8Stage, count: number): Window[] {
  const [height, width, channels] = inputShape;
  const windows: Window[] = [];
  for (let image = 0; image < count; image++)
    for (let y = 0; y < outputShape[0]; y++)
      for (let x = 0; x < outputShape[1]; x++) {
        const window: [number, number][] = [];
        for (let pixel = 0; pixel < windowSize[0] * windowSize[1]; pixel++) {
          const v = y * strides[0] - padding.top + Math.floor(pixel / windowSize[1]);
          const h = x * strides[1] - padding.left + (pixel % windowSize[1]);
          if (v < 0 || v >= height || h < 0 || h >= width) continue;
          window.push([pixel, ((image * height + v) * width + h) * channels]);
        }
        windows.push(window);
      }
  return windows;
}

function sumsOf({ weights, bias, inputShape }: Int8Linear, values: Int32Array, window: Window): number[] {
  const [, , channels] = inputShape;
  const filters = bias.length;
  const sums = [...bias];
  for (const [pixel, from] of window)
    for (let channel = 0; channel < channels; channel++)
      for (let filter = 0; filter < filters; filter++)
        sums[filter]! += values[from + channel]! * weights[(pixel * channels + channel) * filters + filter]!;
  return sums;
}

function madeOf(stage: Int8Linear, input: Int8Range, output: Int8Range, sum: number, filter: number): number {
  const { name } = stage.activation;
  const plain = name === "linear" || name === "relu" || name === "relu6";
  const factor = Math.fround((input.scale * stage.weightScales[filter]!) / (plain ? output.scale : stage.tableScale));
  const scaled = Math.fround(Math.fround(sum) * factor);
  if (!plain) return activationTable(stage, output)[1024 + held(scaled, -1024, 1023)]!;
  const top = name === "relu6" ? Math.min(output.high, Math.round(6 / output.scale)) : output.high;
  return held(scaled, output.low, top);
}

const held = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, halfEven(x)));

function halfEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : near;
}
