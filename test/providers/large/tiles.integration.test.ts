import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { LargeExpectation, LargeStatevector, type TileOptions } from "../../../providers/simulator/large/index.ts";
import { TileCircuit } from "../../../providers/simulator/large/tile-circuit.ts";
import { StateMemory } from "../../../providers/simulator/state-memory.ts";
import { differentiate, distance, randomBatch } from "../../support/batch.ts";
import { TARGETS } from "../../support/kernel-bench.ts";
import { createReferenceEngine, referenceState } from "../../support/reference-engine.ts";
import { FLAVOURS, randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

/** Tiles so small that few qubits have outer ones too, and tiles that hold the state. */
const OPTIONS: readonly TileOptions[] = [
  { shape: { tileQubits: 3, runQubits: 1 } },
  { shape: { tileQubits: 4, runQubits: 2 } },
  { shape: { tileQubits: 2, runQubits: 2 } },
  {},
];
const options = fc.constantFrom(...OPTIONS);

/** Memory that is full of what no state may contain. */
function spoilt(): StateMemory {
  const memory = new StateMemory();
  const lent = memory.borrow({ addressBits: 32, realBits: 64, shared: false }, 1 << 21);
  lent.f64.fill(Number.NaN);
  memory.release(lent);
  return memory;
}

function expectClose(actual: ArrayLike<number>, expected: Float64Array, tolerance: number): void {
  for (const [i, value] of expected.entries())
    if (!(Math.abs(actual[i]! - value) <= tolerance))
      expect.unreachable(`number ${i} is ${actual[i]}, not ${value} (off by more than ${tolerance})`);
}

describe.each(FLAVOURS)("circuits of %s", (flavour) => {
  test("prepare column 0 of their matrix, global phase included, whatever the tiles are", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 7 }), options, (seed, n, own) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, 25, flavour);
        const values = Float64Array.from(circuit.parameters, () => 2 * rng.normal());
        const state = new LargeStatevector(circuit, spoilt(), own).statevector(values);
        expectClose(state, referenceState(circuit, values), 1e-12);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  test("have the values and gradients of matrices and finite differences", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), options, (seed, n, own) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, 18, flavour);
        const observables = randomObservables(rng, n);
        const batch = randomBatch(rng, circuit, observables.length, 2);
        const found = differentiate(new LargeExpectation(circuit, observables, spoilt(), own), batch);
        const reference = createReferenceEngine().expectation(circuit, observables);
        const expected = differentiate(
          {
            run: (inputs, weights, rows, cotangents, ...rest) =>
              reference.backward(inputs, weights, rows, cotangents!, ...rest),
          },
          batch,
        );
        expectClose(found.outputs, expected.outputs, 1e-11);
        expect(distance(expected, found)).toBeLessThan(1e-7);
      }),
      { numRuns: 12, seed: 6 },
    );
  });

  test("have the same gradients in one tile and in many", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 4, max: 8 }), options, (seed, n, own) => {
        const rng = Rng.seed(seed);
        const circuit = randomTrainingCircuit(rng, n, 40, flavour);
        const observables = randomObservables(rng, n);
        const batch = randomBatch(rng, circuit, observables.length, 1);
        const memory = spoilt();
        const cut = differentiate(new LargeExpectation(circuit, observables, memory, own), batch);
        const whole = differentiate(new LargeExpectation(circuit, observables, memory), batch);
        expect(distance(whole, cut)).toBeLessThan(1e-12);
        expect(memory.lentBytes).toBe(0);
      }),
      { numRuns: 25, seed: 7 },
    );
  });
});

test("gradients of inputs, of weights and of both are the same", () => {
  fc.assert(
    fc.property(fc.integer(), options, (seed, own) => {
      const rng = Rng.seed(seed);
      const circuit = randomTrainingCircuit(rng, 6, 30, "rotations");
      const observables = randomObservables(rng, 6);
      const program = new LargeExpectation(circuit, observables, new StateMemory(), own);
      const batch = randomBatch(rng, circuit, observables.length, 2);
      const both = differentiate(program, batch);
      const { inputs, weights, rows, cotangents } = batch;
      const outputs = new Float64Array(both.outputs.length);
      const alone = { weights: new Float64Array(weights.length), inputs: new Float64Array(inputs.length) };
      program.run(inputs, weights, rows, cotangents, outputs, alone.weights, null);
      program.run(inputs, weights, rows, cotangents, outputs, null, alone.inputs);
      expect(outputs).toEqual(both.outputs);
      expectClose(alone.weights, both.weightGradients, 1e-13);
      expectClose(alone.inputs, both.inputGradients, 1e-13);
    }),
    { numRuns: 30, seed: 8 },
  );
});

