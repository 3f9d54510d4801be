import { describe, expect, test } from "vitest";
import { densityMatrix, NoiseModel, noisySimulator } from "../../../providers/index.ts";
import { goldenNoise, goldenObservable } from "../../support/golden.ts";
import { noisyGolden } from "../../support/noisy-golden.ts";

const withoutReadout = (noise: NoiseModel): NoiseModel => NoiseModel.fromJSON({ ...noise.toJSON(), readout: {} });

describe.each(goldenNoise())("golden noise $id", (item) => {
  const { circuit, noise } = noisyGolden(item);
  const size = 2 ** item.n;

  test("density matrix, purity and probabilities", () => {
    const rho = densityMatrix(circuit, noise);
    for (const [row, entries] of (item.density_matrix ?? []).entries())
      for (const [column, [re, im]] of entries.entries()) {
        const at = 2 * (row * size + column);
        expect(Math.abs(rho[at]! - re)).toBeLessThan(1e-9);
        expect(Math.abs(rho[at + 1]! - im)).toBeLessThan(1e-9);
      }
    expect(Math.abs(rho.reduce((sum, value) => sum + value * value, 0) - item.purity)).toBeLessThan(1e-9);
    for (const [state, probability] of item.probabilities.entries())
      expect(Math.abs(rho[2 * state * (size + 1)]! - probability)).toBeLessThan(1e-9);
  });

  test("expectation values", async () => {
    const entries = Object.entries(item.expectations);
    const observables = entries.map(([text]) => goldenObservable(item.n, [[text, 1]]));
    const job = await noisySimulator({ noise: withoutReadout(noise) })
      .estimator()
      .run([[circuit, observables]]);
    const [result] = await job.result();
    for (const [index, [, value]] of entries.entries())
      expect(Math.abs(result!.evs[index]! - value)).toBeLessThan(1e-9);
    expect(result!.stds.every((std) => std === 0)).toBe(true);
  });

  test("trajectories agree within their standard errors", async () => {
    const entries = Object.entries(item.expectations);
    const observables = entries.map(([text]) => goldenObservable(item.n, [[text, 1]]));
    const backend = noisySimulator({ noise: withoutReadout(noise), method: "trajectories", seed: 1 });
    const [result] = await (await backend.estimator({ precision: 0.02 }).run([[circuit, observables]])).result();
    for (const [index, [text, value]] of entries.entries())
      expect(Math.abs(result!.evs[index]! - value), text).toBeLessThan(4 * Math.max(0.002, result!.stds[index]!));
  });
});

describe.each(goldenNoise().filter(({ readout }) => readout !== undefined))("golden read-out $id", (item) => {
  const { circuit, noise } = noisyGolden(item);
  const size = 2 ** item.n;
  test("misread bits, exact and sampled", async () => {
    const after = item.probabilities_after_readout!;
    const labels = Array.from({ length: size }, (_, mask) =>
      Array.from({ length: item.n }, (_, i) => ((mask >> (item.n - 1 - i)) & 1 ? "Z" : "I")).join(""),
    );
    const backend = noisySimulator({ noise });
    const [exact] = await (await backend.estimator().run([[circuit, labels]])).result();
    for (const mask of labels.keys()) {
      const parity = after.reduce((sum, p, bits) => sum + p * (-1) ** countOnes(bits & mask), 0);
      expect(Math.abs(exact!.evs[mask]! - parity)).toBeLessThan(1e-9);
    }
    const shots = 20_000;
    for (const method of ["density-matrix", "trajectories"] as const) {
      const sampler = noisySimulator({ noise, method, seed: 3 }).sampler({ shots });
      const [drawn] = await (await sampler.run([[circuit.extend((c) => c.measureAll())]])).result();
      const counts = drawn!.registers.meas!.counts();
      for (const [state, probability] of after.entries()) {
        const share = (counts[state.toString(2).padStart(item.n, "0")] ?? 0) / shots;
        expect(Math.abs(share - probability)).toBeLessThan(
          4.5 * Math.sqrt((probability * (1 - probability)) / shots) + 1e-9,
        );
      }
    }
  });
});

function countOnes(bits: number): number {
  let ones = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
