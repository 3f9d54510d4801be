import type { Circuit, Rng } from "../../circuits/index.ts";
import { BranchedCircuit } from "./branched-circuit.ts";
import type { Engine } from "./engine.ts";
import type { LiveCircuit } from "./live-circuit.ts";
import { sampleShuffled } from "./sampling.ts";
import type { StateMemory } from "./state-memory.ts";

/** Shots `from` to `to` of the shot order. */
interface ShotRange {
  readonly from: number;
  readonly to: number;
}

/** A circuit ready to have its classical bits sampled for many rows of parameter values. */
export class SampledCircuit {
  readonly live: LiveCircuit;
  readonly bytes: number;
  readonly #branched: BranchedCircuit;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(engine: Engine, memory: StateMemory, circuit: Circuit) {
    this.#branched = new BranchedCircuit(engine, memory, circuit, "clbits", () => 0);
    this.live = this.#branched.live;
    this.bytes = this.#branched.bytes;
  }

  /**
   * Draws `shots` shots of one row [P]. `receive` gets, for each history of mid-circuit outcomes, the indices of its shots,
   * the classical bits so far, and a basis state of the compact qubits for each of these shots, from which the final
   * measurements read; the basis states are in random order, so that shot by shot is fair. Yields after each history, and
   * now and then while a large state is computed.
   */
  *sample(
    values: Float64Array,
    shots: number,
    rng: Rng,
    receive: (shotIndices: Int32Array, clbits: Uint8Array, outcomes: Int32Array) => void,
  ): Generator<void> {
    const indices = new Int32Array(shots);
    for (let shot = 0; shot < shots; shot++) indices[shot] = shot;
    const readsState = this.live.finalMeasurements.some(({ qubit }) => qubit >= 0);
    yield* this.#branched.run<ShotRange>(
      values,
      { from: 0, to: shots },
      {
        split({ from, to }, probabilityOfOne) {
          let middle = to;
          for (let shot = from; shot < middle; ) {
            if (rng.uniform() < probabilityOfOne) {
              middle--;
              const kept = indices[shot]!;
              indices[shot] = indices[middle]!;
              indices[middle] = kept;
            } else shot++;
          }
          return [middle > from ? { from, to: middle } : undefined, middle < to ? { from: middle, to } : undefined];
        },
        leaf({ from, to }, state, clbits) {
          const outcomes = readsState ? sampleShuffled(state, to - from, rng) : new Int32Array(to - from);
          receive(indices.subarray(from, to), clbits, outcomes);
        },
      },
    );
  }
}
