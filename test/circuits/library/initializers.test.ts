import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { circuitMatrix, Rng, weight } from "../../../circuits/index.ts";
import {
  constantWeights,
  type Initializer,
  identityBlockWeights,
  mirroredBlocks,
  smallGaussianWeights,
  stronglyEntangling,
  uniformWeights,
  zeroWeights,
} from "../../../circuits/library/index.ts";
import { distance, identityMatrix } from "./golden.ts";
import { TEMPLATES } from "./templates.ts";

const rng = (): Rng => Rng.seed(5).fork("weights");

describe("initialisers", () => {
  test("a circuit, a vector and a shape of one size get the same values, every time", () => {
    const circuit = stronglyEntangling({ numQubits: 3, layers: 2 });
    for (const initializer of [
      uniformWeights(),
      smallGaussianWeights(),
      zeroWeights,
      constantWeights(2),
    ] as Initializer[]) {
      const values = initializer(circuit, rng());
      expect(values).toHaveLength(18);
      expect(initializer(weight("w", [6, 3]), rng())).toEqual(values);
      expect(initializer([2, 9], rng())).toEqual(values);
    }
  });
  test("distributions", () => {
    const size = 20_000;
    const momentsOf = (values: Float64Array): readonly [number, number] => {
      const mean = values.reduce((sum, value) => sum + value, 0) / size;
      return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size)];
    };
    const uniform = uniformWeights()([size], rng());
    expect(Math.max(...uniform)).toBeLessThan(Math.PI);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-Math.PI);
    expect(momentsOf(uniform)[0]).toBeCloseTo(0, 1);
    expect(momentsOf(uniform)[1]).toBeCloseTo(Math.PI / Math.sqrt(3), 1);
    const normal = smallGaussianWeights(0.01)([size], rng());
    expect(momentsOf(normal)[0]).toBeCloseTo(0, 3);
    expect(momentsOf(normal)[1]).toBeCloseTo(0.01, 3);
    expect(new Set(constantWeights(0.5)([7], rng()))).toEqual(new Set([0.5]));
  });
  test.each([
    [() => uniformWeights(1, 0), "INITIALIZER_RANGE"],
    [() => uniformWeights(Number.NaN), "INITIALIZER_RANGE"],
    [() => smallGaussianWeights(-1), "INITIALIZER_RANGE"],
    [() => constantWeights(Number.POSITIVE_INFINITY), "INITIALIZER_RANGE"],
    [() => zeroWeights([2.5], rng()), "PARAMETER_SHAPE"],
    [() => identityBlockWeights()([3, 4], rng()), "MIRROR_SHAPE"],
    [() => identityBlockWeights()(stronglyEntangling({ numQubits: 3, layers: 1 }), rng()), "MIRROR_SHAPE"],
    [() => mirroredBlocks(TEMPLATES.inputsOnly, { blocks: 1 }), "MIRROR_TEMPLATE"],
    [() => mirroredBlocks(stronglyEntangling({ numQubits: 2, layers: 1 }), { blocks: 0 }), "LIBRARY_COUNT"],
    [() => mirroredBlocks(TEMPLATES.measured, { blocks: 1 }), "CIRCUIT_NOT_UNITARY"],
  ])("bad input %#", (run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe("identity blocks", () => {
  test("the circuit is the identity at the start, whatever the template and the inputs, and not elsewhere", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TEMPLATES.trainable),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        (template, blocks, seed) => {
          const circuit = mirroredBlocks(template, { blocks });
          expect(circuit.vectors.filter(({ role }) => role === "weight").map(({ shape }) => shape)).toEqual([
            [blocks, 2, template.numWeights],
          ]);
          const w = identityBlockWeights()(circuit, Rng.seed(seed));
          const x = circuit.numInputs > 0 ? { x: Array.from({ length: circuit.numInputs }, (_, i) => i + 0.5) } : {};
          const identity = identityMatrix(2 ** circuit.numQubits);
          expect(distance(circuitMatrix(circuit.bind({ w, ...x })), identity)).toBeLessThan(1e-12);
          w[0]! += 0.5;
          expect(distance(circuitMatrix(circuit.bind({ w, ...x })), identity)).toBeGreaterThan(0.01);
        },
      ),
      { seed: 9, numRuns: 20 },
    );
  });
});