test("programs that take turns on one memory, some of them within a call, do not disturb each other", () => {
  const rng = Rng.seed("turns");
  const memory = spoilt();
  const programs = Array.from({ length: 16 }, (_, index) => {
    const n = 3 + (index % 6);
    const circuit = randomTrainingCircuit(rng, n, 30, FLAVOURS[index % FLAVOURS.length]!);
    const observables = randomObservables(rng, n);
    const batch = randomBatch(rng, circuit, observables.length, 3);
    const values = Float64Array.from({ length: 3 * circuit.parameters.length }, () => rng.normal());
    const own = OPTIONS[index % OPTIONS.length];
    const make = (on: StateMemory) => ({
      expectation: new LargeExpectation(circuit, observables, on, own),
      state: new LargeStatevector(circuit, on, own),
    });
    const alone = make(new StateMemory());
    const outputs = new Float64Array(batch.cotangents.length);
    for (const _ of alone.expectation.evaluateInSteps(values, 3, outputs));
    const gradients = differentiate(alone.expectation, batch);
    const state = alone.state.statevector(values.subarray(0, circuit.parameters.length));
    return { ...make(memory), circuit, batch, values, outputs, gradients, expected: state };
  });
  for (let round = 0; round < 30; round++) {
    let running = [0, 1, 2].map(() => {
      const program = programs[rng.integer(programs.length)]!;
      const outputs = new Float64Array(program.outputs.length);
      return { program, outputs, steps: program.expectation.evaluateInSteps(program.values, 3, outputs) };
    });
    while (running.length > 0) {
      const turn = rng.integer(running.length);
      const { program, outputs, steps } = running[turn]!;
      const other = programs[rng.integer(programs.length)]!;
      if (rng.integer(2) === 0) expect(differentiate(other.expectation, other.batch)).toEqual(other.gradients);
      else {
        const row = other.values.subarray(0, other.circuit.parameters.length);
        expect(other.state.statevector(row)).toEqual(other.expected);
      }
      if (rng.integer(10) === 0) steps.return(undefined);
      else if (steps.next().done) expect(outputs).toEqual(program.outputs);
      else continue;
      running = running.filter((_, index) => index !== turn);
    }
  }
  expect(memory.lentBytes).toBe(0);
});

test("a phase that many outer qubits decide is that of the quantum Fourier transform", () => {
  const n = 8;
  const fourier = Circuit.build(n, (c) => {
    c.x(1).x(4).x(7);
    for (let j = n - 1; j >= 0; j--) {
      c.h(j);
      for (let k = j - 1; k >= 0; k--) c.cp(Math.PI / 2 ** (j - k), k, j);
    }
  });
  for (const own of OPTIONS) {
    const state = new LargeStatevector(fourier, new StateMemory(), own).statevector(new Float64Array(0));
    for (let i = 0; i < 2 ** n; i++) {
      let reversed = 0;
      for (let bit = 0; bit < n; bit++) reversed |= ((i >> bit) & 1) << (n - 1 - bit);
      const angle = (2 * Math.PI * reversed * 0b10010010) / 2 ** n;
      expect(Math.abs(state[2 * i]! - Math.cos(angle) / 2 ** (n / 2))).toBeLessThan(1e-13);
      expect(Math.abs(state[2 * i + 1]! - Math.sin(angle) / 2 ** (n / 2))).toBeLessThan(1e-13);
    }
  }
});

test("deep circuits neither run over nor out of numbers, and make tables pass by pass", () => {
  const w = weight("w", 1);
  const deep = Circuit.build(5, (c) => {
    for (let layer = 0; layer < 600; layer++) {
      for (let q = 0; q < 5; q++) c.ry(1.5, q).rz(0.3 * q, q);
      for (let q = 0; q < 5; q++) c.cx(q, (q + 1) % 5);
    }
    // Turns with matrices between them, which leave nothing else to take a scale.
    for (let layer = 0; layer < 3000; layer++) c.ry(1.5, 0).unitary(Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0), [0]);
    c.ry(w.at(0), 1);
  });
  const values = Float64Array.of(0.4);
  const whole = new LargeStatevector(deep, new StateMemory()).statevector(values);
  for (const own of OPTIONS) {
    const state = new LargeStatevector(deep, new StateMemory(), own).statevector(values);
    expect(Math.abs(state.reduce((sum, x) => sum + x * x, 0) - 1)).toBeLessThan(1e-10);
    expectClose(state, whole, 1e-10);
    const program = new LargeExpectation(deep, [SparsePauliOp.z(5, 1)], new StateMemory(), own);
    const outputs = new Float64Array(1);
    const gradient = new Float64Array(1);
    program.run(new Float64Array(0), values, 1, Float64Array.of(1), outputs, gradient, null);
    const at = (angle: number): number => {
      program.run(new Float64Array(0), Float64Array.of(angle), 1, null, outputs, null, null);
      return outputs[0]!;
    };
    // The parameter-shift rule of a rotation, exact.
    const shift = (at(0.4 + Math.PI / 2) - at(0.4 - Math.PI / 2)) / 2;
    expect(Math.abs(gradient[0]! - shift)).toBeLessThan(1e-10);
  }
});

