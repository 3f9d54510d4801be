import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IbmError } from "../../../providers/ibm/ibm-error.ts";
import { CANARY, IbmService } from "../../support/ibm-service.ts";

let service: IbmService;
beforeEach(async () => {
  service = await IbmService.start();
  service.handle(() => ({ json: { versions: [] } }));
});
afterEach(() => service[Symbol.asyncDispose]());

const failed = (promise: Promise<unknown>): Promise<IbmError> =>
  promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: IbmError) => error,
  );
const bearers = (): readonly (string | undefined)[] => service.calls.map(({ headers }) => headers.authorization);

describe("the token", () => {
  test("is asked for in a form, without CRN", async () => {
    await service.client().versions.list();
    const request = service.requests[0]!;
    expect(request).toMatchObject({ method: "POST", path: "/identity/token" });
    expect(request.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: "urn:ibm:params:oauth:grant-type:apikey",
      apikey: CANARY.key,
    });
    expect(request.headers["service-crn"]).toBeUndefined();
  });

  test("is asked for once by any number of calls, and again at 80 % of its life", async () => {
    const client = service.client();
    await Promise.all(Array.from({ length: 40 }, () => client.versions.list()));
    expect(service.tokens).toBe(1);
    service.clock.advance(0.79 * 3600);
    await client.versions.list();
    expect(service.tokens).toBe(1);
    service.clock.advance(0.02 * 3600);
    await Promise.all(Array.from({ length: 40 }, () => client.versions.list()));
    expect(service.tokens).toBe(2);
    expect(bearers().at(-1)).toBe(`Bearer ${CANARY.token(2)}`);
  });

  test("with 200 calls over 40 lives of 5 s costs at most 1.3 times what it must", async () => {
    service.tokenLife = 5;
    const client = service.client();
    for (let call = 0; call < 200; call++) {
      await client.versions.list();
      service.clock.advance(1);
    }
    expect(service.tokens).toBeLessThanOrEqual(1.3 * 40);
  });

  test("lives as long as the server's clock says, whatever ours shows", async () => {
    // IAM's clock is a day behind ours, and half of the hour is over when the token arrives.
    const theirs = service.clock.now() - 86_400_000;
    service.iam = () => {
      service.tokens++;
      return {
        json: { access_token: CANARY.token(service.tokens), expires_in: 3600, expiration: theirs / 1000 + 1800 },
        headers: { Date: new Date(theirs).toUTCString() },
      };
    };
    const client = service.client();
    await client.versions.list();
    service.clock.advance(1400);
    await client.versions.list();
    expect(service.tokens).toBe(1);
    service.clock.advance(100);
    await client.versions.list();
    expect(service.tokens).toBe(2);
  });

  test("that still holds is used on while IAM is down", async () => {
    const client = service.client({ retry: { retries: 1 } });
    await client.versions.list();
    service.clock.advance(0.85 * 3600);
    let asked = 0;
    const works = service.iam;
    service.iam = () => {
      asked++;
      return { status: 503 };
    };
    await client.versions.list();
    await client.versions.list();
    expect(asked).toBe(2);
    service.clock.advance(0.2 * 3600);
    expect(await failed(client.versions.list())).toMatchObject({ code: "IBM_SERVICE", path: "/identity/token" });
    service.iam = works;
    await client.versions.list();
    expect(bearers()).toHaveLength(4);
  });

  test("wait of one caller can be aborted without ending that of another", async () => {
    const abort = new AbortController();
    const works = service.iam;
    service.iam = (request) => {
      abort.abort(new Error("no patience"));
      return works(request);
    };
    const client = service.client();
    const [first, second] = await Promise.allSettled([
      client.versions.list({ signal: abort.signal }),
      client.versions.list(),
    ]);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "no patience" } });
    expect(second).toMatchObject({ status: "fulfilled" });
    expect(service.tokens).toBe(1);
  });
});

describe("a refused token", () => {
  test("is replaced once by all who used it", async () => {
    const client = service.client();
    await client.versions.list();
    service.handle(({ headers }) =>
      headers.authorization === `Bearer ${CANARY.token(1)}` ? { status: 401 } : { json: { versions: ["ok"] } },
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.versions.list()));
    expect(answers).toEqual(Array(20).fill(["ok"]));
    expect(service.tokens).toBe(2);
  });

  test("twice in a row is fatal", async () => {
    service.handle(() => ({ status: 401, json: { errors: [{ code: 1201, message: "Bad credentials" }] } }));
    expect(await failed(service.client().versions.list())).toMatchObject({
      code: "IBM_UNAUTHORIZED",
      status: 401,
      ibmCode: "1201",
      retryable: false,
    });
    expect(service.calls).toHaveLength(2);
    expect(service.tokens).toBe(2);
  });
});

describe("IAM", () => {
  test.each([
    [400, { errorCode: "BXNIM0415E", errorMessage: "Provided API key could not be found." }, "BXNIM0415E"],
    [401, { trace: "t", status_code: 401, errors: [{ code: "unauthorized", message: "No." }] }, "unauthorized"],
    [403, {}, undefined],
  ])("%i is fatal and says what to do", async (status, json, ibmCode) => {
    service.iam = () => ({ status, json });
    const error = await failed(service.client().versions.list());
    expect(error).toMatchObject({ code: "IBM_API_KEY", status, ibmCode, path: "/identity/token", outcome: "rejected" });
    expect(error.message).toContain("LEPTON_IBM_TOKEN");
    expect(service.requests).toHaveLength(1);
  });

  test.each([429, 500, 503])("%i is tried again, but no more often than any request", async (status) => {
    const works = service.iam;
    let left = 2;
    service.iam = (request) => (left-- > 0 ? { status, headers: { "Retry-After": "3" } } : works(request));
    await service.client().versions.list();
    expect(service.clock.sleeps).toEqual([3, 3]);

    service.iam = () => ({ status });
    service.requests.length = 0;
    expect(await failed(service.client({ retry: { retries: 2 } }).versions.list())).toMatchObject({ attempts: 3 });
    expect(service.requests).toHaveLength(3);
  });

  test.each([
    ["no token", {}],
    ["a token that would break the header", { access_token: "a\r\nb", expires_in: 3600 }],
    ["a number", { access_token: 5, expires_in: 3600 }],
    ["a list", [1]],
  ])("that answers %s is told so", async (_, json) => {
    service.iam = () => ({ json });
    expect(await failed(service.client().versions.list())).toMatchObject({ code: "IBM_RESPONSE", outcome: "rejected" });
  });

  test("that fails a submit surely made no job", async () => {
    service.iam = () => ({ connection: "drop" });
    const client = service.client({ retry: { retries: 0 } });
    const submit = client.jobs.create({ program_id: "sampler", backend: "x", params: { pubs: ["OPENQASM 3.0;"] } });
    expect(await failed(submit)).toMatchObject({ code: "IBM_NETWORK", outcome: "rejected", path: "/identity/token" });
    expect(service.calls).toHaveLength(0);
  });
});
