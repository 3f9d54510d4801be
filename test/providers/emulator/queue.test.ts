import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Emulator } from "../../../providers/emulator/index.ts";
import { BELL, expectSchema, MANILA, manila, PlainClient, sampler } from "./client.ts";

const status = async (client: PlainClient, id: string): Promise<string> =>
  (await client.get(`/jobs/${id}?exclude_params=true`)).body.state.status;

describe("a virtual clock", () => {
  test("holds each job in its states until it is moved, first in, first out", async () => {
    await using emulator = await manila({ clock: "virtual", queueSeconds: 30 });
    const client = new PlainClient(emulator);
    const first = await client.submit(sampler([[BELL, null, 4000]]));
    await emulator.control.advance(10);
    const second = await client.submit(sampler([[BELL, null, 4000]]));
    expect([await status(client, first), await status(client, second)]).toEqual(["Queued", "Queued"]);
    expect((await client.get("/backends")).body.devices[0].queue_length).toBe(2);
    expect((await client.get(`/jobs/${second}/metrics`)).body.position_in_queue).toBe(2);
    expect((await client.get(`/jobs/${first}/logs`)).status).toBe(204);
    await emulator.control.advance(21);
    // At 30 s the first began; it takes 3 s.
    expect([await status(client, first), await status(client, second)]).toEqual(["Running", "Queued"]);
    expect((await client.get(`/jobs/${first}`)).body.usage).toMatchObject({ status: "pending" });
    expect((await client.get(`/jobs/${first}/results`)).status).toBe(204);
    await emulator.control.advance(3);
    expect([await status(client, first), await status(client, second)]).toEqual(["Completed", "Queued"]);
    await emulator.control.advance(6.5);
    // At 40 s the second began.
    expect(await status(client, second)).toBe("Running");
    await emulator.control.advance(3);
    expect(await status(client, second)).toBe("Completed");
    const { timestamps } = (await client.get(`/jobs/${second}/metrics`)).body;
    expect(timestamps.created).toBe("2026-01-01T00:00:10.000Z");
    expect(timestamps.running).toBe("2026-01-01T00:00:40.000Z");
    expect(new Date(emulator.clock.now()).toISOString()).toBe("2026-01-01T00:00:43.500Z");
    expect((await client.get("/jobs")).headers.get("date")).toBe("Thu, 01 Jan 2026 00:00:43 GMT");
  });

  test("speed shortens the running", async () => {
    await using emulator = await manila({ clock: "virtual", speed: 10 });
    const client = new PlainClient(emulator);
    const id = await client.submit(sampler([[BELL, null, 4000]]));
    await emulator.control.advance(0.25);
    expect(await status(client, id)).toBe("Running");
    await emulator.control.advance(0.1);
    const { body } = await client.get(`/jobs/${id}`);
    expect(body.state.status).toBe("Completed");
    expect(body.usage.qpu_charge_time_seconds).toBeCloseTo(3, 1);
  });

  test("an automatic one leaves nobody waiting, and standing time alone", async () => {
    await using emulator = await manila({ queueSeconds: 7200 });
    const client = new PlainClient(emulator);
    const started = performance.now();
    const { job } = await client.run(sampler([[BELL, null, 1]]));
    expect(performance.now() - started).toBeLessThan(2000);
    expect(Date.parse(job.ended) - Date.parse(job.created)).toBeGreaterThanOrEqual(7_202_000);
    const before = emulator.clock.now();
    await sleep(20);
    expect(emulator.clock.now()).toBe(before);
  });
});

describe("the real clock", () => {
  test("dates by the computer's clock, and ends jobs as soon as they are computed", async () => {
    await using emulator = await manila({ clock: "real" });
    const client = new PlainClient(emulator);
    const { job } = await client.run(sampler([[BELL, null, 4000]]));
    expect(Math.abs(Date.parse(job.created) - performance.timeOrigin - performance.now())).toBeLessThan(5000);
    expect(Date.parse(job.ended) - Date.parse(job.created)).toBeLessThan(1900);
    await expect(emulator.control.advance(1)).rejects.toMatchObject({ code: "EMULATOR_CONTROL" });
  });

  test("waits where a speed is given", async () => {
    await using emulator = await manila({ clock: "real", speed: 40, queueSeconds: 0.05 });
    const client = new PlainClient(emulator);
    const { job } = await client.run(sampler([[BELL, null, 4000]]));
    // 3 s at 40 times the speed, after the queue.
    expect(Date.parse(job.ended) - Date.parse(job.created)).toBeGreaterThanOrEqual(120);
  });
});

