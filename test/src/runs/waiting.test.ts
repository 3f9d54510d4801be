import { expect, test } from "vitest";
import { mortalStore } from "../../support/mortal-store.ts";
import { codeOf, count, DEVICE, HOUR, RunWorld, START, undisturbed } from "../../support/run-world.ts";

test("a queue of 72 hours costs a second of the processor at most, and some hundred questions", async () => {
  await using world = new RunWorld({ queueSeconds: 72 * HOUR });
  const before = process.cpuUsage();
  const { run } = await world.drive({ steps: 1 });
  await world.sleep(60 * HOUR);
  const row = await world.row();
  expect(row.status).toBe("parked");
  expect(row.activity).toMatch(/^Job \w+ has been in the queue of small_device for 60 hours\.$/);
  const wait = (row.wakeAt! - (await world.store.now())) / 1000;
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(900);
  const { weights } = await run;
  const { user, system } = process.cpuUsage(before);
  // Both jobs of the run, the step's and the one at the end, wait for 72 hours.
  expect((user + system) / 1e6 / 2).toBeLessThan(1);
  expect(world.now()).toBeGreaterThan(144 * HOUR);
  expect(world.requests / 2).toBeLessThan(450);
  const history = await world.history();
  expect(history).toMatch(/^parked until \S+: Job \w+ has been in the queue of small_device for 10 minutes\.$/m);
  const parkings = count(history, /^parked until/m);
  expect(parkings).toBeGreaterThan(2 * 280);
  expect(parkings).toBeLessThan(2 * 330);
  expect(weights).toEqual(await undisturbed(1));
});

test("a run that leaves a long queue is resumed at its wake time, looks once and leaves again", async () => {
  await using world = new RunWorld({ queueSeconds: 10 * HOUR });
  let starts = 0;
  let working = 0;
  for (;;) {
    starts++;
    const began = world.now();
    const code = await codeOf(world.finish({ steps: 1, park: "leave" }));
    if (code === "none") break;
    expect(code).toBe("RUN_PARKED");
    const { status, wakeAt, lease } = await world.row();
    expect(status).toBe("parked");
    expect(lease).toBeUndefined();
    if (starts > 1) working += world.now() - began;
    await world.sleep((wakeAt! - (await world.store.now())) / 1000);
  }
  // Of 20 hours: 10 minutes in the queue until it is long, for each of two jobs, and moments afterwards.
  expect(working).toBeLessThan(700);
  expect(starts).toBeLessThan(2 * 75);
  expect(world.jobs.length).toBe(2);
  expect(await world.history()).toMatch(
    /^parked until \S+: Job \w+ has been in the queue of small_device for 9 hours\.$/m,
  );
});

test.each(["paused", "maintenance", "offline"] as const)(
  "a backend that is %s is waited for, and no job is sent meanwhile",
  async (state) => {
    await using world = new RunWorld();
    const { control } = world.emulator;
    control.setBackend(DEVICE, state);
    const { run } = await world.drive();
    await world.sleep(600);
    expect(world.jobs.length).toBe(0);
    expect((await world.row()).activity).toMatch(/^small_device takes no jobs now \(.+\)\.$/);
    await world.sleep(5 * HOUR);
    expect((await world.row()).status).toBe("parked");
    control.setBackend(DEVICE, "online");
    const { weights } = await run;
    expect(weights).toEqual(await undisturbed());
    expect(world.jobs.length).toBe(3);
    const history = await world.history();
    expect(history).toMatch(/^small_device takes no jobs now \(.+\)\.$/m);
    expect(history).toMatch(/^parked until \S+: small_device takes no jobs now \(.+\)\.$/m);
    expect(world.requests).toBeLessThan(90);
  },
);

test("a device that is calibrated between two jobs: the record of each tells for which calibration it was compiled", async () => {
  await using world = new RunWorld();
  const [device] = world.emulator.core.service.devices;
  const calibrate = (date: string) => Object.assign(device!.properties, { last_update_date: date });
  calibrate("2026-01-01T06:00:00Z");
  const { run: first } = await world.drive({ steps: 3 });
  for await (const _ of first) break;
  first.stop();
  await first;
  calibrate("2026-01-02T06:00:00Z");
  await world.finish({ steps: 3 });
  const dates = (await world.store.read("run")).flatMap(({ event }) =>
    event.type === "result" ? [event.calibration] : [],
  );
  expect(new Set(dates)).toEqual(new Set(["2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"]));
  expect(dates.at(-1)).toBe("2026-01-02T06:00:00Z");
  const history = await world.history();
  expect(count(history, /; compiled anew for the calibration of 2026-01-02T06:00:00Z$/m)).toBe(1);
});

