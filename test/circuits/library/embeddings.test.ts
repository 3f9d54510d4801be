import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix } from "../../../circuits/index.ts";
import {
  angleEmbedding,
  basisEmbedding,
  dataReuploading,
  iqpEmbedding,
  pauliFeatureMap,
  pauliRotation,
  zzFeatureMap,
} from "../../../circuits/library/index.ts";
import { distance, gateList, stateOf } from "./golden.ts";

describe("basisEmbedding", () => {
  test("integers, bitstrings and lists name the same state; inputs give it up to phase", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(), (numQubits, seed) => {
        const value = seed % 2 ** numQubits;
        const list = Array.from({ length: numQubits }, (_, q) => (value >> q) & 1);
        const text = value.toString(2).padStart(numQubits, "0");
        const circuit = basisEmbedding({ numQubits, bits: value });
        expect(circuit.equals(basisEmbedding({ numQubits, bits: list }))).toBe(true);
        expect(circuit.equals(basisEmbedding({ numQubits, bits: text }))).toBe(true);
        const state = stateOf(basisEmbedding({ numQubits }).bind({ x: list }));
        expect(Math.hypot(state[2 * value]!, state[2 * value + 1]!)).toBeCloseTo(1, 12);
        expect(stateOf(circuit)[2 * value]).toBe(1);
      }),
      { seed: 1, numRuns: 30 },
    );
  });
  test.each([[4], [-1], [0.5], ["012"], ["0"], [[0, 2]], [[0, 1, 1]], [[Number.NaN, 0]]])(
    "bits %j are refused",
    (bits) => {
      expect(() => basisEmbedding({ numQubits: 2, bits })).toThrow(expect.objectContaining({ code: "BASIS_BITS" }));
    },
  );
});

describe("angleEmbedding", () => {
  test.each(["X", "Y", "Z"] as const)("rotation %s, scaled", (rotation) => {
    const circuit = angleEmbedding({ numQubits: 2, rotation, scale: 2, name: "data" }).bind({ data: [0.3, -0.7] });
    const expected = pauliRotation(rotation, 0.6, 2).compose(pauliRotation(`${rotation}I`, -1.4, 2));
    expect(distance(circuitMatrix(circuit), circuitMatrix(expected))).toBeLessThan(1e-15);
  });
  test("its parameters are inputs", () => {
    const circuit = angleEmbedding({ numQubits: 3 });
    expect([circuit.numInputs, circuit.numWeights]).toEqual([3, 0]);
  });
});

test("iqpEmbedding: H, rz(x_i), rzz(x_i x_j), repeated", () => {
  const circuit = iqpEmbedding({ numQubits: 3, reps: 2 });
  const once = ["h 0", "h 1", "h 2", "rz 0", "rz 1", "rz 2", "rzz 0,1", "rzz 0,2", "rzz 1,2"];
  expect(gateList(circuit)).toEqual([...once, ...once]);
  const x = [0.3, -1.1, 0.8];
  const expected = Circuit.build(3, (c) => {
    c.h(0).h(1).h(2).rz(x[0]!, 0).rz(x[1]!, 1).rz(x[2]!, 2);
    c.rzz(x[0]! * x[1]!, 0, 1)
      .rzz(x[0]! * x[2]!, 0, 2)
      .rzz(x[1]! * x[2]!, 1, 2);
  });
  const bound = iqpEmbedding({ numQubits: 3 }).bind({ x });
  expect(distance(stateOf(bound), stateOf(expected))).toBeLessThan(1e-14);
});

