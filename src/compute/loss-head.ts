import { ComputeError } from "../errors.ts";
import { REAL } from "./kernels/columns.ts";
import type { ComputeMemory } from "./kernels/compute-memory.ts";
import type { LoweredNetwork } from "./lower-network.ts";
import type { BatchValues, Operation } from "./operations/operation.ts";
import { ActivationOperation, SoftmaxOperation } from "./operations/pointwise-operations.ts";

/** What a network can be trained for. */
export const LOSSES = [
  "meanSquaredError",
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  "binaryCrossentropy",
] as const;
/** Keras's losses, means over the rows; the sparse one takes the number of the class instead of one number for each. */
export type LossName = (typeof LOSSES)[number];

/** A loss, computed together with its gradient by what the last activation was given. */
export class LossHead {
  readonly name: LossName;
  /** The operations that run before it, and whose gradients are computed after it. */
  readonly forwardOperations: readonly Operation[];
  readonly backwardOperations: readonly Operation[];
  /** Numbers of a row's targets. */
  readonly targetSize: number;
  readonly #targets: number;
  readonly #losses: number;
  readonly #output: BatchValues;
  /** Where its gradient goes. */
  readonly #cotangents: number;
  readonly #logits: number;
  readonly #columns: number;

  /** @throws ComputeError COMPUTE_OPTION where the loss is not there, or does not fit the last activation */
  constructor(
    name: LossName,
    { operations, output }: LoweredNetwork,
    columns: number,
    reserve: (numbersOfRow: number) => number,
  ) {
    if (!LOSSES.includes(name))
      throw new ComputeError("COMPUTE_OPTION", `There is no loss "${name}"; there are ${LOSSES.join(", ")}.`);
    const last = operations.at(-1);
    const before = operations.slice(0, -1);
    this.name = name;
    this.#output = output;
    this.#columns = columns;
    this.#cotangents = output.cotangents;
    this.#logits = output.address;
    this.forwardOperations = operations;
    this.backwardOperations = operations;
    switch (name) {
      case "categoricalCrossentropy":
      case "sparseCategoricalCrossentropy":
        if (!(last instanceof SoftmaxOperation)) mismatch(name, "softmax");
        this.forwardOperations = before;
        this.backwardOperations = before;
        this.#logits = last.input.address;
        this.#cotangents = last.input.cotangents;
        break;
      case "binaryCrossentropy":
        if (!(last instanceof ActivationOperation && last.isSigmoid)) mismatch(name, "sigmoid");
        this.backwardOperations = before;
        this.#logits = last.input.address;
        this.#cotangents = last.input.cotangents;
        break;
    }
    this.targetSize = name === "sparseCategoricalCrossentropy" ? output.size / columns : output.size;
    this.#targets = reserve(output.size);
    this.#losses = reserve(output.size / columns);
  }

  /** @throws ComputeError COMPUTE_TARGET where a class is not one of the columns */
  setTargets({ f32 }: ComputeMemory, targets: ArrayLike<number>): void {
    const base = this.#targets / REAL;
    if (this.name !== "sparseCategoricalCrossentropy") {
      f32.set(targets, base);
      return;
    }
    f32.fill(0, base, base + targets.length * this.#columns);
    for (let row = 0; row < targets.length; row++) {
      const target = targets[row]!;
      if (!(Number.isInteger(target) && target >= 0 && target < this.#columns))
        throw new ComputeError(
          "COMPUTE_TARGET",
          `Target ${row} is ${target}; a class is an integer from 0 to ${this.#columns - 1}.`,
        );
      f32[base + row * this.#columns + target] = 1;
    }
  }

  /** The mean loss of so many rows; their gradient goes where the last operation but this one expects it. */
  run({ kernels, f32 }: ComputeMemory, rows: number): number {
    const { address, size } = this.#output;
    const columns = this.#columns;
    const lines = (rows * size) / columns;
    const bytes = columns * REAL;
    // Without anything trained nobody reads the gradient, which then goes over the losses' targets.
    const to = this.#cotangents === 0 ? this.#targets : this.#cotangents;
    if (this.name === "meanSquaredError" || this.name === "binaryCrossentropy") {
      const kernel = this.name === "meanSquaredError" ? kernels.squaredError! : kernels.binaryCrossEntropy!;
      kernel(address, this.#logits, this.#targets, to, lines, bytes, 1 / (lines * columns), 1 / columns, this.#losses);
    } else
      kernels.softmaxCrossEntropy!(this.#logits, this.#targets, address, to, lines, bytes, 1 / lines, this.#losses);
    let sum = 0;
    for (let line = 0; line < lines; line++) sum += f32[this.#losses / REAL + line]!;
    return sum / lines;
  }
}

function mismatch(loss: LossName, activation: string): never {
  throw new ComputeError(
    "COMPUTE_OPTION",
    `The loss ${loss} is computed together with ${activation}; make ${activation} the last activation of the network.`,
  );
}
