import { type Circuit, type SparsePauliOp, slotsOf } from "../../../circuits/index.ts";
import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { pauliStrings } from "../pauli-strings.ts";
import type { StateMemory } from "../state-memory.ts";
import type { KernelTarget } from "../wasm/index.ts";
import { Angles } from "./angles.ts";
import { groupsPerChunk, type LaneBuffers, placeBuffers } from "./lane-buffers.ts";
import { LaneGradients } from "./lane-gradients.ts";
import { LaneObservables } from "./lane-observables.ts";
import {
  addLanePhaseGradients,
  addLaneRotationGradients,
  addRotationGradients,
  applyPermutation,
  type Passage,
  turn,
  undoPermutation,
} from "./lane-passes.ts";
import { angleUses, type LaneSteps, laneSteps } from "./lane-steps.ts";
import { Layout } from "./layout.ts";
import { LevelScales } from "./level-scales.ts";
import type { LevelPlan } from "./levels.ts";
import { buildTable, cosAndSin } from "./phase-tables.ts";
import { ProductPrefix } from "./product-prefix.ts";
import { WantedGradients } from "./wanted-gradients.ts";

export interface LaneProgramOptions {
  readonly memory: StateMemory;
  /** Whether all rows have the same weights; else every slot may differ from row to row. */
  readonly sharesWeights: boolean;
  readonly realBits: 32 | 64;
  /** Bytes that the user allows for everything; where they are few, calls take less and longer. */
  readonly maxBytes: number | undefined;
}

/** The kernels that programs run on. */
export function laneTarget(realBits: 32 | 64): KernelTarget {
  return { addressBits: 32, realBits, shared: false };
}

/** Share `index` of `count` of a batch; the shares of one call have the same values and want the same gradients. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** A number of its own for each call, not 0. */
  readonly call: number;
}

/** What a call wants besides values: gradients are added to the arrays that are not null. */
export interface GradientTargets {
  readonly cotangents: Float64Array;
  readonly weights: Float64Array | null;
  readonly inputs: Float64Array | null;
}

/**
 * Expectation values and adjoint gradients of a small circuit for a batch of rows. Rows lie in the lanes of vectors; one
 * chunk of them goes forward and back through all levels while it is in the cache. ψ is kept after every level, so that the
 * way back only undoes λ; gradients of a level are read from the two at once.
 */
export class LaneProgram {
  /** Bytes of linear memory that a call borrows. */
  readonly callBytes: number;
  readonly #circuit: Circuit;
  readonly #options: LaneProgramOptions;
  readonly #target: KernelTarget;
  readonly #plan: LevelPlan;
  readonly #angles: Angles;
  readonly #steps: LaneSteps;
  /** Groups of lanes in a chunk. */
  readonly #maxGroups: number;
  readonly #scales: LevelScales;
  readonly #observables: LaneObservables;
  readonly #buffers: LaneBuffers;
  readonly #wanted: WantedGradients;
  readonly #row: Float64Array;
  readonly #prefix: ProductPrefix;
  readonly #gradients: LaneGradients;
  /** The call of whose shares the tables are in the memory that has this program's contents; 0 for none. */
  #prepared = 0;

