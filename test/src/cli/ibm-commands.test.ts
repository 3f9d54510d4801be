import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import { ibmProvider } from "../../../providers/ibm/index.ts";
import { Circuit } from "../../../src/index.ts";
import { canariesIn } from "../../support/canary-watch.ts";
import { file, run, runJson } from "./run.ts";

const KEY = "canary-key-5e1d0a";
const CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/canaryaccount12ab:canary-instance-77c1::";
const VARIABLES = ["LEPTON_IBM_TOKEN", "LEPTON_IBM_INSTANCE", "LEPTON_IBM_URL", "LEPTON_IBM_IAM_URL"] as const;
const before = new Map(VARIABLES.map((name) => [name, process.env[name]]));

let emulator: Emulator;
const ids: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ devices: ["manila", "torino"], token: KEY, crn: CRN, clock: "automatic" });
  const values = [KEY, CRN, emulator.url, emulator.iamUrl];
  for (const [i, name] of VARIABLES.entries()) process.env[name] = values[i];
  const backend = await ibmProvider({ poll: { firstSeconds: 0.02, runningSeconds: 0.02 } }).backend("ibmq_manila");
  const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
  const values_ = await backend.estimator({ precision: 0.1 }).run([[bell, ["ZZ", "XX"]]], { tags: ["bell"] });
  const bits = await backend.sampler({ shots: 50 }).run([[bell.extend((c) => c.measureAll())]]);
  ids.push(values_.id, bits.id);
  await Promise.all([values_.result(), bits.result()]);
});
afterAll(async () => {
  for (const [name, value] of before)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  await emulator.close();
});

