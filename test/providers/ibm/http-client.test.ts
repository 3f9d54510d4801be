import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import type { IbmError } from "../../../providers/ibm/ibm-error.ts";
import { SubmitLimiter } from "../../../providers/ibm/limiter.ts";
import type { RouteAnswer, RouteOf, RouteValues } from "../../../providers/ibm/routes.ts";
import type { JobBody, JobRequest } from "../../../providers/ibm/schemas.ts";
import { type Answer, CANARY, IbmService } from "../../support/ibm-service.ts";

let service: IbmService;
beforeEach(async () => {
  service = await IbmService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

const errorBody = (code: number | string, message = "No.", more: object = {}): Answer["json"] => ({
  trace: "trace-7",
  errors: [{ code, message, solution: "Do it otherwise.", more_info: "https://example.com", ...more }],
});
const failed = (promise: Promise<unknown>): Promise<IbmError> =>
  promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: IbmError) => error,
  );
const job: JobRequest = {
  program_id: "sampler",
  backend: "ibm_torino",
  params: { pubs: [["OPENQASM 3.0;", null, 10]], support_qiskit: false, version: 2 },
  tags: ["lepton", "submit-key"],
  cost: 60,
};
const noRetry = { retry: { retries: 0 } };

test("the types of a call follow from openapi.yaml", () => {
  expectTypeOf<RouteOf<"patch">>().toEqualTypeOf<"/sessions/{id}">();
  expectTypeOf<RouteAnswer<"get", "/jobs/{id}">>().toEqualTypeOf<JobBody>();
  expectTypeOf<RouteAnswer<"delete", "/jobs/{id}">>().toEqualTypeOf<undefined>();
  expectTypeOf<RouteValues<"put", "/jobs/{id}/tags">>().toExtend<{
    readonly path: { readonly id: string };
    readonly body: { tags: string[] };
  }>();
  expectTypeOf<{ path: { id: string } }>().not.toExtend<RouteValues<"put", "/jobs/{id}/tags">>();
  expectTypeOf<{ query: { limit: string } }>().not.toExtend<RouteValues<"get", "/jobs">>();
});

describe("a request", () => {
  test("carries token, CRN, version and agent, and repeats the key of an array", async () => {
    service.answer({ json: { jobs: [], count: 0, limit: 200, offset: 0 } });
    await service.client({ userAgent: "my-app/1" }).jobs.list({ tags: ["a b", "c&d=e"], pending: true, limit: 5 });
    const [call] = service.calls;
    expect(call).toMatchObject({ method: "GET", path: "/api/v1/jobs" });
    expect(call!.query.getAll("tags")).toEqual(["a b", "c&d=e"]);
    expect([call!.query.get("pending"), call!.query.get("limit"), call!.query.get("tags[]")]).toEqual([
      "true",
      "5",
      null,
    ]);
    expect(call!.headers).toMatchObject({
      authorization: `Bearer ${CANARY.token(1)}`,
      "service-crn": CANARY.crn,
      "ibm-api-version": "2026-04-15",
      accept: "application/json",
    });
    expect(call!.headers["user-agent"]).toMatch(/^lepton node\/\S+ my-app\/1$/);
    expect(call!.headers["content-type"]).toBeUndefined();
  });

  test("escapes what stands in its path, and refuses what would lead elsewhere", async () => {
    const { jobs } = service.client();
    service.answer({ json: {} });
    await jobs.retrieve("a/../b?c#d%2f");
    expect(service.calls[0]!.path).toBe("/api/v1/jobs/a%2F..%2Fb%3Fc%23d%252f");
    for (const id of ["", ".", "..", "a\u0000", "x".repeat(2000), "\ud800"])
      await expect(async () => jobs.retrieve(id)).rejects.toMatchObject({ code: "IBM_PATH_VALUE" });
    await expect(async () => jobs.retrieve(5 as unknown as string)).rejects.toMatchObject({ code: "IBM_PATH_VALUE" });
    expect(service.calls).toHaveLength(1);
  });

  test("is not changed by what others set on axios or on Object.prototype", async () => {
    const { default: axios } = await import("axios");
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    const headers = axios.defaults.headers.common as Record<string, unknown>;
    headers["X-Leak"] = "1";
    polluted.proxy = { host: "127.0.0.1", port: 9 };
    polluted.auth = { username: "u", password: "p" };
    process.env.HTTP_PROXY = "http://127.0.0.1:9";
    try {
      service.answer({ json: { versions: ["2026-04-15"] } });
      expect(await service.client().versions.list()).toEqual(["2026-04-15"]);
      expect(service.calls[0]!.headers["x-leak"]).toBeUndefined();
      expect(service.calls[0]!.headers.authorization).toBe(`Bearer ${CANARY.token(1)}`);
    } finally {
      delete headers["X-Leak"];
      delete polluted.proxy;
      delete polluted.auth;
      delete process.env.HTTP_PROXY;
    }
  });

  test("goes through the proxy that is given, with its own name and password", async () => {
    await using proxy = await IbmService.start();
    proxy.answer({ json: { versions: ["via proxy"] } });
    // A name that only the proxy can resolve would be better; a loopback address is what plain http allows.
    const client = service.client({ proxy: proxy.url.replace("http://", "http://user:pa%20ss@") });
    expect(await client.versions.list()).toEqual(["via proxy"]);
    expect(service.requests).toEqual([]);
    expect(proxy.requests.map(({ headers }) => headers["proxy-authorization"])).toEqual(
      Array(2).fill(`Basic ${Buffer.from("user:pa ss").toString("base64")}`),
    );
  });
});

