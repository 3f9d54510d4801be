import { expect, test } from "vitest";
import type { RemoteBackend } from "../../../providers/index.ts";
import { historyOf } from "../../../src/runs/history.ts";
import { createdEvent, memoryStore, type RunEvent } from "../../../src/runs/index.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import { settleIdleRuns } from "../../../src/runs/settle-idle.ts";

const account = "account-1";
const reserved = { quantumSeconds: 20, money: 0, jobs: 1 };
const scope = "schedule:nightly";

/** A service at which every job has ended, and which counts how often it is asked. */
function endedService() {
  let questions = 0;
  const remote = {
    account,
    jobsTagged: async () => {
      questions++;
      return [{ id: "job-1", tags: [], status: "done" }];
    },
    jobUsage: async () => ({ quantumSeconds: 3, executions: 100, final: true }),
  } as unknown as RemoteBackend;
  return { remote, questions: () => questions };
}

const JOB: readonly RunEvent[] = [
  {
    type: "described",
    description: {
      kind: "minimize",
      parts: {},
      remote: { name: "device", account, capabilities: { local: false, adjoint: false, limits: {} } as never },
    },
  },
  {
    type: "intent",
    ...{ key: "key-1", partKey: "key-1", part: 0, parts: 1, place: { phase: "step-1", index: 0, attempt: 0 } },
    ...{ backend: "device", bodyHash: "b", serviceTime: 0, reserved, executions: 100, quantumSeconds: 10 },
  },
  { type: "submitted", key: "key-1", partKey: "key-1", jobId: "job-1", adopted: false, surplus: [] },
  { type: "stopped", words: "at a request" },
];

test("the job of a run that nobody drives is settled, and told of, once, however often its budget is waited for", async () => {
  const store = memoryStore();
  for (const id of ["left", "next"])
    await store.create({ id, schedule: { id: "nightly", tick: id.length }, events: [createdEvent()] });
  const lease = await store.claim("left", thisOwner(), 30);
  const scopes = [{ scope, limits: {} }];
  const reserve = { key: "key-1", scopes, needSeconds: 10, capSeconds: 20, jobs: 1, perSecond: 0 };
  await store.append(lease, { reserve, events: JOB });
  await store.release(lease);
  expect((await store.totals(scope)).reserved.jobs).toBe(1);
  const { remote, questions } = endedService();
  // Also by another process, which has the run after it was parked.
  for (let driver = 0; driver < 2; driver++) {
    const journal = await RunJournal.open({ store, id: "next", budgetOptions: { schedule: { id: "nightly" } } });
    for (let wait = 0; wait < 3; wait++) await settleIdleRuns(remote, journal);
    await journal.close();
  }
  const { reserved: held, settled } = await store.totals(scope);
  expect(held.jobs).toBe(0);
  expect(settled.quantumSeconds).toBe(3);
  const words = historyOf(await store.read("next")).map((line) => line.words);
  expect(words.filter((line) => line.includes("which nobody drives"))).toEqual([
    "A job of run left, which nobody drives, has ended and is settled.",
  ]);
  expect(questions()).toBe(1);
});
