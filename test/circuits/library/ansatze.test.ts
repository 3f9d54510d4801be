import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Circuit, circuitMatrix, SparsePauliOp } from "../../../circuits/index.ts";
import {
  basicEntangler,
  efficientSU2,
  hamiltonianVariational,
  nLocal,
  qaoaAnsatz,
  qft,
  realAmplitudes,
  stronglyEntangling,
  wState,
} from "../../../circuits/library/index.ts";
import { distance, gateList, stateOf } from "./golden.ts";

const sizes = [fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 })] as const;
const options = { seed: 2, numRuns: 30 };
const shapeOf = (circuit: Circuit): readonly (readonly number[])[] => circuit.vectors.map(({ shape }) => shape);

describe("stronglyEntangling", () => {
  test("weights, gates and ranges by formula", () => {
    fc.assert(
      fc.property(...sizes, (numQubits, layers) => {
        const circuit = stronglyEntangling({ numQubits, layers });
        expect(shapeOf(circuit)).toEqual([[layers, numQubits, 3]]);
        const links = gateList(circuit).filter((gate) => gate.startsWith("cx"));
        expect(links).toEqual(
          Array.from({ length: numQubits > 1 ? layers * numQubits : 0 }, (_, i) => {
            const range = (Math.floor(i / numQubits) % (numQubits - 1)) + 1;
            return `cx ${i % numQubits},${((i % numQubits) + range) % numQubits}`;
          }),
        );
      }),
      options,
    );
  });
  test("own ranges and entangler", () => {
    const circuit = stronglyEntangling({ numQubits: 4, layers: 2, ranges: [3, 2], entangler: "cz" });
    expect(gateList(circuit).filter((gate) => gate.startsWith("cz"))).toEqual([
      "cz 0,3",
      "cz 1,0",
      "cz 2,1",
      "cz 3,2",
      "cz 0,2",
      "cz 1,3",
      "cz 2,0",
      "cz 3,1",
    ]);
  });
});

test("basicEntangler: one rotation a qubit, a ring, a single link for two qubits", () => {
  expect(gateList(basicEntangler({ numQubits: 3, layers: 1, rotation: "Z" }))).toEqual([
    "rz 0",
    "rz 1",
    "rz 2",
    "cx 0,1",
    "cx 1,2",
    "cx 2,0",
  ]);
  expect(gateList(basicEntangler({ numQubits: 2, layers: 1 }))).toEqual(["rx 0", "rx 1", "cx 0,1"]);
  expect(gateList(basicEntangler({ numQubits: 1, layers: 2 }))).toEqual(["rx 0", "rx 0"]);
});

describe("nLocal", () => {
  test("realAmplitudes and efficientSU2 in Qiskit's order", () => {
    const real = realAmplitudes({ numQubits: 3, reps: 1 });
    expect(gateList(real)).toEqual(["ry 0", "ry 1", "ry 2", "cx 1,2", "cx 0,1", "ry 0", "ry 1", "ry 2"]);
    const su2 = efficientSU2({ numQubits: 2, reps: 1 });
    expect(gateList(su2)).toEqual(["ry 0", "ry 1", "rz 0", "rz 1", "cx 0,1", "ry 0", "ry 1", "rz 0", "rz 1"]);
    const order = su2.operations.flatMap((operation) =>
      operation.kind === "gate" ? operation.params.map(String) : [],
    );
    expect(order).toEqual(Array.from({ length: 8 }, (_, i) => `w[${i}]`));
  });
  test("weights by formula", () => {
    fc.assert(
      fc.property(...sizes, fc.boolean(), (numQubits, reps, skipFinalRotationLayer) => {
        const layers = skipFinalRotationLayer ? reps : reps + 1;
        expect(shapeOf(realAmplitudes({ numQubits, reps, skipFinalRotationLayer }))).toEqual([[layers, numQubits]]);
        expect(shapeOf(efficientSU2({ numQubits, reps, skipFinalRotationLayer }))).toEqual([[layers, 2, numQubits]]);
        expect(efficientSU2({ numQubits, reps, entanglement: "full" }).count().cx ?? 0).toBe(
          (reps * numQubits * (numQubits - 1)) / 2,
        );
      }),
      options,
    );
  });
  test("parametrised entanglers, gates of three qubits and of three parameters share a flat vector", () => {
    const circuit = nLocal({
      numQubits: 4,
      rotationGates: ["u", "h"],
      entanglingGates: ["crx", "ccx"],
      entanglement: "linear",
      reps: 2,
    });
    expect(shapeOf(circuit)).toEqual([[3 * 4 * 3 + 2 * 3]]);
    expect(circuit.count()).toEqual({ u: 12, h: 12, crx: 6, ccx: 4 });
  });
  test("qubits without entangling gates can be skipped; barriers stand between layers", () => {
    const circuit = nLocal({
      numQubits: 3,
      rotationGates: ["ry"],
      entanglingGates: ["cz"],
      entanglement: (layer) => (layer === 0 ? [[0, 2]] : [[2, 0]]),
      reps: 2,
      skipUnentangledQubits: true,
      barriers: true,
    });
    expect(gateList(circuit)).toEqual([
      ...["ry 0", "ry 2", "barrier", "cz 0,2", "barrier"],
      ...["ry 0", "ry 2", "barrier", "cz 2,0", "barrier", "ry 0", "ry 2"],
    ]);
    expect(shapeOf(circuit)).toEqual([[6]]);
  });
  test("no repetitions leave one rotation layer, or nothing", () => {
    expect(gateList(realAmplitudes({ numQubits: 2, reps: 0 }))).toEqual(["ry 0", "ry 1"]);
    expect(realAmplitudes({ numQubits: 2, reps: 0, skipFinalRotationLayer: true }).operations).toEqual([]);
  });
});

