import { beforeAll, expect, test } from "vitest";
import type { JobUsage, RemoteBackend } from "../../../providers/index.ts";
import { exportRun, replayRun, type TrainOptions, train } from "../../../src/index.ts";
import { memoryStore } from "../../../src/runs/index.ts";
import { EmulatedService } from "../../support/emulated-service.ts";
import { layersInARow, rowSettings, twoRows } from "../../support/layers-in-a-row.ts";
import { fastClock } from "../../support/movable-clock.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

const service = new EmulatedService();
beforeAll(() => useTensorBackend("cpu"));

/** Half a second more than it seemed, once it is asked for the second time. */
function chargingLate(inner: RemoteBackend): RemoteBackend {
  const asked = new Set<string>();
  return new Proxy(inner, {
    get(target, name) {
      if (name === "jobUsage")
        return async (id: string): Promise<JobUsage> => {
          const usage = await target.jobUsage(id);
          if (asked.has(id)) return { ...usage, quantumSeconds: usage.quantumSeconds + 0.5 };
          asked.add(id);
          return { ...usage, final: false };
        };
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

test("a step that is cut off between two jobs reports what the first was said to cost, whatever it was charged meanwhile", async () => {
  const store = memoryStore();
  const provider = chargingLate(await service.backend());
  const settings = (): TrainOptions => ({ ...rowSettings(), steps: 1 });
  const drive = async (id: string, more: Partial<TrainOptions> = {}) => {
    // What is set aside for the first job leaves too little for the second until its charge is final.
    const kept = { provider, store, id, budget: "39s", clock: fastClock, ...more };
    return train(layersInARow(), twoRows, { ...settings(), ...kept });
  };
  const whole = await drive("whole");
  const leave = new AbortController();
  const onActivity = (words: string): void => {
    if (/waiting for them to be settled/.test(words)) leave.abort(new Error("cut off"));
  };
  await expect(drive("cut", { signal: leave.signal, onActivity })).rejects.toThrow("cut off");
  expect((await store.read("cut")).map(({ event }) => event.type)).toContain("settled");
  const { quantumSeconds } = await drive("cut");
  expect(quantumSeconds).toBe(whole.quantumSeconds);
  expect((await store.totals("run:cut")).settled.quantumSeconds).toBeCloseTo(service.chargedFor("cut") + 1, 5);
  const replayed = await replayRun(await exportRun(store, "cut"), {
    run: (kept) => train(layersInARow(), twoRows, { ...settings(), ...kept }),
  });
  expect(replayed).toMatchObject({ status: "finished", steps: 1, jobs: 2 });
});
