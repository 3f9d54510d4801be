import { describe, expect, test } from "vitest";
import { type IbmProperties, type Matrix, Target } from "../../../circuits/index.ts";
import { loadTarget } from "../../../providers/devices/index.ts";
import { NoiseModel } from "../../../providers/index.ts";

/** Average gate infidelity of channels in a row: 1 - (d F + 1)/(d + 1), with F = sum |Tr K|² / d² over all products of operators. */
function infidelity(
  channels: readonly { channel: { operators: readonly Matrix[] }; on: readonly number[] }[],
  n: 1 | 2,
) {
  const d = 2 ** n;
  let products: Matrix[] = [unit(d)];
  for (const { channel, on } of channels)
    products = channel.operators.flatMap((operator) => {
      const whole = n === on.length ? operator : embedded(operator, on[0]!);
      return products.map((product) => multiply(whole, product, d));
    });
  const fidelity = products.reduce((sum, product) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < d; i++) {
      re += product[2 * (i * d + i)]!;
      im += product[2 * (i * d + i) + 1]!;
    }
    return sum + (re * re + im * im) / d ** 2;
  }, 0);
  return 1 - (d * fidelity + 1) / (d + 1);
}

function unit(d: number): Matrix {
  return Float64Array.from({ length: 2 * d * d }, (_, at) => (at % (2 * d + 2) === 0 ? 1 : 0));
}

/** An operator of one qubit on qubit `place` of two. */
function embedded(operator: Matrix, place: number): Matrix {
  const out = new Float64Array(32);
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++)
      if (((i >> (1 - place)) & 1) === ((j >> (1 - place)) & 1))
        for (const part of [0, 1])
          out[2 * (4 * i + j) + part] = operator[2 * (2 * ((i >> place) & 1) + ((j >> place) & 1)) + part]!;
  return out;
}

function multiply(a: Matrix, b: Matrix, d: number): Matrix {
  const out = new Float64Array(2 * d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++)
      for (let k = 0; k < d; k++) {
        const [x, y, at] = [2 * (i * d + k), 2 * (k * d + j), 2 * (i * d + j)];
        out[at]! += a[x]! * b[y]! - a[x + 1]! * b[y + 1]!;
        out[at + 1]! += a[x]! * b[y + 1]! + a[x + 1]! * b[y]!;
      }
  return out;
}

describe.each(["torino", "sherbrooke", "manila"])("noise of %s", (device) => {
  const target = loadTarget(device);
  const noise = NoiseModel.fromTarget(target);

  test("the average gate infidelity is the calibrated error, or that of relaxation where it is larger", () => {
    let exact = 0;
    const check = (gate: string, qubits: readonly number[], n: 1 | 2): void => {
      const found = target.instruction(gate, qubits);
      if (found?.error === undefined || found.error >= 0.5) return;
      const channels = noise.channelsOf(gate, qubits);
      const relaxed = infidelity(
        channels.filter(({ channel }) => channel.kind === "thermal-relaxation"),
        n,
      );
      expect(infidelity(channels, n)).toBeCloseTo(Math.max(found.error, relaxed), 12);
      if (found.error > relaxed) exact++;
    };
    const some = target.qubits.map((_, qubit) => qubit).filter((qubit) => qubit % 7 < 3);
    for (const gate of ["sx", "x"]) for (const qubit of some) check(gate, [qubit], 1);
    for (const edge of target.edges.filter((_, index) => index % 9 === 0)) check(target.entangler!, edge, 2);
    expect(exact).toBeGreaterThan(3);
  });

  test("rz is perfect, everything else that is calibrated is not", () => {
    for (const [qubit] of target.qubits.entries()) expect(noise.channelsOf("rz", [qubit])).toEqual([]);
    for (const [a, b] of target.edges) expect(noise.channelsOf(target.entangler!, [a, b]).length).toBeGreaterThan(0);
  });

  test("bits are misread as the calibration says, qubits decay in delays", () => {
    for (const [qubit, { t1, t2, probMeas0Prep1, probMeas1Prep0 }] of target.qubits.entries()) {
      expect(noise.readoutErrors(qubit)).toEqual([probMeas1Prep0 ?? 0, probMeas0Prep1 ?? 0]);
      if (t1 === undefined || t2 === undefined) continue;
      expect(noise.idle(qubit, 1e-6)!.toJSON()).toMatchObject({ t1, t2: Math.min(t2, 2 * t1), duration: 1e-6 });
    }
    expect(noise.dtSeconds).toBe(target.dtSeconds);
  });

  test("is a value: JSON there and back, and the same again", () => {
    expect(NoiseModel.fromJSON(JSON.parse(JSON.stringify(noise))).hash).toBe(noise.hash);
    expect(NoiseModel.fromTarget(loadTarget(device)).hash).toBe(noise.hash);
  });
});

