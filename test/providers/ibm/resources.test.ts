import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { discoverInstances, type IbmClient } from "../../../providers/ibm/client.ts";
import { openApiDocument } from "../../../providers/ibm/openapi-document.ts";
import type { EstimatorJobRequest, JobBody, SamplerJobRequest } from "../../../providers/ibm/schemas.ts";
import { IbmSession } from "../../../providers/ibm/session.ts";
import { IBM_BODIES } from "../../support/ibm-bodies.ts";
import { type Answer, CANARY, IbmService } from "../../support/ibm-service.ts";

let service: IbmService;
let client: IbmClient;
beforeEach(async () => {
  service = await IbmService.start();
  client = service.client();
});
afterEach(() => service[Symbol.asyncDispose]());

const collect = async <Value>(values: AsyncIterable<Value>): Promise<Value[]> => {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
};
const mutable = <Value>(value: unknown): Value => structuredClone(value) as Value;

describe("recorded bodies", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(openApiDocument(), "openapi.json");
  test.each(Object.entries(IBM_BODIES))("%s fits its schema", (name, body) => {
    const validate = ajv.compile({ $ref: `openapi.json#/components/schemas/${name}` });
    expect([validate(body), validate.errors]).toEqual([true, null]);
  });
});

describe("routes: what is sent, and every field of what comes back", () => {
  const id = "d4sj1k2c8g3s73fa1b20";
  const sampler = mutable<SamplerJobRequest>(IBM_BODIES.SamplerJobRequest);
  const estimator = mutable<EstimatorJobRequest>(IBM_BODIES.EstimatorJobRequest);
  const none: Answer = { status: 204 };

  test.each<[string, (client: IbmClient) => Promise<unknown>, Answer, unknown, unknown?]>([
    ["GET /backends", (c) => c.backends.list(), { json: IBM_BODIES.BackendList }, IBM_BODIES.BackendList.devices],
    [
      "GET /backends?fields=wait_time_seconds",
      (c) => c.backends.list({ fields: "wait_time_seconds" }),
      { json: IBM_BODIES.BackendList },
      IBM_BODIES.BackendList.devices,
    ],
    [
      "GET /backends/ibm_torino/configuration?calibration_id=cal-1",
      (c) => c.backends.configuration("ibm_torino", { calibration_id: "cal-1" }),
      { json: IBM_BODIES.BackendConfiguration },
      IBM_BODIES.BackendConfiguration,
    ],
    [
      "GET /backends/ibm_torino/properties?updated_before=2026-11-25T10%3A00%3A00Z",
      (c) => c.backends.properties("ibm_torino", { updated_before: "2026-11-25T10:00:00Z" }),
      { json: IBM_BODIES.BackendProperties },
      IBM_BODIES.BackendProperties,
    ],
    [
      "GET /backends/ibm_torino/status",
      (c) => c.backends.status("ibm_torino"),
      { json: IBM_BODIES.BackendStatus },
      IBM_BODIES.BackendStatus,
    ],
    ["GET /backends/ibm_torino/defaults", (c) => c.backends.defaults("ibm_torino"), { json: { a: 1 } }, { a: 1 }],
    ["POST /jobs", (c) => c.jobs.create(sampler), { json: IBM_BODIES.JobCreated }, IBM_BODIES.JobCreated, sampler],
    ["POST /jobs", (c) => c.jobs.create(estimator), { json: IBM_BODIES.JobCreated }, IBM_BODIES.JobCreated, estimator],
    [`GET /jobs/${id}?exclude_params=true`, (c) => c.jobs.retrieve(id), { json: IBM_BODIES.Job }, IBM_BODIES.Job],
    [
      `GET /jobs/${id}?exclude_params=false`,
      (c) => c.jobs.retrieve(id, { includeParams: true }),
      { json: { ...IBM_BODIES.Job, params: sampler.params } },
      { ...IBM_BODIES.Job, params: sampler.params },
    ],
    [`GET /jobs/${id}/metrics`, (c) => c.jobs.metrics(id), { json: IBM_BODIES.JobMetrics }, IBM_BODIES.JobMetrics],
    [`POST /jobs/${id}/cancel`, (c) => c.jobs.cancel(id), none, "cancelling"],
    [`POST /jobs/${id}/cancel`, (c) => c.jobs.cancel(id), { status: 409, json: IBM_BODIES.ErrorBody }, "ended"],
    [`DELETE /jobs/${id}`, (c) => c.jobs.delete(id), none, undefined],
    [`PUT /jobs/${id}/tags`, (c) => c.jobs.replaceTags(id, ["a", "b"]), none, undefined, { tags: ["a", "b"] }],
    ["GET /tags?type=job&search=lep", (c) => c.tags.search("lep"), { json: { tags: ["lepton"] } }, ["lepton"]],
    [
      "POST /sessions",
      (c) => c.sessions.create(IBM_BODIES.SessionRequest),
      { json: IBM_BODIES.Session },
      IBM_BODIES.Session,
      IBM_BODIES.SessionRequest,
    ],
    ["GET /sessions/s-1", (c) => c.sessions.retrieve("s-1"), { json: IBM_BODIES.Session }, IBM_BODIES.Session],
    [
      "PATCH /sessions/s-1",
      (c) => c.sessions.setAcceptingJobs("s-1", false),
      none,
      undefined,
      { accepting_jobs: false },
    ],
    ["DELETE /sessions/s-1/close", (c) => c.sessions.close("s-1"), none, undefined],
    ["GET /instances/usage", (c) => c.instances.usage(), { json: IBM_BODIES.InstanceUsage }, IBM_BODIES.InstanceUsage],
    [
      "GET /instances/configuration",
      (c) => c.instances.configuration(),
      { json: IBM_BODIES.InstanceConfiguration },
      IBM_BODIES.InstanceConfiguration,
    ],
    ["GET /instance", (c) => c.instances.retrieve(), { json: IBM_BODIES.Instance }, IBM_BODIES.Instance],
    [
      "GET /accounts/an-account?plan_id=a-plan",
      (c) => c.instances.account("an-account", "a-plan"),
      { json: IBM_BODIES.Account },
      IBM_BODIES.Account,
    ],
    ["GET /versions", (c) => c.versions.list(), { json: IBM_BODIES.Versions }, IBM_BODIES.Versions.versions],
  ])("%s", async (route, call, answer, value, body) => {
    service.answer(answer);
    expect(await call(client)).toEqual(value);
    const [{ method, path, query, body: sent, headers }] = service.calls as [(typeof service.calls)[number]];
    expect(`${method} ${path.replace("/api/v1", "")}${query.size === 0 ? "" : `?${query}`}`).toBe(route);
    expect(sent === "" ? undefined : JSON.parse(sent)).toEqual(body);
    expect(headers["service-crn"]).toBe(CANARY.crn);
  });
});

