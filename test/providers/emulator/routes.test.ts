import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../../providers/emulator/index.ts";
import { BELL, BELL_STATE, estimator, expectSchema, MANILA, manila, PlainClient, sampler } from "./client.ts";

let emulator: Emulator;
let client: PlainClient;
beforeAll(async () => {
  emulator = await manila({ devices: ["manila", "torino"] });
  client = new PlainClient(emulator);
});
afterAll(() => emulator.close());

/** Asks for a token as a form. */
async function token(key: string, from = emulator): Promise<Response> {
  return fetch(`${from.iamUrl}/identity/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey: key }),
  });
}

function expectError(answer: { status: number; body: unknown }, status: number, code: number): void {
  expect(answer.status).toBe(status);
  expectSchema(answer.body, "ErrorBody");
  const { trace, errors } = answer.body as { trace: string; errors: { code: number; message: string }[] };
  expect(trace).toMatch(/^[0-9a-f-]{36}$/);
  expect(errors[0]!.code).toBe(code);
  expect(errors[0]!.message).not.toBe("");
}

describe("tokens", () => {
  test("an API key gives a JWT of three parts that lasts an hour", async () => {
    const answer = await token(emulator.token);
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { access_token: string; expires_in: number; expiration: number };
    expectSchema(body, "Token");
    const parts = body.access_token.split(".");
    expect(parts).toHaveLength(3);
    const { iat, exp } = JSON.parse(Buffer.from(parts[1]!, "base64url").toString()) as { iat: number; exp: number };
    expect(exp - iat).toBe(3600);
    expect(body.expiration).toBe(exp);
    const bearer = new PlainClient(emulator, { authorization: `Bearer ${body.access_token}` });
    expect((await bearer.get("/backends")).status).toBe(200);
    const forged = new PlainClient(emulator, { authorization: `Bearer ${parts[0]}.${parts[1]}.AAAA` });
    expectError(await forged.get("/backends"), 401, 1201);
  });

  test("a wrong key, and a request without one, are refused as IAM does", async () => {
    const wrong = await token("not-the-key");
    expect(wrong.status).toBe(400);
    const body = (await wrong.json()) as { errorCode: string };
    expectSchema(body, "IamError");
    expect(body.errorCode).toBe("BXNIM0415E");
    const empty = await fetch(`${emulator.iamUrl}/identity/token`, { method: "POST", body: new URLSearchParams() });
    expect(empty.status).toBe(400);
    const json = await fetch(`${emulator.iamUrl}/identity/token`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(json.status).toBe(415);
  });
});

describe("access", () => {
  test.each<[string, Record<string, string>, number, number]>([
    ["no token", { authorization: "" }, 401, 1201],
    ["a wrong key", { authorization: "apikey wrong" }, 401, 1201],
    ["no bearer token", { authorization: "Bearer nothing" }, 401, 1201],
    ["no CRN", { "service-crn": "" }, 400, 1348],
    ["another instance", { "service-crn": "crn:v1:bluemix:public:quantum-computing:eu-de:a/b:c::" }, 404, 1279],
    ["an old version", { "ibm-api-version": "2024-01-01" }, 400, 1211],
    ["no date as version", { "ibm-api-version": "latest" }, 400, 1211],
  ])("%s is refused", async (_name, headers, status, code) => {
    expectError(await new PlainClient(emulator, headers).get("/backends"), status, code);
  });

  test("versions need no token", async () => {
    const answer = await fetch(`${emulator.url}/versions`);
    const body = await answer.json();
    expectSchema(body, "Versions");
    expect((body as { versions: string[] }).versions).toContain("2026-04-15");
  });

  test("unknown paths and methods", async () => {
    expectError(await client.get("/nothing/here"), 404, 1291);
    const answer = await client.send("PUT", "/jobs", {});
    expectError(answer, 405, 1210);
    expect(answer.headers.get("allow")).toBe("POST, GET");
  });

  test("bodies must be JSON, fit, and be small", async () => {
    const post = (body: string, type = "application/json") =>
      fetch(`${emulator.url}/jobs`, { method: "POST", headers: { ...client.headers, "content-type": type }, body });
    expect((await post("{}", "text/plain")).status).toBe(415);
    expect((await post("{")).status).toBe(400);
    expect((await post('{"__proto__": {}}')).status).toBe(400);
    await using small = await manila({ limits: { maxBodyBytes: 1000 } });
    const large = await new PlainClient(small).post("/jobs", { pad: "x".repeat(2000) });
    expectError(large, 413, 5302);
  });
});

describe("as a proxy", () => {
  /** Sends a request whose line names the host. */
  const through = (method: string, url: string, headers: Record<string, string>, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { port } = new URL(emulator.iamUrl);
      const sent = httpRequest({ port, host: "127.0.0.1", method, path: url, headers }, (answer) => {
        let text = "";
        answer.on("data", (chunk) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode!, text }));
      });
      sent.on("error", reject);
      sent.end(body);
    });

  test("discovery finds the instance and its plan, and the API answers", async () => {
    const found = await through(
      "POST",
      "http://api.global-search-tagging.lepton.test/v3/resources/search?limit=100",
      { ...client.headers, "content-type": "application/json" },
      JSON.stringify({ query: "service_name:quantum-computing", fields: ["crn", "name"] }),
    );
    const page = JSON.parse(found.text);
    expectSchema(page, "ResourceSearchPage");
    expect(page.items[0].crn).toBe(emulator.crn);
    const plan = await through(
      "GET",
      `http://globalcatalog.lepton.test/api/v1/${page.items[0].service_plan_unique_id}`,
      client.headers,
    );
    expectSchema(JSON.parse(plan.text), "CatalogPlan");
    expect(JSON.parse(plan.text).metadata.pricing.type).toBe("paygo");
    const list = await through("GET", "http://quantum.lepton.test/api/v1/backends", client.headers);
    expect(JSON.parse(list.text).devices).toHaveLength(2);
  });

  test("tunnels are refused, so that no key reaches the real service", async () => {
    const { port } = new URL(emulator.iamUrl);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write("CONNECT iam.cloud.ibm.com:443 HTTP/1.1\r\nHost: iam.cloud.ibm.com:443\r\n\r\n"),
      );
      socket.on("data", (data) => resolve(data.toString()));
      socket.on("error", reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 405/);
  });

  test("pages that a browser loads from elsewhere are refused", async () => {
    expect((await through("GET", "/api/v1/versions", { host: "evil.example" })).status).toBe(403);
    const origin = { host: "127.0.0.1", origin: "https://evil.example" };
    expect((await through("GET", "/api/v1/versions", origin)).status).toBe(403);
    const own = { host: "localhost:1", origin: "http://127.0.0.1:8080" };
    expect((await through("GET", "/api/v1/versions", own)).status).toBe(200);
  });
});

