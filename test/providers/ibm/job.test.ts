import { inspect } from "node:util";
import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Circuit, input } from "../../../circuits/index.ts";
import type { IbmBackend, IbmProvider } from "../../../providers/ibm/index.ts";
import { IbmJobError, ibmProvider } from "../../../providers/ibm/index.ts";
import { type Answer, CANARY, IbmService, type ReceivedRequest } from "../../support/ibm-service.ts";
import { smallDevice } from "../../support/small-device.ts";
import { openApiFault } from "./openapi-fault.ts";

const circuit = Circuit.build(1, (c) => c.rx(input("x"), 0));
const { configuration, properties } = smallDevice(4);

/** A service that keeps jobs as a test scripts them, and remembers what was sent. */
class ScriptedService {
  readonly service: IbmService;
  /** Answers to the next POST /jobs; by default the job is accepted. */
  readonly posts: Answer[] = [];
  /** States of the job, one a question; the last one stays. */
  states: readonly (object | Answer)[] = [{ status: "Completed" }];
  /** Answers to /results, the last one stays. */
  results: readonly Answer[] = [
    { json: { results: [{ data: { evs: [[0.5]], stds: [[0.1]] }, metadata: {} }], metadata: {} } },
  ];
  metrics: object = { usage: { qpu_charge_time_seconds: 3.5, status: "complete" }, executions: 4096 };
  usage: Answer = { json: { usage_consumed_seconds: 10, usage_limit_seconds: 600, usage_limit_reached: false } };
  /** Accepted jobs. */
  readonly jobs: { id: string; body: Record<string, unknown>; created: number; visibleAt: number }[] = [];
  /** States in which lists show jobs; by default they are queued. */
  readonly listed = new Map<string, object>();
  /** Whether tags are not yet known where jobs are looked for by them. */
  tagsLag = false;
  /** Milliseconds after which the lists show an accepted job. */
  lag = 0;
  privateJobs = false;
  readonly cancelled: string[] = [];
  /** Jobs that nobody may cancel. */
  readonly refusedCancels: string[] = [];
  #states = 0;
  #results = 0;

