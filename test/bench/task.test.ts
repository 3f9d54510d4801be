import { describe, expect, test } from "vitest";
import { parseArguments } from "../../bench/arguments.ts";
import { expectation } from "../../bench/state.ts";
import { gatesForPeers } from "../../bench/task.ts";
import { isingChain, qftCircuit, w1Circuit, w2Circuit, w3Circuit } from "../../bench/workloads.ts";
import { Circuit, input, SparsePauliOp, weight } from "../../circuits/index.ts";

describe("what peers are sent", () => {
  test("rz ry rz on one qubit is one gate, angles are linear in columns of inputs and weights", () => {
    const x = input("x", 2);
    const w = weight("w", 3);
    const circuit = Circuit.build(2, (c) =>
      c
        .rx(x.at(1).times(0.5).plus(w.at(2)).minus(0.25), 0)
        .rz(w.at(0), 1)
        .ry(w.at(1), 1)
        .rz(0.5, 1)
        .cx(0, 1),
    );
    expect(gatesForPeers(circuit)).toEqual([
      {
        name: "rx",
        qubits: [0],
        angles: [
          {
            offset: -0.25,
            terms: [
              [0.5, 1],
              [1, 4],
            ],
          },
        ],
      },
      {
        name: "rot",
        qubits: [1],
        angles: [
          { offset: 0, terms: [[1, 2]] },
          { offset: 0, terms: [[1, 3]] },
          { offset: 0.5, terms: [] },
        ],
      },
      { name: "cx", qubits: [0, 1], angles: [] },
    ]);
  });

  test("rotations of different qubits stay apart", () => {
    const circuit = Circuit.build(2, (c) => c.rz(0.1, 0).ry(0.2, 1).rz(0.3, 0));
    expect(gatesForPeers(circuit).map(({ name }) => name)).toEqual(["rz", "ry", "rz"]);
  });

  test("a product of parameters is refused", () => {
    const x = input("x", 1);
    const w = weight("w", 1);
    expect(() => gatesForPeers(Circuit.build(1, (c) => c.rx(x.at(0).times(w.at(0)), 0)))).toThrow(/not linear/);
  });
});

describe("workloads", () => {
  test("have the gates that their definitions name", () => {
    expect(w1Circuit(4).count()).toEqual({ ry: 4 + 12, rz: 24, cx: 12 });
    expect(w2Circuit(12).parameters).toHaveLength(144);
    expect(w3Circuit(5).count()).toEqual({ rz: 200, ry: 100, cz: 40 });
    expect(qftCircuit(4).count()).toEqual({ h: 4, cp: 6 });
    expect(isingChain(3).terms).toHaveLength(5);
  });
});

test("expectation values by the definition", () => {
  // |00⟩ + i|01⟩ on qubits 1 and 0, so ⟨Y₀⟩ = 1; and with qubit 1 turned, ⟨Y₀X₁⟩ = 1.
  const [a, b] = [Math.SQRT1_2, 0.5];
  const y = Float64Array.of(a, 0, 0, a, 0, 0, 0, 0);
  const yx = Float64Array.of(b, 0, 0, b, b, 0, 0, b);
  expect(expectation(y, SparsePauliOp.fromLabels("IY"))).toBeCloseTo(1, 15);
  expect(expectation(y, SparsePauliOp.fromLabels("ZI"))).toBeCloseTo(1, 15);
  expect(expectation(yx, SparsePauliOp.fromLabels("XY"))).toBeCloseTo(1, 15);
  expect(expectation(yx, SparsePauliOp.fromLabels("ZY"))).toBeCloseTo(0, 15);
});

describe("arguments", () => {
  test("narrow a run", () => {
    const { benchmarks, options } = parseArguments(["w1", "w3", "--n", "4,8", "--peer", "jax", "--rounds", "2"]);
    expect(benchmarks).toEqual(["w1", "w3"]);
    expect(options).toMatchObject({ peers: true, peer: ["jax"], numQubits: [4, 8], batch: [], rounds: 2 });
  });

  test.each([[["--n", "four"]], [["--rounds", "0"]], [["--fast"]]])("refuse %j", (args) => {
    expect(() => parseArguments(args)).toThrow(TypeError);
  });
});