describe("ends", () => {
  test("cancel: a queued job costs nothing, a running one what it has run", async () => {
    await using emulator = await manila({ clock: "virtual" });
    const client = new PlainClient(emulator);
    const running = await client.submit(sampler([[BELL, null, 40_000]]));
    const queued = await client.submit(sampler([[BELL, null, 40_000]]));
    await emulator.control.advance(5);
    expect((await client.send("DELETE", `/jobs/${running}`)).status).toBe(409);
    expect((await client.post(`/jobs/${queued}/cancel`, undefined)).status).toBe(204);
    expect((await client.post(`/jobs/${running}/cancel`, undefined)).status).toBe(204);
    const cancelled = (await client.get(`/jobs/${running}`)).body;
    expect(cancelled.state.status).toBe("Cancelled");
    expect(cancelled.state).not.toHaveProperty("reason_code");
    expect(cancelled.usage.qpu_charge_time_seconds).toBe(5);
    expect((await client.get(`/jobs/${queued}`)).body.usage.qpu_charge_time_seconds).toBe(0);
    expect((await client.get("/instances/usage")).body.usage_consumed_seconds).toBe(5);
    expect((await client.post(`/jobs/${queued}/cancel`, undefined)).status).toBe(409);
    // The queue goes on.
    const next = await client.submit(sampler([[BELL, null, 1]]));
    await emulator.control.advance(3);
    expect(await status(client, next)).toBe("Completed");
  });

  test("a job that would take longer than its cost is cancelled with 1305 and charged the cost", async () => {
    await using emulator = await manila();
    const client = new PlainClient(emulator);
    const { job, id } = await client.run(sampler([[BELL, null, 40_000]], { cost: 5 }));
    expect(job.state).toMatchObject({ status: "Cancelled", reason_code: 1305 });
    expect(job.status).toBe("Cancelled - Ran too long");
    expect(job.usage.qpu_charge_time_seconds).toBe(5);
    expect((await client.get(`/jobs/${id}/results`)).status).toBe(204);
    // Without a cost the plan's maximum is stamped on.
    expect((await client.run(sampler([[BELL, null, 1]]))).job.cost).toBe(10_800);
  });

  test("ended jobs are forgotten when their time is over", async () => {
    await using emulator = await manila({ clock: "virtual", limits: { retentionDays: 1 } });
    const client = new PlainClient(emulator);
    const id = await client.submit(sampler([[BELL, null, 1]]));
    await emulator.control.advance(86_000);
    expect((await client.get(`/jobs/${id}`)).status).toBe(200);
    await emulator.control.advance(1000);
    expect((await client.get(`/jobs/${id}`)).status).toBe(404);
  });
});

describe("limits", () => {
  test("five submissions a minute, then 429 with the seconds to wait", async () => {
    await using emulator = await manila({ clock: "virtual" });
    const client = new PlainClient(emulator);
    for (let i = 0; i < 5; i++) {
      await client.submit(sampler([[BELL, null, 1]]));
      await emulator.control.advance(5);
    }
    const refused = await client.post("/jobs", sampler([[BELL, null, 1]]));
    expect(refused.status).toBe(429);
    expectSchema(refused.body, "ErrorBody");
    expect(refused.body.errors[0].code).toBe(1202);
    expect(refused.headers.get("retry-after")).toBe("35");
    await emulator.control.advance(35);
    await client.submit(sampler([[BELL, null, 1]]));
    expect(emulator.control.counts()).toMatchObject({ jobs: 6, pubs: [1, 1, 1, 1, 1, 1] });
  });

  test("an instance that has used its seconds takes no job until the period is over", async () => {
    await using emulator = await manila({ clock: "virtual", limits: { usageSeconds: 4 } });
    const client = new PlainClient(emulator);
    await client.submit(sampler([[BELL, null, 8000]]));
    await emulator.control.advance(10);
    const refused = await client.post("/jobs", sampler([[BELL, null, 1]]));
    expect(refused.status).toBe(409);
    expect(refused.body.errors[0].message).toMatch(/has used 4\.0 of its 4 seconds/);
    expect((await client.get("/instances/usage")).body).toMatchObject({
      usage_limit_reached: true,
      usage_remaining_seconds: 0,
    });
    await emulator.control.advance(29 * 86_400);
    expect((await client.post("/jobs", sampler([[BELL, null, 1]]))).status).toBe(200);
  });
});