describe("through a proxy", () => {
  test("of the environment only when asked for", async () => {
    await using proxy = await IbmService.start();
    proxy.answer({ json: { versions: ["via proxy"] } });
    service.answer({ json: { versions: ["direct"] } });
    process.env.HTTP_PROXY = proxy.url;
    try {
      expect(await service.client().versions.list()).toEqual(["direct"]);
      expect(await service.client({ proxy: "environment" }).versions.list()).toEqual(["via proxy"]);
    } finally {
      delete process.env.HTTP_PROXY;
    }
  });

  test("https goes in a tunnel: the proxy sees neither token nor CRN, and its own password only there", async () => {
    const seen: string[] = [];
    const proxy = createServer((request) => seen.push(`plain ${request.url}`));
    proxy.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url} ${JSON.stringify(request.rawHeaders)}`);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = proxy.address() as AddressInfo;
      const client = service.client({
        url: "https://quantum.example",
        proxy: `http://user:proxy-secret@127.0.0.1:${port}`,
        ...noRetry,
      });
      const error = await failed(client.versions.list());
      expect(error.code).toMatch(/^IBM_(NETWORK|SERVICE)$/);
      expect(error.message).not.toContain("proxy-secret");
      expect(seen.length).toBeGreaterThan(0);
      for (const line of seen) {
        expect(line).toMatch(/^CONNECT iam\.cloud\.ibm\.com:443 /);
        expect(line).not.toMatch(/canary|Bearer|Service-CRN|apikey/i);
      }
    } finally {
      proxy.close();
    }
  });
});

