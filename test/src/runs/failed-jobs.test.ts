import { describe, expect, test } from "vitest";
import { codeOf, RunWorld, undisturbed } from "../../support/run-world.ts";

test("a job that fails for the service's fault is sent again, from the budget", async () => {
  await using world = new RunWorld();
  const fault = { status: "Failed", reasonCode: 1000, reason: "Internal error." } as const;
  world.emulator.control.nextJobs([fault]);
  expect(await codeOf(world.finish({ steps: 1, budget: "2 jobs" }))).toBe("BUDGET_USED_UP");
  expect(world.jobs.map(({ status }) => status)).toEqual(["Failed", "Completed"]);
  const { weights } = await world.finish({ steps: 1, budget: "3 jobs" });
  expect(weights).toEqual(await undisturbed(1));
  const state = await world.state();
  expect(state.quantumSeconds).toBeCloseTo(
    world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
    9,
  );
  const history = await world.history();
  expect(history).toMatch(
    /ended without values: JOB_FAILED .*1000: Internal error\..*\(2 s charged\); another takes its place$/m,
  );
  expect(history).toMatch(/^job 1 of step 1, attempt 2 goes to small_device/m);
});

test("a job that fails three times fails the run, and whoever resumes it tries again", async () => {
  await using world = new RunWorld();
  world.emulator.control.nextJobs(Array.from({ length: 3 }, () => ({ status: "Failed", reasonCode: 1000 }) as const));
  expect(await codeOf(world.finish())).toBe("JOB_FAILED");
  expect(world.jobs.length).toBe(3);
  const { weights } = await world.finish();
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(6);
});

test.each([
  ["fails for good", { status: "Failed", reasonCode: 1520, reason: "Too wide." }, "JOB_FAILED", /1520: Too wide\./],
  ["takes longer than it may", { status: "Cancelled", reasonCode: 1305 }, "JOB_RAN_TOO_LONG", /longer than it may/],
  ["is cancelled by hand", { status: "Cancelled", reason: "By the user." }, "JOB_CANCELLED", /By the user\./],
] as const)(
  "a job that %s fails the run with its reason, and is not sent again by itself",
  async (_, outcome, code, why) => {
    await using world = new RunWorld();
    world.emulator.control.nextJobs([outcome]);
    expect(await codeOf(world.finish())).toBe(code);
    expect(world.jobs.length).toBe(1);
    const { status, error, quantumSeconds } = await world.state();
    expect(status).toBe("failed");
    expect(error?.code).toBe(code);
    expect(quantumSeconds).toBe(2);
    const history = await world.history();
    expect(history).toMatch(new RegExp(`^job \\w+ ended without values: ${code} .*\\(2 s charged\\)$`, "m"));
    expect(history).toMatch(why);
    expect(history).toMatch(new RegExp(`^failed: ${code} `, "m"));
    const { weights } = await world.finish();
    expect(weights).toEqual(await undisturbed());
    expect(world.jobs.length).toBe(4);
  },
);

test.each([
  ["is gone though the job is completed", { status: 404, code: 1291 }],
  ["is not there", { result: "none" }],
] as const)("a result that %s: nothing is bought again, and it is used when it is found", async (_, rule) => {
  await using world = new RunWorld();
  world.fault({ method: "GET", path: "/jobs/*/results", ...rule, times: null, name: "lost" });
  expect(await codeOf(world.finish())).toBe("RUN_RESULT_LOST");
  expect(await codeOf(world.finish())).toBe("RUN_RESULT_LOST");
  expect(world.jobs.length).toBe(1);
  expect(await world.history()).toMatch(
    /^failed: RUN_RESULT_LOST The values of job \w+, which was paid for, cannot be had: .*resume with lostResults: "rebuy"/m,
  );
  world.emulator.control.faults.remove("lost");
  const { weights } = await world.finish();
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
});

