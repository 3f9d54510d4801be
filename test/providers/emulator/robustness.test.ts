import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Emulator } from "../../../providers/emulator/index.ts";
import { BELL, BELL_STATE, estimator, manila, PlainClient, ROTATIONS, sampler } from "./client.ts";

let emulator: Emulator;
let client: PlainClient;
beforeAll(async () => {
  emulator = await manila();
  client = new PlainClient(emulator);
});
afterAll(() => emulator.close());

test("whatever is sent, the answer is in IBM's form and no fault of the emulator's own", async () => {
  const path = fc.constantFrom("/jobs", "/sessions", "/jobs/x/tags", "/jobs/x/cancel", "/tags", "/workloads");
  const method = fc.constantFrom("POST", "PUT", "PATCH", "DELETE", "GET");
  await fc.assert(
    fc.asyncProperty(method, path, fc.jsonValue({ maxDepth: 4 }), async (verb, place, body) => {
      const answer = await client.send(verb, place, verb === "GET" ? undefined : body);
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(200);
      expect(answer.status, answer.text).toBeLessThan(500);
      if (answer.status >= 400) expect(answer.body.errors[0].message).toBeTypeOf("string");
    }),
    { numRuns: 150, seed: 1 },
  );
});

test("mutated jobs are refused or end, each with a reason, and the queue goes on", async () => {
  const bases = [
    sampler([[BELL, null, 2]]),
    sampler([[`${ROTATIONS} bit[2] c; c[0] = measure $0;`, { a: [1, 2], b: [3, 4] }, 2]]),
    estimator([[BELL_STATE, ["ZZ", { XX: 0.5 }], null, 0.2]]),
    estimator([
      [
        ROTATIONS,
        [["ZI"], ["IZ"]],
        [
          [0.1, 0.2],
          [0.3, 0.4],
        ],
        0.2,
      ],
    ]),
  ].map((body) => JSON.stringify(body));
  const change = fc.record({
    base: fc.constantFrom(...bases),
    at: fc.nat(600),
    cut: fc.nat(6),
    put: fc.constantFrom("", "0", "null", "[]", "{}", "9", ";", "$7", "1e308", "-", "Z", "]", "pi", "rzz"),
  });
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(change, async ({ base, at, cut, put }) => {
      const place = at % base.length;
      const body = base.slice(0, place) + put + base.slice(place + cut);
      const response = await fetch(`${emulator.url}/jobs`, {
        method: "POST",
        headers: { ...client.headers, "content-type": "application/json" },
        body,
      });
      const answer = (await response.json()) as { id: string; errors: { message: string }[] };
      expect(response.status, body).toBeLessThan(500);
      if (response.status !== 200) {
        seen.set("refused", (seen.get("refused") ?? 0) + 1);
        return;
      }
      const job = await client.ended(answer.id);
      seen.set(job.state.status, (seen.get(job.state.status) ?? 0) + 1);
      if (job.state.status !== "Completed") expect(job.state.reason, body).toMatch(/\w/);
      expect(job.state.reason_code, `${job.state.reason} of ${body}`).not.toBe(1000);
    }),
    { numRuns: 300, seed: 2 },
  );
  // The mutations reach all three ends.
  expect([...seen.keys()].sort()).toEqual(["Completed", "Failed", "refused"]);
  expect((await client.run(sampler([[BELL, null, 2]]))).job.state.status).toBe("Completed");
});

test("the server answers while a long job is computed", async () => {
  await using own = await manila({ noise: true, clock: "real" });
  const other = new PlainClient(own);
  const rows = Array.from({ length: 300 }, (_, i) => [i / 100, i / 50]);
  const id = await other.submit(estimator([[ROTATIONS, ["ZI", "XX", "YY"], rows.map((row) => [row]), 0.05]]));
  let slowest = 0;
  for (;;) {
    const started = performance.now();
    const { body } = await other.get(`/jobs/${id}?exclude_params=true`);
    slowest = Math.max(slowest, performance.now() - started);
    if (body.state.status === "Completed") break;
    expect(["Queued", "Running"]).toContain(body.state.status);
  }
  expect(slowest).toBeLessThan(1000);
});