describe("the array of a state", () => {
  const w = weight("w", 2);
  const circuitOf = (n: number): Circuit =>
    Circuit.build(n, (c) => {
      for (let q = 0; q < n; q++) c.ry(w.at(q % 2), q);
      for (let q = 0; q + 1 < n; q++) c.cx(q, q + 1);
    });

  test.each([4, 15])("of %i qubits is filled again where it is given back, and then belongs to its owner", (n) => {
    const program = new LargeStatevector(circuitOf(n), new StateMemory());
    const first = program.statevector(Float64Array.of(0.1, 0.2));
    const kept = first.slice();
    const second = program.statevector(Float64Array.of(0.3, 0.4));
    expect(first).toEqual(kept);
    const again = program.statevector(Float64Array.of(0.3, 0.4), first);
    expect(again).toBe(first);
    expect(first).toEqual(second);
    const own = new Float64Array(2 * 2 ** n);
    expect(program.statevector(Float64Array.of(0.1, 0.2), own)).toBe(own);
    expect(own).toEqual(kept);
  });

  test("pauses and leaves other calls alone that come in between", () => {
    const n = 16;
    const layers = Circuit.build(n, (c) => {
      for (let layer = 0; layer < 40; layer++) {
        for (let q = 0; q < n; q++) c.ry(w.at(layer % 2), q).rz(w.at(1), q);
        for (let q = 0; q < n; q++) c.cx(q, (q + 1) % n);
      }
    });
    const program = new LargeStatevector(layers, new StateMemory());
    const expected = program.statevector(Float64Array.of(0.1, 0.2));
    const steps = program.statevectorInSteps(Float64Array.of(0.1, 0.2));
    let pauses = 0;
    for (;;) {
      const step = steps.next();
      if (step.done) {
        expect(step.value).toEqual(expected);
        break;
      }
      if (pauses++ === 1) program.statevector(Float64Array.of(0.5, 0.6));
    }
    expect(pauses).toBeGreaterThan(2);
  });
});

const wide = TARGETS.filter(({ addressBits, realBits, shared }) => addressBits === 64 && realBits === 64 && !shared);
test.skipIf(wide.length === 0)("memories with addresses of 64 bits give the same to the last bit", () => {
  const memory = new StateMemory();
  for (let seed = 0; seed < 20; seed++) {
    const rng = Rng.seed(seed);
    const n = 3 + (seed % 6);
    const circuit = randomTrainingCircuit(rng, n, 30, "everything");
    const tiles = new TileCircuit(circuit, randomObservables(rng, n), { shape: { tileQubits: 3, runQubits: 1 } });
    const row = Float64Array.from(circuit.parameters, () => rng.normal());
    tiles.want(true, true);
    const [narrow, broad] = ([32, 64] as const).map((addressBits) => {
      const lent = memory.borrow({ addressBits, realBits: 64, shared: false }, tiles.memoryBytes(2));
      const values = new Float64Array(tiles.numObservables);
      const gradient = new Float64Array(row.length);
      for (const _ of tiles.forward(lent, row));
      for (const _ of tiles.read(lent, values, 0));
      tiles.adjoint(lent, new Float64Array(values.length).fill(0.5), 0);
      tiles.backward(lent, row, gradient);
      memory.release(lent);
      return { values, gradient };
    });
    expect(broad).toEqual(narrow);
  }
});

test("tables take a small part of what states take: two states and less than a tenth for gradients of 22 qubits", () => {
  const n = 22;
  const w = weight("w", [6, n]);
  const circuit = Circuit.build(n, (c) => {
    for (let layer = 0; layer < 6; layer++) {
      for (let q = 0; q < n; q++) c.ry(w.at(layer, q), q).rz(w.at(layer, q), q);
      for (let q = 0; q + 1 < n; q++) c.cx(q, q + 1);
    }
  });
  const observables = [SparsePauliOp.z(n, 0), SparsePauliOp.fromLabels("X".repeat(n))];
  for (const threads of [1, 8]) {
    const bytes = new TileCircuit(circuit, observables, { threads }).memoryBytes(2);
    expect(bytes).toBeGreaterThan(2 * 16 * 2 ** n);
    expect(bytes).toBeLessThan(2.1 * 16 * 2 ** n);
  }
});
