import { POINTWISE } from "../kernels/activations.ts";
import { REAL } from "../kernels/columns.ts";
import type { ComputeMemory } from "../kernels/compute-memory.ts";
import type { Activation } from "../network.ts";
import { type BatchValues, batchValues, type Layout, type Operation, type Pass, vectorBytes } from "./operation.ts";

/** An activation of each number. */
export class ActivationOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #name: keyof typeof POINTWISE;
  readonly #slope: number;

  constructor(layout: Layout, { name, slope }: Activation, index: number, input: BatchValues, needs: boolean) {
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, input.size, needs);
    this.#name = name as keyof typeof POINTWISE;
    this.#slope = slope ?? 0;
  }

  get isSigmoid(): boolean {
    return this.#name === "sigmoid";
  }

  forward({ kernels }: ComputeMemory, { rows }: Pass): void {
    const { address, size } = this.output;
    kernels[this.#name]!(this.input.address, address, vectorBytes(rows * size), this.#slope);
  }

  backward({ kernels }: ComputeMemory, { rows }: Pass): void {
    const { address, cotangents, size } = this.output;
    if (this.input.cotangents === 0) return;
    const saved = POINTWISE[this.#name].from === "output" ? address : this.input.address;
    const to = this.input.cotangents;
    kernels[`${this.#name}Gradient`]!(cotangents, saved, to, vectorBytes(rows * size), this.#slope);
  }
}

/** Softmax over the last axis. */
export class SoftmaxOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly columns: number;

  constructor(layout: Layout, columns: number, index: number, input: BatchValues, needs: boolean) {
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, input.size, needs);
    this.columns = columns;
  }

  forward({ kernels }: ComputeMemory, { rows }: Pass): void {
    const { address, size } = this.output;
    kernels.softmax!(this.input.address, address, (rows * size) / this.columns, this.columns * REAL);
  }

  backward({ kernels }: ComputeMemory, { rows }: Pass): void {
    const { address, cotangents, size } = this.output;
    const to = this.input.cotangents;
    if (to === 0) return;
    kernels.softmaxGradient!(cotangents, address, to, (rows * size) / this.columns, this.columns * REAL);
  }
}

/** Dropout: in training some numbers are 0, by masks that the seed, the operation and the pass's draw decide. */
export class DropoutOperation implements Operation {
  readonly layer: number;
  readonly input: BatchValues;
  readonly output: BatchValues;
  readonly #rate: number;
  readonly #keys: readonly [number, number];

  constructor(
    layout: Layout,
    rate: number,
    keys: readonly [number, number],
    index: number,
    input: BatchValues,
    needs: boolean,
  ) {
    this.layer = index;
    this.input = input;
    this.output = batchValues(layout, input.size, needs);
    this.#rate = rate;
    this.#keys = keys;
  }

  forward(memory: ComputeMemory, pass: Pass): void {
    this.#drop(memory, this.input.address, this.output.address, pass);
  }

  backward(memory: ComputeMemory, pass: Pass): void {
    const to = this.input.cotangents;
    if (to !== 0) this.#drop(memory, this.output.cotangents, to, pass);
  }

  #drop({ kernels }: ComputeMemory, from: number, to: number, { rows, training, draw }: Pass): void {
    const [first, second] = this.#keys;
    const rate = training ? this.#rate : 0;
    const threshold = Math.floor(rate * 2 ** 32);
    // Multiplied by an odd number, draws far apart and near have keys far apart.
    const key = (second ^ Math.imul(draw + 1, 0x9e3779b1)) | 0;
    kernels.dropout!(from, to, vectorBytes(rows * this.output.size), first, key, threshold, 1 / (1 - rate));
  }
}
