import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, Rng, type UnitaryKind, weight } from "../../../../circuits/index.ts";
import { AXIS, entanglersFor, pairFacts, singleAxis } from "../../../../circuits/transpiler/layout/block-facts.ts";

const unitaries = (circuit: Circuit): UnitaryKind[] =>
  circuit.operations.filter((operation) => operation.kind === "gate" || operation.kind === "unitary");
const facts = (circuit: Circuit) => pairFacts(unitaries(circuit), 0, 1);

/** `count` CX with random gates on single qubits around them. */
function randomRun(seed: number, count: number): Circuit {
  const rng = Rng.seed(seed);
  const angle = (): number => rng.uniform() * 6 - 3;
  return Circuit.build(2, (c) => {
    for (let i = 0; i <= count; i++) {
      c.u(angle(), angle(), angle(), 0).u(angle(), angle(), angle(), 1);
      if (i < count) c.cx(i % 2, 1 - (i % 2));
    }
  });
}

describe("entanglers of a pair", () => {
  test("random gates around n CX need n, up to 3", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 5 }), (seed, count) => {
        expect(entanglersFor(circuitMatrix(randomRun(seed, count)))).toBe(Math.min(3, count));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["cx", Circuit.build(2, (c) => c.cx(0, 1)), 1, 2],
    ["cz", Circuit.build(2, (c) => c.cz(1, 0)), 1, 2],
    ["ecr", Circuit.build(2, (c) => c.ecr(0, 1)), 1, 2],
    ["rzz", Circuit.build(2, (c) => c.rzz(0.3, 0, 1)), 2, 3],
    ["cp", Circuit.build(2, (c) => c.cp(0.3, 0, 1)), 2, 3],
    ["swap", Circuit.build(2, (c) => c.swap(0, 1)), 3, 0],
    ["iswap", Circuit.build(2, (c) => c.swap(0, 1).cz(0, 1).s(0).s(1)), 2, 1],
    ["rxx and ryy of one angle", Circuit.build(2, (c) => c.rxx(0.7, 0, 1).ryy(0.7, 0, 1)), 2, 3],
    ["two cx with a turn between", Circuit.build(2, (c) => c.cx(0, 1).rz(0.4, 1).cx(0, 1)), 2, 3],
    ["an inverse pair", Circuit.build(2, (c) => c.cx(0, 1).cx(0, 1)), 0, 3],
  ] as const)("%s", (_, circuit, cost, swappedCost) => {
    expect(facts(circuit)).toMatchObject({ cost, swappedCost });
  });

  test("free angles count as any numbers, even where equal names would cancel", () => {
    const t = weight("t");
    expect(facts(Circuit.build(2, (c) => c.rzz(t, 0, 1)))).toMatchObject({
      cost: 2,
      axisFirst: AXIS.z,
      axisSecond: AXIS.z,
    });
    expect(facts(Circuit.build(2, (c) => c.rzz(t, 0, 1).rzz(t.negated(), 0, 1))).cost).toBe(2);
  });
});

describe("axes", () => {
  test.each([
    ["cx", Circuit.build(2, (c) => c.cx(0, 1)), AXIS.z, AXIS.x],
    ["cz after s and rz", Circuit.build(2, (c) => c.s(0).rz(0.2, 1).cz(0, 1)), AXIS.z, AXIS.z],
    ["rxx", Circuit.build(2, (c) => c.rxx(0.3, 0, 1)), AXIS.x, AXIS.x],
    ["ryy", Circuit.build(2, (c) => c.ryy(0.3, 0, 1)), AXIS.y, AXIS.y],
    ["cy", Circuit.build(2, (c) => c.cy(0, 1)), AXIS.z, AXIS.y],
    ["cx the other way", Circuit.build(2, (c) => c.cx(1, 0)), AXIS.x, AXIS.z],
    ["h before cz", Circuit.build(2, (c) => c.h(0).cz(0, 1)), AXIS.none, AXIS.z],
  ] as const)("%s", (_, circuit, first, second) => {
    expect(facts(circuit)).toMatchObject({ axisFirst: first, axisSecond: second });
  });

  test("of gates on one qubit", () => {
    const run = (define: (c: import("../../../../circuits/index.ts").CircuitBuilder) => unknown) =>
      singleAxis(unitaries(Circuit.build(3, define)), 2);
    expect(run((c) => c.rz(weight("a"), 2).s(2))).toBe(AXIS.z);
    expect(run((c) => c.rx(weight("a"), 2).x(2))).toBe(AXIS.x);
    expect(run((c) => c.ry(weight("a"), 2))).toBe(AXIS.y);
    expect(run((c) => c.h(2))).toBe(AXIS.none);
  });
});
