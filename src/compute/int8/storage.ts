import { LeptonError } from "../../../circuits/index.ts";
import { ComputeError } from "../../errors.ts";
import {
  readSafetensors,
  type SafetensorsContent,
  type StoredTensor,
  writeSafetensors,
} from "../../runs/safetensors.ts";
import { ACTIVATIONS } from "../network.ts";
import type { Int8Linear, Int8Stage, Int8Stages } from "./stages.ts";

const FORMAT = "lepton-int8@1";

/** Weights of so few bits are stored two in a byte, the first in the lower half. */
const isPacked = (bits: number): boolean => bits <= 4;

type Tensors = readonly (readonly [name: string, tensor: StoredTensor])[];

function tensorsOf(stage: Int8Stage, i: number): Tensors {
  if (stage.kind !== "linear") return [];
  const { weights, weightBits, weightScales, bias } = stage;
  const packed = isPacked(weightBits);
  const data = packed ? pack(weights) : new Uint8Array(weights.buffer, weights.byteOffset, weights.length);
  return [
    [`${i}.weights`, { dtype: "U8", shape: [data.length], data }],
    [`${i}.scales`, { dtype: "F32", shape: [weightScales.length], data: weightScales }],
    [`${i}.bias`, { dtype: "I32", shape: [bias.length], data: bias }],
  ];
}

export function storedBytes({ stages }: Int8Stages): number {
  return stages.flatMap(tensorsOf).reduce((sum, [, { data }]) => sum + data.byteLength, 0);
}

export function writeInt8(content: Int8Stages): Uint8Array {
  const stages = content.stages.map((stage) => {
    if (stage.kind !== "linear") return stage;
    const { weights, weightScales, bias, ...rest } = stage;
    return rest;
  });
  return writeSafetensors(content.stages.flatMap(tensorsOf), [
    ["format", FORMAT],
    ["network", JSON.stringify({ ...content, stages })],
  ]);
}

/** @throws ComputeError INT8_FORMAT */
export function readInt8(bytes: Uint8Array): Int8Stages {
  const { tensors, metadata } = container(bytes);
  if (metadata.get("format") !== FORMAT)
    throw fault(`their format is "${String(metadata.get("format")).slice(0, 60)}", not "${FORMAT}"`);
  let content: Int8Stages;
  try {
    content = JSON.parse(metadata.get("network") ?? "");
  } catch (error) {
    throw fault("the description of the network is no JSON", error);
  }
  const isStage = (stage: unknown): boolean => typeof stage === "object" && stage !== null;
  if (!Array.isArray(content?.stages) || content.stages.length === 0 || !content.stages.every(isStage))
    throw fault("there are no stages");
  const stages = content.stages.map((stage, i) => readStage(stage, i, tensors));
  const read = { ...content, stages };
  checkContent(read);
  return read;
}

function container(bytes: Uint8Array): SafetensorsContent {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof LeptonError)) throw error;
    throw fault(error.message, error);
  }
}

function readStage(stage: Int8Stage, i: number, tensors: SafetensorsContent["tensors"]): Int8Stage {
  if (stage?.kind !== "linear") return stage;
  const part = <Data>(name: string, dtype: StoredTensor["dtype"], length: number): Data => {
    const found = tensors.get(`${i}.${name}`);
    if (found?.dtype !== dtype || found.data.length !== length)
      throw fault(`stage ${i} needs ${length} numbers ${dtype} as ${name}`);
    return found.data as Data;
  };
  const filters = stage.outputShape?.[2];
  const [h = 0, w = 0] = Array.isArray(stage.windowSize) ? stage.windowSize : [];
  const count = h * w * stage.inputShape?.[2] * filters;
  const bits = stage.weightBits;
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 8)) throw fault(`stage ${i} has weights of ${bits} bits`);
  const stored = part<Uint8Array>("weights", "U8", isPacked(bits) ? Math.ceil(count / 2) : count);
  const weights = isPacked(bits) ? unpack(stored, count) : new Int8Array(stored.buffer, stored.byteOffset, count);
  const largest = 2 ** (bits - 1) - 1;
  if (weights.some((weight) => Math.abs(weight) > largest)) throw fault(`stage ${i} has weights beyond ${bits} bits`);
  return {
    ...stage,
    weights,
    weightScales: part<Float32Array>("scales", "F32", filters),
    bias: part<Int32Array>("bias", "I32", filters),
  };
}

