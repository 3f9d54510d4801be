import { describe, expect, test } from "vitest";
import { Circuit, circuitMatrix, input, SparsePauliOp, stronglyEntangling, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { connection, perception, QuantumLayer, quantumLayer } from "../../../src/layers/index.ts";
import { goldenCircuit, goldenGradients, goldenObservable } from "../../support/golden.ts";
import { recordingBackend } from "../../support/recording-backend.ts";

const simulator = localSimulator();
const names = (layer: QuantumLayer) => layer.weightVectors.map(({ name, shape }) => [name, [...shape]]);
const angleLayer = () =>
  quantumLayer({
    qubits: 3,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 2 }),
    seed: 5,
  });

/** <Z_q> of the state that the circuit's whole matrix makes from |0...0>. */
function zByMatrix(circuit: Circuit, inputs: ArrayLike<number>, weights: ArrayLike<number>): number[] {
  const values = [...Array.from(inputs), ...Array.from(weights)];
  let offset = 0;
  const bound = circuit.bind(
    Object.fromEntries(
      circuit.vectors.map(({ name, shape, size }) => {
        const own = values.slice(offset, offset + size);
        offset += size;
        return [name, shape.length === 0 ? own[0]! : own];
      }),
    ),
  );
  const matrix = circuitMatrix(bound);
  const size = 2 ** circuit.numQubits;
  return Array.from({ length: circuit.numQubits }, (_, qubit) => {
    let sum = 0;
    for (let state = 0; state < size; state++) {
      const [re, im] = [matrix[2 * state * size]!, matrix[2 * state * size + 1]!];
      sum += (re * re + im * im) * ((state >> qubit) & 1 ? -1 : 1);
    }
    return sum;
  });
}

describe("what a layer is made of", () => {
  test.each([
    ["basis", perception.basis(), 3, []],
    ["angle", perception.angle({ rotation: "Y", scale: 2 }), 3, []],
    ["amplitude", perception.amplitude(), 8, []],
    ["amplitude", perception.amplitude({ numFeatures: 5 }), 5, []],
    ["iqp", perception.iqp(), 3, []],
    ["zz", perception.zz({ reps: 1 }), 3, []],
    ["pauli", perception.pauli({ paulis: ["X", "ZZ"], reps: 1 }), 3, []],
    ["reuploading", perception.reuploading({ layers: 2, numFeatures: 5 }), 5, [["w", [2, 3, 3]]]],
  ] as const)("perception.%s gives %i inputs", (_, part, numInputs, weights) => {
    const layer = quantumLayer({ qubits: 3, perception: part, connection: connection.basicEntangler({ layers: 1 }) });
    expect(layer.numInputs).toBe(numInputs);
    expect(names(layer)).toEqual([...weights, [weights.length === 0 ? "w" : "w2", [1, 3]]]);
    expect(layer.numOutputs).toBe(3);
  });

  test.each([
    ["stronglyEntangling", connection.stronglyEntangling({ layers: 2 }), [2, 3, 3]],
    ["basicEntangler", connection.basicEntangler({ layers: 2 }), [2, 3]],
    ["realAmplitudes", connection.realAmplitudes({ reps: 2 }), [3, 3]],
    ["efficientSU2", connection.efficientSU2({ reps: 1 }), [2, 2, 3]],
    ["nLocal", connection.nLocal({ rotationGates: ["rx"], entanglingGates: ["cz"], reps: 1 }), [2, 3]],
  ] as const)("connection.%s gives its weights", (_, part, shape) => {
    expect(names(quantumLayer({ qubits: 3, perception: perception.angle(), connection: part }))).toEqual([
      ["w", [...shape]],
    ]);
  });

  test("several connections and circuits join, each with weights of its own", () => {
    const layer = quantumLayer({
      qubits: 2,
      perception: Circuit.build(2, (c) => c.rx(input("x"), 0)),
      connection: [
        connection.basicEntangler({ layers: 1 }),
        connection.basicEntangler({ layers: 1 }),
        stronglyEntangling({ numQubits: 2, layers: 1, name: "last" }),
      ],
    });
    expect(names(layer)).toEqual([
      ["w", [1, 2]],
      ["w2", [1, 2]],
      ["last", [1, 2, 3]],
    ]);
    expect(layer.numWeights).toBe(10);
  });

  test("measures what it is told to, by label, text, map or operator", () => {
    const layer = quantumLayer({
      qubits: 2,
      perception: perception.angle(),
      connection: connection.basicEntangler({ layers: 1 }),
      observables: ["ZX", "0.5*XX - YY", { 1: "Z" }, SparsePauliOp.z(2, 0)],
    });
    expect(layer.observables.map(String)).toEqual(["1*ZX", "0.5*XX - 1*YY", "1*ZI", "1*IZ"]);
  });

  test("says which inputs have gradients", () => {
    const circuit = Circuit.build(2, (c) => {
      const x = input("x", 3);
      c.declare(x)
        .rx(x.at(0), 0)
        .ry(x.at(2).times(weight("w")), 1);
    });
    expect(quantumLayer({ circuit }).inputGradients).toEqual([
      { name: "x[0]", gradient: "exact" },
      { name: "x[1]", gradient: "none" },
      { name: "x[2]", gradient: "exact" },
    ]);
  });
});