describe("sessions", () => {
  const open = async (client: PlainClient, body: Record<string, unknown> = {}): Promise<string> => {
    const answer = await client.post("/sessions", { mode: "dedicated", backend: MANILA, ...body });
    expect(answer.status, answer.text).toBe(200);
    expectSchema(answer.body, "Session");
    return answer.body.id;
  };
  const state = async (client: PlainClient, id: string) => (await client.get(`/sessions/${id}`)).body;
  const start = (): Promise<Emulator> => manila({ clock: "virtual", limits: { submissionsPerMinute: null } });

  test("are open, active, inactive and active again, and closed at their time limit", async () => {
    await using emulator = await start();
    const client = new PlainClient(emulator);
    const id = await open(client, { max_ttl: 300, instance: emulator.crn });
    expect(await state(client, id)).toMatchObject({
      state: "open",
      accepting_jobs: true,
      max_ttl: 300,
      mode: "dedicated",
    });
    const first = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    await emulator.control.advance(1);
    expect(await state(client, id)).toMatchObject({ state: "active" });
    await emulator.control.advance(70);
    expect(await state(client, id)).toMatchObject({ state: "inactive", accepting_jobs: true });
    await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    await emulator.control.advance(1);
    expect(await state(client, id)).toMatchObject({ state: "active" });
    await emulator.control.advance(220);
    // 30 s of work come into the last ones of the session, and one job more.
    const running = await client.submit(sampler([[BELL, null, 100_000]], { session_id: id }));
    const queued = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    await emulator.control.advance(10);
    expect(await state(client, id)).toMatchObject({ state: "closed", state_reason: "max_ttl_reached" });
    expect(await status(client, running)).toBe("Running");
    expect((await client.get(`/jobs/${queued}`)).body.state).toMatchObject({ status: "Failed", reason_code: 4001 });
    await emulator.control.advance(30);
    expect([await status(client, first), await status(client, running)]).toEqual(["Completed", "Completed"]);
    const refused = await client.post("/jobs", sampler([[BELL, null, 1]], { session_id: id }));
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].code).toBe(1217);
    expect((await client.get(`/jobs?session_id=${id}`)).body.count).toBe(4);
    const { timestamps, elapsed_time } = await state(client, id);
    expect(timestamps.map((entry: { status: string }) => entry.status)).toEqual([
      "open",
      "active",
      "inactive",
      "active",
      "inactive",
      "active",
      "closed",
    ]);
    expect(elapsed_time).toBe(300);
  });

  test("a graceful close lets queued jobs run; with none it closes at once, for good", async () => {
    await using emulator = await start();
    const client = new PlainClient(emulator);
    const id = await open(client, { mode: "batch" });
    const job = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    expect((await client.send("PATCH", `/sessions/${id}`, { accepting_jobs: false })).status).toBe(204);
    expect(await state(client, id)).toMatchObject({ accepting_jobs: false });
    expect((await state(client, id)).state).not.toBe("closed");
    expect((await client.post("/jobs", sampler([[BELL]], { session_id: id }))).body.errors[0].code).toBe(1217);
    await emulator.control.advance(5);
    expect(await status(client, job)).toBe("Completed");
    expect(await state(client, id)).toMatchObject({ state: "closed", state_reason: "session_closed_early" });
    const idle = await open(client);
    await client.send("PATCH", `/sessions/${idle}`, { accepting_jobs: false });
    await client.send("PATCH", `/sessions/${idle}`, { accepting_jobs: true });
    expect(await state(client, idle)).toMatchObject({ state: "closed", accepting_jobs: false });
  });

  test("a hard close cancels what is queued and lets finish what runs", async () => {
    await using emulator = await start();
    const client = new PlainClient(emulator);
    const id = await open(client);
    const running = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    const queued = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    await emulator.control.advance(1);
    expect((await client.send("DELETE", `/sessions/${id}/close`)).status).toBe(204);
    expect((await client.get(`/jobs/${queued}`)).body.state).toMatchObject({ status: "Cancelled", reason_code: 4001 });
    await emulator.control.advance(5);
    expect(await status(client, running)).toBe("Completed");
  });

  test("jobs of an active dedicated session go first", async () => {
    await using emulator = await start();
    const client = new PlainClient(emulator);
    const id = await open(client);
    await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    const outside = await client.submit(sampler([[BELL, null, 1]]));
    const inside = await client.submit(sampler([[BELL, null, 1]], { session_id: id }));
    await emulator.control.advance(3);
    expect([await status(client, inside), await status(client, outside)]).toEqual(["Running", "Queued"]);
  });

  test("a dedicated session that nobody uses is closed after half an hour", async () => {
    await using emulator = await start();
    const client = new PlainClient(emulator);
    const id = await open(client);
    await emulator.control.advance(1801);
    expect(await state(client, id)).toMatchObject({ state: "closed" });
  });

  test("the open plan has none, only batches of ten minutes", async () => {
    await using emulator = await manila({ plan: "open" });
    const client = new PlainClient(emulator);
    const refused = await client.post("/sessions", { mode: "dedicated", backend: MANILA });
    expect(refused.status).toBe(403);
    expect(refused.body.errors[0].code).toBe(1352);
    const batch = await client.post("/sessions", { mode: "batch", backend: MANILA, max_ttl: 28_800 });
    expect(batch.body.max_ttl).toBe(600);
    expect((await client.get("/sessions/none")).status).toBe(404);
    expect((await client.post("/sessions", { mode: "other", backend: MANILA })).status).toBe(400);
    expect((await client.post("/sessions", { mode: "batch", backend: "ibm_nowhere" })).status).toBe(404);
  });

  test("a session of another backend takes no job", async () => {
    await using emulator = await manila({ devices: ["manila", "torino"] });
    const client = new PlainClient(emulator);
    const id = await open(client, { backend: "ibm_torino" });
    const refused = await client.post("/jobs", sampler([[BELL]], { session_id: id }));
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].message).toMatch(/ibm_torino/);
  });
});
