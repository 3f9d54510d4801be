import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import { panelOrder, roundUp, WeightSlot } from "../memory-plan.ts";
import { type Activation, type Conv2dLayer, type DenseLayer, sizeOf } from "../network.ts";
import { ImagePadding, type RowGeometry, windowRows } from "./image-padding.ts";
import { type BatchValues, batchValues, type Layout, type Operation, type Pass, vectorBytes } from "./operation.ts";

/** Numbers of windows' gradients that are held at once, so that they stay in a near cache. */
const CHUNK = 8192;

/** slope and ceiling of `product`; undefined for activations that are an operation of their own. */
export function rectifier({
  name,
  slope = 0,
}: Activation): { readonly slope: number; readonly ceiling: number } | undefined {
  switch (name) {
    case "linear":
      return { slope: 1, ceiling: Infinity };
    case "relu":
      return { slope: 0, ceiling: Infinity };
    case "relu6":
      return { slope: 0, ceiling: 6 };
    case "leakyRelu":
      return { slope, ceiling: Infinity };
    default:
      return undefined;
  }
}

/**
 * A dense layer or a convolution with its bias, and with its activation where that is a rectifier: matrix products of rows,
 * which for a convolution are the windows of an image, read in place.
 */
export class ProductOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #activation: Activation;
  readonly #slope: number;
  readonly #ceiling: number;
  readonly #depth: number;
  readonly #columns: number;
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | undefined;
  /** As many zeros as a product has columns, forward or back. */
  readonly #zeros: number;
  readonly #rows: RowGeometry;
  readonly #places: number;
  /** Byte offsets of the output's rows, for the way back. */
  readonly #outputPlaces: number;
  readonly #transposed: number;
  readonly #scratch: () => number;
  /** A dense layer's rows are one image; a convolution has one for each row of the batch. */
  readonly #image: ImagePadding | undefined;

  constructor(layout: Layout, layer: DenseLayer | Conv2dLayer, index: number, input: BatchValues, needs: boolean) {
    const { plan, batchSize } = layout;
    const rule = rectifier(layer.activation) ?? { slope: 1, ceiling: Infinity };
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, sizeOf(layer.outputShape), needs);
    this.#activation = rectifier(layer.activation) === undefined ? { name: "linear" } : layer.activation;
    this.#slope = rule.slope;
    this.#ceiling = rule.ceiling;
    this.#columns = layer.outputShape.at(-1)!;
    this.#depth = layer.kernel.length / this.#columns;
    const order = panelOrder(this.#depth, this.#columns);
    this.#kernel = plan.weight(new WeightSlot(index, "kernel", layer.trainable, layer.kernel.length, order));
    this.#bias =
      layer.bias === undefined ? undefined : plan.weight(new WeightSlot(index, "bias", layer.trainable, this.#columns));
    this.#zeros = plan.reserve(roundUp(Math.max(this.#columns, this.#depth), 8));
    if (layer.kind === "dense") {
      const count = batchSize * (sizeOf(layer.inputShape) / this.#depth);
      const rowBytes = this.#depth * REAL;
      const place = (row: number): number => row * rowBytes;
      this.#rows = { count, place, segments: 1, segmentBytes: rowBytes, segmentStride: rowBytes };
      this.#image = undefined;
    } else {
      this.#image = new ImagePadding(layout, layer, input);
      this.#rows = windowRows(layer);
    }
    this.#places = plan.reserve(this.#rows.count);
    const goesBack = input.cotangents !== 0;
    this.#outputPlaces = goesBack ? plan.reserve(this.#rows.count) : 0;
    this.#transposed = goesBack ? plan.reserve(panelOrder(this.#columns, this.#depth).room) : 0;
    if (goesBack && this.#image !== undefined) plan.needScratch(this.#chunk * this.#depth);
    this.#scratch = () => plan.scratch;
  }

  get #chunk(): number {
    return Math.min(this.#rows.count, Math.max(4, Math.floor(CHUNK / this.#depth)));
  }

  bind({ u32 }: ComputeMemory): void {
    const { count, place } = this.#rows;
    const rowBytes = this.#columns * REAL;
    for (let row = 0; row < count; row++) {
      u32[this.#places / 4 + row] = place(row);
      if (this.#outputPlaces !== 0) u32[this.#outputPlaces / 4 + row] = row * rowBytes;
    }
  }

  forward(memory: ComputeMemory, { rows }: Pass): void {
    const image = this.#image;
    if (image === undefined) {
      this.#product(memory, this.input.address, this.output.address, (rows * this.output.size) / this.#columns);
      return;
    }
    image.pad(memory, rows);
    for (let row = 0; row < rows; row++)
      this.#product(
        memory,
        image.values + row * image.bytes,
        this.output.address + row * this.output.size * REAL,
        this.#rows.count,
      );
  }

  #product({ kernels }: ComputeMemory, input: number, output: number, rows: number): void {
    const { segments, segmentBytes, segmentStride } = this.#rows;
    const columnBytes = this.#columns * REAL;
    const { address: kernel } = this.#kernel;
    const bias = this.#bias?.address ?? this.#zeros;
    kernels.product!(
      input,
      this.#places,
      rows,
      segments,
      segmentBytes,
      segmentStride,
      kernel,
      bias,
      columnBytes,
      this.#slope,
      this.#ceiling,
      output,
      columnBytes,
    );
  }

  backward(memory: ComputeMemory, { rows }: Pass): void {
    const { kernels } = memory;
    const { address, cotangents, size } = this.output;
    const { name } = this.#activation;
    if (name !== "linear")
      kernels[`${name}Gradient`]!(cotangents, address, cotangents, vectorBytes(rows * size), this.#slope);
    const goesBack = this.input.cotangents !== 0;
    if (goesBack) kernels.transpose!(this.#kernel.address, this.#depth, this.#columns, this.#transposed);
    const image = this.#image;
    if (image === undefined) {
      const all = (rows * size) / this.#columns;
      this.#weightGradients(memory, this.input.address, cotangents, all, 0);
      if (goesBack) this.#inputGradients(memory, cotangents, all, this.input.cotangents);
      return;
    }
    if (goesBack) image.clear(memory, rows);
    for (let row = 0; row < rows; row++) {
      const dy = cotangents + row * size * REAL;
      this.#weightGradients(memory, image.values + row * image.bytes, dy, this.#rows.count, row);
      if (goesBack) this.#windowGradients(memory, dy, image.cotangents + row * image.bytes);
    }
    if (goesBack) image.crop(memory, rows);
  }

  /** @param keep 0 where these are the first rows */
  #weightGradients({ kernels }: ComputeMemory, input: number, dy: number, rows: number, keep: number): void {
    const { segments, segmentBytes, segmentStride } = this.#rows;
    const columnBytes = this.#columns * REAL;
    if (this.#kernel.trainable)
      kernels.productGradient!(
        input,
        this.#places,
        rows,
        segments,
        segmentBytes,
        segmentStride,
        dy,
        columnBytes,
        columnBytes,
        this.#kernel.gradient,
        keep,
      );
    if (this.#bias?.trainable) kernels.columnSums!(dy, rows, columnBytes, columnBytes, this.#bias.gradient, 1, keep);
  }

  /** to = dy·kernelᵀ, rows of both after each other. */
  #inputGradients({ kernels }: ComputeMemory, dy: number, rows: number, to: number): void {
    const columnBytes = this.#columns * REAL;
    const depthBytes = this.#depth * REAL;
    kernels.product!(
      dy,
      this.#outputPlaces,
      rows,
      1,
      columnBytes,
      columnBytes,
      this.#transposed,
      this.#zeros,
      depthBytes,
      1,
      Infinity,
      to,
      depthBytes,
    );
  }

  #windowGradients(memory: ComputeMemory, dy: number, to: number): void {
    const { count, segments, segmentBytes, segmentStride } = this.#rows;
    const scratch = this.#scratch();
    for (let first = 0; first < count; first += this.#chunk) {
      const rows = Math.min(this.#chunk, count - first);
      this.#inputGradients(memory, dy + first * this.#columns * REAL, rows, scratch);
      memory.kernels.addWindows!(scratch, this.#places + first * 4, rows, segments, segmentBytes, segmentStride, to);
    }
  }
}