/** What the kernels rely on: they check no address. */
function checkContent({ inputShape, outputShape, input, stages, finish }: Int8Stages): void {
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && (size as number) >= 1;
  const isPadding = (size: unknown): boolean => size === 0 || isSize(size);
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const need = (holds: boolean, what: string): void => {
    if (!holds) throw fault(what);
  };
  const shapes = [inputShape, outputShape, ...stages.flatMap((stage) => [stage.inputShape, stage.outputShape])];
  need(
    shapes.every((shape) => Array.isArray(shape) && shape.length > 0 && shape.every(isSize)),
    "a shape is malformed",
  );
  let numbers = size(inputShape);
  let range = input;
  for (const [i, stage] of stages.entries()) {
    const { windowSize: window, strides, padding, output, inputShape: from, outputShape: to } = stage;
    need(["linear", "maxPool", "averagePool"].includes(stage.kind), `stage ${i} is of an unknown kind`);
    need(
      from.length === 3 && to.length === 3 && size(from) === numbers,
      `stage ${i} does not take what is made before it`,
    );
    const before = stages[i - 1]?.outputShape ?? from;
    const flattened = stage.kind === "linear" && [from[0], from[1], ...(window ?? [])].every((n) => n === 1);
    need(flattened || before.every((n, axis) => n === from[axis]), `stage ${i} reads another image`);
    need(
      window?.length === 2 && strides?.length === 2 && [...window, ...strides].every(isSize),
      `stage ${i} has a malformed window`,
    );
    for (const [axis, before, after] of [
      [0, padding?.top, padding?.bottom],
      [1, padding?.left, padding?.right],
    ] as const) {
      const fits = isPadding(before) && isPadding(after) && before < window[axis]! && after < window[axis]!;
      const places = Math.floor((from[axis]! + before + after - window[axis]!) / strides[axis]!) + 1;
      need(fits && places === to[axis], `stage ${i} has windows that do not fit its image`);
    }
    if (stage.kind === "linear") checkLinear(stage, i, Math.max(range?.high ?? 0, -(range?.low ?? 0)), need);
    else
      need(
        from[2] === to[2] && window[0] * window[1] <= 256 * (stage.kind === "maxPool" ? 256 : 1),
        `stage ${i} is no pool`,
      );
    range = output;
    numbers = size(to);
  }
  need(numbers === size(outputShape), "the last stage does not make the output");
  for (const { scale, low, high } of [input, ...stages.map(({ output }) => output)].map((r) => r ?? {}))
    need(scale > 0 && high >= 1 && high <= 127 && (low === 0 || low === -high), "a range is malformed");
  need(ACTIVATIONS.includes(finish?.name), "the last activation is unknown");
}

function checkLinear(
  { activation, tableScale, weightScales, weights, bias }: Int8Linear,
  i: number,
  largest: number,
  need: (holds: boolean, what: string) => void,
): void {
  need(ACTIVATIONS.includes(activation?.name) && activation.name !== "softmax", `stage ${i} has an unknown activation`);
  need(Number.isFinite(tableScale) && weightScales.every((scale) => scale > 0), `stage ${i} has malformed scales`);
  const terms = weights.length / bias.length;
  need(
    terms * 127 * largest <= 2 ** 30 && bias.every((value) => Math.abs(value) <= 2 ** 30),
    `stage ${i} has sums that leave an i32`,
  );
}

function pack(weights: Int8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(weights.length / 2));
  for (const [i, weight] of weights.entries()) bytes[i >> 1]! |= (weight & 15) << (i % 2 === 0 ? 0 : 4);
  return bytes;
}

function unpack(bytes: Uint8Array, count: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => (((bytes[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15) << 28) >> 28);
}

function fault(reason: string, cause?: unknown): ComputeError {
  return new ComputeError("INT8_FORMAT", `These bytes are no int8 network: ${reason}.`, { cause });
}
