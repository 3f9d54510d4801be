import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IbmClient, IbmClientOptions } from "../../../providers/ibm/client.ts";
import { Secrets } from "../../../providers/ibm/secrets.ts";
import { IbmSession } from "../../../providers/ibm/session.ts";
import { WireFault } from "../../../providers/ibm/wire.ts";
import { wireError } from "../../../providers/ibm/wire-error.ts";
import { type Answer, CANARY, IbmService, type ReceivedRequest } from "../../support/ibm-service.ts";

let service: IbmService;
beforeEach(async () => {
  service = await IbmService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

const SECRETS = [CANARY.key, CANARY.crn, "c4narycount2f7e", "9b13-canary-5e5e", CANARY.token(1), CANARY.token(2)];
const PROXY_PASSWORD = "pr0xy-canary-secret";
/** As they are, percent-encoded, and in base64 wherever they begin in it. */
const FORMS = [...SECRETS, PROXY_PASSWORD].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${"-".repeat(shift)}${secret}`)
      .toString("base64")
      .slice(4, -4),
  ),
]);

/** Everything that a program can show of an error, its causes and what hangs on them. */
function shown(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    parts.push(
      inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null }),
    );
    parts.push(String(JSON.stringify(value)), String(value));
    for (const name of Reflect.ownKeys(value)) {
      const own = (value as Record<PropertyKey, unknown>)[name];
      parts.push(String(name), typeof own === "string" ? own : "");
      visit(own);
    }
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") parts.push(JSON.stringify(toJSON.call(value)));
  };
  visit(error);
  return parts.join("\n");
}

/** A service that tells the caller all that it was told, in every form. */
const echo = (request: ReceivedRequest): string => {
  const known = request.path === "/identity/token" ? SECRETS.slice(0, 4) : SECRETS.slice(0, 4 + service.tokens);
  const told = [request.body, JSON.stringify(request.headers), ...known].join(" ");
  return [told, encodeURIComponent(told), Buffer.from(told).toString("base64")].join(" ");
};

describe("no error shows key, token, CRN or the proxy's password", () => {
  const faults: readonly [string, (request: ReceivedRequest) => Answer, IbmClientOptions?][] = [
    [
      "errors[] that echo",
      (r) => ({
        status: 400,
        json: { trace: echo(r), errors: [{ code: echo(r), message: echo(r), solution: echo(r), more_info: echo(r) }] },
      }),
    ],
    [
      "IAM's form",
      (r) => ({ status: 403, json: { errorCode: echo(r), errorMessage: echo(r), errorDetails: echo(r) } }),
    ],
    ["plain text", (r) => ({ status: 500, text: echo(r) })],
    ["401 that echoes", (r) => ({ status: 401, text: echo(r) })],
    ["JSON that ends in a secret", (r) => ({ text: `{"a": ${echo(r)}` })],
    [
      "a redirect",
      (r) => ({ status: 307, text: echo(r), headers: { Location: `https://evil.example/${CANARY.key}` } }),
    ],
    ["headers", () => ({ status: 429, headers: { "Retry-After": CANARY.key, "X-Echo": CANARY.crn } })],
    ["a dropped connection", () => ({ connection: "drop" })],
    ["half a body", (r) => ({ text: echo(r), connection: "half" })],
    ["no answer", () => ({ connection: "hang" }), { timeoutSeconds: 0.05 }],
    ["too large a body", (r) => ({ text: echo(r) }), { maxBodyBytes: 10, maxResultBytes: 10 }],
    ["an unknown encoding", (r) => ({ text: echo(r), headers: { "Content-Encoding": CANARY.key } })],
    ["nothing to connect to", () => ({}), { url: "http://127.0.0.1:1" }],
    ["a proxy that is down", () => ({}), { proxy: `http://user:${PROXY_PASSWORD}@127.0.0.1:1` }],
  ];
  const calls = {
    submit: (client: IbmClient) =>
      client.jobs.create(
        { program_id: "sampler", backend: "x", params: { pubs: ["OPENQASM 3.0;"] } },
        { timeoutSeconds: 0.05 },
      ),
    results: async (client: IbmClient) => (await client.jobs.results(CANARY.crn))?.parse(),
    list: (client: IbmClient) => client.backends.list(),
    session: (client: IbmClient) => IbmSession.open(client.sessions, { backend: CANARY.key }),
    search: (client: IbmClient) => client.discovery.search(),
  };

  test.each(faults)("%s", async (_, fault, more = {}) => {
    const client = service.client({ iamUrl: service.url, retry: { retries: 0 }, ...more });
    service.handle(fault);
    for (const call of Object.values(calls)) {
      const error: unknown = await call(client).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      const text = shown(error);
      expect(FORMS.filter((form) => text.includes(form))).toEqual([]);
      expect(text).not.toMatch(/Axios|ClientRequest|IncomingMessage/);
    }
  });

  test.each(faults)("of IAM: %s", async (_, fault, more = {}) => {
    service.iam = fault;
    const error: unknown = await service
      .client({ retry: { retries: 0 }, ...more })
      .versions.list()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const text = shown(error);
    expect(FORMS.filter((form) => text.includes(form))).toEqual([]);
    expect(text).not.toMatch(/Axios|ClientRequest|IncomingMessage/);
  });
});

test("what Node says of a connection loses its secrets too", () => {
  const fault = new WireFault("broken", `write EPIPE ${CANARY.key}`, "EPIPE");
  const error = wireError(fault, { method: "GET", path: "/jobs" }, new Secrets(CANARY.key));
  expect(shown(error)).not.toContain(CANARY.key);
  expect(error.cause).toMatchObject({ code: "EPIPE", message: "write EPIPE [hidden]" });
});

describe("Secrets", () => {
  test("hides a secret wherever it stands, also in base64 of a text around it", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 40, unit: "grapheme-ascii" }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          const secrets = new Secrets(secret);
          const around = `${before}${secret}${after}`;
          expect(secrets.redact(around)).not.toContain(secret);
          const encoded = Buffer.from(around).toString("base64");
          const start = Math.ceil((Buffer.byteLength(before) * 8) / 6);
          const end = Math.floor(((Buffer.byteLength(before) + Buffer.byteLength(secret)) * 8) / 6);
          expect(secrets.redact(encoded)).not.toContain(encoded.slice(start, end));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("hides tokens and CRNs that it was not told of by their form", () => {
    const text =
      "Authorization: Bearer a.b-c and apikey k3y, eyJhbGciOi.eyJpYW0i.Sig_-9 of crn:v1:bluemix:public:x::, done";
    expect(new Secrets().redact(text)).toBe(
      "Authorization: Bearer [hidden] and apikey [hidden], [hidden] of [hidden], done",
    );
  });

  test("takes out what a terminal would obey, keeps lines, and cuts long texts", () => {
    expect(new Secrets().redact("\u001b[2Ja\nb\tc\u009b1md\u0007")).toBe("[2Ja\nb\tc1md");
    expect(new Secrets().redact("x".repeat(5000))).toHaveLength(2001);
  });
});