describe("starting weights", () => {
  test("depend on the seed alone and lie in ±π", () => {
    const first = angleLayer().initialWeights();
    expect(angleLayer().initialWeights()).toEqual(first);
    expect(first.every((value) => Math.abs(value) <= Math.PI)).toBe(true);
    const { circuit } = angleLayer();
    expect(quantumLayer({ circuit, seed: 6 }).initialWeights()).not.toEqual(first);
  });

  test("can be set for each vector; trained scalings start at 1", () => {
    const part = perception.reuploading({ layers: 1, trainableScaling: true });
    expect([
      ...quantumLayer({ qubits: 1, perception: part, initializer: { w: { type: "zeros" } } }).initialWeights(),
    ]).toEqual([0, 0, 0, 1]);
    const constant = quantumLayer({ qubits: 1, perception: part, initializer: { type: "constant", value: 2 } });
    expect([...constant.initialWeights()]).toEqual([2, 2, 2, 2]);
    const gaussian = quantumLayer({ qubits: 1, perception: part, initializer: { w: { type: "gaussian", std: 0.01 } } });
    expect(
      gaussian
        .initialWeights()
        .subarray(0, 3)
        .every((value) => value !== 0 && Math.abs(value) < 0.1),
    ).toBe(true);
  });
});

describe("config", () => {
  test("goes through JSON and back", () => {
    const layer = quantumLayer({
      qubits: 2,
      perception: perception.reuploading({ layers: 2, trainableScaling: true }),
      connection: connection.realAmplitudes(),
      observables: ["ZZ", { 0: "X" }],
      seed: "seven",
    });
    const back = QuantumLayer.fromConfig(JSON.parse(JSON.stringify(layer.toConfig())));
    expect(back.toConfig()).toEqual(layer.toConfig());
    expect(back.circuit.equals(layer.circuit)).toBe(true);
    expect(back.initialWeights()).toEqual(layer.initialWeights());
  });
});

