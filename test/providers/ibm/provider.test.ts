import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Circuit, input, isaAngleFaults, weight } from "../../../circuits/index.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../../providers/emulator/index.ts";
import { type IbmProvider, ibmProvider, SubmitLimiter } from "../../../providers/ibm/index.ts";
import { smallDevice } from "../../support/small-device.ts";

const open: Emulator[] = [];
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close();
});
async function start(
  options: EmulatorOptions = {},
  providerOptions = {},
): Promise<{ emulator: Emulator; provider: IbmProvider }> {
  const emulator = await startEmulator({ devices: [smallDevice(6)], clock: "automatic", noise: false, ...options });
  open.push(emulator);
  const { token, crn: instance, url, iamUrl } = emulator;
  const provider = ibmProvider({
    token,
    instance,
    url,
    iamUrl,
    accountFile: false,
    environment: {},
    limiter: new SubmitLimiter({ limit: 1000 }),
    poll: { firstSeconds: 0.002 },
    ...providerOptions,
  });
  return { emulator, provider };
}
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it succeeded");
    },
    (error) => error,
  );
const circuit = Circuit.build(2, (c) => c.ry(input("x"), 0).cx(0, 1).rzz(weight("w"), 0, 1));

describe("backends", () => {
  let provider: IbmProvider;
  let emulator: Emulator;
  beforeEach(async () => {
    ({ provider, emulator } = await start({ devices: [smallDevice(6), "manila"] }));
  });

  test("are listed and filtered", async () => {
    const all = await provider.backends();
    expect(all.map(({ name }) => name).sort()).toEqual(["ibmq_manila", "small_device"]);
    expect(all.find(({ name }) => name === "small_device")).toMatchObject({
      online: true,
      numQubits: 6,
      pendingJobs: 0,
      simulator: false,
      processor: "Heron r2",
    });
    const names = async (filter: Parameters<typeof provider.backends>[0]) =>
      (await provider.backends(filter)).map(({ name }) => name);
    expect(await names({ minQubits: 6 })).toEqual(["small_device"]);
    expect(await names({ processor: "falcon" })).toEqual(["ibmq_manila"]);
    expect(await names({ name: "mani", online: true, simulator: false })).toEqual(["ibmq_manila"]);
    expect(await names({ where: ({ numQubits }) => numQubits === 6 })).toEqual(["small_device"]);
    expect(await failure(provider.backends({ qubits: 5 } as never))).toMatchObject({ code: "PUB_FORM" });
  });

  test("the least busy one that is online", async () => {
    expect((await provider.leastBusy({ minQubits: 6 })).name).toBe("small_device");
    const error = await failure(provider.leastBusy({ minQubits: 50 }));
    expect(error).toMatchObject({ code: "IBM_NO_BACKEND", retryable: false });
    expect(error.message).toMatch(/ibmq_manila \(online, 5 qubits\)/);
    // Those in maintenance tonight may be online tomorrow.
    for (const name of ["ibmq_manila", "small_device"]) emulator.control.setBackend(name, "maintenance");
    expect(await failure(provider.leastBusy())).toMatchObject({ code: "IBM_NO_BACKEND", retryable: true });
  });

  test("an unknown name gets the near ones", async () => {
    const error = await failure(provider.backend("ibmq_manilla"));
    expect(error).toMatchObject({ code: "IBM_BACKEND_UNKNOWN" });
    expect(error.message).toMatch(/Did you mean ibmq_manila\?/);
  });

  test("the calibration is asked for once, and again when wanted", async () => {
    const asked = () => emulator.journal.entries.filter(({ path }) => path.endsWith("/properties")).length;
    const first = await provider.backend("small_device");
    await provider.backend("small_device", { effort: 3 });
    expect(asked()).toBe(1);
    const fresh = await provider.backend("small_device", { refresh: true });
    expect(asked()).toBe(2);
    expect(fresh.target.hash).toBe(first.target.hash);
    expect(first.target.calibratedAt).toBe("2026-11-24T06:00:00+00:00");
  });

  test("compiles as its options say", async () => {
    const options = { effort: 0, seed: 9, initialLayout: [3, 5] } as const;
    const compiled = (await provider.backend("small_device", options)).compile(circuit);
    expect(compiled).toMatchObject({ effort: 0, seed: 9, initialLayout: [3, 5] });
    expect((await provider.backend("small_device", { effort: 3 })).compile(circuit)).toMatchObject({ effort: 3 });
  });

  test("status, capabilities and options", async () => {
    const backend = await provider.backend("small_device");
    expect(await backend.status()).toMatchObject({ operational: true, pendingJobs: 0 });
    expect(backend.capabilities).toEqual({
      local: false,
      adjoint: false,
      exact: false,
      dynamicCircuits: true,
      idempotentSubmit: "reconcile",
      limits: { maxQubits: 6, maxShots: 10_000_000 },
    });
    expect(() => backend.estimator({ resilience_level: 1 } as never)).toThrow(/no option "resilience_level"/);
    expect(() => backend.estimator({ resilienceLevel: 3 } as never)).toThrow(
      expect.objectContaining({ code: "IBM_OPTION" }),
    );
    expect(() => backend.sampler({ maxExecutionSeconds: 20_000 })).toThrow(/1 to 10800/);
    expect(() => backend.sampler({ execution: { repDelay: 0.0006 } })).toThrow(/0\.0006 s.*0 to 0\.0005 s/);
    expect(() => backend.sampler({ execution: { repDelay: 0.0005 } })).not.toThrow();
    expect(await failure(provider.backend("small_device", { fractional: true } as never))).toMatchObject({
      code: "PUB_FORM",
    });
  });
});

