import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import { ibmProvider } from "../../../providers/ibm/index.ts";
import { systemClock } from "../../../providers/index.ts";
import { adam, minimize, spsa } from "../../../src/index.ts";
import { type CrashPoint, onCrashPoint } from "../../../src/runs/crash-points.ts";
import { foldRun, memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { mortalStore } from "../../support/mortal-store.ts";

const circuit = realAmplitudes({ numQubits: 2, reps: 1 });
const observable = SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX");
const STEPS = 3;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ devices: ["manila"], clock: "automatic", seed: 3, noise: false });
});
afterAll(() => emulator.close());
afterEach(() => onCrashPoint(undefined));

/** A process of its own: nothing that it knows is shared but the service and the store. */
async function provider(lagSeconds = 0.05) {
  const { url, iamUrl, token, crn } = emulator;
  const poll = { firstSeconds: 0.01, runningSeconds: 0.01 };
  const options = { url, iamUrl, token, instance: crn, poll, lagSeconds, submitTimeoutSeconds: 0.5 } as const;
  return ibmProvider({ ...options, environment: {}, accountFile: false }).backend("ibmq_manila");
}

function clocked() {
  let ahead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const advance = (seconds: number): void => {
    ahead += 1000 * seconds;
  };
  return { store: memoryStore({ clock }), advance };
}

const problem = { circuit, observable, steps: STEPS, seed: 5, precision: 0.1 } as const;
const optimizers = { adam: () => adam({ learningRate: 0.1 }), spsa: () => spsa({ seed: 1 }) };

async function drive(store: RunStore, id: string, optimizer: keyof typeof optimizers = "adam") {
  return minimize({ ...problem, optimizer: optimizers[optimizer](), provider: await provider(), store, id });
}

const jobsOf = (id: string) => emulator.control.jobs().filter(({ tags }) => tags.includes(`lp-run-${id}`));

describe("a run on the emulator", () => {
  test("has one job a step and one at the end, each written down before it is used, and costs what the service says", async () => {
    const store = memoryStore();
    const { weights, value } = await drive(store, "plain");
    const unkept = await minimize({ ...problem, optimizer: optimizers.adam(), provider: await provider() });
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
    const jobs = jobsOf("plain");
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
    const before = emulator.control.counts().jobs;
    const again = await drive(store, "twice");
    expect(again).toEqual(first);
    expect(emulator.control.counts().jobs).toBe(before);
  });

  const points: readonly CrashPoint[] = ["k0", "k1", "k2", "k5", "k6", "k9", "k10", "k12", "k13", "k15", "k18"];
  test.each(points.flatMap((point) => [1, 3].map((nth) => [point, nth] as const)))(
    "killed at %s for the %i. time goes on to the same weights, and pays no job twice",
    async (point, nth) => {
      const { store: inner, advance } = clocked();
      const straight = await minimize({ ...problem, optimizer: optimizers.adam(), provider: await provider() });
      const id = `killed-${point}-${nth}`;
      const mortal = mortalStore(inner);
      const killed = Promise.withResolvers<void>();
      let seen = 0;
      onCrashPoint((reached) => {
        if (reached !== point || ++seen !== nth) return;
        mortal.kill();
        killed.resolve();
        throw new Error("killed");
      });
      const dead = drive(mortal.store, id);
      dead.catch(() => {});
      const winner = await Promise.race([
        killed.promise.then(() => "killed"),
        dead.then(() => "finished"),
        setTimeout(5000, "stuck"),
      ]);
      onCrashPoint(undefined);
      if (point === "k18" && nth > 1) expect(winner).toBe("finished");
      else expect(winner).toBe("killed");
      advance(31);
      const resumed = await drive(inner, id);
      expect(resumed.weights).toEqual(straight.weights);
      expect(resumed.value).toBe(straight.value);
      expect(jobsOf(id).length).toBe(STEPS + 1);
      const state = foldRun(await inner.read(id));
      expect(state.quantumSeconds).toBe(jobsOf(id).reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0));
      expect(state.orphans.size).toBe(0);
    },
  );
});