describe("an answer", () => {
  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("encoded with %s is read", async (encoding, compress) => {
    service.answer({ bytes: compress('{"versions": ["é"]}'), headers: { "Content-Encoding": encoding } });
    expect(await service.client().versions.list()).toEqual(["é"]);
  });

  test("encoded otherwise, or damaged, is an error", async () => {
    const client = service.client(noRetry);
    service.answer({ bytes: gzipSync("{}"), headers: { "Content-Encoding": "zstd" } });
    expect(await failed(client.versions.list())).toMatchObject({ code: "IBM_RESPONSE" });
    service.answer({ bytes: gzipSync("{}".repeat(99)).subarray(0, 20), headers: { "Content-Encoding": "gzip" } });
    expect(await failed(client.versions.list())).toMatchObject({ code: "IBM_NETWORK", retryable: true });
    service.answer({ text: '{"versions": [', headers: { "Content-Type": "application/json" } });
    const error = await failed(client.versions.list());
    expect(error).toMatchObject({ code: "IBM_RESPONSE_JSON" });
    expect(error.message).toContain("position 14");
  });

  test("larger than the limit is refused, whether it is plain or inflates to it", async () => {
    const body = Buffer.from(JSON.stringify({ versions: ["x".repeat(3000)] }));
    const client = service.client({ maxBodyBytes: 2000 });
    for (const answer of [{ bytes: body }, { bytes: gzipSync(body), headers: { "Content-Encoding": "gzip" } }]) {
      service.answer(answer);
      const error = await failed(client.versions.list());
      expect(error).toMatchObject({ code: "IBM_RESPONSE_TOO_LARGE", retryable: false, attempts: 1 });
      expect(error.message).toMatch(/2000 bytes.*maxBodyBytes/);
    }
  });

  test("a gzip of 291 kB that inflates to 300 MB is refused before it fills the memory", async () => {
    const blocks = Array.from({ length: 300 }, () => Buffer.alloc(1_000_000));
    const bomb = gzipSync(Buffer.concat(blocks));
    expect(bomb.length).toBeLessThan(310_000);
    blocks.length = 0;
    service.handle(() => ({ bytes: bomb, headers: { "Content-Encoding": "gzip" } }));
    const client = service.client();
    global.gc?.();
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 2);
    try {
      expect(await failed(client.jobs.results("job-1"))).toMatchObject({ code: "IBM_RESPONSE_TOO_LARGE" });
      expect(await failed(client.backends.list())).toMatchObject({ code: "IBM_RESPONSE_TOO_LARGE" });
    } finally {
      clearInterval(watch);
    }
    expect((most - before) / 1e6).toBeLessThan(300);
  });

  test("a redirect is not followed", async () => {
    await using other = await IbmService.start();
    service.answer({ status: 302, headers: { Location: `${other.url}/api/v1/versions` } });
    expect(await failed(service.client().versions.list())).toMatchObject({ code: "IBM_REDIRECT", outcome: "rejected" });
    expect(other.requests).toEqual([]);
  });
});

describe("an error", () => {
  test.each<[number, number | string, string, string]>([
    [400, 1241, "IBM_INSTANCE", "CRN"],
    [400, "1348", "IBM_INSTANCE", "CRN"],
    [400, 1217, "IBM_SESSION_CLOSED", "open another"],
    [403, "1352", "IBM_SESSION_PLAN", "batch"],
    [404, 1279, "IBM_WRONG_REGION", "6th field"],
    [404, 1291, "IBM_NOT_FOUND", "id"],
    [403, 1200, "IBM_FORBIDDEN", "administrator"],
    [409, 1234, "IBM_USAGE_LIMIT", "limit"],
    [413, 5302, "IBM_REQUEST", "expects"],
    [422, 7000, "IBM_REQUEST", "expects"],
  ])("%i with code %j is %s", async (status, ibmCode, code, hint) => {
    service.answer({ status, json: errorBody(ibmCode, "Told so.") });
    const error = await failed(service.client().jobs.create(job));
    expect(error).toMatchObject({
      name: "IbmError",
      code,
      status,
      ibmCode: String(ibmCode),
      trace: "trace-7",
      method: "POST",
      path: "/jobs",
      outcome: "rejected",
      retryable: false,
      attempts: 1,
    });
    expect(error.details).toEqual([
      { code: String(ibmCode), message: "Told so.", solution: "Do it otherwise.", moreInfo: "https://example.com" },
    ]);
    expect(error.message).toContain(hint);
    expect(error.message).toContain("Told so.");
    expect(service.calls).toHaveLength(1);
  });

  test("without IBM's form holds the text, but no page of HTML and no control characters", async () => {
    const client = service.client(noRetry);
    service.answer({ status: 400, text: "\u001b[31mplain\u0007 words" });
    expect((await failed(client.versions.list())).message).toContain("IBM says: [31mplain words");
    service.answer({ status: 502, text: "<html><body>Bad gateway</body></html>" });
    const error = await failed(client.versions.list());
    expect(error).toMatchObject({ code: "IBM_SERVICE", details: [], ibmCode: undefined });
    expect(error.message).not.toContain("html");
  });

  test.each([
    ["nowhere to connect to", "http://127.0.0.1:1"],
    ["no such host", "https://lepton.invalid"],
  ])("%s: nothing was sent", async (_, url) => {
    const client = service.client({ url, iamUrl: service.url, ...noRetry });
    expect(await failed(client.jobs.create(job))).toMatchObject({
      code: "IBM_NETWORK",
      outcome: "rejected",
      retryable: true,
      status: undefined,
    });
  });

  test("no answer in time", async () => {
    service.answer({ connection: "hang" });
    const client = service.client({ timeoutSeconds: 0.05, ...noRetry });
    expect(await failed(client.versions.list())).toMatchObject({ code: "IBM_TIMEOUT", retryable: true });
  });
});

