import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { type PauliStrings, type StringGroup, TRANSFORM_FROM } from "../pauli-strings.ts";
import type { Layout } from "./layout.ts";

/** States of one chunk: `groups` of them, each with a unit of lanes for every number. */
export interface Chunk {
  readonly memory: KernelMemory;
  readonly groups: number;
  /** Address of the states that are read, true up to the factor `scale`. */
  readonly psi: number;
  readonly scale: number;
  /** The first row of the batch, and how many rows there are: some lanes of the last group may be empty. */
  readonly row: number;
  readonly rows: number;
}

/** K Pauli sums made ready for chunks of batched states: values of all, and the adjoint state of any combination of them. */
export class LaneObservables {
  readonly numObservables: number;
  readonly #size: number;
  readonly #groups: readonly StringGroup[];
  readonly #singleZ: boolean;
  readonly #observables: Int32Array;
  readonly #strings: Int32Array;
  readonly #coefficients: Float64Array;
  readonly #numStrings: number;
  /** Each observable has one string, and none has that of another. */
  readonly #oneToOne: boolean;
  readonly #values: number;
  readonly #sums: number;
  readonly #folded: number;
  readonly #numQubits: number;

  constructor(
    { numObservables, numStrings, groups, entries, singleZ }: PauliStrings,
    numQubits: number,
    maxGroups: number,
    layout: Layout,
  ) {
    this.numObservables = numObservables;
    this.#numQubits = numQubits;
    this.#size = 2 ** numQubits;
    this.#groups = groups;
    this.#observables = Int32Array.from(entries, ({ observable }) => observable);
    this.#strings = Int32Array.from(entries, ({ string }) => string);
    this.#coefficients = Float64Array.from(entries, ({ coefficient }) => coefficient);
    this.#numStrings = numStrings;
    this.#oneToOne =
      entries.length === numObservables &&
      numStrings === numObservables &&
      entries.every(({ observable }, index) => observable === index);
    this.#singleZ = singleZ;
    this.#values = layout.take(16 * maxGroups * this.#size);
    this.#sums = layout.take(16 * maxGroups * Math.max(1, numStrings));
    // Where the strings are Z of every qubit in order, folding writes their sums where they belong.
    const inOrder =
      numStrings === numQubits && this.#groups[0]?.strings.every(({ z, index }) => z === 1 << index) === true;
    this.#folded = this.#singleZ && inOrder ? this.#sums : layout.take(16 * maxGroups * Math.max(1, numQubits));
  }

