import { expect, test } from "vitest";
import type { IntentEvent, RunEvent, SubmittedEvent } from "../../../src/runs/events.ts";
import { foldRun } from "../../../src/runs/run-state.ts";

const fold = (...events: readonly RunEvent[]) =>
  foldRun(events.map((event, index) => ({ seq: index + 1, at: index, epoch: 1, event })));

const intent: IntentEvent = {
  ...{ type: "intent", key: "k", partKey: "k-0", part: 0, parts: 2, backend: "device", bodyHash: "b", serviceTime: 0 },
  ...{ place: { phase: "step-1", index: 0, attempt: 0 }, reserved: { quantumSeconds: 9, money: 0, jobs: 2 } },
  ...{ executions: 1, quantumSeconds: 5 },
};
const accepted = (jobId: string): SubmittedEvent => ({
  ...{ type: "submitted", key: "k", partKey: "k-0", jobId, adopted: false, surplus: [] },
});
const refused = { type: "refused", key: "k", partKey: "k-0", words: "no" } as const;
const owner = { id: "x", host: "lab", pid: 42, processStart: 0 };

test("what is planned for a job is the sum over its parts, each once however often it was submitted", () => {
  expect(fold(intent, intent).jobs.get("k")!.planned).toBe(5);
  expect(fold(intent, { ...intent, part: 1, partKey: "k-1" }, intent).jobs.get("k")!.planned).toBe(10);
});

test("a refusal takes away the last submit without an answer, and none that made a job", () => {
  const idsAfter = (...events: readonly RunEvent[]) =>
    fold(...events)
      .jobs.get("k")!
      .submits.map(({ jobId }) => jobId);
  expect(idsAfter(intent, refused)).toEqual([]);
  expect(idsAfter(intent, accepted("j"), refused)).toEqual(["j"]);
  expect(idsAfter(intent, intent, accepted("j"), refused)).toEqual(["j"]);
});

test.each<readonly [what: string, events: readonly RunEvent[], doubtful: boolean, everDoubtful: boolean]>([
  ["a driver that lets go", [{ type: "claimed", owner, takeover: false }], false, false],
  ["a driver that was replaced", [{ type: "claimed", owner, takeover: true }], true, true],
  ["a submit without an answer", [intent, { type: "unknown", key: "k", words: "?" }], true, true],
  ["a job too many", [intent, { ...accepted("j"), surplus: ["i"] }], true, true],
  ["a submit that was repeated", [intent, intent], false, true],
  ["a submit that was refused", [intent, refused], false, true],
  [
    "a doubt after which jobs were compared",
    [
      { type: "claimed", owner, takeover: true },
      { type: "swept", jobs: 0, orphans: 0 },
    ],
    false,
    true,
  ],
])("%s: jobs are to be compared with the service's accordingly", (_what, events, doubtful, everDoubtful) => {
  expect(fold({ type: "created", versions: {} }, ...events)).toMatchObject({ doubtful, everDoubtful });
});
