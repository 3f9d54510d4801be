import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  angleEmbedding,
  basicEntangler,
  Circuit,
  hamiltonianVariational,
  identityBlockWeights,
  input,
  mirroredBlocks,
  nLocal,
  Rng,
  realAmplitudes,
  SparsePauliOp,
  stronglyEntangling,
  uniformWeights,
  weight,
  zeroWeights,
} from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { type TrainedCircuit, type TransferOptions, transferWeights } from "../../../src/transfer/index.ts";
import { distance } from "../../support/linear-algebra.ts";

const code = (name: string) => expect.objectContaining({ name: "ModelError", code: name });
const trainedOf = (circuit: Circuit, seed: number): TrainedCircuit => ({
  circuit,
  weights: uniformWeights()(circuit, Rng.seed(seed)),
});
const paulis = (numQubits: number, onQubits: number) =>
  ["X", "Y", "Z"].flatMap((letter) =>
    Array.from({ length: onQubits }, (_, q) =>
      SparsePauliOp.fromMaps(numQubits, [[{ [q]: letter as "X", [(q + 1) % onQubits]: letter as "X" }, 1]]),
    ),
  );
/** Expectation values on the first `onQubits` qubits, for one row of inputs. */
const valuesOf = ({ circuit, weights }: TrainedCircuit, onQubits: number, inputs: readonly number[] = []) => {
  const program = localSimulator();
  const observables = paulis(circuit.numQubits, onQubits);
  const out = new Float64Array(observables.length);
  const row = Float64Array.from({ length: circuit.numInputs }, (_, i) => inputs[i] ?? 0);
  (program as ReturnType<typeof localSimulator>)
    .differentiate(circuit, observables)
    .forward(row, Float64Array.from(weights), 1, out);
  return out;
};
const encoded = (circuit: Circuit) => angleEmbedding({ numQubits: circuit.numQubits }).compose(circuit);
const tfim = [SparsePauliOp.parse("ZZI + IZZ"), SparsePauliOp.parse("XII + IXI + IIX")];

describe("a circuit that grows from the identity keeps all expectation values", () => {
  const same: readonly (readonly [string, (layers: number) => Circuit, TransferOptions])[] = [
    ["Hamiltonian layers at the end", (layers) => hamiltonianVariational(tfim, { layers }), {}],
    ["Hamiltonian layers after data", (layers) => encoded(hamiltonianVariational(tfim, { layers })), {}],
    [
      "mirrored blocks, drawn in pairs",
      (blocks) => encoded(mirroredBlocks(stronglyEntangling({ numQubits: 3, layers: 1, name: "v" }), { blocks })),
      { layerStart: identityBlockWeights() },
    ],
    [
      "cx layers before all others",
      (reps) => realAmplitudes({ numQubits: 3, reps, entanglement: "linear" }),
      { newLayers: "first" },
    ],
    ["a cx ring before all others", (layers) => basicEntangler({ numQubits: 3, layers }), { newLayers: "first" }],
  ];
  test.each(same)("%s", (_, build, options) => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        (seed, layers, more) => {
          const from = trainedOf(build(layers), seed);
          const to = build(layers + more);
          const { weights, fidelity, counts, dropped } = transferWeights(from, to, options);
          expect(fidelity).toBeCloseTo(1, 12);
          expect([counts.copied, dropped.length]).toEqual([from.circuit.numWeights, 0]);
          expect(counts.copied + counts["new layer"]).toBe(to.numWeights);
          const inputs = [0.3, -0.8, 1.1];
          expect(distance(valuesOf({ circuit: to, weights }, 3, inputs), valuesOf(from, 3, inputs))).toBeLessThan(
            1e-12,
          );
        },
      ),
      { seed: 1, numRuns: 5 },
    );
  });

  test("qubits that only cz gates join, at angle 0", () => {
    const build = (numQubits: number) =>
      encoded(nLocal({ numQubits, rotationGates: ["ry"], entanglingGates: ["cz"], entanglement: "linear", reps: 2 }));
    const from = trainedOf(build(3), 5);
    const to = build(5);
    const exact = transferWeights(from, to, { qubitStart: zeroWeights });
    expect(exact.fidelity).toBeCloseTo(1, 12);
    expect(exact.counts).toEqual({ copied: 9, "new layer": 0, "new qubit": 6, "new vector": 0 });
    const inputs = [0.3, -0.8, 1.1];
    expect(
      distance(valuesOf({ circuit: to, weights: exact.weights }, 3, inputs), valuesOf(from, 3, inputs)),
    ).toBeLessThan(1e-12);
    // Near, but not at, the identity: a start from which the new qubits can learn.
    const near = transferWeights(from, to, { seed: 1 });
    expect(near.fidelity).toBeGreaterThan(0.99);
    expect(near.fidelity).toBeLessThan(1 - 1e-9);
    expect(transferWeights(from, to, { seed: 1 })).toEqual(near);
    expect(transferWeights(from, to, { seed: 2 }).weights).not.toEqual(near.weights);
  });
});

