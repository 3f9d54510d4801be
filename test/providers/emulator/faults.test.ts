import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Emulator, FaultRule } from "../../../providers/emulator/index.ts";
import { BELL, BELL_STATE, estimator, expectSchema, MANILA, manila, PlainClient, sampler } from "./client.ts";

// What a client sees of each fault, and what is true behind it.
let emulator: Emulator;
let client: PlainClient;
beforeAll(async () => {
  emulator = await manila();
  client = new PlainClient(emulator);
});
afterEach(() => {
  emulator.control.faults.clear();
  const behaviour = { listLagSeconds: 0, tagLagSeconds: 0, ignoreTagFilter: false, pageCap: null };
  emulator.control.set({ ...behaviour, usageLimitSeconds: null });
});
afterAll(() => emulator.close());

const JOB = sampler([[BELL, null, 2]]);
const fault = (rule: FaultRule): string => emulator.control.faults.add(rule);
const created = (): number => emulator.control.counts().jobs;
const last = () => emulator.journal.entries.at(-1)!;

describe("answers", () => {
  test("a burst of 503, and then all is well", async () => {
    fault({ method: "GET", path: "/backends", status: 503, times: 2, message: "under repair" });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await client.get("/backends");
      statuses.push(answer.status);
      if (answer.status === 503) {
        expectSchema(answer.body, "ErrorBody");
        expect(answer.body.errors[0].message).toBe("under repair");
      }
    }
    expect(statuses).toEqual([503, 503, 200]);
  });

  test("429 with Retry-After in seconds or as a date, or without", async () => {
    const date = "Thu, 01 Jan 2026 00:00:30 GMT";
    for (const retryAfter of [7, date]) {
      fault({ path: "/jobs", method: "POST", status: 429, code: 1202, retryAfter });
      const answer = await client.post("/jobs", JOB);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("retry-after")).toBe(String(retryAfter));
      expect(answer.body.errors[0].code).toBe(1202);
    }
    fault({ path: "/jobs", status: 429 });
    expect((await client.get("/jobs")).headers.get("retry-after")).toBeNull();
  });

  test("a rule lets pass what comes before it, and leaves other paths alone", async () => {
    fault({ name: "third", path: "/api/v1/backends/*", after: 2, status: 500 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await client.get(`/backends/${MANILA}/status`)).status);
    expect(statuses).toEqual([200, 200, 500, 200]);
    expect((await client.get("/instance")).status).toBe(200);
    expect(emulator.control.faults.rules).toMatchObject([{ name: "third", seen: 3, struck: 1 }]);
    emulator.control.faults.remove("third");
    expect(emulator.control.faults.rules).toEqual([]);
  });

  test("chance comes from the seed", async () => {
    const draw = async (): Promise<number[]> => {
      await using own = await manila({ seed: 5 });
      own.control.faults.add({ path: "/versions", status: 502, times: null, probability: 0.5 });
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) statuses.push((await new PlainClient(own).get("/versions")).status);
      return statuses;
    };
    const first = await draw();
    expect(new Set(first)).toEqual(new Set([200, 502]));
    expect(await draw()).toEqual(first);
  });

  test("accepted, then 500: the job is there, the answer is not", async () => {
    const before = created();
    const name = fault({ method: "POST", path: "/jobs", status: 500, phase: "after" });
    const answer = await client.post("/jobs", { ...JOB, tags: ["lost-answer"] });
    expect(answer.status).toBe(500);
    expect(created()).toBe(before + 1);
    expect(last()).toMatchObject({ status: 500, fault: name });
    expect((await client.get("/jobs?tags=lost-answer")).body.count).toBe(1);
  });

  test("IAM down, and slow answers by the clock", async () => {
    fault({ path: "/identity/token", status: 503 });
    const form = new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey: emulator.token });
    const ask = () => fetch(`${emulator.iamUrl}/identity/token`, { method: "POST", body: form });
    expect((await ask()).status).toBe(503);
    expect((await ask()).status).toBe(200);
    await using slow = await manila({ clock: "virtual" });
    slow.control.faults.add({ path: "/versions", delaySeconds: 40 });
    const pending = new PlainClient(slow).get("/versions");
    let answered = false;
    void pending.then(() => {
      answered = true;
    });
    while (slow.control.faults.rules[0]!.struck === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await slow.control.advance(39);
    expect(answered).toBe(false);
    await slow.control.advance(1);
    expect((await pending).status).toBe(200);
  });

  test("hanging: nothing is answered and nothing done", async () => {
    const before = created();
    fault({ method: "POST", path: "/jobs", hang: true });
    const hanging = fetch(`${emulator.url}/jobs`, {
      method: "POST",
      headers: { ...client.headers, "content-type": "application/json" },
      body: JSON.stringify(JOB),
      signal: AbortSignal.timeout(60),
    });
    await expect(hanging).rejects.toThrow();
    expect(created()).toBe(before);
  });

  test("hanging after it was done: a job that nobody hears of", async () => {
    const before = created();
    fault({ method: "POST", path: "/jobs", hang: true, phase: "after" });
    const hanging = fetch(`${emulator.url}/jobs`, {
      method: "POST",
      headers: { ...client.headers, "content-type": "application/json" },
      body: JSON.stringify(JOB),
      signal: AbortSignal.timeout(200),
    });
    await expect(hanging).rejects.toThrow();
    expect(created()).toBe(before + 1);
  });

  test("late: a gateway has answered for the service before it gets the request", async () => {
    await using own = await manila({ clock: "virtual" });
    own.control.faults.add({ method: "POST", path: "/jobs", status: 504, lateSeconds: 30 });
    expect((await new PlainClient(own).post("/jobs", JOB)).status).toBe(504);
    expect(own.control.counts().jobs).toBe(0);
    await own.control.advance(30);
    expect(own.control.counts().jobs).toBe(1);
  });
});

