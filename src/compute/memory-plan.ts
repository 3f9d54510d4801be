import { REAL, SLACK, UNIT } from "./kernels/columns.ts";
import type { ComputeMemory } from "./kernels/compute-memory.ts";

/** Where a weight of a layer lies in memory. Addresses are known once the plan is finished. */
export class WeightSlot {
  /** Its layer's place in the network. */
  readonly layer: number;
  readonly name: string;
  readonly trainable: boolean;
  /** Numbers as the layer has them, and as they lie in memory. */
  readonly size: number;
  readonly room: number;
  readonly #order: WeightOrder | undefined;
  address = 0;
  /** Of the gradient; 0 where it is not trained. */
  gradient = 0;

  constructor(layer: number, name: string, trainable: boolean, size: number, order?: WeightOrder) {
    this.layer = layer;
    this.name = name;
    this.trainable = trainable;
    this.size = size;
    this.room = roundUp(order?.room ?? size, 8);
    this.#order = order;
  }

  /** Where number i of the weight is, from its address on. */
  #place(index: number): number {
    return this.#order === undefined ? index : this.#order.place(index);
  }

  write({ f32 }: ComputeMemory, address: number, values: ArrayLike<number>): void {
    const base = address / REAL;
    f32.fill(0, base, base + this.room);
    for (let i = 0; i < this.size; i++) f32[base + this.#place(i)] = values[i]!;
  }

  read({ f32 }: ComputeMemory, address: number, into: Float32Array): void {
    const base = address / REAL;
    for (let i = 0; i < this.size; i++) into[i] = f32[base + this.#place(i)]!;
  }
}

/** An order of numbers in memory other than the layer's own. */
export interface WeightOrder {
  readonly room: number;
  place(index: number): number;
}

/** A kernel [depth, columns] in panels of 8 columns, the last one of 4 where that suffices: as `product` reads it. */
export function panelOrder(depth: number, columns: number): WeightOrder {
  const last = columns - (columns % 8);
  const lastWidth = columns - last > 4 ? 8 : 4;
  return {
    room: depth * (last + (columns > last ? lastWidth : 0)),
    place(index) {
      const column = index % columns;
      const row = (index - column) / columns;
      const first = column - (column % 8);
      return first * depth + row * (first < last ? 8 : lastWidth) + (column - first);
    },
  };
}

/** Hands out addresses in a memory that is made when all are known. */
export class MemoryPlan {
  readonly slots: WeightSlot[] = [];
  #end = UNIT;
  #scratch = 0;
  #scratchNumbers = 0;

  /** Room for so many numbers; as many bytes beyond them as kernels may read. */
  reserve(numbers: number): number {
    const address = this.#end;
    this.#end += roundUp(numbers * REAL, UNIT) + SLACK;
    return address;
  }

  /** Room that operations use one after another; ask for its address when the plan is finished. */
  needScratch(numbers: number): void {
    this.#scratchNumbers = Math.max(this.#scratchNumbers, numbers);
  }
  get scratch(): number {
    return this.#scratch;
  }

  weight(slot: WeightSlot): WeightSlot {
    this.slots.push(slot);
    return slot;
  }

  /** Lays out the weights, those that are trained in one piece, with `copies` further pieces like it. */
  finish(copies: number): { readonly bytes: number; readonly trained: TrainedRegion } {
    const trained = this.slots.filter(({ trainable }) => trainable);
    const numbers = trained.reduce((sum, { room }) => sum + room, 0);
    const weights = this.reserve(numbers);
    const gradients = this.reserve(numbers);
    const moments = Array.from({ length: copies }, () => this.reserve(numbers));
    let offset = 0;
    for (const slot of trained) {
      slot.address = weights + offset;
      slot.gradient = gradients + offset;
      offset += slot.room * REAL;
    }
    for (const slot of this.slots) if (!slot.trainable) slot.address = this.reserve(slot.room);
    this.#scratch = this.reserve(this.#scratchNumbers);
    return { bytes: this.#end, trained: { weights, gradients, moments, numbers } };
  }
}

/** All trained weights, their gradients and the optimizer's moments, in the same order each. */
export interface TrainedRegion {
  readonly weights: number;
  readonly gradients: number;
  readonly moments: readonly number[];
  readonly numbers: number;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