describe("calibrations that are incomplete or wrong", () => {
  const targetOf = (properties: Partial<IbmProperties>): Target =>
    Target.fromIbm(
      {
        backend_name: "two",
        n_qubits: 2,
        basis_gates: ["cz", "rz", "sx", "x"],
        coupling_map: [
          [0, 1],
          [1, 0],
        ],
      },
      { qubits: [[], []], gates: [], ...properties },
    );
  const us = (name: string, value: number) => ({ name, value, unit: "us" });
  const gate = (name: string, qubits: readonly number[], error: number, ns?: number) => ({
    gate: name,
    qubits,
    parameters: [
      { name: "gate_error", value: error },
      ...(ns === undefined ? [] : [{ name: "gate_length", value: ns, unit: "ns" }]),
    ],
  });

  test("T2 above 2 T1 is cut to 2 T1", () => {
    const noise = NoiseModel.fromTarget(targetOf({ qubits: [[us("T1", 100), us("T2", 300)], []] }));
    expect(noise.idle(0, 1)!.toJSON()).toMatchObject({
      t1: expect.closeTo(100e-6, 12),
      t2: expect.closeTo(200e-6, 12),
    });
    expect(noise.idle(1, 1)).toBeUndefined();
  });

  test("a qubit with one of T1 and T2 has that one", () => {
    const noise = NoiseModel.fromTarget(targetOf({ qubits: [[us("T1", 100)], [us("T2", 50)]] }));
    expect(noise.idle(0, 1)!.toJSON()).toMatchObject({
      t1: expect.closeTo(100e-6, 12),
      t2: expect.closeTo(200e-6, 12),
    });
    expect(noise.idle(1, 1)!.toJSON()).toMatchObject({ t1: Infinity, t2: expect.closeTo(50e-6, 12) });
  });

  test("without times all of the error is depolarisation; without an error all is relaxation", () => {
    const noise = NoiseModel.fromTarget(
      targetOf({
        qubits: [[us("T1", 100), us("T2", 100)], []],
        gates: [
          gate("sx", [1], 0.01),
          { gate: "x", qubits: [0], parameters: [{ name: "gate_length", value: 50, unit: "ns" }] },
        ],
      }),
    );
    expect(noise.channelsOf("sx", [1]).map(({ channel }) => channel.kind)).toEqual(["depolarizing"]);
    expect(infidelity(noise.channelsOf("sx", [1]), 1)).toBeCloseTo(0.01, 14);
    expect(noise.channelsOf("x", [0]).map(({ channel }) => channel.kind)).toEqual(["thermal-relaxation"]);
  });

  test("an error that relaxation already exceeds adds nothing, an impossible one is as bad as can be", () => {
    const noise = NoiseModel.fromTarget(
      targetOf({
        qubits: [[us("T1", 1), us("T2", 1)], []],
        gates: [gate("sx", [0], 1e-6, 100), gate("x", [1], 0.99)],
      }),
    );
    expect(noise.channelsOf("sx", [0]).map(({ channel }) => channel.kind)).toEqual(["thermal-relaxation"]);
    expect(noise.channelsOf("x", [1])[0]!.channel.toJSON()).toMatchObject({ probability: 4 / 3 });
  });

  test("a device without calibration is perfect", () => {
    const noise = NoiseModel.fromTarget(Target.fromEdges(3, [[0, 1]]));
    expect(noise.toJSON()).toEqual({ format: "lepton-noise@1", gates: {}, readout: {}, relaxation: {} });
  });
});
