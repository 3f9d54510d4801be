import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import { type GlobalPool2dLayer, type Pool2dLayer, sizeOf, type Window } from "../network.ts";
import { type BatchValues, batchValues, type Layout, type Operation, type Pass, vectorBytes } from "./operation.ts";

/** Words that the kernels read for each window. */
const WINDOW_WORDS = 4;

/** Pooling over windows, or with one window over the whole image. */
export class PoolOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #isMax: boolean;
  readonly #window: Window;
  readonly #shape: readonly [height: number, width: number, channels: number];
  readonly #outputSize: readonly [height: number, width: number];
  readonly #windows: number;
  readonly #places: number;

  constructor(
    layout: Layout,
    layer: Pool2dLayer | GlobalPool2dLayer,
    index: number,
    input: BatchValues,
    needs: boolean,
  ) {
    const { plan, batchSize } = layout;
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, sizeOf(layer.outputShape), needs);
    this.#shape = layer.inputShape as [number, number, number];
    const [height, width] = this.#shape;
    const whole = { windowSize: [height, width], strides: [1, 1], padding: { top: 0, bottom: 0, left: 0, right: 0 } };
    this.#window = "windowSize" in layer ? layer : (whole as unknown as Window);
    this.#outputSize = "windowSize" in layer ? (layer.outputShape as unknown as [number, number]) : [1, 1];
    this.#isMax = layer.kind === "maxPool2d" || layer.kind === "globalMaxPool2d";
    this.#windows = plan.reserve(WINDOW_WORDS * this.#pixels);
    this.#places = this.#isMax ? plan.reserve(batchSize * this.output.size) : 0;
  }

  get #pixels(): number {
    return this.#outputSize[0] * this.#outputSize[1];
  }

  bind({ u32, f32 }: ComputeMemory): void {
    const [height, width, channels] = this.#shape;
    const { windowSize, strides, padding } = this.#window;
    let word = this.#windows / 4;
    for (let y = 0; y < this.#outputSize[0]; y++)
      for (let x = 0; x < this.#outputSize[1]; x++) {
        const [top, left] = [y * strides[0] - padding.top, x * strides[1] - padding.left];
        const [firstRow, firstColumn] = [Math.max(0, top), Math.max(0, left)];
        const rows = Math.min(height, top + windowSize[0]) - firstRow;
        const columns = Math.min(width, left + windowSize[1]) - firstColumn;
        u32[word++] = (firstRow * width + firstColumn) * channels * REAL;
        u32[word++] = rows;
        u32[word++] = columns;
        f32[word++] = 1 / (rows * columns);
      }
  }

  forward({ kernels }: ComputeMemory, { rows }: Pass): void {
    const [, width, channels] = this.#shape;
    const pixelBytes = channels * REAL;
    for (let row = 0; row < rows; row++) {
      const image = this.input.address + row * this.input.size * REAL;
      const offset = row * this.output.size * REAL;
      const to = this.output.address + offset;
      if (this.#isMax)
        kernels.maxPool!(image, this.#windows, this.#pixels, width * pixelBytes, pixelBytes, to, this.#places + offset);
      else kernels.averagePool!(image, this.#windows, this.#pixels, width * pixelBytes, pixelBytes, to);
    }
  }

  backward({ kernels }: ComputeMemory, { rows }: Pass): void {
    if (this.input.cotangents === 0) return;
    const [, width, channels] = this.#shape;
    const pixelBytes = channels * REAL;
    kernels.clear!(this.input.cotangents, vectorBytes(rows * this.input.size));
    for (let row = 0; row < rows; row++) {
      const offset = row * this.output.size * REAL;
      const dy = this.output.cotangents + offset;
      const to = this.input.cotangents + row * this.input.size * REAL;
      if (this.#isMax) kernels.maxPoolGradient!(dy, this.#places + offset, this.#pixels, pixelBytes, to);
      else kernels.averagePoolGradient!(dy, this.#windows, this.#pixels, width * pixelBytes, pixelBytes, to);
    }
  }
}
