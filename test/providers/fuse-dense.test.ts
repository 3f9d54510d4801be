import fc from "fast-check";
import { expect, test } from "vitest";
import { Circuit, circuitMatrix, gateSpec, input, Rng, weight } from "../../circuits/index.ts";
import { fuseDense } from "../../providers/simulator/fuse-dense.ts";
import { normalForm, type Primitive } from "../../providers/simulator/normal-form.ts";
import { createStatevectorEngine } from "../../providers/simulator/statevector-engine.ts";
import { randomUnitaryCircuit } from "../support/unitary-circuit.ts";

const none = new Float64Array(0);
const unitary = (seed: string, qubits: number) =>
  circuitMatrix(
    Circuit.build(qubits, (c) => {
      const rng = Rng.seed(seed);
      for (let q = 0; q < qubits; q++) c.u(rng.normal(), rng.normal(), rng.normal(), q);
      for (let q = 0; q + 1 < qubits; q++) c.cx(q, q + 1).rz(rng.normal(), q + 1);
      for (let q = 0; q < qubits; q++) c.u(rng.normal(), rng.normal(), rng.normal(), q);
    }),
  );
const fuse = (circuit: Circuit): readonly Primitive[] => fuseDense(normalForm(circuit), circuit.numQubits);

test("circuits with unitaries prepare column 0 of their matrix, with blocks and gates of all kinds beside each other", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 5 }), (seed, n) => {
      const rng = Rng.seed(seed);
      let circuit = randomUnitaryCircuit(rng, n, 8);
      circuit = circuit.bind(
        Object.fromEntries(circuit.vectors.map(({ name, size }) => [name, new Float64Array(size).fill(0.3)])),
      );
      circuit = circuit.extend((c) => {
        for (let k = 0; k < 12; k++) {
          const [a, b] = [rng.integer(n), rng.integer(n - 1)];
          const other = b >= a ? b + 1 : b;
          const kind = rng.integer(5);
          if (kind === 0) c.unitary(unitary(`${seed} ${k}`, 2), [a, other]);
          else if (kind === 1) c.unitary(unitary(`${seed} ${k}`, 1), [a]);
          else if (kind === 2) c.u(rng.normal(), rng.normal(), rng.normal(), a);
          else if (kind === 3) c.cx(a, other).crz(rng.normal(), other, a);
          else c.swap(a, other).cy(a, other);
        }
      });
      const matrix = circuitMatrix(circuit);
      const state = createStatevectorEngine().statevector(circuit).statevector(none);
      const size = 2 ** n;
      for (let i = 0; i < 2 * size; i++)
        expect(Math.abs(state[i]! - matrix[2 * size * (i >> 1) + (i & 1)]!)).toBeLessThan(1e-10);
    }),
    { numRuns: 60, seed: 3 },
  );
});

test("a unitary takes in what stands beside it on its qubits, before and after, in whatever order they are named", () => {
  const circuit = Circuit.build(3, (c) =>
    c
      .ry(0.2, 0)
      .cx(0, 1)
      .h(1)
      .unitary(unitary("a", 2), [1, 0])
      .rz(0.4, 1)
      .swap(0, 1)
      .unitary(unitary("b", 2), [0, 1])
      .t(0)
      .x(2),
  );
  // A global phase is on no qubit.
  const left = fuse(circuit).filter((primitive) => primitive.kind !== "phase" || primitive.mask !== 0);
  expect(left.map(({ kind }) => kind).sort()).toEqual(["dense", "permutation"]);
});

test("what has parameters, reaches further or stands behind something else stays", () => {
  const x = input("x");
  const w = weight("w");
  const circuit = Circuit.build(3, (c) =>
    c
      .ry(x, 0)
      .unitary(unitary("a", 2), [0, 1])
      .rz(w, 1)
      .unitary(unitary("b", 1), [1])
      .cx(1, 2)
      .unitary(unitary("c", 1), [2]),
  );
  expect(fuse(circuit).filter(({ kind }) => kind === "dense")).toHaveLength(3);
  expect(fuse(circuit)).toHaveLength(normalForm(circuit).length);
});

test("circuits without unitaries are left as they are", () => {
  expect(gateSpec("rxx").decomposition).toBeDefined();
  const circuit = Circuit.build(2, (c) => c.rxx(0.3, 0, 1).h(0));
  expect(fuse(circuit)).toEqual(normalForm(circuit));
});
