import { type Circuit, type Operation, SparsePauliOp } from "../../circuits/index.ts";
import { SimulatorError } from "../errors.ts";
import { BranchedCircuit } from "./branched-circuit.ts";
import type { Engine } from "./engine.ts";
import { restrict } from "./light-cone.ts";
import { finallyMeasuredQubits } from "./live-circuit.ts";
import { ObservableKernel } from "./observable-kernel.ts";
import type { StateMemory } from "./state-memory.ts";

/** Exact sums over more branches than this take too long to be what anybody wants. */
const MAX_BRANCHES = 1 << 20;
/** Branches less likely than this change no expectation value that double precision can hold. */
const NEGLIGIBLE = 1e-14;
/** What is read from a state takes half of one. */
const READ_STATES = 0.5;

/** What the sum over branches came to. */
export interface BranchSum {
  readonly branches: number;
  /** Total probability of the branches left out, each below 1e-14. */
  readonly prunedProbability: number;
}

/** Exact expectation values of a circuit with measurements, resets or branches: the mean over all its histories. */
export class BranchedExpectation {
  readonly bytes: number;
  /** How the values are found and why not by the engine's own expectation values, for who reads the result. */
  readonly note: string;
  readonly #branched: BranchedCircuit;
  readonly #memory: StateMemory;
  readonly #kernel: ObservableKernel;
  readonly #leaf: Float64Array;

  /**
   * @param observables as `dephased` returns them
   * @throws SimulatorError STATE_TOO_LARGE
   */
  constructor(engine: Engine, memory: StateMemory, circuit: Circuit, observables: readonly SparsePauliOp[]) {
    const support = new Set(observables.flatMap((observable) => observable.support));
    this.#branched = new BranchedCircuit(engine, memory, circuit, { qubits: [...support] }, () => READ_STATES);
    this.#memory = memory;
    const { qubits, prefix } = this.#branched.live;
    const cone = { numQubits: prefix.numQubits, qubits, operations: [], positions: [] };
    const local = observables.map((observable) => restrict(observable, cone));
    this.#kernel = new ObservableKernel(local, prefix.numQubits, 1);
    this.#leaf = new Float64Array(observables.length);
    this.note = noteOf(this.#branched.live.rest);
    this.bytes = this.#branched.bytes + this.#kernel.bytes;
  }

  /**
   * Adds up the values of one row [P] into `out` [K]. Yields after each branch.
   * @throws SimulatorError BRANCH_LIMIT beyond 2^20 branches, those given up as too unlikely included
   */
  *evaluate(values: Float64Array, out: Float64Array): Generator<void, BranchSum> {
    out.fill(0);
    let branches = 0;
    let prunedProbability = 0;
    const kernel = this.#kernel;
    const leaf = this.#leaf;
    let pruned = 0;
    const checkLimit = (): void => {
      if (branches + pruned > MAX_BRANCHES)
        throw new SimulatorError(
          "BRANCH_LIMIT",
          `The circuit has more than ${MAX_BRANCHES} different histories of measurement outcomes, too many to sum exactly. Sample it: set a precision such as 0.01.`,
        );
    };
    const keep = (probability: number): number | undefined => {
      if (probability > NEGLIGIBLE) return probability;
      if (probability > 0) {
        prunedProbability += probability;
        pruned++;
        checkLimit();
      }
      return undefined;
    };
    const scratch = this.#memory.take(2 ** this.#branched.live.prefix.numQubits);
    try {
      yield* this.#branched.run<number>(values, 1, {
        split: (probability, one) => [keep(probability * (1 - one)), keep(probability * one)],
        leaf(probability, state) {
          branches++;
          checkLimit();
          kernel.evaluate(state, 1, leaf, 0, scratch);
          for (let k = 0; k < out.length; k++) out[k]! += probability * leaf[k]!;
        },
      });
    } finally {
      this.#memory.giveBack(scratch);
    }
    return { branches, prunedProbability };
  }
}

const VERBS: readonly (readonly [kind: Operation["kind"], verb: string])[] = [
  ["measure", "measures"],
  ["reset", "resets"],
  ["if", "branches"],
];

/** @param rest what follows the unitary beginning of a circuit, as far as the observables see it */
function noteOf(rest: readonly Operation[]): string {
  const kinds = new Set(rest.map(({ kind }) => kind));
  const verbs = VERBS.filter(([kind]) => kinds.has(kind)).map(([, verb]) => verb);
  if (verbs.length === 0)
    return "Rows were run one by one, since the circuit measures, resets or branches on its way, though where no observable sees it.";
  const last = verbs.pop()!;
  const list = verbs.length === 0 ? last : `${verbs.join(", ")} and ${last}`;
  return `Histories of outcomes were followed one by one, for one row after another, since the circuit ${list} on its way: it has no single final state.`;
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
