import type { Padding } from "../network.ts";
import { TILE_COLUMNS, type Width } from "./kernels.ts";
import type { ImageShape } from "./lower.ts";
import type { Int8Stages } from "./stages.ts";

/** How the images of a chunk lie in memory between two stages; bytes, from the buffer's beginning. */
export interface BufferLayout {
  readonly shape: ImageShape;
  readonly width: Width;
  /** Zeros around each image, as the next stage's windows want them. */
  readonly padding: Padding;
  /** From one pixel to the next. Kernels write whole tiles of channels; those too many are zero, or met by weights of zero. */
  readonly pixelBytes: number;
  readonly rowBytes: number;
  readonly imageBytes: number;
  /** Of the first pixel of an image. */
  readonly origin: number;
}

const NO_PADDING: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

/**
 * The layouts of all buffers: the input's, then what each stage makes. Numbers are of one byte where the kernel that reads them
 * takes bytes: with relaxed SIMD, where none is negative; else of two.
 */
export function bufferLayouts({ input, stages }: Int8Stages, relaxed: boolean): readonly BufferLayout[] {
  const layouts: BufferLayout[] = [];
  for (let i = 0; i <= stages.length; i++) {
    const [maker, reader] = [stages[i - 1], stages[i]];
    const shape = maker?.outputShape ?? stages[0]!.inputShape;
    // Pools change neither range nor width: the next product decides.
    const product = stages.slice(i).find(({ kind }) => kind === "linear");
    const { low } = maker?.output ?? input;
    const width = product === undefined || (relaxed && low === 0) ? 1 : 2;
    const padding = reader?.kind === "linear" && sameSize(shape, reader.inputShape) ? reader.padding : NO_PADDING;
    const tight = maker === undefined && reader?.kind === "linear";
    const channels = tight ? shape[2] : Math.ceil(shape[2] / TILE_COLUMNS) * TILE_COLUMNS;
    const pixelBytes = channels * width;
    const rowBytes = (shape[1] + padding.left + padding.right) * pixelBytes;
    const imageBytes = (shape[0] + padding.top + padding.bottom) * rowBytes;
    const origin = padding.top * rowBytes + padding.left * pixelBytes;
    layouts.push({ shape, width, padding, pixelBytes, rowBytes, imageBytes, origin });
  }
  return layouts;
}

/** The byte where a pixel of an image lies; row and column may lie in the padding. */
export function pixelAt(layout: BufferLayout, image: number, row: number, column: number): number {
  const { imageBytes, rowBytes, pixelBytes, origin } = layout;
  return image * imageBytes + origin + row * rowBytes + column * pixelBytes;
}

/** The bytes where the runs of a stage's windows begin that read a buffer: how many runs, how far apart, how many pixels each. */
export function runsOf(layout: BufferLayout, reads: ImageShape, windowSize: readonly [number, number]) {
  // A flattened image is one window, whose pixels lie in one run.
  if (!sameSize(layout.shape, reads)) return { taps: 1, tapStride: 0, pixels: layout.shape[0] * layout.shape[1] };
  return { taps: windowSize[0], tapStride: layout.rowBytes, pixels: windowSize[1] };
}

export function sameSize(a: ImageShape, b: ImageShape): boolean {
  return a.every((size, axis) => size === b[axis]);
}