describe("forward", () => {
  test("gives the expectation values of the whole matrix", async () => {
    const layer = angleLayer();
    const data = Float64Array.of(0.1, -0.4, 2, 1.3, 0.7, -2.2);
    const weights = layer.initialWeights();
    const { outputs, stderr, method, jobIds } = await layer.forward({ shape: [2, 3], data }, weights, {
      provider: simulator,
    });
    expect(outputs.shape).toEqual([2, 3]);
    for (const row of [0, 1]) {
      const truth = zByMatrix(layer.circuit, data.subarray(3 * row, 3 * row + 3), weights);
      for (const [k, value] of truth.entries()) expect(outputs.data[3 * row + k]).toBeCloseTo(value, 12);
    }
    expect([...stderr.data]).toEqual(new Array(6).fill(0));
    expect([method, jobIds]).toEqual(["adjoint", []]);
  });

  test("of amplitudes is xᵀ U†OU x/|x|², with its slopes, by adjoint and in one job", async () => {
    const layer = quantumLayer({
      qubits: 2,
      perception: perception.amplitude(),
      connection: connection.stronglyEntangling({ layers: 1 }),
      observables: ["ZI", "XX"],
      seed: 4,
    });
    const rows = [
      [1, -2, 0.5, 3],
      [0, 0, 2, 0],
      [-1, 0, 0, 1e-3],
    ];
    const weights = layer.initialWeights();
    const unitary = circuitMatrix(stronglyEntangling({ numQubits: 2, layers: 1 }).bind({ w: weights }));
    // U†OU, real part: all that a real x sees.
    const measured = layer.observables.map((observable) => {
      const o = circuitMatrix(Circuit.build(2, (c) => (observable.toString().includes("X") ? c.x(0).x(1) : c.z(1))));
      const at = (m: Float64Array, i: number, j: number) => [m[2 * (4 * i + j)]!, m[2 * (4 * i + j) + 1]!] as const;
      return Array.from({ length: 16 }, (_, ij) => {
        let sum = 0;
        for (let k = 0; k < 4; k++)
          for (let l = 0; l < 4; l++) {
            const [ar, ai] = at(unitary, k, ij >> 2);
            const [br, bi] = at(unitary, l, ij & 3);
            sum += at(o, k, l)[0] * (ar * br + ai * bi);
          }
        return sum;
      });
    });
    const value = (k: number, x: readonly number[]): number => {
      let sum = 0;
      for (let ij = 0; ij < 16; ij++) sum += x[ij >> 2]! * measured[k]![ij]! * x[ij & 3]!;
      return sum / x.reduce((norm, xi) => norm + xi * xi, 0);
    };
    const data = Float64Array.from(rows.flat());
    for (const provider of [simulator, recordingBackend(simulator)]) {
      const options = { provider, needInputGradient: true };
      const { outputs, pullback, jobIds } = await layer.forward({ shape: [3, 4], data }, weights, options);
      expect(jobIds.length).toBe(provider === simulator ? 0 : 1);
      for (const [row, x] of rows.entries())
        for (const k of [0, 1]) expect(outputs.data[2 * row + k]).toBeCloseTo(value(k, x), 12);
      const { inputGradient } = pullback(Float64Array.of(1, -0.5, 1, -0.5, 1, -0.5));
      const loss = (x: readonly number[]) => value(0, x) - 0.5 * value(1, x);
      for (const [i, slope] of inputGradient!.subarray(0, 4).entries()) {
        const shifted = (by: number) => loss(rows[0]!.map((x, j) => (j === i ? x + by : x)));
        expect(slope).toBeCloseTo((shifted(1e-5) - shifted(-1e-5)) / 2e-5, 7);
      }
      expect(inputGradient!.every(Number.isFinite)).toBe(true);
    }
  });

  const golden = goldenGradients().filter(({ x }) => x.length > 0);
  test("there are golden gradients with inputs", () => expect(golden.length).toBeGreaterThan(3));
  test.each(golden.map((item) => [item.id, item] as const))(
    "agrees with golden %s, by adjoint and by shifts",
    async (_, item) => {
      const layer = quantumLayer({
        circuit: goldenCircuit(item),
        observables: [goldenObservable(item.n, item.observable)],
      });
      const backends = [simulator, recordingBackend(simulator)];
      for (const provider of backends) {
        const forward = await layer.forward(
          { shape: [1, item.x.length], data: Float64Array.from(item.x) },
          Float64Array.from(item.w),
          { provider, needInputGradient: true },
        );
        expect(forward.outputs.data[0]).toBeCloseTo(item.value, 9);
        const { weightGradient, inputGradient } = forward.pullback(Float64Array.of(1));
        for (const [i, value] of item.grad_w.entries()) expect(weightGradient![i]).toBeCloseTo(value, 8);
        for (const [i, value] of item.grad_x.entries()) expect(inputGradient![i]).toBeCloseTo(value, 8);
      }
      expect((backends[1] as ReturnType<typeof recordingBackend>).jobs.length).toBe(1);
    },
  );

  test("leaves out what is not needed", async () => {
    const layer = angleLayer();
    const provider = recordingBackend(simulator);
    const at = { shape: [2, 3], data: new Float64Array(6).fill(0.3) };
    const frozen = await layer.forward(at, layer.initialWeights(), { provider, needWeightGradient: false });
    expect(frozen.pullback(new Float64Array(6))).toEqual({ weightGradient: undefined, inputGradient: undefined });
    // Equal rows are evaluated once.
    expect(frozen.executions).toBe(1);
    const withWeights = await layer.forward(at, layer.initialWeights(), { provider });
    expect(withWeights.pullback(new Float64Array(6)).inputGradient).toBeUndefined();
  });

  test("reports sampling errors that match the spread", async () => {
    const layer = angleLayer();
    const at = { shape: [1, 3], data: Float64Array.of(0.2, 0.9, -0.5) };
    const weights = layer.initialWeights();
    const exact = await layer.forward(at, weights, { provider: simulator });
    const sampled = await layer.forward(at, weights, { provider: simulator, precision: 0.02, seed: 3 });
    expect(sampled.method).toBe("parameter-shift");
    for (const [k, value] of sampled.outputs.data.entries()) {
      const error = sampled.stderr.data[k]!;
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThanOrEqual(0.0201);
      expect(Math.abs(value - exact.outputs.data[k]!)).toBeLessThan(5 * error);
    }
  });
});

