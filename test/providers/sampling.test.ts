import { describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../circuits/index.ts";
import { localSimulator, shotsFor } from "../../providers/index.ts";
import { sampleShuffled, sampleSorted } from "../../providers/simulator/sampling.ts";
import { expectedValue } from "../contracts/truth.ts";
import { referenceState } from "../support/reference-engine.ts";
import { randomUnitaryCircuit } from "../support/unitary-circuit.ts";

/** Pearson's statistic, minus its mean, in its own standard deviations: below 5 unless the samples are wrong. */
function chiSquareDeviation(counts: readonly number[], probabilities: readonly number[]): number {
  const shots = counts.reduce((a, b) => a + b, 0);
  let statistic = 0;
  let cells = 0;
  let rareCount = 0;
  let rareProbability = 0;
  for (const [cell, probability] of probabilities.entries()) {
    if (probability * shots < 5) {
      rareCount += counts[cell]!;
      rareProbability += probability;
      continue;
    }
    statistic += (counts[cell]! - probability * shots) ** 2 / (probability * shots);
    cells++;
  }
  if (rareProbability * shots >= 5) {
    statistic += (rareCount - rareProbability * shots) ** 2 / (rareProbability * shots);
    cells++;
  } else expect(rareCount).toBeLessThan(25);
  const freedom = cells - 1;
  return freedom === 0 ? 0 : (statistic - freedom) / Math.sqrt(2 * freedom);
}

const probabilitiesOf = (state: Float64Array): number[] =>
  Array.from({ length: state.length / 2 }, (_, i) => state[2 * i]! ** 2 + state[2 * i + 1]! ** 2);

describe("drawing basis states", () => {
  test("frequencies follow the probabilities, whatever the norm", () => {
    const rng = Rng.seed("draw");
    const state = Float64Array.from({ length: 64 }, () => rng.normal());
    const total = probabilitiesOf(state).reduce((a, b) => a + b, 0);
    const counts = new Array<number>(32).fill(0);
    for (const outcome of sampleShuffled(state, 100_000, rng)) counts[outcome]!++;
    expect(
      chiSquareDeviation(
        counts,
        probabilitiesOf(state).map((p) => p / total),
      ),
    ).toBeLessThan(5);
  });

  test("sorted draws ascend and are the shuffled ones in order", () => {
    const state = Float64Array.of(0.6, 0, 0, 0, 0, 0.64, 0.48, 0);
    const sorted = sampleSorted(state, 500, Rng.seed(1));
    expect([...sorted]).toEqual([...sampleShuffled(state, 500, Rng.seed(1))].sort((a, b) => a - b));
    expect(sorted).not.toContain(1);
  });

  test("states of probability 0 never occur, at either end", () => {
    const state = Float64Array.of(0, 0, 1, 0, 0, 0, 0, 0);
    expect(new Set(sampleSorted(state, 1000, Rng.seed(2)))).toEqual(new Set([1]));
  });

  test("each shot is that of its own uniform number: the same for a seed on every machine", () => {
    const state = Float64Array.of(0.5, 0, 0, 0.5, 0, 0, 0.5, -0.5);
    const uniforms = Rng.seed("shots");
    const wanted = Array.from({ length: 50 }, () => [0, 1, 3, 3][Math.floor(4 * uniforms.uniform())]);
    expect([...sampleShuffled(state, 50, Rng.seed("shots"))]).toEqual(wanted);
    expect([...sampleShuffled(state, 20, Rng.seed("shots"))]).toEqual(wanted.slice(0, 20));
  });

  test.each([
    ["spread over all of them", 1],
    ["that is 1e-4 of the rest in half of them", 1e-2],
  ])("frequencies of a large state with probability %s, in all shots and in each tenth", (_, size) => {
    const n = 17;
    const rng = Rng.seed("large");
    const state = Float64Array.from({ length: 2 * 2 ** n }, (_, at) => rng.normal() * (at % 4 < 2 ? 1 : size));
    const probabilities = probabilitiesOf(state);
    const total = probabilities.reduce((a, b) => a + b, 0);
    // By the lowest bits, which differ within a group of amplitudes, and by the highest.
    for (const binOf of [(basis: number) => basis & 63, (basis: number) => basis >> (n - 6)]) {
      const wanted = new Array<number>(64).fill(0);
      for (const [basis, probability] of probabilities.entries()) wanted[binOf(basis)]! += probability / total;
      const outcomes = sampleShuffled(state, 100_000, rng);
      for (const part of [
        outcomes,
        ...Array.from({ length: 10 }, (_, i) => outcomes.subarray(1e4 * i, 1e4 * (i + 1))),
      ]) {
        const counts = new Array<number>(64).fill(0);
        for (const outcome of part) counts[binOf(outcome)]!++;
        expect(chiSquareDeviation(counts, wanted)).toBeLessThan(5);
      }
    }
  });

  test("shots are drawn slice by slice, and go on where the last slice ended", () => {
    const state = Float64Array.of(0.5, 0, 0, 0.5, 0, 0, 0.5, -0.5);
    const shots = 300_001;
    const uniforms = Rng.seed("slices");
    const wanted = Int32Array.from({ length: shots }, () => [0, 1, 3, 3][Math.floor(4 * uniforms.uniform())]!);
    const rng = Rng.seed("slices");
    expect(sampleShuffled(state, shots, rng)).toEqual(wanted);
    expect(rng.uniform()).toBe(uniforms.uniform());
  });

  test("many more shots than states, one shot, and none", () => {
    const state = Float64Array.of(0.6, 0, 0, 0.8);
    const ones = sampleSorted(state, 200_000, Rng.seed(3)).reduce((a, b) => a + b, 0);
    expect(Math.abs(ones / 200_000 - 0.64)).toBeLessThan(5 * Math.sqrt((0.64 * 0.36) / 200_000));
    let first = 0;
    for (let seed = 0; seed < 2000; seed++) first += sampleShuffled(state, 1, Rng.seed(seed))[0]!;
    expect(Math.abs(first / 2000 - 0.64)).toBeLessThan(5 * Math.sqrt((0.64 * 0.36) / 2000));
    expect(sampleShuffled(state, 0, Rng.seed(1))).toEqual(new Int32Array(0));
  });

  test("amplitudes that are not finite numbers are refused", () => {
    for (const draw of [sampleSorted, sampleShuffled])
      expect(() => draw(Float64Array.of(1, 0, Number.NaN, 0), 10, Rng.seed(1))).toThrow(
        expect.objectContaining({ code: "STATE_NOT_FINITE" }),
      );
  });
});

describe("the Sampler against exact probabilities", () => {
  test.each([1, 2, 3, 4, 5])("random circuit %i", async (seed) => {
    const rng = Rng.seed(seed);
    const circuit = randomUnitaryCircuit(rng, 4, 20);
    const values = Float64Array.from(circuit.parameters, () => rng.normal());
    // Bit 3 - q of the register reads qubit q.
    const measured = circuit.extend((c) => {
      c.register("r", 4);
      for (let q = 0; q < 4; q++) c.measure(q, 3 - q);
    });
    const job = await localSimulator({ seed })
      .sampler()
      .run([[measured, values, 20_000]]);
    const [result] = await job.result();
    const counts = new Array<number>(16).fill(0);
    for (const [text, count] of Object.entries(result!.registers.r!.counts()))
      counts[Number.parseInt([...text].reverse().join(""), 2)] = count;
    expect(chiSquareDeviation(counts, probabilitiesOf(referenceState(circuit, values)))).toBeLessThan(5);
  });

  test("only what is measured is simulated: 40 qubits, two of them read", async () => {
    const wide = Circuit.build(40, (c) => {
      for (let q = 0; q < 40; q++) c.ry(0.1 * q, q);
      c.h(38).cx(38, 39).register("m", 3);
      c.measure(38, 0).measure(39, 1).measure(20, 2);
    });
    const job = await localSimulator()
      .sampler({ shots: 4000 })
      .run([[wide]]);
    const counts = (await job.result())[0]!.registers.m!.counts();
    const one = Object.entries(counts).reduce((sum, [text, count]) => sum + (text[0] === "1" ? count : 0), 0);
    expect(Math.abs(one / 4000 - Math.sin(1) ** 2)).toBeLessThan(5 * Math.sqrt(0.25 / 4000));
  });
});

describe("the sampled Estimator", () => {
  const theta = weight("theta");
  const circuit = Circuit.build(3, (c) => c.ry(theta, 0).cx(0, 1).rx(0.8, 2).rzz(0.5, 1, 2).h(1));
  const observable = SparsePauliOp.parse("0.7*ZZI - 1.2*XXI + 0.5*YIZ + 0.25*IIZ + 1.5*III");

  test("errors are as large as the standard errors say: mean 0, spread 1, over 200 seeds", async () => {
    const values = [0.9];
    const truth = expectedValue(referenceState(circuit, values), observable);
    let sum = 0;
    let squares = 0;
    for (let seed = 0; seed < 200; seed++) {
      const job = await localSimulator()
        .estimator({ precision: 0.05, seed })
        .run([[circuit, observable, values]]);
      const [{ evs, stds } = { evs: [], stds: [] }] = await job.result();
      const pull = (evs[0]! - truth) / stds[0]!;
      sum += pull;
      squares += pull * pull;
    }
    expect(Math.abs(sum / 200)).toBeLessThan(5 / Math.sqrt(200));
    // The variance of 200 normal draws has standard deviation sqrt(2/200) = 0.1.
    expect(Math.abs(squares / 200 - 1)).toBeLessThan(0.5);
  });

  test("terms that commute qubit by qubit share shots; usage counts rows × groups × shots", async () => {
    const backend = localSimulator();
    const run = async (precision: number, observables: string[]) => {
      const job = await backend.estimator({ precision }).run([[circuit, observables, [[[0.1]], [[0.2]]]]]);
      const [result] = await job.result();
      return { result: result!, executions: (await job.usage()).executions };
    };
    const together = await run(0.1, ["ZZI", "IZZ", "ZII"]);
    expect(together.executions).toBe(2 * 100);
    expect(together.result.metadata.shots).toBe(100);
    expect((await run(0.1, ["ZZI", "XII", "IYI", "III"])).executions).toBe(2 * 2 * 100);
    // An exact row is one execution, however many groups its observables have.
    expect((await run(0, ["ZZI", "XII"])).executions).toBe(2);
    expect((await run(0.1, ["III"])).executions).toBe(0);
    expect((await run(0.1, ["III"])).result.evs).toEqual(Float64Array.of(1, 1));
  });

  test("values of one shot record are consistent: Z0·Z1 of a GHZ state has no spread, Z0 has", async () => {
    const ghz = Circuit.build(3, (c) => c.h(0).cx(0, 1).cx(1, 2));
    const job = await localSimulator()
      .estimator({ precision: 0.02 })
      .run([[ghz, ["IZZ", "IIZ", "2*ZZI - IZZ"]]]);
    const [result] = await job.result();
    expect([...result!.evs.filter((_, k) => k !== 1)]).toEqual([1, 1]);
    expect([...result!.stds.filter((_, k) => k !== 1)]).toEqual([0, 0]);
    expect(Math.abs(result!.stds[1]! - 0.02)).toBeLessThan(1e-4);
  });

  test("a second run of an estimator draws other samples; a fresh one repeats the first", async () => {
    const estimator = () => localSimulator({ seed: 4 }).estimator({ precision: 0.003 });
    const first = estimator();
    const value = async (from: ReturnType<typeof estimator>) =>
      (await (await from.run([[circuit, "ZII", [0.3]]])).result())[0]!.evs[0];
    const one = await value(first);
    expect(await value(first)).not.toBe(one);
    expect(await value(estimator())).toBe(one);
  });

  test("shots from precision: ceil(1/precision²), at least two, and a clear error beyond the limit", () => {
    expect([0.1, 0.01, 1 / Math.sqrt(1000), 0.03, 5].map((p) => shotsFor(p, 1e6))).toEqual([
      100, 10_000, 1000, 1112, 2,
    ]);
    expect(() => shotsFor(1e-4, 1e6)).toThrowError(
      expect.objectContaining({ code: "PUB_PRECISION", message: expect.stringContaining("use 0.00100 or more") }),
    );
  });
});
