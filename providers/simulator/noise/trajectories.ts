import type { Circuit, Rng } from "../../../circuits/index.ts";
import { assertFinite } from "../finite.ts";
import { isLarge } from "../pauses.ts";
import type { StateMemory } from "../state-memory.ts";
import { clearQubit, collapse, probabilityOfOne } from "../state-operations.ts";
import { holds } from "./condition.ts";
import type { NoiseModel } from "./noise-model.ts";
import type { NoisyCircuit } from "./noisy-circuit.ts";
import { type Code, meanOf, reducedMatrix, TrajectoryCode } from "./trajectory-code.ts";

/** Gets the shots (places `from` to `to` of `indices`) that ended in one state; state and bits are only lent. */
export type LeafReader = (
  indices: Int32Array,
  from: number,
  to: number,
  state: Float64Array,
  clbits: Uint8Array,
) => void;

/** A step at which something is drawn. */
type Draw = Extract<Code, { readonly kind: "channel" | "measure" | "reset" }>;

/** Outcomes of one step that are still to be followed, from the state before it. */
interface Waiting {
  readonly state: Float64Array;
  readonly clbits: Uint8Array;
  readonly at: number;
  readonly step: Draw;
  readonly outcomes: { readonly outcome: number; readonly from: number; readonly to: number }[];
  readonly weights: Float64Array;
}

/**
 * Quantum trajectories: each shot follows a state vector and draws, at each channel, one of its operators with its
 * probability. Shots that have drawn alike share a state, and where they part the smaller share goes first, so that at most
 * log2(shots) + 2 states are held. Source: J. Dalibard, Y. Castin, K. Mølmer, Phys. Rev. Lett. 68, 580 (1992).
 */
export class Trajectories {
  readonly noisy: NoisyCircuit;
  readonly numQubits: number;
  readonly bytes: number;
  readonly #code: TrajectoryCode;
  readonly #memory: StateMemory;
  readonly #numClbits: number;

