import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, Rng, Target } from "../../../../circuits/index.ts";
import { couplingOf } from "../../../../circuits/transpiler/layout/coupling.ts";
import { gatherPairs } from "../../../../circuits/transpiler/layout/gather.ts";
import { placeAndRoute } from "../../../../circuits/transpiler/layout/index.ts";

const line = Target.fromEdges(
  9,
  Array.from({ length: 8 }, (_, i) => [i, i + 1] as const),
);
const ladder = Target.fromEdges(
  10,
  Array.from({ length: 5 }, (_, i) => [
    [2 * i, 2 * i + 1],
    ...(i < 4
      ? [
          [2 * i, 2 * i + 2],
          [2 * i + 1, 2 * i + 3],
        ]
      : []),
  ]).flat() as [number, number][],
);

describe("gatherPairs", () => {
  test.each([
    [
      "a path on a line",
      line,
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    [
      "two pairs on a line",
      line,
      [
        [0, 4],
        [2, 3],
      ],
    ],
    [
      "a square on a ladder",
      ladder,
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
      ],
    ],
    [
      "a fork on a ladder",
      ladder,
      [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
    ],
  ] as const)("%s, from anywhere", (_, target, pairs) => {
    const coupling = couplingOf(target);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const places = Rng.seed(seed).permutation(target.numQubits).slice(0, 5);
        const swaps = gatherPairs(coupling, places, pairs as readonly (readonly [number, number])[]);
        for (const edge of swaps!)
          for (let q = 0; q < places.length; q++)
            if (places[q] === coupling.low[edge]) places[q] = coupling.high[edge]!;
            else if (places[q] === coupling.high[edge]) places[q] = coupling.low[edge]!;
        for (const [a, b] of pairs) expect(target.distance(places[a]!, places[b]!)).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  test("there is no triangle on a line", () => {
    expect(
      gatherPairs(
        couplingOf(line),
        [0, 1, 2],
        [
          [0, 1],
          [1, 2],
          [0, 2],
        ],
      ),
    ).toBeUndefined();
  });

  test("a conditional with many pairs is routed from any layout", () => {
    const circuit = Circuit.build(5, (c) => {
      const bits = c.register("c", 1);
      c.measure(0, bits.offset).if(bits, 1, (inner) => inner.cx(0, 4).cx(4, 1).cx(1, 3).cz(3, 2));
    });
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = Rng.seed(seed);
        const initialLayout = [...rng.permutation(9)].slice(0, 5);
        const routed = placeAndRoute(circuit.operations, 5, line, { effort: 0, rng, initialLayout });
        expect(routed.operations.at(-1)!.kind).toBe("if");
      }),
      { numRuns: 30 },
    );
  });
});
