import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, SparsePauliOp, slotsOf, weight } from "../../../circuits/index.ts";
import { pauliRotation, trotter } from "../../../circuits/library/index.ts";
import { rotationMatrix } from "../../../circuits/matrices.ts";
import { distance } from "./golden.ts";

const labels = fc.string({ unit: fc.constantFrom("I", "X", "Y", "Z"), minLength: 1, maxLength: 5 });
const options = { seed: 11, numRuns: 120 };

describe("pauliRotation", () => {
  test("is exp(-i·angle/2·P) for every Pauli string, with one slot", () => {
    fc.assert(
      fc.property(labels, fc.double({ min: -7, max: 7, noNaN: true }), (label, angle) => {
        expect(distance(circuitMatrix(pauliRotation(label, angle)), rotationMatrix(label, angle))).toBeLessThan(1e-13);
        const slots = slotsOf(pauliRotation(label, weight("t")));
        expect(slots).toHaveLength(1);
        expect(slots[0]!.frequencies).toEqual(/^I+$/.test(label) ? [] : [1]);
      }),
      options,
    );
  });

  test.each([
    ["X", { rx: 1 }],
    ["IYI", { ry: 1 }],
    ["ZIX", { rzx: 1 }],
    ["XIZ", { rzx: 1 }],
    ["YY", { ryy: 1 }],
    ["XY", { h: 2, sx: 1, sxdg: 1, rzz: 1 }],
    ["ZZZZ", { cx: 6, rz: 1 }],
    ["III", { gphase: 1 }],
  ])("%s uses %j", (label, count) => {
    expect(pauliRotation(label, 0.3).count()).toEqual(count);
  });

  test("takes maps and strings of the observable, on more qubits", () => {
    const byLabel = pauliRotation("IXZ", 0.4);
    expect(pauliRotation({ 0: "Z", 1: "X" }, 0.4, 3).equals(byLabel)).toBe(true);
    expect(pauliRotation(SparsePauliOp.fromLabels("XZ").terms[0]!.pauli, 0.4, 3).equals(byLabel)).toBe(true);
    expect(pauliRotation({ 4: "X" }, 0.4).numQubits).toBe(5);
  });

  test("refuses other letters and qubits beyond the circuit", () => {
    expect(() => pauliRotation("XQ", 1)).toThrow(expect.objectContaining({ code: "OBSERVABLE_LABEL" }));
    expect(() => pauliRotation("XXX", 1, 2)).toThrow(expect.objectContaining({ code: "QUBIT_RANGE" }));
  });
});

describe("trotter", () => {
  const hamiltonian = SparsePauliOp.parse("0.7*ZZI + 0.4*IXX - 0.9*YIX + 0.2*III");
  const time = 0.8;
  const exact = circuitMatrix(trotter(hamiltonian, { time, steps: 40, order: 6 }));
  const errorOf = (order: number, steps: number): number =>
    distance(circuitMatrix(trotter(hamiltonian, { time, steps, order })), exact);

  test("commuting terms: exact in one step, identity phase included", () => {
    const diagonal = SparsePauliOp.parse("0.7*ZZ + 0.3*IZ - 0.2*II");
    const phases: number[] = [];
    const matrix = circuitMatrix(trotter(diagonal, { time }));
    for (let i = 0; i < 4; i++) {
      const z = [1 - 2 * (i & 1), 1 - (i & 2)] as const;
      phases[i] = -time * (0.7 * z[0] * z[1] + 0.3 * z[0] - 0.2);
      expect(matrix[2 * 5 * i]).toBeCloseTo(Math.cos(phases[i]!), 13);
      expect(matrix[2 * 5 * i + 1]).toBeCloseTo(Math.sin(phases[i]!), 13);
    }
  });

  test.each([1, 2, 4])("order %i: halving the step divides the error by 2^order", (order) => {
    const ratio = errorOf(order, 4) / errorOf(order, 8);
    expect(ratio).toBeGreaterThan(2 ** order * 0.8);
    expect(ratio).toBeLessThan(2 ** order * 1.25);
  });

  test("the time may be a parameter", () => {
    const t = weight("t");
    const bound = trotter(hamiltonian, { time: t, steps: 2, order: 2 }).bind({ t: time });
    const direct = trotter(hamiltonian, { time, steps: 2, order: 2 });
    expect(distance(circuitMatrix(bound), circuitMatrix(direct))).toBeLessThan(1e-14);
    expect(bound).toBeInstanceOf(Circuit);
  });

  test.each([
    [{ time: 1, order: 3 }, "TROTTER_ORDER"],
    [{ time: 1, order: 0 }, "TROTTER_ORDER"],
    [{ time: 1, steps: 0 }, "LIBRARY_COUNT"],
    [{ time: Number.NaN }, "GATE_ANGLE"],
  ])("%j is refused", (given, code) => {
    expect(() => trotter(hamiltonian, given)).toThrow(expect.objectContaining({ code }));
  });
});