test("a result that is gone for a moment is asked for once more", async () => {
  await using world = new RunWorld();
  world.fault({ method: "GET", path: "/jobs/*/results", status: 404, code: 1291, times: 1 });
  expect((await world.finish()).weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
  expect(await world.history()).toMatch(/ The service is asked once more for the values of job \w+\.$/m);
});

describe("a result that is lost is bought again where the run says so", () => {
  const charged = (world: RunWorld): number => world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0);

  test("once, from the budget, and all of it is counted", async () => {
    await using world = new RunWorld();
    world.fault({ method: "GET", path: "/jobs/*/results", status: 404, code: 1291, times: 2 });
    const poor = { lostResults: "rebuy", steps: 1, budget: "2 jobs" } as const;
    expect(await codeOf(world.finish(poor))).toBe("BUDGET_USED_UP");
    const { weights } = await world.finish({ ...poor, budget: "3 jobs" });
    expect(weights).toEqual(await undisturbed(1));
    expect(world.jobs.length).toBe(3);
    expect(await world.history()).toMatch(
      /^job \w+ ended without values: JOB_\w+ .*\(2\.45 s charged\); another takes its place$/m,
    );
    expect((await world.state()).quantumSeconds).toBeCloseTo(charged(world), 9);
    expect((await world.store.totals("run:run")).settled).toMatchObject({
      jobs: 3,
      quantumSeconds: expect.closeTo(charged(world), 5),
    });
  });

  test("no more than twice in a row; what the last one measured is used when it is found", async () => {
    await using world = new RunWorld();
    world.fault({ method: "GET", path: "/jobs/*/results", result: "none", times: null, name: "lost" });
    expect(await codeOf(world.finish({ lostResults: "rebuy" }))).toBe("RUN_RESULT_LOST");
    expect(world.jobs.length).toBe(3);
    world.emulator.control.faults.remove("lost");
    expect((await world.finish({ lostResults: "rebuy" })).weights).toEqual(await undisturbed());
    expect(world.jobs.length).toBe(5);
    expect((await world.state()).quantumSeconds).toBeCloseTo(charged(world), 9);
  });

  test("and of one that was split, the parts that still wait are cancelled", async () => {
    await using world = new RunWorld({ queueSeconds: 7200 });
    const process = { limits: { maxPayloadBytes: 1300 } };
    const { run } = await world.drive({ steps: 1, lostResults: "rebuy", process });
    await world.sleep(600);
    const before = world.jobs.map(({ id }) => id);
    expect(before.length).toBeGreaterThan(1);
    for (const path of [`/jobs/${before[0]}`, `/jobs/${before[0]}/*`])
      world.fault({ path, status: 404, code: 1291, times: null });
    await run;
    expect(world.jobs.length).toBe(2 * before.length + 1);
    const others = world.jobs.filter(({ id }) => before.slice(1).includes(id));
    expect(others.map(({ status, quantumSeconds }) => [status, quantumSeconds])).toEqual(
      others.map(() => ["Cancelled", 0]),
    );
  });

  test("not by a run that does not know this word, or is not kept", async () => {
    await using world = new RunWorld();
    expect(await codeOf(world.finish({ lostResults: "buy" as never }))).toBe("RUN_OPTION");
    expect(await codeOf(world.finish({ lostResults: "rebuy", store: undefined }))).toBe("RUN_OPTION");
    expect(world.jobs).toEqual([]);
  });
});

test.each([
  ["cut off", { result: "truncated" }, "RESULT_FORMAT"],
  ["no number", { result: "not-finite" }, "RUN_RESULT_WRONG"],
  ["of too few PUBs", { result: "missing-pub" }, "RESULT_FORMAT"],
] as const)("a result that is %s is read again, and then the run stops without using it", async (_, rule, code) => {
  await using world = new RunWorld();
  const fault = { method: "GET", path: "/jobs/*/results", ...rule } as const;
  world.fault({ ...fault, times: 2 });
  const { run } = await world.drive();
  for await (const _step of run) break;
  world.fault({ ...fault, times: null, name: "wrong" });
  expect(await codeOf(run)).toBe(code);
  expect(world.jobs.length).toBe(2);
  expect((await world.state()).step).toBe(1);
  expect(await world.history()).toMatch(new RegExp(`^failed: ${code} .*job \\w+`, "im"));
  world.emulator.control.faults.remove("wrong");
  const { weights } = await world.finish();
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
});

test("of a job that was split and fails, the other parts are cancelled as soon as the service can be reached", async () => {
  const limits = { maxPayloadBytes: 1300 };
  await using whole = new RunWorld();
  const { weights } = await whole.finish({ steps: 1, process: { limits } });
  await using world = new RunWorld({ queueSeconds: 60 });
  world.emulator.control.nextJobs([{ status: "Failed", reasonCode: 1000, reason: "Internal error." }]);
  world.fault({ method: "POST", path: "/jobs/*/cancel", status: 503, times: null, name: "outage" });
  const { run } = await world.drive({ steps: 1, process: { limits } });
  await world.sleep(1800);
  expect(await world.history()).toMatch(/^Job \S+ is not cancelled yet: /m);
  expect((await world.state()).status).toBe("running");
  world.emulator.control.faults.remove("outage");
  expect((await run).weights).toEqual(weights);
  const { quantumSeconds, orphans } = await world.state();
  expect(quantumSeconds).toBeCloseTo(
    world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
    9,
  );
  expect(orphans.size).toBe(0);
});

test("of a job that was split and fails, a part that the service will not cancel is told and counted", async () => {
  await using world = new RunWorld();
  world.emulator.control.nextJobs([{ status: "Failed", reasonCode: 1000, reason: "Internal error." }]);
  world.fault({ method: "POST", path: "/jobs/*/cancel", status: 403, code: 1213, times: null });
  const { run } = await world.drive({ steps: 1, process: { limits: { maxPayloadBytes: 1300 } } });
  await run;
  expect(await world.history()).toMatch(/^Job \S+ cannot be cancelled: /m);
  expect((await world.state()).quantumSeconds).toBeCloseTo(
    world.jobs.reduce((sum, job) => sum + job.quantumSeconds, 0),
    9,
  );
});
