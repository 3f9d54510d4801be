import type { KernelMemory } from "../kernels/kernel-memory.ts";
import type { Angles } from "./angles.ts";
import type { LaneBuffers } from "./lane-buffers.ts";
import type { Passage } from "./lane-passes.ts";
import type { LaneSteps } from "./lane-steps.ts";
import type { PrefixRun } from "./prefix.ts";
import { PrefixTail } from "./prefix-tail.ts";
import type { WantedGradients } from "./wanted-gradients.ts";

/** Bytes of one qubit's state: two amplitudes of two units. */
const QUBIT_BYTES = 64;

/**
 * The gates on single qubits at the start of a circuit. Every qubit has a state of its own there, so gates cost 2 amplitudes
 * instead of 2^n; the states are multiplied once, and on the way back λ is contracted to one for each qubit, which the gates'
 * gradients are read from.
 */
export class ProductPrefix {
  readonly #runs: readonly PrefixRun[];
  readonly #shared: LaneSteps["prefixShared"];
  readonly #one: number;
  readonly #buffers: LaneBuffers;
  readonly #numQubits: number;
  readonly #tail: PrefixTail;
  /** Whether the first run is a rotation of every qubit. */
  readonly #startsByRotation: boolean;
  /** Gradients of shared angles, summed over chunks. */
  readonly #sums: Float64Array;
  /** In which memory and for how many groups the shared angles are spread at the moment. */
  #spreadIn: KernelMemory | undefined;
  #spreadFor = 0;