describe("what was copied and what was not", () => {
  test("by layer, qubit and angle, whichever has more", () => {
    const from = trainedOf(stronglyEntangling({ numQubits: 2, layers: 2 }), 1);
    const to = stronglyEntangling({ numQubits: 3, layers: 3 });
    const { weights, entries, counts } = transferWeights(from, to);
    expect(counts).toEqual({ copied: 12, "new layer": 9, "new qubit": 6, "new vector": 0 });
    const at = (layer: number, qubit: number, angle: number) => 9 * layer + 3 * qubit + angle;
    expect(weights[at(1, 1, 2)]).toBe(from.weights[11]);
    expect(entries[at(1, 1, 2)]).toEqual({
      name: "w[17]".replace("17", String(at(1, 1, 2))),
      origin: "copied",
      from: "w[11]",
    });
    expect(entries[at(0, 2, 0)]).toEqual({ name: "w[6]", origin: "new qubit", from: undefined });
    expect(entries[at(2, 2, 0)]!.origin).toBe("new layer");
    expect(weights[at(2, 0, 1)]).toBe(0);
    expect(Math.abs(weights[at(0, 2, 0)]!)).toBeLessThan(0.06);
  });

  test("a layer of cx at angle 0 after others is no identity, and the fidelity says so", () => {
    const from = trainedOf(encoded(basicEntangler({ numQubits: 3, layers: 1 })), 2);
    const { fidelity } = transferWeights(from, encoded(basicEntangler({ numQubits: 3, layers: 2 })));
    expect(fidelity).toBeLessThan(0.9);
  });

  test("a smaller circuit takes what it has a place for", () => {
    const from = trainedOf(basicEntangler({ numQubits: 3, layers: 2 }), 3);
    const { weights, dropped, fidelity } = transferWeights(from, basicEntangler({ numQubits: 2, layers: 1 }));
    expect([...weights]).toEqual([from.weights[0], from.weights[1]]);
    expect(dropped).toEqual(["w[2]", "w[3]", "w[4]", "w[5]"]);
    expect(fidelity).toBeUndefined();
    const last = transferWeights(from, basicEntangler({ numQubits: 3, layers: 1 }), { newLayers: "first" });
    expect([...last.weights]).toEqual([...Array.from(from.weights).slice(3)]);
  });

  test("vectors by name, others as they are told", () => {
    const build = (name: string, extra: boolean) =>
      Circuit.build(1, (c) => {
        c.rx(input("x"), 0).ry(weight(name), 0);
        if (extra) c.rz(weight("extra", 2).at(1), 0);
      });
    const from = { circuit: build("a", false), weights: [0.7] };
    const unknown = transferWeights(from, build("b", true));
    expect(unknown.counts).toEqual({ copied: 0, "new layer": 0, "new qubit": 0, "new vector": 3 });
    expect(unknown.dropped).toEqual(["a"]);
    const named = transferWeights(from, build("b", true), { rename: { b: "a" } });
    expect([...named.weights]).toEqual([0.7, 0, 0]);
    expect(named.fidelity).toBeCloseTo(1, 12);
    expect(() => transferWeights(from, build("b", true), { rename: { c: "a" } })).toThrow(code("TRANSFER_OPTION"));
  });

  test("a phase that nobody can see is no difference", () => {
    const old = Circuit.build(1, (c) => c.ry(weight("w"), 0));
    const next = old.extend((c) => c.gphase(0.7));
    expect(transferWeights({ circuit: old, weights: [0.4] }, next).fidelity).toBeCloseTo(1, 12);
  });

  test("what cannot be moved is refused", () => {
    const circuit = basicEntangler({ numQubits: 2, layers: 1 });
    const from = { circuit, weights: [0.1, 0.2] };
    expect(() => transferWeights({ circuit, weights: [0.1] }, circuit)).toThrow(code("TRANSFER_WEIGHTS"));
    expect(() => transferWeights({ circuit, weights: [0.1, Number.NaN] }, circuit)).toThrow(code("TRANSFER_WEIGHTS"));
    expect(() => transferWeights(from, stronglyEntangling({ numQubits: 2, layers: 1 }))).toThrow(
      code("TRANSFER_SHAPE"),
    );
    expect(() => transferWeights(from, circuit, { newLayers: "middle" } as never)).toThrow(code("TRANSFER_OPTION"));
    expect(() => transferWeights(from, circuit, { layers: 2 } as never)).toThrow(code("TRANSFER_OPTION"));
    expect(() => transferWeights(from, "circuit" as never)).toThrow(code("TRANSFER_OPTION"));
  });
});