describe("plans and checks", () => {
  test("a plan is what a run then sends, and nothing is sent for it", async () => {
    const { provider, emulator } = await start();
    const backend = await provider.backend("small_device", { effort: 2 });
    const pubs = [[circuit, ["ZZ", "XX"], [[[0.1, 0.2]], [[0.3, 0.4]]]]] as const;
    const plan = await backend.estimator({ precision: 0.05 }).plan(pubs as never);
    expect(
      emulator.journal.entries.filter(({ method }) => method === "POST").filter(({ path }) => path.endsWith("/jobs")),
    ).toEqual([]);
    const job = await backend.estimator({ precision: 0.05 }).run(pubs as never);
    expect(job.plan).toEqual(plan);
    expect(plan).toMatchObject({ pubs: 1, rows: 2, executions: 2 * 2 * 400, subJobs: 1 });
    await job.result();
    const usage = await job.usage();
    expect(usage.executions).toBe(plan.executions);
    expect(Math.abs(usage.quantumSeconds - plan.quantumSeconds)).toBeLessThan(0.1 * plan.quantumSeconds);
    expect((await provider.usage()).consumedSeconds).toBeCloseTo(usage.quantumSeconds, 6);
  });

  test("refuses what no job should be made of", async () => {
    const { provider, emulator } = await start();
    const estimator = (await provider.backend("small_device")).estimator();
    const wide = Circuit.build(7, (c) => c.h(6));
    expect(await failure(estimator.run([[wide, "ZIIIIII"]]))).toMatchObject({ code: "IBM_CIRCUIT_TOO_WIDE" });
    expect(await failure(estimator.run([[circuit, "ZZ", [0, 0], 0]]))).toMatchObject({ code: "PUB_PRECISION" });
    expect(await failure(estimator.run([[circuit.extend((c) => c.measureAll()), "ZZ", [0, 0]]]))).toMatchObject({
      code: "IBM_NOT_ISA",
      ibmCode: "1522",
    });
    expect(await failure(estimator.run([[circuit, "ZZ", { shape: [0, 2], data: new Float64Array(0) }]]))).toMatchObject(
      { code: "IBM_NOTHING_TO_RUN" },
    );
    const tags = Array.from({ length: 8 }, (_, i) => `t${i}`);
    expect(await failure(estimator.run([[circuit, "ZZ", [0, 0]]], { tags }))).toMatchObject({ code: "IBM_TAGS" });
    expect(await failure(estimator.run([[circuit, "ZZ", [0, 0]]], { submitKey: "a b" }))).toMatchObject({
      code: "PUB_FORM",
    });
    expect(emulator.journal.entries.filter(({ method, path }) => method === "POST" && path.endsWith("/jobs"))).toEqual(
      [],
    );
  });

  test("fractional gates: angles of every row are folded into the device's range", async () => {
    const { provider } = await start({ devices: [smallDevice(6, { fractional: true })] });
    const backend = await provider.backend("small_device", { fractionalGates: true });
    // From |++> the angle w of rzz gives <YZ> = sin w.
    const twisted = Circuit.build(2, (c) => c.h(0).h(1).rzz(weight("w"), 0, 1));
    const angles = [-3, -0.4, 0.3, 1.2, 2.9, 7];
    const compiled = backend.compile(twisted);
    expect(compiled.circuit.count().rzz).toBeGreaterThan(0);
    const values = compiled.bindRows(Float64Array.from(angles), angles.length);
    expect(isaAngleFaults(compiled.circuit, values, angles.length)).toEqual([]);
    const job = await backend.estimator({ precision: 0.01 }).run([[twisted, "YZ", angles.map((angle) => [angle])]]);
    const [result] = await job.result();
    for (const [row, ev] of result!.evs.entries()) expect(Math.abs(ev - Math.sin(angles[row]!))).toBeLessThan(0.06);
  });
});

