import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng, weight } from "../../../circuits/index.ts";
import { amplitudeEmbedding } from "../../../circuits/library/index.ts";
import { distance, stateOf } from "./golden.ts";

const options = { seed: 7, numRuns: 60 };

function randomVector(seed: number, numQubits: number, kind: "real" | "complex", sparsity: number): Float64Array {
  const rng = Rng.seed(seed);
  const vector = Float64Array.from({ length: 2 ** (numQubits + 1) }, (_, i) =>
    i % 2 === 1 && kind === "real" ? 0 : rng.normal(),
  );
  for (let i = 0; i < vector.length / 2; i++) if (rng.uniform() < sparsity) vector.fill(0, 2 * i, 2 * i + 2);
  if (vector.every((value) => value === 0)) vector[vector.length - 2] = -1;
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

describe("amplitudeEmbedding", () => {
  test("prepares any vector to 1e-10, phases included, within the gate counts of the method", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 6 }),
        fc.constantFrom("real" as const, "complex" as const),
        fc.constantFrom(0, 0.5, 0.9),
        (seed, numQubits, kind, sparsity) => {
          const vector = randomVector(seed, numQubits, kind, sparsity);
          const circuit = amplitudeEmbedding(vector, { complex: true });
          expect(distance(stateOf(circuit), vector)).toBeLessThan(1e-10);
          const { ry = 0, rz = 0, cx = 0 } = circuit.count();
          const size = 2 ** numQubits;
          expect(ry).toBeLessThanOrEqual(size - 1);
          expect(rz).toBeLessThanOrEqual(kind === "real" ? 0 : size - 1);
          expect(cx).toBeLessThanOrEqual(kind === "real" ? size - 1 : 2 * size - 2);
        },
      ),
      options,
    );
  });

  test("takes real numbers, pairs, and interleaved numbers alike", () => {
    const real = amplitudeEmbedding([0.6, -0.8]);
    expect(real.equals(amplitudeEmbedding([[0.6, 0] as const, [-0.8, 0] as const]))).toBe(true);
    expect(real.equals(amplitudeEmbedding(Float64Array.of(0.6, 0, -0.8, 0), { complex: true }))).toBe(true);
    expect(distance(stateOf(real), [0.6, 0, -0.8, 0])).toBeLessThan(1e-15);
  });

  test("a basis state needs no CX and no rz", () => {
    expect(amplitudeEmbedding([0, 0, 0, 0, 0, 1, 0, 0]).count()).toEqual({ ry: 2 });
  });

  test("normalises, also where squares overflow or underflow, and pads", () => {
    for (const factor of [1, 1e200, 1e-200])
      expect(
        distance(stateOf(amplitudeEmbedding([3 * factor, 4 * factor], { normalize: true })), [0.6, 0, 0.8, 0]),
      ).toBeLessThan(1e-15);
    expect(
      distance(stateOf(amplitudeEmbedding([0, 0.6, 0.8], { padWith: 0 })), [0, 0, 0.6, 0, 0.8, 0, 0, 0]),
    ).toBeLessThan(1e-15);
    expect(amplitudeEmbedding([1], { padWith: 0, numQubits: 3 }).numQubits).toBe(3);
    const halves = amplitudeEmbedding([1, 1], { padWith: 1, normalize: true, numQubits: 2 });
    expect(distance(stateOf(halves), [0.5, 0, 0.5, 0, 0.5, 0, 0.5, 0])).toBeLessThan(1e-15);
  });

  test.each([
    ["AMPLITUDES_NORM", [1, 1], {}, /norm 1\.414.*normalize: true/],
    ["AMPLITUDES_NORM", [0, 0], { normalize: true }, /norm 0, not 1\.$/],
    ["AMPLITUDES_COUNT", [0.6, 0.8, 0], {}, /3 amplitude\(s\).*4.*padWith/],
    ["AMPLITUDES_COUNT", [], {}, /0 amplitude/],
    ["AMPLITUDES_COUNT", [1, 0, 0, 0], { numQubits: 1 }, /which have 2/],
    ["AMPLITUDES_COUNT", [1, 0, 0], { complex: true }, /pairs/],
    ["AMPLITUDES_NOT_FINITE", [Number.NaN, 1], {}, /Amplitude 0 is NaN/],
    ["AMPLITUDES_NOT_FINITE", [1, Number.POSITIVE_INFINITY], { normalize: true }, /Amplitude 1/],
    ["AMPLITUDES_NOT_TRAINABLE", [weight("a"), 1], {}, /fixed when the circuit is built/],
  ])("%s for %j", (code, amplitudes, given, message) => {
    const run = () => amplitudeEmbedding(amplitudes as number[], given);
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(run).toThrow(message);
  });
});
