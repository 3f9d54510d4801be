import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verdictOf } from "../../examples/application/verdict.ts";
import { anomalyScores, autoencoder, thresholdAt, trainAutoencoder } from "../../examples/manufacturing/anomaly.ts";
import { brokenMachines, faultySensors, otherWines, withFaults } from "../../examples/manufacturing/anomaly-data.ts";
import { mahalanobis, network, pcaError } from "../../examples/manufacturing/anomaly-rivals.ts";
import { known, leaking, loadMachines } from "../../examples/manufacturing/failure.ts";
import { type Features, fromArrays } from "../../src/data/index.ts";
import { connection, perception, Rng } from "../../src/index.ts";

const rows = (values: readonly (readonly number[])[]): Features =>
  fromArrays(
    values,
    values.map((_, i) => i % 2),
  );

describe("rows", () => {
  test("to predict failures from hold no outcome, unless it is to be shown what that does", () => {
    const { train } = loadMachines();
    expect(known.fit(train).featureNames).toHaveLength(10);
    expect(known.fit(train).featureNames).not.toContain("lifetime");
    expect(leaking.fit(train).featureNames).toContain("lifetime");
  });

  test("to learn from are good ones alone, and none of them is judged", () => {
    for (const [data, sizes] of [
      [brokenMachines(0), [317, 105, 300, 119]],
      [faultySensors(0), [525, 175, 300, 90]],
      [otherWines(0), [36, 14, 128, 107]],
    ] as const) {
      const anomalies = data.truth.reduce((sum, one) => sum + one, 0);
      expect([data.train.numRows, data.validation.numRows, data.test.numRows, anomalies]).toEqual(sizes);
      const keys = ({ x, numFeatures, numRows }: Features) =>
        Array.from({ length: numRows }, (_, row) => x.slice(row * numFeatures, (row + 1) * numFeatures).join());
      const judged = new Set(keys(data.test));
      expect([...keys(data.train), ...keys(data.validation)].filter((row) => judged.has(row))).toEqual([]);
    }
  });

  test("get the faults that are said, in the rows that are said", () => {
    const rng = Rng.seed(5);
    const train = rows(Array.from({ length: 400 }, () => [10 + 2 * rng.normal(), 50 + rng.normal(), 5 * rng.normal()]));
    const before = rows(
      Array.from({ length: 120 }, () => [10 + 2 * rng.normal(), 50 + rng.normal(), 5 * rng.normal()]),
    );
    const { test: after, truth, kinds } = withFaults(before, train, 3);
    const drifts: number[] = [];
    for (let row = 0; row < 120; row++) {
      const off = [0, 1, 2].map((f) => after.x[3 * row + f]! - before.x[3 * row + f]!);
      const moved = off.flatMap((value, f) => (Math.abs(value) > 1e-9 ? [Math.abs(value) / [2, 1, 5][f]!] : []));
      expect(truth[row]).toBe(kinds[row] === "" ? 0 : 1);
      if (kinds[row] === "") expect(moved).toEqual([]);
      else if (kinds[row] === "swap") {
        const sorted = (of: Features) => [...of.x.subarray(3 * row, 3 * row + 3)].map((v) => v.toFixed(6)).sort();
        expect([moved.length, sorted(after)]).toEqual([2, sorted(before)]);
      } else {
        expect(moved).toHaveLength(1);
        if (kinds[row] === "spike") expect(Math.abs(moved[0]! - 5)).toBeLessThan(0.6);
        else drifts.push(moved[0]!);
      }
    }
    expect([Math.min(...drifts), Math.max(...drifts)]).toEqual([expect.closeTo(1, 0), expect.closeTo(4, 0)]);
    expect(kinds.filter((kind) => kind === "drift")).toHaveLength(30);
    expect(withFaults(before, train, 3)).toEqual({ test: after, truth, kinds });
    expect(withFaults(before, train, 4).truth).not.toEqual(truth);
  });
});