describe("samples", () => {
  const flipped = Circuit.build(1, (c) => c.rx(weight("w"), 0).measureAll());

  test("of a PUB without rows are none, and those of the PUBs beside it come", async () => {
    const { provider } = await start();
    const sampler = (await provider.backend("small_device")).sampler({ shots: 10 });
    const none = { shape: [2, 0, 1], data: new Float64Array(0) };
    const [empty, full] = await (
      await sampler.run([
        [flipped, none],
        [flipped, [Math.PI]],
      ])
    ).result();
    expect(empty).toMatchObject({ shape: [2, 0], registers: { meas: { numBits: 1, shape: [2, 0] } } });
    expect(empty!.registers.meas!.counts()).toEqual({});
    expect(full!.registers.meas!.counts()).toEqual({ 1: 10 });
  });

  test.each([
    ["α", "β"],
    ["Ωx1", "c"],
    ["if", "input"],
    ["cz", "p0"],
  ])("of registers %s and %s come by their names, whatever the letters", async (first, second) => {
    const { provider } = await start();
    const sampler = (await provider.backend("small_device")).sampler({ shots: 10 });
    const measured = Circuit.build(2, (c) => {
      const [high, low] = [c.register(first, 2), c.register(second, 2)];
      c.x(0)
        .measure(0, high.offset + 1)
        .measure(1, high.offset)
        .measure(0, low.offset)
        .measure(1, low.offset + 1);
    });
    const [result] = await (await sampler.run([[measured]])).result();
    expect(Object.keys(result!.registers)).toEqual([first, second]);
    expect(result!.registers[first]!.counts()).toEqual({ 10: 10 });
    expect(result!.registers[second]!.counts()).toEqual({ "01": 10 });
  });

  test("of rows without parameters keep to the limit of shots, in one job", async () => {
    const { provider, emulator } = await start({}, { limits: { maxShots: 1000 } });
    const sampler = (await provider.backend("small_device")).sampler({ shots: 400 });
    const still = Circuit.build(1, (c) => c.x(0).measureAll());
    const rows = { shape: [5, 0], data: new Float64Array(0) };
    const job = await sampler.run([[still, rows]]);
    const [result] = await job.result();
    expect([0, 4].map((row) => result!.registers.meas!.counts(row))).toEqual([{ 1: 400 }, { 1: 400 }]);
    const [sent, ...others] = emulator.control.jobs();
    expect(others).toEqual([]);
    expect(sent).toMatchObject({ pubs: 3, executions: 2000 });
  });
});

test("a result that the client could not read is refused before it is paid for", async () => {
  const { provider, emulator } = await start({}, { maxResultBytes: 40_000 });
  const backend = await provider.backend("small_device");
  const measured = Circuit.build(6, (c) => c.h(0).measureAll());
  const error = await failure(backend.sampler({ shots: 8000 }).run([[measured]]));
  expect(error).toMatchObject({ code: "IBM_LIMIT" });
  expect(error.message).toMatch(/about 56000 bytes.*reads 40000, 16000 fewer.*maxResultBytes/);
  const rows = { shape: [400, 1, 2], data: new Float64Array(800).map((_, i) => i / 100) };
  expect(await failure(backend.estimator().run([[circuit, ["ZZ", "XX"], rows]]))).toMatchObject({ code: "IBM_LIMIT" });
  expect(emulator.control.jobs()).toEqual([]);
  const job = await backend.sampler({ shots: 4000 }).run([[measured]]);
  expect((await job.result())[0]!.registers.meas!.shots).toBe(4000);
});

