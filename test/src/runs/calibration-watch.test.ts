import { describe, expect, test } from "vitest";
import { ProviderError, type RemoteBackend } from "../../../providers/index.ts";
import type { IntentEvent, JobPlace, RunEvent } from "../../../src/runs/events.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { CalibrationWatch } from "../../../src/runs/recalibration.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import type { RecalibrationPolicy } from "../../../src/runs/run-policies.ts";

const [OLD, NEW] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] as const;

const place = (index: number): JobPlace => ({ phase: "step-1", index, attempt: 0 });
const intent = (index: number): IntentEvent => ({
  ...{ type: "intent", key: `k${index}`, partKey: `k${index}`, part: 0, parts: 1, backend: "device" },
  ...{ place: place(index), bodyHash: "body", serviceTime: 0, executions: 1, quantumSeconds: 5, calibratedAt: OLD },
  ...{ reserved: { quantumSeconds: 9, money: 0, jobs: 1 } },
});
const done = (index: number): readonly RunEvent[] =>
  [
    intent(index),
    ...[{ type: "submitted", key: `k${index}`, partKey: `k${index}`, jobId: `j${index}`, adopted: false, surplus: [] }],
    ...[{ type: "result", key: `k${index}`, jobId: `j${index}`, result: "0", quantumSeconds: 2, executions: 1 }],
  ] as readonly RunEvent[];

/** A run with these events whose device was calibrated anew, as another process takes it up. */
async function watching(policy: RecalibrationPolicy, events: readonly RunEvent[], calibration = async () => NEW) {
  const store = memoryStore();
  const journal = await RunJournal.open({ store, id: "run" });
  for (const event of events) {
    const scopes = journal.scopes(await store.now());
    const reserve = { needSeconds: 9, capSeconds: 9, jobs: 1, perSecond: 0, scopes };
    await journal.append({
      events: [event],
      ...(event.type === "intent" ? { reserve: { ...reserve, key: event.key } } : {}),
    });
  }
  const { seq } = journal.state;
  const remote = { name: "device", calibration } as unknown as RemoteBackend;
  const written = async () => (await store.read("run", seq + 1)).map(({ event }) => event);
  return { watch: new CalibrationWatch(remote, journal, policy), journal, written };
}

describe("before a job of a step whose jobs so far ran under another calibration", () => {
  test("all of them are given up where the step is to be taken again", async () => {
    const { watch, journal, written } = await watching("restart-step", [...done(0), ...done(1)]);
    await expect(watch.beforeJob("k2", place(2), NEW, undefined)).rejects.toMatchObject({ code: "RUN_RECALIBRATED" });
    expect(await written()).toMatchObject(
      [0, 1].map((index) => ({ type: "rejected", key: `k${index}`, replaced: true })),
    );
    await journal.close();
  });

  test("what was set aside for the job itself is given back, where it was refused so far", async () => {
    const refused: RunEvent = { type: "refused", key: "k1", partKey: "k1", words: "too many" };
    const { watch, journal, written } = await watching("restart-step", [...done(0), intent(1), refused]);
    expect((await journal.store.totals("run:run")).reserved.jobs).toBe(2);
    await expect(watch.beforeJob("k1", place(1), NEW, undefined)).rejects.toMatchObject({ code: "RUN_RECALIBRATED" });
    expect((await written()).map((event) => "key" in event && event.key)).toEqual(["k0", "k1"]);
    // What the first one was charged is settled apart.
    expect((await journal.store.totals("run:run")).reserved.jobs).toBe(1);
    await journal.close();
  });

  test("a job that may be at the service already is looked for, and no step given up", async () => {
    const { watch, journal, written } = await watching("restart-step", [...done(0), intent(1)]);
    expect(await watch.beforeJob("k1", place(1), NEW, undefined)).toBe(NEW);
    expect((await written()).map(({ type }) => type)).toEqual(["waiting"]);
    await journal.close();
  });

  test("the mix is told once by a process that has compiled its circuits anew", async () => {
    const { watch, journal, written } = await watching("continue", done(0));
    await watch.beforeJob("k1", place(1), NEW, undefined);
    expect(await written()).toMatchObject([{ words: expect.stringContaining("ran under another calibration") }]);
    await journal.close();
  });
});

test("a run that is left while the date cannot be had ends with the reason, and goes no further", async () => {
  const leave = new AbortController();
  const { watch, journal } = await watching("continue", [], async () => {
    leave.abort(new Error("left"));
    throw new ProviderError("SERVICE_UNREACHABLE", "No answer.", { retryable: true });
  });
  await expect(watch.beforeJob("k0", place(0), OLD, leave.signal)).rejects.toThrow("left");
  expect(await watch.beforeJob("k0", place(0), OLD, undefined)).toBeUndefined();
  await journal.close();
});
