import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Target } from "../../../circuits/index.ts";
import { DEVICE_NAMES, loadDevice, loadTarget } from "../../../providers/devices/index.ts";
import { packDevice, unpackDevice } from "../../../providers/devices/snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "devices-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("shipped devices", () => {
  test.each([
    ["torino", 133, "cz", 278],
    ["sherbrooke", 127, "ecr", 135],
    ["manila", 5, "cx", 8],
  ] as const)("%s has %i qubits joined by %s, dead edges left out", (name, numQubits, entangler, edges) => {
    const target = loadTarget(name);
    expect(target.numQubits).toBe(numQubits);
    expect(target.entangler).toBe(entangler);
    expect(target.edges).toHaveLength(edges);
    for (const pair of target.edges) expect(target.instruction(entangler, pair)!.error).toBeLessThan(1);
  });

  test("times are in seconds and readout is by prepared state", () => {
    const target = loadTarget("torino");
    expect(target.qubits[0]!.t1).toBeCloseTo(224.0872756806737e-6, 12);
    expect(target.qubits[0]!.probMeas0Prep1).toBe(0.1650390625);
    expect(target.qubits[0]!.probMeas1Prep0).toBe(0.16845703125);
    expect(target.repDelaySeconds).toBeCloseTo(250e-6, 12);
    expect(target.dtSeconds).toBeCloseTo(4e-9, 20);
    expect(target.instruction("rz", [0])).toEqual({ error: 0, durationSeconds: 0 });
  });

  test("IBM's names are known, and near ones are suggested", () => {
    expect(loadTarget("ibm_torino").hash).toBe(loadTarget("torino").hash);
    expect(() => loadTarget("torini")).toThrow(/Did you mean torino\?$/);
    expect(() => loadTarget("constructor")).toThrow(expect.objectContaining({ code: "DEVICE_UNKNOWN" }));
    expect(() => loadTarget(undefined as never)).toThrow(expect.objectContaining({ code: "DEVICE_UNKNOWN" }));
  });

  test.each(DEVICE_NAMES)("%s is read the same from files in IBM's form, by prefix and by folder", (name) => {
    const { configuration, properties } = loadDevice(name);
    const write = (file: string, json: unknown) => writeFileSync(join(folder, file), JSON.stringify(json));
    write(`${name}.conf.json`, configuration);
    write(`${name}.props.json`, properties);
    write("conf.json", configuration);
    write("props.json", properties);
    const { hash } = loadTarget(name);
    expect(loadTarget(join(folder, name)).hash).toBe(hash);
    expect(loadTarget(folder).hash).toBe(hash);
    expect(unpackDevice(packDevice({ configuration, properties }, "test", "none"))).toEqual({
      configuration,
      properties,
    });
  });

  test("a file that is no JSON is refused by name", () => {
    writeFileSync(join(folder, "broken.conf.json"), "{");
    expect(() => loadDevice(join(folder, "broken"))).toThrow(expect.objectContaining({ code: "DEVICE_FILE" }));
  });
});

describe("Target", () => {
  const configuration = {
    backend_name: "three",
    n_qubits: 3,
    basis_gates: ["cz", "rz", "sx", "x", "rx", "rzz", "xslow"],
    coupling_map: [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 1],
    ] as [number, number][],
  };
  const gate = (name: string, qubits: number[], error: number) => ({
    gate: name,
    qubits,
    parameters: [{ name: "gate_error", value: error, unit: "" }],
  });

  test("an edge of error 1, of NaN, and a qubit out of order are absent", () => {
    const properties = {
      qubits: [[], [], [{ name: "operational", value: 0 }]],
      gates: [gate("cz", [0, 1], 1), gate("cz", [1, 0], Number.NaN)],
    };
    const target = Target.fromIbm(configuration, properties);
    expect(target.edges).toEqual([]);
    expect(target.isLive("sx", [2])).toBe(false);
    expect(target.isLive("sx", [1])).toBe(true);
    expect(target.distance(0, 1)).toBe(-1);
  });

  test("fractional gates are there when asked for, and unknown gates are no obstacle", () => {
    expect(Target.fromIbm(configuration).basisGates).toEqual(["cz", "rz", "sx", "x", "xslow"]);
    expect(Target.fromIbm(configuration, undefined, { fractionalGates: true }).isLive("rzz", [0, 1])).toBe(true);
    expect(Target.fromIbm(configuration).isLive("rzz", [0, 1])).toBe(false);
  });

  test("an option that there is not is refused by name", () => {
    expect(() => loadTarget("manila", { fractional: true } as object)).toThrow(
      expect.objectContaining({ code: "TARGET_CONFIGURATION", message: expect.stringContaining("fractional") }),
    );
  });

  test("distances follow working edges", () => {
    const target = Target.fromEdges(4, [
      [0, 1],
      [1, 2],
    ]);
    expect(target.distance(0, 2)).toBe(2);
    expect(target.distance(0, 3)).toBe(-1);
    expect(target.neighbours[1]).toEqual([0, 2]);
  });

  test.each([
    [{ ...configuration, n_qubits: 0 }, "n_qubits"],
    [{ ...configuration, coupling_map: [[0, 9]] as [number, number][] }, "coupling_map"],
    [{ ...configuration, basis_gates: "cz" as unknown as string[] }, "basis_gates"],
  ])("a configuration without what is needed is refused by field", (bad, field) => {
    expect(() => Target.fromIbm(bad)).toThrow(
      expect.objectContaining({ code: "TARGET_CONFIGURATION", message: expect.stringContaining(field) }),
    );
  });

  test("the hash changes with the calibration", () => {
    const properties = (date: string) => ({ qubits: [], gates: [], last_update_date: date });
    const hash = (date: string) => Target.fromIbm(configuration, properties(date)).hash;
    expect(hash("2026-01-01")).not.toBe(hash("2026-01-02"));
    expect(hash("2026-01-01")).toBe(hash("2026-01-01"));
  });
});