describe("results and logs", () => {
  test("keep the text, and read bare NaN and Infinity", async () => {
    const text = '{"results": [{"data": {"evs": [NaN, -Infinity], "stds": [Infinity, 0.5]}, "metadata": {}}]}';
    service.answer({ text, headers: { "Content-Type": "application/json; charset=utf-8" } });
    const results = await client.jobs.results("j");
    expect(results).toMatchObject({ text, json: true });
    expect(results?.parse()).toMatchObject({
      results: [{ data: { evs: [Number.NaN, Number.NEGATIVE_INFINITY], stds: [Number.POSITIVE_INFINITY, 0.5] } }],
    });
  });

  test.each([IBM_BODIES.SamplerResults, IBM_BODIES.EstimatorResults])(
    "round trip of recorded results",
    async (body) => {
      service.answer({ json: body });
      expect((await client.jobs.results("j"))?.parse()).toEqual(body);
    },
  );

  test("of a failed job are the text of its error, and none are undefined", async () => {
    service.answer({ text: "Traceback: ...", headers: { "Content-Type": "text/plain" } }, { status: 204 });
    const results = await client.jobs.results("j");
    expect(results).toMatchObject({ text: "Traceback: ...", json: false });
    expect(() => results?.parse()).toThrow(expect.objectContaining({ code: "IBM_RESPONSE_JSON" }));
    expect(await client.jobs.results("j")).toBeUndefined();
  });

  test("a log that is JSON stays text", async () => {
    service.answer({ text: '{"level": "info"}', headers: { "Content-Type": "application/json" } }, { status: 204 });
    expect(await client.jobs.logs("j")).toBe('{"level": "info"}');
    expect(await client.jobs.logs("j")).toBe("");
  });
});

