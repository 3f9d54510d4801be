import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { BELL, file } from "./run.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const lepton = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: "utf8" });

test("a process ends with status 0 and one JSON object", () => {
  const { status, stdout, stderr } = lepton("simulate", file("bell.qasm", BELL), "--expect", "ZZ", "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout).expectations[0]).toBeCloseTo(1, 12);
});

test("bad input ends with status 2, the position and no stack", () => {
  const path = file("broken.qasm", "OPENQASM 3.0;\nqubit q\n");
  const { status, stdout, stderr } = lepton("qasm", path);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(new RegExp(`^${path}:\\d+:\\d+: [A-Z0-9_]+ `));
  expect(stderr).not.toContain("    at ");
});