describe("backends", () => {
  test("list, with waiting times where they are asked for", async () => {
    const { body } = await client.get("/backends?include_mocks=True");
    expectSchema(body, "BackendList");
    expect(body.devices[0]).toMatchObject({ name: MANILA, status: { name: "online" }, qubits: 5, queue_length: 0 });
    expect(body.devices[0]).not.toHaveProperty("wait_time_seconds");
    const { body: waits } = await client.get("/backends?fields=wait_time_seconds");
    expect(waits.devices[1].wait_time_seconds).toEqual({ average: 0, p50: 0, p95: 0 });
  });

  test("configuration, properties, status and defaults of one", async () => {
    const path = `/backends/ibm_torino`;
    const { body: configuration } = await client.get(`${path}/configuration`);
    expectSchema(configuration, "BackendConfiguration");
    expect(configuration).toMatchObject({ n_qubits: 133, dt: 4 });
    for (const name of ["gates", "local", "simulator", "conditional", "open_pulse", "memory", "coupling_map"])
      expect(configuration).toHaveProperty(name);
    expect(configuration.online_date).toMatch(/^\d{4}-\d\d-\d\dT/);
    const { body: properties } = await client.get(`${path}/properties`);
    expectSchema(properties, "BackendProperties");
    expect(properties.qubits).toHaveLength(133);
    const { body: status } = await client.get(`${path}/status`);
    expectSchema(status, "BackendStatus");
    expect(status).toMatchObject({ state: true, status: "active", length_queue: 0 });
    expect((await client.get(`${path}/defaults`)).status).toBe(200);
    expectError(await client.get(`${path}/properties?updated_before=2001-01-01`), 404, 1291);
    expectError(await client.get("/backends/ibm_nowhere/status"), 404, 1291);
  });
});

