import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { createStatevectorEngine } from "../../../providers/simulator/statevector-engine.ts";
import { type Batch, type BatchResult, differentiate, distance, randomBatch, rowsOf } from "../../support/batch.ts";
import { createReferenceEngine } from "../../support/reference-engine.ts";
import { randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

const SIZES = [1, 2, 3, 31, 32, 33, 257];
const LARGEST = Math.max(...SIZES);

/** Each row of a batch by itself, put together again. */
function oneByOne(program: BatchedExpectation, batch: Batch): BatchResult {
  const parts = Array.from({ length: batch.rows }, (_, row) => differentiate(program, rowsOf(batch, row, 1)));
  const weightGradients = batch.weights.map((_, k) => parts.reduce((sum, part) => sum + part.weightGradients[k]!, 0));
  const join = (name: "outputs" | "inputGradients"): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part[name]]));
  return { outputs: join("outputs"), weightGradients, inputGradients: join("inputGradients") };
}

describe.each(["everything", "layers", "monomials"] as const)("circuits of %s", (flavour) => {
  test("a row's values and gradients do not depend on the batch or on its place in it", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, n) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, 18, flavour);
        const observables = randomObservables(rng, n);
        const program = new BatchedExpectation(circuit, observables, new StateMemory());
        const all = randomBatch(rng, circuit, observables.length, LARGEST);
        for (const size of SIZES) {
          const batch = rowsOf(all, LARGEST - size, size);
          expect(distance(oneByOne(program, batch), differentiate(program, batch))).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 6, seed: 4 },
    );
  });
});

