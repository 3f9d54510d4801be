import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { efficientSU2, Rng, SparsePauliOp } from "../../../circuits/index.ts";
import { type Backend, deviceSimulator, loadTarget, localSimulator } from "../../../providers/index.ts";
import { BudgetError, GradientError } from "../../../src/errors.ts";
import { adam, plan, planMinimize, spsa } from "../../../src/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { type Amount, NO_AMOUNT, parseBudget, type ScopeTotals, scopesOf } from "../../../src/runs/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import { assertPlanFits, type PlanCheck } from "../../../src/training/budget-check.ts";
import { FitSearch, type PlanOverrides, type Replan } from "../../../src/training/budget-fits.ts";
import { type BudgetUse, isTooSmall, placesOf } from "../../../src/training/budget-room.ts";
import type { PlannedRun, TrainingPlan } from "../../../src/training/training-plan.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));

const device = deviceSimulator(loadTarget("torino"));
const problem = {
  circuit: efficientSU2({ numQubits: 3, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZI + 0.5*IXX"),
  optimizer: adam(),
  provider: device as Backend,
  steps: 30,
  precision: 0.02,
};
const minimizing =
  (more: Partial<Parameters<typeof planMinimize>[0]> = {}): Replan =>
  ({ gradient, batchSize: _batchSize, ...overrides }) =>
    planMinimize({ ...problem, ...more, ...overrides, ...(gradient === undefined ? {} : { method: gradient }) });

const rng = Rng.seed("budget");
const numbers = (columns: number) =>
  Array.from({ length: 40 }, () => Array.from({ length: columns }, () => rng.normal()));
const data = { x: numbers(2), y: numbers(1) };
const training = (options: object): Replan => {
  const layer = quantumLayer({
    qubits: 2,
    perception: perception.angle(),
    connection: connection.basicEntangler({ layers: 2 }),
  });
  const model = tfl.sequential({
    layers: [tfl.layers.dense({ units: 2, inputShape: [2] }), quantum(layer), tfl.layers.dense({ units: 1 })],
  });
  const settings = {
    provider: device,
    precision: 0.05,
    optimizer: tf.train.sgd(0.1),
    loss: "meanSquaredError",
  } as const;
  return (overrides) => plan(model, data, { ...settings, ...options, ...overrides });
};

/** Scopes of a run with this budget, in which so much is spent. */
function usesOf(budget: string, spent: Partial<Amount> = {}, more: Partial<ScopeTotals> = {}): readonly BudgetUse[] {
  const price = { perSecond: 1.6, currency: "USD" };
  const totals = { settled: { ...NO_AMOUNT, ...spent }, reserved: NO_AMOUNT, ...more };
  return scopesOf("digits-1", parseBudget(budget), 0, { price }).map((scope) => ({ scope, totals }));
}
async function refusalOf(check: PlanCheck): Promise<string> {
  try {
    await assertPlanFits(check);
  } catch (error) {
    expect(error).toBeInstanceOf(BudgetError);
    expect((error as BudgetError).code).toBe("BUDGET_PLAN");
    return (error as BudgetError).message;
  }
  return "";
}
/** The settings that a message names, as it names them. */
function settingsIn(message: string): readonly PlanOverrides[] {
  const list = /It would fit with (.*?)\. As it is/.exec(message)?.[1] ?? "";
  return list
    .split(/; or with /)
    .filter((text) => text !== "")
    .map((text) => {
      const pairs = text.replace(/ \(about .*?\)$/, "").split(" and ");
      return Object.fromEntries(
        pairs.map((pair) => {
          const [name, value] = pair.split(": ");
          return [name === "method" ? "gradient" : name, JSON.parse(value!)];
        }),
      ) as PlanOverrides;
    });
}
const fits = (planned: PlannedRun, uses: readonly BudgetUse[], perSecond = 0): boolean =>
  !placesOf(planned, { uses, perSecond, stepsDone: 0, begun: false }).some(isTooSmall);

describe("assertPlanFits", () => {
  test.each(["60s", "100s", "200s", "400s", "12 jobs", "100 USD", "50 s, 25 jobs"])(
    "minimize with %s: every setting it names fits when it is planned, and no more steps do",
    async (budget) => {
      const replan = minimizing();
      const planned = await replan({});
      const uses = usesOf(budget);
      const message = await refusalOf({
        planned,
        uses,
        perSecond: 1.6,
        replan,
        precision: 0.02,
        gradientOption: "method",
      });
      const settings = settingsIn(message);
      expect(settings.length).toBeGreaterThan(0);
      for (const overrides of settings) {
        const again = await replan(overrides);
        expect(fits(again, uses, 1.6), JSON.stringify(overrides)).toBe(true);
        const { steps } = overrides;
        if (steps !== undefined) expect(fits(await replan({ ...overrides, steps: steps + 1 }), uses, 1.6)).toBe(false);
      }
    },
  );

  test("names fewer shots and SPSA where these are enough", async () => {
    const replan = minimizing();
    const planned = await replan({});
    expect(planned.total.quantumSeconds).toBeGreaterThan(500);
    const settings = settingsIn(
      await refusalOf({ planned, uses: usesOf("250s"), replan, precision: 0.02, gradientOption: "method" }),
    );
    expect(settings.map((setting) => Object.keys(setting).join())).toEqual(["steps", "precision", "gradient"]);
    const { precision } = settings[1]!;
    expect(precision).toBeGreaterThan(0.02);
    // Two digits, and the finer one next to it takes too much.
    expect(fits(await replan({ precision: Number((precision! - 0.001).toFixed(3)) }), usesOf("250s"))).toBe(false);
  });

  test("finds a precision also where the provider decides it", async () => {
    const provider = deviceSimulator(loadTarget("torino"), { precision: 0.015 });
    const { precision: _precision, ...rest } = problem;
    const replan: Replan = ({ gradient, batchSize: _batchSize, ...overrides }) =>
      planMinimize({ ...rest, provider, ...overrides, ...(gradient === undefined ? {} : { method: gradient }) });
    const planned = await replan({});
    const settings = settingsIn(await refusalOf({ planned, uses: usesOf("250s"), replan }));
    const { precision } = settings.find((setting) => setting.precision !== undefined)!;
    expect(precision).toBeGreaterThan(0.015);
    expect(precision).toBeLessThan(0.1);
    expect(fits(await replan({ precision: precision! }), usesOf("250s"))).toBe(true);
  });

  test.each([
    ["steps, so that a step may have fewer rows", { steps: 12, batchSize: 20 }, "80s"],
    ["epochs, so that more rows a step make fewer jobs", { epochs: 2, batchSize: 2 }, "130s"],
    ["epochs with validation", { epochs: 3, batchSize: 8, validation: data }, "100s"],
  ] as const)("train by %s", async (name, options, budget) => {
    const replan = training(options);
    const planned = (await replan({})) as TrainingPlan;
    const uses = usesOf(budget);
    const settings = settingsIn(await refusalOf({ planned, uses, replan, precision: 0.05 }));
    expect(settings.length).toBeGreaterThan(0);
    for (const overrides of settings) expect(fits(await replan(overrides), uses), JSON.stringify(overrides)).toBe(true);
    const size = settings.find(({ batchSize }) => batchSize !== undefined)?.batchSize;
    if (name.startsWith("steps")) expect(size).toBeLessThan(20);
    if (name.startsWith("epochs, so")) expect(size).toBeGreaterThan(2);
  });

  test("plans a few times only, and not at all where it fits or nothing is charged", async () => {
    const planned = await minimizing()({});
    for (const budget of ["30s", "70s", "250s", "500s", "3 jobs"]) {
      const replan = vi.fn(minimizing());
      expect(await refusalOf({ planned, uses: usesOf(budget), replan, precision: 0.02 })).not.toBe("");
      expect(replan.mock.calls.length).toBeLessThanOrEqual(10);
    }
    const replan = vi.fn(minimizing());
    expect(await refusalOf({ planned, uses: usesOf("1h"), replan })).toBe("");
    const local = await minimizing({ provider: localSimulator() })({});
    expect(await refusalOf({ planned: local, uses: usesOf("0s, 0 jobs"), replan })).toBe("");
    expect(replan).not.toHaveBeenCalled();
  });

  test("says what the run takes, what is left and what would be needed", async () => {
    const planned = await minimizing()({});
    const { quantumSeconds, jobs } = planned.total;
    const spent = { quantumSeconds: 60, jobs: 3 };
    const text = await refusalOf({ planned, uses: usesOf("5min, 20 jobs", spent) });
    const [, needed] = /^(?:.*) It needs a budget of (.*) for run digits-1\.$/.exec(text)!;
    expect(text).toBe(
      `The run would take about ${quantumSeconds.toFixed(1)} s of the quantum computer in ${jobs} jobs, but the budget of run digits-1 (300 s, 20 jobs) has 240 s, 17 jobs left. Nothing was submitted. It needs a budget of ${needed} for run digits-1.`,
    );
    // What it asks for is enough, and hardly more.
    expect(await refusalOf({ planned, uses: usesOf(needed!, spent) })).toBe("");
    expect(parseBudget(needed!).jobs).toBe(jobs + 3);
    expect(parseBudget(needed!).quantumSeconds! - 60 - quantumSeconds).toBeLessThan(2);
    const money = await refusalOf({ planned, uses: usesOf("100 USD"), perSecond: 1.6, mayEndEarly: true });
    expect(money).toContain(`would take up to about ${quantumSeconds.toFixed(1)} s`);
    expect(money).toContain(`for about ${(1.6 * quantumSeconds).toFixed(2)} USD`);
    expect(money).toContain("(100 USD) has 100 USD left");
    const enough = /needs a budget of ([\d.]+ USD)/.exec(money)![1]!;
    expect(await refusalOf({ planned, uses: usesOf(enough), perSecond: 1.6 })).toBe("");
  });

  test("the last job needs whole seconds", async () => {
    const planned = await minimizing()({});
    const { quantumSeconds } = planned.total;
    const needed = /budget of (\d+) s/.exec(await refusalOf({ planned, uses: usesOf("1s") }))![1]!;
    expect(await refusalOf({ planned, uses: usesOf(`${needed}s`) })).toBe("");
    expect(await refusalOf({ planned, uses: usesOf(`${Math.floor(quantumSeconds)}s`) })).not.toBe("");
    expect(Number(needed) - quantumSeconds).toBeLessThan(2);
  });

  test("a budget of a day limits a step only, whatever was spent today", async () => {
    const planned = await minimizing()({});
    const step = planned.step.quantumSeconds;
    expect(step).toBeGreaterThan(10);
    expect(await refusalOf({ planned, uses: usesOf(`${Math.ceil(step)}s/day`, { quantumSeconds: 5 }) })).toBe("");
    const text = await refusalOf({ planned, uses: usesOf("5s/day") });
    expect(text).toContain(`A step of the run would take about ${step.toFixed(1)} s of the quantum computer in 1 job`);
    expect(text).toContain("the budget of a day of run digits-1 is 5 s");
    expect(text).toContain(`It needs a budget of ${Math.ceil(step)} s for a day of run digits-1.`);
  });

  test("a run without an end is asked for a step only", async () => {
    const planned = await minimizing()({});
    const endless = {
      ...planned,
      steps: Infinity,
      total: { ...planned.total, jobs: Infinity, quantumSeconds: Infinity },
    };
    expect(await refusalOf({ planned: endless, uses: usesOf("60s, 2 jobs") })).toBe("");
    expect(await refusalOf({ planned: endless, uses: usesOf("5s") })).toContain("needs a budget of");
  });

  test("a run that is taken up again is asked for what is left, and for no step whose jobs may be out", async () => {
    const replan = vi.fn(minimizing());
    const planned = await replan({});
    const { step, total } = planned;
    const whole = Math.ceil(total.quantumSeconds) + 2;
    const uses = (steps: number) =>
      usesOf(`${whole}s, ${total.jobs} jobs`, { quantumSeconds: steps * step.quantumSeconds, jobs: steps });
    expect(await refusalOf({ planned, uses: uses(10), stepsDone: 10, begun: true })).toBe("");
    // The job of step 11 is charged, and the step was not written down.
    expect(await refusalOf({ planned, uses: uses(11), stepsDone: 10, begun: true })).toBe("");
    expect(await refusalOf({ planned, uses: uses(12), stepsDone: 10, begun: true })).toContain("after step 10");
    // All steps are done; the value at the end needs less than a step.
    expect(await refusalOf({ planned, uses: usesOf("5s"), stepsDone: planned.steps, begun: true })).toBe("");
    replan.mockClear();
    const short = usesOf("200s", { quantumSeconds: 100 });
    const text = await refusalOf({ planned, uses: short, stepsDone: 5, begun: true, replan });
    // Its settings can no longer be changed.
    expect(settingsIn(text)).toEqual([]);
    expect(replan).not.toHaveBeenCalled();
  });

  test("what is set aside for jobs that are out counts as free", async () => {
    const planned = await minimizing()({});
    const whole = Math.ceil(planned.total.quantumSeconds) + 2;
    const reserved = { quantumSeconds: whole, money: 0, jobs: 1 };
    expect(await refusalOf({ planned, uses: usesOf(`${whole}s`, {}, { reserved }) })).toBe("");
  });

  test("settings that cannot be planned are passed over", async () => {
    const plain = minimizing();
    const planned = await plain({});
    const replan: Replan = async (overrides) => {
      if (overrides.gradient !== undefined) throw new GradientError("GRADIENT_BUDGET", "no");
      return plain(overrides);
    };
    const settings = settingsIn(await refusalOf({ planned, uses: usesOf("250s"), replan, precision: 0.02 }));
    expect(settings.map((setting) => Object.keys(setting).join())).toEqual(["steps", "precision"]);
    const broken: Replan = async () => {
      throw new TypeError("a bug");
    };
    await expect(assertPlanFits({ planned, uses: usesOf("250s"), replan: broken })).rejects.toThrow(TypeError);
  });

  test("SPSA is not named for an optimizer that takes no gradients", async () => {
    const replan = minimizing({ optimizer: spsa() });
    const planned = await replan({});
    const uses = usesOf(`${Math.floor(planned.total.quantumSeconds / 2)}s`);
    const found = await new FitSearch(planned, { uses, perSecond: 0, stepsDone: 0, begun: false }, replan).all(0.02);
    expect(found.length).toBeGreaterThan(0);
    expect(found.some(({ overrides }) => overrides.gradient !== undefined)).toBe(false);
  });
});
