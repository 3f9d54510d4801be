import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { efficientSU2, SparsePauliOp } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { adam, cosineDecay, reduceOnPlateau, sgd, spsa } from "../../../src/optimizers/index.ts";
import type { RunStore } from "../../../src/runs/index.ts";
import {
  adaptivePrecision,
  formatPlan,
  type MinimizeOptions,
  minimize,
  planMinimize,
} from "../../../src/training/index.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { recordingBackend } from "../../support/recording-backend.ts";

const provider = localSimulator();
const problem: MinimizeOptions = {
  circuit: efficientSU2({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
  optimizer: adam({ learningRate: 0.2 }),
  provider,
  steps: 12,
  seed: 5,
};

describe("adaptivePrecision", () => {
  const noise = { squaredNorm: 2, variance: 0.1 };

  test("stays where the gradient stands out of its noise, and becomes finer where it does not", () => {
    const precision = adaptivePrecision({ start: 0.1, finest: 0.01, theta: 0.5 });
    expect(precision.observe(precision.init(), noise).precision).toBe(0.1);
    // Signal 0.3·(1 - 0.5), noise 0.3·0.5: the standard error is the norm, and is to be half of it, which takes 4 times the shots.
    const next = precision.observe(precision.init(), { squaredNorm: 1, variance: 0.5 });
    expect(next.precision).toBeCloseTo(0.1 / Math.SQRT2, 12);
    const eager = adaptivePrecision({ start: 0.1, finest: 0.01, theta: 0.5, growth: 9 });
    expect(eager.observe(eager.init(), { squaredNorm: 1, variance: 0.5 }).precision).toBeCloseTo(0.05, 12);
  });

  test("never becomes coarser, nor finer than its finest, nor by more than its growth", () => {
    const precision = adaptivePrecision({ start: 0.3, finest: 0.02, growth: 3 });
    const gradients = fc.record({
      squaredNorm: fc.double({ min: 0, max: 10, noNaN: true }),
      variance: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(gradients, { maxLength: 15 }), (found) => {
        let state = precision.init();
        for (const gradient of found) {
          const next = precision.observe(state, gradient);
          expect(next.precision).toBeLessThanOrEqual(state.precision);
          expect(next.precision).toBeGreaterThanOrEqual(0.02);
          expect((state.precision / next.precision) ** 2).toBeLessThan(3 + 1e-9);
          expect(JSON.parse(JSON.stringify(next))).toEqual(next);
          state = next;
        }
      }),
      { seed: 1 },
    );
  });

  test("refuses gradients without errors, and impossible settings", () => {
    const precision = adaptivePrecision({ start: 0.3, finest: 0.02 });
    expect(() => precision.observe(precision.init(), { squaredNorm: 1, variance: Number.NaN })).toThrow(/errors/);
    for (const options of [
      { start: 0.01, finest: 0.1 },
      { start: 0.1, finest: 0 },
      { start: 0.1, finest: 0.1, theta: 0 },
      { start: 0.1, finest: 0.1, growth: 1 },
    ])
      expect(() => adaptivePrecision(options)).toThrow(expect.objectContaining({ code: "TRAINING_SAMPLING" }));
  });
});

describe("minimize", () => {
  test("takes more shots as the gradient sinks into its noise, up to the finest precision", async () => {
    const precision = adaptivePrecision({ start: 0.3, finest: 0.03 });
    const { history } = await minimize({ ...problem, steps: 60, precision });
    const executions = history.map((step) => step.executions);
    expect(executions).toEqual(executions.toSorted((a, b) => a - b));
    const { total, step, least } = await planMinimize({ ...problem, steps: 60, precision });
    expect(executions.at(-1)).toBeGreaterThan(10 * executions[0]!);
    expect(executions.at(-1)).toBeLessThanOrEqual(step.executions);
    expect(executions[0]).toBe((await planMinimize({ ...problem, steps: 1, precision: 0.3 })).step.executions);
    const taken = history.reduce((sum, { executions: own }) => sum + own, 0);
    expect(taken).toBeGreaterThan(least!.executions);
    expect(taken).toBeLessThan(total.executions);
  });

  test("plans an adaptive precision as a range", async () => {
    const plan = await planMinimize({ ...problem, precision: adaptivePrecision({ start: 0.2, finest: 0.1 }) });
    const [coarse, fine] = [
      await planMinimize({ ...problem, precision: 0.2 }),
      await planMinimize({ ...problem, precision: 0.1 }),
    ];
    expect(plan.total).toEqual(fine.total);
    expect(plan.least).toEqual(coarse.total);
    const text = formatPlan(plan);
    expect(text).toContain(`at most: 13 jobs`);
    expect(text).toContain(`${coarse.total.executions.toLocaleString("en")} executions`);
  });

  test("shares the shots of each step out, and never takes more than planned", async () => {
    const total = 4000;
    const recorder = recordingBackend(provider);
    const shots = { total } as const;
    const { history, executions } = await minimize({ ...problem, provider: recorder, shots });
    expect(recorder.jobs).toHaveLength(13);
    // The first step knows nothing, later ones have other shots for other evaluations.
    const precisions = recorder.jobs.map(
      (pubs) => new Set(pubs.map((pub) => (pub as { precision?: number }).precision)),
    );
    expect(precisions[0]!.size).toBe(1);
    expect(precisions[5]!.size).toBeGreaterThan(1);
    const plan = await planMinimize({ ...problem, provider: recorder, shots });
    for (const step of history) {
      expect(step.executions).toBeLessThanOrEqual(plan.step.executions);
      expect(step.executions).toBeGreaterThan(0.9 * total);
    }
    expect(executions).toBeLessThanOrEqual(plan.total.executions);
    const even = await minimize({ ...problem, provider: recorder, shots: { total, allocate: "even" } });
    expect(even.history[0]!.value).toBe(history[0]!.value);
  });

  test("ends at the noise floor, and not before the value has come down", async () => {
    const options = { ...problem, steps: 400, precision: 0.1, noiseFloor: { window: 10 } };
    const { ended, history, value } = await minimize(options);
    expect(ended).toBe("noise-floor");
    expect(history.length).toBeLessThan(200);
    const ground = (await minimize({ ...problem, steps: 300 })).value;
    expect(Math.abs(value - ground)).toBeLessThan(0.2);
    const exact = await minimize({ ...problem, noiseFloor: { window: 2 } });
    expect(exact.ended).toBe("steps");
  });

  const kept: Readonly<Record<string, Partial<MinimizeOptions>>> = {
    "a plateau's learning rate": {
      optimizer: sgd({ learningRate: reduceOnPlateau({ rate: 0.5, factor: 0.5, patience: 1 }) }),
      precision: 0.1,
    },
    "an adaptive precision": { precision: adaptivePrecision({ start: 0.5, finest: 0.05 }) },
    "shots by variance": { shots: { total: 2000 } },
    "a noise floor": { precision: 0.3, steps: 60, noiseFloor: { window: 5 } },
  };
  test.each(Object.keys(kept))("with %s, killed and resumed, comes to the same bits", async (name) => {
    const options = { ...problem, ...kept[name] };
    const drive = (store: RunStore) => minimize({ ...options, store, id: "run" });
    const straight = await minimize(options);
    for (const nth of [1, 4, 9]) {
      const { store, endLeases } = expiringStore();
      expect(await killedAt("k13", nth, store, drive)).toBe("killed");
      endLeases();
      const resumed = await drive(store);
      expect(resumed.weights).toEqual(straight.weights);
      expect([resumed.value, resumed.ended]).toEqual([straight.value, straight.ended]);
      const plain = ({ seconds, jobIds, ...step }: (typeof straight.history)[number]) => step;
      expect(resumed.history.map(plain)).toEqual(straight.history.map(plain));
    }
    // What a step reports is enough to go on with, as JSON.
    const from = JSON.parse(JSON.stringify(straight.history[2]!.checkpoint));
    expect((await minimize({ ...options, from })).weights).toEqual(straight.weights);
  });

  test("does not go on with another sampling", async () => {
    const { store } = expiringStore();
    const drive = (more: Partial<MinimizeOptions>) => minimize({ ...problem, steps: 2, ...more, store, id: "run" });
    await drive({ shots: { total: 2000 } });
    await expect(drive({ shots: { total: 3000 } })).rejects.toMatchObject({ code: "RUN_CHANGED" });
    await expect(drive({ precision: 0.1 })).rejects.toMatchObject({ code: "RUN_CHANGED" });
    await expect(drive({ shots: { total: 2000 }, noiseFloor: { window: 3 } })).rejects.toMatchObject({
      code: "RUN_CHANGED",
    });
  });

  test.each<Partial<MinimizeOptions>>([
    { precision: 0.1, shots: { total: 1000 } },
    { optimizer: spsa(), shots: { total: 1000 } },
    { optimizer: spsa(), precision: adaptivePrecision({ start: 0.2, finest: 0.1 }) },
    { method: "adjoint", shots: { total: 1000 } },
    { method: "spsa", precision: adaptivePrecision({ start: 0.2, finest: 0.1 }) },
    { maxRows: 5, shots: { total: 1000 } },
    { shots: { total: 1 } },
    { shots: { total: 1000, allocate: "fair" as never } },
    { precision: { finest: 0.1 } as never },
  ])("refuses %#", (more) => {
    expect(() => minimize({ ...problem, ...more })).toThrow(expect.objectContaining({ code: "TRAINING_SAMPLING" }));
  });

  test("takes a schedule for its learning rate", async () => {
    const schedule = cosineDecay({ rate: 0.2, steps: 12 });
    const scheduled = await minimize({ ...problem, optimizer: adam({ learningRate: schedule }) });
    const byStep = adam({ learningRate: (step) => schedule.rate(step, undefined) });
    expect(scheduled.weights).toEqual((await minimize({ ...problem, optimizer: byStep })).weights);
  });
});
