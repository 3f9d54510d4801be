import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, type Operation, Rng, Target, TranspilerError } from "../../../../circuits/index.ts";
import { pairsWithin } from "../../../../circuits/transpiler/layout/dag.ts";
import { placeAndRoute } from "../../../../circuits/transpiler/layout/index.ts";
import { compiledState, infidelity, sourceState } from "../../../support/compact-state.ts";

const line = (n: number) =>
  Target.fromEdges(
    n,
    Array.from({ length: n - 1 }, (_, i) => [i, i + 1] as const),
  );
const ring = (n: number) =>
  Target.fromEdges(
    n,
    Array.from({ length: n }, (_, i) => [i, (i + 1) % n] as const),
  );
const star = Target.fromEdges(7, [
  [0, 1],
  [0, 2],
  [0, 3],
  [3, 4],
  [3, 5],
  [5, 6],
]);
const full = Target.fromEdges(
  6,
  Array.from({ length: 6 }, (_, a) => Array.from({ length: a }, (_, b) => [a, b] as const)).flat(),
);
const TARGETS = { line: line(8), ring: ring(7), star, full };

/** Gates of many kinds on at most two qubits, in runs and layers that give routing something to use. */
function randomPairs(rng: Rng, numQubits: number, numGates: number): Circuit {
  return Circuit.build(numQubits, (c) => {
    for (let i = 0; i < numGates; i++) {
      const [a, b] = rng.permutation(numQubits) as unknown as [number, number];
      const angle = rng.normal();
      switch (rng.integer(9)) {
        case 0:
          c.cx(a, b);
          break;
        case 1:
          c.rzz(angle, a, b);
          break;
        case 2:
          c.cp(angle, a, b);
          break;
        case 3:
          c.swap(a, b);
          break;
        case 4:
          c.rxx(angle, a, b).rz(angle, a);
          break;
        case 5:
          for (let q = 0; q < numQubits; q++) c.rx(angle, q);
          break;
        case 6:
          c.rz(angle, a).cz(a, b);
          break;
        case 7:
          c.h(a);
          break;
        default:
          c.cx(a, b).ry(angle, b).cx(a, b);
      }
    }
  });
}

function randomState(rng: Rng, numQubits: number): Float64Array {
  const state = Float64Array.from({ length: 2 * 2 ** numQubits }, () => rng.normal());
  const norm = Math.hypot(...state);
  return state.map((value) => value / norm);
}

function expectRouted(operations: readonly Operation[], target: Target): void {
  for (const operation of operations)
    for (const [a, b] of pairsWithin(operation)) expect(target.neighbours[a], `${a},${b}`).toContain(b);
}