describe("retries", () => {
  const ok: Answer = { json: { versions: ["ok"] } };
  test.each<[string, Answer]>([
    ...[408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524].map((status): [string, Answer] => [
      String(status),
      { status, json: errorBody(1000) },
    ]),
    ["a dropped connection", { connection: "drop" }],
    ["half a body", { text: '{"versions": ["ok"]}', connection: "half" }],
  ])("a GET is sent again after %s", async (_, fault) => {
    service.answer(fault, fault, ok);
    expect(await service.client().versions.list()).toEqual(["ok"]);
    expect(service.calls).toHaveLength(3);
    expect(service.clock.sleeps).toHaveLength(2);
  });

  test("wait as long as the service says, by its own clock", async () => {
    // The service's clock is an hour ahead of ours.
    const theirs = service.clock.now() + 3_600_000;
    service.answer(
      { status: 429, headers: { "Retry-After": "7" } },
      {
        status: 503,
        headers: {
          "Retry-After": new Date(theirs + 40_000).toUTCString(),
          Date: new Date(theirs).toUTCString(),
        },
      },
      ok,
    );
    await service.client().versions.list();
    expect(service.clock.sleeps[0]).toBe(7);
    expect(service.clock.sleeps[1]).toBeCloseTo(40, 0);
  });

  test("a wait that is too long is told at once", async () => {
    service.answer({ status: 429, headers: { "Retry-After": "3600" } });
    expect(await failed(service.client().versions.list())).toMatchObject({
      code: "IBM_RATE_LIMIT",
      retryable: true,
      retryAfterSeconds: 3600,
      attempts: 1,
    });
  });

  test("end with an error that says how often it was tried", async () => {
    service.handle(() => ({ status: 503, json: errorBody(1006) }));
    const error = await failed(service.client({ retry: { retries: 3 } }).versions.list());
    expect(error).toMatchObject({ code: "IBM_SERVICE", attempts: 4, ibmCode: "1006" });
    expect(service.calls).toHaveLength(4);
  });
});

