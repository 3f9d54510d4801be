import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, type SparsePauliOp, weight } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { type Batch, type BatchResult, differentiate, distance, randomBatch } from "../../support/batch.ts";
import { goldenCircuit, goldenGradients, goldenObservable } from "../../support/golden.ts";
import { createReferenceEngine } from "../../support/reference-engine.ts";
import { FLAVOURS, randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

const reference = createReferenceEngine();

function referenceResult(circuit: Circuit, observables: readonly SparsePauliOp[], batch: Batch): BatchResult {
  const { inputs, weights, rows, cotangents } = batch;
  const outputs = new Float64Array(cotangents.length);
  const weightGradients = new Float64Array(weights.length);
  const inputGradients = new Float64Array(inputs.length);
  reference
    .expectation(circuit, observables)
    .backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
  return { outputs, weightGradients, inputGradients };
}

describe.each(FLAVOURS)("random circuits: %s", (flavour) => {
  test("values are those of the circuit's matrix, gradients those of central differences", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 24 }), (seed, n, length) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, length, flavour);
        const observables = randomObservables(rng, n);
        const batch = randomBatch(rng, circuit, observables.length, 1 + rng.integer(3));
        const expected = referenceResult(circuit, observables, batch);
        const program = new BatchedExpectation(circuit, observables, new StateMemory());
        const result = differentiate(program, batch);
        expect(distance(expected, result)).toBeLessThan(1e-8);
        for (const [i, value] of expected.outputs.entries())
          expect(Math.abs(result.outputs[i]! - value)).toBeLessThan(1e-11);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  test("rows that have nothing in common have the same values as a batch with shared weights", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, n) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, 16, flavour);
        const observables = randomObservables(rng, n);
        const rows = 5;
        const batch = randomBatch(rng, circuit, observables.length, rows);
        const program = new BatchedExpectation(circuit, observables, new StateMemory());
        const shared = new Float64Array(batch.cotangents.length);
        program.run(batch.inputs, batch.weights, rows, null, shared, null, null);
        const values = new Float64Array(rows * circuit.parameters.length);
        for (let row = 0; row < rows; row++) {
          values.set(batch.inputs.subarray(2 * row, 2 * row + 2), 5 * row);
          values.set(batch.weights, 5 * row + 2);
        }
        const own = new Float64Array(shared.length).fill(Number.NaN);
        for (const _ of program.evaluateInSteps(values, rows, own));
        for (const [i, value] of shared.entries()) expect(Math.abs(own[i]! - value)).toBeLessThan(1e-11);
      }),
      { numRuns: 40, seed: 2 },
    );
  });
});

test("the two-term shift rule gives the same gradients to the last digits", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, n) => {
      const rng = Rng.seed(seed);
      const count = 12;
      const [x, w] = [input("x", count), weight("w", count)];
      const circuit = Circuit.build(n, (c) => {
        for (let k = 0; k < 2 * count; k++) {
          const parameter = (k % 2 === 0 ? x : w).at(Math.floor(k / 2));
          const [a, b] = rng.permutation(n);
          const gates = n === 1 ? ["rx", "ry", "rz"] : ["rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx"];
          const gate = gates[rng.integer(gates.length)]!;
          c.gate(gate, [parameter], gate.length === 2 ? [a!] : [a!, b!]);
          if (n > 1) c.cx(b!, a!);
        }
      });
      const observables = randomObservables(rng, n);
      const batch = randomBatch(rng, circuit, observables.length, 2);
      const program = new BatchedExpectation(circuit, observables, new StateMemory());
      const result = differentiate(program, batch);
      const loss = (index: number, shift: number, of: "inputs" | "weights"): number => {
        const values = batch[of].slice();
        values[index]! += shift;
        const shifted = { ...batch, [of]: values };
        const outputs = new Float64Array(batch.cotangents.length);
        program.run(shifted.inputs, shifted.weights, 2, null, outputs, null, null);
        return outputs.reduce((sum, value, i) => sum + value * batch.cotangents[i]!, 0);
      };
      for (const [of, gradients] of [
        ["inputs", result.inputGradients],
        ["weights", result.weightGradients],
      ] as const)
        for (const [index, gradient] of gradients.entries()) {
          const shifted = (loss(index, Math.PI / 2, of) - loss(index, -Math.PI / 2, of)) / 2;
          expect(Math.abs(gradient - shifted)).toBeLessThan(1e-11 * Math.max(1, Math.abs(shifted)) * 10);
        }
    }),
    { numRuns: 30, seed: 3 },
  );
});

test.each(goldenGradients())("golden gradient $id", (item) => {
  const circuit = goldenCircuit(item);
  const program = new BatchedExpectation(circuit, [goldenObservable(item.n, item.observable)], new StateMemory());
  const batch = {
    rows: 1,
    inputs: Float64Array.from(item.x),
    weights: Float64Array.from(item.w),
    cotangents: Float64Array.of(1),
  };
  const expected = {
    outputs: Float64Array.of(item.value),
    weightGradients: Float64Array.from(item.grad_w),
    inputGradients: Float64Array.from(item.grad_x),
  };
  expect(distance(expected, differentiate(program, batch))).toBeLessThan(1e-10);
});
