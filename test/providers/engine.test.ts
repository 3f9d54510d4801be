import { readFileSync } from "node:fs";
import fc from "fast-check";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, input, Rng, SparsePauliOp, weight } from "../../circuits/index.ts";
import { ObservableKernel } from "../../providers/simulator/observable-kernel.ts";
import { createStatevectorEngine } from "../../providers/simulator/statevector-engine.ts";
import { randomUnitaryCircuit } from "../support/unitary-circuit.ts";

interface GoldenState {
  readonly id: string;
  readonly n: number;
  readonly ops: readonly { readonly gate: string; readonly qubits: number[]; readonly params?: number[] }[];
  readonly amplitudes: readonly (readonly [number, number])[];
  readonly expectations: Readonly<Record<string, number>>;
}
interface GoldenHamiltonian {
  readonly id: string;
  readonly n: number;
  readonly terms: readonly (readonly [string, number])[];
  readonly ground_energy: number;
  readonly lowest: readonly number[];
  readonly max_energy: number;
  readonly hf_energy?: number;
  readonly hf_bits_q0_first?: readonly number[];
  readonly best_bitstrings_int?: readonly number[];
}
const golden = <Item>(name: string): readonly Item[] =>
  JSON.parse(readFileSync(new URL(`../fixtures/golden/${name}.json`, import.meta.url), "utf8")).items;

const none = new Float64Array(0);
const engines = [
  ["tables", createStatevectorEngine()],
  ["in place", createStatevectorEngine({ batchedQubits: 0 })],
] as const;

describe.each(engines)("statevector engine, %s", (_, engine) => {
  test.each(golden<GoldenState>("statevectors"))("golden state $id", ({ n, ops, amplitudes, expectations }) => {
    const circuit = Circuit.build(n, (builder) => {
      for (const { gate, params = [], qubits } of ops) builder.gate(gate, params, qubits);
    });
    const state = engine.statevector(circuit).statevector(none);
    for (const [index, [re, im]] of amplitudes.entries()) {
      expect(Math.abs(state[2 * index]! - re)).toBeLessThan(1e-9);
      expect(Math.abs(state[2 * index + 1]! - im)).toBeLessThan(1e-9);
    }
    const observables = Object.keys(expectations).map((key) =>
      SparsePauliOp.fromJSON({ numQubits: n, terms: [[key, 1]] }),
    );
    const together = new Float64Array(observables.length);
    engine.expectation(circuit, observables).evaluate(none, 1, together);
    for (const [index, value] of Object.values(expectations).entries()) {
      const alone = new Float64Array(1);
      engine.expectation(circuit, [observables[index]!]).evaluate(none, 1, alone);
      expect(Math.abs(together[index]! - value)).toBeLessThan(1e-9);
      expect(Math.abs(alone[0]! - value)).toBeLessThan(1e-9);
    }
  });

  test("any circuit prepares column 0 of its matrix, with controls of either sign and dense unitaries", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, numQubits) => {
        const circuit = randomUnitaryCircuit(Rng.seed(seed), numQubits, 25);
        const values = Float64Array.from(circuit.parameters, (_, i) => Math.sin(seed % 1000) + 0.37 * i);
        const bound = circuit.bind(
          Object.fromEntries(
            circuit.vectors.map((vector) => {
              const start = circuit.parameters.indexOf(vector.elements[0]!);
              return [vector.name, values.slice(start, start + vector.size)];
            }),
          ),
        );
        const size = 2 ** numQubits;
        const matrix = circuitMatrix(bound);
        const state = engine.statevector(circuit).statevector(values);
        for (let i = 0; i < size; i++) {
          expect(Math.abs(state[2 * i]! - matrix[2 * i * size]!)).toBeLessThan(1e-10);
          expect(Math.abs(state[2 * i + 1]! - matrix[2 * i * size + 1]!)).toBeLessThan(1e-10);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("adjoint gradients equal central differences, rows and cotangents kept apart", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, numQubits) => {
        const rng = Rng.seed(seed);
        const circuit = randomUnitaryCircuit(rng, numQubits, 14);
        const observables = [
          randomObservable(rng, numQubits),
          randomObservable(rng, numQubits),
          SparsePauliOp.z(numQubits, 0),
        ];
        const program = engine.expectation(circuit, observables);
        const rows = 3;
        const draw = (length: number): Float64Array => Float64Array.from({ length }, () => 2 * rng.normal());
        const inputs = draw(rows * circuit.numInputs);
        const weights = draw(circuit.numWeights);
        const cotangents = draw(rows * observables.length);
        const outputs = new Float64Array(cotangents.length);
        const weightGradients = new Float64Array(weights.length);
        const inputGradients = new Float64Array(inputs.length);
        program.backward(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
        const loss = (): number => {
          program.forward(inputs, weights, rows, outputs);
          return outputs.reduce((sum, value, i) => sum + value * cotangents[i]!, 0);
        };
        for (const [values, gradients] of [
          [weights, weightGradients],
          [inputs, inputGradients],
        ] as const)
          for (let i = 0; i < values.length; i++) {
            const kept = values[i]!;
            values[i] = kept + 1e-5;
            const above = loss();
            values[i] = kept - 1e-5;
            const below = loss();
            values[i] = kept;
            expect(Math.abs(gradients[i]! - (above - below) / 2e-5)).toBeLessThan(1e-6 * (1 + Math.abs(gradients[i]!)));
          }
      }),
      { numRuns: 40, seed: 2 },
    );
  });
});

