import { type Circuit, SlotProgram, type SparsePauliOp, slotsOf } from "../../../circuits/index.ts";
import { fuseDense } from "../fuse-dense.ts";
import type { KernelMemory } from "../kernels/kernel-memory.ts";
import { normalForm } from "../normal-form.ts";
import { PAUSE_WORK } from "../pauses.ts";
import type { TileShape } from "./pass-plan.ts";
import { type CompiledTiles, compileTiles } from "./tile-compiler.ts";
import { TileNumbers } from "./tile-numbers.ts";
import { TileObservables } from "./tile-observables.ts";
import type { TilePass } from "./tile-program.ts";
import { TileThreads } from "./tile-team.ts";
import { TILE_STEP } from "./tile-work.ts";

const UNIT = 16;
/** Bytes of the objects of one gate, about. */
const GATE_BYTES = 400;
/** Amplitudes that pass through an operation in about as long as PAUSE_WORK amplitudes take through a plain loop. */
const PAUSE_AMPLITUDES = 8 * PAUSE_WORK;

const SHAPE: TileShape = { tileQubits: 12, runQubits: 4 };
/** Smaller states are done sooner than other threads have taken in memory that is new to them. */
const NEW_MEMORY_QUBITS = 22;
/** From this size on a pass takes so long that threads gain more than it costs to wake them. */
const THREADED_QUBITS = 18;

export interface TileOptions {
  /** How the state is cut; the default suits all circuits. */
  readonly shape?: TileShape | undefined;
  /** Threads that work at once, the caller's included: 1 when left out. */
  readonly threads?: number | undefined;
  /** The size from which they do. */
  readonly threadedQubits?: number | undefined;
}

/** A unitary circuit compiled to sweeps over the tiles of one state, run for one row of parameter values after another. */
export class TileCircuit {
  readonly numQubits: number;
  /** Bytes that the program holds between calls. */
  readonly bytes: number;
  /** Where ψ is in linear memory, and λ behind it. */
  readonly psi: number;
  readonly lambda: number;
  readonly #tiles: CompiledTiles;
  readonly #numbers: TileNumbers;
  readonly #observables: TileObservables;
  readonly #threads: TileThreads;
  /** Where the slots' angles are in linear memory: a call that pauses may find those of another in `#angles`. */
  readonly #slotNumbers: number;
  readonly #slots: SlotProgram;
  readonly #usesInput: Uint8Array;
  readonly #usesWeight: Uint8Array;
  readonly #wanted: Uint8Array;
  readonly #angles: Float64Array;
  readonly #gradients: Float64Array;