describe("dropped connections", () => {
  test("before acceptance: no job", async () => {
    const before = created();
    fault({ method: "POST", path: "/jobs", dropConnection: "before" });
    await expect(client.post("/jobs", JOB)).rejects.toThrow();
    expect(created()).toBe(before);
    expect(last()).toMatchObject({ method: "POST", path: "/api/v1/jobs", status: 0 });
  });

  test("after acceptance: a job whose id nobody was told", async () => {
    const before = created();
    fault({ method: "POST", path: "/jobs", dropConnection: "after" });
    await expect(client.post("/jobs", JOB)).rejects.toThrow();
    expect(created()).toBe(before + 1);
  });

  test("amid the answer: a job, and half of its id", async () => {
    const before = created();
    fault({ method: "POST", path: "/jobs", dropConnection: "midway" });
    await expect(client.post("/jobs", JOB)).rejects.toThrow();
    expect(created()).toBe(before + 1);
  });

  test("late: the request lands after its connection is gone", async () => {
    await using own = await manila({ clock: "virtual" });
    own.control.faults.add({ method: "POST", path: "/jobs", dropConnection: "before", lateSeconds: 30 });
    await expect(new PlainClient(own).post("/jobs", JOB)).rejects.toThrow();
    await own.control.advance(29);
    expect(own.control.counts().jobs).toBe(0);
    await own.control.advance(2);
    expect(own.control.counts().jobs).toBe(1);
  });
});

describe("lists", () => {
  test("lag behind, while the job itself is found", async () => {
    await using own = await manila({ clock: "virtual" });
    const other = new PlainClient(own);
    own.control.set({ listLagSeconds: 60 });
    const id = await other.submit({ ...JOB, tags: ["late"] });
    expect((await other.get("/jobs?tags=late")).body).toMatchObject({ count: 0, jobs: [] });
    expect((await other.get(`/jobs/${id}`)).status).toBe(200);
    expect(own.control.jobs()).toHaveLength(1);
    await own.control.advance(60);
    expect((await other.get("/jobs?tags=late")).body.count).toBe(1);
  });

  test("by tags lag further behind than those of all jobs", async () => {
    await using own = await manila({ clock: "virtual" });
    const other = new PlainClient(own);
    own.control.set({ tagLagSeconds: 60 });
    await other.submit({ ...JOB, tags: ["late"] });
    const listed = async (query: string): Promise<number> => (await other.get(`/jobs${query}`)).body.count;
    expect([await listed("?tags=late"), await listed("")]).toEqual([0, 1]);
    await own.control.advance(60);
    expect(await listed("?tags=late")).toBe(1);
  });

  test("come whatever tags are asked for, and in short pages", async () => {
    const id = await client.submit({ ...JOB, tags: ["wanted"] });
    await client.submit({ ...JOB, tags: ["other"] });
    emulator.control.set({ ignoreTagFilter: true, pageCap: 1 });
    const { body } = await client.get("/jobs?tags=wanted&limit=50");
    expect(body.count).toBe(created());
    expect(body.jobs).toHaveLength(1);
    expect(body.limit).toBe(1);
    expect(body.jobs[0].id).not.toBe(id);
  });
});