function randomObservable(rng: Rng, numQubits: number): SparsePauliOp {
  return SparsePauliOp.fromLabels(
    Array.from(
      { length: 6 },
      () => [Array.from({ length: numQubits }, () => "IXYZ"[rng.integer(4)]).join(""), rng.normal()] as const,
    ),
  );
}

describe("rows", () => {
  const x = input("x", 2);
  const w = weight("w", 3);
  const circuit = Circuit.build(3, (c) =>
    c
      .ry(x.at(0), 0)
      .rx(w.at(0), 1)
      .cx(0, 1)
      .crz(w.at(1).times(x.at(1)), 1, 2)
      .h(2)
      .u(w.at(2), x.at(0), 0.3, 2)
      .cx(2, 0),
  );
  const observables = [
    SparsePauliOp.fromLabels("ZXI"),
    SparsePauliOp.z(3, 0),
    SparsePauliOp.fromLabels({ YYZ: 0.5, ZZZ: -1 }),
  ];
  const program = createStatevectorEngine().expectation(circuit, observables);

  test("a batch equals its rows one by one, over several groups of lanes", () => {
    const rng = Rng.seed("rows");
    const rows = 150;
    const values = Float64Array.from({ length: rows * 5 }, () => rng.normal());
    const batch = new Float64Array(rows * 3);
    program.evaluate(values, rows, batch);
    const one = new Float64Array(3);
    for (let row = 0; row < rows; row++) {
      program.evaluate(values.slice(row * 5, row * 5 + 5), 1, one);
      for (let k = 0; k < 3; k++) expect(Math.abs(batch[row * 3 + k]! - one[k]!)).toBeLessThan(1e-14);
    }
  });

  test("forward with shared weights equals evaluate with the weights repeated", () => {
    const rng = Rng.seed("forward");
    const inputs = Float64Array.from({ length: 14 }, () => rng.normal());
    const weights = Float64Array.from({ length: 3 }, () => rng.normal());
    const values = new Float64Array(35);
    for (let row = 0; row < 7; row++) {
      values.set(inputs.slice(row * 2, row * 2 + 2), row * 5);
      values.set(weights, row * 5 + 2);
    }
    const shared = new Float64Array(21);
    const repeated = new Float64Array(21);
    program.forward(inputs, weights, 7, shared);
    program.evaluate(values, 7, repeated);
    for (let i = 0; i < 21; i++) expect(Math.abs(shared[i]! - repeated[i]!)).toBeLessThan(1e-14);
  });

  test("gradients that are not asked for are left out without changing the others", () => {
    const inputs = Float64Array.from([0.3, -0.4, 1, 2]);
    const weights = Float64Array.from([0.1, 0.2, 0.3]);
    const cotangents = Float64Array.from([1, 2, 3, 4, 5, 6]);
    const outputs = new Float64Array(6);
    const both = { weights: new Float64Array(3), inputs: new Float64Array(4) };
    program.backward(inputs, weights, 2, cotangents, outputs, both.weights, both.inputs);
    const only = { weights: new Float64Array(3), inputs: new Float64Array(4) };
    program.backward(inputs, weights, 2, cotangents, outputs, only.weights, null);
    program.backward(inputs, weights, 2, cotangents, outputs, null, only.inputs);
    expect(only.weights).toEqual(both.weights);
    expect(only.inputs).toEqual(both.inputs);
  });
});

