import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng, Target } from "../../../../circuits/index.ts";
import { couplingOf } from "../../../../circuits/transpiler/layout/coupling.ts";
import { type ErrorCosts, errorCosts, type Usage } from "../../../../circuits/transpiler/layout/error-costs.ts";
import { findPlacement, placementScore } from "../../../../circuits/transpiler/layout/vf2.ts";
import { transpileTarget } from "../../../support/transpile-corpus.ts";

function usage(numQubits: number, pairs: readonly (readonly [number, number])[], readouts = 1): Usage {
  return {
    numQubits,
    pairs: pairs.map(([first, second], i) => ({ first, second, count: 1 + (i % 3) })),
    singles: new Float64Array(numQubits).fill(1),
    readouts: new Float64Array(numQubits).fill(readouts),
  };
}
const path = (n: number) =>
  usage(
    n,
    Array.from({ length: n - 1 }, (_, i) => [i, i + 1] as const),
  );
const grid = Target.fromEdges(
  9,
  [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((q) => [
    ...(q % 3 < 2 ? [[q, q + 1] as const] : []),
    ...(q < 6 ? [[q, q + 3] as const] : []),
  ]),
);

function randomCosts(rng: Rng, numEdges: number, numPlaces: number): ErrorCosts {
  const draw = (length: number) => Float64Array.from({ length }, () => 0.1 * rng.uniform());
  return { pair: draw(numEdges), single: draw(numPlaces), readout: draw(numPlaces) };
}

/** The least score over all placements. */
function exhaustive(wanted: Usage, coupling: ReturnType<typeof couplingOf>, costs: ErrorCosts): number {
  let best = Number.POSITIVE_INFINITY;
  const layout: number[] = [];
  const extend = (): void => {
    if (layout.length === wanted.numQubits) {
      best = Math.min(best, placementScore(wanted, coupling, costs, layout));
      return;
    }
    for (let place = 0; place < coupling.numQubits; place++) {
      if (layout.includes(place)) continue;
      layout.push(place);
      extend();
      layout.pop();
    }
  };
  extend();
  return best;
}

describe("findPlacement", () => {
  test("finds the best placement of small graphs, as trying all does", () => {
    const coupling = couplingOf(grid);
    const graphs = [
      usage(4, [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
      ]),
      usage(4, [
        [0, 1],
        [0, 2],
        [0, 3],
      ]),
      usage(5, [
        [0, 1],
        [2, 3],
      ]),
      usage(3, [[0, 2]]),
      usage(4, [
        [0, 1],
        [1, 2],
        [0, 2],
      ]),
    ];
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...graphs), (seed, wanted) => {
        const costs = randomCosts(Rng.seed(seed), coupling.numEdges, 9);
        const found = findPlacement(wanted, coupling, costs, 50_000, Rng.seed(1));
        const best = exhaustive(wanted, coupling, costs);
        if (best === Number.POSITIVE_INFINITY) expect(found).toBeUndefined();
        // Qubits that meet no other are placed after the others: not always the best of all.
        else if (new Set(wanted.pairs.flatMap(({ first, second }) => [first, second])).size < wanted.numQubits)
          expect(found!.score).toBeGreaterThanOrEqual(best - 1e-12);
        else expect(found!.score).toBeCloseTo(best, 12);
        if (found !== undefined)
          expect(placementScore(wanted, coupling, costs, found.layout)).toBeCloseTo(found.score, 12);
      }),
      { numRuns: 25 },
    );
  });

  test.each([20, 40, 60])("finds a path of %i qubits on a heavy-hex device with broken pairs", (n) => {
    const torino = transpileTarget("torino");
    const coupling = couplingOf(torino);
    const found = findPlacement(path(n), coupling, errorCosts(torino, coupling), 8_000, Rng.seed(0))!;
    expect(new Set(found.layout).size).toBe(n);
    for (let q = 0; q + 1 < n; q++) expect(torino.isLive("cz", [found.layout[q]!, found.layout[q + 1]!])).toBe(true);
  });

  test("a known placement is only replaced by a better one", () => {
    const coupling = couplingOf(grid);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const costs = randomCosts(Rng.seed(seed), coupling.numEdges, 9);
        const layout = Int32Array.of(0, 1, 2, 5, 4);
        const known = { layout, score: placementScore(path(5), coupling, costs, layout) };
        const found = findPlacement(path(5), coupling, costs, 200, Rng.seed(0), known)!;
        expect(found.score).toBeLessThanOrEqual(known.score);
        expect(placementScore(path(5), coupling, costs, found.layout)).toBeCloseTo(found.score, 12);
      }),
      { numRuns: 50 },
    );
  });

  test("what cannot fit is told at once", () => {
    const coupling = couplingOf(grid);
    const costs = randomCosts(Rng.seed(0), coupling.numEdges, 9);
    const star = usage(6, [
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
      [0, 5],
    ]);
    expect(findPlacement(star, coupling, costs, 1e9, Rng.seed(0))).toBeUndefined();
    const complete = usage(
      9,
      Array.from({ length: 9 }, (_, a) => Array.from({ length: a }, (_, b) => [a, b] as const)).flat(),
    );
    expect(findPlacement(complete, coupling, costs, 1e9, Rng.seed(0))).toBeUndefined();
  });
});
