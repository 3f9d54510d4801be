import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Circuit, input } from "../../../circuits/index.ts";
import type { FaultRule } from "../../../providers/emulator/index.ts";
import type { IbmBackend, IbmBackendOptions } from "../../../providers/ibm/index.ts";
import type {
  EarlierSubmit,
  EstimatorPub,
  RunOptions,
  Submission,
  SubmitIntent,
  WaitStatus,
} from "../../../providers/index.ts";
import { InProcessEmulator, type InProcessProgram } from "../../support/in-process-emulator.ts";
import { smallDevice } from "../../support/small-device.ts";

const device = smallDevice(2);
const circuit = Circuit.build(1, (c) => c.rx(input("x"), 0));
const pubs: readonly EstimatorPub[] = [[circuit, "Z", [[0.3], [1.1]]]];
const KEY = "run-7-step-3";

let world: InProcessEmulator;
let program: InProcessProgram;
let backend: IbmBackend;
let lines: string[];
beforeEach(async () => {
  world = InProcessEmulator.open({ devices: [device], noise: false, sampling: "exact" });
  lines = [];
  program = world.process({ notify: (line) => void lines.push(line) });
  backend = await program.provider.backend("small_device", { effort: 0 });
});
afterEach(() => world[Symbol.asyncDispose]());

const run = (options: RunOptions = {}, sent = pubs) => backend.estimator().run(sent, { submitKey: KEY, ...options });
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it succeeded");
    },
    (error) => error,
  );
const onPost = (rule: FaultRule): void => void world.control.faults.add({ method: "POST", path: "/jobs", ...rule });
const requests = (method: string, path: RegExp): number =>
  world.journal.entries.filter((entry) => entry.method === method && path.test(entry.path)).length;
const posts = (): number => requests("POST", /\/jobs$/);
const lists = (): number => requests("GET", /\/jobs\?/);

/** What a journal would keep of submits. */
class Kept {
  readonly submits: EarlierSubmit[] = [];
  readonly intents: SubmitIntent[] = [];
  readonly submissions: (readonly [string, Submission])[] = [];
  readonly words: string[] = [];

  get options(): RunOptions {
    return {
      earlier: [...this.submits],
      beforeSubmit: (intent) => {
        this.intents.push(intent);
        const { key, bodyHash, serviceTime } = intent;
        this.submits.push({ key, bodyHash, serviceTime });
        return undefined;
      },
      onSubmitted: (id, submission) => void this.submissions.push([id, submission!]),
      onReconciling: (words) => void this.words.push(words),
    };
  }
}

/** The intent of a submit that was broken off, whether or not its job was made. */
async function brokenOff(made: boolean): Promise<Kept> {
  const kept = new Kept();
  onPost({ dropConnection: made ? "after" : "before" });
  const other = world.process();
  const estimator = (await other.provider.backend("small_device", { effort: 0 })).estimator();
  void estimator.run(pubs, { submitKey: KEY, ...kept.options });
  const dying = Promise.withResolvers<void>();
  other.onRequest = ({ method, url }, stage) => {
    if (method !== "POST" || !url.endsWith("/jobs") || stage === "sending") return;
    other.kill();
    dying.resolve();
  };
  await dying.promise;
  return kept;
}