describe("a submit", () => {
  const created: Answer = { json: { id: "job-9", backend: "ibm_torino" } };

  test.each<[string, Answer, string]>([
    ["500", { status: 500, json: errorBody(1000) }, "IBM_SERVICE"],
    ["504", { status: 504, text: "gateway" }, "IBM_SERVICE"],
    ["524", { status: 524 }, "IBM_SERVICE"],
    ["408", { status: 408 }, "IBM_SERVICE"],
    ["a reset after it was accepted", { connection: "drop" }, "IBM_NETWORK"],
    ["half an answer", { ...created, connection: "half" }, "IBM_NETWORK"],
    ["silence", { connection: "hang" }, "IBM_TIMEOUT"],
    ["an answer that is no JSON", { text: "{" }, "IBM_RESPONSE_JSON"],
    ["an answer without an id", { json: { backend: "ibm_torino" } }, "IBM_RESPONSE"],
    ["an empty answer", { status: 200 }, "IBM_RESPONSE"],
  ])("is sent once and its outcome unknown after %s", async (_, answer, code) => {
    service.handle(() => answer);
    const error = await failed(service.client().jobs.create(job, { timeoutSeconds: 0.1 }));
    expect(error).toMatchObject({ code, outcome: "unknown", attempts: 1 });
    expect(service.calls).toHaveLength(1);
  });

  test("has a connection of its own, which no server is just closing", async () => {
    service.handle(({ method }) => (method === "POST" ? created : { json: { versions: [] } }));
    const client = service.client();
    await client.versions.list();
    await client.jobs.create(job);
    expect(service.calls.map(({ headers }) => headers.connection)).toEqual(["keep-alive", "close"]);
  });

  test("is not sent again where the way to the service vanished after it was sent", async () => {
    const sockets: Socket[] = [];
    const note = (message: unknown): void => void sockets.push((message as { readonly socket: Socket }).socket);
    subscribe("net.client.socket", note);
    try {
      const client = service.client();
      await client.jobs.list().catch(() => {});
      for (const code of ["EHOSTUNREACH", "ENETUNREACH"]) {
        service.answer(() => {
          // What Node throws when a connection that stands loses its route.
          sockets.at(-1)!.destroy(Object.assign(new Error(`read ${code}`), { code, syscall: "read" }));
          return { connection: "hang" };
        });
        const before = service.calls.length;
        expect(await failed(client.jobs.create(job))).toMatchObject({ code: "IBM_NETWORK", outcome: "unknown" });
        expect(service.calls.length - before).toBe(1);
      }
    } finally {
      unsubscribe("net.client.socket", note);
    }
  });

  test("is sent again after what surely made no job: 429, and 401 once", async () => {
    service.answer({ status: 429, headers: { "Retry-After": "30" } }, { status: 401 }, created);
    const before = service.clock.now();
    expect(await service.client().jobs.create(job)).toEqual(created.json);
    expect(service.calls).toHaveLength(3);
    expect(service.clock.now() - before).toBeGreaterThanOrEqual(30_000);
    expect(JSON.parse(service.calls[2]!.body)).toEqual(job);
    expect(service.calls[2]!.headers["content-type"]).toBe("application/json");
  });

  test("waits out what another one was told", async () => {
    const { jobs } = service.client({ retry: { retries: 0 } });
    service.answer({ status: 429, headers: { "Retry-After": "30" } }, { status: 429 }, created);
    const times: number[] = [service.clock.now()];
    for (let i = 0; i < 3; i++) {
      await jobs.create(job).catch(() => {});
      times.push(service.clock.now());
    }
    // The second answer does not say how long: the share of one submit in a minute.
    expect(times.slice(1).map((time, i) => (time - times[i]!) / 1000)).toEqual([0, 30, 12]);
  });

  test("keeps to 5 a minute", async () => {
    service.handle(() => created);
    const { jobs } = service.client({ limiter: new SubmitLimiter({ clock: service.clock }) });
    const at: number[] = [];
    for (let i = 0; i < 11; i++) {
      await jobs.create(job);
      at.push(service.clock.now() / 1000);
    }
    for (let i = 5; i < at.length; i++) expect(at[i]! - at[i - 5]!).toBeGreaterThanOrEqual(60);
    expect(at[4]! - at[0]!).toBeLessThan(1);
  });

  test("is not paced at a loopback address, where an emulator says itself what is too much", async () => {
    service.handle(() => created);
    const { jobs } = service.client();
    const start = service.clock.now();
    for (let i = 0; i < 20; i++) await jobs.create(job);
    expect(service.clock.now() - start).toBeLessThan(1000);
  });

  test("aborted after it was sent is unknown; before that, it was not sent", async () => {
    const abort = new AbortController();
    service.handle(() => {
      abort.abort(new Error("stop"));
      return { connection: "hang" };
    });
    const error = await failed(service.client().jobs.create(job, { signal: abort.signal }));
    expect(error).toMatchObject({ code: "IBM_ABORTED", outcome: "unknown", retryable: false });
    await expect(service.client().jobs.create(job, { signal: abort.signal })).rejects.toThrow("stop");
    expect(service.calls).toHaveLength(1);
  });
});

describe("abort", () => {
  test("of a GET rejects with the signal's reason, in flight and while waiting", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    service.answer(() => {
      abort.abort(reason);
      return { connection: "hang" };
    });
    expect(await failed(service.client().versions.list({ signal: abort.signal }))).toBe(reason);

    const later = new AbortController();
    service.answer(() => {
      setImmediate(() => later.abort(reason));
      return { status: 503 };
    });
    const clock = { now: () => service.clock.now(), sleep: () => new Promise<void>(() => {}) };
    // The system's clock waits on real timers.
    const { systemClock } = await import("../../../providers/clock.ts");
    const client = service.client({ clock: { ...clock, sleep: systemClock.sleep } });
    expect(await failed(client.versions.list({ signal: later.signal }))).toBe(reason);
  });
});
