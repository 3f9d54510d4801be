import type { Circuit, Parameter } from "../../circuits/index.ts";
import { type BranchReader, followBranches, instructionsOf } from "./dynamic.ts";
import type { Engine, StatevectorProgram } from "./engine.ts";
import { type LiveCircuit, liveCircuit, type Readout } from "./live-circuit.ts";
import { BYTES_PER_AMPLITUDE } from "./memory.ts";
import type { StateMemory } from "./state-memory.ts";

/** More waiting states than this are never worth their memory: the path to a state is rarely longer. */
const MAX_WAITING_STATES = 256;
/** Where all waiting states together are this small, nobody needs to ask how much memory is free. */
const SMALL_BYTES = 1 << 26;
/** Bytes of the objects of one operation, about. */
const OPERATION_BYTES = 400;

/** A circuit prepared for following its branches: the unitary prefix by the engine, the rest branch by branch. */
export class BranchedCircuit {
  readonly live: LiveCircuit;
  /** Bytes that are kept between runs, without any state. */
  readonly bytes: number;
  readonly #memory: StateMemory;
  readonly #prefix: StatevectorProgram;
  readonly #columns: ReadonlyMap<string, number>;

  /**
   * @param extraStates how many states the caller will borrow besides, where something branches and where not
   * @throws SimulatorError STATE_TOO_LARGE
   */
  constructor(
    engine: Engine,
    memory: StateMemory,
    circuit: Circuit,
    readout: Readout,
    extraStates: (branches: boolean) => number,
  ) {
    this.live = liveCircuit(circuit, readout);
    this.#memory = memory;
    const { prefix, rest } = this.live;
    memory.assertFits(prefix.numQubits, (this.branches ? 2 : 1) + extraStates(this.branches));
    this.#prefix = engine.statevector(prefix);
    this.#columns = new Map(circuit.parameters.map(({ name }, index) => [name, index]));
    this.bytes = (this.#prefix.bytes ?? 0) + OPERATION_BYTES * (prefix.operations.length + rest.length);
  }

  /** False where nothing branches. */
  get branches(): boolean {
    return this.live.rest.length > 0;
  }

  /** Follows the branches of one row [P]. */
  *run<Share>(values: Float64Array, share: Share, reader: BranchReader<Share>): Generator<void> {
    const root = yield* this.prepare(values);
    try {
      yield* this.follow(root, values, share, reader);
    } finally {
      this.#memory.giveBack(root);
    }
  }

  /** The state after the prefix for one row [P], in a buffer that the caller must give back to the memory. */
  *prepare(values: Float64Array): Generator<void, Float64Array> {
    if (this.#prefix.lentStatevector !== undefined) return yield* this.#prefix.lentStatevector(values, this.#memory);
    const out = this.#memory.take(2 * 2 ** this.live.prefix.numQubits);
    let done = false;
    try {
      const state =
        this.#prefix.statevectorInSteps === undefined
          ? this.#prefix.statevector(values, out)
          : yield* this.#prefix.statevectorInSteps(values, out);
      if (state !== out) out.set(state);
      done = true;
      return out;
    } finally {
      if (!done) this.#memory.giveBack(out);
    }
  }

  /**
   * Follows the branches of one row [P] from the state after the prefix. Where nothing branches, that state itself is the
   * only leaf; else it is not changed.
   */
  *follow<Share>(root: Float64Array, values: Float64Array, share: Share, reader: BranchReader<Share>): Generator<void> {
    const { prefix, rest, numClbits } = this.live;
    if (rest.length === 0) {
      reader.leaf(share, root, new Uint8Array(numClbits));
      return;
    }
    const code = instructionsOf(
      rest,
      prefix.numQubits,
      (parameter: Parameter) => values[this.#columns.get(parameter.name)!]!,
    );
    yield* followBranches(code, root, numClbits, share, reader, this.#memory, this.#maxWaiting());
  }

  /** Waiting states take at most half of what is free. */
  #maxWaiting(): number {
    const bytes = BYTES_PER_AMPLITUDE * 2 ** this.live.prefix.numQubits;
    if (this.#memory.maxBytes === undefined && MAX_WAITING_STATES * bytes <= SMALL_BYTES) return MAX_WAITING_STATES;
    return Math.min(MAX_WAITING_STATES, Math.floor(this.#memory.availableBytes / 2 / bytes));
  }
}
