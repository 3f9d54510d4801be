import { REAL, UNIT } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import { type MemoryPlan, roundUp } from "../memory-plan.ts";

/** What a pass is: `draw` numbers its dropout masks. */
export interface Pass {
  readonly rows: number;
  readonly training: boolean;
  readonly draw: number;
}

/** Values of a batch in memory: outputs of one operation and inputs of the next. */
export interface BatchValues {
  /** Numbers of a row. */
  readonly size: number;
  readonly address: number;
  /** Of the loss's gradient by them; 0 where nobody needs it. */
  readonly cotangents: number;
}

/** One step of a network, its buffers in memory laid out for a batch size. */
export interface Operation {
  /** Its layer's place in the network. */
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  /** Fills what does not change from batch to batch. */
  bind?(memory: ComputeMemory): void;
  forward(memory: ComputeMemory, pass: Pass): void;
  /**
   * After `forward` of the same pass: gradients of its weights, and the input's cotangents where they have an address. The
   * output's cotangents may be overwritten.
   */
  backward(memory: ComputeMemory, pass: Pass): void;
}

/** Where operations are laid out. */
export interface Layout {
  readonly plan: MemoryPlan;
  readonly batchSize: number;
}

export function batchValues({ plan, batchSize }: Layout, size: number, needsCotangents: boolean): BatchValues {
  const address = plan.reserve(batchSize * size);
  return { size, address, cotangents: needsCotangents ? plan.reserve(batchSize * size) : 0 };
}

/** Bytes of so many numbers, up to whole vectors. */
export function vectorBytes(numbers: number): number {
  return roundUp(numbers * REAL, UNIT);
}