describe("commands about IBM Quantum, through the emulator", () => {
  test("backends are listed, filtered", async () => {
    const { json } = await runJson(["backends"]);
    expect(json.backends.map(({ name, numQubits }: { name: string; numQubits: number }) => [name, numQubits])).toEqual([
      ["ibmq_manila", 5],
      ["ibm_torino", 133],
    ]);
    const text = await run(["backends", "--min-qubits", "100", "--online"]);
    expect(text.out).toMatch(/^backend .*\nibm_torino +online +133 +Heron r1/);
    expect(text.out).not.toContain("manila");
  });

  test("what is waited for is told, on standard error", async () => {
    emulator.control.faults.add({ path: "/backends", status: 503, times: 1 });
    const { json, err } = await runJson(["backends"]);
    expect(json.backends).toHaveLength(2);
    expect(err).toMatch(/503.* Trying again in 1 s\.\n/);
  });

  test("jobs are listed, shown, read and cancelled", async () => {
    const { json } = await runJson(["jobs", "list", "--tag", "bell"]);
    expect(json.jobs.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([[ids[0], "done"]]);
    expect((await run(["jobs", "list"])).out).toContain(ids[1]);
    expect(await run(["jobs", "list", "--pending"])).toMatchObject({ status: 0, out: "None.\n" });
    expect((await runJson(["jobs", "list", "--limit", "1"])).json.jobs).toHaveLength(1);
    expect((await run(["jobs", "list", "--backend", "ibm_torino"])).out).toBe("None.\n");

    const shown = await runJson(["jobs", "show", ids[0]!]);
    expect(shown.json).toMatchObject({ id: ids[0], status: "done", chargeIsFinal: true });
    expect(shown.json.quantumSeconds).toBeGreaterThan(2);

    const values = await runJson(["jobs", "result", ids[0]!]);
    expect(values.json.pubs[0].evs).toHaveLength(2);
    for (const value of values.json.pubs[0].evs) expect(value).toBeGreaterThan(0.5);
    const bits = await runJson(["jobs", "result", ids[1]!]);
    const counts: Record<string, number> = bits.json.pubs[0].counts.meas;
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(50);

    const cancelled = await runJson(["jobs", "cancel", ids[1]!]);
    expect(cancelled.json).toEqual({ id: ids[1], status: "done" });
  });

  test("nothing that the service tells of a job is obeyed by a terminal, nor shows the instance", async () => {
    const provider = ibmProvider({ poll: { firstSeconds: 0.02, runningSeconds: 0.02 } });
    const backend = await provider.backend("ibmq_manila");
    const reason = `\u001b]0;title\u0007 \u009b2J at line 7\nof ${CRN} \u001b[31m`;
    emulator.control.nextJobs([{ status: "Failed", reason, solution: "\u001b[2K look", reasonCode: 5203 }]);
    const { id } = await backend.estimator({ precision: 0.1 }).run([[Circuit.build(1, (c) => c.x(0)), "Z"]]);
    const error = await (await provider.job(id)).result().catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: "JOB_FAILED", reason: "]0;title 2J at line 7\nof [hidden] [31m" });
    const shown = [(error as Error).message];
    for (const command of ["show", "result"])
      for (const how of [[], ["--json"], ...(command === "show" ? [["--logs"], ["--logs", "--json"]] : [])]) {
        const { out, err } = await run(["jobs", command, id, ...how]);
        shown.push(out, err);
      }
    expect(shown.filter((text) => text.includes("at line 7")).length).toBeGreaterThan(5);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    for (const text of shown) expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|canaryaccount/);
  });

  test("what is asked wrongly is told with what to do", async () => {
    expect(await run(["jobs"])).toMatchObject({ status: 2, err: expect.stringContaining("list, show ID, result ID") });
    expect(await run(["jobs", "show", "none"])).toMatchObject({ status: 1, err: expect.stringContaining("JOB_") });
    const config = file("vqe.mjs", "export default {}");
    expect(await run(["plan", config])).toMatchObject({ status: 2, err: expect.stringContaining("CONFIG_FILE") });
    expect(await run(["plan", config, "--provider", "moon"])).toMatchObject({ status: 2 });
    const broken = file("broken.mjs", "\nthrow new Error('no data')");
    expect((await run(["plan", broken])).err).toMatch(/CONFIG_FILE .*cannot be loaded: no data \(line 2\)/);
    const model = file("model-fails.mjs", "export default {\nmodel() { throw new Error('no backend') }, data: {} }");
    expect(await run(["plan", model])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/CONFIG_FILE The model of .*cannot be made: no backend \(line 2\)/),
    });
    const endless = file("endless.mjs", "export default { model: {}, data: {}, epochs: 0 }");
    expect(await run(["plan", endless])).toMatchObject({ status: 2, err: expect.stringContaining("TRAINING_LENGTH") });
  });

  test("account tells where the key is from and what is used, not the key", async () => {
    const { json, out } = await runJson(["account"]);
    expect(json).toMatchObject({ credentials: "LEPTON_IBM_TOKEN", region: "us-east", limitSeconds: null });
    expect(json.consumedSeconds).toBeGreaterThan(4);
    expect(canariesIn(out)).toEqual([]);
    // CRNs are what is asked for here.
    expect((await runJson(["account", "--instances"])).json.instances[0].crn).toBe(CRN);
  });

  test("a plan asks the backend, and sends nothing", async () => {
    const lepton = JSON.stringify(fileURLToPath(new URL("../../../src/index.ts", import.meta.url)));
    const config = file(
      "problem.mjs",
      `import { adam, Circuit, SparsePauliOp, weight } from ${lepton};
const w = weight("w", 2);
export default {
  circuit: Circuit.build(2, (c) => c.ry(w.at(0), 0).cx(0, 1).ry(w.at(1), 1)),
  observable: SparsePauliOp.parse("ZZ + 0.5*XI"),
  optimizer: adam(),
  steps: 10,
};\n`,
    );
    const jobs = emulator.control.jobs().length;
    const { json } = await runJson(["plan", config, "--provider", "ibm:ibmq_manila", "--price-per-second", "1.5"]);
    expect(json).toMatchObject({ provider: "ibmq_manila", device: "ibmq_manila", steps: 10 });
    // A step is the value and two shifts of each weight; the value at the end is one more job.
    expect(json.step).toMatchObject({ jobs: 1, pubs: 1, rows: 5 });
    expect(json.total).toMatchObject({ jobs: 11, rows: 51 });
    expect(json.money.amount).toBeCloseTo(1.5 * json.total.quantumSeconds, 9);
    const asked = ["--precision", "0.1", "--steps", "3"];
    const rough = (await runJson(["plan", config, "--provider", "ibm:ibmq_manila", ...asked])).json;
    // ZZ and XI are measured in two settings of 100 shots.
    expect(rough).toMatchObject({ steps: 3, step: { executions: 5 * 2 * 100 }, total: { jobs: 4 }, money: null });
    expect(emulator.control.jobs()).toHaveLength(jobs);
    const near = await run(["plan", config, "--provider", "ibm:ibm_manila"]);
    expect(near).toMatchObject({ status: 2, err: expect.stringContaining("Did you mean ibmq_manila") });
    const snapshot = await run(["plan", config, "--provider", "device:torino"]);
    expect(snapshot.out).toMatch(/circuits compiled for ibm_torino[\s\S]*A step: 1 job, 1 PUB, 5 rows/);
  });

  test("no command that fails or succeeds shows the key, a token or the instance, nor the report of the main job", async () => {
    const out = mkdtempSync(join(tmpdir(), "lepton-secrets-"));
    const texts: string[] = [];
    const collect = async (argv: readonly string[]): Promise<void> => {
      const ran = await run(argv);
      texts.push(ran.out, ran.err);
    };
    await collect(["demo", "digits", "--steps", "2", "--quick", "--hardware", "ibm", "--out", out]);
    expect(texts.join("")).toMatch(/the same on ibm(q_manila|_torino)/);
    // A job that fails costs the demo its rows, not its report.
    emulator.control.nextJobs([{ status: "Failed", reason: "out of order", reasonCode: 5203 }]);
    await collect(["demo", "digits", "--steps", "2", "--quick", "--hardware", "ibm", "--out", join(out, "failed")]);
    expect(texts.at(-1)).toMatch(/The part on ibm.* failed; the report of the training is in [\s\S]*JOB_FAILED/);
    expect(readdirSync(join(out, "failed"))).toContain("index.html");
    emulator.control.expireTokens();
    await collect(["jobs", "list", "--json"]);
    for (const status of [400, 404, 401]) {
      emulator.control.faults.add({ path: "/jobs*", status, times: 30 });
      await collect(["jobs", "show", "gone"]);
      await collect(["jobs", "show", "gone", "--json"]);
      emulator.control.faults.clear();
    }
    process.env.LEPTON_IBM_TOKEN = `${KEY}-wrong`;
    await collect(["backends"]);
    process.env.LEPTON_IBM_TOKEN = KEY;
    process.env.LEPTON_IBM_INSTANCE = "my-canary-instance-name";
    await collect(["backends", "--json"]);
    process.env.LEPTON_IBM_INSTANCE = CRN.replace("12ab", "34cd");
    await collect(["backends"]);
    process.env.LEPTON_IBM_INSTANCE = CRN;
    const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
    for (const name of files) texts.push(readFileSync(join(out, name), "latin1"));
    expect(files).toContain("isa.qasm");
    expect(canariesIn(texts.join("\n"))).toEqual([]);
  });
});

test("without credentials the message names the variables and where to get a key", async () => {
  const saved = new Map(VARIABLES.map((name) => [name, process.env[name]]));
  const home = process.env.HOME;
  process.env.HOME = mkdtempSync(join(tmpdir(), "lepton-home-"));
  for (const name of VARIABLES) delete process.env[name];
  try {
    const ran = await run(["backends"]);
    expect(ran.status).toBe(2);
    expect(ran.err).toMatch(/IBM_TOKEN_MISSING .*https:\/\/quantum\.cloud\.ibm\.com .*LEPTON_IBM_TOKEN/);
  } finally {
    process.env.HOME = home;
    for (const [name, value] of saved) if (value !== undefined) process.env[name] = value;
  }
});
