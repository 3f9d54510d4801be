import { type Circuit, type Parameter, type Rng, SparsePauliOp } from "../../circuits/index.ts";
import { SimulatorError } from "../errors.ts";
import { type BranchReader, followBranches, instructionsOf } from "./dynamic.ts";
import type { Engine, StatevectorProgram } from "./engine.ts";
import { restrict } from "./light-cone.ts";
import { finallyMeasuredQubits, type LiveCircuit, liveCircuit, type Readout } from "./live-circuit.ts";
import { assertStateFits, availableBytes } from "./memory.ts";
import { ObservableKernel } from "./observable-kernel.ts";
import { sampleShuffled, sampleSorted } from "./sampling.ts";

const BYTES_PER_AMPLITUDE = 16;
/** More waiting states than this are never worth their memory: the path to a state is rarely longer. */
const MAX_WAITING_STATES = 256;
/** Exact sums over more branches than this take too long to be what anybody wants. */
const MAX_BRANCHES = 1 << 20;
/** Branches less likely than this change no expectation value that double precision can hold. */
const NEGLIGIBLE = 1e-14;

/** A circuit prepared for following its branches: the unitary prefix by the engine, the rest branch by branch. */
class BranchedCircuit {
  readonly live: LiveCircuit;
  readonly #prefix: StatevectorProgram;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #maxBytes: number | undefined;

  constructor(engine: Engine, circuit: Circuit, readout: Readout, maxBytes: number | undefined) {
    this.live = liveCircuit(circuit, readout);
    this.#maxBytes = maxBytes;
    const { prefix, rest } = this.live;
    assertStateFits(prefix.numQubits, rest.length === 0 ? 1 : 3, maxBytes);
    this.#prefix = engine.statevector(prefix);
    this.#columns = new Map(circuit.parameters.map(({ name }, index) => [name, index]));
  }

  *follow<Share>(values: Float64Array, share: Share, reader: BranchReader<Share>): Generator<void> {
    const { prefix, rest, numClbits } = this.live;
    const state = this.#prefix.statevector(values);
    if (rest.length === 0) {
      reader.leaf(share, state, new Uint8Array(numClbits));
      return;
    }
    const code = instructionsOf(
      rest,
      prefix.numQubits,
      (parameter: Parameter) => values[this.#columns.get(parameter.name)!]!,
    );
    const bytes = (this.#maxBytes ?? availableBytes()) / 2;
    const fitting = Math.floor(bytes / (BYTES_PER_AMPLITUDE * 2 ** prefix.numQubits));
    // The engine's array may be overwritten by another job between two branches.
    const root = state.slice();
    yield* followBranches(code, root, numClbits, share, reader, Math.min(MAX_WAITING_STATES, fitting));
  }
}

/** Shots `from` to `to` of the shot order. */
interface ShotRange {
  readonly from: number;
  readonly to: number;
}

/** A circuit ready to be sampled for many rows of parameter values. */
export class SampledCircuit {
  readonly live: LiveCircuit;
  readonly #branched: BranchedCircuit;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(engine: Engine, circuit: Circuit, maxBytes?: number) {
    this.#branched = new BranchedCircuit(engine, circuit, "clbits", maxBytes);
    this.live = this.#branched.live;
  }

  /**
   * Draws `shots` shots of one row [P]. `receive` gets, for each history of mid-circuit outcomes, the indices of its shots,
   * the classical bits so far, and a basis state of the compact qubits for each of these shots, from which the final
   * measurements read. Yields after each history.
   * @param order "random": the basis states are in random order, so shot by shot fair; "sorted": ascending
   */
  *sample(
    values: Float64Array,
    shots: number,
    rng: Rng,
    order: "random" | "sorted",
    receive: (shotIndices: Int32Array, clbits: Uint8Array, outcomes: Int32Array) => void,
  ): Generator<void> {
    const indices = Int32Array.from({ length: shots }, (_, shot) => shot);
    const draw = order === "random" ? sampleShuffled : sampleSorted;
    const readsState = this.live.finalMeasurements.some(({ qubit }) => qubit >= 0);
    yield* this.#branched.follow<ShotRange>(
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
          const outcomes = readsState ? draw(state, to - from, rng) : new Int32Array(to - from);
          receive(indices.subarray(from, to), clbits, outcomes);
        },
      },
    );
  }
}

/** What the sum over branches came to. */
export interface BranchSum {
  readonly branches: number;
  /** Total probability of the branches left out, each below 1e-14. */
  readonly prunedProbability: number;
}

/** Exact expectation values of a circuit with measurements, resets or branches: the mean over all its histories. */
export class BranchedExpectation {
  readonly #branched: BranchedCircuit;
  readonly #kernel: ObservableKernel;
  readonly #leaf: Float64Array;

  /** @param observables as `dephased` returns them */
  constructor(engine: Engine, circuit: Circuit, observables: readonly SparsePauliOp[], maxBytes?: number) {
    const support = new Set(observables.flatMap((observable) => observable.support));
    this.#branched = new BranchedCircuit(engine, circuit, { qubits: [...support] }, maxBytes);
    const { qubits, prefix } = this.#branched.live;
    const cone = { numQubits: prefix.numQubits, qubits, operations: [], positions: [] };
    const local = observables.map((observable) => restrict(observable, cone));
    this.#kernel = new ObservableKernel(local, prefix.numQubits, 1);
    this.#leaf = new Float64Array(observables.length);
  }

  /** Of the part that is simulated. */
  get numQubits(): number {
    return this.#branched.live.prefix.numQubits;
  }

  /**
   * Adds up the values of one row [P] into `out` [K]. Yields after each branch.
   * @throws SimulatorError BRANCH_LIMIT beyond 2^20 branches
   */
  *evaluate(values: Float64Array, out: Float64Array): Generator<void, BranchSum> {
    out.fill(0);
    let branches = 0;
    let prunedProbability = 0;
    const kernel = this.#kernel;
    const leaf = this.#leaf;
    const keep = (probability: number): number | undefined => {
      if (probability > NEGLIGIBLE) return probability;
      prunedProbability += probability;
      return undefined;
    };
    yield* this.#branched.follow<number>(values, 1, {
      split: (probability, one) => [keep(probability * (1 - one)), keep(probability * one)],
      leaf(probability, state) {
        branches++;
        if (branches > MAX_BRANCHES)
          throw new SimulatorError(
            "BRANCH_LIMIT",
            `The circuit has more than ${MAX_BRANCHES} different histories of measurement outcomes, too many to sum exactly. Sample it: set a precision such as 0.01.`,
          );
        kernel.evaluate(state, 1, leaf, 0);
        for (let k = 0; k < out.length; k++) out[k]! += probability * leaf[k]!;
      },
    });
    return { branches, prunedProbability };
  }
}

/**
 * Observables as the end of the circuit leaves them: a qubit that is measured and not touched again has no coherence, so
 * that terms with X or Y there are 0.
 */
export function dephased(circuit: Circuit, observables: readonly SparsePauliOp[]): readonly SparsePauliOp[] {
  if (circuit.isUnitary) return observables;
  const measured = finallyMeasuredQubits(circuit);
  return observables.map((observable) =>
    SparsePauliOp.fromTerms(
      observable.numQubits,
      observable.terms.filter(
        ({ pauli }) => !pauli.letters.some(([qubit, letter]) => letter !== "Z" && measured.has(qubit)),
      ),
    ),
  );
}