describe("jobs", () => {
  test("are created, listed, retrieved, measured, logged and deleted", async () => {
    const body = sampler([[BELL, null, 3]], { tags: ["life"], cost: 60 });
    const { body: created } = await client.post("/jobs", body);
    expectSchema(created, "JobCreated");
    expect(created).toMatchObject({ backend: MANILA, private: false });
    await client.ended(created.id);
    const { body: job } = await client.get(`/jobs/${created.id}`);
    expectSchema(job, "Job");
    expect(job).toMatchObject({ cost: 60, tags: ["life"], program: { id: "sampler" }, status: "Completed" });
    expect(job.params).toEqual(body.params);
    expect((await client.get(`/jobs/${created.id}?exclude_params=true`)).body).not.toHaveProperty("params");
    const { body: metrics } = await client.get(`/jobs/${created.id}/metrics`);
    expectSchema(metrics, "JobMetrics");
    const { created: from, running, finished } = metrics.timestamps;
    expect([from, running, finished]).toEqual([from, running, finished].toSorted());
    expect(metrics.usage).toEqual({ qpu_charge_time_seconds: expect.closeTo(2.0008, 3), status: "complete" });
    expect(metrics.circuits_execution_time_ns).toBeGreaterThan(0);
    const logs = await client.get(`/jobs/${created.id}/logs`);
    expect(logs.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(logs.text).toMatch(/Completed/);
    expectError(await client.post(`/jobs/${created.id}/cancel`, undefined), 409, 1297);
    expect((await client.send("DELETE", `/jobs/${created.id}`)).status).toBe(204);
    expectError(await client.get(`/jobs/${created.id}`), 404, 1291);
  });

  test("show usage as each version of the API does", async () => {
    const { id } = await client.run(sampler([[BELL, null, 3]]));
    const at = async (version: string) => {
      const own = new PlainClient(emulator, { "ibm-api-version": version });
      return { job: (await own.get(`/jobs/${id}`)).body, metrics: (await own.get(`/jobs/${id}/metrics`)).body };
    };
    const oldest = await at("2025-05-01");
    expect(oldest.job.usage).toHaveProperty("quantum_seconds");
    expect(oldest.metrics).toHaveProperty("bss.seconds");
    expect(oldest.metrics.usage).toHaveProperty("circuits_execution_time_ns");
    const middle = await at("2026-03-15");
    expect(middle.job.usage).not.toHaveProperty("quantum_seconds");
    expect(middle.metrics.usage).toHaveProperty("circuits_execution_time_ns");
    expect(middle.metrics).not.toHaveProperty("bss");
    const newest = await at("2026-04-15");
    expect(newest.metrics.usage).not.toHaveProperty("circuits_execution_time_ns");
    for (const { metrics } of [oldest, middle, newest]) expectSchema(metrics, "JobMetrics");
  });

  test("list: pages, order, filters and an exact count", async () => {
    await using own = await manila();
    const other = new PlainClient(own);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++)
      ids.push(
        await other.submit(
          i === 4
            ? estimator([[BELL_STATE, "ZZ"]], { tags: ["a"] })
            : sampler([[BELL, null, 1]], { tags: i % 2 === 0 ? ["a", "b"] : ["a"] }),
        ),
      );
    for (const id of ids) await other.ended(id);
    const list = async (query: string) => (await other.get(`/jobs${query}`)).body;
    const idsOf = async (query: string) => (await list(query)).jobs.map(({ id }: { id: string }) => id);
    const all = await list("");
    expectSchema(all, "JobPage");
    expect(all).toMatchObject({ count: 5, limit: 200, offset: 0 });
    expect(await idsOf("")).toEqual(ids.toReversed());
    expect(await idsOf("?sort=ASC&limit=2&offset=1")).toEqual(ids.slice(1, 3));
    expect(await list("?limit=2&offset=4")).toMatchObject({ count: 5, limit: 2, offset: 4 });
    // Out of range is the default, in silence.
    expect(await list("?limit=500")).toMatchObject({ limit: 200 });
    expect(await list("?limit=0")).toMatchObject({ limit: 200 });
    expect(all.jobs[0]).not.toHaveProperty("params");
    expect((await list("?exclude_params=false")).jobs[0]).toHaveProperty("params");
    // All tags must match; brackets behind the key are another key, which nobody reads.
    expect(await idsOf("?tags=a&tags=b&sort=ASC")).toEqual([ids[0], ids[2]]);
    expect((await list("?tags=missing")).count).toBe(0);
    expect((await list("?tags[]=missing")).count).toBe(5);
    expect((await list("?program=estimator")).count).toBe(1);
    expect((await list("?pending=true")).count).toBe(0);
    expect((await list("?pending=false")).count).toBe(5);
    expect((await list(`?backend=${MANILA}`)).count).toBe(5);
    expect((await list("?backend=other")).count).toBe(0);
    expect((await list("?created_after=2027-01-01")).count).toBe(0);
    expect((await list("?created_before=2027-01-01")).count).toBe(5);
    expectError(await other.get("/jobs?created_after=yesterday"), 400, 1210);
  });

  test("tags are replaced and found", async () => {
    const { id } = await client.run(sampler([[BELL, null, 1]], { tags: ["first-tag"] }));
    expect((await client.send("PUT", `/jobs/${id}/tags`, { tags: ["second-tag", "x"] })).status).toBe(204);
    expect((await client.get(`/jobs/${id}`)).body.tags).toEqual(["second-tag", "x"]);
    expect((await client.get("/tags?type=job&search=cond-t")).body).toEqual({ tags: ["second-tag"] });
    expectError(await client.get("/tags?type=job&search=se"), 400, 1210);
    expectError(await client.send("PUT", `/jobs/${id}/tags`, { tags: Array(9).fill("t") }), 400, 1204);
    expectError(await client.send("PUT", `/jobs/${id}/tags`, { tags: ["t".repeat(87)] }), 400, 1205);
    expectError(await client.send("PUT", `/jobs/${id}/tags`, { tags: "t" }), 400, 1210);
  });

  test("what is private is never told, and read once", async () => {
    const { id, result } = await client.run(sampler([[BELL, null, 1]], { private: true }));
    expect(result.results).toHaveLength(1);
    expect((await client.get(`/jobs/${id}`)).body).not.toHaveProperty("params");
    expect((await client.get(`/jobs/${id}/results`)).status).toBe(204);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["an unknown program", { ...sampler([]), program_id: "executor" }, /cannot be run here/],
    ["an unknown key", { ...sampler([[BELL]]), priority: 1 }, /unknown key priority/],
    ["no PUBs", sampler([]), /pubs/],
    [
      "an unknown option",
      sampler([[BELL]], { params: { options: { transpilation: {} } } }),
      /unknown key transpilation/,
    ],
    ["another version", sampler([[BELL]], { params: { version: 1 } }), /version must be 2/],
    [
      "a level that there is not",
      estimator([[BELL_STATE, "ZZ"]], { params: { resilience_level: 3 } }),
      /resilience_level/,
    ],
    ["a cost above three hours", sampler([[BELL]], { cost: 10_801 }), /cost/],
    ["other letters than IXYZ", estimator([[BELL_STATE, "Z0"]]), /pubs/],
  ])("%s is refused before anything is queued", async (_name, body, message) => {
    const answer = await client.post("/jobs", body);
    expect(answer.status, answer.text).toBe(400);
    expectSchema(answer.body, "ErrorBody");
    expect(answer.body.errors[0].message).toMatch(message);
  });

  test("an unknown backend, session or job is not found", async () => {
    expectError(await client.post("/jobs", { ...sampler([[BELL]]), backend: "ibm_nowhere" }), 404, 1291);
    expectError(await client.post("/jobs", sampler([[BELL]], { session_id: "none" })), 404, 1218);
    for (const path of ["", "/results", "/logs", "/metrics"])
      expectError(await client.get(`/jobs/unknown${path}`), 404, 1291);
  });
});