  /** @param observables what is read from the state; null where the state itself is wanted, global phase included */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[] | null, options: TileOptions = {}) {
    const { numQubits } = circuit;
    const { shape = SHAPE, threads = 1, threadedQubits = THREADED_QUBITS } = options;
    const used = numQubits >= threadedQubits ? threads : 1;
    const slots = slotsOf(circuit);
    const primitives = fuseDense(normalForm(circuit), numQubits).filter(
      (primitive) => observables === null || primitive.kind !== "phase" || primitive.mask !== 0,
    );
    this.numQubits = numQubits;
    const made = (tileBits: number, address: number): TileObservables =>
      new TileObservables(observables ?? [], numQubits, tileBits, address);
    this.#tiles = compileTiles(
      primitives,
      numQubits,
      shape,
      used,
      (tileBits) => made(tileBits, 0).tableBytes + 8 * slots.length,
    );
    this.#observables = made(this.#tiles.program.tileBits, this.#tiles.reserved);
    this.#slotNumbers = (this.#tiles.reserved + this.#observables.tableBytes) / 8;
    this.#numbers = new TileNumbers(this.#tiles);
    this.#slots = new SlotProgram(circuit, slots);
    const uses = (role: string): Uint8Array =>
      Uint8Array.from(slots, ({ expression }) =>
        expression.parameters.some((parameter) => parameter.role === role) ? 1 : 0,
      );
    this.#usesInput = uses("input");
    this.#usesWeight = uses("weight");
    this.#wanted = new Uint8Array(slots.length);
    this.#angles = new Float64Array(slots.length);
    this.#gradients = new Float64Array(slots.length);
    const { program, bytes } = this.#tiles;
    this.#threads = new TileThreads({ kind: "tiles", tiles: program, observables: this.#observables.program }, used);
    this.psi = program.psi;
    this.lambda = program.lambda;
    this.bytes = bytes + this.#observables.bytes + 32 * slots.length + GATE_BYTES * primitives.length;
  }

  get numObservables(): number {
    return this.#observables.numObservables;
  }

  /** Threads that work on the state, the caller's included. */
  get threads(): number {
    return this.#threads.threads;
  }

  /** Bytes of linear memory that the tables and `states` states take. */
  memoryBytes(states: number): number {
    return this.#tiles.stateAddress + states * UNIT * 2 ** this.numQubits;
  }

  /** Which gradients the following runs are to find. */
  want(inputs: boolean, weights: boolean): void {
    for (let slot = 0; slot < this.#wanted.length; slot++)
      this.#wanted[slot] = (inputs && this.#usesInput[slot]) || (weights && this.#usesWeight[slot]) ? 1 : 0;
  }

  /** Runs the circuit from |0…0⟩ for one row [P]; pauses now and then. The result is at `psi`. */
  *forward(memory: KernelMemory, row: Float64Array): Generator<void> {
    const { program, keepsTables, coversState } = this.#tiles;
    const { f64 } = memory;
    const isNew = memory.contents !== this;
    if (isNew) {
      this.#numbers.writeConstants(memory);
      memory.contents = this;
    }
    this.#slots.evaluate(row, 1, this.#angles);
    f64.set(this.#angles, this.#slotNumbers);
    this.#numbers.write(memory, this.#slotNumbers, this.#wanted);
    if (keepsTables)
      for (let pass = 0; pass < program.passes.length; pass++)
        this.#numbers.writeTables(memory, pass, this.#slotNumbers);
    const at = program.psi / 8;
    if (!coversState) f64.fill(0, at, at + 2 * 2 ** this.numQubits);
    f64[at] = this.#numbers.initial[0]!;
    f64[at + 1] = this.#numbers.initial[1]!;
    const isAlone = this.threads === 1 || (isNew && this.numQubits < NEW_MEMORY_QUBITS);
    let work = 0;
    for (let index = 0; index < program.passes.length; index++) {
      const pass = program.passes[index]!;
      if (!keepsTables) this.#numbers.writeTables(memory, index, this.#slotNumbers);
      work = yield* this.#run(memory, TILE_STEP.forward(index), pass.chunks, passWork(pass), work, isAlone);
    }
  }

  /** Writes the values of the observables [K] in ψ to out from `at` on; pauses now and then. */
  *read(memory: KernelMemory, out: Float64Array, at: number): Generator<void> {
    const { program } = this.#tiles;
    const { chunks, groups } = this.#observables.program;
    const step = TILE_STEP.read(program.passes.length);
    yield* this.#run(memory, step, chunks, groups.length * 2 ** this.numQubits, 0, this.threads === 1);
    this.#observables.combine(memory, out, at);
  }

  /** Writes λ = Σ_k cotangents[at + k]·O_k ψ. */
  adjoint(memory: KernelMemory, cotangents: Float64Array, at: number): void {
    this.#observables.writeWeights(memory, cotangents, at);
    const step = TILE_STEP.adjoint(this.#tiles.program.passes.length);
    this.#threads.run(memory, step, this.#observables.program.chunks);
  }

  /** Goes back from ψ and λ and adds the gradients of a row [P] to `gradient` [P]; after `forward` of the same row. */
  backward(memory: KernelMemory, row: Float64Array, gradient: Float64Array): void {
    const { program, keepsTables } = this.#tiles;
    this.#gradients.fill(0);
    this.#numbers.writeBackward(memory);
    for (let index = program.passes.length - 1; index >= this.#numbers.firstPass; index--) {
      const pass = program.passes[index]!;
      if (!keepsTables) this.#numbers.writeTables(memory, index, this.#slotNumbers);
      this.#threads.run(memory, TILE_STEP.backward(index, program.passes.length), pass.chunks);
      this.#numbers.collect(memory, index, this.#gradients);
    }
    this.#slots.pullback(row, 1, this.#gradients, gradient);
  }

  /** Does a step of so much work in all, pausing now and then; takes and returns the work since the last pause. */
  *#run(
    memory: KernelMemory,
    step: number,
    chunks: number,
    work: number,
    before: number,
    isAlone: boolean,
  ): Generator<void, number> {
    let done = before;
    if (!isAlone) {
      this.#threads.run(memory, step, chunks);
      done += work / this.threads;
      if (done >= PAUSE_AMPLITUDES) {
        done = 0;
        yield;
      }
      return done;
    }
    for (let chunk = 0; chunk < chunks; chunk++) {
      this.#threads.runAlone(memory, step, chunk);
      done += work / chunks;
      if (done < PAUSE_AMPLITUDES) continue;
      done = 0;
      yield;
    }
    return done;
  }
}

/** Amplitudes times operations of one pass. */
function passWork({ tiles, bytes, ops }: TilePass): number {
  return (tiles * bytes * ops.length) / UNIT;
}