describe("Hamiltonian ansätze", () => {
  const cost = SparsePauliOp.parse("0.5*ZZI + 1.5*IZZ - 0.25*ZII + 3*III");
  test("QAOA at zero is the even superposition; gamma comes before beta", () => {
    const circuit = qaoaAnsatz(cost, { reps: 2 });
    expect(circuit.vectors.map(({ name, shape }) => [name, shape])).toEqual([
      ["gamma", [2]],
      ["beta", [2]],
    ]);
    const state = stateOf(circuit.bind({ gamma: [0, 0], beta: [0, 0] }));
    for (let i = 0; i < 8; i++) expect(state[2 * i]).toBeCloseTo(Math.SQRT1_2 ** 3, 14);
  });
  test("own mixer and initial state", () => {
    const initialState = wState(3);
    const mixer = SparsePauliOp.parse("0.5*XXI + 0.5*YYI");
    const circuit = qaoaAnsatz(cost, { mixer, initialState }).bind({ gamma: [0.4], beta: [0.9] });
    const state = stateOf(circuit);
    // The XY mixer keeps the number of ones.
    for (let i = 0; i < 8; i++)
      if (![1, 2, 4].includes(i)) expect(Math.hypot(state[2 * i]!, state[2 * i + 1]!)).toBeLessThan(1e-14);
  });
  test("hamiltonianVariational has a weight for each group and layer", () => {
    const circuit = hamiltonianVariational([cost, SparsePauliOp.parse("XII + IXI")], { layers: 3 });
    expect(shapeOf(circuit)).toEqual([[3, 2]]);
    expect(circuit.count()).toEqual({ rzz: 6, rz: 3, rx: 6 });
  });
});

test("qft is the discrete Fourier transform", () => {
  for (const n of [1, 2, 3, 4]) {
    const size = 2 ** n;
    const expected = Float64Array.from({ length: 2 * size * size }, (_, at) => {
      const [row, column] = [Math.floor(at / 2 / size), Math.floor(at / 2) % size];
      const angle = (2 * Math.PI * row * column) / size;
      return (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) / Math.sqrt(size);
    });
    expect(distance(circuitMatrix(qft(n)), expected)).toBeLessThan(1e-13);
  }
});

test.each([
  [() => stronglyEntangling({ numQubits: 2, layers: 0 }), "LIBRARY_COUNT", /layers/],
  [() => stronglyEntangling({ numQubits: 3, layers: 1, ranges: [3] }), "ENTANGLER_RANGES", /1 to 2, not 3/],
  [() => stronglyEntangling({ numQubits: 3, layers: 2, ranges: [1] }), "ENTANGLER_RANGES", /2 layer/],
  [() => stronglyEntangling({ numQubits: 3, layers: 1, entangler: "rzz" }), "ENTANGLER_GATE", /cx.*not rzz/],
  [() => basicEntangler({ numQubits: 0, layers: 1 }), "LIBRARY_COUNT", /numQubits/],
  [() => basicEntangler({ numQubits: 3, layers: 1, entangler: "x" }), "ENTANGLER_GATE", /not x/],
  [() => realAmplitudes({ numQubits: 2, reps: -1 }), "LIBRARY_COUNT", /reps.*at least 0/],
  [() => efficientSU2({ numQubits: 2, entanglement: [[0, 5]] }), "ENTANGLEMENT_QUBIT", /qubit 5/],
  [() => nLocal({ numQubits: 2, rotationGates: ["cx"], entanglingGates: [] }), "N_LOCAL_GATE", /rotation gate/],
  [() => nLocal({ numQubits: 2, rotationGates: [], entanglingGates: ["h"] }), "N_LOCAL_GATE", /entangling/],
  [() => nLocal({ numQubits: 2, rotationGates: ["foo" as "h"], entanglingGates: [] }), "GATE_UNKNOWN", /foo/],
  [() => qaoaAnsatz(SparsePauliOp.identity(2)), "HAMILTONIAN_EMPTY", /cost/],
  [
    () => qaoaAnsatz(SparsePauliOp.fromLabels("ZZ"), { mixer: SparsePauliOp.fromLabels("X") }),
    "HAMILTONIAN_QUBITS",
    /mixer/,
  ],
  [
    () => qaoaAnsatz(SparsePauliOp.fromLabels("ZZ"), { initialState: wState(3) }),
    "HAMILTONIAN_QUBITS",
    /initial state/,
  ],
  [() => qaoaAnsatz(SparsePauliOp.fromLabels("ZZ"), { reps: 0 }), "LIBRARY_COUNT", /reps/],
  [() => hamiltonianVariational([], { layers: 1 }), "LIBRARY_COUNT", /groups/],
  [() => qft(0), "LIBRARY_COUNT", /numQubits/],
])("bad input %#: %o", (run, code, message) => {
  expect(run).toThrow(expect.objectContaining({ code }));
  expect(run).toThrow(message);
});
