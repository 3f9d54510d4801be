import { describe, expect, test } from "vitest";
import { Circuit, compile, type IbmNduv, Target } from "../../../../circuits/index.ts";

/** A line of five equal qubits, but for how often they are misread. */
const errors = [0.3, 0.01, 0.02, 0.2, 0.001];
const pairs: [number, number][] = [0, 1, 2, 3].flatMap((q): [number, number][] => [
  [q, q + 1],
  [q + 1, q],
]);
const readout = (value: number): readonly IbmNduv[] => [{ name: "readout_error", value, unit: "" }];
const target = Target.fromIbm(
  { backend_name: "line", n_qubits: 5, basis_gates: ["cz", "rz", "sx", "x"], coupling_map: pairs },
  { qubits: errors.map(readout), gates: [] },
);

describe.each([0, 1, 2, 3] as const)("at effort %i", (effort) => {
  const layout = (circuit: Circuit) => compile(circuit, target, { effort }).initialLayout;

  test("a circuit that measures nothing is placed where observables are read well, idle qubits included", () => {
    expect([...layout(Circuit.build(2, (c) => c.h(0).cx(0, 1)))].sort()).toEqual([1, 2]);
    expect(layout(Circuit.build(3, (c) => c.h(0).cx(0, 1)))[2]).toBe(4);
    expect(layout(Circuit.build(1, () => {}))).toEqual([4]);
  });

  test("where something is measured, only that counts", () => {
    const circuit = Circuit.build(2, (c) => {
      c.register("c", 1);
      return c.h(0).cx(0, 1).measure(1, 0);
    });
    expect(layout(circuit)).toEqual([3, 4]);
  });
});
