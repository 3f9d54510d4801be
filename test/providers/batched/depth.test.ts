import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { createStatevectorEngine } from "../../../providers/simulator/statevector-engine.ts";
import { type Batch, type BatchResult, differentiate, distance, randomBatch } from "../../support/batch.ts";
import { fewStates } from "../../support/few-states.ts";
import { randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

/** The same one state at a time, as large circuits are run. */
function plain(circuit: Circuit, observables: readonly SparsePauliOp[], batch: Batch): BatchResult {
  const { inputs, weights, rows, cotangents } = batch;
  const outputs = new Float64Array(cotangents.length);
  const weightGradients = new Float64Array(weights.length);
  const inputGradients = new Float64Array(inputs.length);
  createStatevectorEngine({ batchedQubits: 0 })
    .expectation(circuit, observables)
    .backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
  return { outputs, weightGradients, inputGradients };
}

/** RY and CX only: no level has phases, so the scale of the rotations is carried on and on. */
function realCircuit(numQubits: number, layers: number): Circuit {
  const [x, w] = [input("x", 2), weight("w", 3)];
  return Circuit.build(numQubits, (c) => {
    for (let layer = 0; layer < layers; layer++) {
      for (let q = 0; q < numQubits; q++) c.ry(w.at((layer + q) % 3), q);
      if (layer % 500 === 7) c.ry(x.at(0), 0).ry(x.at(1), 1);
      for (let q = 0; q + 1 < numQubits; q++) c.cx(q, q + 1);
    }
  });
}

const zs = (n: number): readonly SparsePauliOp[] => Array.from({ length: n }, (_, q) => SparsePauliOp.z(n, q));

describe("thousands of layers of RY and CX", () => {
  test.each([undefined, 2 ** 15])("with states kept up to %s bytes", (maxBytes) => {
    const circuit = realCircuit(3, 3000);
    const batch = randomBatch(Rng.seed("deep"), circuit, 3, 5);
    // The worst angles for the scale: every rotation leaves a factor √½.
    batch.weights.set([Math.PI / 2 + 1e-3, -Math.PI / 2 + 2e-3, Math.PI / 2 - 3e-3]);
    const memory = new StateMemory();
    const limited = maxBytes === undefined ? memory : fewStates(memory, maxBytes);
    const result = differentiate(new BatchedExpectation(circuit, zs(3), limited), batch);
    expect(distance(plain(circuit, zs(3), batch), result)).toBeLessThan(1e-9);
  });
});

describe.each(["everything", "layers", "monomials", "rotations"] as const)(
  "states that are recovered on the way back, %s",
  (flavour) => {
    test.each([1, 2, 3, 4, 5, 6])("are those that would have been kept, circuit %i", (seed) => {
      const rng = Rng.seed(`recover ${seed}`);
      const n = 1 + rng.integer(5);
      const circuit = randomTrainingCircuit(rng, n, 60, flavour);
      const observables = randomObservables(rng, n);
      const batch = randomBatch(rng, circuit, observables.length, 7);
      const kept = differentiate(new BatchedExpectation(circuit, observables, new StateMemory()), batch);
      // Room for two states at least, and for some of them.
      for (const maxBytes of [1, 2 ** 17, 2 ** 18]) {
        const memory = fewStates(new StateMemory(), maxBytes);
        const recovered = differentiate(new BatchedExpectation(circuit, observables, memory), batch);
        expect(distance(kept, recovered)).toBeLessThan(1e-10);
      }
      expect(distance(plain(circuit, observables, batch), kept)).toBeLessThan(1e-10);
    });
  },
);

test.each([13, 14])("%i qubits", (n) => {
  const rng = Rng.seed(n);
  const circuit = randomTrainingCircuit(rng, n, 60, "everything");
  const observables = [
    SparsePauliOp.z(n, n - 1),
    SparsePauliOp.fromLabels(
      Array.from(
        { length: 6 },
        () => [Array.from({ length: n }, () => "IXYZ"[rng.integer(4)]).join(""), rng.normal()] as const,
      ),
    ),
  ];
  const batch = randomBatch(rng, circuit, 2, 3);
  const result = differentiate(new BatchedExpectation(circuit, observables, new StateMemory()), batch);
  expect(distance(plain(circuit, observables, batch), result)).toBeLessThan(1e-11);
});
