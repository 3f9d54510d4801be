import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { differentiate, distance, randomBatch } from "../../support/batch.ts";
import { fewStates } from "../../support/few-states.ts";
import { FLAVOURS, randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

test.each(FLAVOURS)("single precision agrees with double to 1e-5: %s", (flavour) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 }), (seed, n, rows) => {
      const rng = Rng.seed(seed);
      const circuit = randomTrainingCircuit(rng, n, 24, flavour);
      const observables = randomObservables(rng, n);
      const batch = randomBatch(rng, circuit, observables.length, rows);
      const [double, single] = ([64, 32] as const).map((realBits) =>
        differentiate(new BatchedExpectation(circuit, observables, new StateMemory(), realBits), batch),
      );
      expect(distance(double!, single!)).toBeLessThan(1e-5);
      expect(distance(single!, double!)).toBeLessThan(1e-5);
    }),
    { numRuns: 40, seed: 6 },
  );
});

describe("carried scales stay in the range of single precision", () => {
  // So many layers that the scale is at its smallest, its largest and between at the end, where λ begins.
  const depths = [42, 60, 63, 64, 80, 84, 120].flatMap((layers) =>
    [undefined, 1].map((bytes) => [layers, bytes] as const),
  );
  test.each(depths)("for %i layers of RY and CX, states kept up to %s bytes", (layers, maxBytes) => {
    const [x, w] = [input("x", 2), weight("w", 3)];
    const n = 6;
    const circuit = Circuit.build(n, (c) => {
      for (let layer = 0; layer < layers; layer++) {
        for (let q = 0; q < n; q++) c.ry(w.at((layer + q) % 3), q);
        if (layer % 20 === 10) c.ry(x.at(0), 0).ry(x.at(1), 1);
        for (let q = 0; q + 1 < n; q++) c.cx(q, q + 1);
      }
    });
    const observables = Array.from({ length: n }, (_, q) => SparsePauliOp.fromMaps(n, [[{ [q]: "Z" }, 1e5]]));
    const batch = randomBatch(Rng.seed("single"), circuit, n, 9);
    batch.weights.set([Math.PI / 2 + 1e-2, -Math.PI / 2 + 2e-2, Math.PI / 2 - 3e-2]);
    const memory = maxBytes === undefined ? new StateMemory() : fewStates(new StateMemory(), maxBytes);
    const [double, single] = ([64, 32] as const).map((realBits) =>
      differentiate(new BatchedExpectation(circuit, observables, memory, realBits), batch),
    );
    expect(distance(double!, single!)).toBeLessThan(1e-4);
    expect(distance(single!, double!)).toBeLessThan(1e-4);
  });
});

test("gradients of many rows add up without losing more digits", () => {
  const rng = Rng.seed("rows");
  const circuit = randomTrainingCircuit(rng, 4, 24, "layers");
  const observables = [SparsePauliOp.z(4, 0), SparsePauliOp.z(4, 3)];
  const batch = randomBatch(rng, circuit, 2, 5000);
  const [double, single] = ([64, 32] as const).map((realBits) =>
    differentiate(new BatchedExpectation(circuit, observables, new StateMemory(), realBits), batch),
  );
  expect(distance(double!, single!)).toBeLessThan(1e-5);
});
