import { describe, expect, test } from "vitest";
import { type JobUsage, ProviderError, type RemoteBackend, type TaggedJob } from "../../../providers/index.ts";
import type { IntentEvent, RunEvent } from "../../../src/runs/events.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { sweep } from "../../../src/runs/sweep.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const KEY = "lp1-abcdefghijklmnopqrstuvwxyz";
const OTHER = "lp1-zyxwvutsrqponmlkjihgfedcba";

/** A run whose one job, in two parts, is done. */
async function journalIn(store: RunStore): Promise<RunJournal> {
  const journal = await RunJournal.open({ store, id: "run" });
  const intent: IntentEvent = {
    ...{ type: "intent", key: KEY, partKey: `${KEY}-0`, part: 0, parts: 2, backend: "device" },
    ...{ place: { phase: "step-1", index: 0, attempt: 0 }, bodyHash: "body", serviceTime: 0 },
    ...{ reserved: { quantumSeconds: 60, money: 0, jobs: 2 }, executions: 1, quantumSeconds: 5 },
  };
  const events: readonly RunEvent[] = [0, 1].flatMap((part): RunEvent[] => [
    { ...intent, part, partKey: `${KEY}-${part}` },
    { type: "submitted", key: KEY, partKey: `${KEY}-${part}`, jobId: `own-${part}`, adopted: false, surplus: [] },
  ]);
  const result = {
    type: "result",
    key: KEY,
    jobId: "own-0,own-1",
    result: "0",
    quantumSeconds: 8,
    executions: 2,
  } as const;
  await journal.append({ events: [...events, result] });
  return journal;
}

/** A service with these jobs of the run's tag, besides its own. */
function service(jobs: readonly TaggedJob[], usage: (id: string) => JobUsage, onList: () => unknown = () => {}) {
  const cancelled: string[] = [];
  const own = [0, 1].map(
    (part) => ({ id: `own-${part}`, tags: [`${KEY}-${part}`], status: "done", created: 0 }) as const,
  );
  const remote = {
    async jobsTagged(tag: string) {
      expect(tag).toBe("lp-run-run");
      await onList();
      return [...own, ...jobs];
    },
    cancelJob: async (id: string) => void cancelled.push(id),
    jobUsage: async (id: string) => usage(id),
  };
  return { remote: remote as unknown as RemoteBackend, cancelled };
}

const twin: TaggedJob = { id: "twin", tags: ["lepton", "lp-run-run", `${KEY}-1`], status: "queued", created: 1 };

describe("a sweep", () => {
  test("cancels what was submitted twice, and counts it as planned until its charge is final", async () => {
    const store = memoryStore();
    const journal = await journalIn(store);
    let usage: JobUsage = { quantumSeconds: 0, executions: 0, final: false };
    const { remote, cancelled } = service([twin], () => usage);
    expect(await sweep(remote, journal)).toBe(1);
    expect(cancelled).toEqual(["twin"]);
    expect(journal.state.orphans).toEqual(new Map([["twin", 5]]));
    expect((await store.totals("run:run")).settled).toMatchObject({ quantumSeconds: 5, jobs: 1 });
    usage = { quantumSeconds: 1.5, executions: 0, final: true };
    expect(await sweep(remote, journal)).toBe(0);
    expect(journal.state.orphans).toEqual(new Map([["twin", 1.5]]));
    expect(journal.state.quantumSeconds).toBe(8 + 1.5);
    expect((await store.totals("run:run")).settled).toMatchObject({ quantumSeconds: 1.5, jobs: 1 });
    const { seq } = journal.state;
    expect(await sweep(remote, journal)).toBe(0);
    expect((await store.read("run", seq + 1)).map(({ event }) => event.type)).toEqual(["swept"]);
    await journal.close();
  });

  test("leaves alone the jobs of a run of the same name in another ledger, and those deleted since", async () => {
    const store = memoryStore();
    const journal = await journalIn(store);
    const foreign: TaggedJob = { ...twin, id: "foreign", tags: ["lepton", "lp-run-run", OTHER] };
    const { remote, cancelled } = service([foreign, { ...twin, status: "done" }], (id) => {
      throw new ProviderError("JOB_NOT_FOUND", `no job ${id}`);
    });
    expect(await sweep(remote, journal)).toBe(0);
    expect(cancelled).toEqual([]);
    expect(journal.state.orphans.size).toBe(0);
    await journal.close();
  });

  test("of a driver that was replaced meanwhile cancels nothing: the other one made those jobs", async () => {
    const clock = new VirtualClock();
    const store = memoryStore({ clock });
    const journal = await journalIn(store);
    const { remote, cancelled } = service(
      [twin],
      () => ({ quantumSeconds: 0, executions: 0 }),
      async () => {
        clock.advance(31);
        await store.claim("run", thisOwner(), 30);
      },
    );
    await expect(sweep(remote, journal)).rejects.toMatchObject({ code: "RUN_FENCED" });
    expect(cancelled).toEqual([]);
    await journal.close();
  });
});
