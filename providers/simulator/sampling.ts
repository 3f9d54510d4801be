import type { Rng } from "../../circuits/index.ts";
import { sortAscending } from "../radix-sort.ts";
import { CumulativeProbabilities } from "./cumulative-probabilities.ts";

/** Shots that are drawn together, so that what is needed besides the outcomes stays small. */
const SLICE_SHOTS = 1 << 17;

/**
 * Draws basis states from |amplitude|² of a state (interleaved re/im, 2^n amplitudes, not necessarily normalised), in random
 * order, so that any part of the shots is a fair sample. One uniform number a shot, in the order of the shots.
 * Cost: one pass over the state and, for each shot, about O(1 + √(2^n / shots)) amplitudes.
 * @throws SimulatorError STATE_NOT_FINITE
 */
export function sampleShuffled(state: Float64Array, shots: number, rng: Rng): Int32Array {
  const outcomes = new Int32Array(shots);
  if (shots === 0) return outcomes;
  const cumulative = new CumulativeProbabilities(state, shots);
  const targets = new Float64Array(Math.min(shots, SLICE_SHOTS));
  for (let from = 0; from < shots; from += SLICE_SHOTS) {
    const size = Math.min(SLICE_SHOTS, shots - from);
    for (let shot = 0; shot < size; shot++) targets[shot] = rng.uniform() * cumulative.total;
    // Views of the whole would cost more than the few shots that are usual.
    if (size === shots) cumulative.find(targets, outcomes);
    else cumulative.find(targets.subarray(0, size), outcomes.subarray(from, from + size));
  }
  return outcomes;
}

/** As `sampleShuffled`, but in ascending order. */
export function sampleSorted(state: Float64Array, shots: number, rng: Rng): Int32Array {
  return sortAscending(sampleShuffled(state, shots, rng), state.length / 2);
}