describe("a quantum autoencoder", () => {
  const settings = {
    ...{ qubits: 3, latent: 1, steps: 0, seed: 0 },
    perception: perception.angle({ rotation: "Y" }),
    connection: connection.realAmplitudes({ reps: 0 }),
  };

  test("that does nothing scores a row by the angles of its trash qubits", async () => {
    const { circuit, infidelity } = autoencoder(settings);
    const idle = { circuit, infidelity, weights: new Float64Array(circuit.numWeights) };
    const angle = fc.double({ min: -3, max: 3, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(angle, angle, angle), { minLength: 1, maxLength: 5 }), async (all) => {
        const scores = await anomalyScores(idle, rows(all));
        for (const [i, [, b, c]] of all.entries())
          expect(scores[i]!).toBeCloseTo(1 - (Math.cos(b / 2) * Math.cos(c / 2)) ** 2, 10);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test("learns rows that two numbers tell by one, and finds those that break the rule", async () => {
    const line = rows(Array.from({ length: 21 }, (_, i) => [(i - 10) / 10, (i - 10) / 10]));
    const trained = await trainAutoencoder(line, {
      ...{ qubits: 2, latent: 1, steps: 120, seed: 1 },
      perception: perception.angle({ rotation: "Y" }),
      connection: connection.realAmplitudes({ reps: 2 }),
    });
    expect(trained.history.at(-1)!).toBeLessThan(0.2 * trained.history[0]!);
    expect(trained.executions).toBe(120 * 21);
    const [kept, broken] = await anomalyScores(
      trained,
      rows([
        [0.8, 0.8],
        [0.8, -0.8],
      ]),
    );
    expect(kept!).toBeLessThan(0.05);
    expect(broken!).toBeGreaterThan(0.2);
  });

  test("calls rows anomalies above a quantile of good ones", () => {
    const scores = Float64Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
    expect([thresholdAt(scores, 0.95), thresholdAt(scores, 0), thresholdAt(scores, 1)]).toEqual([95, 0, 99]);
  });
});

describe("classical ways", () => {
  const train = rows([
    [1, 1],
    [-1, -1],
    [2, -2],
    [-2, 2],
  ]);

  test("are distances one can work out by hand", () => {
    // Along (1, 1)/√2 the variance is 4/3, along (1, -1)/√2 it is 16/3 (divisor 3).
    expect([
      ...mahalanobis(train).scores(
        rows([
          [2, 2],
          [4, -4],
        ]),
      ),
    ]).toEqual([expect.closeTo(8 / (4 / 3), 10), expect.closeTo(32 / (16 / 3), 10)]);
    // One component, along (1, -1): what lies across is lost.
    expect([
      ...pcaError(train, 1).scores(
        rows([
          [3, 3],
          [5, -5],
        ]),
      ),
    ]).toEqual([expect.closeTo(18, 10), expect.closeTo(0, 10)]);
  });

  test("an autoencoder gives back the direction that it was trained on, and from a seed the same", () => {
    const line = rows(Array.from({ length: 20 }, (_, i) => [(i - 9.5) / 10, (i - 9.5) / 10]));
    const settings = { useBias: false, steps: 150, seed: 2 };
    const [own, again] = [network(line, settings), network(line, settings)];
    const asked = rows([
      [0.5, 0.5],
      [0.5, -0.5],
    ]);
    const [along, across] = own.scores(asked);
    expect(own.params).toBe(2);
    expect(along!).toBeLessThan(0.05);
    expect(across!).toBeGreaterThan(0.4);
    expect(again.scores(asked)).toEqual(own.scores(asked));
    expect(network(line, { ...settings, useBias: true }).params).toBe(5);
  });
});

test("a verdict calls a tie what the test rows cannot tell", () => {
  const row = (role: "hybrid" | "best classical", value: number) => ({
    ...{ role, value, model: role, params: 1, metric: "AUC", spread: null, values: [value] },
    ...{ circuitExecutions: 0, seconds: 0 },
  });
  const both = [row("hybrid", 0.8), row("best classical", 0.79)];
  expect(verdictOf(both)).toContain("better than the best classical one");
  expect(verdictOf(both, undefined, "higher", 0.03)).toContain("no different from the best classical one");
});
