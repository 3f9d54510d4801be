import { describe, expect, test } from "vitest";
import { Circuit, Rng } from "../../../circuits/index.ts";
import { NoiseChannel, NoiseModel, noisySimulator } from "../../../providers/index.ts";
import { randomDynamicCircuit } from "../../support/dynamic-circuit.ts";
import { referenceEnsemble, referenceValue } from "../../support/noisy-reference.ts";

const noise = NoiseModel.build((n) =>
  n
    .gate("ry", NoiseChannel.thermalRelaxation(10, 18, 1))
    .gate("h", NoiseChannel.generalizedAmplitudeDamping(0.2, 0.3))
    .gate("u", NoiseChannel.pauli(0.02, 0.05, 0.01))
    .gate("cx", NoiseChannel.depolarizing(0.1, 2))
    .gate("cx", [NoiseChannel.depolarizing(0.2, 2), { channel: NoiseChannel.amplitudeDamping(0.3), on: [1] }], [2, 0])
    .gate("crx", [NoiseChannel.phaseDamping(0.2)])
    .gate("iswap", { channel: NoiseChannel.bitFlip(0.1), on: [0] })
    .gate("c1-x", NoiseChannel.phaseFlip(0.1))
    .gate("reset", NoiseChannel.bitFlip(0.07))
    .gate("measure", NoiseChannel.bitFlip(0.03))
    .readout([
      [0.95, 0.05],
      [0.12, 0.88],
    ])
    .readout(
      [
        [0.9, 0.1],
        [0.02, 0.98],
      ],
      1,
    ),
);
const LABELS = ["ZZZ", "XIY", "IYZ", "ZII", "XXX"];
const angles = [0.7, -1.2, 2.1];

/** Circuits with measurements, resets and nested branches, and free angles in all of them. */
const circuits = Array.from({ length: 12 }, (_, index) => randomDynamicCircuit(Rng.seed(`noisy ${index}`), 3, 12));

describe.each(circuits.map((circuit, index) => ({ circuit, index })))("noisy dynamic circuit $index", ({ circuit }) => {
  const members = referenceEnsemble(circuit.bind({ w: angles }), noise);

  test("exact values are those of whole matrices", async () => {
    const [result] = await (
      await noisySimulator({ noise })
        .estimator()
        .run([[circuit, LABELS, angles]])
    ).result();
    for (const [k, label] of LABELS.entries())
      expect(result!.evs[k], label).toBeCloseTo(referenceValue(members, label, noise), 10);
  });

  test.each(["density-matrix", "trajectories"] as const)("samples of bits by %s", async (method) => {
    const shots = 4000;
    const sampler = noisySimulator({ noise, method, seed: 5 }).sampler({ shots });
    const [result] = await (await sampler.run([[circuit, angles]])).result();
    const [a, b] = ["a", "b"].map((name) => result!.registers[name]!.bitstrings());
    const counts = new Map<string, number>();
    for (const [shot, bits] of a!.entries()) {
      const key = `${b![shot]}${bits}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const size = 2 ** circuit.numQubits;
    const probabilities = new Map(
      members.map(({ rho, clbits }) => {
        const trace = Array.from({ length: size }, (_, i) => rho[2 * i * (size + 1)]!).reduce((x, y) => x + y, 0);
        return [clbits.toReversed().join(""), trace] as const;
      }),
    );
    for (const key of new Set([...counts.keys(), ...probabilities.keys()])) {
      const p = Math.max(0, Math.min(1, probabilities.get(key) ?? 0));
      const sigma = Math.sqrt((p * (1 - p)) / shots);
      expect(Math.abs((counts.get(key) ?? 0) / shots - p), key).toBeLessThan(5 * sigma + 1e-9);
    }
  });
});

test("measured bits that nothing reads are not told apart", async () => {
  // 40 measurements of one qubit would otherwise make 2^40 sets of bits.
  const circuit = Circuit.build(1, (c) => {
    c.register("m", 40);
    for (let bit = 0; bit < 40; bit++) c.h(0).measure(0, bit);
  });
  const [result] = await (
    await noisySimulator({ noise })
      .estimator()
      .run([[circuit, ["Z"]]])
  ).result();
  expect(Math.abs(result!.evs[0]!)).toBeLessThan(1);
});

test("delays let a qubit decay, in whatever unit they are given", async () => {
  const idle = NoiseModel.build((n) => n.relaxation({ t1: 100e-6, t2: 80e-6 }).timeStep(4e-9));
  for (const [duration, unit] of [
    [50e-6, "s"],
    [50, "us"],
    [12_500, "dt"],
  ] as const) {
    const circuit = Circuit.build(2, (c) => c.x(0).h(1).delay(duration, unit, 0).delay(duration, unit, 1));
    const [result] = await (
      await noisySimulator({ noise: idle })
        .estimator()
        .run([[circuit, ["IZ", "XI"]]])
    ).result();
    expect(result!.evs[0]).toBeCloseTo(1 - 2 * Math.exp(-0.5), 12);
    expect(result!.evs[1]).toBeCloseTo(Math.exp(-50 / 80), 12);
  }
});