describe("placeAndRoute", () => {
  test("keeps the state of any input up to the permutation, on pairs that are joined", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...(Object.keys(TARGETS) as (keyof typeof TARGETS)[])),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0 as const, 1 as const, 2 as const),
        (seed, name, numQubits, effort) => {
          const rng = Rng.seed(seed);
          const circuit = numQubits === 1 ? Circuit.build(1, (c) => c.h(0)) : randomPairs(rng, numQubits, 14);
          const target = TARGETS[name];
          const routed = placeAndRoute(circuit.operations, numQubits, target, { effort, rng: Rng.seed(seed) });
          expectRouted(routed.operations, target);
          const input = randomState(rng.fork("state"), numQubits);
          expect(infidelity(compiledState(routed, input), sourceState(circuit, input))).toBeLessThan(1e-10);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("keeps to a given initial layout", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = Rng.seed(seed);
        const circuit = randomPairs(rng, 4, 10);
        const initialLayout = [...rng.permutation(8)].slice(0, 4);
        const routed = placeAndRoute(circuit.operations, 4, TARGETS.line, { effort: 1, rng, initialLayout });
        expect(routed.initialLayout).toEqual(initialLayout);
        expectRouted(routed.operations, TARGETS.line);
        const input = randomState(rng.fork("state"), 4);
        expect(infidelity(compiledState(routed, input), sourceState(circuit, input))).toBeLessThan(1e-10);
      }),
      { numRuns: 40 },
    );
  });

  test("is the same every time for one seed", () => {
    const circuit = randomPairs(Rng.seed(5), 6, 30);
    const route = () => placeAndRoute(circuit.operations, 6, TARGETS.line, { effort: 2, rng: Rng.seed(9) });
    expect(route()).toEqual(route());
  });

  test("needs no swap where the circuit fits as it is", () => {
    const chain = Circuit.build(8, (c) => {
      for (const [a, b] of [
        [5, 2],
        [2, 7],
        [7, 0],
        [0, 1],
        [1, 3],
        [3, 6],
        [6, 4],
      ] as const)
        c.cx(a, b);
    });
    const routed = placeAndRoute(chain.operations, 8, TARGETS.line, { effort: 1, rng: Rng.seed(0) });
    expect(routed.operations).toHaveLength(7);
    expect(routed.finalLayout).toEqual(routed.initialLayout);
  });

  test("a star on a line takes one entangler a leaf and about one a move", () => {
    // Gates of one control commute, and a swap right after a CX on the same pair costs one entangler more.
    const fan = Circuit.build(8, (c) => {
      for (let leaf = 1; leaf < 8; leaf++) c.cx(0, leaf);
    });
    const routed = placeAndRoute(fan.operations, 8, TARGETS.line, { effort: 2, rng: Rng.seed(0) });
    expect(routed.cost).toBeLessThanOrEqual(12);
  });

  test("commuting gates may change places, others may not", () => {
    const names = (circuit: Circuit) =>
      placeAndRoute(circuit.operations, circuit.numQubits, TARGETS.full, {
        effort: 0,
        rng: Rng.seed(0),
      }).operations.map((operation) => (operation.kind === "gate" ? operation.gate : operation.kind));
    expect(names(Circuit.build(2, (c) => c.h(0).rzz(0.1, 0, 1).rx(0.2, 0).cx(0, 1)))).toEqual(["h", "rzz", "rx", "cx"]);
  });

  test("measurements, resets, barriers and delays stay where they are on their qubits", () => {
    const circuit = Circuit.build(3, (c) => {
      const bits = c.register("c", 3);
      c.h(0)
        .cx(0, 2)
        .barrier(0, 1, 2)
        .cx(1, 2)
        .delay(100, "ns", 1)
        .measure(1, bits.offset + 1)
        .reset(1)
        .cx(0, 1)
        .measure(0, bits.offset);
    });
    const routed = placeAndRoute(circuit.operations, 3, TARGETS.line, { effort: 2, rng: Rng.seed(0) });
    const kinds = routed.operations.map(({ kind }) => kind).filter((kind) => kind !== "gate");
    expect(kinds).toEqual(["barrier", "delay", "measure", "reset", "measure"]);
    const barrier = routed.operations.findIndex(({ kind }) => kind === "barrier");
    const before = routed.operations.slice(0, barrier).filter((o) => o.kind === "gate" && o.gate !== "swap");
    expect(before).toHaveLength(2);
  });

  test("brings the pairs of a conditional together before it", () => {
    const circuit = Circuit.build(6, (c) => {
      const bits = c.register("c", 1);
      for (let q = 0; q + 1 < 6; q++) c.cx(q, q + 1);
      c.measure(0, bits.offset).if(bits, 1, (inner) => inner.cx(5, 2).h(3).cz(2, 1));
      c.if(bits, 0, (inner) => inner.cx(3, 5));
    });
    const routed = placeAndRoute(circuit.operations, 6, TARGETS.line, { effort: 1, rng: Rng.seed(1) });
    expectRouted(routed.operations, TARGETS.line);
    expect(routed.operations.filter(({ kind }) => kind === "if")).toHaveLength(2);
  });

  test("conditionals stay after the measurements that they read", () => {
    const circuit = Circuit.build(2, (c) => {
      const bits = c.register("c", 1);
      c.h(0)
        .measure(0, bits.offset)
        .if(bits, 1, (inner) => inner.x(1))
        .measure(1, bits.offset);
    });
    const routed = placeAndRoute(circuit.operations, 2, TARGETS.line, { effort: 1, rng: Rng.seed(1) });
    expect(routed.operations.map(({ kind }) => kind)).toEqual(["gate", "measure", "if", "measure"]);
  });

  test("parts that do not interact may stand in regions that no gate joins", () => {
    const split = Target.fromEdges(6, [
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
    const circuit = Circuit.build(5, (c) => c.cx(0, 4).cx(1, 2).cx(2, 3).cx(1, 3));
    const routed = placeAndRoute(circuit.operations, 5, split, { effort: 1, rng: Rng.seed(0) });
    expectRouted(routed.operations, split);
    expect(infidelity(compiledState(routed), sourceState(circuit))).toBeLessThan(1e-10);
  });

  test("idle qubits have places too", () => {
    const circuit = Circuit.build(5, (c) => c.cx(1, 3));
    const routed = placeAndRoute(circuit.operations, 5, TARGETS.star, { effort: 1, rng: Rng.seed(0) });
    expect(new Set(routed.initialLayout).size).toBe(5);
  });
});