  /** @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  constructor(circuit: Circuit, noisy: NoisyCircuit, noise: NoiseModel, memory: StateMemory) {
    this.noisy = noisy;
    this.numQubits = noisy.qubits.length;
    memory.assertFits(this.numQubits, 2);
    this.#code = new TrajectoryCode(circuit, noisy, noise);
    this.#memory = memory;
    this.#numClbits = circuit.numClbits;
    this.bytes = this.#code.bytes;
  }

  /**
   * Follows `shots` shots of one row [P]. Yields after each state that is read, and between the gates of large ones.
   * @throws SimulatorError STATE_TOO_LARGE, STATE_NOT_FINITE
   */
  *run(values: Float64Array, shots: number, rng: Rng, leaf: LeafReader): Generator<void> {
    const memory = this.#memory;
    memory.assertFits(this.numQubits, Math.ceil(Math.log2(shots)) + 2);
    const code = this.#code.codeFor(values);
    const indices = Int32Array.from({ length: shots }, (_, shot) => shot);
    const drawn = new Uint16Array(shots);
    const length = 2 * 2 ** this.numQubits;
    const waiting: Waiting[] = [];
    let state = memory.take(length);
    let clbits: Uint8Array = new Uint8Array(this.#numClbits);
    let from = 0;
    let to = shots;
    let at = 0;
    const pauses = isLarge(state);
    try {
      state.fill(0);
      state[0] = 1;
      for (;;) {
        while (at < code.length) {
          const step = code[at]!;
          if (step.kind === "gate") {
            step.gate.apply(state);
            if (pauses) yield;
          } else if (step.kind === "jump") {
            at = step.to;
            continue;
          } else if (step.kind === "unless") {
            if (!holds(step.condition, clbits)) {
              at = step.to;
              continue;
            }
          } else {
            const weights = weightsOf(step, state, rng, drawn, from, to);
            const outcomes = sortByOutcome(indices, drawn, from, to, weights.length);
            if (outcomes.length > 1) {
              waiting.push({ state, clbits, at, step, outcomes: outcomes.slice(1), weights });
              const copy = memory.take(length);
              copy.set(state);
              state = copy;
              clbits = clbits.slice();
            }
            const [first] = outcomes;
            from = first!.from;
            to = first!.to;
            applyOutcome(step, first!.outcome, weights, state, clbits);
          }
          at++;
        }
        leaf(indices, from, to, state, clbits);
        yield;
        const next = waiting.at(-1);
        if (next === undefined) return;
        const outcome = next.outcomes.shift()!;
        if (next.outcomes.length === 0) {
          waiting.pop();
          memory.giveBack(state);
          state = next.state;
          clbits = next.clbits;
        } else {
          state.set(next.state);
          clbits = next.clbits.slice();
        }
        from = outcome.from;
        to = outcome.to;
        at = next.at;
        applyOutcome(next.step, outcome.outcome, next.weights, state, clbits);
        at++;
      }
    } finally {
      memory.giveBack(state);
      for (const { state: held } of waiting) memory.giveBack(held);
    }
  }
}

/**
 * Draws an outcome for each shot. Channel: 0 for nothing, else one more than the jump. Measurement: true bit + 2 · bit that
 * is read. Reset: the bit that is lost.
 * @returns for each outcome its probability, without misreading
 */
function weightsOf(
  step: Draw,
  state: Float64Array,
  rng: Rng,
  drawn: Uint16Array,
  from: number,
  to: number,
): Float64Array {
  if (step.kind === "channel") {
    const { identity, jumps, qubits } = step;
    const weights = new Float64Array(jumps.length + 1);
    weights[0] = identity;
    let known = false;
    for (let shot = from; shot < to; shot++) {
      const u = rng.uniform();
      drawn[shot] = 0;
      if (u < identity) continue;
      if (!known) {
        const density = reducedMatrix(state, qubits);
        let total = 0;
        for (const [index, { weight }] of jumps.entries())
          total += weights[index + 1] = Math.max(0, meanOf(weight, density));
        assertFinite(total);
        // The jumps have 1 - identity together; what rounding has changed is taken back.
        for (let index = 1; index < weights.length; index++) weights[index]! *= (1 - identity) / total;
        known = true;
      }
      let outcome = 0;
      let sum = identity;
      for (let index = 1; index < weights.length; index++) {
        if (weights[index]! === 0) continue;
        outcome = index;
        sum += weights[index]!;
        if (u < sum) break;
      }
      drawn[shot] = outcome;
    }
    return weights;
  }
  const one = probabilityOfOne(state, step.qubit);
  assertFinite(one);
  const [e0, e1] = step.kind === "measure" ? step.errors : [0, 0];
  for (let shot = from; shot < to; shot++) {
    const bit = rng.uniform() < one ? 1 : 0;
    const error = bit === 1 ? e1 : e0;
    const read = error > 0 && rng.uniform() < error ? 1 - bit : bit;
    drawn[shot] = step.kind === "measure" ? bit + 2 * read : bit;
  }
  return step.kind === "measure" ? Float64Array.of(1 - one, one, 1 - one, one) : Float64Array.of(1 - one, one);
}

/** Sorts shots by what they drew; the outcomes that were drawn, the rarest first, each with its range. */
function sortByOutcome(
  indices: Int32Array,
  drawn: Uint16Array,
  from: number,
  to: number,
  numOutcomes: number,
): { readonly outcome: number; readonly from: number; readonly to: number }[] {
  const counts = new Int32Array(numOutcomes);
  for (let shot = from; shot < to; shot++) counts[drawn[shot]!]!++;
  const order = Array.from(counts.keys())
    .filter((outcome) => counts[outcome]! > 0)
    .sort((a, b) => counts[a]! - counts[b]!);
  const ranges: { readonly outcome: number; readonly from: number; readonly to: number }[] = [];
  const next = new Int32Array(numOutcomes);
  let start = from;
  for (const outcome of order) {
    next[outcome] = start;
    ranges.push({ outcome, from: start, to: start + counts[outcome]! });
    start += counts[outcome]!;
  }
  if (order.length > 1) {
    const before = indices.slice(from, to);
    for (let shot = from; shot < to; shot++) indices[next[drawn[shot]!]!++] = before[shot - from]!;
  }
  return ranges;
}

function applyOutcome(
  step: Draw,
  outcome: number,
  weights: Float64Array,
  state: Float64Array,
  clbits: Uint8Array,
): void {
  if (step.kind === "channel") {
    if (outcome === 0) return;
    step.jumps[outcome - 1]!.operator.apply(state);
    const scale = 1 / Math.sqrt(weights[outcome]!);
    for (let at = 0; at < state.length; at++) state[at]! *= scale;
    return;
  }
  const bit = (outcome & 1) as 0 | 1;
  collapse(state, step.qubit, bit, weights[outcome]!);
  if (step.kind === "measure") clbits[step.clbit] = outcome >> 1;
  else if (bit === 1) clearQubit(state, step.qubit);
}
