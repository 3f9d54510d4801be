import { describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { loadTarget } from "../../../providers/devices/index.ts";
import {
  type EstimatorPub,
  localSimulator,
  NoiseChannel,
  NoiseModel,
  type NoisySimulatorOptions,
  noisySimulator,
} from "../../../providers/index.ts";
import { referenceEnsemble, referenceValue } from "../../support/noisy-reference.ts";
import { randomCircuit } from "../../support/random-circuit.ts";

const perfect = NoiseModel.build(() => {});
const misreading = NoiseModel.build((n) =>
  n.readout([
    [0.95, 0.05],
    [0.1, 0.9],
  ]),
);

async function values(options: NoisySimulatorOptions, pub: EstimatorPub): Promise<readonly number[]> {
  const [result] = await (await noisySimulator(options).estimator().run([pub])).result();
  return [...result!.evs];
}

describe("exact values", () => {
  test("are read with the readout matrix; channels of measure act where the circuit measures", async () => {
    const noise = NoiseModel.build((n) => n.gate("measure", NoiseChannel.bitFlip(0.25)));
    const circuit = Circuit.build(1, (c) => c.x(0));
    expect(await values({ noise }, [circuit, "Z"])).toEqual([-1]);
    const [measured] = await values({ noise }, [circuit.extend((c) => c.measureAll()), "Z"]);
    expect(measured).toBeCloseTo(-0.5, 12);
  });

  test("without noise they are those of a state vector, for any gates and parameters", async () => {
    for (let seed = 0; seed < 12; seed++) {
      const rng = Rng.seed(`perfect ${seed}`);
      const circuit = randomCircuit(rng, { numQubits: 4, numOperations: 25, parameters: true });
      const rows = Array.from({ length: 3 }, () => Array.from(circuit.parameters, () => 0.1 + rng.uniform()));
      const observables = ["ZIIZ", "XYIX", "IIYZ", "0.5*ZZZZ - 2*XIII"].map((label) => [label]);
      const pub: EstimatorPub = [circuit, observables, rows];
      const truth = await localSimulator()
        .estimator()
        .run([pub])
        .then((job) => job.result())
        .catch((error: { code: string }) => error.code);
      if (typeof truth === "string") {
        // Some expressions have no finite value.
        await expect(values({ noise: perfect }, pub)).rejects.toMatchObject({ code: truth });
        continue;
      }
      for (const [index, value] of (await values({ noise: perfect }, pub)).entries())
        expect(value).toBeCloseTo(truth[0]!.evs[index]!, 10);
    }
  });

  test("free angles go through noisy gates of one and two qubits", async () => {
    const w = weight("w", 5);
    const noise = NoiseModel.build((n) =>
      n
        .gate("rx", NoiseChannel.amplitudeDamping(0.1))
        .gate("rzz", [NoiseChannel.depolarizing(0.1, 2), { channel: NoiseChannel.phaseDamping(0.3), on: [0] }])
        .gate("crx", NoiseChannel.bitFlip(0.05))
        .gate("p", NoiseChannel.thermalRelaxation(1, 2, 0.2)),
    );
    const circuit = Circuit.build(3, (c) =>
      c.h(0).rx(w.at(0), 1).rzz(w.at(1), 2, 1).crx(w.at(2), 0, 2).p(w.at(3), 0).u(w.at(4), 0.2, w.at(0), 1),
    );
    const row = [0.4, -1.1, 0.8, 2.2, 0.3];
    const labels = ["ZZI", "XIY", "YXZ", "IIX"];
    const members = referenceEnsemble(circuit.bind({ w: row }), noise);
    for (const [k, value] of (await values({ noise }, [circuit, labels, row])).entries())
      expect(value).toBeCloseTo(referenceValue(members, labels[k]!, noise), 11);
  });

  test("qubits that nothing happens to are |0> with misread bits", async () => {
    const found = await values({ noise: misreading }, [
      Circuit.build(3, (c) => c.x(0)),
      ["ZII", "IIZ", "ZZI", "IXI", "III"],
    ]);
    const idle = 1 - 2 * 0.05;
    for (const [k, expected] of [idle, 0.1 - 0.9, idle * idle, 0.1 - 0.05, 1].entries())
      expect(found[k]).toBeCloseTo(expected, 12);
  });

  test("only the light cone is simulated: 40 qubits in a shallow circuit", async () => {
    const noise = NoiseModel.build((n) => n.gate("cx", NoiseChannel.depolarizing(0.1, 2)));
    const circuit = Circuit.build(40, (c) => {
      for (let q = 0; q < 40; q++) c.ry(0.1 * q, q);
      for (let q = 0; q + 1 < 40; q += 2) c.cx(q, q + 1);
    });
    const observable = SparsePauliOp.fromMaps(
      40,
      Array.from({ length: 20 }, (_, k) => [{ [2 * k]: "Z" }, 1] as const),
    );
    const [value] = await values({ noise }, [circuit, observable]);
    const truth = Array.from({ length: 20 }, (_, k) => 0.9 * Math.cos(0.2 * k)).reduce((a, b) => a + b, 0);
    expect(value).toBeCloseTo(truth, 10);
  });

  test("a circuit of 133 qubits of which it uses four", async () => {
    const target = loadTarget("torino");
    const noise = NoiseModel.fromTarget(target);
    const [a, b] = target.edges[40]!;
    const circuit = Circuit.build(133, (c) => c.sx(a).rz(0.3, a).cz(a, b).x(b).measureAll());
    const small = Circuit.build(2, (c) => c.sx(0).rz(0.3, 0).cz(0, 1).x(1));
    const json = noise.toJSON();
    const place = new Map([
      [a, 0],
      [b, 1],
    ]);
    const kept = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
      Object.fromEntries(
        Object.entries(record).flatMap(([key, value]) => {
          const [gate, places] = key.includes(" ") ? key.split(" ") : ["", key];
          const qubits = places!.split(",").map((qubit) => place.get(Number(qubit)));
          return qubits.includes(undefined) ? [] : [[`${gate === "" ? "" : `${gate} `}${qubits.join(",")}`, value]];
        }),
      );
    const own = NoiseModel.fromJSON({
      ...json,
      gates: kept(json.gates),
      readout: kept(json.readout),
      relaxation: kept(json.relaxation),
    });
    const members = referenceEnsemble(small, own);
    const found = await values({ noise }, [circuit, [{ [a]: "Z" }, { [a]: "Z", [b]: "Z" }, { [b]: "Z" }]]);
    for (const [k, label] of ["IZ", "ZZ", "ZI"].entries())
      expect(found[k]).toBeCloseTo(referenceValue(members, label, own), 11);
    const [bits] = await (
      await noisySimulator({ noise })
        .sampler({ shots: 2000 })
        .run([[circuit]])
    ).result();
    const texts = bits!.registers.meas!.bitstrings();
    for (const qubit of [b, 7, 99]) {
      const ones = texts.filter((text) => text[132 - qubit] === "1").length / texts.length;
      const [e0] = noise.readoutErrors(qubit);
      if (qubit !== b) expect(Math.abs(ones - e0)).toBeLessThan(5 * Math.sqrt((e0 * (1 - e0)) / 2000));
      else expect(ones).toBeGreaterThan(0.8);
    }
  });
});

describe("samples", () => {
  const noise = NoiseModel.build((n) =>
    n
      .gate("h", NoiseChannel.thermalRelaxation(1, 2, 0.1))
      .gate("cx", NoiseChannel.depolarizing(0.05, 2))
      .readout([
        [0.97, 0.03],
        [0.08, 0.92],
      ]),
  );
  const ghz = (n: number): Circuit =>
    Circuit.build(n, (c) => {
      c.h(0);
      for (let q = 0; q + 1 < n; q++) c.cx(q, q + 1);
    });

  test.each(["density-matrix", "trajectories"] as const)("%s: estimates are as far off as they say", async (method) => {
    const observables = ["ZZI", "XXX", "ZII + 2*IXX - 0.5*YYI", "III"];
    const exact = await values({ noise }, [ghz(3), observables]);
    const job = await noisySimulator({ noise, method, seed: 9 })
      .estimator({ precision: 0.02 })
      .run([[ghz(3), observables]]);
    const [result] = await job.result();
    for (const [k, value] of exact.entries())
      expect(Math.abs(result!.evs[k]! - value)).toBeLessThan(4 * result!.stds[k]! + 1e-12);
    expect(result!.stds[3]).toBe(0);
  });

  test("above ten qubits auto samples trajectories", async () => {
    const flips = NoiseModel.build((n) => n.gate("x", NoiseChannel.bitFlip(0.02)));
    const circuit = Circuit.build(12, (c) => {
      for (let q = 0; q < 12; q++) c.x(q);
      for (let q = 0; q + 1 < 12; q++) c.cx(q, q + 1);
    });
    const observable = { 11: "Z" } as const;
    const job = await noisySimulator({ noise: flips })
      .estimator({ precision: 0.03 })
      .run([[circuit, observable]]);
    const [result] = await job.result();
    expect(Math.abs(result!.evs[0]! - 0.96 ** 12)).toBeLessThan(4 * result!.stds[0]!);
  });

  test.each(["density-matrix", "trajectories"] as const)(
    "%s: same seed, same bytes; another seed, others",
    async (method) => {
      const bytes = async (seed: number): Promise<Uint8Array> => {
        const sampler = noisySimulator({ noise, method, seed }).sampler({ shots: 200 });
        const [result] = await (await sampler.run([[ghz(3).extend((c) => c.measureAll())]])).result();
        return result!.registers.meas!.bytes;
      };
      expect(await bytes(1)).toEqual(await bytes(1));
      expect(await bytes(1)).not.toEqual(await bytes(2));
    },
  );

  test("shots that draw no error share one state: as many shots as one likes", async () => {
    const rare = NoiseModel.build((n) => n.gate("cx", NoiseChannel.depolarizing(1e-6, 2)));
    const sampler = noisySimulator({ noise: rare, method: "trajectories" }).sampler({ shots: 200_000 });
    const [result] = await (await sampler.run([[ghz(11).extend((c) => c.measureAll())]])).result();
    expect(result!.registers.meas!.shots).toBe(200_000);
  });
});

describe("refusals", () => {
  const wide = Circuit.build(12, (c) => {
    c.h(0);
    for (let q = 0; q + 1 < 12; q++) c.cx(q, q + 1);
  });
  const rejects = async (
    options: NoisySimulatorOptions,
    pub: EstimatorPub,
    code: string,
    text: RegExp,
  ): Promise<void> =>
    expect(values(options, pub)).rejects.toMatchObject({ code, message: expect.stringMatching(text) });

  test("exact values of what is too wide, or from trajectories", async () => {
    await rejects(
      { noise: perfect },
      [wide, "Z".repeat(12)],
      "NOISE_NOT_EXACT",
      /PUB 0.*12 qubits; at most 10.*precision/,
    );
    await rejects({ noise: perfect, method: "trajectories" }, [wide, "Z".repeat(12)], "NOISE_NOT_EXACT", /precision/);
  });

  test("more memory than is allowed", async () => {
    const ten = Circuit.build(10, (c) => {
      for (let q = 0; q + 1 < 10; q++) c.h(q).cx(q, q + 1);
    });
    await rejects(
      { noise: perfect, maxMemoryBytes: 1 << 20 },
      [ten, "Z".repeat(10)],
      "STATE_TOO_LARGE",
      /density matrix of 10 qubits/,
    );
  });

  test.each<[string, NoisySimulatorOptions, string]>([
    ["no model", {} as NoisySimulatorOptions, "NOISE_MODEL"],
    ["a method that is none", { noise: perfect, method: "statevector" as never }, "NOISE_METHOD"],
    ["an unknown option", { noise: perfect, shot: 3 } as NoisySimulatorOptions, "PUB_FORM"],
    ["no memory", { noise: perfect, maxMemoryBytes: 0 }, "MEMORY_LIMIT"],
    ["a negative precision", { noise: perfect, precision: -1 }, "PUB_PRECISION"],
  ])("%s", (_, options, code) => {
    expect(() => noisySimulator(options)).toThrow(expect.objectContaining({ code }));
  });
});