describe("what cannot be placed", () => {
  const code = (define: () => unknown): string => {
    try {
      define();
    } catch (error) {
      if (error instanceof TranspilerError) return error.code;
      throw error;
    }
    return "none";
  };
  const place = (circuit: Circuit, target: Target, initialLayout?: readonly number[]) =>
    code(() =>
      placeAndRoute(circuit.operations, circuit.numQubits, target, {
        effort: 1,
        rng: Rng.seed(0),
        ...(initialLayout && { initialLayout }),
      }),
    );
  const split = Target.fromEdges(6, [
    [0, 1],
    [1, 2],
    [3, 4],
    [4, 5],
  ]);

  test.each([
    [
      "too wide",
      place(
        Circuit.build(9, (c) => c.h(0)),
        TARGETS.line,
      ),
      "LAYOUT_WIDTH",
    ],
    [
      "no region large enough",
      place(
        Circuit.build(4, (c) => c.cx(0, 1).cx(1, 2).cx(2, 3)),
        split,
      ),
      "LAYOUT_DISCONNECTED",
    ],
    [
      "a layout over two regions",
      place(
        Circuit.build(2, (c) => c.cx(0, 1)),
        split,
        [2, 3],
      ),
      "LAYOUT_DISCONNECTED",
    ],
    [
      "a layout of the wrong length",
      place(
        Circuit.build(2, (c) => c.cx(0, 1)),
        split,
        [2],
      ),
      "LAYOUT_INITIAL",
    ],
    [
      "a place twice",
      place(
        Circuit.build(2, (c) => c.h(0)),
        split,
        [2, 2],
      ),
      "LAYOUT_INITIAL",
    ],
    [
      "a place that there is not",
      place(
        Circuit.build(2, (c) => c.h(0)),
        split,
        [2, 6],
      ),
      "LAYOUT_INITIAL",
    ],
    [
      "a place that is no number",
      place(
        Circuit.build(1, (c) => c.h(0)),
        split,
        [0.5],
      ),
      "LAYOUT_INITIAL",
    ],
    [
      "a branch with a triangle on a line",
      place(
        Circuit.build(3, (c) => {
          const bits = c.register("c", 1);
          c.measure(0, bits.offset).if(bits, 1, (inner) => inner.cx(0, 1).cx(1, 2).cx(0, 2));
        }),
        TARGETS.line,
      ),
      "LAYOUT_BRANCH",
    ],
  ])("%s", (_, found, expected) => {
    expect(found).toBe(expected);
  });
});