  /** Writes the expectation values of the chunk's rows to out[row·K + k]. @param final permutation before diagonal strings */
  evaluate(chunk: Chunk, final: number, out: Float64Array): void {
    const { memory, groups, psi } = chunk;
    const k = memory.kernels;
    const size = this.#size;
    const values = this.#values;
    for (const { x, imaginary, strings } of this.#groups) {
      if (x === 0) k.probabilities!(psi, size, groups, final, values);
      else k.overlaps!(psi, size, groups, x, imaginary ? 1 : 0, values);
      if (this.#singleZ) {
        const identity = strings.find(({ z }) => z === 0);
        if (identity !== undefined) k.signedSum!(values, size, groups, 0, this.#sums + 16 * groups * identity.index);
        k.foldZ!(values, size, groups, this.#folded);
      } else if (strings.length >= TRANSFORM_FROM) k.walshHadamard!(values, size, groups);
      else for (const { z, index } of strings) k.signedSum!(values, size, groups, z, this.#sums + 16 * groups * index);
      this.#collect(chunk, strings);
    }
    this.#combine(chunk, out);
  }

  /** Brings the sums of strings, as they are in [string][lane], together in one array. */
  #collect({ memory, groups }: Chunk, strings: StringGroup["strings"]): void {
    if (this.#folded === this.#sums) return;
    const { reals, lanes } = memory;
    const width = groups * lanes;
    const sums = this.#sums / memory.realBytes;
    const folded = this.#folded / memory.realBytes;
    const values = this.#values / memory.realBytes;
    const transformed = !this.#singleZ && strings.length >= TRANSFORM_FROM;
    for (const { z, index, numY } of strings) {
      const to = sums + index * width;
      if (this.#singleZ) {
        const from = folded + (31 - Math.clz32(z)) * width;
        if (z !== 0) for (let lane = 0; lane < width; lane++) reals[to + lane] = reals[from + lane]!;
      } else if (transformed)
        for (let lane = 0; lane < width; lane++) {
          const group = Math.floor(lane / lanes);
          reals[to + lane] = reals[values + (group * this.#size + z) * lanes + (lane % lanes)]!;
        }
      // Re(i^numY · (re + i·im)): the sign of the part that the group holds.
      if (numY % 4 === 1 || numY % 4 === 2)
        for (let lane = 0; lane < width; lane++) reals[to + lane] = -reals[to + lane]!;
    }
  }

  #combine({ memory, groups, scale, row, rows }: Chunk, out: Float64Array): void {
    const { reals, lanes } = memory;
    const width = groups * lanes;
    const sums = this.#sums / memory.realBytes;
    const K = this.numObservables;
    const factor = scale * scale;
    if (!this.#oneToOne) out.fill(0, row * K, (row + rows) * K);
    for (let entry = 0; entry < this.#strings.length; entry++) {
      const from = sums + this.#strings[entry]! * width;
      const coefficient = factor * this.#coefficients[entry]!;
      let to = row * K + this.#observables[entry]!;
      if (this.#oneToOne) for (let lane = 0; lane < rows; lane++, to += K) out[to] = coefficient * reals[from + lane]!;
      else for (let lane = 0; lane < rows; lane++, to += K) out[to]! += coefficient * reals[from + lane]!;
    }
  }

  /** λ = Σ_k cotangents[row·K + k]·O_k ψ, 0 in empty lanes; true up to the factor of ψ. */
  adjoint(chunk: Chunk, final: number, lambda: number, cotangents: Float64Array): void {
    const { memory, groups, psi } = chunk;
    const k = memory.kernels;
    const { reals, lanes } = memory;
    const size = this.#size;
    const width = groups * lanes;
    const values = this.#values / memory.realBytes;
    this.#weigh(chunk, cotangents);
    if (this.#groups.length !== 1 || this.#groups[0]!.x !== 0) {
      const start = lambda / memory.realBytes;
      reals.fill(0, start, start + 2 * size * width);
    }
    for (const { x, strings } of this.#groups) {
      const turns = strings[0]!.numY % 4;
      if (this.#singleZ) this.#unfold(chunk, strings);
      else {
        reals.fill(0, values, values + size * width);
        const transformed = strings.length >= TRANSFORM_FROM;
        for (const { z, index, numY } of strings) {
          const sums = this.#sums + 16 * groups * index;
          const from = sums / memory.realBytes;
          // Strings of a group differ by i² = -1 at most, so one array holds them all and one factor i^numY is left.
          if (numY % 4 !== turns) for (let lane = 0; lane < width; lane++) reals[from + lane] = -reals[from + lane]!;
          if (!transformed) k.addSigned!(this.#values, size, groups, z, sums);
          else
            for (let lane = 0; lane < width; lane++) {
              const group = Math.floor(lane / lanes);
              reals[values + (group * size + z) * lanes + (lane % lanes)]! += reals[from + lane]!;
            }
        }
        if (transformed) k.walshHadamard!(this.#values, size, groups);
      }
      const re = turns === 0 ? 1 : turns === 2 ? -1 : 0;
      const im = turns === 1 ? 1 : turns === 3 ? -1 : 0;
      if (x === 0 && this.#groups.length === 1) k.scale!(psi, lambda, size, groups, final, this.#values);
      else k.addScaled!(psi, lambda, size, groups, x, re, im, this.#values);
    }
  }

  /** The weight of each string in the cotangent-weighted sum of observables, [string][lane]. */
  #weigh({ memory, groups, row, rows }: Chunk, cotangents: Float64Array): void {
    const { reals, lanes } = memory;
    const width = groups * lanes;
    const sums = this.#sums / memory.realBytes;
    const K = this.numObservables;
    if (!this.#oneToOne || rows < width) reals.fill(0, sums, sums + this.#numStrings * width);
    for (let entry = 0; entry < this.#strings.length; entry++) {
      const to = sums + this.#strings[entry]! * width;
      const coefficient = this.#coefficients[entry]!;
      let from = row * K + this.#observables[entry]!;
      if (this.#oneToOne) {
        for (let lane = 0; lane < rows; lane++, from += K) reals[to + lane] = coefficient * cotangents[from]!;
        continue;
      }
      for (let lane = 0; lane < rows; lane++, from += K) reals[to + lane]! += coefficient * cotangents[from]!;
    }
  }

  /** The values of single Z's by doubling. */
  #unfold({ memory, groups }: Chunk, strings: StringGroup["strings"]): void {
    const { reals, lanes } = memory;
    const width = groups * lanes;
    const sums = this.#sums / memory.realBytes;
    const folded = this.#folded / memory.realBytes;
    let identity = -1;
    if (folded !== sums) reals.fill(0, folded, folded + this.#numQubits * width);
    for (const { z, index } of strings) {
      if (z === 0) identity = index;
      if (z === 0 || folded === sums) continue;
      const to = folded + (31 - Math.clz32(z)) * width;
      const from = sums + index * width;
      for (let lane = 0; lane < width; lane++) reals[to + lane] = reals[from + lane]!;
    }
    memory.kernels.unfoldZ!(this.#folded, this.#size, groups, this.#values);
    if (identity >= 0)
      memory.kernels.addSigned!(this.#values, this.#size, groups, 0, this.#sums + 16 * groups * identity);
  }
}
