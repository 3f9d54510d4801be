import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  amplitudeFeatureMap,
  Circuit,
  parseQasm,
  printQasm3,
  Rng,
  SlotProgram,
  SparsePauliOp,
} from "../../../circuits/index.ts";
import { observableMatrix } from "../../support/linear-algebra.ts";
import { distance, expectationOf, stateOf } from "./golden.ts";

/** A row of features: some zero, some negative, of any norm. */
function randomRow(rng: Rng, size: number, sparsity: number): number[] {
  const scale = 10 ** (6 * rng.uniform() - 3);
  return Array.from({ length: size }, (): number => (rng.uniform() < sparsity ? 0 : scale * rng.normal()));
}

/** x/|x| as interleaved amplitudes. */
function normalised(x: readonly number[], size: number): number[] {
  const norm = Math.hypot(...x);
  return Array.from({ length: size }, (_, i) => [(x[i] ?? 0) / norm, 0]).flat();
}

const maps = [1, 2, 3, 4, 5, 6].map((numQubits) => amplitudeFeatureMap({ numQubits }));

describe("amplitudeFeatureMap", () => {
  test("prepares x/|x| for every row, signs included", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0, 0.3, 0.7, 0.95),
        (seed, numQubits, sparsity) => {
          const x = randomRow(Rng.seed(seed), 2 ** numQubits, sparsity);
          if (Math.hypot(...x) === 0) x[seed & (2 ** numQubits - 1)] = -0.25;
          const state = stateOf(maps[numQubits - 1]!.bind({ x }));
          expect(distance(state, normalised(x, 2 ** numQubits))).toBeLessThan(1e-12);
        },
      ),
      { seed: 15, numRuns: 80 },
    );
  });

  test("every signed basis state, and a row of zeros", () => {
    for (let i = 0; i < 8; i++)
      for (const sign of [1, -1]) {
        const x = Array.from({ length: 8 }, (_, j) => (i === j ? 3 * sign : 0));
        expect(distance(stateOf(maps[2]!.bind({ x })), normalised(x, 8))).toBeLessThan(1e-15);
      }
    for (const zero of [0, -0]) {
      const state = stateOf(maps[2]!.bind({ x: new Array<number>(8).fill(zero) }));
      expect(distance(state, [1, ...new Array(15).fill(0)])).toBe(0);
    }
  });

  test("neither tiny nor huge features under- or overflow", () => {
    for (const scale of [1e-300, 1e300]) {
      const x = [3 * scale, 0, -4 * scale, 0];
      expect(distance(stateOf(maps[1]!.bind({ x })), [0.6, 0, 0, 0, -0.8, 0, 0, 0])).toBeLessThan(1e-15);
    }
  });

  test("with fewer features the last amplitudes are 0", () => {
    const rng = Rng.seed(3);
    for (let numFeatures = 1; numFeatures <= 8; numFeatures++) {
      const circuit = amplitudeFeatureMap({ numQubits: 3, numFeatures, name: "pixels" });
      expect(circuit.vectors.map(({ name, role, shape }) => [name, role, shape])).toEqual([
        ["pixels", "input", [numFeatures]],
      ]);
      const x = randomRow(rng, numFeatures, 0.3);
      x[numFeatures - 1] = -1.5;
      expect(distance(stateOf(circuit.bind({ pixels: x })), normalised(x, 8))).toBeLessThan(1e-13);
    }
  });

  test("takes 2^n - 1 rotations and 2^n - 2 CX, and fewer for fewer features", () => {
    expect(maps[3]!.count()).toEqual({ ry: 15, cx: 14 });
    const { ry = 0 } = amplitudeFeatureMap({ numQubits: 4, numFeatures: 3 }).count();
    expect(ry).toBeLessThan(15);
    expect(amplitudeFeatureMap({ numQubits: 4, numFeatures: 1 }).numInputs).toBe(1);
  });

  test("a trained layer before it gets exact gradients: pullback against the derivative of <x|O|x>/<x|x>", () => {
    for (const numQubits of [1, 2, 3, 4]) {
      const circuit = maps[numQubits - 1]!;
      const size = 2 ** numQubits;
      const rng = Rng.seed(numQubits);
      const observable = SparsePauliOp.fromLabels(
        Array.from(
          { length: 5 },
          () => [Array.from({ length: numQubits }, () => "IXYZ"[rng.integer(4)]).join(""), rng.normal()] as const,
        ),
      );
      const x = Array.from({ length: size }, () => rng.normal());
      x[0] = 0;
      const program = new SlotProgram(circuit);
      const angles = new Float64Array(program.numSlots);
      program.evaluate(Float64Array.from(x), 1, angles);
      // Every slot is an ry, so half the difference at ±π/2 is the exact derivative in its angle.
      const valueAt = (list: Float64Array): number => {
        let next = 0;
        const bound = Circuit.build(numQubits, (c) => {
          for (const operation of circuit.operations)
            if (operation.kind === "gate" && operation.gate === "ry") c.ry(list[next++]!, operation.qubits[0]!);
            else c.append(operation);
        });
        return expectationOf(stateOf(bound), observable);
      };
      const shifted = (slot: number, shift: number) => angles.with(slot, angles[slot]! + shift);
      const angleGradients = angles.map(
        (_, slot) => (valueAt(shifted(slot, Math.PI / 2)) - valueAt(shifted(slot, -Math.PI / 2))) / 2,
      );
      const gradients = new Float64Array(size);
      program.pullback(Float64Array.from(x), 1, angleGradients, gradients);
      // The truth needs no circuit: the derivative of E = <x|O|x>/<x|x> is 2(Re O x - E x)/<x|x>.
      const matrix = observableMatrix(observable);
      const Ox = x.map((_, row) =>
        x.reduce((sum, value, column) => sum + matrix[2 * (row * size + column)]! * value, 0),
      );
      const square = x.reduce((sum, value) => sum + value * value, 0);
      const energy = x.reduce((sum, value, i) => sum + value * Ox[i]!, 0) / square;
      expect(valueAt(angles)).toBeCloseTo(energy, 12);
      const wanted = x.map((value, i) => (2 * (Ox[i]! - energy * value)) / square);
      expect(distance(gradients, wanted)).toBeLessThan(1e-11);
    }
  });

  test("a row of zeros has finite gradients", () => {
    const program = new SlotProgram(maps[2]!);
    const gradients = new Float64Array(8);
    program.pullback(new Float64Array(8), 1, new Float64Array(program.numSlots).fill(1), gradients);
    expect([...gradients]).toEqual(new Array(8).fill(0));
  });

  test("JSON and OpenQASM bring it back, and the largest one compiles at once", () => {
    for (const circuit of maps.slice(0, 5)) {
      expect(Circuit.fromJSON(JSON.parse(JSON.stringify(circuit))).equals(circuit)).toBe(true);
      expect(parseQasm(printQasm3(circuit)).equals(circuit)).toBe(true);
    }
    const largest = amplitudeFeatureMap({ numQubits: 10 });
    const program = new SlotProgram(largest);
    const x = Float64Array.from({ length: 1024 }, (_, i) => Math.sin(i + 1));
    const angles = new Float64Array(program.numSlots);
    program.evaluate(x, 1, angles);
    // The first rotation acts on the highest qubit: it splits the norm between both halves.
    const half = (from: number) => Math.hypot(...x.subarray(from, from + 512));
    expect(angles[0]).toBeCloseTo(2 * Math.atan2(half(512), half(0)), 12);
  });

  test.each([
    [{ numQubits: 0 }],
    [{ numQubits: 11 }],
    [{ numQubits: 1.5 }],
    [{ numQubits: 2, numFeatures: 5 }],
    [{ numQubits: 2, numFeatures: 0 }],
  ])("%j is refused", (options) => {
    expect(() => amplitudeFeatureMap(options)).toThrow(
      expect.objectContaining({ code: "LIBRARY_COUNT", message: expect.stringMatching(/from 1 to (4|10), not/) }),
    );
  });
});

test("amplitudes near the least number have slopes that spoil no others", () => {
  const program = new SlotProgram(amplitudeFeatureMap({ numQubits: 3 }));
  const row = Float64Array.of(1e-310, 0, 0, 1e-310, 0, 0, 0, 0);
  const gradient = new Float64Array(8);
  program.pullback(row, 1, new Float64Array(program.numSlots).fill(1), gradient);
  expect(gradient.every(Number.isFinite)).toBe(true);
});
