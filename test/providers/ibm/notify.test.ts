import { expect, test } from "vitest";
import { Circuit } from "../../../circuits/index.ts";
import { startEmulator } from "../../../providers/emulator/index.ts";
import { createIbmClient, ibmProvider } from "../../../providers/ibm/index.ts";
import { canariesIn } from "../../support/canary-watch.ts";

test("a submit whose answer is lost, and a job that is waited for, are told in plain words without secrets", async () => {
  const emulator = await startEmulator({ devices: ["manila"], token: "canary-key-notify", seed: 1 });
  try {
    const lines: string[] = [];
    const { url, iamUrl, token, crn } = emulator;
    const poll = { firstSeconds: 0.02, runningSeconds: 0.02 };
    const notify = (line: string): void => void lines.push(line);
    const options = { url, iamUrl, token, instance: crn, environment: {}, accountFile: false as const, notify, poll };
    const backend = await ibmProvider({ ...options, lagSeconds: 5 }).backend("ibmq_manila");
    emulator.control.faults.add({ method: "POST", path: "/jobs", dropConnection: "after", times: 1 });
    const job = await backend.estimator({ precision: 0.5 }).run([[Circuit.build(1, (c) => c.x(0)), "Z"]]);
    expect((await job.result())[0]!.evs[0]).toBeLessThan(0);
    expect(emulator.control.jobs().map(({ id }) => id)).toEqual([job.id]);
    expect(lines[0]).toMatch(
      /^Whether a job was accepted is not known: .* Reconciling: looking for its tag lepton-\S+ for up to 5 s/,
    );
    expect(lines[1]).toMatch(/^Reconciled: the tag lepton-\S+ is that of job \w+\.$/);
    expect(lines.slice(2).every((line) => /^Job \w+: (queued|running)\.$/.test(line))).toBe(true);
    expect(canariesIn(lines.join("\n"))).toEqual([]);
  } finally {
    await emulator.close();
  }
});

test("notify is a function", () => {
  const options = { token: "some-key", environment: {}, notify: "console" as unknown as () => void };
  expect(() => createIbmClient(options)).toThrow(expect.objectContaining({ code: "IBM_OPTION" }));
});
