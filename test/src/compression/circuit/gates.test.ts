import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, SparsePauliOp, weight } from "../../../../circuits/index.ts";
import { createStatevectorEngine } from "../../../../providers/index.ts";
import {
  type CircuitObjective,
  reduceTrained,
  removeGates,
  removeSmallAngles,
  snapSmallAngles,
  type TrainedCircuit,
} from "../../../../src/compression/index.ts";

const engine = createStatevectorEngine();
const w = weight("w", 4);
const { PI } = Math;

function valuesOf({ circuit, observables, weights }: TrainedCircuit): readonly number[] {
  const values = new Float64Array(observables.length);
  engine.expectation(circuit, observables).evaluate(weights, 1, values);
  return [...values];
}

const gatesOf = ({ circuit }: TrainedCircuit): readonly string[] =>
  circuit.operations.map((operation) => (operation.kind === "gate" ? operation.gate : operation.kind));

const anyAngle = fc.double({ min: -20, max: 20, noNaN: true });
const multiples = fc.integer({ min: -3, max: 3 });

describe("gates by their angle", () => {
  const observables = [SparsePauliOp.parse("IX"), SparsePauliOp.parse("ZY")];

  test("those near the identity's go, whatever their period, and nothing else", () => {
    fc.assert(
      fc.property(multiples, multiples, multiples, anyAngle, (a, b, c, free) => {
        const circuit = Circuit.build(2, (k) =>
          k.h(0).ry(w.at(3), 1).ry(w.at(0), 0).crx(w.at(1), 0, 1).cp(w.at(2), 0, 1).rx(0.3, 0),
        );
        // A controlled rotation is the identity after two turns, after one it is a Z on its control.
        const weights = Float64Array.of(2 * PI * a + 0.004, 4 * PI * b - 0.003, 2 * PI * c + 0.002, free);
        const trained = { circuit, observables, weights };
        const small = removeSmallAngles(trained, { threshold: 0.005, absorb: false });
        const far = Math.abs(free - 2 * PI * Math.round(free / (2 * PI))) > 0.005;
        expect(gatesOf(small)).toEqual(far ? ["h", "ry"] : ["h"]);
        expect([...small.weights]).toEqual(far ? [free] : []);
        const [before, after] = [valuesOf(trained), valuesOf(small)];
        for (const [k, value] of before.entries()) expect(Math.abs(after[k]! - value)).toBeLessThan(0.02);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test("a controlled rotation by one turn stays", () => {
    const circuit = Circuit.build(2, (k) => k.h(0).ry(0.5, 1).crx(w.at(0), 0, 1));
    const turned = removeSmallAngles({ circuit, observables, weights: Float64Array.of(2 * PI, 0, 0, 0) });
    expect(gatesOf(turned)).toContain("crx");
  });

  test("those near a Clifford gate become constants, at exact multiples of a quarter turn", () => {
    const circuit = Circuit.build(2, (k) => k.ry(w.at(0), 0).crz(w.at(1), 0, 1).ry(w.at(2), 1).rx(w.at(3), 0));
    const weights = Float64Array.of(PI / 2 + 0.004, PI / 2, -3 * PI + 0.001, 0.4);
    const trained = { circuit, observables, weights };
    const snapped = snapSmallAngles(trained, { threshold: 0.005, absorb: false });
    const angles = snapped.circuit.operations.map((one) => (one.kind === "gate" ? one.params[0] : undefined));
    // A crz by a quarter turn is no Clifford gate; the ry by -3π is one by π.
    expect(angles.slice(0, 1)).toEqual([PI / 2]);
    expect(angles).toContain(PI);
    expect([...snapped.weights]).toEqual([PI / 2, 0.4]);
    expect(snapped.report.before.weights - snapped.report.after.weights).toBe(2);
    const eighth = snapSmallAngles(trained, { threshold: 0.005, grid: "eighth", absorb: false });
    expect([...eighth.weights]).toEqual([0.4]);
    for (const [k, value] of valuesOf(trained).entries())
      expect(Math.abs(valuesOf(eighth)[k]! - value)).toBeLessThan(0.02);
  });

  test("gates of several angles are taken apart before they are looked at", async () => {
    const circuit = Circuit.build(2, (k) =>
      k.u(w.at(0), w.at(1), 0.3, 0).cu(w.at(2), 0.1, 0.2, w.at(3), 0, 1).u(0.1, 0.2, 0.3, 1),
    );
    const trained = { circuit, observables, weights: Float64Array.of(0.7, 0, 1.1, 0) };
    const objective: CircuitObjective = {
      score: async (one) => ({ loss: Math.hypot(...valuesOf(one).map((value, k) => value - valuesOf(trained)[k]!)) }),
      fineTune: async (one) => one,
    };
    const smaller = await removeGates(trained, {
      objective,
      budget: { loss: 1e-9 },
      criterion: "angle",
      absorb: false,
      patience: 1,
      share: 0.5,
    });
    expect(smaller.weights.length).toBe(2);
    expect(gatesOf(smaller).slice(0, 1)).toEqual(["ry"]);
    for (const [k, value] of valuesOf(trained).entries()) expect(valuesOf(smaller)[k]).toBeCloseTo(value, 9);
  });

  test("snapped gates let their Clifford neighbours go into the observables", () => {
    const circuit = Circuit.build(2, (k) => k.rx(w.at(0), 0).rx(w.at(1), 1).cz(0, 1).rx(w.at(2), 1).cz(0, 1));
    const weights = Float64Array.of(0.3, 0.8, PI / 2 - 0.001, 0);
    const measured = [SparsePauliOp.parse("IZ"), SparsePauliOp.parse("ZI")];
    const trained = { circuit, observables: measured, weights };
    // The last cz changes no Z by itself, and the first one neither once the rx is gone.
    expect(reduceTrained(trained).report.after.entanglers).toBe(1);
    expect(snapSmallAngles(trained).report.after.entanglers).toBe(0);
  });

  test("refuses what is no trained circuit, and options that there are not", () => {
    const circuit = Circuit.build(2, (k) => k.ry(w.at(0), 0));
    const trained = { circuit, observables, weights: new Float64Array(4) };
    const code = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    expect(code(() => removeSmallAngles({ ...trained, weights: new Float64Array(3) }))).toBe("COMPRESSION_CIRCUIT");
    expect(code(() => removeSmallAngles({ ...trained, weights: Float64Array.of(0, Number.NaN, 0, 0) }))).toBe(
      "COMPRESSION_CIRCUIT",
    );
    expect(code(() => reduceTrained({ ...trained, observables: [SparsePauliOp.parse("Z")] }))).toBe(
      "COMPRESSION_CIRCUIT",
    );
    expect(code(() => reduceTrained(undefined as never))).toBe("COMPRESSION_CIRCUIT");
    expect(code(() => removeSmallAngles(trained, { treshold: 1 } as never))).toBe("COMPRESSION_OPTION");
    expect(code(() => removeSmallAngles(trained, { threshold: -1 }))).toBe("COMPRESSION_OPTION");
    expect(code(() => snapSmallAngles(trained, { grid: "sixteenth" as never }))).toBe("COMPRESSION_OPTION");
  });
});
