import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, isaFaults, parseQasm } from "../../../circuits/index.ts";
import { ibmProvider } from "../../../providers/ibm/index.ts";
import { loadTarget } from "../../../providers/index.ts";
import type { Io } from "../../../src/cli/io.ts";
import { runCli } from "../../../src/cli/program.ts";
import { smallDevice } from "../../support/small-device.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";
import { BELL, file, MEASURED_BELL, pathOf, ROTATION, run, runJson } from "./run.ts";

const bell = file("device-bell.qasm", BELL);
const measured = file("device-measured.qasm", MEASURED_BELL);
const rotation = file("device-rotation.qasm", ROTATION);

describe("transpile", () => {
  test("compiles for a device, and writes what its own parser and the device take", async () => {
    const out = pathOf("compiled.qasm");
    const { json, status } = await runJson(["transpile", measured, "--device", "sherbrooke", "--out", out]);
    expect(status).toBe(0);
    expect(json).toMatchObject({ device: "ibm_sherbrooke", effort: 2, seed: 0, twoQubitGates: 1, twoQubitDepth: 1 });
    expect(json.gates).toMatchObject({ ecr: 1, measure: 2 });
    expect(json.initialLayout).toHaveLength(2);
    expect(json.finalLayout).toEqual(json.initialLayout);
    expect(json.estimatedSuccess).toBeGreaterThan(0.9);
    expect(json.durationSeconds).toBeGreaterThan(1e-6);
    expect(isaFaults(parseQasm(readFileSync(out, "utf8")), loadTarget("sherbrooke"))).toEqual([]);
    const text = await run(["transpile", measured, "--device", "manila", "--effort", "0"]);
    expect(text.out).toMatch(/^device +ibmq_manila\n[\s\S]*two-qubit gates +1 in depth 1\n/);
  });

  test("keeps parameters free, or takes their values; only then is the circuit written", async () => {
    const out = pathOf("rotation.qasm");
    expect((await runJson(["transpile", rotation, "--device", "torino"])).json.twoQubitGates).toBe(1);
    expect((await runJson(["transpile", rotation, "--device", "torino", "--out", out])).json.error).toMatchObject({
      code: "TRANSPILE_UNBOUND",
      message: expect.stringContaining("theta"),
    });
    const bound = await run(["transpile", rotation, "--device", "torino", "--out", out, "--param", "theta=pi"]);
    expect(bound.status).toBe(0);
    expect(parseQasm(readFileSync(out, "utf8")).parameters).toEqual([]);
  });

  test("a wrong device and a circuit that is too wide end with exit status 2", async () => {
    const wide = file("wide.qasm", "OPENQASM 3.0;\nqubit[6] q;\nU(0.1, 0.2, 0.3) q[5];\n");
    const tooWide = await runJson(["transpile", wide, "--device", "manila"]);
    expect(tooWide.status).toBe(2);
    expect(tooWide.json.error.message).toMatch(/6 .*5/);
    const unknown = await runJson(["transpile", bell, "--device", "torin"]);
    expect([unknown.status, unknown.json.error.code]).toEqual([2, "DEVICE_UNKNOWN"]);
    expect(unknown.json.error.message).toMatch(/\(torino, .*torin\.conf\.json\. Did you mean torino\?$/);
    const folder = await runJson(["transpile", bell, "--device", "no/such/"]);
    expect(folder.json.error.message).toContain("there is no file no/such/conf.json.");
  });

  test("schedules and decouples", async () => {
    const chain = file("chain.qasm", `${BELL}barrier q;\nx q[0];\nx q[0];\nx q[0];\nx q[0];\ncx q[0], q[1];\n`);
    const { json } = await runJson(["transpile", chain, "--device", "manila", "--effort", "0", "--scheduling", "alap"]);
    expect(json.gates.delay).toBeGreaterThan(0);
    const busy = "cx q[1], q[2];\nry(0.3) q[2];\n".repeat(4);
    const idle = file("idle.qasm", `${BELL.replace("qubit[2]", "qubit[3]")}${busy}cx q[0], q[1];\n`);
    const pulses = async (...how: string[]): Promise<number> =>
      (await runJson(["transpile", idle, "--device", "manila", "--scheduling", "alap", ...how])).json.gates.x ?? 0;
    expect(await pulses("--dynamical-decoupling", "XX")).toBeGreaterThanOrEqual((await pulses()) + 2);
  });
});

test("transpile passes on the seed and fractional gates", async () => {
  const twist = file("twist.qasm", `${BELL}rz(0.4) q[1];\ncx q[0], q[1];\nh q[1];\n`);
  const { configuration, properties } = smallDevice(4, { fractional: true });
  file("fractional.conf.json", JSON.stringify(configuration));
  file("fractional.props.json", JSON.stringify(properties));
  const command = ["transpile", twist, "--device", pathOf("fractional")];
  const { json } = await runJson([...command, "--fractional", "--seed", "5"]);
  expect(json.seed).toBe(5);
  expect(json.gates.rzz).toBeGreaterThan(0);
  expect((await runJson(command)).json.gates.rzz).toBeUndefined();
});

describe("simulate with a device's noise", () => {
  test("noise lowers a correlation, the same seed gives the same counts", async () => {
    const { json } = await runJson(["simulate", bell, "--noise", "torino", "--expect", "ZZ"]);
    expect(json.method).toBe("auto");
    expect(json.expectations[0]).toBeGreaterThan(0.7);
    expect(json.expectations[0]).toBeLessThan(0.995);
    const shots = ["simulate", bell, "--noise", "torino", "--shots", "500", "--seed", "4"];
    const first = await runJson(shots);
    expect(first.json.counts).toEqual((await runJson(shots)).json.counts);
    expect(Object.keys(first.json.counts).length).toBeGreaterThan(2);
  });

  test("density matrices and trajectories agree with the state vector where there is no noise", async () => {
    for (const method of ["density-matrix", "trajectories"]) {
      const { json } = await runJson(["simulate", bell, "--method", method, "--shots", "100"]);
      expect(json.method).toBe(method);
      expect(Object.keys(json.counts).sort()).toEqual(["00", "11"]);
    }
    expect(
      (await runJson(["simulate", bell, "--method", "density-matrix", "--expect", "ZZ"])).json.expectations[0],
    ).toBeCloseTo(1, 12);
  });

  test("what cannot be is refused", async () => {
    expect((await runJson(["simulate", bell, "--noise", "torino"])).json.error.code).toBe("NO_STATEVECTOR");
    expect(
      (await runJson(["simulate", bell, "--noise", "torino", "--method", "statevector", "--shots", "1"])).json.error
        .code,
    ).toBe("USAGE");
    expect((await runJson(["simulate", bell, "--noise", "mars", "--shots", "1"])).json.error.code).toBe(
      "DEVICE_UNKNOWN",
    );
  });
});

describe("plan of a model", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test("takes epochs, steps and the size of a batch from the command line", async () => {
    const lepton = JSON.stringify(fileURLToPath(new URL("../../../src/index.ts", import.meta.url)));
    const tfjs = JSON.stringify(fileURLToPath(new URL("../../../src/tfjs.ts", import.meta.url)));
    const layers = JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs-layers"));
    const config = file(
      "model.mjs",
      `import { Circuit, input, quantumLayer, weight } from ${lepton};
import { quantum } from ${tfjs};
import layers from ${layers};
const circuit = Circuit.build(1, (c) => c.rx(input("x", 1).at(0), 0).ry(weight("w", 1).at(0), 0));
export default {
  model: () => {
    const model = layers.sequential();
    model.add(quantum(quantumLayer({ circuit, observables: ["Z"] })));
    return model;
  },
  data: () => ({ x: Array.from({ length: 10 }, (_, i) => [i / 10]), y: Array.from({ length: 10 }, () => [0]) }),
  loss: "meanSquaredError",
};\n`,
    );
    const planned = async (...options: string[]) =>
      (await runJson(["plan", config, "--provider", "device:manila", "--precision", "0.1", ...options])).json;
    expect(await planned("--epochs", "3", "--batch-size", "4")).toMatchObject({
      epochs: 3,
      steps: 9,
      batchSize: 4,
      step: { jobs: 1, pubs: 1, rows: 12, executions: 1200 },
      total: { jobs: 9, rows: 3 * 30 },
    });
    expect(await planned("--steps", "2", "--batch-size", "10")).toMatchObject({
      steps: 2,
      total: { jobs: 2, rows: 60 },
    });

    const priced = file(
      "priced.mjs",
      readFileSync(config, "utf8").replace("loss:", "price: { perSecond: 1, currency: 'EUR' }, loss:"),
    );
    const money = async (...options: string[]) =>
      (await runJson(["plan", priced, "--provider", "device:manila", ...options])).json.money;
    const own = await money();
    expect(own.currency).toBe("EUR");
    expect(await money("--price-per-second", "2")).toEqual({ amount: 2 * own.amount, currency: "EUR" });
    expect(await money("--currency", "CHF")).toEqual({ ...own, currency: "CHF" });
    expect((await planned("--price-per-second", "2")).money.currency).toBe("USD");
    expect((await planned("--currency", "CHF")).error).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--price-per-second"),
    });
    // A simulator that is no device takes no time of one.
    const noisy = await run(["plan", config, "--provider", "local"]);
    expect(noisy.out).not.toContain("quantum computer");
  });
});

