import type { Activation, RowShape, Window } from "../network.ts";
import { activationFunction } from "./forward.ts";
import { TABLE_HALF } from "./kernels.ts";
import type { ImageShape } from "./lower.ts";

/** Numbers of a buffer: integers from `low` to `high`, times `scale`. `low` is 0 where the layer makes nothing negative. */
export interface Int8Range {
  readonly scale: number;
  readonly low: number;
  /** At most 127. */
  readonly high: number;
}

interface Shaped extends Window {
  readonly name: string;
  readonly inputShape: ImageShape;
  readonly outputShape: ImageShape;
}

/** Sums of products of integers for every window, then an activation. */
export interface Int8Linear extends Shaped {
  readonly kind: "linear";
  /** [height, width, channels, filters] */
  readonly weights: Int8Array;
  readonly weightBits: number;
  /** One for each filter: a weight is its integer times this. */
  readonly weightScales: Float32Array;
  /** In units of the input's scale times the filter's. */
  readonly bias: Int32Array;
  readonly activation: Activation;
  /** What one step of a table's argument is, for activations that go by table; 0 for others. */
  readonly tableScale: number;
}

export interface Int8Pool extends Shaped {
  readonly kind: "maxPool" | "averagePool";
}

/** A stage and the range of what it makes; the range of the last one, when it is linear, does not matter: it makes f32. */
export type Int8Stage = (Int8Linear | Int8Pool) & { readonly output: Int8Range };

/** A network of integers as plain data: all that decides its answers, to the last bit. */
export interface Int8Stages {
  readonly inputShape: RowShape;
  readonly outputShape: RowShape;
  readonly input: Int8Range;
  readonly stages: readonly Int8Stage[];
  readonly finish: Activation;
}

/** Activations that are limits of what they are given; all others go by table. */
export function isClamp({ name }: Activation): boolean {
  return name === "linear" || name === "relu" || name === "relu6";
}

/** The least and the largest integer that a stage makes. */
export function limitsOf({ output, ...stage }: Int8Stage): readonly [low: number, high: number] {
  const { low, high, scale } = output;
  const top = stage.kind === "linear" && stage.activation.name === "relu6" ? Math.round(6 / scale) : high;
  return [low, Math.min(high, top)];
}

/**
 * The integers that a table's activation makes of arguments (i - 1024) · tableScale, for i from 0 to 2047. A sum is rounded to the nearest
 * argument, and held to the first and the last.
 */
export function activationTable({ activation, tableScale }: Int8Linear, { scale, low, high }: Int8Range): Int8Array {
  const made = activationFunction(activation);
  return Int8Array.from({ length: 2 * TABLE_HALF }, (_, i) =>
    Math.min(high, Math.max(low, Math.round(made((i - TABLE_HALF) * tableScale) / scale))),
  );
}

/**
 * What sums of a stage are multiplied by before they are rounded: to the scale of its output, of its table, or, in the last
 * stage, to the numbers themselves. Computed in f64, rounded to f32.
 */
export function multipliers(stage: Int8Linear, input: Int8Range, output: Int8Range | undefined): Float32Array {
  const unit = output === undefined ? 1 : isClamp(stage.activation) ? output.scale : stage.tableScale;
  return stage.weightScales.map((scale) => (input.scale * scale) / unit);
}