test("a session that is closed: what waited in it is sent again in another one, and nothing twice", async () => {
  await using world = new RunWorld({ queueSeconds: 60 });
  const { sessions } = world.emulator.core.service.sessions;
  expect(sessions).toEqual([]);
  const { run } = await world.drive({ backend: { session: "batch" } });
  const close = (): void => {
    const { sessions: opened } = world.emulator.core.service.sessions;
    world.emulator.control.closeSession(opened.at(-1)!.id);
  };
  await world.sleep(30);
  close();
  for await (const _ of run) break;
  // Between two jobs, too.
  close();
  const { weights } = await run;
  expect(weights).toEqual(await undisturbed());
  expect(world.emulator.core.service.sessions.sessions.length).toBeLessThanOrEqual(3);
  const ended = world.jobs.filter(({ status }) => status === "Cancelled");
  expect(ended.map(({ reasonCode, quantumSeconds }) => [reasonCode, quantumSeconds])).toEqual(
    ended.map(() => [4001, 0]),
  );
  expect(world.jobs.length - ended.length).toBe(3);
  const history = await world.history();
  expect(history).toMatch(
    /ended without values: JOB_CANCELLED .* since its session ended .*; another takes its place$/m,
  );
  expect(history).toMatch(/job 1 of step \d, attempt 2 goes to small_device/);
});

test("a token that has expired is replaced, once, and nothing is lost", async () => {
  await using world = new RunWorld({ queueSeconds: 3 * HOUR });
  const { run } = await world.drive();
  await world.sleep(HOUR / 2);
  world.emulator.control.expireTokens();
  const { weights } = await run;
  expect(weights).toEqual(await undisturbed());
  // Nine hours of tokens that live for one each, renewed in time, and one that was refused.
  const { tokens } = world.emulator.control.counts();
  expect(tokens).toBeLessThanOrEqual(9 / 0.8 + 3);
  expect(world.jobs.length).toBe(3);
});

test("a key that IAM does not take any more fails the run, whose job goes on; resumed with a good one, its values are used", async () => {
  await using world = new RunWorld({ queueSeconds: 300 });
  const { run } = await world.drive();
  await world.sleep(30);
  world.emulator.control.expireTokens();
  world.fault({ method: "POST", path: "/identity/token", status: 400, times: null, name: "key" });
  expect(await codeOf(run)).toBe("IBM_API_KEY");
  expect(await world.history()).toMatch(/^failed: IBM_API_KEY .*Create one/m);
  world.emulator.control.faults.remove("key");
  const { weights } = await world.finish();
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
});

test.each([
  ["a few seconds", 7],
  ["longer than a client waits by itself", 4000],
])("429 that asks to wait for %s: nothing is sent before, and one job is made", async (_, retryAfter) => {
  await using world = new RunWorld();
  world.fault({ method: "POST", path: "/jobs", status: 429, retryAfter });
  const { weights } = await world.finish();
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
  const [first] = world.jobs;
  expect(Date.parse(first!.created) / 1000 - START / 1000).toBeGreaterThanOrEqual(retryAfter);
  const history = await world.history();
  expect(history).toMatch(/^the submit was refused: .*too many/im);
  if (retryAfter > 300) expect(history).toMatch(/^Not submitted yet: POST \/jobs answered 429\./m);
});

