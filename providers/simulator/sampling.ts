import type { Rng } from "../../circuits/index.ts";
import { assertFinite } from "./finite.ts";

/**
 * Draws basis states from |amplitude|² of a state (interleaved re/im, not necessarily normalised), in ascending order.
 * Sorted uniforms are walked along the cumulative sum: O(2^n + shots·log shots), no table of 2^n entries.
 * @throws SimulatorError STATE_NOT_FINITE
 */
export function sampleSorted(state: Float64Array, shots: number, rng: Rng): Int32Array {
  const outcomes = new Int32Array(shots);
  if (shots === 0) return outcomes;
  let total = 0;
  let last = 0;
  for (let at = 0; at < state.length; at += 2) {
    const probability = state[at]! * state[at]! + state[at + 1]! * state[at + 1]!;
    if (probability > 0) last = at / 2;
    total += probability;
  }
  assertFinite(total);
  const uniforms = new Float64Array(shots);
  for (let shot = 0; shot < shots; shot++) uniforms[shot] = rng.uniform() * total;
  uniforms.sort();
  let shot = 0;
  let cumulative = 0;
  for (let basis = 0; basis < last && shot < shots; basis++) {
    const at = 2 * basis;
    cumulative += state[at]! * state[at]! + state[at + 1]! * state[at + 1]!;
    while (shot < shots && uniforms[shot]! < cumulative) outcomes[shot++] = basis;
  }
  // What rounding leaves over belongs to the last state that can occur.
  outcomes.fill(last, shot);
  return outcomes;
}

/** Draws basis states in random order, so that any part of the shots is a fair sample. */
export function sampleShuffled(state: Float64Array, shots: number, rng: Rng): Int32Array {
  const outcomes = sampleSorted(state, shots, rng);
  for (let i = shots - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    const kept = outcomes[i]!;
    outcomes[i] = outcomes[j]!;
    outcomes[j] = kept;
  }
  return outcomes;
}