describe("emulator", () => {
  test("is started as its options say", async () => {
    const stateFile = pathOf("emulator-state.jsonl");
    let out = "";
    const during = async (): Promise<void> => {
      const { url, iamUrl, token, crn: instance } = JSON.parse(out);
      const poll = { firstSeconds: 0.02, runningSeconds: 0.02 };
      const provider = ibmProvider({ url, iamUrl, token, instance, accountFile: false, environment: {}, poll });
      const backend = await provider.backend("ibmq_manila");
      const turned = Circuit.build(1, (c) => c.ry(0.7, 0));
      const job = await backend.estimator({ precision: 0.1 }).run([[turned, "Z"]]);
      expect((await job.result())[0]!.evs[0]).toBeCloseTo(Math.cos(0.7), 12);
      expect(readFileSync(stateFile, "utf8")).toContain(job.id);
      await expect(provider.session({ backend: "ibmq_manila" })).rejects.toMatchObject({ code: "IBM_SESSION_PLAN" });
      const { created, running, finished } = (await job.metrics())[0]!.timestamps!;
      const seconds = (from: unknown, to: unknown) => (Date.parse(String(to)) - Date.parse(String(from))) / 1000;
      expect(seconds(created, running)).toBeGreaterThanOrEqual(90);
      expect(seconds(running, finished)).toBeCloseTo((await job.usage()).quantumSeconds / 2, 1);
    };
    const io: Io = {
      out: (text) => {
        out += text;
      },
      err: () => {},
      interactive: false,
      width: 80,
      stdin: async () => "",
      untilStopped: during,
    };
    const options = ["--noise", "off", "--sampling", "exact", "--plan", "open", "--clock", "automatic"];
    const asked = ["emulator", "--device", "manila", "--state", stateFile, "--queue-seconds", "90", "--speed", "2"];
    expect(await runCli([...asked, ...options, "--json"], io)).toBe(0);
  });

  test("prints one line of JSON with what a client needs, and ends when it is stopped", async () => {
    const { json, err, status } = await runJson(["emulator", "--device", "manila", "--token", "my-key", "--seed", "3"]);
    expect(status).toBe(0);
    expect(json).toMatchObject({ token: "my-key", devices: ["ibmq_manila"] });
    expect(json.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/);
    expect(json.crn).toMatch(/^crn:v1:/);
    expect(err).toBe("The emulator has stopped.\n");
    await expect(fetch(`${json.url}/backends`)).rejects.toThrow();
  });

  test("prints variables for people, and refuses what is no option", async () => {
    expect((await run(["emulator", "--device", "manila"])).out).toMatch(
      /export LEPTON_IBM_TOKEN='.+'\nexport LEPTON_IBM_INSTANCE='crn:/,
    );
    expect(await run(["emulator", "--device", "saturn"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("DEVICE_UNKNOWN"),
    });
    expect(await run(["emulator", "--clock", "sundial"])).toMatchObject({ status: 2 });
    expect(await run(["emulator", "--port", "99999"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("65535"),
    });
  });
});