test.each(["waits for a job", "submits"])("the service fails for half an hour while a run %s", async (when) => {
  await using world = new RunWorld({ queueSeconds: 60 });
  const { run } = await world.drive({ steps: 2 });
  if (when === "submits") for await (const _ of run) break;
  else await world.sleep(20);
  const before = world.requests;
  const since = world.now();
  world.fault({ status: 503, times: null, name: "outage" });
  await world.sleep(HOUR / 2);
  world.emulator.control.faults.remove("outage");
  const asked = world.requests - before;
  const { weights } = await run;
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
  // Some 30 s apart at most, and every request seven times in the first minute.
  expect(asked).toBeLessThan(120);
  expect(asked).toBeGreaterThan(5);
  // Five minutes after the end of the outage at the latest, it goes on.
  expect(world.now() - since).toBeLessThan(HOUR / 2 + 300 + 300);
  const history = await world.history();
  expect(history).toMatch(
    when === "submits"
      ? /^(Not submitted yet|Whether a job).*503/im
      : /^Job \w+ at small_device: no answer since \S+, asked 3 times: .*503/m,
  );
});

test("a budget that is used up on the way: nothing is submitted or lost, and with a larger one the run goes on", async () => {
  await using world = new RunWorld();
  // The first job is charged for nothing.
  world.emulator.control.nextJobs([{ status: "Failed", reasonCode: 1000, quantumSeconds: 2 }]);
  expect(await codeOf(world.finish({ budget: "9s" }))).toBe("BUDGET_USED_UP");
  const used = world.jobs.length;
  expect(used).toBeLessThan(4);
  const { settled, reserved } = await world.store.totals("run:run");
  expect(settled.quantumSeconds).toBeLessThanOrEqual(9);
  expect(reserved.quantumSeconds).toBe(0);
  expect(await world.history()).toMatch(/^failed: BUDGET_USED_UP .*raise the budget and resume the run\.$/m);
  // Settings cannot be changed any more, so none are told that would fit.
  await expect(world.finish({ budget: "9s" })).rejects.toMatchObject({
    code: "BUDGET_PLAN",
    message: expect.not.stringMatching(/would fit|smaller plan/),
  });
  const { weights } = await world.finish({ budget: "15s" });
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(4);
});

test("a budget that is enough for a run is enough for what is left of it when it is resumed", async () => {
  await using world = new RunWorld();
  const kept = { steps: 4, budget: "5 jobs" };
  const { run } = await world.drive(kept);
  for await (const { step } of run) if (step === 3) run.stop();
  await run;
  expect(world.jobs.length).toBeGreaterThanOrEqual(3);
  const { weights } = await world.finish(kept);
  expect(weights).toEqual(await undisturbed(4));
  expect(world.jobs.length).toBe(5);
});

test.each([
  ["UTC", "2026-01-02T00:00:00.000Z"],
  ["America/New_York", "2026-01-02T05:00:00.000Z"],
])("a budget of a day parks the run until the day ends in %s", async (timeZone, midnight) => {
  await using world = new RunWorld();
  const { run } = await world.drive({ budget: "2 jobs/day", timeZone });
  await world.sleep(1800);
  expect(world.jobs.length).toBe(2);
  const row = await world.row();
  expect(row.status).toBe("parked");
  expect(new Date(row.wakeAt!).toISOString()).toBe(midnight);
  const { weights } = await run;
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
  expect(Date.parse(world.jobs[2]!.created)).toBeGreaterThanOrEqual(Date.parse(midnight));
  expect(await world.history()).toMatch(
    new RegExp(
      `^parked until ${midnight}: The budget of run run on 2026-01-01 is used up; the next day has its own\\.$`,
      "m",
    ),
  );
});

test("a submit that has waited for another day is looked for like any, when its process is killed at once", async () => {
  // So late that its token still holds the next day.
  await using world = new RunWorld({ start: Date.UTC(2026, 0, 1, 23, 30) });
  world.emulator.control.set({ listLagSeconds: 60 });
  const mortal = mortalStore(world.store);
  const { program } = await world.drive({ budget: "2 jobs/day", store: mortal.store });
  const killed = Promise.withResolvers<void>();
  program.onRequest = ({ method, url }, stage) => {
    if (stage !== "answered" || method !== "POST" || !url.endsWith("/jobs") || world.jobs.length < 3) return;
    mortal.kill();
    program.kill();
    killed.resolve();
  };
  await killed.promise;
  expect(world.jobs.length).toBe(3);
  await world.sleep(31);
  const { weights } = await world.finish({ budget: "2 jobs/day" });
  expect(weights).toEqual(await undisturbed());
  expect(world.jobs.length).toBe(3);
});
