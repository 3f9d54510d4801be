import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, complexMatrix, frequenciesOf, type Matrix, Rng } from "../../circuits/index.ts";
import {
  adjointMatrix,
  controlledMatrix,
  multiplyMatrices,
  rotationMatrix,
  unitarityError,
} from "../../circuits/matrices.ts";
import { unitaryPower } from "../../circuits/unitary-power.ts";
import { distance, identity, kronecker, labelMatrix } from "../support/linear-algebra.ts";

const settings = { numRuns: 60, seed: 5 } as const;

/** V diag(e^{iφ}) V† with a random V on all qubits. */
function unitaryWithPhases(phases: readonly number[], seed: number): Matrix {
  const numQubits = Math.log2(phases.length);
  const rng = Rng.seed(seed);
  const basis = Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < 3; layer++)
      for (let qubit = 0; qubit < numQubits; qubit++) {
        c.u(rng.normal(), rng.normal(), rng.normal(), qubit);
        if (numQubits > 1) c.cx(qubit, (qubit + 1) % numQubits);
      }
  });
  const diagonal = new Float64Array(2 * phases.length ** 2);
  for (const [i, phase] of phases.entries())
    diagonal.set([Math.cos(phase), Math.sin(phase)], 2 * (i * phases.length + i));
  const vectors = circuitMatrix(basis);
  return multiplyMatrices(multiplyMatrices(vectors, diagonal), adjointMatrix(vectors));
}

describe("matrices", () => {
  test("a Pauli rotation is cos(t/2) - i sin(t/2) P", () => {
    const label = fc
      .array(fc.constantFrom("I", "X", "Y", "Z"), { minLength: 1, maxLength: 4 })
      .map((letters) => letters.join(""));
    fc.assert(
      fc.property(label, fc.double({ min: -7, max: 7, noNaN: true }), (text, angle) => {
        const pauli = labelMatrix(text);
        const one = identity(2 ** text.length);
        // -i (re + i im) = im - i re
        const wanted = one.map(
          (value, i) =>
            Math.cos(angle / 2) * value + Math.sin(angle / 2) * (i % 2 === 0 ? pauli[i + 1]! : -pauli[i - 1]!),
        );
        expect(distance(rotationMatrix(text, angle), wanted)).toBeLessThan(1e-15);
      }),
      settings,
    );
  });

  test("a controlled matrix acts where the low bits are the state, with the phase asked for", () => {
    const [a, b] = [identity(2), labelMatrix("Y")];
    const projector = (bit: number) =>
      complexMatrix([
        [bit === 0 ? 1 : 0, 0],
        [0, bit],
      ]);
    for (const state of [0, 1]) {
      const idle = kronecker(a, projector(1 - state));
      const active = kronecker(
        b.map((_, i) => (i % 2 === 0 ? -b[i + 1]! : b[i - 1]!)),
        projector(state),
      );
      expect(
        distance(
          controlledMatrix(b, 1, [0, 1], state),
          idle.map((value, i) => value + active[i]!),
        ),
      ).toBe(0);
    }
  });

  test("the distance from unitarity is 0 for unitary matrices, and NaN never passes for 0", () => {
    expect(unitarityError(unitaryWithPhases([0.1, 2, -1, 3], 1))).toBeLessThan(1e-15);
    expect(unitarityError(complexMatrix([[1.001]]))).toBeCloseTo(0.002001, 12);
    expect(unitarityError(complexMatrix([[Number.NaN]]))).toBeNaN();
  });

  test("frequencies are the positive differences of harmonics", () => {
    expect(frequenciesOf([-0.5, 0.5])).toEqual([1]);
    expect(frequenciesOf([-0.5, 0, 0.5])).toEqual([0.5, 1]);
    expect(frequenciesOf([1, -1, 0])).toEqual([1, 2]);
    expect(frequenciesOf([-1])).toEqual([]);
  });
});

describe("powers of unitaries", () => {
  const phase = fc.double({ min: -3.1, max: 3.1, noNaN: true });

  test("every eigenvalue's phase is multiplied", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }).chain((n) => fc.array(phase, { minLength: 2 ** n, maxLength: 2 ** n })),
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.integer({ min: 0, max: 1000 }),
        (phases, exponent, seed) => {
          const wanted = unitaryWithPhases(
            phases.map((value) => value * exponent),
            seed,
          );
          expect(distance(unitaryPower(unitaryWithPhases(phases, seed), exponent), wanted)).toBeLessThan(1e-8);
        },
      ),
      settings,
    );
  });

  test.each([
    ["equal phases", [0.4, 0.4, 0.4, 0.4]],
    ["phases that are almost equal", [0.4, 0.4 + 1e-9, 0.4 + 3e-8, -1]],
    ["phases on either side of π", [Math.PI - 1e-6, 1e-6 - Math.PI, 3, -3]],
    ["opposite phases", [1.2, -1.2, 1.2 - Math.PI, Math.PI - 1.2]],
    ["reflections about the angle of the mixture", [0.7390851332 + 0.5, 0.7390851332 - 0.5, 0.7390851332 + 1, -2]],
  ])("%s", (_, phases) => {
    for (let seed = 0; seed < 5; seed++) {
      const wanted = unitaryWithPhases(
        phases.map((value) => value / 3),
        seed,
      );
      expect(distance(unitaryPower(unitaryWithPhases(phases, seed), 1 / 3), wanted)).toBeLessThan(1e-8);
    }
  });

  test("an eigenvalue of -1 has phase π, whatever the sign of its rounding error", () => {
    const root = unitaryPower(unitaryWithPhases([1e-13 - Math.PI, Math.PI - 1e-13, 1, 2], 3), 0.5);
    expect(distance(root, unitaryWithPhases([Math.PI / 2, Math.PI / 2, 0.5, 1], 3))).toBeLessThan(1e-8);
  });

  test("six qubits, the largest circuit that has a root", () => {
    const rng = Rng.seed(1);
    const phases = Array.from({ length: 64 }, () => 6.2 * rng.uniform() - 3.1);
    const wanted = unitaryWithPhases(
      phases.map((value) => value / 2),
      9,
    );
    expect(distance(unitaryPower(unitaryWithPhases(phases, 9), 0.5), wanted)).toBeLessThan(1e-9);
  });
});
