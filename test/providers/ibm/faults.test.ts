import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Circuit, input } from "../../../circuits/index.ts";
import { type Emulator, type FaultRule, startEmulator } from "../../../providers/emulator/index.ts";
import { type IbmBackend, type IbmProvider, ibmProvider } from "../../../providers/ibm/index.ts";
import { smallDevice } from "../../support/small-device.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

let emulator: Emulator;
let provider: IbmProvider;
let backend: IbmBackend;
let clock: VirtualClock;
beforeEach(async () => {
  emulator = await startEmulator({ devices: [smallDevice(4)], clock: "automatic", noise: false, sampling: "exact" });
  clock = new VirtualClock(emulator.clock.now());
  const { token, crn: instance, url, iamUrl } = emulator;
  provider = ibmProvider({ token, instance, url, iamUrl, accountFile: false, environment: {}, clock, seed: 1 });
  backend = await provider.backend("small_device", { effort: 1 });
});
afterEach(() => emulator.close());

const circuit = Circuit.build(1, (c) => c.rx(input("x"), 0));
const run = () => backend.estimator().run([[circuit, "Z", [[0.3], [1.1]]]]);
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it succeeded");
    },
    (error) => error,
  );
/** Runs, whatever goes wrong, and checks that the values are right and one job was made. */
async function runsOnce(): Promise<void> {
  const job = await run();
  const [result] = await job.result();
  expect(result!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
  expect(result!.evs[1]).toBeCloseTo(Math.cos(1.1), 9);
  expect(emulator.control.jobs().map(({ id }) => id)).toEqual([job.id]);
  const usage = await job.usage();
  expect(usage.quantumSeconds).toBeCloseTo((await provider.usage()).consumedSeconds, 9);
}

const POST = { method: "POST", path: "/jobs" } as const;
const ANY = { path: "/jobs/*" } as const;

describe("nothing is lost and nothing is paid twice", () => {
  test.each<[string, FaultRule]>([
    ["a burst of 503 on every path", { status: 503, times: 5 }],
    ["429 with Retry-After on submits", { ...POST, status: 429, code: 1202, retryAfter: 7, times: 2 }],
    ["429 without Retry-After", { ...POST, status: 429, times: 2 }],
    ["a submit dropped before it was read", { ...POST, dropConnection: "before" }],
    ["a submit dropped after it was accepted", { ...POST, dropConnection: "after" }],
    ["a submit dropped amid the answer", { ...POST, dropConnection: "midway" }],
    ["a submit accepted and answered with 500", { ...POST, status: 500, phase: "after" }],
    ["a submit accepted and answered with 504", { ...POST, status: 504, phase: "after" }],
    ["a submit refused with 401, the token being old", { ...POST, status: 401 }],
    ["polls dropped for long", { ...ANY, method: "GET", dropConnection: "before", times: 30 }],
    ["polls cut", { ...ANY, method: "GET", dropConnection: "midway", times: 3 }],
    ["a result that is cut", { path: "/jobs/*/results", result: "truncated" }],
    ["a result that is not there yet", { path: "/jobs/*/results", result: "none", times: 2 }],
    ["a result without its last PUB", { path: "/jobs/*/results", result: "missing-pub" }],
    ["IAM down for a while", { path: "/identity/token", status: 500, times: 3 }],
  ])("%s", async (_, rule) => {
    emulator.control.faults.add(rule);
    await runsOnce();
  });

  test("lists that lag, ignore the filter and come in short pages", async () => {
    await provider.jobs();
    for (let i = 0; i < 3; i++) await (await run()).result();
    const others = emulator.control.jobs().length;
    emulator.control.set({ listLagSeconds: 1, ignoreTagFilter: true, pageCap: 1 });
    emulator.control.faults.add({ ...POST, dropConnection: "after" });
    const job = await run();
    await job.result();
    expect(emulator.control.jobs()).toHaveLength(others + 1);
    expect(emulator.control.jobs().at(-1)!.id).toBe(job.id);
  });
});

describe("what the user sees", () => {
  test("of a job that fails or is cancelled: IBM's reason, code and the charge", async () => {
    emulator.control.nextJobs([
      { status: "Failed", reason: "Circuit failed", reasonCode: 1517, solution: "Transpile", quantumSeconds: 2 },
      { status: "Cancelled", reasonCode: 1305, quantumSeconds: 90 },
      { status: "Cancelled" },
    ]);
    expect(await failure((await run()).result())).toMatchObject({
      code: "JOB_FAILED",
      reason: "Circuit failed",
      reasonCode: "1517",
      reasonSolution: "Transpile",
      costSoFar: { quantumSeconds: 2 },
    });
    expect(await failure((await run()).result())).toMatchObject({
      code: "JOB_RAN_TOO_LONG",
      costSoFar: { quantumSeconds: 90 },
    });
    expect(await failure((await run()).result())).toMatchObject({ code: "JOB_CANCELLED" });
  });

  test("of an oversized result: a refusal, with the memory bounded, and the job is there to be read later", async () => {
    emulator.control.faults.add({ path: "/jobs/*/results", result: "oversized" });
    const job = await run();
    const before = process.memoryUsage().rss;
    expect(await failure(job.result())).toMatchObject({ code: "IBM_RESPONSE_TOO_LARGE" });
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
    expect((await job.result())[0]!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
  });

  test("of bare NaN in a result: numbers, as the service sent them", async () => {
    emulator.control.faults.add({ path: "/jobs/*/results", result: "not-finite" });
    const [result] = await (await run()).result();
    expect([...result!.evs, ...result!.stds].some((value) => !Number.isFinite(value))).toBe(true);
  });

  test("of an instance without seconds left: a refusal before anything is sent", async () => {
    emulator.control.set({ usageLimitSeconds: 600, usageConsumedSeconds: 600 });
    expect(await failure(run())).toMatchObject({ code: "IBM_USAGE_LIMIT" });
    expect(emulator.control.jobs()).toEqual([]);
  });
});

describe("what ends while a job is waited for", () => {
  test("tokens: a new one is got, and the job goes on", async () => {
    const job = await run();
    const { tokens } = emulator.control.counts();
    emulator.control.expireTokens();
    expect((await job.result())[0]!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
    expect(emulator.control.counts()).toMatchObject({ jobs: 1, tokens: tokens + 1 });
  });

  test("its session: the reason is told, nothing was charged, and another session takes the job", async () => {
    emulator.control.setBackend("small_device", "paused");
    const batch = await provider.batch({ backend: "small_device" });
    const queued = await backend.estimator({ sessionId: batch.id }).run([[circuit, "Z", [0.3]]]);
    emulator.control.closeSession(batch.id);
    const error = await failure(queued.result());
    expect(error).toMatchObject({ code: "JOB_CANCELLED", jobId: queued.id, costSoFar: { quantumSeconds: 0 } });
    expect(error.message).toMatch(/session was closed before the job could run/);
    expect(await failure(backend.estimator({ sessionId: batch.id }).run([[circuit, "Z", [0.3]]]))).toMatchObject({
      code: "IBM_SESSION_CLOSED",
      ibmCode: "1217",
    });
    emulator.control.setBackend("small_device", "online");
    await using again = await provider.batch({ backend: "small_device" });
    const job = await backend.estimator({ sessionId: again.id }).run([[circuit, "Z", [0.3]]]);
    expect((await job.result())[0]!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
  });

  test("the job's own time: it is gone, and says so", async () => {
    const job = await run();
    await job.result();
    await provider.client.jobs.delete(job.id);
    expect(await failure(provider.job(job.id))).toMatchObject({ code: "JOB_NOT_FOUND", jobId: job.id });
  });
});

test("a job comes back as it was sent, in all its fields", async () => {
  const estimator = backend.estimator({
    precision: 0.03,
    resilienceLevel: 1,
    maxExecutionSeconds: 99,
    tags: ["a"],
    dynamicalDecoupling: { enable: true },
    calibrationId: "cal-1",
  });
  const job = await estimator.run([[circuit, ["Z", "0.5*X"], [[[0.3]], [[1.1]]]]], { submitKey: "key-1" });
  await job.result();
  const found = await provider.client.jobs.retrieve(job.id, { includeParams: true });
  expect(found).toMatchObject({
    id: job.id,
    backend: "small_device",
    program: { id: "estimator" },
    cost: 99,
    tags: ["a", "key-1"],
    private: false,
    calibration_id: "cal-1",
  });
  expect(found.params).toMatchObject({
    version: 2,
    support_qiskit: false,
    resilience_level: 1,
    options: { dynamical_decoupling: { enable: true } },
    pubs: [
      [
        expect.stringContaining("OPENQASM 3.0;"),
        [{ Z: 1 }, { X: 0.5 }],
        [[expect.any(Array)], [expect.any(Array)]],
        0.03,
      ],
    ],
  });
});