describe("jobs that the service accepts for one job, whatever it answers then", () => {
  test.each<[string, FaultRule]>([
    ["500", { status: 500 }],
    ["504", { status: 504 }],
    ["a reset", { dropConnection: "after" }],
    ["429", { status: 429, code: 1202, retryAfter: 1 }],
    ["silence", { hang: true }],
  ])("%s: 1, and the run goes on", async (_, rule) => {
    onPost({ ...rule, phase: "after" });
    const [result] = await (await run()).result();
    expect(result!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
    expect(world.control.counts().jobs).toBe(1);
  });

  test("a lost connection, and lists that are out of date when they arrive: 1", async () => {
    world.control.set({ listLagSeconds: 110 });
    onPost({ dropConnection: "after" });
    const slow = world.process({
      lagSeconds: 120,
      exchange: async (request) => {
        const answer = await world.exchange(request);
        if (request.method === "GET" && /\/jobs\?/.test(request.url)) await world.clock.sleep(100_000);
        return answer;
      },
    });
    const estimator = (await slow.provider.backend("small_device", { effort: 0 })).estimator();
    const { id } = await estimator.run(pubs, { submitKey: KEY, earlier: [] });
    expect(world.control.jobs().map((job) => job.id)).toEqual([id]);
  });

  test("a connection that is lost each time: it is not submitted for ever", async () => {
    onPost({ dropConnection: "before", times: null });
    expect(await failure(run())).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", retryable: true });
    expect(posts()).toBe(3);
  });
});

describe("what is known of a submit that failed", () => {
  const outcomeOf = async (rule: FaultRule): Promise<unknown> => {
    onPost({ ...rule, times: null });
    const body = { program_id: "estimator", backend: "small_device", params: {}, tags: ["t"] } as never;
    const retries = { retries: 0 };
    return (await failure(program.provider.client.jobs.create(body, retries))).outcome;
  };

  test.each([400, 401, 403, 404, 409, 422, 429, 413, 415])("after %i there is no job", async (status) => {
    expect(await outcomeOf({ status })).toBe("rejected");
  });
  test.each([303, 402, 408, 418, 499, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 599])(
    "after %i it is not known",
    async (status) => {
      expect(await outcomeOf({ status })).toBe("unknown");
    },
  );
  test.each<[string, FaultRule]>([
    ["half an answer", { dropConnection: "midway" }],
    ["no answer", { hang: true }],
    ["a lost connection", { dropConnection: "before" }],
  ])("after %s it is not known", async (_, rule) => {
    expect(await outcomeOf(rule)).toBe("unknown");
  });
  test.each<[string, string]>([
    ["no JSON", "<html>"],
    ["JSON that was cut", '{"id": "c'],
    ["no id", "{}"],
    ["nothing", ""],
    ["an id that is none", '{"id": 7}'],
  ])("after a 200 with %s it is not known", async (_, text) => {
    const client = world.process({
      exchange: async (request) =>
        request.method === "POST" && request.url.endsWith("/jobs")
          ? { status: 200, header: () => undefined, body: Buffer.from(text) }
          : world.exchange(request),
    }).provider.client;
    const body = { program_id: "estimator", backend: "small_device", params: {}, tags: ["t"] } as never;
    expect(await failure(client.jobs.create(body))).toMatchObject({ outcome: "unknown", path: "/jobs" });
  });
  test("where no connection was made there is no job", async () => {
    program.offline = true;
    expect(await failure(run())).toMatchObject({ code: "IBM_NETWORK", outcome: "rejected" });
  });
});

describe("before each submit", () => {
  test("its key, hash, plan and the service's time are told, and again before one that is repeated", async () => {
    const kept = new Kept();
    const begun = world.time.now();
    onPost({ status: 429, retryAfter: 30 });
    onPost({ status: 401 });
    onPost({ dropConnection: "before" });
    const job = await run(kept.options);
    expect(kept.intents).toHaveLength(4);
    const [first] = kept.intents;
    const { quantumSeconds, executions } = job.plan!;
    expect(first).toMatchObject({ key: KEY, part: 0, parts: 1, quantumSeconds, executions });
    expect(first!.capSeconds).toBe(Math.ceil(3 * quantumSeconds + 30));
    expect(first!.bodyHash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(kept.intents.map(({ bodyHash }) => bodyHash)).size).toBe(1);
    const after = kept.intents.map(({ serviceTime }) => (serviceTime - begun) / 1000);
    expect(after.slice(0, 3)).toEqual([0, 30, 30]);
    // The third was lost, so its job was looked for.
    expect(after[3]).toBeGreaterThanOrEqual(150);
    expect(kept.submissions).toEqual([[job.id, { key: KEY, part: 0, parts: 1, adopted: false, surplus: [] }]]);
    expect(world.control.counts().jobs).toBe(1);
  });

  test("the hash is of what is computed, not of tags, session or cost", async () => {
    const hashOf = async (options: object, sent = pubs, tags: readonly string[] = []): Promise<string> => {
      const kept = new Kept();
      await backend.estimator(options).run(sent, { ...kept.options, earlier: [], submitKey: "k", tags });
      return kept.intents[0]!.bodyHash;
    };
    const plain = await hashOf({});
    expect(await hashOf({ maxExecutionSeconds: 9, tags: ["x"], calibrationId: "c" }, pubs, ["y"])).toBe(plain);
    expect(await hashOf({}, [[circuit, "Z", [[0.3], [1.2]]]])).not.toBe(plain);
    expect(await hashOf({ resilienceLevel: 1 })).not.toBe(plain);
  });

  test("what it throws prevents the submit, also one that is repeated, and is thrown as it is", async () => {
    for (const reason of [new Error("the lease is gone"), new TypeError("fetch failed"), "enough", undefined]) {
      const beforeSubmit = () => {
        throw reason;
      };
      expect(await failure(run({ beforeSubmit }))).toBe(reason);
    }
    expect(posts()).toBe(0);
    const repeated = new Error("not again");
    let calls = 0;
    onPost({ status: 429, retryAfter: 1 });
    const beforeSubmit = () => {
      if (++calls === 2) throw repeated;
      return undefined;
    };
    expect(await failure(run({ beforeSubmit }))).toBe(repeated);
    expect(posts()).toBe(1);
    expect(world.control.counts().jobs).toBe(0);
  });

  test("an abort while it is waited for prevents the submit", async () => {
    const abort = new AbortController();
    const beforeSubmit = async () => {
      abort.abort(new Error("enough"));
      return undefined;
    };
    expect((await failure(run({ signal: abort.signal, beforeSubmit }))).message).toBe("enough");
    expect(posts()).toBe(0);
  });

  test("the seconds that it grants are the cost; more than our own count for nothing, less than one is refused", async () => {
    const costs: unknown[] = [];
    const granted = async (maxQuantumSeconds: number) => {
      const job = await run({ submitKey: `k-${maxQuantumSeconds}`, beforeSubmit: () => ({ maxQuantumSeconds }) });
      costs.push((await program.provider.client.jobs.retrieve(job.id)).cost);
    };
    for (const seconds of [12, 12.9, 1, 10_000]) await granted(seconds);
    expect(costs).toEqual([12, 12, 1, Math.ceil(3 * (await backend.estimator().plan(pubs)).quantumSeconds + 30)]);
    for (const seconds of [0.9, 0, -1, Number.NaN])
      expect(await failure(granted(seconds))).toMatchObject({ code: "IBM_OPTION" });
    expect(world.control.counts().jobs).toBe(4);
  });
});

describe("with what became of the key before", () => {
  test("nothing: no search, one submit", async () => {
    const kept = new Kept();
    await run(kept.options);
    expect([lists(), posts(), kept.words]).toEqual([0, 1, []]);
  });

  test("a known job is taken as it is: nothing is sent, asked for or told", async () => {
    const { id } = await run(new Kept().options);
    const before = world.journal.count;
    const kept = new Kept();
    kept.submits.push({ key: KEY, bodyHash: "0", serviceTime: 0, jobId: id });
    const job = await run(kept.options);
    expect([job.id, kept.submissions, kept.words, world.journal.count - before]).toEqual([id, [], [], 0]);
    expect((await job.result())[0]!.evs[0]).toBeCloseTo(Math.cos(0.3), 9);
  });

  test("a submit that was broken off after its job was made: the job is adopted", async () => {
    const kept = await brokenOff(true);
    const job = await run(kept.options);
    expect(kept.submissions).toEqual([[job.id, { key: KEY, part: 0, parts: 1, adopted: true, surplus: [] }]]);
    expect(kept.words[0]).toMatch(
      /^Whether a job was accepted is not known: .* Reconciling: looking for its tag run-7-step-3 for up to \d+ s/,
    );
    expect(kept.words[1]).toBe(`Reconciled: the tag ${KEY} is that of job ${job.id}.`);
    expect(lines).toEqual(kept.words);
    expect(world.control.counts().jobs).toBe(1);
  });

  test("one that was broken off before: sent again under the same key, once it can no longer arrive and be listed", async () => {
    const kept = await brokenOff(false);
    const { serviceTime } = kept.intents[0]!;
    const { id } = await run(kept.options);
    expect(world.control.jobs()).toMatchObject([{ id, tags: [KEY] }]);
    // The timeout of submits, and the lag.
    const waited = (kept.intents[1]!.serviceTime - serviceTime) / 1000;
    expect(waited).toBeGreaterThanOrEqual(1020);
    expect(waited).toBeLessThan(1060);
    expect(kept.words.at(-1)).toBe(`Reconciled: no job bears the tag ${KEY}, so it is sent again.`);
  });

  test("the last of several, broken off an hour after the first, is waited for as long as any", async () => {
    const kept = await brokenOff(false);
    const [{ serviceTime }] = kept.submits as [EarlierSubmit];
    kept.submits.unshift({ ...kept.submits[0]!, serviceTime: serviceTime - 3_600_000 });
    await run(kept.options);
    expect((kept.intents[1]!.serviceTime - serviceTime) / 1000).toBeGreaterThanOrEqual(1020);
  });

  test("of days ago: one search is enough; and a time that is still to come counts as now", async () => {
    const kept = await brokenOff(false);
    await world.clock.sleep(3 * 86_400_000);
    const begun = world.time.now();
    await run(kept.options);
    expect([world.time.now() - begun, lists()]).toEqual([0, 2]);
    const wrong = new Kept();
    wrong.submits.push({ key: KEY, bodyHash: "0", serviceTime: world.time.now() + 30 * 86_400_000 });
    world.control.set({ listLagSeconds: 1e9 });
    await run(wrong.options);
    expect(world.time.now() - begun).toBeLessThan(1_060_000);
  });

  test("of the first of several submits, an hour before the last: found among the jobs of others", async () => {
    const kept = await brokenOff(true);
    for (let i = 0; i < 3; i++) {
      await world.clock.sleep(1_200_000);
      await run({ submitKey: `other-${i}` });
    }
    kept.submits.push({ ...kept.submits[0]!, serviceTime: world.time.now() });
    world.control.set({ ignoreTagFilter: true, pageCap: 1 });
    expect((await run(kept.options)).id).toBe(world.control.jobs()[0]!.id);
  });

  test("a list that is not filtered is read back to before the first submit, and without one to its 200th job", async () => {
    for (let i = 0; i < 230; i++) await run({ submitKey: `other-${i}`, earlier: [] });
    await world.clock.sleep(86_400_000);
    world.control.set({ pageCap: 20 });
    let before = lists();
    await run({ submitKey: "no-journal" });
    // By the tag an empty page, and of all jobs ten.
    expect(lists() - before).toBe(11);
    world.control.set({ ignoreTagFilter: true });
    const kept = await brokenOff(true);
    before = lists();
    await run(kept.options);
    // Each list is read until a page holds older jobs.
    expect(lists() - before).toBe(2);
  });

  test("a job that was sent under the key, though not what would be sent now, is adopted", async () => {
    const kept = await brokenOff(true);
    const others = [[circuit, "Z", [[0.5], [1.1]]]] as const;
    const job = await run(kept.options, others);
    expect(world.control.jobs().map(({ id }) => id)).toEqual([job.id]);
  });

  test("a job that was sent something else is not, and nothing is cancelled or sent", async () => {
    const { id } = await run({}, [[circuit, "Z", [[0.5], [1.1]]]]);
    const kept = new Kept();
    kept.submits.push({ key: KEY, bodyHash: "0".repeat(64), serviceTime: world.time.now() });
    const before = posts();
    const error = await failure(run(kept.options));
    expect(error).toMatchObject({ code: "IBM_SUBMIT_KEY", jobId: id, retryable: false });
    expect(posts()).toBe(before);
    expect(await (await program.provider.job(id)).status()).not.toBe("cancelled");
  });

  test("nor is one beside it that was: whose the other one is, nobody knows", async () => {
    world.control.setBackend("small_device", "paused");
    const kept = new Kept();
    const other = await run({ earlier: [] }, [[circuit, "Z", [[0.5], [1.1]]]]);
    await world.clock.sleep(5000);
    await run(kept.options);
    expect(await failure(run(kept.options))).toMatchObject({ code: "IBM_SUBMIT_KEY", jobId: other.id });
    expect(world.control.jobs().map(({ status }) => status)).toEqual(["Queued", "Queued"]);
  });

  test("a job to whose parameters the service has added defaults is", async () => {
    const kept = await brokenOff(true);
    const fuller = world.process({
      exchange: async (request) => {
        const answer = await world.exchange(request);
        if (!/\/jobs\/\w+\?exclude_params=false/.test(request.url)) return answer;
        const job = JSON.parse(answer.body.toString("utf8"));
        job.params.options = { ...job.params.options, execution: { init_qubits: true } };
        job.params.shots = null;
        return { ...answer, body: Buffer.from(JSON.stringify(job)) };
      },
    });
    const again = await fuller.provider.backend("small_device", { effort: 0 });
    const job = await again.estimator().run(pubs, { submitKey: KEY, ...kept.options });
    expect(world.control.jobs().map(({ id }) => id)).toEqual([job.id]);
  });

  test("a private job, whose parameters nobody is told, is adopted by program and backend", async () => {
    const kept = new Kept();
    const secret = backend.estimator({ private: true });
    const { id } = await secret.run(pubs, { submitKey: KEY, ...kept.options });
    expect((await secret.run(pubs, { submitKey: KEY, ...kept.options })).id).toBe(id);
  });

  test("of several jobs the oldest that has not failed is kept, and the others are cancelled and told", async () => {
    const kept = new Kept();
    world.control.setBackend("small_device", "paused");
    world.control.nextJobs([{ status: "Failed" }]);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      ids.push((await run({ ...kept.options, earlier: [] })).id);
      if (i === 0) world.control.setBackend("small_device", "online");
      await world.clock.sleep(5000);
      world.control.setBackend("small_device", "paused");
    }
    world.control.setBackend("small_device", "paused");
    kept.submissions.length = 0;
    const statuses = () => world.control.jobs().map(({ status }) => status);
    expect(statuses()).toEqual(["Failed", "Queued", "Queued", "Queued"]);
    const job = await run(kept.options);
    expect(job.id).toBe(ids[1]);
    expect(kept.submissions[0]![1]).toMatchObject({ adopted: true, surplus: [ids[0], ids[2], ids[3]] });
    expect(statuses()).toEqual(["Failed", "Queued", "Cancelled", "Cancelled"]);
    expect(job.surplusJobIds).toEqual([ids[0], ids[2], ids[3]]);
  });

  test("without a list nothing is known, so nothing is sent; the error can be retried", async () => {
    const kept = await brokenOff(false);
    world.control.faults.add({ method: "GET", path: "/jobs", status: 503, times: null });
    const before = posts();
    expect(await failure(run(kept.options))).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", retryable: true });
    world.control.faults.clear();
    world.control.faults.add({ method: "GET", path: "/jobs", status: 403, times: null });
    expect(await failure(run(kept.options))).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", cause: { status: 403 } });
    expect(posts()).toBe(before);
  });

  test("an abort ends the search, and nothing is sent", async () => {
    const kept = await brokenOff(false);
    const abort = new AbortController();
    const before = posts();
    const options = { ...kept.options, signal: abort.signal, onReconciling: () => abort.abort(new Error("enough")) };
    const error = await failure(run(options));
    expect(error).toMatchObject({ code: "IBM_SUBMIT_UNKNOWN", cause: { message: "enough" } });
    expect(posts()).toBe(before);
  });

  test("a job is found though the seconds of the instance are used up; a new one is not sent then", async () => {
    const kept = await brokenOff(true);
    world.control.set({ usageLimitSeconds: 600, usageConsumedSeconds: 600 });
    expect((await run(kept.options)).id).toBe(world.control.jobs()[0]!.id);
    const error = await failure(run({ ...new Kept().options, submitKey: "another" }));
    expect(error).toMatchObject({ code: "IBM_USAGE_LIMIT" });
  });

  test.each<[string, RunOptions]>([
    ["earlier without a key", { earlier: [] }],
    ["no list", { submitKey: KEY, earlier: "x" as never }],
    ["an entry without a time", { submitKey: KEY, earlier: [{ key: KEY, bodyHash: "" } as never] }],
    ["an empty id", { submitKey: KEY, earlier: [{ key: KEY, bodyHash: "", serviceTime: 1, jobId: "" }] }],
    ["no function", { beforeSubmit: 5 as never }],
    ["no function for words", { onReconciling: "log" as never }],
  ])("%s is refused", async (_, options) => {
    expect(await failure(backend.estimator().run(pubs, options))).toMatchObject({ code: "PUB_FORM" });
  });
});

