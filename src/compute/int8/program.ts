import { kernelMemory, type LinearMemory, webAssembly } from "../../../providers/index.ts";
import { type DotForm, fastestByteForm } from "./dot-form.ts";
import {
  hasRelaxedDot,
  INT8_TARGET,
  type Int8Kernels,
  int8Module,
  OUTPUT,
  TABLE_HALF,
  TILE_COLUMNS,
} from "./kernels.ts";
import { type BufferLayout, bufferLayouts, pixelAt, runsOf, sameSize } from "./layout.ts";
import {
  activationTable,
  type Int8Linear,
  type Int8Stage,
  type Int8Stages,
  isClamp,
  limitsOf,
  multipliers,
} from "./stages.ts";

/** Rows of a chunk are chosen so that its buffers stay in the second cache. */
const CHUNK_BYTES = 262_144;
const MAX_CHUNK = 256;
/** Kernels may read so much beyond a buffer's end; such numbers meet weights of zero. */
const SLACK = 64;

/** Takes one piece of linear memory after another; 16 bytes fit everywhere. */
class Allotment {
  bytes = 0;
  take(bytes: number): number {
    const at = this.bytes;
    this.bytes += Math.ceil((bytes + SLACK) / 16) * 16;
    return at;
  }
}

/** Runs one kernel on the first rows of the chunk. */
type Call = (rows: number) => void;

/** A network of integers in linear memory, ready to run: weights in tiles, tables of addresses, buffers for a chunk of rows. */
export class Int8Program {
  readonly chunkRows: number;
  readonly #stages: Int8Stages;
  readonly #layouts: readonly BufferLayout[];
  readonly #buffers: readonly number[];
  readonly #memory: LinearMemory;
  readonly #kernels: Int8Kernels;
  readonly #inputs: number;
  readonly #source: number;
  readonly #fault: number;
  readonly #result: number;
  readonly #calls: Call[] = [];
  readonly #allotment = new Allotment();
  #f32: Float32Array;
  #u32: Uint32Array;
  #i8: Int8Array;
  #i16: Int16Array;

  readonly #form: DotForm;

