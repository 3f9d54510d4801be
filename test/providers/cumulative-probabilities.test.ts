import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { CumulativeProbabilities } from "../../providers/simulator/cumulative-probabilities.ts";

/** A state of 2^n amplitudes, of which a part is exactly 0 and another many orders of magnitude smaller than the rest. */
function patchyState(n: number, zeros: number, tiny: number, seed: number): Float64Array {
  const rng = Rng.seed(seed);
  const state = new Float64Array(2 * 2 ** n);
  for (let basis = 0; basis < 2 ** n; basis++) {
    const kind = rng.uniform();
    if (kind < zeros) continue;
    const size = kind < zeros + tiny ? 1e-9 : 1;
    state[2 * basis] = size * rng.normal();
    state[2 * basis + 1] = size * rng.normal();
  }
  return state;
}

function find(cumulative: CumulativeProbabilities, targets: Float64Array): Int32Array {
  const found = new Int32Array(targets.length);
  cumulative.find(targets, found);
  return found;
}

const probability = (state: Float64Array, basis: number): number => state[2 * basis]! ** 2 + state[2 * basis + 1]! ** 2;

/** [2^n + 1] sums before each amplitude, compensated, so that they are right to the last bits. */
function sumsBefore(state: Float64Array): Float64Array {
  const sums = new Float64Array(state.length / 2 + 1);
  let sum = 0;
  let lost = 0;
  for (let basis = 0; basis < state.length / 2; basis++) {
    const term = probability(state, basis) - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
    sums[basis + 1] = sum;
  }
  return sums;
}

/** Each outcome can occur, and its interval of the cumulative sums holds the target, up to rounding. */
function assertFound(state: Float64Array, targets: Float64Array, found: Int32Array): void {
  const sums = sumsBefore(state);
  const rounding = 1e-13 * sums.at(-1)!;
  for (const [i, basis] of found.entries())
    if (
      !(probability(state, basis) > 0) ||
      targets[i]! < sums[basis]! - rounding ||
      targets[i]! > sums[basis + 1]! + rounding
    )
      expect.fail(`target ${targets[i]} found ${basis}, which has ${sums[basis]} to ${sums[basis + 1]}`);
}

describe("searching cumulative probabilities", () => {
  test("finds the state whose interval holds the target, for any state, size and number of searches", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(),
        (n, zeros, tiny, searches, seed) => {
          const state = patchyState(n, zeros, tiny, seed);
          fc.pre(state.some((value) => value !== 0));
          const cumulative = new CumulativeProbabilities(state, searches);
          const rng = Rng.seed(seed).fork("targets");
          const targets = Float64Array.from({ length: 200 }, () => rng.uniform() * cumulative.total);
          assertFound(state, targets, find(cumulative, targets.slice()));
        },
      ),
    );
  });

  test.each([15, 16, 17, 18])("and where the order of reading is changed: %i qubits", (n) => {
    const state = patchyState(n, 0.3, 0.3, n);
    const rng = Rng.seed(n);
    for (const searches of [1, 1000, 50_000]) {
      const cumulative = new CumulativeProbabilities(state, searches);
      const targets = Float64Array.from({ length: 20_000 }, () => rng.uniform() * cumulative.total);
      assertFound(state, targets, find(cumulative, targets.slice()));
    }
  });

  test.each([
    ["the first", 0],
    ["one in the middle", 70_001],
    ["the last", 2 ** 17 - 1],
  ])("all of the probability in %s state", (_, basis) => {
    const state = new Float64Array(2 * 2 ** 17);
    state[2 * basis + 1] = -3;
    for (const searches of [1, 100, 1e5]) {
      const cumulative = new CumulativeProbabilities(state, searches);
      expect(cumulative.total).toBe(9);
      // The ends of the range and targets that rounding has left at the total.
      const targets = Float64Array.of(0, 4.5, 9 - 2 ** -50, 9);
      expect([...find(cumulative, targets)]).toEqual([basis, basis, basis, basis]);
    }
  });

  test("a sum belongs to the next state that can occur, and the total to the last", () => {
    const state = new Float64Array(2 * 64);
    for (const [basis, amplitude] of [
      [3, 1],
      [9, 2],
      [10, 1],
      [40, 1],
    ] as const)
      state[2 * basis] = amplitude;
    for (const searches of [1, 1000]) {
      const cumulative = new CumulativeProbabilities(state, searches);
      const found = find(cumulative, Float64Array.of(0, 0.5, 1, 4.99, 5, 6, 6.5, 7));
      expect([...found]).toEqual([3, 3, 9, 9, 10, 40, 40, 40]);
    }
  });

  test.each([1e-150, 1e-100, 1, 1e100, 1e150])("any norm: amplitudes of about %d", (size) => {
    const plain = patchyState(8, 0.2, 0, 1);
    const scaled = plain.map((value) => value * size);
    const fractions = Float64Array.from({ length: 500 }, (_, i) => (i + 0.5) / 500);
    const draw = (state: Float64Array) => {
      const cumulative = new CumulativeProbabilities(state, 500);
      return [
        ...find(
          cumulative,
          fractions.map((fraction) => fraction * cumulative.total),
        ),
      ];
    };
    expect(draw(scaled)).toEqual(draw(plain));
  });

  test.each([
    ["NaN", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
    ["too large to be squared", 1e200],
  ])("an amplitude that is %s is refused", (_, value) => {
    for (const place of [0, 9, 2 * 32 - 1]) {
      const state = patchyState(5, 0, 0, 1);
      state[place] = value;
      expect(() => new CumulativeProbabilities(state, 10)).toThrow(
        expect.objectContaining({ code: "STATE_NOT_FINITE" }),
      );
    }
  });
});