test("expired tokens are refused until a new one is got", async () => {
  const form = new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey: emulator.token });
  const bearer = async (): Promise<PlainClient> => {
    const answer = await fetch(`${emulator.iamUrl}/identity/token`, { method: "POST", body: form });
    const { access_token } = (await answer.json()) as { access_token: string };
    return new PlainClient(emulator, { authorization: `Bearer ${access_token}` });
  };
  const old = await bearer();
  expect((await old.get("/instance")).status).toBe(200);
  emulator.control.expireTokens();
  const refused = await old.get("/instance");
  expect(refused.status).toBe(401);
  expect(refused.body.errors[0].code).toBe(1201);
  expect((await (await bearer()).get("/instance")).status).toBe(200);
  // Time expires them too.
  const next = await bearer();
  await emulator.control.advance(3601);
  expect((await next.get("/instance")).status).toBe(401);
});

describe("jobs", () => {
  test("end as they are told to, with reason, code and charge", async () => {
    emulator.control.nextJobs([
      { status: "Failed", reason: "A qubit was lost.", reasonCode: 9707, solution: "Try again.", quantumSeconds: 4 },
      { status: "Cancelled", reasonCode: 1305 },
    ]);
    const failed = await client.run(JOB);
    expect(failed.job.state).toEqual({
      status: "Failed",
      reason: "A qubit was lost.",
      reason_code: 9707,
      reason_solution: "Try again.",
    });
    expect(failed.job.usage.qpu_charge_time_seconds).toBe(4);
    const cancelled = await client.run(JOB);
    expect(cancelled.job.state).toMatchObject({ status: "Cancelled", reason_code: 1305 });
    expect(cancelled.job.usage.qpu_charge_time_seconds).toBe(2);
    expect((await client.run(JOB)).job.state.status).toBe("Completed");
  });

  test("are refused when the instance has used up its limit", async () => {
    emulator.control.set({ usageLimitSeconds: 1000, usageConsumedSeconds: 1001 });
    const refused = await client.post("/jobs", JOB);
    emulator.control.set({ usageConsumedSeconds: 0 });
    expect(refused.status).toBe(409);
  });

  test("of a session that was closed behind the client's back are refused with 1217", async () => {
    const { body: session } = await client.post("/sessions", { mode: "dedicated", backend: MANILA });
    emulator.control.closeSession(session.id);
    const refused = await client.post("/jobs", { ...JOB, session_id: session.id });
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].code).toBe(1217);
    expect((await client.get(`/sessions/${session.id}`)).body.state).toBe("closed");
  });
});

test("backends pause, are maintained, and go offline", async () => {
  const seen = async () => {
    const { body } = await client.get("/backends");
    const { body: status } = await client.get(`/backends/${MANILA}/status`);
    return { list: body.devices[0].status.name, state: status.state, status: status.status };
  };
  emulator.control.setBackend(MANILA, "paused");
  expect(await seen()).toEqual({ list: "paused", state: true, status: "paused" });
  const id = await client.submit(JOB);
  await emulator.control.advance(100);
  expect((await client.get(`/jobs/${id}`)).body.state.status).toBe("Queued");
  emulator.control.setBackend(MANILA, "maintenance");
  expect(await seen()).toEqual({ list: "paused", state: false, status: "maintenance" });
  emulator.control.setBackend(MANILA, "offline");
  expect(await seen()).toEqual({ list: "offline", state: false, status: "offline" });
  const refused = await client.post("/jobs", JOB);
  expect(refused.status).toBe(400);
  expect(refused.body.errors[0].code).toBe(1004);
  emulator.control.setBackend(MANILA, "online");
  expect((await client.ended(id)).state.status).toBe("Completed");
});

