import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, compile, type Matrix, Rng } from "../../../../circuits/index.ts";
import { phaseFreeDistance } from "../../../../circuits/transpiler/linalg/four-by-four.ts";
import { shannonDecomposition } from "../../../../circuits/transpiler/passes/shannon.ts";
import { distanceFromSource, lineTarget } from "../../../support/compiled-equivalence.ts";
import { haarUnitary } from "../../../support/haar.ts";

function rebuilt(matrix: Matrix, numQubits: number): { readonly distance: number; readonly entanglers: number } {
  const operations = shannonDecomposition(
    matrix,
    Array.from({ length: numQubits }, (_, q) => q),
  );
  const circuit = Circuit.build(numQubits, (c) => {
    for (const operation of operations) c.append(operation);
  });
  return {
    distance: phaseFreeDistance(circuitMatrix(circuit), matrix),
    entanglers: operations.reduce(
      (sum, operation) => sum + (operation.qubits.length < 2 ? 0 : operation.kind === "unitary" ? 3 : 1),
      0,
    ),
  };
}

describe("the quantum Shannon decomposition", () => {
  test.each([
    [3, 23],
    [4, 115],
    [5, 507],
  ])("writes random unitaries on %i qubits with %i entanglers", (numQubits, expected) => {
    const rng = Rng.seed(numQubits);
    for (let trial = 0; trial < (numQubits === 3 ? 20 : 2); trial++) {
      const { distance, entanglers } = rebuilt(haarUnitary(rng, 2 ** numQubits), numQubits);
      expect(distance).toBeLessThan(1e-11);
      expect(entanglers).toBe(expected);
    }
  });

  const special: Readonly<Record<string, Circuit>> = {
    identity: Circuit.build(3, (c) => c),
    permutations: Circuit.build(3, (c) => c.ccx(0, 1, 2).cswap(2, 0, 1).cx(2, 0)),
    "gates on low qubits": Circuit.build(3, (c) => c.ry(0.3, 0).cx(0, 1).rz(0.2, 1)),
    "gates on the highest qubit": Circuit.build(3, (c) => c.ry(0.3, 2).x(2).t(2)),
    diagonals: Circuit.build(3, (c) => c.cp(0.3, 0, 2).rzz(0.7, 1, 2).ccz(0, 1, 2)),
    "angles next to nothing": Circuit.build(3, (c) => c.rx(1e-8, 2).ry(1e-7, 0).cx(0, 1).rzz(1e-8, 1, 2).rx(1e-12, 2)),
    "angles next to half turns": Circuit.build(3, (c) =>
      c
        .rxx(Math.PI - 1e-8, 0, 2)
        .ry(1e-5, 1)
        .cx(1, 2)
        .rxx(1e-6, 1, 2),
    ),
    "equal eigenvalues": Circuit.build(3, (c) => c.h(0).h(1).h(2).cz(0, 1).cz(1, 2).swap(0, 2)),
  };
  test.each(Object.entries(special))("is exact for %s", (_, circuit) => {
    expect(rebuilt(circuitMatrix(circuit), 3).distance).toBeLessThan(1e-11);
  });

  test("refuses what would not fit", () => {
    const qubits = Array.from({ length: 9 }, (_, q) => q);
    expect(() => shannonDecomposition(new Float64Array(2), qubits)).toThrow(
      expect.objectContaining({ code: "UNITARY_SYNTHESIS" }),
    );
  });

  test("serves unitaries of a circuit, controlled ones too", () => {
    const rng = Rng.seed("unitaries");
    const inner = Circuit.build(2, (c) => c.unitary(haarUnitary(rng, 4), [1, 0]));
    const controlled = inner.control(2, 1).extend((c) => c.unitary(haarUnitary(rng, 8), [2, 0, 3]));
    const compiled = compile(controlled, lineTarget(4), { effort: 1 });
    expect(distanceFromSource(controlled, compiled, compiled.circuit)).toBeLessThan(1e-9);
    expect(compiled.metrics.twoQubitGates).toBeLessThan(250);
  });
});
