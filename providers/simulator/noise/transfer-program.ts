import { type Circuit, mapOperation, SlotProgram, type UnitaryKind } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import { assertFinite } from "../finite.ts";
import { gibibytes } from "../memory.ts";
import type { StateMemory } from "../state-memory.ts";
import { stateOperation } from "../state-operations.ts";
import { holds } from "./condition.ts";
import { boundMatrix, boundOperation, type FreeGate } from "./free-gate.ts";
import type { NoiseModel } from "./noise-model.ts";
import type { NoisyCircuit } from "./noisy-circuit.ts";
import { composed, transferMatrix } from "./pauli-transfer.ts";
import {
  addInto,
  applyLocal,
  applyPair,
  fromElements,
  prepareZero,
  project,
  sparseMap,
  toElements,
} from "./transfer-kernels.ts";
import { type Factor, layOut, type Step } from "./transfer-steps.ts";

/** One set of classical bits and the unnormalised density matrix that goes with it, in the Pauli basis. */
export interface EnsembleMember {
  readonly clbits: Uint8Array;
  readonly vector: Float64Array;
}

/** Members less likely than this change no value that double precision can hold. */
const NEGLIGIBLE = 1e-14;
/** From this length on one pass takes long enough that other work should get its turn between two. */
const PAUSE_LENGTH = 4 ** 8;
/** A matrix of this many bytes fits on any machine. */
const SMALL_BYTES = 1 << 20;
/** Bytes of the objects of one step, about. */
const STEP_BYTES = 600;

/**
 * The exact density matrix of a noisy circuit, compiled once for many rows. Where the circuit measures, an ensemble: for
 * each set of classical bits that something later reads, a matrix whose trace is its probability.
 */
export class TransferProgram {
  readonly noisy: NoisyCircuit;
  readonly numQubits: number;
  readonly bytes: number;
  /** Bytes that a run may take. */
  readonly runBytes: number;
  readonly #memory: StateMemory;
  readonly #steps: readonly Step[];
  readonly #slots: SlotProgram;
  readonly #angles: Float64Array;
  readonly #numClbits: number;
  readonly #local = new Float64Array(16);
  readonly #product = new Float64Array(16);
  /** Probability that was left out in the last run, in parts each below 1e-14. */
  prunedProbability = 0;

  /**
   * @param readBits classical bits that are read after the end
   * @param readout whether the final values are those of misread bits; see `layOut`
   * @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE
   */
  constructor(
    circuit: Circuit,
    noisy: NoisyCircuit,
    noise: NoiseModel,
    memory: StateMemory,
    readBits: readonly number[],
    readout: boolean,
  ) {
    this.noisy = noisy;
    this.numQubits = noisy.qubits.length;
    this.#memory = memory;
    this.#numClbits = circuit.numClbits;
    const { steps, slots, maxLive } = layOut(circuit, noisy, noise, readBits, readout);
    this.#steps = steps;
    this.#slots = new SlotProgram(circuit, slots);
    this.#angles = new Float64Array(slots.length);
    // Two more while a member is split, and complex elements for gates of three or more qubits.
    const matrices = (maxLive === 0 ? 1 : 2 ** maxLive + 2) + (hasWide(steps) ? 2 : 0);
    this.runBytes = 8 * 4 ** this.numQubits * matrices;
    this.bytes = STEP_BYTES * countSteps(steps) + 200 * slots.length;
  }

