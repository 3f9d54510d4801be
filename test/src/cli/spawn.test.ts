import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
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

test("standard input may come late, and a reader may leave early", async () => {
  const late = spawn(process.execPath, [main, "qasm", "-"], { stdio: ["pipe", "pipe", "inherit"] });
  const printed = text(late.stdout);
  await new Promise((resolve) => setTimeout(resolve, 400));
  late.stdin.end(BELL);
  expect(await printed).toContain("cx q[0], q[1];");

  const many = file("many.qasm", 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[14] q;\nh q;\n');
  const early = spawn(process.execPath, [main, "simulate", many, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const complaints = text(early.stderr);
  early.stdout.once("data", () => early.stdout.destroy());
  const [status] = await once(early, "exit");
  expect([status, await complaints]).toEqual([0, ""]);
});

test("bad input ends with status 2, the position and no stack", () => {
  const path = file("broken.qasm", "OPENQASM 3.0;\nqubit q\n");
  const { status, stdout, stderr } = lepton("qasm", path);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(new RegExp(`^${path}:\\d+:\\d+: [A-Z0-9_]+ `));
  expect(stderr).not.toContain("    at ");
});

test("in a checkout a run's file that imports lepton is given the sources that run it", () => {
  const config = file(
    "own.ts",
    `import { adam, realAmplitudes, SparsePauliOp } from "lepton";
export default {
  circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("ZZ"),
  optimizer: adam(),
  steps: 1,
};`,
  );
  const { status, stderr } = lepton("train", config, "--run", "a", "--store", ":memory:");
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^a: 100 %, value .*\n$/) });
});

test.each(["await new Promise(() => {});", "export default () => new Promise(() => {});"])(
  "a file that waits for ever is refused: %s",
  (content) => {
    const { status, stderr } = lepton("train", file("forever.mjs", content), "--store", ":memory:");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^lepton: CONFIG_FILE .*forever\.mjs waits for something that never comes, .*\n$/);
  },
);
