import { expect, test } from "vitest";
import { type EstimatorPubResult, type Job, ProviderError, type WaitStatus } from "../../../providers/index.ts";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { RunJournal } from "../../../src/runs/run-journal.ts";
import { waitForJob } from "../../../src/runs/wait-for-job.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** Waits for a job whose result is asked for again and again, by a clock that goes on with whoever waits. */
async function waitFor(result: Job<EstimatorPubResult>["result"], signal?: AbortSignal) {
  const time = new VirtualClock();
  const never = new Promise<void>(() => {});
  // No lease is renewed.
  const sleep = (milliseconds: number, signal?: AbortSignal) =>
    signal === undefined ? time.sleep(milliseconds) : never;
  const clock = { now: () => time.now(), sleep };
  const store = memoryStore({ clock });
  const journal = await RunJournal.open({ store, id: "run", clock });
  const job = { id: "j", result } as Job<EstimatorPubResult>;
  const waited = await waitForJob(job, journal, "device", signal, undefined).finally(() => journal.close());
  const told = (await store.read("run")).flatMap(({ event }) => (event.type === "waiting" ? [event.words] : []));
  return { waited, told, sleeps: time.sleeps };
}

test("a service that cannot be reached is asked at longer and longer intervals, of five minutes at most", async () => {
  let asked = 0;
  const { sleeps, told, waited } = await waitFor(async () => {
    if (++asked <= 8) throw new ProviderError("SERVICE_UNREACHABLE", "No answer.", { retryable: true });
    return [];
  });
  expect(waited).toEqual([]);
  expect(sleeps).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  expect(told).toEqual(["Job j: No answer."]);
});

test("the third question in a row without an answer is told, and the next answer after that", async () => {
  const { told } = await waitFor(async ({ onStatus } = {}) => {
    const tell = (status: WaitStatus["status"], words: string) => onStatus?.({ status, words } as WaitStatus);
    tell("running", "runs");
    for (const words of ["first", "second"]) tell("unreachable", words);
    tell("running", "runs again");
    for (const words of ["third", "fourth", "fifth", "sixth"]) tell("unreachable", words);
    tell("running", "runs still");
    tell("running", "runs on");
    return [];
  });
  expect(told).toEqual(["Job j at device: fifth", "Job j at device: runs still"]);
});

test("a run that is left while a job waits is left at once, with the reason for which it is", async () => {
  const leave = new AbortController();
  const waiting = waitFor(async ({ signal } = {}) => {
    const { promise, reject } = Promise.withResolvers<never>();
    // A client has its own error for it.
    signal!.addEventListener("abort", () =>
      reject(new ProviderError("SERVICE_UNREACHABLE", "Broken off.", { retryable: true })),
    );
    leave.abort(new Error("left"));
    return promise;
  }, leave.signal);
  await expect(waiting).rejects.toThrow("left");
});