describe("pauliFeatureMap", () => {
  const letters = fc.string({ unit: fc.constantFrom("X", "Y", "Z"), minLength: 1, maxLength: 3 });
  test("is H and the exponentials of its Paulis up to a phase", () => {
    fc.assert(
      fc.property(
        letters,
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (pauli, x) => {
          const qubits = [2, 0, 1].slice(0, pauli.length);
          const map = pauliFeatureMap({ numQubits: 3, reps: 1, paulis: [pauli], entanglement: [qubits], alpha: 1.3 });
          const phi = qubits.length === 1 ? x[2]! : qubits.reduce((product, q) => product * (Math.PI - x[q]!), 1);
          const placed = Object.fromEntries(qubits.map((q, i) => [q, [...pauli].reverse()[i]! as "X"]));
          const expected = Circuit.build(3, (c) =>
            c
              .h(0)
              .h(1)
              .h(2)
              .gphase((1.3 * phi) / 2),
          ).compose(pauliRotation(placed, 1.3 * phi, 3));
          expect(distance(stateOf(map.bind({ x })), stateOf(expected))).toBeLessThan(1e-11);
        },
      ),
      { seed: 5, numRuns: 40 },
    );
  });
  test("the data map can be replaced", () => {
    const map = pauliFeatureMap({ numQubits: 2, reps: 1, paulis: ["Z"], alpha: 1, dataMap: ([x]) => x!.times(x!) });
    const expected = Circuit.build(2, (c) => c.h(0).h(1).p(0.25, 0).p(4, 1));
    expect(distance(stateOf(map.bind({ x: [0.5, 2] })), stateOf(expected))).toBeLessThan(1e-15);
  });
  test.each([[["ZQ"]], [["I"]], [[]], [[""]], [["ZZZ"]]])("paulis %j are refused on 2 qubits", (paulis) => {
    expect(() => pauliFeatureMap({ numQubits: 2, paulis })).toThrow(
      expect.objectContaining({ code: "FEATURE_MAP_PAULI" }),
    );
  });
  test("a ZZ map needs two qubits", () => {
    expect(() => zzFeatureMap({ numQubits: 1 })).toThrow(expect.objectContaining({ code: "FEATURE_MAP_PAULI" }));
  });
});

describe("dataReuploading", () => {
  test("few features repeat, many go round", () => {
    const few = dataReuploading({ numQubits: 3, layers: 2, numFeatures: 2 });
    expect([few.numInputs, few.numWeights]).toEqual([2, 18]);
    expect(gateList(few).filter((gate) => gate.startsWith("rx"))).toEqual([
      "rx 0",
      "rx 1",
      "rx 2",
      "rx 0",
      "rx 1",
      "rx 2",
    ]);
    const many = dataReuploading({ numQubits: 2, layers: 1, numFeatures: 5 });
    expect(gateList(many).filter((gate) => gate.startsWith("rx"))).toEqual(["rx 0", "rx 1", "rx 0", "rx 1", "rx 0"]);
  });
  test("scaling factors of 1 change nothing; the last layer has no CZ", () => {
    const shape = { numQubits: 2, layers: 3 } as const;
    const w = Array.from({ length: 18 }, (_, i) => Math.sin(i));
    const plain = dataReuploading(shape).bind({ x: [0.2, 0.9], w });
    const scaled = dataReuploading({ ...shape, trainableScaling: true });
    expect(scaled.vectors.map(({ name, shape }) => [name, shape])).toEqual([
      ["x", [2]],
      ["w", [3, 2, 3]],
      ["s", [3, 2]],
    ]);
    expect(distance(stateOf(scaled.bind({ x: [0.2, 0.9], w, s: [1, 1, 1, 1, 1, 1] })), stateOf(plain))).toBe(0);
    expect(gateList(plain).at(-1)).toBe("rz 1");
    expect(plain.count()).toMatchObject({ cz: 2 });
  });
});

test.each([
  [() => angleEmbedding({ numQubits: 0 }), "LIBRARY_COUNT", /angleEmbedding needs numQubits.*at least 1, not 0/],
  [() => angleEmbedding({ numQubits: 2.5 }), "LIBRARY_COUNT", /2.5/],
  [() => angleEmbedding({ numQubits: 2, rotation: "W" as "X" }), "LIBRARY_OPTION", /X, Y, Z, not "W"/],
  [() => angleEmbedding({ numQubits: 2, scale: Number.NaN }), "LIBRARY_NUMBER", /scale/],
  [() => basisEmbedding({ numQubits: -1, bits: 0 }), "LIBRARY_COUNT", /numQubits/],
  [() => iqpEmbedding({ numQubits: 2, reps: 0 }), "LIBRARY_COUNT", /reps/],
  [() => iqpEmbedding({ numQubits: 2, entanglement: [[0, 2]] }), "ENTANGLEMENT_QUBIT", /qubit 2/],
  [() => zzFeatureMap({ numQubits: 2, reps: 0 }), "LIBRARY_COUNT", /reps/],
  [() => zzFeatureMap({ numQubits: 2, alpha: Number.POSITIVE_INFINITY }), "LIBRARY_NUMBER", /alpha/],
  [() => dataReuploading({ numQubits: 2, layers: 0 }), "LIBRARY_COUNT", /layers/],
  [() => dataReuploading({ numQubits: 2, layers: 1, numFeatures: 0 }), "LIBRARY_COUNT", /numFeatures/],
  [() => angleEmbedding({ numQubits: 2, name: "2x" }), "PARAMETER_NAME", /2x/],
])("bad input %#: %o", (run, code, message) => {
  expect(run).toThrow(expect.objectContaining({ code }));
  expect(run).toThrow(message);
});