  constructor(circuit: Circuit, plan: LevelPlan, observables: readonly SparsePauliOp[], options: LaneProgramOptions) {
    const { sharesWeights, realBits, maxBytes } = options;
    const { numQubits } = plan;
    const realBytes = realBits / 8;
    const layout = new Layout();
    const uses = angleUses(plan);
    this.#circuit = circuit;
    this.#options = options;
    this.#target = laneTarget(realBits);
    this.#plan = plan;
    this.#angles = new Angles(
      circuit,
      uses,
      ({ expression }) => !sharesWeights || expression.parameters.some(({ role }) => role === "input"),
    );
    this.#steps = laneSteps(plan, this.#angles, layout, realBytes);
    this.#scales = new LevelScales(this.#steps, realBits);
    const { numLane } = this.#angles;
    const numAngles = numLane + this.#steps.prefixShared.length;
    const strings = pauliStrings(observables);
    this.#maxGroups = groupsPerChunk({ numQubits, numAngles, numStrings: strings.numStrings }, maxBytes);
    this.#observables = new LaneObservables(strings, numQubits, this.#maxGroups, layout);
    this.#buffers = placeBuffers(plan, this.#steps, numLane, layout, {
      groups: this.#maxGroups,
      realBytes,
      ...(maxBytes === undefined ? {} : { maxKept: maxBytes / 4 }),
    });
    this.callBytes = layout.bytes;
    this.#wanted = new WantedGradients(plan, this.#steps, uses, this.#angles, slotsOf(circuit));
    this.#row = new Float64Array(circuit.parameters.length);
    this.#prefix = new ProductPrefix(this.#steps, this.#buffers, numQubits);
    this.#gradients = new LaneGradients({
      numQubits,
      width: this.width,
      numInputs: circuit.numInputs,
      numParameters: circuit.parameters.length,
      angles: this.#angles,
      steps: this.#steps,
      scales: this.#scales,
      buffers: this.#buffers,
      wanted: this.#wanted,
      prefix: this.#prefix,
    });
  }

  /** Writes outputs [rows, K] for whole rows of values [rows, P], pausing after each chunk. @throws SimulatorError STATE_TOO_LARGE */
  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    const memory = this.#begin(null, null, 0);
    try {
      const perChunk = this.rowsPerChunk;
      for (let row = 0; row < rows; row += perChunk) {
        if (row > 0) yield;
        this.#runChunk(memory, values, row, Math.min(perChunk, rows - row), outputs, null);
      }
    } finally {
      this.#options.memory.release(memory);
    }
  }

  /**
   * Writes outputs [rows, K] and adds to the gradients, those of the weights share by share.
   * @param values [rows, numInputs]
   * @param weights [W], those of all rows
   * @throws SimulatorError STATE_TOO_LARGE
   */
  run(
    values: Float64Array,
    weights: Float64Array,
    rows: number,
    outputs: Float64Array,
    targets: GradientTargets | null,
    shares = 1,
  ): void {
    const memory = this.#begin(weights, targets, 0);
    try {
      for (let share = 0; share < shares; share++)
        this.#runShare(memory, share, shares, values, rows, outputs, targets);
    } finally {
      this.#options.memory.release(memory);
    }
  }

  /**
   * Does what `run` does for one share of the rows.
   * @param values [rows, numInputs] with shared weights, else whole rows [rows, P]
   * @param weights [W] where they are shared, else null
   * @throws SimulatorError STATE_TOO_LARGE
   */
  runShare(
    { index, count, call }: Share,
    values: Float64Array,
    weights: Float64Array | null,
    rows: number,
    outputs: Float64Array,
    targets: GradientTargets | null,
  ): void {
    const memory = this.#begin(weights, targets, call);
    try {
      this.#runShare(memory, index, count, values, rows, outputs, targets);
    } finally {
      this.#options.memory.release(memory);
    }
  }

  /** Rows that go through the circuit together. */
  get rowsPerChunk(): number {
    return (this.#maxGroups * 128) / this.#options.realBits;
  }

  /** Numbers of a row of values. */
  get width(): number {
    return this.#options.sharesWeights ? this.#circuit.numInputs : this.#row.length;
  }

  /** Numbers of the values that all rows share. */
  get numWeights(): number {
    return this.#options.sharesWeights ? this.#circuit.numWeights : 0;
  }

  get numObservables(): number {
    return this.#observables.numObservables;
  }

  #runShare(
    memory: KernelMemory,
    share: number,
    shares: number,
    values: Float64Array,
    rows: number,
    outputs: Float64Array,
    targets: GradientTargets | null,
  ): void {
    const perChunk = this.rowsPerChunk;
    const chunks = Math.ceil(rows / perChunk);
    const end = Math.min(rows, perChunk * Math.floor(((share + 1) * chunks) / shares));
    if (targets !== null) this.#gradients.clear(memory);
    for (let row = perChunk * Math.floor((share * chunks) / shares); row < end; row += perChunk)
      this.#runChunk(memory, values, row, Math.min(perChunk, end - row), outputs, targets);
    if (targets !== null && targets.weights !== null) this.#gradients.finish(memory, this.#row, targets.weights);
  }

  #begin(weights: Float64Array | null, targets: GradientTargets | null, call: number): KernelMemory {
    const { memory: states } = this.#options;
    const memory = states.borrow(this.#target, this.callBytes, this);
    if (call !== 0 && call === this.#prepared && memory.contents === this) return memory;
    this.#prepared = 0;
    try {
      this.#prepare(memory, weights, targets);
      this.#prepared = call;
    } catch (error) {
      states.release(memory);
      throw error;
    }
    return memory;
  }

  /** What never changes, unless it is there already, and what depends on the shared angles only. */
  #prepare(memory: KernelMemory, weights: Float64Array | null, targets: GradientTargets | null): void {
    const { constants, numPositions, positions, steps, identity } = this.#steps;
    const { sharedAngles, sharedCosines, sharedSines, tableScratch } = this.#buffers;
    const { f64, reals, realBytes } = memory;
    if (memory.contents !== this) {
      for (const [address, values] of constants.u32) memory.u32.set(values, address / 4);
      for (const [address, values] of constants.real) reals.set(values, address / realBytes);
      memory.contents = this;
    }
    if (weights !== null) this.#row.set(weights, this.#circuit.numInputs);
    const length = numPositions + (numPositions % 2);
    f64.fill(0, sharedAngles / 8, sharedAngles / 8 + length);
    this.#angles.addShared(this.#row, positions, f64, sharedAngles / 8);
    cosAndSin(memory, sharedAngles, sharedCosines, sharedSines, length, f64);
    this.#scales.prepare(f64, sharedCosines / 8, sharedSines / 8, this.#buffers.numKept);
    for (let level = 1; level < steps.length; level++)
      if (this.#scales.hasTable[level] === 1)
        buildTable(memory, this.#plan.numQubits, steps[level]!, {
          scale: this.#scales.psi[level - 1]!,
          cosines: sharedCosines,
          sines: sharedSines,
          scratch: tableScratch,
          identity,
        });
    this.#prefix.prepare(memory);
    if (targets !== null) this.#gradients.prepare(targets.inputs !== null, targets.weights !== null);
  }

  #runChunk(
    memory: KernelMemory,
    values: Float64Array,
    row: number,
    rows: number,
    outputs: Float64Array,
    targets: GradientTargets | null,
  ): void {
    const groups = Math.ceil(rows / memory.lanes);
    const passage: Passage = {
      memory,
      buffers: this.#buffers,
      scales: this.#scales,
      size: 2 ** this.#plan.numQubits,
      groups,
    };
    this.#setLanes(passage, values, row, rows);
    this.#forward(passage);
    const last = this.#steps.steps.length - 1;
    const chunk = { memory, groups, psi: this.#slot(last), scale: this.#scales.psi[last]!, row, rows };
    this.#observables.evaluate(chunk, this.#steps.final, outputs);
    if (targets === null) return;
    const lambda = this.#buffers.lambdas[0];
    this.#observables.adjoint(chunk, this.#steps.final, lambda, targets.cotangents);
    this.#backward(passage);
    this.#gradients.pull(passage, values, row, rows, this.#row, targets.inputs);
  }

  /** Angles of each lane with their cosines and sines; empty lanes have angle 0. */
  #setLanes({ memory, groups }: Passage, values: Float64Array, row: number, rows: number): void {
    const { laneAngles, laneCosines, laneSines } = this.#buffers;
    const { reals, realBytes, lanes } = memory;
    const { numLane, needsRow } = this.#angles;
    if (numLane === 0) return;
    const stride = groups * lanes;
    const start = laneAngles / realBytes;
    if (rows < stride) reals.fill(0, start, start + numLane * stride);
    const width = this.width;
    if (!needsRow) this.#angles.setLanes(values, row * width, width, rows, reals, start, stride);
    else
      for (let lane = 0; lane < rows; lane++) {
        this.#readRow(values, (row + lane) * width);
        this.#angles.setLane(this.#row, reals, start + lane, stride);
      }
    cosAndSin(memory, laneAngles, laneCosines, laneSines, numLane * stride, reals);
  }

  #readRow(values: Float64Array, at: number): void {
    const width = this.width;
    for (let k = 0; k < width; k++) this.#row[k] = values[at + k]!;
  }

  #slot(level: number): number {
    const { slots, slotBytes, numKept } = this.#buffers;
    return slots + slotBytes * (level % numKept);
  }

  #forward(passage: Passage): void {
    const { steps } = this.#steps;
    this.#prefix.forward(passage, this.#slot(0));
    for (let level = 1; level < steps.length; level++) {
      const to = this.#slot(level);
      applyPermutation(passage, steps[level]!, level, this.#slot(level - 1), to);
      turn(passage, steps[level]!, to, 1);
    }
  }

  /** λ starts in the first of its two buffers. */
  #backward(passage: Passage): void {
    const { steps } = this.#steps;
    const { numLane } = this.#angles;
    const { memory, size, groups } = passage;
    const { lambdas, laneGradients, numKept } = this.#buffers;
    const { deepest, rotations, laneRotations, phases, lanePhases } = this.#wanted;
    let lambda = lambdas[0];
    let spare = lambdas[1];
    const start = laneGradients / memory.realBytes;
    memory.reals.fill(0, start, start + groups * numLane * memory.lanes);
    const last = steps.length - 1;
    for (let level = last; level >= 0; level--) {
      const step = steps[level]!;
      const psi = this.#slot(level);
      if (rotations[level] === 1) addRotationGradients(passage, step, psi, lambda);
      if (laneRotations[level] === 1) addLaneRotationGradients(passage, step, psi, lambda);
      if (level === 0 && deepest === 0) this.#prefix.backward(passage, lambda, this.#wanted);
      if (level <= deepest) return;
      turn(passage, step, lambda, -1);
      undoPermutation(passage, step, level, lambda, spare);
      const written = spare;
      spare = lambda;
      lambda = written;
      const before = this.#slot(level - 1);
      if (level - 1 <= last - numKept) {
        turn(passage, step, psi, -1);
        undoPermutation(passage, step, level, psi, before);
      }
      if (phases[level] === 1) memory.kernels.phaseGradient!(before, lambda, size, groups, step.phaseGradient);
      if (lanePhases[level] === 1) addLanePhaseGradients(passage, step, before, lambda);
    }
  }
}
