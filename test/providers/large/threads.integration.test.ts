import { expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp } from "../../../circuits/index.ts";
import { createStatevectorEngine, localSimulator, SimulatorError } from "../../../providers/index.ts";
import { LargeExpectation, LargeStatevector } from "../../../providers/simulator/large/index.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { differentiate, randomBatch } from "../../support/batch.ts";
import { FLAVOURS, randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

/** Threads from sizes on that tests can afford, with tiles enough for all. */
const options = (threads: number) => ({ shape: { tileQubits: 4, runQubits: 2 }, threads, threadedQubits: 8 });

test.each(FLAVOURS)("results are the same to the last bit for any number of threads: %s", (flavour) => {
  for (let seed = 0; seed < 6; seed++) {
    const rng = Rng.seed(seed);
    const n = 9 + (seed % 4);
    const circuit = randomTrainingCircuit(rng, n, 60, flavour);
    const observables = randomObservables(rng, n);
    const batch = randomBatch(rng, circuit, observables.length, 1);
    const values = Float64Array.from(circuit.parameters, () => rng.normal());
    const run = (threads: number) => {
      const memory = new StateMemory();
      const program = new LargeStatevector(circuit, memory, options(threads));
      const expectation = new LargeExpectation(circuit, observables, memory, options(threads));
      differentiate(expectation, batch);
      // The second time, since threads leave memory that is new to them to the caller.
      const state = program.statevector(values, program.statevector(values.map((x) => x + 1)));
      return { state, ...differentiate(expectation, batch) };
    };
    const alone = run(1);
    expect(alone.state.some((x) => x !== 0)).toBe(true);
    for (const threads of [2, 3, 8]) {
      const shared = run(threads);
      expect(shared.state).toEqual(alone.state);
      expect(shared.outputs).toEqual(alone.outputs);
      expect(shared.weightGradients).toEqual(alone.weightGradients);
      expect(shared.inputGradients).toEqual(alone.inputGradients);
    }
  }
});

test("an engine takes as many threads as it is told, and the results are the same", () => {
  const n = 18;
  const circuit = Circuit.build(n, (c) => {
    for (let layer = 0; layer < 2; layer++) {
      for (let q = 0; q < n; q++) c.ry(0.1 + 0.2 * q, q).rz(0.3 * layer, q);
      for (let q = 0; q < n; q++) c.cx(q, (q + 1) % n);
    }
  });
  const none = new Float64Array(0);
  const [alone, shared] = [1, 2].map((threads) => {
    const engine = createStatevectorEngine({ threads });
    const value = new Float64Array(1);
    engine.expectation(circuit, [SparsePauliOp.fromLabels("XYZ".repeat(6))]).evaluate(none, 1, value);
    const program = engine.statevector(circuit);
    return { state: program.statevector(none, program.statevector(none)), value };
  });
  expect(shared!.state).toEqual(alone!.state);
  expect(shared!.value).toEqual(alone!.value);
  expect(() => createStatevectorEngine({ threads: 0 })).toThrow(SimulatorError);
  expect(() => localSimulator({ threads: 1.5 })).toThrow(expect.objectContaining({ code: "THREAD_COUNT" }));
  const engine = createStatevectorEngine();
  expect(() => localSimulator({ threads: 2, engine })).toThrow(expect.objectContaining({ code: "THREAD_COUNT" }));
});
