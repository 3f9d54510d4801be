import type { KernelMemory } from "../kernels/kernel-memory.ts";
import type { Angles } from "./angles.ts";
import type { LaneBuffers } from "./lane-buffers.ts";
import type { Passage } from "./lane-passes.ts";
import type { LaneStep, LaneSteps } from "./lane-steps.ts";
import type { LevelScales } from "./level-scales.ts";
import type { ProductPrefix } from "./product-prefix.ts";
import { supersetSums } from "./superset-sums.ts";
import type { WantedGradients } from "./wanted-gradients.ts";

interface LaneGradientParts {
  readonly numQubits: number;
  /** Numbers of a row of values. */
  readonly width: number;
  readonly numInputs: number;
  readonly numParameters: number;
  readonly angles: Angles;
  readonly steps: LaneSteps;
  readonly scales: LevelScales;
  readonly buffers: LaneBuffers;
  readonly wanted: WantedGradients;
  readonly prefix: ProductPrefix;
}

/** What kernels have added up for the angles of a program, brought to its inputs chunk by chunk and to its weights at the end. */
export class LaneGradients {
  readonly #parts: LaneGradientParts;
  readonly #gradient: Float64Array;
  readonly #laneScales: Float64Array;

  constructor(parts: LaneGradientParts) {
    this.#parts = parts;
    this.#gradient = new Float64Array(parts.numParameters);
    this.#laneScales = new Float64Array(parts.angles.numLane);
  }

  /** Once a call, when the scales are known. */
  prepare(inputs: boolean, weights: boolean): void {
    const { wanted, scales } = this.#parts;
    wanted.prepare(inputs, weights);
    wanted.scaleLanes(scales, this.#laneScales);
  }

  /** Starts all sums over chunks. */
  clear(memory: KernelMemory): void {
    const { angles, prefix, buffers, steps, numQubits } = this.#parts;
    const { reals, realBytes, lanes } = memory;
    angles.clearGradients();
    this.#gradient.fill(0);
    prefix.clear(memory);
    const units = buffers.sharedGradients / realBytes;
    reals.fill(0, units, units + lanes * steps.rotations.length);
    for (const { phaseGradient } of steps.steps)
      if (phaseGradient > 0) {
        const start = phaseGradient / realBytes;
        reals.fill(0, start, start + lanes * 2 ** numQubits);
      }
  }

  /** Adds the gradients of a chunk's lanes to `inputs` [rows, width]. @param row as long as the parameters, for any use */
  pull(
    { memory, groups }: Passage,
    values: Float64Array,
    first: number,
    rows: number,
    row: Float64Array,
    inputs: Float64Array | null,
  ): void {
    const { angles, buffers, width } = this.#parts;
    if (angles.numLane === 0) return;
    const { reals, realBytes, lanes } = memory;
    const stride = groups * lanes;
    const start = buffers.laneGradients / realBytes;
    if (!angles.needsRow) {
      if (inputs !== null)
        angles.pullbackLanes(reals, start, stride, this.#laneScales, inputs, first * width, width, rows);
      return;
    }
    const gradient = this.#gradient;
    for (let lane = 0; lane < rows; lane++) {
      const at = (first + lane) * width;
      for (let k = 0; k < width; k++) {
        row[k] = values[at + k]!;
        gradient[k] = 0;
      }
      angles.pullbackLane(row, reals, start + lane, stride, this.#laneScales, gradient);
      if (inputs !== null) for (let k = 0; k < width; k++) inputs[at + k]! += gradient[k]!;
    }
  }

  /** Adds what all chunks left to the gradients of the weights [W]. @param row any row [P] with the weights in place */
  finish(memory: KernelMemory, row: Float64Array, weights: Float64Array): void {
    const { angles, steps, scales, buffers, wanted, prefix, numInputs } = this.#parts;
    const { reals, realBytes, lanes } = memory;
    const { lambda, recovered } = scales;
    const units = buffers.sharedGradients / realBytes;
    prefix.addShares(memory, angles, lambda[0]!);
    for (let level = 0; level < steps.steps.length; level++) {
      const step = steps.steps[level]!;
      const scale = recovered[level]! * lambda[level]!;
      for (const { strides, first } of step.sweeps)
        for (let k = first; k < first + strides.length; k++)
          angles.addShare(steps.rotationShared[k]!, scale * sumOf(reals, units + lanes * k, lanes));
      if (wanted.phases[level] === 1) this.#addPhases(memory, step, 2 * recovered[level - 1]! * lambda[level - 1]!);
    }
    angles.pullbackShared(row, this.#gradient);
    for (let k = 0; k < weights.length; k++) weights[k]! += this.#gradient[numInputs + k]!;
  }

  #addPhases({ reals, realBytes, lanes }: KernelMemory, { phaseGradient, runs }: LaneStep, scale: number): void {
    const { angles, wanted, numQubits } = this.#parts;
    const size = 2 ** numQubits;
    const at = phaseGradient / realBytes;
    const { sums } = wanted;
    for (const { table, singles, multiples } of runs) {
      for (let i = 0; i < size; i++) sums[table[i]!] = scale * sumOf(reals, at + lanes * i, lanes);
      if (multiples.length > 0) {
        supersetSums(sums, size);
        for (const { mask, shared } of multiples) angles.addShare(shared, sums[mask]!);
        for (const { qubit, shared } of singles) angles.addShare(shared, sums[1 << qubit]!);
        continue;
      }
      const ofQubit = wanted.foldOnes(numQubits);
      for (const { qubit, shared } of singles) angles.addShare(shared, ofQubit[qubit]!);
    }
  }
}

function sumOf(numbers: Float64Array | Float32Array, from: number, lanes: number): number {
  let sum = 0;
  for (let lane = 0; lane < lanes; lane++) sum += numbers[from + lane]!;
  return sum;
}
