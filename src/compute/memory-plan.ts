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

  write({ f32 }: ComputeMemory, address: number, values: ArrayLike<number>): void {
    const place = f32.subarray(address / REAL, address / REAL + this.room);
    if (this.#order === undefined) place.set(values);
    else this.#order.write(place, values);
  }

  read({ f32 }: ComputeMemory, address: number, into: Float32Array): void {
    const place = f32.subarray(address / REAL, address / REAL + this.room);
    if (this.#order === undefined) into.set(place.subarray(0, this.size));
    else this.#order.read(place, into);
  }
}

/** An order of numbers in memory other than the layer's own. */
export interface WeightOrder {
  readonly room: number;
  write(place: Float32Array, values: ArrayLike<number>): void;
  read(place: Float32Array, into: Float32Array): void;
}

/** A kernel [depth, columns] in panels of 8 columns, the last one of 4 where that suffices: as `product` reads it. */
export function panelOrder(depth: number, columns: number): WeightOrder {
  const widthFrom = (first: number): number => (columns - first > 4 ? 8 : 4);
  const last = columns - 1 - ((columns - 1) % 8);
  return {
    room: depth * (last + widthFrom(last)),
    write(place, values) {
      for (let first = 0; first < columns; first += 8) {
        const width = widthFrom(first);
        const end = Math.min(width, columns - first);
        for (let row = 0; row < depth; row++) {
          const [to, from] = [first * depth + row * width, row * columns + first];
          for (let column = 0; column < end; column++) place[to + column] = values[from + column]!;
        }
      }
    },
    read(place, into) {
      for (let first = 0; first < columns; first += 8) {
        const width = widthFrom(first);
        const end = Math.min(width, columns - first);
        for (let row = 0; row < depth; row++) {
          const [to, from] = [row * columns + first, first * depth + row * width];
          for (let column = 0; column < end; column++) into[to + column] = place[from + column]!;
        }
      }
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