  constructor(service: IbmService) {
    this.service = service;
    service.handle((request) => this.#answer(request));
  }

  accept(body: Record<string, unknown>): string {
    const id = `job-${this.jobs.length + 1}`;
    const created = this.service.clock.now();
    this.jobs.push({ id, body, created, visibleAt: created + this.lag });
    return id;
  }

  get bodies(): readonly Record<string, unknown>[] {
    return this.service.calls
      .filter(({ method, path }) => method === "POST" && path.endsWith("/jobs"))
      .map(({ body }) => JSON.parse(body));
  }

  count(method: string, path: RegExp): number {
    return this.service.calls.filter((call) => call.method === method && path.test(call.path)).length;
  }

  #answer({ method, path, body, query }: ReceivedRequest): Answer {
    const at = path.replace(/^\/api\/v1/, "");
    if (at.endsWith("/configuration")) return { json: configuration };
    if (at.endsWith("/properties")) return { json: properties };
    if (at === "/instances/usage") return this.usage;
    if (at === "/jobs" && method === "POST") {
      const script = this.posts.shift();
      if (script?.status !== undefined && script.status < 500) return script;
      // What the answer is matters to the caller only: the job is made.
      if (script === undefined || script.headers?.accepted !== "no") {
        const id = this.accept(JSON.parse(body));
        return script ?? { json: { id, backend: "small_device" } };
      }
      return script;
    }
    if (at === "/jobs") return this.#list(query);
    const [, id, rest] = /^\/jobs\/([^/]+)(\/.*)?$/.exec(at) ?? [];
    if (id === undefined) return { status: 404, json: { errors: [{ code: 1291, message: "not found" }] } };
    if (rest === "/results") return this.results[Math.min(this.#results++, this.results.length - 1)]!;
    if (rest === "/metrics") return { json: this.metrics };
    if (rest === "/logs") return { text: "a log" };
    if (rest === "/cancel" && this.refusedCancels.includes(id))
      return { status: 403, json: { errors: [{ code: 1200, message: "no" }] } };
    if (rest === "/cancel") {
      this.cancelled.push(id);
      return { status: 204 };
    }
    const state = this.states[Math.min(this.#states++, this.states.length - 1)]!;
    return "json" in state || "connection" in state || "text" in state || typeof (state as Answer).status === "number"
      ? (state as Answer)
      : { json: this.#body(id, state) };
  }

  #body(id: string, state: object): object {
    const job = this.jobs.find((accepted) => accepted.id === id);
    const sent = job?.body;
    return {
      id,
      backend: sent?.backend ?? "small_device",
      program: { id: sent?.program_id ?? "estimator" },
      created: new Date(job?.created ?? this.service.clock.now()).toISOString(),
      cost: sent?.cost ?? 100,
      status: "Whatever",
      state,
      tags: sent?.tags ?? [],
      private: this.privateJobs,
    };
  }

  #list(query: URLSearchParams): Answer {
    const tags = query.getAll("tags");
    const visible = this.jobs.filter(
      ({ body, visibleAt }) =>
        visibleAt <= this.service.clock.now() &&
        !(this.tagsLag && tags.length > 0) &&
        tags.every((tag) => (body.tags as string[]).includes(tag)),
    );
    // Newest first, as the service lists them.
    const jobs = visible.map(({ id }) => this.#body(id, this.listed.get(id) ?? { status: "Queued" })).reverse();
    return { json: { jobs, count: jobs.length, limit: 200, offset: Number(query.get("offset") ?? 0) } };
  }
}

let service: IbmService;
let script: ScriptedService;
let provider: IbmProvider;
let backend: IbmBackend;
beforeEach(async () => {
  service = await IbmService.start();
  script = new ScriptedService(service);
  provider = ibmProvider(service.clientOptions);
  backend = await provider.backend("small_device", { effort: 0 });
});
afterEach(() => service[Symbol.asyncDispose]());

const run = (options = {}, runOptions = {}) => backend.estimator(options).run([[circuit, "Z", [[0.3]]]], runOptions);
/** The error of a promise, which shows no secret however it is printed. */
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it succeeded");
    },
    (error) => {
      const printed = `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${error.stack}`;
      for (const secret of [CANARY.key, CANARY.crn, CANARY.token(1)]) expect(printed).not.toContain(secret);
      return error;
    },
  );

describe("what is sent", () => {
  test("a job with cost, tags, plain results and everything else that was asked for", async () => {
    const job = await run(
      {
        sessionId: "s-1",
        private: true,
        tags: ["mine"],
        calibrationId: "cal",
        logLevel: "debug",
        maxExecutionSeconds: 77.2,
        precision: 0.05,
      },
      { tags: ["step-3"], submitKey: "lp1-abc" },
    );
    const [body] = script.bodies;
    expect(openApiFault("EstimatorJobRequest", body)).toBeUndefined();
    expect(body).toMatchObject({
      program_id: "estimator",
      backend: "small_device",
      tags: ["mine", "step-3", "lp1-abc"],
      cost: 78,
      session_id: "s-1",
      private: true,
      calibration_id: "cal",
      log_level: "debug",
      params: { support_qiskit: false, version: 2, resilience_level: 0 },
    });
    expect(job.id).toBe("job-1");
  });

  test("cost follows from the plan, with a margin", async () => {
    const job = await run({ precision: 0.01 });
    expect(job.plan).toMatchObject({ pubs: 1, rows: 1, executions: 10_000, subJobs: 1 });
    expect(script.bodies[0]!.cost).toBe(Math.ceil(3 * job.plan!.quantumSeconds + 30));
    expect(job.plan!.quantumSeconds).toBeGreaterThan(2 + 10_000 * 250e-6);
    const slow = await run({ precision: 0.01, execution: { repDelay: 500e-6 } });
    expect(slow.plan!.quantumSeconds - job.plan!.quantumSeconds).toBeCloseTo(10_000 * 250e-6, 9);
    expect(script.bodies[1]!.cost).toBe(Math.ceil(3 * slow.plan!.quantumSeconds + 30));
  });

  test("cost lets mitigation by the service finish, which multiplies the executions", async () => {
    const costOf = async (options: object): Promise<number> => {
      await run({ precision: 0.002, ...options });
      return script.bodies.at(-1)!.cost as number;
    };
    const plain = await costOf({});
    const measured = (plain - 30) / 3 - 2;
    expect(measured).toBeGreaterThan(10);
    const times = (cost: number) => ((cost - 30) / 3 - 2) / measured;
    expect(times(await costOf({ resilienceLevel: 2 }))).toBeCloseTo(3, 1);
    const zne = { zneMitigation: true, zne: { noiseFactors: [1, 1.5, 2, 3, 4] } };
    expect(times(await costOf({ resilience: zne }))).toBeCloseTo(5, 1);
    // Ten times 250,000 executions, and 4 * 9 * 6 * 32 * 128 by which the noise is learned.
    const pec = { pecMitigation: true, pec: { maxOverhead: 10 } };
    expect(times(await costOf({ resilience: pec }))).toBeCloseTo(10 + 884_736 / 250_000, 1);
    expect(await costOf({ resilience: pec, maxExecutionSeconds: 50 })).toBe(50);
  });

  test.each<[string, object, number]>([
    ["more than the shots", { enableGates: true, numRandomizations: 500, shotsPerRandomization: 200 }, 100_000],
    ["of measurements alone", { enableMeasure: true, numRandomizations: 500, shotsPerRandomization: 200 }, 100_000],
    ["fewer than the shots", { enableGates: true, numRandomizations: 2, shotsPerRandomization: 3 }, 10_000],
    [
      "one left to the service",
      { enableGates: true, numRandomizations: 30_000, shotsPerRandomization: "auto" },
      30_000,
    ],
    ["twirling that is off", { enableGates: false, numRandomizations: 500, shotsPerRandomization: 200 }, 10_000],
  ])("plan and cost know the randomisations of twirling: %s", async (_, twirling, executions) => {
    const plain = await run({ precision: 0.01 });
    const job = await run({ precision: 0.01, twirling });
    expect(job.plan!.executions).toBe(executions);
    expect(job.plan!.circuits!.map((planned) => planned.executions)).toEqual([executions]);
    expect(job.plan!.quantumSeconds - 2).toBeCloseTo(((plain.plan!.quantumSeconds - 2) * executions) / 10_000, 9);
    expect(script.bodies[1]!.cost).toBe(Math.ceil(3 * job.plan!.quantumSeconds + 30));
  });

  test("readout mitigation twirls measurements unless that is off", async () => {
    const counts = { numRandomizations: 500, shotsPerRandomization: 200 };
    const executions = async (options: object) => (await run({ precision: 0.01, ...options })).plan!.executions;
    expect(await executions({ resilienceLevel: 1, twirling: counts })).toBe(100_000);
    expect(await executions({ resilienceLevel: 1, twirling: { ...counts, enableMeasure: false } })).toBe(10_000);
    expect(await executions({ resilienceLevel: 0, twirling: counts })).toBe(10_000);
  });

  test("tags that are no list of texts are refused", async () => {
    for (const tags of ["step-3", 5, [5], [""]])
      for (const asked of [run({}, { tags }), run({ tags })])
        expect(await failure(asked)).toMatchObject({ code: "IBM_TAGS" });
    expect(script.bodies).toEqual([]);
  });

  test("a circuit that is too wide is refused by compile as by run", async () => {
    const wide = Circuit.build(5, (c) => c.h(4));
    const compiling = async () => backend.compile(wide);
    for (const asked of [compiling(), backend.estimator().run([[wide, "ZIIII"]])])
      expect(await failure(asked)).toMatchObject({ code: "IBM_CIRCUIT_TOO_WIDE", ibmCode: "1517" });
  });

  test("nothing is sent when a check fails, and the usage is asked for before", async () => {
    script.usage = {
      json: {
        usage_consumed_seconds: 601,
        usage_limit_seconds: 600,
        usage_limit_reached: true,
        usage_period: { end_time: "2026-12-01T00:00:00Z" },
      },
    };
    const error = await failure(run());
    expect(error).toMatchObject({ code: "IBM_USAGE_LIMIT" });
    expect(error.message).toMatch(/601 s of 600 s.*2026-12-01/);
    expect(script.bodies).toEqual([]);
    const careless = await ibmProvider({ ...service.clientOptions, checkUsage: false }).backend("small_device", {
      effort: 0,
    });
    expect((await careless.estimator().run([[circuit, "Z", [[0]]]])).id).toBe("job-1");
  });

  test("without usage to be told the service decides", async () => {
    script.usage = { status: 404, json: { errors: [] } };
    expect((await run()).id).toBe("job-1");
  });

  test("limits count the shots that twirling makes, not those that were asked for", async () => {
    const provider = ibmProvider({ ...service.clientOptions, limits: { maxExecutionsPerJob: 250 } });
    const limited = await provider.backend("small_device", { effort: 0 });
    const measured = circuit.extend((c) => c.measureAll());
    const subJobs = async (shotsPerRandomization: number): Promise<number> => {
      const twirling = { enableMeasure: true, numRandomizations: 10, shotsPerRandomization };
      const plan = await limited.sampler({ shots: 100, twirling }).plan([[measured, [[0], [1], [2]]]]);
      return plan.subJobs;
    };
    expect(await subJobs(10)).toBe(2);
    expect(await subJobs(20)).toBe(3);
    await expect(subJobs(30)).rejects.toMatchObject({
      code: "IBM_LIMIT",
      message: expect.stringContaining("300 executions a row"),
    });
  });

  test("PUBs beyond a limit go into several jobs, whose results come back as one", async () => {
    const limited = await ibmProvider({ ...service.clientOptions, limits: { maxExecutionsPerJob: 250 } }).backend(
      "small_device",
      { effort: 0 },
    );
    const measured = circuit.extend((c) => c.measureAll());
    const ids: string[] = [];
    const job = await limited
      .sampler({ shots: 100 })
      .run([[measured, [[0], [1], [2]]]], { onSubmitted: (id) => void ids.push(id), submitKey: "k" });
    expect(ids).toEqual(["job-1", "job-2"]);
    expect(job.id).toBe("job-1,job-2");
    expect(job.plan).toMatchObject({ subJobs: 2, executions: 300 });
    expect(script.bodies.map(({ tags }) => tags)).toEqual([["k-0"], ["k-1"]]);
    const part = (rows: number, bit: string) => ({
      json: {
        results: [{ data: { meas: { samples: new Array(rows * 100).fill(bit), num_bits: 1 } }, metadata: {} }],
        metadata: {},
      },
    });
    script.results = [part(2, "0x0"), part(1, "0x1")];
    const [result] = await job.result();
    expect([0, 1, 2].map((row) => result!.registers.meas!.counts(row))).toEqual([{ 0: 100 }, { 0: 100 }, { 1: 100 }]);
    expect(await job.usage()).toEqual({ quantumSeconds: 7, executions: 300, final: true });
    const again = limited.sampler({ shots: 100 }).attach(job.id, [[measured, [[0], [1], [2]]]]);
    script.results = [part(2, "0x0"), part(1, "0x1")];
    expect(again.plan).toEqual(job.plan);
  });

  test("cancel reaches every job, also where one of them cannot be asked", async () => {
    const limited = await ibmProvider({ ...service.clientOptions, limits: { maxExecutionsPerJob: 100 } }).backend(
      "small_device",
      { effort: 0 },
    );
    const measured = circuit.extend((c) => c.measureAll());
    const job = await limited.sampler({ shots: 100 }).run([[measured, [[0], [1], [2]]]]);
    script.refusedCancels.push("job-1");
    expect(await failure(job.cancel())).toMatchObject({ code: "IBM_FORBIDDEN" });
    expect([...script.cancelled].sort()).toEqual(["job-2", "job-3"]);
  });

  test("where the second of two jobs is refused, the first is cancelled", async () => {
    const limited = await ibmProvider({ ...service.clientOptions, limits: { maxExecutionsPerJob: 250 } }).backend(
      "small_device",
      { effort: 0 },
    );
    script.posts.push(
      { status: 200, json: { id: "job-a" } },
      { status: 403, json: { errors: [{ code: 1200, message: "no" }] } },
    );
    const measured = circuit.extend((c) => c.measureAll());
    expect(await failure(limited.sampler({ shots: 200 }).run([[measured, [[0], [1]]]]))).toMatchObject({
      code: "IBM_FORBIDDEN",
    });
    expect(script.cancelled).toEqual(["job-a"]);
  });
});

describe("an ambiguous submit", () => {
  const lost: readonly [string, Answer][] = [
    ["a dropped connection", { connection: "drop" }],
    ["half an answer", { json: { id: "job-1", backend: "small_device" }, connection: "half" }],
    ["a 500", { status: 500, json: { errors: [{ code: 1000, message: "internal" }] } }],
    ["a 504", { status: 504, text: "<html>gateway</html>" }],
    ["an answer that is no JSON", { text: "<html>" }],
  ];

  test.each(lost)("%s after the job was made: it is found and not made again", async (_, answer) => {
    script.posts.push(answer);
    const job = await run();
    expect(job.id).toBe("job-1");
    expect(script.jobs).toHaveLength(1);
    expect((await job.result())[0]!.evs[0]).toBe(0.5);
  });

  test("a list that lags is asked until it shows the job", async () => {
    script.lag = 45_000;
    script.posts.push({ connection: "drop" });
    expect((await run()).id).toBe("job-1");
    expect(script.jobs).toHaveLength(1);
  });

  test("a search by tag that lags behind the list of all jobs is not relied upon", async () => {
    script.tagsLag = true;
    script.posts.push({ connection: "drop" });
    expect((await run()).id).toBe("job-1");
    expect(script.jobs).toHaveLength(1);
  });

  test("no job was made: it is submitted again under the same tag, once the lag has passed", async () => {
    script.posts.push({ connection: "drop", headers: { accepted: "no" } });
    const started = service.clock.now();
    const job = await run();
    expect(job.id).toBe("job-1");
    expect(service.clock.now() - started).toBeGreaterThanOrEqual(120_000);
    const [first, second] = script.bodies;
    expect(second!.tags).toEqual(first!.tags);
  });

  test("gives up after three submits without a sign, and names the tag", async () => {
    for (let i = 0; i < 3; i++) script.posts.push({ status: 502, text: "", headers: { accepted: "no" } });
    const error = await failure(run({}, { submitKey: "my-key" }));
    expect(error).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", retryable: true });
    expect(error.message).toMatch(/tag my-key/);
    expect(script.bodies).toHaveLength(3);
  });

  test("of one of several jobs: says by which key all are taken over, or how to find the one", async () => {
    const limited = await ibmProvider({ ...service.clientOptions, limits: { maxExecutionsPerJob: 250 } }).backend(
      "small_device",
      { effort: 0 },
    );
    const measured = circuit.extend((c) => c.measureAll());
    const runBoth = (runOptions: object) =>
      limited.sampler({ shots: 200 }).run([[measured, [[0], [1]]]], { ...runOptions });
    const loseSecond = () => {
      const id = script.accept({ tags: [], program_id: "sampler" });
      script.posts.push({ status: 200, json: { id } });
      for (let i = 0; i < 3; i++) script.posts.push({ status: 502, text: "", headers: { accepted: "no" } });
      return id;
    };
    loseSecond();
    const keyed = await failure(runBoth({ submitKey: "mine" }));
    expect(keyed).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN" });
    expect(keyed.message).toMatch(/tag mine-1; run it again with submitKey "mine"/);
    expect(script.cancelled).toEqual([]);
    const first = loseSecond();
    const bare = await failure(runBoth({}));
    expect(bare.message).toMatch(
      /tag (lepton-[\w-]+-1); find it with provider\.jobs\(\{ tags: \["\1"\] \}\) and cancel/,
    );
    expect(script.cancelled).toEqual([first]);
  });

  test("an abort while the answer is awaited leaves it open, and says how to find out", async () => {
    script.posts.push({ connection: "hang" });
    const controller = new AbortController();
    const running = failure(run({}, { submitKey: "hung", signal: controller.signal }));
    while (script.jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort(new Error("enough"));
    const error = await running;
    expect(error).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", cause: { message: "enough" } });
    expect(error.message).toMatch(/tag hung/);
    expect((await run({}, { submitKey: "hung" })).id).toBe("job-1");
  });

  test("a refusal is no ambiguity", async () => {
    script.posts.push({ status: 409, json: { errors: [{ code: 1352, message: "not authorized to run a session" }] } });
    expect(await failure(run())).toMatchObject({ code: "IBM_SESSION_PLAN" });
    expect(script.count("GET", /\/jobs$/)).toBe(0);
  });

  test("a run with a key of before takes the job over", async () => {
    await run({}, { submitKey: "again" });
    expect((await run({}, { submitKey: "again" })).id).toBe("job-1");
    expect(script.jobs).toHaveLength(1);
  });

  test("of two jobs of one key the older is kept and the other cancelled", async () => {
    const { id } = await run({}, { submitKey: "twice" });
    await service.clock.sleep(5000);
    script.accept(script.jobs[0]!.body);
    const job = await run({}, { submitKey: "twice" });
    expect(job.id).toBe(id);
    expect(job.surplusJobIds).toEqual(["job-2"]);
    expect(script.cancelled).toEqual(["job-2"]);
  });

  test("of two jobs of one key that which failed is not the one that is kept", async () => {
    const { id } = await run({}, { submitKey: "twice" });
    await service.clock.sleep(5000);
    script.accept(script.jobs[0]!.body);
    script.listed.set(id, { status: "Failed", reason: "Internal", reason_code: 1000 });
    const job = await run({}, { submitKey: "twice" });
    expect([job.id, job.surplusJobIds, script.cancelled]).toEqual(["job-2", [id], []]);
  });

  test("a key that another program's job bears is refused", async () => {
    await run({}, { submitKey: "clash" });
    const sampled = backend.sampler().run([[circuit.extend((c) => c.measureAll()), [[0]]]], { submitKey: "clash" });
    expect(await failure(sampled)).toMatchObject({ code: "IBM_SUBMIT_KEY", jobId: "job-1" });
  });
});

describe("waiting", () => {
  test("asks ever more rarely in the queue, and often while the job runs; all who wait share the questions", async () => {
    script.states = [
      ...new Array(12).fill({ status: "Queued" }),
      { status: "RUNNING" },
      { status: "running" },
      { status: "COMPLETED" },
    ];
    const job = await run();
    const before = service.clock.sleeps.length;
    const [first, second] = await Promise.all([job.result(), job.result()]);
    expect(second).toBe(first);
    const waits = service.clock.sleeps.slice(before);
    expect(waits.slice(0, 4)).toEqual([1, 1.5, 2.25, 3.375]);
    expect(waits[11]).toBe(30);
    expect(waits.slice(12)).toEqual([2, 2]);
    expect(script.count("GET", /\/jobs\/job-1$/)).toBe(15);
    expect(
      service.calls
        .filter(({ path }) => path.endsWith("/jobs/job-1"))
        .every(({ query }) => query.get("exclude_params") === "true"),
    ).toBe(true);
    expect(await job.status()).toBe("done");
  });

  test("an outage of any length is waited for", async () => {
    const down = new Array(40).fill({ status: 503, json: {} });
    script.states = [
      { status: "Queued" },
      ...down,
      { connection: "drop" },
      { text: "{", status: 200 },
      { status: "Completed" },
    ];
    expect((await (await run()).result())[0]!.evs[0]).toBe(0.5);
  });

  test("unknown words of the service are no end", async () => {
    script.states = [{ status: "Validating" }, { status: "Validating" }, { status: "Completed" }];
    const job = await run();
    expect(await job.states()).toMatchObject([{ status: "queued", word: "Validating" }]);
    expect(await job.result()).toHaveLength(1);
  });

  test("an abort ends the wait, not the job; with cancelRemote the job too", async () => {
    script.states = [{ status: "Queued" }];
    const job = await run();
    const controller = new AbortController();
    const waiting = failure(job.result({ signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect((await waiting).message).toBe("enough");
    expect(script.cancelled).toEqual([]);
    // Nobody waits any more, so nobody asks.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const asked = service.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(service.calls).toHaveLength(asked);
    expect(
      await failure(job.result({ signal: AbortSignal.abort(new Error("now")), cancelRemote: true })),
    ).toMatchObject({ message: "now" });
    expect(script.cancelled).toEqual(["job-1"]);
  });

  test.each<[string, object, object]>([
    [
      "Failed",
      {
        status: "Failed",
        reason: "The instruction h on qubits (0,) is not supported",
        reason_code: 1517,
        reason_solution: "Transpile it.",
      },
      {
        code: "JOB_FAILED",
        reasonCode: "1517",
        reason: "The instruction h on qubits (0,) is not supported",
        reasonSolution: "Transpile it.",
        retryable: false,
      },
    ],
    [
      "Failed by the service",
      { status: "failed", reason: "Internal", reasonCode: "9707" },
      { code: "JOB_FAILED", reasonCode: "9707", retryable: true },
    ],
    ["Cancelled", { status: "Cancelled", reason: "by user" }, { code: "JOB_CANCELLED" }],
    [
      "Cancelled by time",
      { status: "Cancelled", reason_code: 1305, reason: "ran too long" },
      { code: "JOB_RAN_TOO_LONG", reasonCode: "1305" },
    ],
  ])("%s: IBM's words and the charge", async (_, state, expected) => {
    script.states = [state];
    const job = await run();
    const error = await failure(job.result());
    expect(error).toBeInstanceOf(IbmJobError);
    expect(error).toMatchObject({ jobId: "job-1", costSoFar: { quantumSeconds: 3.5 }, ...expected });
    expect(error.message).toMatch(/3\.5 s/);
    expect(await failure(job.result())).toMatchObject(expected);
  });

  test("a job that is gone says so, also by provider.job", async () => {
    script.states = [{ status: 404, json: { errors: [{ code: 1291, message: "Job not found" }] } }];
    expect(await failure((await run()).result())).toMatchObject({ code: "JOB_NOT_FOUND", jobId: "job-1" });
    expect(await failure(provider.job("gone"))).toMatchObject({ code: "JOB_NOT_FOUND", jobId: "gone" });
  });
});

describe("results", () => {
  test("of a finished job may come late, and are asked for again", async () => {
    script.results = [{ status: 204 }, { status: 204 }, ...script.results];
    expect(await (await run()).result()).toHaveLength(1);
    script.results = [{ status: 204 }];
    expect(await failure((await run()).result())).toMatchObject({ code: "JOB_NO_RESULT" });
  });

  test("that were cut or do not fit are fetched again, and then refused with the job's id", async () => {
    const good = script.results[0]!;
    script.results = [{ text: '{"results":[{"da' }, { json: { results: [] } }, good];
    expect((await (await run()).result())[0]!.evs[0]).toBe(0.5);
    script.results = [{ json: { results: [{ data: { evs: [1, 2, 3], stds: [1, 2, 3] } }] } }];
    const job = await run();
    const error = await failure(job.result());
    expect(error).toMatchObject({ code: "RESULT_FORMAT", jobId: "job-2" });
    expect(error.message).toMatch(/Job job-2: .*shape \[3\] but 1 row\(s\) of 1/);
    script.results = [good];
    expect(await job.result()).toHaveLength(1);
  });

  test("of a private job are read once and kept", async () => {
    script.privateJobs = true;
    script.results = [{ text: '{"results": [NaN]}' }, { status: 204 }];
    const job = await run({ private: true });
    expect(await failure(job.result())).toMatchObject({ code: "RESULT_FORMAT" });
    expect(await Promise.all([job.rawResults(), job.rawResults()])).toEqual([
      ['{"results": [NaN]}'],
      ['{"results": [NaN]}'],
    ]);
    expect(script.count("GET", /results$/)).toBe(1);
  });

  test("bare NaN and Infinity are numbers", async () => {
    script.results = [
      { text: '{"results":[{"data":{"evs":[[NaN]],"stds":[[Infinity]]},"metadata":{}}],"metadata":{}}' },
    ];
    const [result] = await (await run()).result();
    expect([result!.evs[0], result!.stds[0]]).toEqual([Number.NaN, Infinity]);
  });

  test("with both kinds of errors: stds as told, the shots' own in the metadata", async () => {
    script.results = [
      {
        json: {
          results: [
            {
              data: { evs: [[0.1, 0.2]], stds: [[0.01, 0.02]], ensemble_standard_error: [[0.03, 0.04]] },
              metadata: { shots: 400 },
            },
          ],
          metadata: {
            execution: {
              execution_spans: [
                [{ date: "2026-01-01T00:00:00" }, { date: "2026-01-01T00:00:02" }, { 0: [[400], [0, 1], [0, 400]] }],
              ],
            },
          },
        },
      },
    ];
    const job = await backend.estimator().run([[circuit, [["Z"], ["X"]], [[0.3]]]]);
    const [result] = await job.result();
    expect(result).toMatchObject({ shape: [2, 1], evs: Float64Array.of(0.1, 0.2), stds: Float64Array.of(0.01, 0.02) });
    expect(result!.metadata).toEqual({ shots: 400, ensembleStandardErrors: Float64Array.of(0.03, 0.04) });
    expect(job.executionSpans()).toEqual([
      {
        start: "2026-01-01T00:00:00",
        stop: "2026-01-01T00:00:02",
        slices: [{ pub: 0, shape: [400], elements: [0, 1], shots: [0, 400] }],
      },
    ]);
  });

  test("in the tagged form of a job that Python submitted", async () => {
    const tagged = (type: string, value: unknown) => ({ __type__: type, __value__: value });
    const data = tagged("DataBin", { shape: [], fields: { evs: 0.25, stds: 0.5 } });
    script.results = [
      { json: tagged("PrimitiveResult", { pub_results: [tagged("PubResult", { data, metadata: {} })], metadata: {} }) },
    ];
    const job = await provider.job("job-9");
    expect(await job.result()).toMatchObject([{ shape: [], evs: Float64Array.of(0.25), stds: Float64Array.of(0.5) }]);
    expect(job.plan).toBeUndefined();
  });
});

test("the arrays of a result unpack to as much as the provider allows", async () => {
  const tagged = (type: string, value: unknown) => ({ __type__: type, __value__: value });
  const header = `${"{'descr':'<f8','fortran_order':False,'shape':(1000,),}".padEnd(117)}\n`;
  const npy = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(header),
    Buffer.alloc(8000),
  ]);
  const array = tagged("ndarray", deflateSync(npy).toString("base64"));
  const data = tagged("DataBin", { shape: [1000], fields: { evs: array, stds: array } });
  const pub = tagged("PubResult", { data, metadata: {} });
  script.results = [{ json: tagged("PrimitiveResult", { pub_results: [pub], metadata: {} }) }];
  const [result] = await (await provider.job("job-1")).result();
  expect(result!.shape).toEqual([1000]);
  const strict = ibmProvider({ ...service.clientOptions, maxInflatedBytes: 10_000 });
  expect(await failure((await strict.job("job-1")).result())).toMatchObject({ code: "RESULT_TOO_LARGE" });
});

test("the least busy backend is the one with the shortest queue, and mocks are none", async () => {
  const device = (name: string, pending: number, more = {}) => ({
    name,
    status: { name: "online" },
    qubits: 4,
    queue_length: pending,
    ...more,
  });
  const devices = [device("long", 9), device("mock", 0, { class: "mock" }), device("short", 2), device("middle", 5)];
  service.answer({ json: { devices } });
  expect((await provider.backends()).map(({ name }) => name)).toEqual(["long", "short", "middle"]);
  service.answer({ json: { devices } });
  expect((await provider.leastBusy({}, { effort: 0 })).name).toBe("short");
});

test("nothing that a user holds shows a secret", async () => {
  const job = await run();
  await job.result();
  for (const held of [provider, backend, backend.estimator(), job])
    for (const secret of [CANARY.key, CANARY.crn, CANARY.token(1)])
      expect(inspect(held, { depth: 10, showHidden: true }) + JSON.stringify(held)).not.toContain(secret);
});

describe("charge", () => {
  test("is not final while pending, and read from fields of older versions", async () => {
    script.metrics = { usage: { qpu_charge_time_seconds: 1, status: "pending" } };
    const job = await run();
    expect(await job.usage()).toEqual({ quantumSeconds: 1, executions: 4096, final: false });
    script.metrics = { usage: { quantum_seconds: 4 } };
    expect(await job.usage()).toMatchObject({ quantumSeconds: 4, final: true });
    script.metrics = { bss: { seconds: 5 } };
    expect(await job.usage()).toMatchObject({ quantumSeconds: 5 });
    script.metrics = {};
    expect(await job.usage()).toMatchObject({ quantumSeconds: 0, final: false });
    expect(await job.logs()).toBe("a log");
  });
});
