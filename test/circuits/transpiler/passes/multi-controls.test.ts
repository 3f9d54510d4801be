import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, type Operation, weight } from "../../../../circuits/index.ts";
import { phaseFreeDistance } from "../../../../circuits/transpiler/linalg/four-by-four.ts";
import { unroll } from "../../../../circuits/transpiler/passes/unroll.ts";

const entanglers = (operations: readonly Operation[]): number =>
  operations.reduce(
    (sum, operation) =>
      sum +
      (operation.kind === "gate" ? (({ cz: 1, rzz: 2, swap: 3 } as Record<string, number>)[operation.gate] ?? 0) : 0),
    0,
  );

function unrolled(circuit: Circuit): Circuit {
  return Circuit.build(circuit.numQubits, (c) => {
    for (const operation of unroll(circuit.operations, circuit.numQubits)) c.append(operation);
  });
}

describe("gates with many controls", () => {
  test.each([
    [2, 0],
    [3, 0],
    [4, 0],
    [5, 0],
    [6, 0],
    [5, 1],
  ])("X with %i controls and %i qubits that have no part in it", (controls, idle) => {
    const numQubits = controls + 1 + idle;
    const circuit = Circuit.build(numQubits, (c) =>
      c.mcx(
        Array.from({ length: controls }, (_, i) => numQubits - 1 - i),
        0,
        2 ** controls - 2,
      ),
    );
    expect(phaseFreeDistance(circuitMatrix(unrolled(circuit)), circuitMatrix(circuit))).toBeLessThan(1e-9);
  });

  test("grow by squares without qubits to borrow, and by a constant a control with them", () => {
    const cost = (controls: number, numQubits: number): number =>
      entanglers(
        unroll(Circuit.build(numQubits, (c) => c.mcx([...Array(controls).keys()], controls)).operations, numQubits),
      );
    expect(cost(2, 3)).toBe(6);
    expect(cost(30, 31)).toBeLessThan(5 * cost(15, 16));
    expect(cost(20, 40) - cost(19, 40)).toBe(12);
    expect(cost(30, 32)).toBeLessThan(2.3 * cost(15, 17));
  });

  test.each([3, 4])("free angles under %i controls", (controls) => {
    const t = weight("t");
    const all = Array.from({ length: controls + 1 }, (_, i) => i);
    const circuit = Circuit.build(controls + 1, (c) =>
      c
        .mcp(t, all.slice(0, -1), controls)
        .gate("ry", [t.times(0.5)], all, { numControls: controls })
        .gate("u", [t, 0.3, t.negated()], all, { numControls: controls, controlState: 1 })
        .gate("swap", [], all, { numControls: controls - 1 }),
    );
    for (const value of [0, 0.7, Math.PI, -4]) {
      const bound = circuit.bind({ t: value });
      const compiled = unrolled(circuit).bind({ t: value });
      expect(phaseFreeDistance(circuitMatrix(compiled), circuitMatrix(bound))).toBeLessThan(1e-9);
    }
  });
});
