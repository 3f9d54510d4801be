import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  type CircuitError,
  circuitMatrix,
  dickeState,
  qaoaAnsatz,
  Rng,
  SparsePauliOp,
  xyMixer,
} from "../../../circuits/index.ts";
import { distance, gateList, stateOf } from "./golden.ts";

const onesIn = (index: number): number => index.toString(2).replaceAll("0", "").length;
const codeOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    return (error as CircuitError).code;
  }
  return "none";
};

describe("dickeState", () => {
  test("has the same amplitude on every state with so many ones, and none elsewhere", () => {
    for (let n = 1; n <= 6; n++)
      for (let ones = 0; ones <= n; ones++) {
        const indices = Array.from({ length: 2 ** n }, (_, i) => i);
        const wanted = indices.filter((index) => onesIn(index) === ones).length;
        const expected = indices.flatMap((index) => [onesIn(index) === ones ? 1 / Math.sqrt(wanted) : 0, 0]);
        expect(distance(stateOf(dickeState(n, ones)), expected), `${ones} of ${n}`).toBeLessThan(1e-12);
      }
  });
  test("takes gates in proportion to n·k, not to the number of its states", () => {
    expect(dickeState(20, 10).operations.length).toBeLessThan(10 * 20 * 10);
  });
  test("refuses more ones than qubits", () => {
    expect(codeOf(() => dickeState(3, 4))).toBe("LIBRARY_COUNT");
    expect(codeOf(() => dickeState(3, 0.5))).toBe("LIBRARY_COUNT");
  });
});

describe("xyMixer", () => {
  const shapes = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
    free: fc.integer({ min: 0, max: 1 }),
    pattern: fc.constantFrom("ring" as const, "complete" as const),
    seed: fc.nat(),
  });

  test("keeps the number of ones in each group, whatever cost and angles", () => {
    fc.assert(
      fc.property(shapes, ({ sizes, free, pattern, seed }) => {
        const rng = Rng.seed(seed);
        const n = sizes.reduce((sum, size) => sum + size, free);
        // Groups of qubits that do not stand side by side.
        const order = [...rng.permutation(n)];
        const groups = sizes.map((size) => order.splice(0, size));
        const ones = groups.map((group) => rng.integer(group.length + 1));
        const start = Circuit.build(n, (c) => {
          for (const [i, group] of groups.entries()) c.place(dickeState(group.length, ones[i]!), group);
        });
        const cost = SparsePauliOp.fromMaps(n, [
          [{ 0: "Z" }, rng.normal()],
          ...Array.from({ length: n - 1 }, (_, i) => [{ [i]: "Z", [n - 1]: "Z" }, rng.normal()] as const),
        ]);
        const circuit = qaoaAnsatz(cost, { reps: 2, mixer: xyMixer({ groups, pattern }), initialState: start });
        const state = stateOf(circuit.bind({ gamma: [rng.normal(), 2], beta: [rng.normal(), 1] }));
        for (let index = 0; index < 2 ** n; index++) {
          const keeps = groups.every((group, i) => group.filter((q) => (index >> q) & 1).length === ones[i]);
          if (!keeps) expect(Math.hypot(state[2 * index]!, state[2 * index + 1]!)).toBeLessThan(1e-12);
        }
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  test("is the exponential of its pairs, each once: neighbours on a ring, or all", () => {
    const mixer = (size: number, pattern: "ring" | "complete") =>
      Circuit.build(size, (c) => xyMixer({ groups: [Array.from({ length: size }, (_, i) => i)], pattern })(c, 0.3));
    for (let size = 2; size <= 7; size++)
      for (const pattern of ["ring", "complete"] as const) {
        const pairs = gateList(mixer(size, pattern)).map((gate) =>
          gate.replace("xx_plus_yy ", "").split(",").map(Number).sort().join(),
        );
        const wanted = pattern === "ring" ? (size === 2 ? 1 : size) : (size * (size - 1)) / 2;
        expect(new Set(pairs).size).toBe(wanted);
        expect(pairs.length).toBe(wanted);
      }
    const two = SparsePauliOp.parse("0.5*XX + 0.5*YY");
    const exact = qaoaAnsatz(SparsePauliOp.parse("ZZ"), { mixer: two }).bind({ gamma: [0.1], beta: [0.3] });
    const own = qaoaAnsatz(SparsePauliOp.parse("ZZ"), { mixer: xyMixer({ groups: [[0, 1]] }) });
    expect(distance(circuitMatrix(own.bind({ gamma: [0.1], beta: [0.3] })), circuitMatrix(exact))).toBeLessThan(1e-12);
  });

  test("pairs that share no qubit stand together", () => {
    const circuit = Circuit.build(8, (c) =>
      xyMixer({ groups: [[0, 1, 2, 3, 4, 5, 6, 7]], pattern: "complete" })(c, 0.3),
    );
    expect(circuit.depth()).toBe(7);
  });

  test("refuses a qubit in two groups and patterns that there are not", () => {
    expect(
      codeOf(() =>
        xyMixer({
          groups: [
            [0, 1],
            [1, 2],
          ],
        }),
      ),
    ).toBe("QUBIT_DUPLICATE");
    expect(codeOf(() => xyMixer({ groups: [[0, 1]], pattern: "line" as never }))).toBe("LIBRARY_OPTION");
    expect(codeOf(() => Circuit.build(1, (c) => xyMixer({ groups: [[0, 1]] })(c, 0.3)))).toBe("QUBIT_RANGE");
  });
});