describe("jobs", () => {
  test("are found again: by id, by attach in the shapes of their PUBs, and in lists", async () => {
    const { provider } = await start();
    const backend = await provider.backend("small_device");
    const pubs = [
      [
        circuit,
        [["ZZ"], ["ZI"]],
        [
          [0.1, 0],
          [1.1, 0],
          [0.1, 0],
        ],
      ],
    ] as const;
    const job = await backend.estimator({ precision: 0.05 }).run(pubs as never, { tags: ["mine"] });
    const results = await job.result();
    expect(results[0]!.shape).toEqual([2, 3]);

    const attached = backend.estimator({ precision: 0.05 }).attach(job.id, pubs as never);
    expect(await attached.result()).toEqual(results);
    const found = await provider.job(job.id);
    // As they were sent: each different row once, with both observables.
    expect((await found.result())[0]!.shape).toEqual([2, 2]);

    const sampled = await backend.sampler({ shots: 20 }).run([[circuit.extend((c) => c.measureAll()), [0, 0]]]);
    await sampled.result();
    const foundSamples = (await (await provider.job(sampled.id)).result())[0]!;
    expect("registers" in foundSamples && foundSamples.registers.meas!.counts()).toEqual({ "00": 20 });

    expect((await provider.jobs()).map(({ id }) => id)).toEqual([sampled.id, job.id]);
    expect(await provider.jobs({ tags: ["mine"] })).toMatchObject([
      { id: job.id, program: "estimator", status: "done", backend: "small_device" },
    ]);
    expect(await provider.jobs({ limit: 1, program: "sampler" })).toMatchObject([{ id: sampled.id }]);
    expect(await provider.jobs({ pending: true })).toEqual([]);
    expect(() => backend.estimator().attach("a,b", pubs as never)).toThrow(/1 job\(s\), but 2 id/);
  });
});

describe("sessions", () => {
  test("close when their block ends, also by a throw, and bear their jobs", async () => {
    const { provider } = await start();
    let id = "";
    const thrown = await failure(
      (async () => {
        await using batch = await provider.batch({ backend: "small_device", maxTtlSeconds: 60 });
        id = batch.id;
        const backend = await provider.backend("small_device", { sessionId: batch.id });
        const job = await backend.estimator({ precision: 0.1 }).run([[circuit, "ZZ", [0, 0]]]);
        await job.result();
        expect(await provider.jobs({ sessionId: batch.id })).toMatchObject([{ id: job.id, sessionId: batch.id }]);
        throw new Error("in the block");
      })(),
    );
    expect(thrown.message).toBe("in the block");
    expect((await (await provider.resumeSession(id)).details()).accepting_jobs).toBe(false);
    const backend = await provider.backend("small_device", { sessionId: id });
    expect(await failure(backend.estimator().run([[circuit, "ZZ", [0, 0]]]))).toMatchObject({
      code: "IBM_SESSION_CLOSED",
    });
  });

  test("a dedicated one is refused on the open plan", async () => {
    const { provider } = await start({ plan: "open" });
    expect(await failure(provider.session({ backend: "small_device" }))).toMatchObject({
      code: "IBM_SESSION_PLAN",
      ibmCode: "1352",
    });
    expect((await provider.batch({ backend: "small_device" })).mode).toBe("batch");
  });
});

describe("options", () => {
  test.each([
    [{ lagSecond: 1 }, /no option "lagSecond"/],
    [{ lagSeconds: -1 }, /lagSeconds/],
    [{ limits: { maxTag: 3 } }, /no option "maxTag"/],
    [{ poll: { firstSeconds: 0 } }, /poll\.firstSeconds/],
    [{ checkUsage: "no" }, /checkUsage/],
    [{ maxInflatedBytes: Number.NaN }, /maxInflatedBytes/],
    [{ client: {}, retries: 1 }, /client, so token, instance, .*retries would have no effect/],
  ])("refuses %j", (options, message) => {
    const credentials = {
      token: "abcd1234",
      instance: "crn:v1:bluemix:public:quantum-computing:us-east:a/a1:i1::",
      accountFile: false,
      environment: {},
    } as const;
    expect(() => ibmProvider({ ...credentials, ...options } as never)).toThrow(
      expect.objectContaining({ code: "IBM_OPTION", message: expect.stringMatching(message) }),
    );
  });
});
