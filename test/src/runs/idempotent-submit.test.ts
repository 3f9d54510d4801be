import { describe, expect, test } from "vitest";
import { minimize } from "../../../src/index.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import { foldRun, historyOf, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { IdempotentService } from "../../support/idempotent-service.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore, fastClock } from "../../support/movable-clock.ts";
import { smallProblem } from "../../support/small-problem.ts";

const STEPS = 2;

describe("at a service whose submits are idempotent by their key", () => {
  const drive = (service: IdempotentService, store: RunStore) =>
    minimize({ ...smallProblem(STEPS), provider: service.backend(), store, id: "run" });

  async function undisturbed(): Promise<Float64Array> {
    const { weights } = await drive(new IdempotentService(), memoryStore());
    return weights;
  }

  test.each<CrashPoint>(["k0", "k1", "k2", "k5", "k6", "k9", "k10", "k12", "k15"])(
    "a run that is killed at %s sends the submit again at once, and has one job for it",
    async (point) => {
      const service = new IdempotentService();
      const { store, endLeases } = expiringStore();
      expect(await killedAt(point, 2, store, (own) => drive(service, own))).toBe("killed");
      const before = service.submits;
      endLeases();
      const { weights } = await drive(service, store);
      expect(weights).toEqual(await undisturbed());
      expect(service.jobs.size).toBe(STEPS + 1);
      // Between the submit and its id it is not known whether the service has it.
      const unheard = point === "k5";
      expect(service.submits).toBe(STEPS + 1 + (unheard ? 1 : 0));
      expect(before).toBeLessThan(service.submits);
      const state = foldRun(await store.read("run"));
      expect(state.quantumSeconds).toBe(2 * (STEPS + 1));
      expect(state.orphans.size).toBe(0);
      expect((await store.totals("run:run")).settled).toMatchObject({
        quantumSeconds: 2 * (STEPS + 1),
        jobs: STEPS + 1,
      });
      // Nobody looks for what the key finds.
      expect(service.searched.filter((tag) => tag.startsWith("lp1-"))).toEqual([]);
    },
  );

  test("a submit whose answer is lost is sent again with the same key", async () => {
    const service = new IdempotentService();
    service.lost = 1;
    const store = memoryStore();
    const { weights } = await minimize({
      ...smallProblem(STEPS),
      ...{ provider: service.backend(), store, id: "run", clock: fastClock },
    });
    expect(weights).toEqual(await undisturbed());
    expect([service.submits, service.jobs.size]).toEqual([STEPS + 2, STEPS + 1]);
    const history = historyOf(await store.read("run")).map(({ words }) => words);
    expect(history).toContain("Not submitted yet: No answer.");
    // What was not heard of may have been accepted.
    expect(history.join("\n")).not.toMatch(/looked for|refused/);
    expect((await store.totals("run:run")).settled.jobs).toBe(STEPS + 1);
  });
});
