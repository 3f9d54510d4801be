import { describeValue } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";
import type { ComputeMemory } from "./kernels/compute-memory.ts";
import type { TrainedRegion, WeightSlot } from "./memory-plan.ts";
import type { NetworkLayer } from "./network.ts";

/** Arrays for each layer of a network, by name. */
export type LayerArrays = readonly Readonly<Record<string, Float32Array>>[];

/** The weights of a network in its memory, with what lies beside each: its gradient and the optimizer's moments. */
export class NetworkWeights {
  readonly #layers: readonly NetworkLayer[];
  readonly #slots: readonly WeightSlot[];
  readonly #region: TrainedRegion;
  readonly #memory: ComputeMemory;

  constructor(
    layers: readonly NetworkLayer[],
    slots: readonly WeightSlot[],
    region: TrainedRegion,
    memory: ComputeMemory,
  ) {
    this.#layers = layers;
    this.#slots = slots;
    this.#region = region;
    this.#memory = memory;
  }

  get numMoments(): number {
    return this.#region.moments.length;
  }

  /** Copies of all weights. */
  values(): LayerArrays {
    const values = this.#arrays(false);
    for (const slot of this.#slots) slot.read(this.#memory, slot.address, values[slot.layer]![slot.name]!);
    return values;
  }

  /** @throws ComputeError COMPUTE_SHAPE */
  setValues(values: LayerArrays): void {
    for (const slot of this.#slots) this.#check(slot, values[slot.layer]?.[slot.name]);
    for (const slot of this.#slots) slot.write(this.#memory, slot.address, values[slot.layer]![slot.name]!);
  }

  /** @throws ComputeError COMPUTE_SHAPE where there is no such weight */
  value(layer: number, name: string): Float32Array {
    const slot = this.#slot(layer, name);
    const values = new Float32Array(slot.size);
    slot.read(this.#memory, slot.address, values);
    return values;
  }

  /** @throws ComputeError COMPUTE_SHAPE where there is no such weight, or it has another size */
  setValue(layer: number, name: string, values: ArrayLike<number>): void {
    const slot = this.#slot(layer, name);
    this.#check(slot, values);
    slot.write(this.#memory, slot.address, values);
  }

  /** Arrays for `readGradients`. */
  gradientArrays(): LayerArrays {
    return this.#arrays(true);
  }
  readGradients(into: LayerArrays): void {
    for (const slot of this.#slots)
      if (slot.trainable) slot.read(this.#memory, slot.gradient, into[slot.layer]![slot.name]!);
  }

  /** Copies of one of the optimizer's moments. */
  moment(index: number): LayerArrays {
    const values = this.#arrays(true);
    for (const slot of this.#slots)
      if (slot.trainable) slot.read(this.#memory, this.#momentOf(slot, index), values[slot.layer]![slot.name]!);
    return values;
  }

  /** @throws ComputeError COMPUTE_SHAPE */
  setMoment(index: number, values: LayerArrays): void {
    const slots = this.#slots.filter(({ trainable }) => trainable);
    for (const slot of slots) this.#check(slot, values[slot.layer]?.[slot.name]);
    for (const slot of slots) slot.write(this.#memory, this.#momentOf(slot, index), values[slot.layer]![slot.name]!);
  }

  #momentOf({ address }: WeightSlot, index: number): number {
    return address - this.#region.weights + this.#region.moments[index]!;
  }

  #arrays(trainedOnly: boolean): LayerArrays {
    return this.#layers.map((_, layer) =>
      Object.fromEntries(
        this.#slots
          .filter((slot) => slot.layer === layer && (slot.trainable || !trainedOnly))
          .map(({ name, size }) => [name, new Float32Array(size)]),
      ),
    );
  }

  #slot(layer: number, name: string): WeightSlot {
    const found = this.#slots.find((slot) => slot.layer === layer && slot.name === name);
    if (found === undefined)
      throw new ComputeError("COMPUTE_SHAPE", `Layer ${layer} of the network has no weight ${describeValue(name)}.`);
    return found;
  }

  #check({ layer, name, size }: WeightSlot, values: ArrayLike<number> | undefined): void {
    if (values?.length !== size)
      throw new ComputeError(
        "COMPUTE_SHAPE",
        `Layer ${this.#layers[layer]!.name} needs ${size} numbers as ${name}, not ${values?.length ?? "none"}.`,
      );
  }
}