  /** `form` is for comparison: all of them give the same bits. */
  constructor(stages: Int8Stages, form: DotForm = hasRelaxedDot() ? fastestByteForm() : "words") {
    this.#stages = stages;
    this.#form = form;
    const relaxed = form !== "words";
    this.#layouts = bufferLayouts(stages, relaxed);
    const [first] = this.#layouts;
    this.#inputs = first!.shape.reduce((a, b) => a * b);
    const last = stages.stages.at(-1)!;
    const resultNumbers =
      last.kind === "linear" ? this.#resultWidth(last) * last.outputShape[0] * last.outputShape[1] : 0;
    const rowBytes =
      this.#layouts.reduce((sum, { imageBytes }) => sum + imageBytes, 0) + 4 * (this.#inputs + resultNumbers);
    this.chunkRows = Math.min(MAX_CHUNK, Math.max(4, 4 * Math.floor(CHUNK_BYTES / rowBytes / 4)));
    const allot = this.#allotment;
    this.#source = allot.take(4 * this.chunkRows * this.#inputs);
    this.#fault = allot.take(4);
    this.#buffers = this.#layouts.map(({ imageBytes }) => allot.take(this.chunkRows * imageBytes));
    this.#result = allot.take(4 * this.chunkRows * resultNumbers);
    this.#memory = kernelMemory(INT8_TARGET, allot.bytes + this.#tableBytes());
    const { buffer } = this.#memory;
    this.#f32 = new Float32Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#i8 = new Int8Array(buffer);
    this.#i16 = new Int16Array(buffer);
    const exports = new webAssembly.Instance(int8Module(relaxed), { env: { memory: this.#memory } }).exports;
    this.#kernels = { ...(exports as Int8Kernels) };
    this.#addInput();
    for (const [i, stage] of stages.stages.entries())
      if (stage.kind === "linear") this.#addLinear(stage, i);
      else this.#addPool(stage, i);
  }

  /**
   * Runs `count` rows of f32, at most a chunk, and writes f32 from `to` on in `results`.
   * @returns false where a number is not finite; the results are worth nothing then
   */
  run(rows: Float32Array | Float64Array, from: number, count: number, results: Float32Array, to: number): boolean {
    const inputs = this.#inputs;
    this.#f32.set(rows.subarray(from * inputs, (from + count) * inputs), this.#source / 4);
    for (const call of this.#calls) call(count);
    if (this.#f32[this.#fault / 4] !== 0) return false;
    const last = this.#stages.stages.at(-1)!;
    if (last.kind !== "linear") {
      results.set(this.stageValues(this.#stages.stages.length - 1, count), to);
      return true;
    }
    const width = last.outputShape[2];
    const stride = this.#resultWidth(last);
    const lines = count * last.outputShape[0] * last.outputShape[1];
    let at = this.#result / 4;
    let place = to;
    for (let line = 0; line < lines; line++, at += stride)
      for (let k = 0; k < width; k++) results[place++] = this.#f32[at + k]!;
    return true;
  }

  /** What a stage but the last linear one made of the rows that ran last, in f32. */
  stageValues(stage: number, count: number): Float32Array {
    const layout = this.#layouts[stage + 1]!;
    const [height, width, channels] = layout.shape;
    const { scale } = this.#stages.stages[stage]!.output;
    const numbers = layout.width === 1 ? this.#i8 : this.#i16;
    const values = new Float32Array(count * height * width * channels);
    let to = 0;
    for (let image = 0; image < count; image++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const at = (this.#buffers[stage + 1]! + pixelAt(layout, image, row, column)) / layout.width;
          for (let channel = 0; channel < channels; channel++) values[to++] = numbers[at + channel]! * scale;
        }
    return values;
  }

  #resultWidth({ outputShape }: Int8Linear): number {
    return Math.ceil(outputShape[2] / TILE_COLUMNS) * TILE_COLUMNS;
  }

  /** Bytes of weights and tables, with all that they are rounded up by. */
  #tableBytes(): number {
    const { stages } = this.#stages;
    return stages.reduce(
      (sum, stage, i) => {
        const places = this.chunkRows * stage.outputShape[0] * stage.outputShape[1];
        if (stage.kind !== "linear") return sum + 20 * places + SLACK + 16;
        const { taps, groups, tiles } = this.#weightShape(stage, i);
        return (
          sum + 32 * taps * groups * tiles + 8 * places + 8 * TILE_COLUMNS * tiles + 4 * TABLE_HALF + 10 * (SLACK + 16)
        );
      },
      4 * this.chunkRows * this.#layouts[0]!.shape[0] * this.#layouts[0]!.shape[1] + 4 * (SLACK + 16),
    );
  }

  #weightShape(stage: Int8Linear, i: number) {
    const layout = this.#layouts[i]!;
    const { taps, tapStride, pixels } = runsOf(layout, stage.inputShape, stage.windowSize);
    const groups = Math.ceil((pixels * layout.pixelBytes) / 4);
    return { taps, tapStride, pixels, groups, tiles: Math.ceil(stage.outputShape[2] / TILE_COLUMNS) };
  }

  #addresses(list: readonly number[]): number {
    const at = this.#allotment.take(4 * list.length);
    this.#u32.set(list, at / 4);
    return at;
  }

  #limits([low, high]: readonly [number, number]): number {
    const at = this.#allotment.take(32);
    this.#i16.fill(low, at / 2, at / 2 + 8);
    this.#i16.fill(high, at / 2 + 8, at / 2 + 16);
    return at;
  }

  #addInput(): void {
    const { scale, low, high } = this.#stages.input;
    const layout = this.#layouts[0]!;
    const [height, width, channels] = layout.shape;
    // Pixels lie close together, so a row of an image is one line, unless channels are filled up to whole tiles.
    const tight = layout.pixelBytes === channels * layout.width;
    const [columns, length] = tight ? [1, width * channels] : [width, channels];
    const targets: number[] = [];
    for (let image = 0; image < this.chunkRows; image++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < columns; column++)
          targets.push(this.#buffers[0]! + pixelAt(layout, image, row, column));
    const kernel = this.#kernels[`quantize${layout.width}`]!;
    const table = this.#addresses(targets);
    const limits = this.#limits([low, high]);
    const factor = 1 / scale;
    const [source, fault, lines] = [this.#source, this.#fault, height * columns];
    this.#calls.push((n) => kernel(n * lines, source, length, table, factor, limits, fault));
  }

  #addLinear(stage: Int8Linear & Int8Stage, i: number): void {
    const [from, to] = [this.#layouts[i]!, this.#layouts[i + 1]!];
    const isLast = i === this.#stages.stages.length - 1;
    const { taps, tapStride, groups, tiles } = this.#weightShape(stage, i);
    const allot = this.#allotment;
    const columns = tiles * TILE_COLUMNS;
    const weights = allot.take(32 * taps * groups * tiles);
    this.#packWeights(stage, i, weights);
    const bias = allot.take(4 * columns);
    this.#u32.set(stage.bias, bias / 4);
    const scales = allot.take(4 * columns);
    const input = i === 0 ? this.#stages.input : this.#stages.stages[i - 1]!.output;
    this.#f32.set(multipliers(stage, input, isLast ? undefined : stage.output), scales / 4);
    const limits = this.#limits(limitsOf(stage));
    const [height, width] = stage.outputShape;
    const whole = sameSize(from.shape, stage.inputShape);
    const sources: number[] = [];
    const targets: number[] = [];
    for (let image = 0; image < this.chunkRows; image++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const [v, h] = whole
            ? [row * stage.strides[0] - stage.padding.top, column * stage.strides[1] - stage.padding.left]
            : [0, 0];
          sources.push(this.#buffers[i]! + pixelAt(from, image, v, h));
          targets.push(
            isLast
              ? this.#result + 4 * columns * ((image * height + row) * width + column)
              : this.#buffers[i + 1]! + pixelAt(to, image, row, column),
          );
        }
    const [inputs, outputs] = [this.#addresses(sources), this.#addresses(targets)];
    const clamp = isClamp(stage.activation);
    const output = isLast
      ? OUTPUT.f32
      : clamp
        ? to.width === 1
          ? OUTPUT.i8
          : OUTPUT.i16
        : to.width === 1
          ? OUTPUT.table8
          : OUTPUT.table16;
    const table = clamp || isLast ? 0 : this.#addTable(activationTable(stage, stage.output), to.width);
    const tileBytes = TILE_COLUMNS * (isLast ? 4 : to.width);
    const form = from.width === 1 ? this.#form : "words";
    const [one, four] = [this.#kernels[`${form}x1`]!, this.#kernels[`${form}x4`]!];
    const call = (kernel: typeof one, first: number, count: number): void => {
      const [a, b] = [inputs + 4 * first, outputs + 4 * first];
      kernel(count, a, b, weights, tiles, bias, scales, taps, tapStride, groups, limits, output, table, tileBytes);
    };
    const places = height * width;
    this.#calls.push((n) => {
      const count = n * places;
      const tail = count & 3;
      if (count > tail) call(four, 0, count - tail);
      if (tail > 0) call(one, count - tail, tail);
    });
  }

  /** By tiles of columns, taps, and groups; in a group eight columns with two or four numbers each. */
  #packWeights(stage: Int8Linear, i: number, at: number): void {
    const layout = this.#layouts[i]!;
    const { taps, pixels, groups, tiles } = this.#weightShape(stage, i);
    const [channels, filters] = [layout.shape[2], stage.outputShape[2]];
    const numbers = layout.width === 1 ? this.#i8 : this.#i16;
    const inGroup = 4 / layout.width;
    const pixelNumbers = layout.pixelBytes / layout.width;
    let to = at / layout.width;
    for (let tile = 0; tile < tiles; tile++)
      for (let tap = 0; tap < taps; tap++)
        for (let group = 0; group < groups; group++)
          for (let lane = 0; lane < TILE_COLUMNS; lane++)
            for (let k = 0; k < inGroup; k++, to++) {
              const number = group * inGroup + k;
              const [pixel, channel] = [Math.floor(number / pixelNumbers), number % pixelNumbers];
              const filter = tile * TILE_COLUMNS + lane;
              if (pixel >= pixels || channel >= channels || filter >= filters) continue;
              numbers[to] = stage.weights[((tap * pixels + pixel) * channels + channel) * filters + filter]!;
            }
  }

  /** @returns the address of the entry for argument 0 */
  #addTable(entries: Int8Array, width: 1 | 2): number {
    const at = this.#allotment.take(entries.length * width);
    (width === 1 ? this.#i8 : this.#i16).set(entries, at / width);
    return at + TABLE_HALF * width;
  }

  #addPool(stage: Int8Stage, i: number): void {
    const [from, to] = [this.#layouts[i]!, this.#layouts[i + 1]!];
    const [height, width] = stage.outputShape;
    const places = height * width;
    const table = this.#allotment.take(20 * this.chunkRows * places);
    let at = table / 4;
    for (let image = 0; image < this.chunkRows; image++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const [top, rows] = inside(row, stage.strides[0], stage.padding.top, stage.windowSize[0], from.shape[0]);
          const [left, columns] = inside(
            column,
            stage.strides[1],
            stage.padding.left,
            stage.windowSize[1],
            from.shape[1],
          );
          this.#u32[at++] = this.#buffers[i]! + pixelAt(from, image, top, left);
          this.#u32[at++] = rows;
          this.#u32[at++] = columns;
          this.#u32[at++] = this.#buffers[i + 1]! + pixelAt(to, image, row, column);
          this.#f32[at++] = 1 / (rows * columns);
        }
    const kernel = this.#kernels[`${stage.kind}${from.width}`]!;
    const channels = from.pixelBytes / from.width;
    this.#calls.push((n) => kernel(n * places, table, channels, from.rowBytes));
  }
}

/** Where a window begins along an axis and how many pixels of it lie in the image. */
function inside(
  place: number,
  stride: number,
  padding: number,
  window: number,
  size: number,
): readonly [number, number] {
  const begin = place * stride - padding;
  const first = Math.max(0, begin);
  return [first, Math.min(size, begin + window) - first];
}