  /** @throws SimulatorError STATE_TOO_LARGE when a run would not fit */
  assertFits(): void {
    if (this.runBytes <= SMALL_BYTES && this.#memory.maxBytes === undefined) return;
    const free = this.#memory.availableBytes;
    if (this.runBytes <= free) return;
    throw new SimulatorError(
      "STATE_TOO_LARGE",
      `The density matrix of ${this.numQubits} qubits needs ${gibibytes(this.runBytes)}, one matrix for each set of classical bits that is read later, but ${gibibytes(free)} can be used. Use fewer qubits, or method "trajectories" with shots.`,
    );
  }

  /**
   * Runs one row of parameter values [P] (radians) and lends the final ensemble to `read`; at least one member, no two with
   * the same bits. Yields now and then where the matrix is large.
   */
  *run<Result>(values: Float64Array, read: (members: readonly EnsembleMember[]) => Result): Generator<void, Result> {
    this.assertFits();
    this.#slots.evaluate(values, 1, this.#angles);
    for (const angle of this.#angles) assertFinite(angle);
    this.prunedProbability = 0;
    const vector = this.#memory.take(4 ** this.numQubits);
    const lent = new Set([vector]);
    try {
      prepareZero(vector, this.numQubits);
      const members = yield* this.#runSteps(this.#steps, [{ clbits: new Uint8Array(this.#numClbits), vector }], lent);
      return read(members);
    } finally {
      for (const buffer of lent) this.#memory.giveBack(buffer);
    }
  }

  *#runSteps(
    steps: readonly Step[],
    start: readonly EnsembleMember[],
    lent: Set<Float64Array>,
  ): Generator<void, readonly EnsembleMember[]> {
    let members = start;
    for (const step of steps) {
      if (members.length === 0) return members;
      if (step.kind === "measure") members = this.#measure(step, members, lent);
      else if (step.kind === "if") {
        const holding = members.filter(({ clbits }) => holds(step.condition, clbits));
        const others = members.filter(({ clbits }) => !holds(step.condition, clbits));
        const after = [
          ...(yield* this.#runSteps(step.whenTrue, holding, lent)),
          ...(yield* this.#runSteps(step.whenFalse, others, lent)),
        ];
        members = this.#merged(after, step.live, lent);
      } else {
        this.#apply(step, members, lent);
        if (members[0]!.vector.length * members.length >= PAUSE_LENGTH) yield;
      }
    }
    return members;
  }

  #apply(
    step: Exclude<Step, { kind: "measure" | "if" }>,
    members: readonly EnsembleMember[],
    lent: Set<Float64Array>,
  ): void {
    switch (step.kind) {
      case "local": {
        const map = this.#localMap(step.factors);
        for (const { vector } of members) applyLocal(vector, step.qubit, map);
        break;
      }
      case "pair":
        for (const { vector } of members) applyPair(vector, step.a, step.b, step.map);
        break;
      case "free-pair": {
        const unitary = transferMatrix([boundMatrix(step.gate, this.#angles)], 2);
        const map = sparseMap(step.noise === undefined ? unitary : composed(step.noise, unitary));
        for (const { vector } of members) applyPair(vector, step.a, step.b, map);
        break;
      }
      case "wide": {
        const elements = this.#take(2 * 4 ** this.numQubits, lent);
        for (const { vector } of members) this.#applyWide(step.gate, vector, elements);
        this.#giveBack(elements, lent);
      }
    }
  }

  /** The product of factors for this row. */
  #localMap(factors: readonly Factor[]): Float64Array {
    const [first] = factors;
    if (factors.length === 1 && first!.kind === "constant") return first!.map;
    const map = this.#local;
    map.fill(0);
    map[0] = map[5] = map[10] = map[15] = 1;
    for (const factor of factors)
      if (factor.kind === "turn") {
        let angle = factor.constant;
        for (const { slot, coefficient } of factor.terms) angle += coefficient * this.#angles[slot]!;
        const cosine = Math.cos(angle);
        const sine = Math.sin(angle);
        for (let column = 0; column < 4; column++) {
          const x = map[4 + column]!;
          const y = map[8 + column]!;
          map[4 + column] = cosine * x - sine * y;
          map[8 + column] = sine * x + cosine * y;
        }
      } else
        this.#multiplyInto(
          map,
          factor.kind === "constant" ? factor.map : transferMatrix([boundMatrix(factor.gate, this.#angles)], 1),
        );
    return map;
  }

  /** map = left · map, for maps whose first row is 1 0 0 0. */
  #multiplyInto(map: Float64Array, left: Float64Array): void {
    const product = this.#product;
    for (let row = 4; row < 16; row += 4)
      for (let column = 0; column < 4; column++)
        product[row + column] =
          (column === 0 ? left[row]! : 0) +
          left[row + 1]! * map[4 + column]! +
          left[row + 2]! * map[8 + column]! +
          left[row + 3]! * map[12 + column]!;
    for (let at = 4; at < 16; at++) map[at] = product[at]!;
  }

  /** U rho U†: U on the rows' bits, its conjugate on the columns'. */
  #applyWide(gate: FreeGate, vector: Float64Array, elements: Float64Array): void {
    const bound = boundOperation(gate, this.#angles);
    toElements(vector, this.numQubits, elements);
    const on = (side: 0 | 1): void => {
      const operation = mapOperation(bound, { qubit: (qubit) => 2 * qubit + side }) as UnitaryKind;
      stateOperation(operation, 2 * this.numQubits, () => Number.NaN).apply(elements);
    };
    on(0);
    conjugate(elements);
    on(1);
    conjugate(elements);
    fromElements(elements, this.numQubits, vector);
  }

  #measure(
    { qubit, clbit, errors, live }: Extract<Step, { kind: "measure" }>,
    members: readonly EnsembleMember[],
    lent: Set<Float64Array>,
  ): readonly EnsembleMember[] {
    const [e0, e1] = errors;
    const after = members.flatMap(({ clbits, vector }) => {
      const split: EnsembleMember[] = [];
      for (const [bit, given] of [
        [0, [1 - e0, e1]],
        [1, [e0, 1 - e1]],
      ] as const) {
        const part = this.#take(vector.length, lent);
        project(vector, qubit, given, part);
        const own = clbits.slice();
        own[clbit] = bit;
        split.push({ clbits: own, vector: part });
      }
      this.#giveBack(vector, lent);
      return split;
    });
    return this.#merged(after, live, lent);
  }

  /** Adds up members that differ only in bits that nobody reads any more, and drops those that cannot be noticed. */
  #merged(
    members: readonly EnsembleMember[],
    live: readonly number[],
    lent: Set<Float64Array>,
  ): readonly EnsembleMember[] {
    const known = new Map<string, EnsembleMember>();
    for (const { clbits, vector } of members) {
      const probability = vector[0]!;
      if (probability <= NEGLIGIBLE) {
        this.prunedProbability += Math.max(0, probability);
        this.#giveBack(vector, lent);
        continue;
      }
      const kept = new Uint8Array(clbits.length);
      for (const bit of live) kept[bit] = clbits[bit]!;
      const key = kept.join("");
      const found = known.get(key);
      if (found === undefined) known.set(key, { clbits: kept, vector });
      else {
        addInto(found.vector, vector);
        this.#giveBack(vector, lent);
      }
    }
    return [...known.values()];
  }

  #take(length: number, lent: Set<Float64Array>): Float64Array {
    const buffer = this.#memory.take(length);
    lent.add(buffer);
    return buffer;
  }

  #giveBack(buffer: Float64Array, lent: Set<Float64Array>): void {
    lent.delete(buffer);
    this.#memory.giveBack(buffer);
  }
}

function conjugate(elements: Float64Array): void {
  for (let at = 1; at < elements.length; at += 2) elements[at] = -elements[at]!;
}

function hasWide(steps: readonly Step[]): boolean {
  return steps.some(
    (step) => step.kind === "wide" || (step.kind === "if" && (hasWide(step.whenTrue) || hasWide(step.whenFalse))),
  );
}

function countSteps(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) => sum + 1 + (step.kind === "if" ? countSteps(step.whenTrue) + countSteps(step.whenFalse) : 0),
    0,
  );
}