describe("results", () => {
  const resultOf = async (rule: FaultRule, body: Record<string, unknown> = JOB) => {
    const id = await client.submit(body);
    await client.ended(id);
    fault({ path: "/jobs/*/results", ...rule });
    const spoiled = await client.get(`/jobs/${id}/results`);
    const sound = await client.get(`/jobs/${id}/results`);
    expect(sound.body.results).toHaveLength((body.params as { pubs: unknown[] }).pubs.length);
    return { spoiled, sound };
  };

  test("cut off: no JSON, at the length that is framed", async () => {
    const { spoiled, sound } = await resultOf({ result: "truncated" });
    expect(spoiled.status).toBe(200);
    expect(spoiled.body).toBeUndefined();
    expect(sound.text.startsWith(spoiled.text)).toBe(true);
  });

  test("none: 204", async () => {
    const { spoiled } = await resultOf({ result: "none" });
    expect(spoiled.status).toBe(204);
    expect(spoiled.text).toBe("");
  });

  test("without its last PUB", async () => {
    const { spoiled } = await resultOf({ result: "missing-pub" }, sampler([[BELL], [BELL, null, 3]]));
    expect(spoiled.body.results).toHaveLength(1);
  });

  test("with bare NaN and Infinity, of estimators and samplers", async () => {
    const job = estimator([[BELL_STATE, ["ZZ", "XX"]]]);
    const { spoiled } = await resultOf({ result: "not-finite" }, job);
    expect(spoiled.body).toBeUndefined();
    expect(spoiled.text).toMatch(/"evs":\[NaN,/);
    expect(spoiled.text).toMatch(/"stds":\[Infinity,/);
    const { spoiled: samples } = await resultOf({ result: "not-finite" });
    expect(samples.text).toMatch(/NaN,Infinity,-Infinity/);
  });

  test("oversized: much from little, in gzip", async () => {
    const id = await client.submit(JOB);
    await client.ended(id);
    fault({ path: "/jobs/*/results", result: "oversized", resultBytes: 20_000_000 });
    const answer = await fetch(`${emulator.url}/jobs/${id}/results`, { headers: client.headers });
    expect(Number(answer.headers.get("content-length"))).toBeLessThan(30_000);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect((await answer.arrayBuffer()).byteLength).toBe(20_000_000);
  });
});

describe("the control route", () => {
  test("does what the control in the process does", async () => {
    const rule = await client.control("POST", "faults", { name: "by-http", path: "/versions", status: 418 });
    expect(rule.body).toEqual({ name: "by-http" });
    expect((await client.control("GET", "faults")).body.faults).toMatchObject([{ name: "by-http", struck: 0 }]);
    expect((await client.get("/versions")).status).toBe(418);
    expect((await client.control("DELETE", "faults/by-http")).status).toBe(204);
    expect((await client.control("DELETE", "faults")).status).toBe(204);
    expect((await client.control("PATCH", "settings", { pageCap: 1 })).status).toBe(204);
    expect((await client.control("POST", "next-jobs", [{ status: "Failed" }])).status).toBe(204);
    expect((await client.run(JOB)).job.state.status).toBe("Failed");
    expect((await client.control("POST", "expire-tokens")).status).toBe(204);
    expect((await client.control("PUT", `backends/${MANILA}`, { state: "paused" })).status).toBe(204);
    expect((await client.control("GET", "state")).body).toMatchObject({
      clock: "automatic",
      counts: { jobs: created() },
      backends: [{ name: MANILA, state: "paused" }],
    });
    await client.control("PUT", `backends/${MANILA}`, { state: "online" });
    const before = emulator.clock.now();
    const moved = await client.control("POST", "advance", { seconds: 60 });
    expect(Date.parse(moved.body.now)).toBeGreaterThanOrEqual(before + 60_000);
    const { body } = await client.control("GET", "jobs");
    expect(body.jobs).toHaveLength(created());
    expect(body.jobs.at(-1)).toMatchObject({ program: "sampler", status: "Failed", pubs: 1, rows: 1, executions: 2 });
    const { body: session } = await client.post("/sessions", { mode: "batch", backend: MANILA });
    expect((await client.control("POST", `sessions/${session.id}/close`)).status).toBe(204);
    expect((await client.control("GET", "journal")).body.entries.length).toBeGreaterThan(10);
    expect((await client.control("DELETE", "journal")).status).toBe(204);
    expect(emulator.journal.entries).toEqual([]);
    expect(emulator.journal.count).toBeGreaterThan(10);
  });

  test("answers its own token alone, and says what is wrong", async () => {
    expect((await client.get("/_lepton/state")).status).toBe(401);
    const asKey = await client.send("GET", "/_lepton/state", undefined, { authorization: `Bearer ${emulator.token}` });
    expect(asKey.status).toBe(401);
    const control = new PlainClient(emulator, { authorization: `Bearer ${emulator.controlToken}` });
    expect((await control.get("/backends")).status).toBe(401);
    for (const [method, path, body] of [
      ["POST", "faults", { stauts: 500 }],
      ["POST", "faults", { status: 42 }],
      ["POST", "faults", []],
      ["POST", "next-jobs", [{ status: "Completed" }]],
      ["POST", "next-jobs", { status: "Failed" }],
      ["POST", "next-jobs", [{ status: "Failed", why: 1 }]],
      ["POST", "advance", { seconds: -1 }],
      ["PATCH", "settings", { pageCap: "all" }],
      ["PATCH", "settings", { ignoreTagFilter: 1 }],
      ["PATCH", "settings", { nothing: 1 }],
      ["PUT", "backends/ibm_nowhere", { state: "paused" }],
      ["PUT", `backends/${MANILA}`, { state: "asleep" }],
      ["POST", "sessions/none/close", {}],
    ] as const) {
      const answer = await client.control(method, path, body);
      expect(answer.status, `${path} ${JSON.stringify(body)}`).toBe(400);
      expectSchema(answer.body, "ErrorBody");
    }
    expect((await client.control("GET", "nothing")).status).toBe(404);
    expect((await client.control("PUT", "journal", {})).status).toBe(405);
  });
});
