import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent, RunRecord } from "../../../src/runs/events.ts";
import { historyOf } from "../../../src/runs/history.ts";

const record = (event: RunEvent): RunRecord => ({ seq: 1, at: 0, epoch: 0, event });
const words = (event: RunEvent): string => historyOf([record(event)])[0]!.words;
const owner = { id: "x", host: "lab", pid: 42, processStart: 0 };
const place = { phase: "step-12", index: 1, attempt: 0 };
const amount = { quantumSeconds: 5, money: 0, jobs: 1 };
const intent: RunEvent = {
  type: "intent",
  key: "lp1-a",
  partKey: "lp1-a",
  part: 0,
  parts: 1,
  place,
  backend: "ibm_torino",
  bodyHash: "",
  serviceTime: 0,
  reserved: amount,
  executions: 12000,
  quantumSeconds: 3.204,
};
const usage = { executions: 12000, quantumSeconds: 3.2, final: true };

const LINES: readonly (readonly [RunEvent, string])[] = [
  [{ type: "created", versions: { lepton: "1.0.0", node: "26.1.0" } }, "created with lepton 1.0.0, node 26.1.0"],
  [{ type: "created", versions: {}, parent: { run: "a", step: 3 } }, "created, forked from run a at step 3"],
  [
    { type: "described", description: { kind: "train", parts: {} } },
    "first driven: what decides its numbers is written down (train)",
  ],
  [{ type: "claimed", owner, takeover: false }, "driven by process 42 on lab"],
  [{ type: "claimed", owner, takeover: true }, "driven by process 42 on lab, in place of one that had not let go"],
  [intent, "job 2 of step 12 goes to ibm_torino: 12,000 executions, about 3.2 s; set aside 5 s"],
  [
    { ...intent, part: 1, parts: 3, place: { ...place, attempt: 2 }, reserved: { ...amount, money: 8 } },
    "job 2 of step 12, attempt 3, part 2 of 3 goes to ibm_torino: 12,000 executions, about 3.2 s; set aside 5 s and 8.00 of money",
  ],
  [{ type: "submitted", key: "k", partKey: "k", jobId: "j1", adopted: false, surplus: [] }, "job j1 accepted"],
  [
    { type: "submitted", key: "k", partKey: "k", jobId: "j1", adopted: true, surplus: ["j2", "j3"] },
    "job j1 was there already and is taken over; cancelled as one too many: j2, j3",
  ],
  [{ type: "unknown", key: "k", words: "no answer" }, "whether a job was accepted is not known: no answer"],
  [
    { type: "unknown", key: "k", words: "Whether a job was accepted is not known: no answer. Reconciling: looking." },
    "whether a job was accepted is not known: no answer. Reconciling: looking.",
  ],
  [
    { type: "unknown", key: "k", words: "Reconciled: no job bears the tag k, so it is sent again." },
    "reconciled: no job bears the tag k, so it is sent again.",
  ],
  [{ type: "result", key: "k", jobId: "j1", result: "", ...usage }, "job j1 done: 12,000 executions, 3.2 s charged"],
  [
    { type: "result", key: "k", jobId: "j1", result: "", ...usage, final: false },
    "job j1 done: 12,000 executions, 3.2 s charged so far",
  ],
  [{ type: "settled", key: "lp1-a", ...usage }, "the service charges 3.2 s for the job of lp1-a"],
  [
    { type: "rejected", key: "k", jobId: "j1", code: "JOB_FAILED", words: "no", quantumSeconds: 1, replaced: true },
    "job j1 ended without values: JOB_FAILED no (1 s charged); another takes its place",
  ],
  [
    { type: "orphan", jobId: "j9", words: "twice", cancelled: true, quantumSeconds: 0 },
    "job j9 at the service belongs to no step: twice; cancelled, 0 s charged",
  ],
  [
    { type: "swept", jobs: 4, orphans: 1 },
    "jobs at the service compared with the journal: 4, of which 1 belong to no step",
  ],
  [{ type: "waiting", words: "The backend is paused." }, "The backend is paused."],
  [
    { type: "parked", words: "A long queue.", wakeAt: Date.UTC(2026, 10, 26, 2) },
    "parked until 2026-11-26T02:00:00.000Z: A long queue.",
  ],
  [{ type: "step", step: 7, report: { loss: 0.12345678 }, snapshot: "" }, "step 7 done, loss 0.123457"],
  [{ type: "step", step: 7, report: { value: -1.5 }, snapshot: "" }, "step 7 done, value -1.5"],
  [{ type: "step", step: 7, report: null, snapshot: "" }, "step 7 done"],
  [{ type: "epoch", epoch: 2, step: 14, report: { loss: 1 }, snapshot: "" }, "epoch 2 done after step 14, loss 1"],
  [{ type: "stopped", words: "at a request" }, "stopped: at a request"],
  [{ type: "failed", error: { name: "Error", code: "X_Y", message: "gone" } }, "failed: X_Y gone"],
  [{ type: "failed", error: { name: "TypeError", message: "gone" } }, "failed: TypeError gone"],
  [{ type: "finished", result: "" }, "finished"],
];

test.each(LINES)("an event in words: %#", (event, line) => expect(words(event)).toBe(line));

test("every line keeps number and time of its record, in order", () => {
  const records = LINES.map(([event], index): RunRecord => ({ seq: index + 1, at: 1000 * index, epoch: 1, event }));
  expect(historyOf(records)).toEqual(
    LINES.map(([, line], index) => ({ seq: index + 1, at: 1000 * index, words: line })),
  );
});

test("whatever a service or a user's program says is one line, without control characters", () => {
  const character = fc.oneof(fc.integer({ min: 0, max: 0x2fff }), fc.constantFrom(0, 9, 10, 13, 27, 0x9b, 0x2028));
  const text = fc.array(character, { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(text, text, (said, message) => {
      for (const line of [
        words({ type: "waiting", words: said }),
        words({ type: "failed", error: { name: "E", message } }),
      ]) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }
    }),
    { seed: 62, numRuns: 200 },
  );
});

test("a text of any length takes no time", () => {
  const began = performance.now();
  const line = words({ type: "waiting", words: "a.b://".repeat(200_000) });
  expect(line.length).toBeLessThan(5000);
  expect(performance.now() - began).toBeLessThan(1000);
});

test("instances and passwords do not show", () => {
  const said =
    "lost postgres://me:pass@db/x of crn:v1:bluemix:public:quantum-computing:us-east:a/abc:def:: at https://k@h";
  expect(words({ type: "waiting", words: said })).toBe(
    "lost postgres://[hidden]@db/x of [hidden] at https://[hidden]@h",
  );
  expect(words({ type: "waiting", words: "lost postgres://me:p@ss@db/x" })).toBe("lost postgres://[hidden]@db/x");
  // Cut where the password stands.
  const long = `${"x".repeat(3980)} postgres://me:password@db/x`;
  expect(words({ type: "waiting", words: long })).toMatch(/x postgres:\/\/\[hidden\] \.\.\.$/);
});