test.each(["everything", "layers", "monomials"] as const)(
  "gradients that are asked for are the same whatever was asked before: %s",
  (flavour) => {
    for (let seed = 0; seed < 8; seed++) {
      const rng = Rng.seed(seed);
      const n = 1 + rng.integer(4);
      const circuit = randomTrainingCircuit(rng, n, 16, flavour);
      const observables = randomObservables(rng, n);
      const batch = randomBatch(rng, circuit, observables.length, 5);
      const program = new BatchedExpectation(circuit, observables, new StateMemory());
      const all = differentiate(program, batch);
      for (const [wantsWeights, wantsInputs] of [
        [false, true],
        [true, true],
        [true, false],
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const outputs = new Float64Array(all.outputs.length);
        const weights = wantsWeights ? new Float64Array(3) : null;
        const inputs = wantsInputs ? new Float64Array(10) : null;
        program.run(batch.inputs, batch.weights, 5, batch.cotangents, outputs, weights, inputs);
        expect(outputs).toEqual(all.outputs);
        if (weights !== null) expect(weights).toEqual(all.weightGradients);
        if (inputs !== null) expect(inputs).toEqual(all.inputGradients);
      }
    }
  },
);

test("a batch without rows has no outputs, and gradients of 0", () => {
  const circuit = randomTrainingCircuit(Rng.seed(1), 3, 12, "everything");
  const program = createStatevectorEngine().expectation(circuit, [SparsePauliOp.z(3, 0)]);
  const none = new Float64Array(0);
  const weightGradients = new Float64Array(3).fill(5);
  program.backward(none, Float64Array.of(1, 2, 3), 0, none, none, weightGradients, none);
  expect([...weightGradients]).toEqual([0, 0, 0]);
  program.evaluate(none, 0, none);
});

describe("angles", () => {
  const [x, w] = [input("x", 2), weight("w", 3)];
  const circuit = Circuit.build(3, (c) => {
    c.ry(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 2);
    for (let layer = 0; layer < 2; layer++)
      c.rz(w.at(1), 0)
        .rx(w.at(2), 1)
        .crz(x.at(0), 0, 2)
        .cry(w.at(0), 1, 2)
        .cx(0, 1)
        .ry(x.at(1), 0)
        .ry(w.at(1), 1)
        .cx(1, 2);
  });
  const observables = [
    SparsePauliOp.z(3, 0),
    SparsePauliOp.fromLabels([
      ["XYZ", 0.5],
      ["ZZI", -1.5],
      ["III", 0.25],
    ]),
  ];
  const program = new BatchedExpectation(circuit, observables, new StateMemory());
  const twin = createStatevectorEngine({ batchedQubits: 0 }).expectation(circuit, observables);
  const expectEqual = (batch: Batch, tolerance: number): void => {
    const expected = differentiate(program, batch);
    const outputs = new Float64Array(expected.outputs.length);
    const weightGradients = new Float64Array(3);
    const inputGradients = new Float64Array(2 * batch.rows);
    const { inputs, weights, rows, cotangents } = batch;
    twin.backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
    expect(distance({ outputs, weightGradients, inputGradients }, expected)).toBeLessThan(tolerance);
  };

  test("0, multiples of π/2 with their neighbours, whole turns", () => {
    const special = [0, -0, 1, -1, 2, -2, 3, 4, -4, 7, 8, 400]
      .flatMap((quarter) => [-1e-12, 0, 1e-12].map((shift) => quarter * (Math.PI / 2) + shift))
      .concat(Math.PI / 4, 5e-324);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...special), { minLength: 9, maxLength: 9 }),
        fc.integer(),
        (angles, seed) => {
          const batch = randomBatch(Rng.seed(seed), circuit, 2, 3);
          batch.inputs.set(angles.slice(0, 6));
          batch.weights.set(angles.slice(6));
          expectEqual(batch, 1e-12);
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  test("huge ones, beside small ones", () => {
    const batch = randomBatch(Rng.seed(3), circuit, 2, 3);
    batch.inputs.set([1e5, 0.1, 999_999, -3e6, 1e15, 2]);
    batch.weights.set([-1e6, 1e9, 0.5]);
    const values = new Float64Array(6);
    createReferenceEngine().expectation(circuit, observables).forward(batch.inputs, batch.weights, 3, values);
    const { outputs } = differentiate(program, batch);
    // Angles of one place are added before they turn anything; next to 1e9 a double holds 1e-7.
    for (const [i, value] of values.entries()) expect(Math.abs(outputs[i]! - value)).toBeLessThan(1e-6);
    batch.inputs.set([1e5, 0.1, 999_999, -3e5, 5e5, 2]);
    batch.weights.set([-1e6, 7e5, 0.5]);
    expectEqual(batch, 1e-9);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "an input of %d spoils the values and gradients of its row only, and those of the weights",
    (bad) => {
      const batch = randomBatch(Rng.seed(4), circuit, 2, 5);
      const good = differentiate(program, batch);
      batch.inputs[2 * 3] = bad;
      const result = differentiate(program, batch);
      for (let i = 0; i < 10; i++) {
        const row = Math.floor(i / 2);
        if (row === 3) {
          expect(result.outputs[i]).toBeNaN();
          expect(result.inputGradients[i]).toBeNaN();
        } else {
          expect(Math.abs(result.outputs[i]! - good.outputs[i]!)).toBeLessThan(1e-13);
          expect(Math.abs(result.inputGradients[i]! - good.inputGradients[i]!)).toBeLessThan(1e-12);
        }
      }
      expect([...result.weightGradients].every(Number.isNaN)).toBe(true);
      // Nothing of it stays behind.
      batch.inputs.set(randomBatch(Rng.seed(4), circuit, 2, 5).inputs);
      expect(differentiate(program, batch)).toEqual(good);
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "a weight of %d spoils everything, and nothing afterwards",
    (bad) => {
      const batch = randomBatch(Rng.seed(5), circuit, 2, 4);
      const good = differentiate(program, batch);
      const kept = batch.weights[1]!;
      batch.weights[1] = bad;
      const result = differentiate(program, batch);
      for (const numbers of Object.values(result)) expect([...numbers].every(Number.isNaN)).toBe(true);
      batch.weights[1] = kept;
      expect(differentiate(program, batch)).toEqual(good);
    },
  );
});
