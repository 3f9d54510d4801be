import { expect, test } from "vitest";
import { realAmplitudes, SparsePauliOp } from "../../../circuits/index.ts";
import type { Backend } from "../../../providers/index.ts";
import { adam, minimize } from "../../../src/index.ts";
import type { IntentEvent, RunEvent } from "../../../src/runs/events.ts";
import { foldRun, memoryStore, unpackState } from "../../../src/runs/index.ts";
import { sentBy } from "../../../src/runs/run-state.ts";
import { InProcessEmulator } from "../../support/in-process-emulator.ts";

test("a job's record is of the calibration for which it was sent, whoever reads its values", async () => {
  await using emulator = InProcessEmulator.open({ devices: ["manila"], noise: false, queueSeconds: 300 });
  const { clock } = emulator;
  const store = memoryStore({ clock });
  const dates = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] as const;
  const calibrate = (date: string) =>
    Object.assign(emulator.core.service.devices[0]!.properties, { last_update_date: date });
  const drive = (provider: Backend) =>
    minimize({
      circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
      observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
      optimizer: adam({ learningRate: 0.1 }),
      ...{ steps: 1, seed: 5, precision: 0.1, provider, store, clock, id: "run" },
    });
  calibrate(dates[0]);
  const first = drive(await emulator.process().provider.backend("ibmq_manila"));
  first.catch(() => {});
  while (emulator.control.jobs().length === 0) await clock.sleep(1000);
  await clock.sleep(5000);
  await first.suspend();
  calibrate(dates[1]);
  await drive(await emulator.process().provider.backend("ibmq_manila"));
  expect(emulator.control.jobs().length).toBe(2);
  const results = (await store.read("run")).flatMap(({ event }) => (event.type === "result" ? [event] : []));
  expect(results.map(({ calibration }) => calibration)).toEqual(dates);
  const [record] = results.map(({ record }) => record!);
  expect(unpackState(await store.blob(record!))).toMatchObject({ circuits: [{ qasm: expect.any(String) }] });
});

const intent: IntentEvent = {
  ...{ type: "intent", key: "k", partKey: "k", part: 0, parts: 1, backend: "device", bodyHash: "body", serviceTime: 0 },
  ...{ place: { phase: "step-1", index: 0, attempt: 0 }, reserved: { quantumSeconds: 9, money: 0, jobs: 1 } },
  ...{ executions: 1, quantumSeconds: 5 },
};
const sent = (record: string): IntentEvent => ({ ...intent, record, calibration: `date of ${record}` });
const known = (adopted: boolean): RunEvent => ({
  ...{ type: "submitted", key: "k", partKey: "k", jobId: "j", adopted, surplus: [] },
});

test.each<readonly [what: string, events: readonly RunEvent[], record: string | undefined]>([
  ["of the submit that was answered", [sent("a"), sent("b"), known(false)], "b"],
  ["of all submits that it can be from, where they are the same", [sent("a"), sent("a"), known(true)], "a"],
  ["of none where one of several was taken over", [sent("a"), sent("b"), known(true)], undefined],
  ["of none where an earlier version kept none", [intent, known(false)], undefined],
])("a job is known to have sent the record %s", (_what, events, record) => {
  const { jobs } = foldRun(events.map((event, index) => ({ seq: index + 1, at: 0, epoch: 1, event })));
  const submits = jobs.get("k")!.submits.filter(({ jobId }) => jobId !== undefined);
  expect(sentBy(submits)).toEqual(record === undefined ? undefined : { record, calibration: `date of ${record}` });
});
