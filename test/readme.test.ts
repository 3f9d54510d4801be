import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startEmulator } from "../providers/emulator/index.ts";
import { execute, fencedPrograms, runnable } from "./support/documented-programs.ts";

const root = new URL("../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const [program = "", onHardware = ""] = fencedPrograms("README.md");

test("the shortest program has 15 lines at most", () => {
  const lines = program.split("\n").filter((line) => line.trim() !== "");
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(15);
});

test("without its first line it is told what to import", () => {
  const rest = program.slice(program.indexOf("\n") + 1);
  expect(() => execute(rest)).toThrow(/import "@tensorflow\/tfjs-backend-cpu" at the top/);
});

test("the shortest program runs, and its loss falls", () => {
  const output = execute(program);
  const losses = [...output.matchAll(/^(\d+) (\S+)$/gm)].map(([, step, loss]) => [Number(step), Number(loss)] as const);
  expect(losses.map(([step]) => step)).toEqual(Array.from({ length: 10 }, (_, i) => 20 * (i + 1)));
  expect(losses.at(-1)![1]).toBeLessThan(0.05);
  expect(losses.at(-1)![1]).toBeLessThan(losses[0]![1] / 4);
});

test("the same model runs on a quantum computer, as planned: one job a step, once", async () => {
  const emulator = await startEmulator({ devices: ["torino"], clock: "automatic" });
  const cwd = mkdtempSync(join(tmpdir(), "lepton-readme-"));
  symlinkSync(new URL("node_modules", root), join(cwd, "node_modules"));
  try {
    const { PATH = "", HOME = "" } = process.env;
    const env = {
      ...{ PATH, HOME, LEPTON_IBM_TOKEN: emulator.token, LEPTON_IBM_INSTANCE: emulator.crn },
      ...{ LEPTON_IBM_URL: emulator.url, LEPTON_IBM_IAM_URL: emulator.iamUrl },
    };
    const args = ["--input-type=module-typescript", "--eval", runnable(program + onHardware)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd, encoding: "utf8" });
    expect(stdout).toMatch(/Runs on ibm_torino: 3 steps of 4 rows in 3 epochs\./);
    expect(stdout).toMatch(
      /A step: 1 job, 1 PUB, \d+ rows, [\d,]+ executions, about \d+\.\d s of the quantum computer\./,
    );
    expect(emulator.control.counts().pubs).toEqual([1, 1, 1]);
    await promisify(execFile)(process.execPath, args, { env, cwd, encoding: "utf8" });
    expect(emulator.control.counts().jobs).toBe(3);
  } finally {
    await emulator.close();
    rmSync(cwd, { recursive: true, force: true });
  }
});

test("the two commands exist", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  for (const command of ["npm ci && npm start", "npm cit"]) expect(readme).toContain(command);
  expect(scripts.start).toBe("node src/cli/main.ts demo digits");
  expect(scripts.test).toBe("vitest run");
});
