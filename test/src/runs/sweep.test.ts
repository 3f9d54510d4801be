import { describe, expect, test } from "vitest";
import { type JobUsage, ProviderError, type RemoteBackend, type TaggedJob } from "../../../providers/index.ts";
import type { IntentEvent, RunEvent } from "../../../src/runs/events.ts";
import { JobAudit } from "../../../src/runs/job-audit.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { disown } from "../../../src/runs/orphan-jobs.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { type JournalOptions, RunJournal } from "../../../src/runs/run-journal.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import { chargeOf, settlementOf, sweep } from "../../../src/runs/sweep.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const KEY = "lp1-abcdefghijklmnopqrstuvwxyz";
const OTHER = "lp1-zyxwvutsrqponmlkjihgfedcba";

const intent: IntentEvent = {
  ...{ type: "intent", key: KEY, partKey: `${KEY}-0`, part: 0, parts: 2, backend: "device" },
  ...{ place: { phase: "step-1", index: 0, attempt: 0 }, bodyHash: "body", serviceTime: 0 },
  ...{ reserved: { quantumSeconds: 60, money: 0, jobs: 2 }, executions: 1, quantumSeconds: 5 },
};

/** A run whose one job, in two parts, is done. */
async function journalIn(store: RunStore, more: Partial<JournalOptions> = {}): Promise<RunJournal> {
  const journal = await RunJournal.open({ store, id: "run", ...more });
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

  test("counts what such a job costs in money, too", async () => {
    const store = memoryStore();
    const price = { perSecond: 1.6, currency: "USD" };
    const journal = await journalIn(store, { budgetOptions: { price } });
    const { remote } = service([twin], () => ({ quantumSeconds: 1.5, executions: 0, final: true }));
    await sweep(remote, journal);
    expect((await store.totals("run:run")).settled).toEqual({ quantumSeconds: 1.5, money: 2.4, jobs: 1 });
    await journal.close();
  });

  test("leaves a submit without an answer to the search for it, until its job has a result or is given up", async () => {
    const store = memoryStore();
    const journal = await journalIn(store);
    const sought = { ...intent, key: OTHER, partKey: OTHER, part: 0, parts: 1 };
    await journal.append({ events: [sought] });
    const { remote, cancelled } = service([{ ...twin, tags: ["lp-run-run", OTHER] }], () => ({
      ...{ quantumSeconds: 1, executions: 0, final: true },
    }));
    expect(await sweep(remote, journal)).toBe(0);
    expect([cancelled, journal.state.orphans.size]).toEqual([[], 0]);
    const given = { code: "STEP_RESTARTED", words: "again", quantumSeconds: 0, replaced: true } as const;
    await journal.append({ events: [{ type: "rejected", key: OTHER, ...given }] });
    await sweep(remote, journal);
    expect([cancelled, [...journal.state.orphans.keys()]]).toEqual([["twin"], ["twin"]]);
    await journal.close();
  });
});

/** Time goes on with whoever waits; no lease is renewed. */
function waitingClock() {
  const time = new VirtualClock();
  const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    signal === undefined ? time.sleep(milliseconds) : new Promise(() => {});
  return { time, clock: { now: () => time.now(), sleep } };
}

test("after a doubt jobs are compared after each step, until the charges of those that no step uses are final", async () => {
  const { clock } = waitingClock();
  const store = memoryStore({ clock });
  const journal = await journalIn(store, { clock });
  await journal.append({ events: [{ type: "unknown", key: KEY, words: "no answer" }] });
  let asked = 0;
  let listed = 0;
  const { remote } = service(
    [twin],
    () => ({ quantumSeconds: 1.5, executions: 0, final: ++asked > 1 }),
    () => listed++,
  );
  const audit = new JobAudit(Object.assign(remote, { capabilities: {} }), journal, undefined);
  for (const times of [1, 2, 2]) {
    await audit.afterStep();
    expect(listed).toBe(times);
  }
  expect(journal.state.orphans).toEqual(new Map([["twin", 1.5]]));
  await journal.close();
});

