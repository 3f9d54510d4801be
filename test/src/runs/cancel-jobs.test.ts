import { describe, expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import { type Backend, isRemote, type JobStatus, type RemoteBackend } from "../../../providers/index.ts";
import { adam, minimize } from "../../../src/index.ts";
import { cancelOpenJobs } from "../../../src/runs/cancel-jobs.ts";
import type { RunEvent } from "../../../src/runs/events.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import { foldRun } from "../../../src/runs/run-state.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const start = (store: RunStore, provider: Backend, clock: InProcessEmulator["clock"], id: string) =>
  minimize({
    circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
    observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
    optimizer: adam({ learningRate: 0.1 }),
    steps: 2,
    seed: 5,
    precision: 0.1,
    provider,
    store,
    clock,
    id,
    budget: "200s",
  });

test("a job whose submit was not answered before its run was left is looked for, and cancelled too", async () => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 3000 });
  const { clock, control } = emulator;
  const backend = await emulator.process().provider.backend("ibmq_manila");
  const store = memoryStore({ clock });
  control.set({ listLagSeconds: 60 });
  control.faults.add({ method: "POST", path: "/jobs", dropConnection: "after" });
  const run = start(store, backend, clock, "unheard");
  run.catch(() => {});
  while (control.jobs().length === 0) await clock.sleep(1000);
  await run.suspend();
  const [job] = foldRun(await store.read("unheard")).jobs.values();
  expect(job!.submits.map(({ jobId }) => jobId)).toEqual([undefined]);
  await clock.sleep(100_000);
  const cancelled = control.jobs().map(({ id }) => id);
  expect(await cancelOpenJobs(store, "unheard", backend)).toEqual({ cancelled, kept: [] });
  expect(control.jobs()).toMatchObject([{ status: "Cancelled" }]);
  expect((await store.totals("run:unheard")).reserved.jobs).toBe(0);
});

test.each([
  ["is replaced when the run goes on", 60, 1],
  ["that has ended meanwhile is used", 0, 0],
])("a job that was out when its run was left and its jobs cancelled %s", async (_what, waitSeconds, cancelledJobs) => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 300 });
  const { clock } = emulator;
  const backend = await emulator.process().provider.backend("ibmq_manila");
  if (!isRemote(backend)) throw new Error("no jobs to cancel");
  const store = memoryStore({ clock });
  const straight = await start(store, backend, clock, "straight");

  const before = emulator.control.jobs().length;
  const run = start(store, backend, clock, "left");
  run.catch(() => {});
  while (emulator.control.jobs().length === before) await clock.sleep(1000);
  await clock.sleep(waitSeconds * 1000);
  await run.suspend();
  if (cancelledJobs === 0) await clock.sleep(1_000_000);
  const { cancelled, kept } = await cancelOpenJobs(store, "left", backend);
  expect([cancelled.length, kept.length]).toEqual([cancelledJobs, 1 - cancelledJobs]);
  expect(await store.run("left")).toMatchObject({ status: "stopped", lease: undefined });
  const { reserved } = await store.totals("run:left");
  expect(reserved.jobs).toBe(1 - cancelledJobs);

  const resumed = await start(store, backend, clock, "left");
  expect(resumed.weights).toEqual(straight.weights);
  const jobs = emulator.control.jobs().slice(before);
  expect(jobs.length).toBe(3 + cancelledJobs);
  expect(jobs.filter(({ status }) => status === "Cancelled").length).toBe(cancelledJobs);
  const state = foldRun(await store.read("left"));
  expect(state.orphans.size).toBe(0);
  const charged = jobs.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
  expect(state.quantumSeconds).toBeCloseTo(charged, 5);
  expect((await store.totals("run:left")).reserved.quantumSeconds).toBe(0);
});

describe("of a run that was left with a job of two parts", () => {
  const KEY = "lp1-abcdefghijklmnopqrstuvwxyz";

  /** A store in which parts were sent, with the ids that were answered, and the service with these jobs of each part. */
  async function left(ids: readonly (string | undefined)[], listed: readonly (readonly string[])[], name = "device") {
    const store = memoryStore();
    const journal = await RunJournal.open({ store, id: "run" });
    const events = ids.flatMap((jobId, part): readonly RunEvent[] => {
      const partKey = `${KEY}-${part}`;
      const intent: RunEvent = {
        ...{ type: "intent", key: KEY, partKey, part, parts: 2, backend: "device", bodyHash: "body", serviceTime: 0 },
        ...{ place: { phase: "step-1", index: 0, attempt: 0 }, reserved: { quantumSeconds: 9, money: 0, jobs: 2 } },
        ...{ executions: 1, quantumSeconds: 5 },
      };
      const accepted = { type: "submitted", key: KEY, partKey, adopted: false, surplus: [] } as const;
      return jobId === undefined ? [intent] : [intent, { ...accepted, jobId }];
    });
    await journal.append({ events });
    await journal.close();
    const statuses = new Map<string, JobStatus>();
    const asked: string[] = [];
    const backend = {
      name,
      clock: new VirtualClock(),
      async jobsTagged(tag: string) {
        asked.push(tag);
        const found = listed[Number(tag.at(-1))] ?? [];
        return found.map((id) => ({ id, tags: [tag], status: statuses.get(id) ?? "queued", created: 0 }));
      },
      cancelJob: async (id: string) => void statuses.set(id, "cancelled"),
      jobUsage: async () => ({ quantumSeconds: 0, executions: 0, final: true }),
    } as unknown as RemoteBackend;
    return { store, backend, statuses, asked, state: async () => foldRun(await store.read("run")) };
  }

  test("jobs too many are cancelled as well, and their charge is still to be found out", async () => {
    const { store, backend, statuses, state } = await left(
      ["a", undefined],
      [
        ["twin", "a"],
        ["b", "surplus"],
      ],
    );
    expect(await cancelOpenJobs(store, "run", backend)).toEqual({ cancelled: ["a", "b"], kept: [] });
    // The other job of the part whose id is known is left to the next sweep.
    expect([...statuses.keys()].sort()).toEqual(["a", "b", "surplus"]);
    expect((await state()).doubtful).toBe(true);
  });

  test("what may still come of a part without an answer is in doubt, so that the run looks for it when it goes on", async () => {
    const { store, backend, state } = await left(["a", undefined], [["a"], []]);
    expect(await cancelOpenJobs(store, "run", backend)).toEqual({ cancelled: ["a"], kept: [] });
    const { jobs, doubtful } = await state();
    expect([jobs.get(KEY)!.rejected?.code, doubtful]).toEqual(["JOB_CANCELLED", true]);
  });

  test("a part that the service does not list any more is not known to be cancelled, and its job is kept", async () => {
    const { store, backend, state } = await left(["a", "b"], [["a"], []]);
    expect(await cancelOpenJobs(store, "run", backend)).toEqual({ cancelled: [], kept: ["a", "b"] });
    expect((await state()).jobs.get(KEY)!.rejected).toBeUndefined();
  });

  test.each([
    ["with ids", ["a", "b"], ["a", "b"]],
    ["without", [undefined, undefined], []],
  ])("another backend's jobs %s are neither looked for nor cancelled", async (_what, ids, kept) => {
    const { store, backend, statuses, asked, state } = await left(ids, [["a"], ["b"]], "other");
    expect(await cancelOpenJobs(store, "run", backend)).toEqual({ cancelled: [], kept });
    expect([asked, statuses.size]).toEqual([[], 0]);
    expect((await state()).status).toBe("stopped");
  });
});
