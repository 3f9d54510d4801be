import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { BatchedExpectation } from "../../../providers/simulator/batched/batched-expectation.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { createStatevectorEngine } from "../../../providers/simulator/statevector-engine.ts";
import { differentiate, randomBatch, rowsOf } from "../../support/batch.ts";
import { randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

const ROWS = 701;

interface Work {
  readonly program: BatchedExpectation;
  readonly values: Float64Array;
  readonly numObservables: number;
}

/** A program on up to six qubits, with values for many chunks of rows. */
function work(seed: string, memory: StateMemory): Work {
  const rng = Rng.seed(seed);
  const circuit = randomTrainingCircuit(rng, 6, 24, "everything");
  const observables = randomObservables(rng, 6);
  const values = Float64Array.from({ length: 5 * ROWS }, () => 2 * rng.normal());
  return { program: new BatchedExpectation(circuit, observables, memory), values, numObservables: observables.length };
}

/** All values at once, by a program and a memory that do nothing else. */
function alone(seed: string): Float64Array {
  const { program, values, numObservables } = work(seed, new StateMemory());
  const outputs = new Float64Array(ROWS * numObservables);
  const steps = [...program.evaluateInSteps(values, ROWS, outputs)];
  expect(steps.length).toBeGreaterThan(3);
  return outputs;
}

/** Takes one step of each in turn until all have ended. */
function inTurn(generators: readonly Generator<void>[]): void {
  let running = [...generators];
  while (running.length > 0) running = running.filter((steps) => !steps.next().done);
}

describe("steps of several computations in turn", () => {
  test("of one program do not disturb each other", () => {
    const { program, values, numObservables } = work("same", new StateMemory());
    const backwards = new Float64Array(values.length);
    for (let row = 0; row < ROWS; row++) backwards.set(values.subarray(5 * row, 5 * row + 5), 5 * (ROWS - 1 - row));
    const outputs = [1, 2].map(() => new Float64Array(ROWS * numObservables));
    inTurn([program.evaluateInSteps(values, ROWS, outputs[0]!), program.evaluateInSteps(backwards, ROWS, outputs[1]!)]);
    const expected = alone("same");
    for (let row = 0; row < ROWS; row++)
      for (let k = 0; k < numObservables; k++) {
        const value = expected[row * numObservables + k]!;
        expect(Math.abs(outputs[0]![row * numObservables + k]! - value)).toBeLessThan(1e-12);
        expect(Math.abs(outputs[1]![(ROWS - 1 - row) * numObservables + k]! - value)).toBeLessThan(1e-12);
      }
  });

  test("of two programs on one memory do not, nor do training steps of both in between", () => {
    const memory = new StateMemory();
    const works = ["first", "second"].map((seed) => work(seed, memory));
    const outputs = works.map(({ numObservables }) => new Float64Array(ROWS * numObservables));
    const batches = works.map(({ numObservables }, index) => {
      const rng = Rng.seed(index);
      return randomBatch(rng, randomTrainingCircuit(rng, 6, 1, "everything"), numObservables, 40);
    });
    const gradients = works.map(({ program }, index) => differentiate(program, batches[index]!));
    const generators = works.map(({ program, values }, index) =>
      program.evaluateInSteps(values, ROWS, outputs[index]!),
    );
    for (let round = 0; generators.map((steps) => steps.next().done).includes(false); round++) {
      const index = round % 2;
      expect(differentiate(works[index]!.program, batches[index]!)).toEqual(gradients[index]);
    }
    for (const [index, seed] of ["first", "second"].entries()) expect(outputs[index]).toEqual(alone(seed));
    expect(memory.lentBytes).toBe(0);
  });

  test("of one circuit with several light cones do not disturb each other", () => {
    // Twelve qubits in pairs: each pair is a light cone, and parts of an observable's value come from each.
    const w = weight("w", 12);
    const circuit = Circuit.build(12, (c) => {
      for (let q = 0; q < 12; q++) c.ry(w.at(q), q);
      for (let q = 0; q < 12; q += 2) c.cx(q, q + 1);
    });
    const total = SparsePauliOp.fromMaps(
      12,
      Array.from({ length: 12 }, (_, q) => [{ [q]: "Z" }, 1 + q] as const),
    );
    const program = createStatevectorEngine().expectation(circuit, [total]);
    const rng = Rng.seed("cones");
    const values = [1, 2].map(() => Float64Array.from({ length: 12 * 2000 }, () => rng.normal()));
    const outputs = [1, 2].map(() => new Float64Array(2000));
    inTurn(values.map((own, index) => program.evaluateInSteps!(own, 2000, outputs[index]!)));
    for (const [index, own] of values.entries())
      for (let row = 0; row < 2000; row++) {
        let expected = 0;
        for (let q = 0; q < 12; q += 2) {
          const [a, b] = [Math.cos(own[12 * row + q]!), Math.cos(own[12 * row + q + 1]!)];
          expected += (1 + q) * a + (2 + q) * a * b;
        }
        expect(Math.abs(outputs[index]![row]! - expected)).toBeLessThan(1e-10);
      }
  });
});

test("tables that a program left in a memory are used again only while they are there", () => {
  const memory = new StateMemory();
  const target = { addressBits: 32, realBits: 64, shared: false } as const;
  const { program, values, numObservables } = work("tables", memory);
  const run = (): Float64Array => {
    const outputs = new Float64Array(ROWS * numObservables);
    for (const _ of program.evaluateInSteps(values, ROWS, outputs));
    return outputs;
  };
  const expected = run();
  expect(run()).toEqual(expected);
  // Somebody else writes over them.
  const borrowed = memory.borrow(target, 1000);
  borrowed.f64.fill(Number.NaN);
  memory.release(borrowed);
  expect(run()).toEqual(expected);
  // Somebody else has them while the program runs.
  const held = memory.borrow(target, 1000);
  expect(run()).toEqual(expected);
  memory.release(held);
  expect(run()).toEqual(expected);
});

test("what others left in a memory does not matter, in lanes without a row either", () => {
  for (const realBits of [64, 32] as const)
    for (let seed = 0; seed < 12; seed++) {
      const rng = Rng.seed(seed);
      const n = 1 + rng.integer(5);
      const circuit = randomTrainingCircuit(rng, n, 20, seed % 2 === 0 ? "everything" : "layers");
      const observables = randomObservables(rng, n);
      const batch = randomBatch(rng, circuit, observables.length, 1 + 2 * rng.integer(3));
      const make = (memory: StateMemory): BatchedExpectation =>
        new BatchedExpectation(circuit, observables, memory, realBits);
      const spoilt = new StateMemory();
      const borrowed = spoilt.borrow({ addressBits: 32, realBits, shared: false }, 2 ** 23);
      borrowed.f64.fill(Number.NaN);
      spoilt.release(borrowed);
      expect(differentiate(make(spoilt), batch)).toEqual(differentiate(make(new StateMemory()), batch));
    }
});

test("a row that is not finite leaves nothing behind in lanes that are empty afterwards", () => {
  const rng = Rng.seed("empty lanes");
  const circuit = randomTrainingCircuit(rng, 3, 20, "layers");
  const program = new BatchedExpectation(circuit, [SparsePauliOp.z(3, 1)], new StateMemory());
  const batch = randomBatch(rng, circuit, 1, 4);
  const three = rowsOf(batch, 0, 3);
  const good = differentiate(program, three);
  batch.inputs.fill(Number.NaN, 6);
  expect(differentiate(program, batch).weightGradients.every(Number.isNaN)).toBe(true);
  expect(differentiate(program, three)).toEqual(good);
});

describe("memory is given back", () => {
  test("by a computation that is broken off", () => {
    const memory = new StateMemory();
    const { program, values, numObservables } = work("broken off", memory);
    const steps = program.evaluateInSteps(values, ROWS, new Float64Array(ROWS * numObservables));
    steps.next();
    expect(memory.lentBytes).toBeGreaterThan(0);
    steps.return(undefined);
    expect(memory.lentBytes).toBe(0);
  });

  test("by one that fails, which leaves the program as it was", () => {
    const memory = new StateMemory();
    const { program, values, numObservables } = work("fails", memory);
    const gone = new Float64Array(ROWS * numObservables);
    (gone.buffer as ArrayBuffer).transfer();
    expect(() => [...program.evaluateInSteps(values, ROWS, gone)]).toThrow(TypeError);
    expect(memory.lentBytes).toBe(0);
    const outputs = new Float64Array(ROWS * numObservables);
    for (const _ of program.evaluateInSteps(values, ROWS, outputs));
    expect(outputs).toEqual(alone("fails"));
  });

  test("by one that has no room, which says so", () => {
    const memory = new StateMemory(2 ** 22);
    const x = input("x", 14);
    const circuit = Circuit.build(14, (c) => {
      for (let layer = 0; layer < 3; layer++) {
        for (let q = 0; q < 14; q++) c.ry(x.at(q), q);
        for (let q = 0; q + 1 < 14; q++) c.cx(q, q + 1);
      }
    });
    const program = new BatchedExpectation(circuit, [SparsePauliOp.z(14, 3)], memory);
    const run = (): number => {
      const outputs = new Float64Array(1);
      program.run(
        Float64Array.from({ length: 14 }, (_, q) => 0.1 * q),
        new Float64Array(0),
        1,
        null,
        outputs,
        null,
        null,
      );
      return outputs[0]!;
    };
    const value = run();
    const others = memory.take(memory.availableBytes / 8 - 2 ** 17);
    expect(run).toThrow(expect.objectContaining({ code: "STATE_TOO_LARGE" }));
    memory.giveBack(others);
    expect(memory.lentBytes).toBe(0);
    expect(run()).toBe(value);
  });
});

test("a circuit too deep for tables of its levels makes none before it is known to be", () => {
  const deep = Circuit.build(12, (c) => {
    for (let layer = 0; layer < 2000; layer++) c.ry(0.1, 0).cp(0.01 * layer, 0, 1);
  });
  const before = process.memoryUsage().arrayBuffers;
  const program = new BatchedExpectation(deep, [SparsePauliOp.z(12, 0)], new StateMemory());
  expect(program.fits).toBe(false);
  expect(program.bytes).toBeGreaterThan(2 ** 24);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