test("in place equals tables where qubits lie above the low table too", () => {
  const numQubits = 14;
  const rng = Rng.seed("large");
  const circuit = randomUnitaryCircuit(rng, numQubits, 60);
  const observables = [randomObservable(rng, numQubits), SparsePauliOp.z(numQubits, 13)];
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => rng.normal());
  const [inputs, weights, cotangents] = [draw(2 * 2), draw(3), draw(2 * 2)];
  const [tables, inPlace] = engines.map(([, engine]) => {
    const outputs = new Float64Array(4);
    const weightGradients = new Float64Array(3);
    const inputGradients = new Float64Array(4);
    engine
      .expectation(circuit, observables)
      .backward(inputs, weights, 2, cotangents, outputs, weightGradients, inputGradients);
    const state = engine.statevector(circuit).statevector(Float64Array.of(...inputs.slice(0, 2), ...weights));
    return { outputs, weightGradients, inputGradients, state: state.slice() };
  });
  for (const name of ["outputs", "weightGradients", "inputGradients", "state"] as const)
    for (const [index, value] of tables![name].entries())
      expect(Math.abs(value - inPlace![name][index]!)).toBeLessThan(1e-11);
});

describe("light cone", () => {
  test("a circuit of 200 qubits is no larger than what the observable sees", () => {
    const w = weight("w", 200);
    const circuit = Circuit.build(200, (c) => {
      for (let qubit = 0; qubit < 200; qubit++) c.ry(w.at(qubit), qubit);
      for (let qubit = 0; qubit < 199; qubit += 2) c.cx(qubit, qubit + 1);
      for (let qubit = 1; qubit < 199; qubit += 2) c.cz(qubit, qubit + 1);
    });
    const observables = Array.from({ length: 200 }, (_, qubit) => SparsePauliOp.fromMaps(200, [[{ [qubit]: "Z" }, 1]]));
    const weights = Float64Array.from({ length: 200 }, (_, i) => 0.01 * i);
    const outputs = new Float64Array(200);
    const gradients = new Float64Array(200);
    const cotangents = new Float64Array(200).fill(1);
    createStatevectorEngine()
      .expectation(circuit, observables)
      .backward(none, weights, 1, cotangents, outputs, gradients, null);
    for (let qubit = 0; qubit < 200; qubit += 2) {
      const [a, b] = [Math.cos(weights[qubit]!), Math.cos(weights[qubit + 1]!)];
      expect(outputs[qubit]).toBeCloseTo(a, 12);
      expect(outputs[qubit + 1]).toBeCloseTo(a * b, 12);
      expect(gradients[qubit]).toBeCloseTo(-Math.sin(weights[qubit]!) * (1 + b), 12);
      expect(gradients[qubit + 1]).toBeCloseTo(-a * Math.sin(weights[qubit + 1]!), 12);
    }
  });

  test("on qubits that nothing touches Z is 1 and X is 0", () => {
    const circuit = Circuit.build(4, (c) => c.x(1));
    const outputs = new Float64Array(4);
    createStatevectorEngine()
      .expectation(
        circuit,
        ["ZIII", "XIII", "IZZI", "IIII"].map((label) => SparsePauliOp.fromLabels(label)),
      )
      .evaluate(none, 1, outputs);
    expect([...outputs]).toEqual([1, 0, -1, 1]);
  });
});

