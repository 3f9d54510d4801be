import { assertFinite } from "./finite.ts";

/** Amplitudes that are compared together, without a branch that would be mispredicted; groups have at least as many. */
const CHUNK = 8;
/** Numbers of a state that stays in a core's cache, where it does not matter in which order it is read. */
const CACHED_LENGTH = 1 << 16;

/**
 * Cumulative sums of |amplitude|² over groups of amplitudes, to be searched for many numbers.
 *
 * A guide table finds the group: the range of the sums is cut into as many equal parts as there are groups, and for each part
 * the table has the first group that reaches into it, so that from there on one step is to be expected, whatever the state.
 * Within a group the amplitudes themselves are walked. References: H.-C. Chen and Y. Asau, On generating random variates
 * from an empirical distribution, AIIE Trans. 6 (1974) 163; L. Devroye, Non-Uniform Random Variate Generation (1986), III.2.4.
 */
export class CumulativeProbabilities {
  /** Squared norm of the state. */
  readonly total: number;
  readonly #state: Float64Array;
  /** Amplitudes in a group. */
  readonly #groupSize: number;
  /** [groups + 1] the sum before each group, and the total. */
  readonly #sums: Float64Array;
  /** [groups + 1] the first group whose end is not below that part. */
  readonly #guide: Int32Array;
  /** Parts per unit of the sums. */
  readonly #scale: number;

  /**
   * @param state interleaved re/im, 2^n amplitudes; must not change while it is searched
   * @param searches about how many numbers will be searched for
   * @throws SimulatorError STATE_NOT_FINITE
   */
  constructor(state: Float64Array, searches: number) {
    this.#state = state;
    this.#groupSize = groupSizeFor(state.length / 2, searches);
    this.#sums = groupSums(state, this.#groupSize);
    const groups = this.#sums.length - 1;
    this.total = this.#sums[groups]!;
    assertFinite(this.total);
    this.#scale = groups / this.total;
    this.#guide = countsBelow(this.#sums, 1, this.#scale, groups);
  }

  /**
   * For each target, from 0 to the total, the first basis state up to which the sum exceeds it: one that can occur, unless
   * none can. Overwrites the targets.
   */
  find(targets: Float64Array, found: Int32Array): void {
    if (this.#state.length <= CACHED_LENGTH) {
      this.#search(targets, found);
      return;
    }
    const order = this.#orderByPart(targets);
    const orderedTargets = new Float64Array(targets.length);
    const orderedFound = new Int32Array(targets.length);
    for (let i = 0; i < order.length; i++) orderedTargets[i] = targets[order[i]!]!;
    this.#search(orderedTargets, orderedFound);
    for (let i = 0; i < order.length; i++) found[order[i]!] = orderedFound[i]!;
  }

  /** An order of the targets that reads the state from its start to its end, but for what is near. */
  #orderByPart(targets: Float64Array): Int32Array {
    const next = countsBelow(targets, 0, this.#scale, this.#sums.length - 1);
    const order = new Int32Array(targets.length);
    for (let i = 0; i < targets.length; i++) {
      const part = partOf(targets[i]!, this.#scale);
      order[next[part]!] = i;
      next[part]!++;
    }
    return order;
  }

  #search(targets: Float64Array, found: Int32Array): void {
    this.#findGroups(targets, found);
    this.#findWithinGroups(targets, found);
  }

  /** The group of each target; leaves in `targets` what exceeds the sum before the group. */
  #findGroups(targets: Float64Array, found: Int32Array): void {
    const sums = this.#sums;
    const guide = this.#guide;
    const scale = this.#scale;
    // Rounding may leave a target at the total: it belongs to the last group that can occur.
    let last = sums.length - 2;
    while (last > 0 && sums[last] === this.total) last--;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!;
      let group = guide[partOf(target, scale)]!;
      // The usual first step costs less as a sum than as a branch.
      group += Number(group < last && sums[group + 1]! <= target);
      while (group < last && sums[group + 1]! <= target) group++;
      targets[i] = target - sums[group]!;
      found[i] = group;
    }
  }

  /** Replaces each group in `found` by the basis state in it where the sum exceeds the target. */
  #findWithinGroups(targets: Float64Array, found: Int32Array): void {
    const state = this.#state;
    const groupLength = 2 * this.#groupSize;
    const chunkLength = Math.min(2 * CHUNK, groupLength);
    for (let i = 0; i < found.length; i++) {
      let left = targets[i]!;
      let at = groupLength * found[i]!;
      const end = at + groupLength;
      let basis = at >>> 1;
      do {
        const chunkEnd = at + chunkLength;
        for (; at < chunkEnd; at += 2) {
          left -= state[at]! * state[at]! + state[at + 1]! * state[at + 1]!;
          basis += Number(left >= 0);
        }
      } while (left >= 0 && at < end);
      found[i] = left < 0 ? basis : lastOccurring(state, basis - 1);
    }
  }
}

/**
 * The power of two for which the groups (some nanoseconds each) cost about as much as the searches within them (half a group
 * each).
 */
function groupSizeFor(amplitudes: number, searches: number): number {
  let size = CHUNK;
  while (size * size * searches < 4 * amplitudes) size *= 2;
  return Math.min(size, amplitudes);
}

function groupSums(state: Float64Array, groupSize: number): Float64Array {
  const groups = state.length / 2 / groupSize;
  const sums = new Float64Array(groups + 1);
  let total = 0;
  for (let group = 0, at = 0; group < groups; group++) {
    let sum = 0;
    for (const end = at + 2 * groupSize; at < end; at += 2)
      sum += state[at]! * state[at]! + state[at + 1]! * state[at + 1]!;
    total += sum;
    sums[group + 1] = total;
  }
  return sums;
}

/** Not decreasing in `value`, rounding included, which is all that the guide needs. */
function partOf(value: number, scale: number): number {
  return (value * scale) | 0;
}

/** [parts + 1] for each part how many of the values, after some that are left out, lie below it; the last is the total's. */
function countsBelow(values: Float64Array, leftOut: number, scale: number, parts: number): Int32Array {
  // Counts are kept one entry further on, to be summed in place.
  const counts = new Int32Array(parts + 2);
  for (let i = leftOut; i < values.length; i++) counts[partOf(values[i]!, scale) + 1]!++;
  for (let part = 1; part < counts.length; part++) counts[part]! += counts[part - 1]!;
  return counts;
}

/** What rounding leaves over in a group belongs to the last state in it that can occur. */
function lastOccurring(state: Float64Array, from: number): number {
  for (let basis = from; basis > 0; basis--)
    if (state[2 * basis]! * state[2 * basis]! + state[2 * basis + 1]! * state[2 * basis + 1]! > 0) return basis;
  return 0;
}
