import { describe, expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { type Clock, systemClock } from "../../../providers/index.ts";
import { BudgetError } from "../../../src/errors.ts";
import { adam, type MinimizeOptions, minimize, planMinimize } from "../../../src/index.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import { memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";

const service = new EmulatedService();
const provider = () => service.backend();

const problem = {
  circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI"),
  optimizer: adam(),
  seed: 5,
  precision: 0.05,
  steps: 4,
} as const;
/** Waits that tests need not sit through. */
const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) };
const drive = async (store: RunStore, id: string, more: Partial<MinimizeOptions>) =>
  minimize({ ...problem, provider: await provider(), store, id, clock, ...more });

const codeOf = async (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: unknown) => (error instanceof BudgetError ? error.code : String(error)),
  );

describe("a run with a budget", () => {
  test("that is too small submits nothing, and says with how many steps it goes", async () => {
    const store = memoryStore();
    const submitted = service.emulator.control.counts().jobs;
    const refused = await drive(store, "large", { budget: "10s" }).catch((error: unknown) => error as BudgetError);
    expect(refused).toMatchObject({ code: "BUDGET_PLAN" });
    expect(service.emulator.control.counts().jobs).toBe(submitted);
    const steps = Number(/steps: (\d+) \(/.exec((refused as BudgetError).message)![1]);
    expect(steps).toBeGreaterThanOrEqual(1);
    // With the setting that was named.
    await drive(store, "smaller", { budget: "10s", steps });
    expect(service.jobsOf("smaller").length).toBe(steps + 1);
    const { settled, reserved } = await store.totals("run:smaller");
    expect(settled).toEqual({ quantumSeconds: service.chargedFor("smaller"), money: 0, jobs: steps + 1 });
    expect(settled.quantumSeconds).toBeLessThanOrEqual(10);
    expect(reserved.quantumSeconds).toBe(0);
  });

  test("that it shares stops where that is used up, and goes on when it is raised", async () => {
    const store = memoryStore();
    const { total } = await planMinimize({ ...problem, provider: await provider() });
    const price = { perSecond: 1.6, currency: "USD" };
    const limit = Math.ceil(1.5 * total.quantumSeconds);
    const schedule = { id: "nightly", budget: { quantumSeconds: limit, money: 1000, currency: "USD" } };
    const codes = await Promise.all(["first", "second"].map((id) => codeOf(drive(store, id, { schedule, price }))));
    // It is enough for one of them; where they take turns, for neither.
    expect(codes).toContain("BUDGET_USED_UP");
    expect(["none", "BUDGET_USED_UP"]).toEqual(expect.arrayContaining(codes));
    const spent = await store.totals("schedule:nightly");
    expect(spent.settled.quantumSeconds).toBe(service.chargedFor("first", "second"));
    expect(spent.settled.quantumSeconds).toBeLessThanOrEqual(limit);
    expect(spent.reserved).toEqual({ quantumSeconds: 0, money: 0, jobs: 0 });
    expect((await store.totals("schedule:nightly:USD")).settled.money).toBeCloseTo(
      1.6 * service.chargedFor("first", "second"),
      4,
    );
    const stopped = codes[0] === "BUDGET_USED_UP" ? "first" : "second";
    expect((await store.run(stopped))!.step).toBeGreaterThan(0);
    const raised = { id: "nightly", budget: { quantumSeconds: 10 * limit } };
    const { weights } = await drive(store, stopped, { schedule: raised, price });
    const straight = await minimize({ ...problem, provider: await provider() });
    expect(weights).toEqual(straight.weights);
    expect(service.jobsOf(stopped).length).toBe(problem.steps + 1);
    expect((await store.totals("schedule:nightly")).settled.quantumSeconds).toBe(service.chargedFor("first", "second"));
  });

  test.each(["k2", "k6", "k7", "k10"] as const)(
    "that is hardly enough is enough for one that is killed at %s",
    async (point: CrashPoint) => {
      const { store, endLeases } = expiringStore();
      const { total } = await planMinimize({ ...problem, provider: await provider() });
      const budget = `${Math.ceil(total.quantumSeconds) + 1}s, ${total.jobs} jobs`;
      const id = `tight-${point}`;
      expect(await killedAt(point, 2, store, (own) => drive(own, id, { budget }))).toBe("killed");
      endLeases();
      await drive(store, id, { budget });
      expect(service.jobsOf(id).length).toBe(problem.steps + 1);
      expect(await store.totals(`run:${id}`)).toEqual({
        settled: { quantumSeconds: service.chargedFor(id), money: 0, jobs: problem.steps + 1 },
        reserved: { quantumSeconds: 0, money: 0, jobs: 0 },
      });
    },
  );
});