describe.each(golden<GoldenHamiltonian>("hamiltonians"))("golden Hamiltonian $id", (item) => {
  const { n, terms } = item;
  const size = 2 ** n;
  const observable = SparsePauliOp.fromJSON({ numQubits: n, terms });
  const kernel = new ObservableKernel([observable], n, 1);
  const apply = (state: Float64Array): Float64Array => {
    const out = new Float64Array(2 * size);
    kernel.adjoint(state, out, 1, Float64Array.of(1), 0, new Float64Array(size));
    return out;
  };

  test("its spectrum, from the engine's own H|i⟩", () => {
    const dense = Matrix.zeros(size, size);
    for (let column = 0; column < size; column++) {
      const basis = new Float64Array(2 * size);
      basis[2 * column] = 1;
      const image = apply(basis);
      for (let row = 0; row < size; row++) {
        dense.set(row, column, image[2 * row]!);
        expect(Math.abs(image[2 * row + 1]!)).toBeLessThan(1e-12);
      }
    }
    const energies = new EigenvalueDecomposition(dense, { assumeSymmetric: true }).realEigenvalues.sort(
      (a, b) => a - b,
    );
    for (const [index, energy] of item.lowest.entries()) expect(Math.abs(energies[index]! - energy)).toBeLessThan(1e-8);
    expect(Math.abs(energies[0]! - item.ground_energy)).toBeLessThan(1e-8);
    expect(Math.abs(energies.at(-1)! - item.max_energy)).toBeLessThan(1e-8);
  });
});

test.each(golden<GoldenHamiltonian>("hamiltonians").filter((item) => knownStates(item).length > 0))(
  "golden Hamiltonian $id: energies of its known basis states",
  (item) => {
    const observable = SparsePauliOp.fromJSON({ numQubits: item.n, terms: item.terms });
    for (const [bits, energy] of knownStates(item)) {
      const circuit = Circuit.build(item.n, (c) => {
        for (const [qubit, bit] of bits.entries()) if (bit === 1) c.x(qubit);
      });
      const out = new Float64Array(1);
      createStatevectorEngine().expectation(circuit, [observable]).evaluate(none, 1, out);
      expect(Math.abs(out[0]! - energy)).toBeLessThan(1e-8);
    }
  },
);

function knownStates(item: GoldenHamiltonian): readonly (readonly [bits: readonly number[], energy: number])[] {
  return [
    ...(item.hf_bits_q0_first === undefined ? [] : [[item.hf_bits_q0_first, item.hf_energy!] as const]),
    ...(item.best_bitstrings_int ?? []).map(
      (bits) => [Array.from({ length: item.n }, (_, qubit) => (bits >> qubit) & 1), item.ground_energy] as const,
    ),
  ];
}

test("errors: measurement in a circuit, an observable of another size", () => {
  const engine = createStatevectorEngine();
  const measured = Circuit.build(1, (c) => c.h(0).measureAll());
  expect(() => engine.statevector(measured)).toThrow(expect.objectContaining({ code: "CIRCUIT_NOT_UNITARY" }));
  expect(() =>
    engine.expectation(
      Circuit.build(2, (c) => c.h(0)),
      [SparsePauliOp.fromLabels("Z")],
    ),
  ).toThrow(expect.objectContaining({ code: "OBSERVABLE_QUBITS" }));
});

test.each([-1, 1.5, Number.NaN, "3"])("batchedQubits %j is refused", (batchedQubits) => {
  expect(() => createStatevectorEngine({ batchedQubits: batchedQubits as number })).toThrowError(
    expect.objectContaining({ code: "BATCHED_QUBITS" }),
  );
});