describe("the instance", () => {
  test("usage, configuration, limits and account", async () => {
    await using own = await manila({ plan: "open" });
    const other = new PlainClient(own);
    await other.run(sampler([[BELL, null, 1000]]));
    const { body: usage } = await other.get("/instances/usage");
    expectSchema(usage, "InstanceUsage");
    expect(usage).toMatchObject({ usage_limit_seconds: 600, usage_limit_reached: false });
    expect(usage.usage_consumed_seconds).toBeCloseTo(2.25, 1);
    expect(usage.usage_remaining_seconds).toBeCloseTo(597.75, 1);
    const { body: configuration } = await other.get("/instances/configuration");
    expectSchema(configuration, "InstanceConfiguration");
    expect(configuration).toMatchObject({ max_ttl: 600, interactive_ttl: 60 });
    const { body: instance } = await other.get("/instance");
    expectSchema(instance, "Instance");
    const account = own.crn.split(":")[6]!.slice(2);
    const { body } = await other.get(`/accounts/${account}?plan_id=${instance.plan_id}`);
    expectSchema(body, "Account");
    expectError(await other.get(`/accounts/${account}`), 400, 1210);
    expectError(await other.get(`/accounts/nobody?plan_id=${instance.plan_id}`), 404, 1291);
  });

  test("workloads: jobs, sessions and batches, oldest first, by cursors", async () => {
    await using own = await manila();
    const other = new PlainClient(own);
    const ids = [await other.submit(sampler([[BELL, null, 1]], { tags: ["w"] }))];
    await other.ended(ids[0]!);
    const { body: batch } = await other.post("/sessions", { mode: "batch", backend: MANILA });
    await other.ended(await other.submit(sampler([[BELL, null, 1]], { session_id: batch.id })));
    ids.push(batch.id, await other.submit(sampler([[BELL, null, 1]])));
    await other.ended(ids[2]!);
    const { body: all } = await other.get("/workloads");
    expectSchema(all, "WorkloadPage");
    const idsOf = (page: { workloads: { id: string }[] }) => page.workloads.map(({ id }) => id);
    expect(idsOf(all)).toEqual(ids);
    const { body: first } = await other.get("/workloads?limit=2&sort=-createdAt");
    expect(idsOf(first)).toEqual(ids.toReversed().slice(0, 2));
    const next = new URL(first.next.href, own.iamUrl).searchParams.get("next");
    const { body: second } = await other.get(`/workloads?limit=2&sort=-createdAt&next=${next}`);
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second.previous.href).toMatch(/previous=/);
    expect(idsOf((await other.get("/workloads?mode=batch")).body)).toEqual([batch.id]);
    expect(idsOf((await other.get("/workloads?status=completed&tags=w")).body)).toEqual([ids[0]]);
    expectError(await other.get("/workloads?next=!!"), 400, 1210);
  });
});