describe("lists over pages", () => {
  const jobOf = (number: number, tags: readonly string[]): JobBody => ({
    ...mutable<JobBody>(IBM_BODIES.Job),
    id: `job-${number}`,
    tags: [...tags],
  });

  test("yield each job with exactly these tags once, whatever the service does with the filter", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray(["key", "key-2", "run", "RUN"]), { maxLength: 30 }),
        fc.record({ ignoresTags: fc.boolean(), pageCap: fc.integer({ min: 1, max: 9 }), arrives: fc.boolean() }),
        async (tagsOfJobs, { ignoresTags, pageCap, arrives }) => {
          const jobs = tagsOfJobs.map((tags, index) => jobOf(index, tags));
          let newcomers = 0;
          service.handle(({ query }) => {
            // A job that arrives between two pages moves all others back by one.
            if (arrives && newcomers < 3) jobs.unshift(jobOf(1000 + newcomers++, ["else"]));
            const wanted = query.getAll("tags");
            const matching = ignoresTags
              ? jobs
              : jobs.filter(({ tags }) => wanted.every((tag) => tags?.some((own) => own.startsWith(tag))));
            const [offset, limit] = [Number(query.get("offset")), Math.min(Number(query.get("limit")), pageCap)];
            const page = matching.slice(offset, offset + limit);
            return { json: { jobs: page, count: matching.length, limit, offset } };
          });
          const found = await collect(client.jobs.listAll({ tags: ["key", "run"], limit: 5 }));
          const expected = tagsOfJobs.flatMap((tags, index) =>
            tags.includes("key") && tags.includes("run") ? [`job-${index}`] : [],
          );
          expect(found.map(({ id }) => id)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("pass on the other filters, and the service's time for them", async () => {
    service.handle(() => ({ json: { jobs: [], count: 0, limit: 200, offset: 0 } }));
    await client.versions.list().catch(() => {});
    const created_after = new Date(client.serverNow() - 600_000).toISOString();
    expect(await collect(client.jobs.listAll({ tags: ["k"], created_after, exclude_params: true }))).toEqual([]);
    expect(Object.fromEntries(service.calls.at(-1)!.query)).toEqual({
      tags: "k",
      created_after: "2026-11-25T11:50:00.000Z",
      exclude_params: "true",
      limit: "200",
      offset: "0",
    });
  });

  test("of workloads follow the cursor but not its address", async () => {
    service.answer(
      { json: { workloads: [IBM_BODIES.Workload], next: { href: "https://evil.example/x?limit=1&next=c%2F1" } } },
      { json: { workloads: [{ ...IBM_BODIES.Workload, id: "second" }], next: null } },
    );
    const found = await collect(client.workloads.listAll({ status: ["completed", "failed"], sort: "-createdAt" }));
    expect(found.map(({ id }) => id)).toEqual([IBM_BODIES.Workload.id, "second"]);
    expect(service.calls[0]!.query.getAll("status")).toEqual(["completed", "failed"]);
    expect(service.calls[1]!.query.get("next")).toBe("c/1");
  });
});

describe("what may be repeated", () => {
  test("a delete whose answer was lost is done", async () => {
    service.answer({ connection: "drop" }, { status: 404, json: IBM_BODIES.ErrorBody });
    await client.jobs.delete("j");
    service.answer({ status: 404, json: IBM_BODIES.ErrorBody });
    await expect(client.jobs.delete("j")).rejects.toMatchObject({ code: "IBM_NOT_FOUND", ibmCode: "1291" });
  });

  test("a cancel is, the opening of a session is not", async () => {
    service.answer({ connection: "drop" }, { status: 503 }, { status: 204 });
    expect(await client.jobs.cancel("j")).toBe("cancelling");
    service.answer({ connection: "drop" });
    await expect(client.sessions.create(IBM_BODIES.SessionRequest)).rejects.toMatchObject({ outcome: "unknown" });
    expect(service.calls).toHaveLength(4);
  });
});

describe("sessions", () => {
  const opened: Answer = { json: IBM_BODIES.Session };
  const calls = () => service.calls.map(({ method, path, body }) => `${method} ${path.slice(7)} ${body}`.trim());

  test("are closed where their block ends, also by a throw", async () => {
    service.answer(opened, { status: 204 });
    const run = async (): Promise<void> => {
      await using session = await IbmSession.open(client.sessions, {
        backend: "ibm_torino",
        mode: "dedicated",
        maxTtlSeconds: 600,
      });
      expect(session).toMatchObject({ id: IBM_BODIES.Session.id, backend: "ibm_torino", mode: "dedicated" });
      throw new Error("training failed");
    };
    await expect(run()).rejects.toThrow("training failed");
    expect(calls()).toEqual([
      `POST /sessions ${JSON.stringify({ mode: "dedicated", backend: "ibm_torino", max_ttl: 600 })}`,
      `PATCH /sessions/${IBM_BODIES.Session.id} {"accepting_jobs":false}`,
    ]);
  });

  test("are closed once, and one that has ended by itself is closed", async () => {
    service.answer(opened, { status: 404, json: { errors: [{ code: 1217, message: "Session closed." }] } });
    const session = await IbmSession.open(client.sessions, { backend: "ibm_torino" });
    await Promise.all([session.close(), session.close()]);
    await session.close();
    expect(calls()).toHaveLength(2);
    expect(JSON.parse(service.calls[0]!.body)).toEqual({ mode: "batch", backend: "ibm_torino" });
  });

  test("whose close fails can be closed again", async () => {
    service.answer(opened, { status: 403, json: {} }, { status: 204 });
    const session = await IbmSession.open(client.sessions, { backend: "ibm_torino" });
    await expect(session.close()).rejects.toMatchObject({ code: "IBM_FORBIDDEN" });
    await session.close();
  });

  test("can be cancelled, looked at and resumed", async () => {
    service.answer(opened, opened, { status: 204 });
    const session = await IbmSession.resume(client.sessions, "s-1");
    expect(await session.details()).toEqual(IBM_BODIES.Session);
    await session.cancel();
    await session.close();
    expect(calls()).toEqual(["GET /sessions/s-1", "GET /sessions/s-1", "DELETE /sessions/s-1/close"]);
  });

  test("on the open plan are refused with what to do", async () => {
    service.answer({
      status: 400,
      json: { errors: [{ code: 1352, message: "You are not authorized to run a session when using the open plan." }] },
    });
    await expect(IbmSession.open(client.sessions, { backend: "ibm_torino", mode: "dedicated" })).rejects.toMatchObject({
      code: "IBM_SESSION_PLAN",
      message: expect.stringContaining("batch"),
    });
  });

  test.each([{}, { backend: "" }, { backend: "x", mode: "fast" }, { backend: "x", maxTtlSeconds: 1.5 }])(
    "with options %j are refused before anything is sent",
    async (options) => {
      await expect(IbmSession.open(client.sessions, options as { backend: string })).rejects.toMatchObject({
        code: "IBM_SESSION_OPTIONS",
      });
      expect(service.requests).toEqual([]);
    },
  );
});

describe("discovery", () => {
  test("reads all pages, leaves out what is no instance, and asks once for each plan", async () => {
    const { instance: _, ...withoutInstance } = service.clientOptions;
    service.handle(({ path, body }) => {
      if (path === "/api/v1/a-plan") return { json: IBM_BODIES.CatalogPlan };
      const second = JSON.parse(body).search_cursor === "more";
      const empty = { ...IBM_BODIES.Resource, crn: "crn:none", doc: { extensions: {} } };
      return {
        json: {
          items: second ? [IBM_BODIES.Resource] : [IBM_BODIES.Resource, empty],
          ...(second ? {} : { search_cursor: "more" }),
        },
      };
    });
    const found = await discoverInstances(withoutInstance);
    expect(found).toEqual(
      Array(2).fill({
        crn: IBM_BODIES.Resource.crn,
        name: "my instance",
        region: "eu-de",
        plan: "Open Plan",
        planId: "a-plan",
        pricing: "free",
        tags: ["team"],
      }),
    );
    expect(service.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v3/resources/search",
      "POST /v3/resources/search",
      "GET /api/v1/a-plan",
    ]);
    expect(JSON.parse(service.calls[0]!.body)).toMatchObject({ query: "service_name:quantum-computing" });
    for (const { headers } of service.calls) {
      expect(headers.authorization).toBe(`Bearer ${CANARY.token(1)}`);
      expect(headers["service-crn"]).toBeUndefined();
    }
  });
});