describe("errors", () => {
  const circuit = angleLayer().circuit;
  const entangler = connection.basicEntangler({ layers: 1 });
  test.each<[string, () => unknown]>([
    ["LAYER_NO_INPUTS", () => quantumLayer({ circuit: Circuit.build(1, (c) => c.rx(weight("w"), 0)) })],
    ["LAYER_NO_WEIGHTS", () => quantumLayer({ qubits: 2, perception: perception.angle() })],
    ["LAYER_NO_OBSERVABLES", () => quantumLayer({ circuit, observables: [] })],
    ["LAYER_OBSERVABLE", () => quantumLayer({ circuit, observables: ["ZZ"] })],
    ["LAYER_OBSERVABLE", () => quantumLayer({ circuit, observables: ["ZZQ"] })],
    ["LAYER_OBSERVABLE", () => quantumLayer({ circuit, observables: [{ 3: "Z" }] })],
    ["LAYER_PART", () => quantumLayer({ circuit: 3 as never })],
    ["LAYER_PART", () => quantumLayer({ qubits: 2, perception: "angle" as never })],
    ["LAYER_PART", () => quantumLayer({ qubits: 2, perception: perception.angle(), connection: [{}] as never })],
    ["LAYER_QUBITS", () => quantumLayer({ qubits: 0, perception: perception.angle(), connection: entangler })],
    ["LAYER_QUBITS", () => quantumLayer({ qubits: 2, perception: circuit, connection: entangler })],
    [
      "LAYER_WEIGHT_NAME",
      () =>
        quantumLayer({
          qubits: 2,
          perception: perception.reuploading({ layers: 1 }),
          connection: connection.stronglyEntangling({ layers: 1, name: "w" }),
        }),
    ],
    ["LAYER_OBSERVABLE", () => quantumLayer({ circuit, observables: [0 as never] })],
    ["LAYER_OBSERVABLE", () => quantumLayer({ circuit, observables: [null as never] })],
    ["LAYER_OPTION", () => quantumLayer({ circuit, measure: ["Z"] } as never)],
    ["LAYER_OPTION", () => quantumLayer({ qubits: 1, perception: perception.angle(), layers: 2 } as never)],
    ["LAYER_OPTION", () => quantumLayer(undefined as never)],
    ["LAYER_INITIALIZER", () => quantumLayer({ circuit, initializer: "zeros" as never })],
    [
      "LAYER_INITIALIZER",
      () =>
        quantumLayer({
          qubits: 1,
          perception: perception.reuploading({ layers: 1 }),
          initializer: "identityBlocks" as never,
        }),
    ],
    ["LAYER_INITIALIZER", () => quantumLayer({ circuit, initializer: { type: "xavier" } as never })],
    ["LAYER_INITIALIZER", () => quantumLayer({ circuit, initializer: { v: { type: "zeros" } } })],
    ["LAYER_INITIALIZER", () => quantumLayer({ circuit, initializer: { w: 3 } as never })],
    ["INITIALIZER_RANGE", () => quantumLayer({ circuit, initializer: { type: "uniform", low: 1, high: -1 } })],
    ["MIRROR_SHAPE", () => quantumLayer({ circuit, initializer: { type: "identityBlocks" } })],
    ["CIRCUIT_NOT_UNITARY", () => quantumLayer({ circuit: circuit.extend((c) => c.measureAll()) })],
    ["LAYER_CONFIG", () => QuantumLayer.fromConfig({ format: "other" } as never)],
    ["LAYER_CONFIG", () => QuantumLayer.fromConfig(null as never)],
  ])("%s", (code, make) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, number[], number[], number]>([
    ["LAYER_INPUT_SHAPE", [1, 2], [1, 2], 18],
    ["LAYER_INPUT_SHAPE", [3], [1, 2, 3], 18],
    ["LAYER_INPUT_SHAPE", [0, 3], [], 18],
    ["LAYER_INPUT_SHAPE", [2, 3], [1, 2, 3], 18],
    ["LAYER_WEIGHT_SHAPE", [1, 3], [1, 2, 3], 17],
    ["LAYER_NOT_FINITE", [1, 3], [1, Number.NaN, 3], 18],
  ])("%s at forward", async (code, shape, data, numWeights) => {
    const forward = angleLayer().forward({ shape, data: Float64Array.from(data) }, new Float64Array(numWeights), {
      provider: simulator,
    });
    await expect(forward).rejects.toMatchObject({ code });
  });

  test.each([undefined, {}, { provider: localSimulator }, { backend: simulator }])(
    "LAYER_OPTION at forward: %#",
    async (options) => {
      const at = { shape: [1, 3], data: new Float64Array(3) };
      await expect(angleLayer().forward(at, new Float64Array(18), options as never)).rejects.toMatchObject({
        code: "LAYER_OPTION",
        message: expect.stringContaining("provider"),
      });
    },
  );

  test("LAYER_NOT_FINITE for weights at forward", async () => {
    const weights = new Float64Array(18).fill(Number.POSITIVE_INFINITY);
    const at = { shape: [1, 3], data: new Float64Array(3) };
    await expect(angleLayer().forward(at, weights, { provider: simulator })).rejects.toMatchObject({
      code: "LAYER_NOT_FINITE",
    });
  });
});
