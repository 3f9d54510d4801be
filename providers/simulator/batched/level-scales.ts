import type { LaneSteps } from "./lane-steps.ts";

/**
 * A state's carried scale outside these bounds goes into the next table, though it has no phases. On the way back scales
 * reach the square of the bound, and a gradient multiplies two of them: that must stay in the range of the numbers.
 */
const LARGEST = { 64: 2 ** 60, 32: 2 ** 12 } as const;

/**
 * Numbers of a call that scaled Givens rotations (kernels/givens.ts) leave over. A state in memory times its scale is the
 * true state; a level with a table takes up the scale of the one before.
 */
export class LevelScales {
  /** For each level, whether it multiplies by a table. */
  readonly hasTable: Uint8Array;
  /** ψ after each level, as the way forward leaves it. */
  readonly psi: Float64Array;
  /** ψ after each level, as the way back finds it: kept, or recovered from the one above. */
  readonly recovered: Float64Array;
  /** λ after each level. */
  readonly lambda: Float64Array;
  /** The forms and factors of all shared rotations. */
  readonly forms: Uint8Array;
  readonly factors: Float64Array;
  readonly #steps: LaneSteps;
  readonly #forward: Float64Array;
  readonly #backward: Float64Array;
  readonly #largest: number;

  /** @param realBits of the numbers of states */
  constructor(steps: LaneSteps, realBits: 32 | 64) {
    const count = steps.steps.length;
    this.#largest = LARGEST[realBits];
    this.#steps = steps;
    this.hasTable = new Uint8Array(count);
    this.psi = new Float64Array(count);
    this.recovered = new Float64Array(count);
    this.lambda = new Float64Array(count);
    this.forms = new Uint8Array(steps.rotations.length);
    this.factors = new Float64Array(steps.rotations.length);
    this.#forward = new Float64Array(count);
    this.#backward = new Float64Array(count);
  }

  /**
   * Takes the cosines and sines of half the angles, at `positions` from `cosines` and `sines` on.
   * @param numKept how many of the last levels keep their ψ for the way back
   */
  prepare(numbers: Float64Array | Float32Array, cosines: number, sines: number, numKept: number): void {
    const { steps, rotations } = this.#steps;
    let carried = 1;
    for (let level = 0, at = 0; level < steps.length; level++) {
      const { numShared, runs, constants } = steps[level]!;
      let forward = 1;
      let backward = 1;
      for (const end = at + numShared; at < end; at++) {
        const c = numbers[cosines + rotations[at]!]!;
        const s = numbers[sines + rotations[at]!]!;
        const form = Math.abs(c) < Math.abs(s) ? 1 : 0;
        this.forms[at] = form;
        this.factors[at] = form === 1 ? c / s : s / c;
        forward *= form === 1 ? s : c;
        backward *= form === 1 ? -s : c;
      }
      const hasTable =
        level > 0 &&
        (runs.length > 0 ||
          constants !== undefined ||
          !(Math.abs(carried) < this.#largest && Math.abs(carried) > 1 / this.#largest));
      this.hasTable[level] = hasTable ? 1 : 0;
      this.#forward[level] = forward;
      this.#backward[level] = backward;
      carried = hasTable ? forward : carried * forward;
      this.psi[level] = carried;
    }
    const last = steps.length - 1;
    this.lambda[last] = this.psi[last]!;
    this.recovered[last] = this.psi[last]!;
    for (let level = last; level > 0; level--) {
      this.lambda[level - 1] = this.#before(level, this.lambda[level]!);
      this.recovered[level - 1] =
        level - 1 > last - numKept ? this.psi[level - 1]! : this.#before(level, this.recovered[level]!);
    }
  }

  /** The scale of a state before a level, undone, of which `after` is the scale after it. */
  #before(level: number, after: number): number {
    const undone = after * this.#backward[level]!;
    return this.hasTable[level] === 1 ? undone / this.psi[level - 1]! : undone;
  }
}