describe("PUBs that take several jobs", () => {
  const measured = circuit.extend((c) => c.measureAll());
  const sampled = [[measured, [[0], [1], [2]]]] as const;
  const split = async () => {
    const limited = world.process({ limits: { maxExecutionsPerJob: 100 } });
    return (await limited.provider.backend("small_device", { effort: 0 })).sampler({ shots: 100 });
  };

  test("are told part by part; those that are known are not sent again", async () => {
    const kept = new Kept();
    const sampler = await split();
    const job = await sampler.run(sampled, { submitKey: KEY, ...kept.options });
    const ids = job.id.split(",");
    expect(kept.submissions.map(([id, { key, part, parts }]) => [id, key, part, parts])).toEqual(
      [0, 1, 2].map((part) => [ids[part], `${KEY}-${part}`, part, 3]),
    );
    // The second was made, and its answer lost with the process; the third was not yet sent.
    const earlier = kept.submits
      .slice(0, 2)
      .map((submit, part) => (part === 0 ? { ...submit, jobId: ids[0]! } : submit));
    await program.provider.client.jobs.cancel(ids[2]!);
    const again = new Kept();
    const taken = await sampler.run(sampled, { submitKey: KEY, ...again.options, earlier });
    expect(taken.id.split(",").slice(0, 2)).toEqual(ids.slice(0, 2));
    expect(again.submissions.map(([, { part, adopted }]) => [part, adopted])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  test("are refused where they take other jobs than before", async () => {
    const kept = new Kept();
    kept.submits.push({ key: KEY, bodyHash: "0", serviceTime: 1, jobId: "j" });
    const error = await failure((await split()).run(sampled, { submitKey: KEY, ...kept.options }));
    expect(error).toMatchObject({ code: "IBM_SUBMIT_KEY", jobId: "j" });
    expect(posts()).toBe(0);
  });
});

describe("a session that the backend opens", () => {
  const opened: string[] = [];
  const withSession = (options: IbmBackendOptions = {}) =>
    program.provider.backend("small_device", {
      effort: 0,
      session: "batch",
      onSession: (id) => void opened.push(id),
      ...options,
    });
  beforeEach(() => void opened.splice(0));
  const sessionOf = async (id: string) => (await program.provider.client.jobs.retrieve(id)).session_id;

  test("is opened by the first submit, kept, and another is opened once it is closed", async () => {
    const own = await withSession();
    const estimator = own.estimator();
    expect(opened).toEqual([]);
    const first = await estimator.run(pubs);
    const second = await estimator.run(pubs);
    expect(opened).toHaveLength(1);
    expect([await sessionOf(first.id), await sessionOf(second.id)]).toEqual([opened[0], opened[0]]);
    await first.result();
    world.control.closeSession(opened[0]!);
    const third = await estimator.run(pubs);
    expect(opened).toHaveLength(2);
    expect(await sessionOf(third.id)).toBe(opened[1]);
    expect(own.sessionIds).toEqual(opened);
    expect(world.control.counts().jobs).toBe(3);
    await own.closeSession();
    expect(await program.provider.client.sessions.retrieve(opened[1]!)).toMatchObject({ accepting_jobs: false });
  });

  test("has its id kept before its first job is sent", async () => {
    let known: boolean | undefined;
    const estimator = (
      await withSession({
        async onSession(id) {
          await world.clock.sleep(1000);
          opened.push(id);
        },
      })
    ).estimator();
    program.onRequest = ({ method, url }, stage) => {
      if (stage === "sending" && method === "POST" && url.endsWith("/jobs")) known = opened.length === 1;
    };
    await estimator.run(pubs);
    expect(known).toBe(true);
  });

  test("is one for all that are submitted at the same time", async () => {
    const estimator = (await withSession()).estimator();
    await Promise.all([estimator.run(pubs), estimator.run(pubs)]);
    expect(opened).toHaveLength(1);
    expect(requests("POST", /\/sessions$/)).toBe(1);
  });

  test("is opened again once for a submit, and one that the caller names is not", async () => {
    onPost({ status: 400, code: 1217, times: null });
    const own = await withSession();
    expect(await failure(own.estimator().run(pubs))).toMatchObject({ code: "IBM_SESSION_CLOSED" });
    expect([opened.length, posts()]).toEqual([2, 2]);
    const named = await failure(own.estimator({ sessionId: opened[0]! }).run(pubs));
    expect(named).toMatchObject({ code: "IBM_SESSION_CLOSED", outcome: "rejected" });
    expect([opened.length, posts()]).toEqual([2, 3]);
  });

  test("goes on with one of before, while that is open", async () => {
    const before = await program.provider.batch({ backend: "small_device" });
    const own = await withSession({ sessionId: before.id });
    const job = await own.estimator().run(pubs);
    expect([await sessionOf(job.id), opened]).toEqual([before.id, []]);
    await job.result();
    world.control.closeSession(before.id);
    expect(await sessionOf((await own.estimator().run(pubs)).id)).toBe(opened[0]);
  });

  test("that cannot be opened leaves no doubt of a job", async () => {
    world.control.faults.add({ method: "POST", path: "/sessions", status: 500, times: null });
    const own = await withSession();
    const error = await failure(own.estimator().run(pubs, { submitKey: KEY, earlier: [] }));
    expect(error).toMatchObject({ code: "IBM_SERVICE", path: "/sessions", retryable: true });
    expect([posts(), lists()]).toEqual([0, 0]);
    world.control.faults.clear();
    expect((await own.estimator().run(pubs)).id).toBe(world.control.jobs()[0]!.id);
  });

  test("is closed also when it is opened for a submit that was given up meanwhile, or its id could not be kept", async () => {
    world.control.faults.add({ method: "POST", path: "/sessions", delaySeconds: 20 });
    const accepting = async (id: string) => (await program.provider.client.sessions.retrieve(id)).accepting_jobs;
    const own = await withSession();
    const leave = new AbortController();
    const run = failure(own.estimator().run(pubs, { signal: leave.signal }));
    await world.clock.sleep(10_000);
    leave.abort(new Error("left"));
    expect((await run).message).toBe("left");
    await own.closeSession();
    expect(opened).toHaveLength(1);
    expect(await accepting(opened[0]!)).toBe(false);
    const onSession = (): never => {
      throw new Error("full");
    };
    const forgetful = await withSession({ onSession });
    expect((await failure(forgetful.estimator().run(pubs))).message).toBe("full");
    expect(await accepting(forgetful.sessionIds[0]!)).toBe(false);
    expect(posts()).toBe(0);
  });

  test("that ends before a job of it has run leaves an error that can be retried; a cancel by hand does not", async () => {
    world.control.setBackend("small_device", "paused");
    const own = await withSession();
    const job = await own.estimator().run(pubs);
    world.control.closeSession(opened[0]!);
    const error = await failure(job.result());
    expect(error).toMatchObject({ code: "JOB_CANCELLED", retryable: true });
    expect(error.message).toMatch(/since its session ended/);
    const other = await own.estimator().run(pubs);
    await other.cancel();
    expect(await failure(other.result())).toMatchObject({ code: "JOB_CANCELLED", retryable: false });
    world.control.setBackend("small_device", "online");
    const reason = "The session reached its maximum time before the job could run.";
    world.control.nextJobs([{ status: "Failed", reasonCode: 4001, reason }]);
    const late = await failure((await own.estimator().run(pubs)).result());
    expect(late).toMatchObject({ code: "JOB_FAILED", retryable: true });
    expect(late.message).toMatch(/Its session ended before it could run/);
  });

  test.each<[string, IbmBackendOptions]>([
    ["another mode", { session: "job" as never }],
    ["a hook without a session", { session: undefined as never, onSession: () => {} }],
    ["a hook that is none", { onSession: "log" as never }],
  ])("%s is refused", async (_, options) => {
    expect(await failure(withSession(options))).toMatchObject({ code: "IBM_OPTION" });
  });
});

test("a backend that takes no jobs: surely refused, not tried again at once, and worth trying later", async () => {
  world.control.setBackend("small_device", "offline");
  const error = await failure(run());
  expect(error).toMatchObject({ code: "IBM_BACKEND_UNAVAILABLE", outcome: "rejected", retryable: true, attempts: 1 });
  expect(posts()).toBe(1);
  for (const [state, operational] of [
    ["offline", false],
    ["paused", false],
    ["maintenance", false],
    ["online", true],
  ] as const) {
    world.control.setBackend("small_device", state);
    expect((await backend.status()).operational).toBe(operational);
  }
  onPost({ status: 503, code: 1999 });
  expect((await run()).id).toBe(world.control.jobs()[0]!.id);
});

describe("waiting", () => {
  test("tells at every question how the job stands, also that nothing answers", async () => {
    world.control.setBackend("small_device", "paused");
    const job = await run();
    const told: WaitStatus[] = [];
    const also: WaitStatus[] = [];
    const results = Promise.all([
      job.result({ onStatus: (status) => void told.push(status) }),
      job.result({ onStatus: (status) => void also.push(status) }),
    ]);
    await world.clock.sleep(60_000);
    world.control.faults.add({ path: "/jobs/*", status: 503, times: 4 });
    await world.clock.sleep(120_000);
    program.offline = true;
    await world.clock.sleep(1_800_000);
    program.offline = false;
    world.control.setBackend("small_device", "online");
    await results;
    const statuses = told.map(({ status }) => status);
    expect([statuses[0], statuses.at(-1)]).toEqual(["queued", "done"]);
    expect(told[0]!.words).toBe("queued at small_device");
    const lost = told.filter(({ status }) => status === "unreachable");
    expect(lost.length).toBeGreaterThan(60);
    expect(lost[3]!.words).toMatch(
      /^no answer since 2026-01-01T00:01:\S+Z, asked 4 times: GET \/jobs\/\{id\} answered 503/,
    );
    expect(lost.at(-1)!.words).toMatch(/^no answer since 2026-01-01T00:0\S+Z, asked \d\d times: .* ECONNREFUSED/);
    expect(also).toEqual(told);
    // One question each, and none faster for it.
    expect(requests("GET", /\/jobs\/\w+\?/)).toBeLessThan(30);
  });

  test("waits as long as a busy service asks", async () => {
    world.control.setBackend("small_device", "paused");
    const job = await run();
    world.control.faults.add({ path: "/jobs/*", status: 429, retryAfter: 240 });
    const times: number[] = [];
    const results = job.result({ onStatus: () => void times.push(world.time.now()) });
    await world.clock.sleep(300_000);
    world.control.setBackend("small_device", "online");
    await results;
    expect(times[1]! - times[0]!).toBe(240_000);
  });

  test("what a listener throws ends its own wait alone", async () => {
    const job = await run();
    const onStatus = () => {
      throw new Error("mine");
    };
    const [broken, fine] = await Promise.allSettled([job.result({ onStatus }), job.result()]);
    expect([broken.status, fine.status]).toEqual(["rejected", "fulfilled"]);
    expect(await failure(job.result({ onStatus: 5 as never }))).toMatchObject({ code: "PUB_FORM" });
  });
});

describe("a backend whose jobs outlive the process", () => {
  test("names its account without its CRN, its pace and its clock", async () => {
    expect(backend.account).toBe(program.provider.client.credentials.instanceHash);
    expect(backend.account).toMatch(/^[0-9a-f]{64}$/);
    expect(backend.clock).toBe(program.clock);
    expect(backend.submitsPerMinute).toBeUndefined();
    const url = "https://quantum.test/api/v1";
    const cloud = world.process({ url, iamUrl: "https://iam.test" });
    expect((await cloud.provider.backend("small_device")).submitsPerMinute).toBe(5);
  });

  test("lists jobs by a tag, over all pages, cancels them, and tells what they were charged", async () => {
    world.control.set({ ignoreTagFilter: true, pageCap: 2 });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push((await backend.estimator().run(pubs, { tags: ["lp-run-1"] })).id);
      await backend.estimator().run(pubs, { tags: ["lp-run-12"] });
      await world.clock.sleep(10_000);
    }
    world.control.setBackend("small_device", "paused");
    const waiting = await backend.estimator().run(pubs, { tags: ["lp-run-1"] });
    const found = await backend.jobsTagged("lp-run-1");
    expect(found.map(({ id }) => id)).toEqual([...ids, waiting.id]);
    expect(found.map(({ status }) => status)).toEqual([...new Array(5).fill("done"), "queued"]);
    expect(found[0]).toMatchObject({ tags: ["lp-run-1", expect.stringMatching(/^lepton-/)] });
    expect(found[5]!.created).toBe(world.time.now());
    await backend.cancelJob(waiting.id);
    await backend.cancelJob(ids[0]!);
    expect((await backend.jobsTagged("lp-run-1"))[5]!.status).toBe("cancelled");
    const usage = await backend.jobUsage(`${ids[0]},${ids[1]}`);
    const [truth] = world.control.jobs();
    expect(usage).toEqual({
      quantumSeconds: 2 * truth!.quantumSeconds,
      executions: 2 * truth!.executions,
      final: true,
    });
    for (const asked of [backend.cancelJob("none"), backend.jobUsage("none")])
      expect(await failure(asked)).toMatchObject({ code: "JOB_NOT_FOUND" });
    const aborted = { signal: AbortSignal.abort(new Error("enough")) };
    for (const asked of [
      backend.jobsTagged("a", aborted),
      backend.cancelJob(ids[0]!, aborted),
      backend.jobUsage("a", aborted),
    ])
      expect((await failure(asked)).message).toBe("enough");
  });

  test("keeps what was sent: the circuits as text, and when the device was calibrated", async () => {
    const estimator = backend.estimator();
    const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
    const two: readonly EstimatorPub[] = [...pubs, [bell, ["ZZ", "XX"]]];
    const { circuits, calibration } = estimator.record(two);
    expect(calibration).toBe(device.properties!.last_update_date);
    expect(circuits.map(({ hash }) => hash)).toEqual([circuit.hash, bell.hash]);
    const job = await estimator.run(two);
    const { params } = await program.provider.client.jobs.retrieve(job.id, { includeParams: true });
    expect(circuits.map(({ qasm }) => qasm)).toEqual((params as { pubs: [string][] }).pubs.map(([text]) => text));
  });
});