  constructor(steps: LaneSteps, buffers: LaneBuffers, numQubits: number) {
    const { prefix, prefixShared, one } = steps;
    this.#runs = prefix;
    this.#tail = new PrefixTail(steps, buffers, numQubits);
    this.#shared = prefixShared.slice(
      0,
      prefix.reduce((sum, { shared, count }) => sum + (shared >= 0 ? count : 0), 0),
    );
    this.#one = one;
    this.#buffers = buffers;
    this.#numQubits = numQubits;
    this.#startsByRotation = prefix[0]?.kind === "rotation" && prefix[0].count === numQubits;
    this.#sums = new Float64Array(this.#shared.length);
  }

  /** Takes the cosines and sines of the shared angles of a call. */
  prepare(memory: KernelMemory): void {
    const { f64, reals, realBytes } = memory;
    const { sharedCosines, sharedSines, prefixNumbers } = this.#buffers;
    const count = this.#shared.length;
    const to = prefixNumbers / realBytes;
    for (let k = 0; k < count; k++) {
      const { position } = this.#shared[k]!;
      reals[to + k] = f64[sharedCosines / 8 + position]!;
      reals[to + count + k] = f64[sharedSines / 8 + position]!;
    }
    this.#spreadIn = undefined;
    this.#tail.prepare(memory);
  }

  /** Starts the sums over chunks. */
  clear(memory: KernelMemory): void {
    this.#sums.fill(0);
    this.#tail.clear(memory);
  }

  /** Writes the product state to `slot`. */
  forward({ memory, groups }: Passage, slot: number): void {
    const { kernels, reals, realBytes, lanes } = memory;
    const { qubits, laneQubits, matrices, partials } = this.#buffers;
    if (this.#numQubits === 0) {
      reals.fill(0, slot / realBytes, slot / realBytes + 2 * groups * lanes);
      for (let group = 0; group < groups; group++) {
        const at = slot / realBytes + 2 * group * lanes;
        reals.fill(1, at, at + lanes);
      }
      return;
    }
    if (this.#spreadIn !== memory || this.#spreadFor !== groups) this.#spreadShared(memory, groups);
    const count = this.#numQubits * groups;
    let first = 0;
    if (this.#startsByRotation) {
      const { lane, shared } = this.#runs[first++]!;
      const { laneCosines, laneSines, prefixCosines, prefixSines } = this.#buffers;
      const at = 16 * groups * (lane >= 0 ? lane : shared);
      const cosines = (lane >= 0 ? laneCosines : prefixCosines) + at;
      kernels.startQubits!(laneQubits, count, cosines, (lane >= 0 ? laneSines : prefixSines) + at);
    } else {
      const start = laneQubits / realBytes;
      reals.fill(0, start, start + 4 * lanes * count);
      for (let index = 0; index < count; index++)
        for (let lane = 0, at = start + 4 * lanes * index; lane < lanes; lane++) reals[at + lane] = 1;
    }
    for (let run = first; run < this.#runs.length; run++) this.#apply(memory, groups, this.#runs[run]!, laneQubits, 1);
    if (!this.#tail.isEmpty) kernels.turnQubits!(laneQubits, qubits, groups, this.#numQubits, matrices);
    kernels.productState!(slot, partials, groups, this.#numQubits, qubits);
  }

  /** Reads all gradients; destroys λ. */
  backward({ memory, groups }: Passage, lambda: number, wanted: WantedGradients): void {
    const { kernels, reals, realBytes, lanes } = memory;
    const { qubits, laneQubits, qubitLambdas, partials, laneGradients, prefixGradients } = this.#buffers;
    const { matrices, correlations } = this.#buffers;
    if (wanted.firstRun === Number.POSITIVE_INFINITY) return;
    kernels.contractProduct!(lambda, partials, groups, this.#numQubits, qubits, qubitLambdas);
    if (!this.#tail.isEmpty)
      kernels.returnQubits!(qubits, qubitLambdas, groups, this.#numQubits, matrices, correlations);
    if (wanted.firstRun >= this.#runs.length) return;
    const sums = prefixGradients / realBytes;
    reals.fill(0, sums, sums + this.#shared.length * groups * lanes);
    for (let index = this.#runs.length - 1; index >= wanted.firstRun; index--) {
      const run = this.#runs[index]!;
      const { kind, qubit, count, lane, shared } = run;
      if (wanted.prefix[index] === 1) {
        const at = QUBIT_BYTES * groups * qubit;
        const out = lane >= 0 ? laneGradients + 16 * groups * lane : prefixGradients + 16 * groups * shared;
        const states = groups * count;
        const psi = laneQubits + at;
        const own = qubitLambdas + at;
        if (kind === "rotation") kernels.rotationGradient1!(psi, own, QUBIT_BYTES, states, 32, out, 0, 16);
        else kernels.phaseGradientLanes!(psi, own, QUBIT_BYTES, states, this.#one, 1, out);
      }
      if (index === wanted.firstRun) break;
      this.#apply(memory, groups, run, laneQubits, -1);
      this.#apply(memory, groups, run, qubitLambdas, -1);
    }
    const width = groups * lanes;
    for (let k = 0; k < this.#shared.length; k++) {
      let sum = 0;
      for (let at = sums + k * width; at < sums + (k + 1) * width; at++) sum += reals[at]!;
      this.#sums[k]! += sum;
    }
  }

  /** Counts the gradients of the shared angles. @param scale of λ at the product state */
  addShares(memory: KernelMemory, angles: Angles, scale: number): void {
    this.#tail.addShares(memory, angles, scale);
    for (let index = 0; index < this.#runs.length; index++) {
      const { kind, count, shared } = this.#runs[index]!;
      if (shared < 0) continue;
      const factor = kind === "rotation" ? scale : 2 * scale;
      for (let k = shared; k < shared + count; k++) angles.addShare(this.#shared[k]!.shared, factor * this.#sums[k]!);
    }
  }

  #apply(
    { kernels }: KernelMemory,
    groups: number,
    { kind, qubit, count, lane, shared }: PrefixRun,
    states: number,
    sign: 1 | -1,
  ): void {
    const { laneCosines, laneSines, prefixCosines, prefixSines } = this.#buffers;
    const base = states + QUBIT_BYTES * groups * qubit;
    const at = 16 * groups * (lane >= 0 ? lane : shared);
    const cosines = (lane >= 0 ? laneCosines : prefixCosines) + at;
    const sines = (lane >= 0 ? laneSines : prefixSines) + at;
    if (kind === "rotation") kernels.rotateLanes!(base, QUBIT_BYTES, groups * count, 32, cosines, sines, sign);
    else kernels.multiplyLanes!(base, QUBIT_BYTES, groups * count, this.#one, 1, cosines, sines, sign);
  }

  #spreadShared(memory: KernelMemory, groups: number): void {
    const { prefixNumbers, prefixCosines, prefixSines } = this.#buffers;
    const count = this.#shared.length;
    memory.kernels.spread!(prefixNumbers, count, groups, prefixCosines);
    memory.kernels.spread!(prefixNumbers + memory.realBytes * count, count, groups, prefixSines);
    this.#spreadIn = memory;
    this.#spreadFor = groups;
  }
}
