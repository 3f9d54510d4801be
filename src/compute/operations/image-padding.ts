import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import type { RowShape, Window } from "../network.ts";
import { type BatchValues, type Layout, vectorBytes } from "./operation.ts";

/** Rows that a product reads: where they begin, and what they are made of. */
export interface RowGeometry {
  readonly count: number;
  /** The byte offset of a row in one image, or in the batch of a dense layer. */
  readonly place: (row: number) => number;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly segmentStride: number;
}

interface WindowLayer extends Window {
  readonly inputShape: RowShape;
  readonly outputShape: RowShape;
}

/** The windows of a convolution over its padded image: a segment for each row of the window. */
export function windowRows({ inputShape, outputShape, windowSize, strides, padding }: WindowLayer): RowGeometry {
  const [, width, channels] = inputShape as [number, number, number];
  const [height, columns] = outputShape as [number, number, number];
  const pixelBytes = channels * REAL;
  const segmentStride = (width + padding.left + padding.right) * pixelBytes;
  return {
    count: height * columns,
    place: (row) => Math.floor(row / columns) * strides[0] * segmentStride + (row % columns) * strides[1] * pixelBytes,
    segments: windowSize[0],
    segmentBytes: windowSize[1] * pixelBytes,
    segmentStride,
  };
}

/** Images with zeros around them, and their cotangents: the input's own memory where there is no padding. */
export class ImagePadding {
  /** Of one padded image. */
  readonly bytes: number;
  readonly values: number;
  readonly cotangents: number;
  readonly #input: BatchValues;
  readonly #isPadded: boolean;
  readonly #height: number;
  readonly #rowBytes: number;
  readonly #paddedRowBytes: number;
  /** Bytes before the first pixel. */
  readonly #first: number;

  constructor({ plan, batchSize }: Layout, { inputShape, padding }: WindowLayer, input: BatchValues) {
    const [height, width, channels] = inputShape as [number, number, number];
    const { top, bottom, left, right } = padding;
    this.#input = input;
    this.#height = height;
    this.#rowBytes = width * channels * REAL;
    this.#paddedRowBytes = (width + left + right) * channels * REAL;
    this.#first = top * this.#paddedRowBytes + left * channels * REAL;
    this.bytes = (height + top + bottom) * this.#paddedRowBytes;
    this.#isPadded = top + bottom + left + right > 0;
    const numbers = (batchSize * this.bytes) / REAL;
    this.values = this.#isPadded ? plan.reserve(numbers) : input.address;
    this.cotangents = this.#isPadded && input.cotangents !== 0 ? plan.reserve(numbers) : input.cotangents;
  }

  /** Copies the images between the zeros, which nobody overwrites. */
  pad({ kernels }: ComputeMemory, rows: number): void {
    if (!this.#isPadded) return;
    for (let row = 0; row < rows; row++)
      kernels.copyRows!(
        this.#input.address + row * this.#height * this.#rowBytes,
        this.#rowBytes,
        this.#height,
        this.#rowBytes,
        this.values + row * this.bytes + this.#first,
        this.#paddedRowBytes,
      );
  }

  /** Sets the cotangents to 0. */
  clear({ kernels }: ComputeMemory, rows: number): void {
    kernels.clear!(this.cotangents, vectorBytes((rows * this.bytes) / REAL));
  }

  /** Copies the cotangents of the images out of the padded ones. */
  crop({ kernels }: ComputeMemory, rows: number): void {
    if (!this.#isPadded) return;
    for (let row = 0; row < rows; row++)
      kernels.copyRows!(
        this.cotangents + row * this.bytes + this.#first,
        this.#paddedRowBytes,
        this.#height,
        this.#rowBytes,
        this.#input.cotangents + row * this.#height * this.#rowBytes,
        this.#rowBytes,
      );
  }
}
