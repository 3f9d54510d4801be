import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import { roundUp, WeightSlot } from "../memory-plan.ts";
import { type DepthwiseConv2dLayer, sizeOf } from "../network.ts";
import { ImagePadding, type RowGeometry, windowRows } from "./image-padding.ts";
import { type BatchValues, batchValues, type Layout, type Operation, type Pass } from "./operation.ts";

/** A convolution of each channel alone, one filter a channel, with its bias; its activation is an operation of its own. */
export class DepthwiseOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #channels: number;
  readonly #window: readonly [height: number, width: number];
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | undefined;
  readonly #zeros: number;
  readonly #rows: RowGeometry;
  readonly #places: number;
  readonly #image: ImagePadding;

  constructor(layout: Layout, layer: DepthwiseConv2dLayer, index: number, input: BatchValues, needs: boolean) {
    const { plan } = layout;
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, sizeOf(layer.outputShape), needs);
    this.#channels = layer.inputShape.at(-1)!;
    this.#window = layer.windowSize;
    const slot = (name: "kernel" | "bias", size: number): WeightSlot =>
      plan.weight(new WeightSlot(index, name, layer.trainable, size));
    this.#kernel = slot("kernel", layer.kernel.length);
    this.#bias = layer.bias === undefined ? undefined : slot("bias", this.#channels);
    this.#zeros = plan.reserve(roundUp(this.#channels, 4));
    this.#image = new ImagePadding(layout, layer, input);
    this.#rows = windowRows(layer);
    this.#places = plan.reserve(this.#rows.count);
  }

  bind({ u32 }: ComputeMemory): void {
    const { count, place } = this.#rows;
    for (let row = 0; row < count; row++) u32[this.#places / 4 + row] = place(row);
  }

  forward(memory: ComputeMemory, { rows }: Pass): void {
    const { kernels } = memory;
    const [height, width] = this.#window;
    const { count, segmentStride } = this.#rows;
    this.#image.pad(memory, rows);
    for (let row = 0; row < rows; row++)
      kernels.depthwise!(
        this.#image.values + row * this.#image.bytes,
        this.#places,
        count,
        height,
        width,
        segmentStride,
        this.#channels * REAL,
        this.#kernel.address,
        this.#bias?.address ?? this.#zeros,
        this.output.address + row * this.output.size * REAL,
      );
  }

  backward(memory: ComputeMemory, { rows }: Pass): void {
    const { kernels } = memory;
    const [height, width] = this.#window;
    const { count, segmentStride } = this.#rows;
    const bytes = this.#channels * REAL;
    const goesBack = this.input.cotangents !== 0;
    if (goesBack) this.#image.clear(memory, rows);
    for (let row = 0; row < rows; row++) {
      const dy = this.output.cotangents + row * this.output.size * REAL;
      const image = this.#image.values + row * this.#image.bytes;
      const { gradient, address, trainable } = this.#kernel;
      if (trainable)
        kernels.depthwiseKernelGradient!(
          image,
          this.#places,
          count,
          height,
          width,
          segmentStride,
          bytes,
          dy,
          gradient,
          row,
        );
      if (this.#bias?.trainable) kernels.columnSums!(dy, count, bytes, bytes, this.#bias.gradient, 1, row);
      if (goesBack) {
        const to = this.#image.cotangents + row * this.#image.bytes;
        kernels.depthwiseImageGradient!(dy, this.#places, count, height, width, segmentStride, bytes, address, to);
      }
    }
    if (goesBack) this.#image.crop(memory, rows);
  }
}
