import { describe, expect, test } from "vitest";
import { minimize } from "../../../src/index.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import { foldRun, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";
import { smallProblem } from "../../support/small-problem.ts";

const STEPS = 3;
const service = new EmulatedService();
const provider = () => service.backend({ submitTimeoutSeconds: 0.5 });
const problem = smallProblem(STEPS);

async function drive(store: RunStore, id: string) {
  return minimize({ ...problem, provider: await provider(), store, id });
}

describe("a run on the emulator", () => {
  test("has one job a step and one at the end, each written down before it is used, and costs what the service says", async () => {
    const store = memoryStore();
    const { weights, value } = await drive(store, "plain");
    const unkept = await minimize({ ...problem, provider: await provider() });
    expect(weights).toEqual(unkept.weights);
    expect(value).toBe(unkept.value);
    const types = (await store.read("plain")).map(({ event }) => event.type);
    const job = ["intent", "submitted", "result"];
    expect(types).toEqual([
      ...["created", "claimed", "described"],
      ...Array.from({ length: STEPS }, () => [...job, "step"]).flat(),
      ...[...job, "finished"],
    ]);
    const state = foldRun(await store.read("plain"));
    const jobs = service.jobsOf("plain");
    expect(jobs.length).toBe(STEPS + 1);
    expect([...state.jobs.values()].flatMap(({ submits }) => submits.map(({ jobId }) => jobId))).toEqual(
      jobs.map(({ id }) => id),
    );
    expect(state.quantumSeconds).toBe(jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0));
    for (const { tags } of jobs)
      expect(tags).toEqual(["lepton", "lp-run-plain", expect.stringMatching(/^lp1-[a-z2-7]{26}$/)]);
  });

  test("that is finished gives its result again, and asks nobody", async () => {
    const store = memoryStore();
    const first = await drive(store, "twice");
    const before = service.emulator.control.counts().jobs;
    const again = await drive(store, "twice");
    expect(again).toEqual(first);
    expect(service.emulator.control.counts().jobs).toBe(before);
  });

  const points: readonly CrashPoint[] = ["k0", "k1", "k2", "k5", "k6", "k9", "k10", "k12", "k13", "k15", "k18"];
  test.each(points.flatMap((point) => [1, 3].map((nth) => [point, nth] as const)))(
    "killed at %s for the %i. time goes on to the same weights, and pays no job twice",
    async (point, nth) => {
      const { store, endLeases } = expiringStore();
      const straight = await minimize({ ...problem, provider: await provider() });
      const id = `killed-${point}-${nth}`;
      const outcome = await killedAt(point, nth, store, (own) => drive(own, id));
      expect(outcome).toBe(point === "k18" && nth > 1 ? "finished" : "killed");
      endLeases();
      const resumed = await drive(store, id);
      expect(resumed.weights).toEqual(straight.weights);
      expect(resumed.value).toBe(straight.value);
      expect(service.jobsOf(id).length).toBe(STEPS + 1);
      const state = foldRun(await store.read(id));
      expect(state.quantumSeconds).toBeCloseTo(service.chargedFor(id), 5);
      expect(state.orphans.size).toBe(0);
    },
  );
});