test("a job of several parts counts as all of them, and as no less than planned until its charge is final", async () => {
  const journal = await journalIn(memoryStore());
  const job = journal.state.jobs.get(KEY)!;
  const charged = (final: boolean) =>
    chargeOf(service([], () => ({ quantumSeconds: 1.5, executions: 3, final })).remote, job);
  expect(await charged(false)).toEqual({ quantumSeconds: 10, executions: 6, final: false });
  const charge = await charged(true);
  expect(charge).toEqual({ quantumSeconds: 3, executions: 6, final: true });
  expect(settlementOf(job, charge)).toEqual([
    { key: KEY, scopes: [], amount: { quantumSeconds: 3, money: 0, jobs: 2 } },
  ]);
  expect(settlementOf(job, await charged(false))).toEqual([]);
  await journal.close();
});

describe("the end of a run of which something was in doubt", () => {
  test.each([
    ["waits until the charge of a job that no step uses is final", 3, [5, 10], 1.5],
    ["waits for that charge for a minute and not for ever", Number.POSITIVE_INFINITY, [5, 10, 20, 40], 5],
  ])("%s", async (_what, finalAt, waits, counted) => {
    const { time, clock } = waitingClock();
    const store = memoryStore({ clock });
    const journal = await journalIn(store, { clock });
    await journal.append({ events: [{ type: "unknown", key: KEY, words: "no answer" }] });
    let asked = 0;
    const { remote } = service([twin], () => {
      const final = ++asked >= finalAt;
      return { quantumSeconds: final ? 1.5 : 0, executions: 0, final };
    });
    await new JobAudit(remote, journal, undefined).atEnd();
    expect(time.sleeps).toEqual(waits);
    expect(journal.state.orphans).toEqual(new Map([["twin", counted]]));
    await journal.close();
  });
});

describe("what a driver that was replaced has sent", () => {
  /** A service that lists the twin after so many seconds. */
  async function replaced(listedAfter: number, ...events: readonly RunEvent[]) {
    const { time, clock } = waitingClock();
    const store = memoryStore({ clock });
    const journal = await journalIn(store, { clock });
    await journal.append({ events });
    const cancelled: string[] = [];
    const start = time.now();
    const remote = {
      clock,
      lagSeconds: 40,
      async jobsTagged(key: string): Promise<readonly TaggedJob[]> {
        const own = { id: `own-${key.at(-1)}`, tags: [key], status: "done", created: 0 } as const;
        return key === `${KEY}-1` && time.now() >= start + 1000 * listedAfter ? [own, twin] : [own];
      },
      cancelJob: async (id: string) => void cancelled.push(id),
      jobUsage: async () => ({ quantumSeconds: 1, executions: 0, final: true }),
    } as unknown as RemoteBackend;
    return { journal, remote, cancelled, time };
  }

  test("is looked for when it must be listed, and cancelled; what the run uses is not", async () => {
    const { journal, remote, cancelled } = await replaced(40);
    await disown(remote, journal, KEY);
    expect(cancelled).toEqual(["twin"]);
    expect((await journal.store.totals("run:run")).settled).toMatchObject({ quantumSeconds: 1, jobs: 1 });
    await journal.close();
  });

  test("is cancelled at once where the service has named it, listed or not", async () => {
    const { journal, remote, cancelled, time } = await replaced(1e9);
    await disown(remote, journal, KEY, "heard");
    expect([cancelled, time.sleeps]).toEqual([["heard"], []]);
    await journal.close();
  });

  test("is left to the other driver while that looks for it, and only then", async () => {
    const again: IntentEvent = { ...intent, part: 1, partKey: `${KEY}-1` };
    const done = await replaced(0, again);
    await disown(done.remote, done.journal, KEY);
    expect(done.cancelled).toEqual(["twin"]);
    await done.journal.close();
    const sought: IntentEvent = { ...again, key: OTHER };
    const open = await replaced(0, sought);
    await disown(open.remote, open.journal, OTHER);
    expect(open.cancelled).toEqual([]);
    await open.journal.close();
  });
});
