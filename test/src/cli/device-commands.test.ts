import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isaFaults, parseQasm } from "../../../circuits/index.ts";
import { loadTarget } from "../../../providers/index.ts";
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
  });
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

describe("emulator", () => {
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
