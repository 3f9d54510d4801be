import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-training-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [schedules, shots, precision, layerwise, model, trainability] = fencedPrograms("docs/training.md");
/** Of the transverse-field Ising chains of the page. */
const GROUND = { chain4h1: -4.758_770_483_143_63 };
const linesOf = (program: string): readonly string[] => execute(program, folder).trim().split("\n");

test("schedules", () => {
  const found = Object.fromEntries(linesOf(schedules!).map((line) => line.split(" ")));
  expect(Object.keys(found)).toEqual(["constant", "cosine", "restarts", "plateau"]);
  for (const value of Object.values(found)) expect(Number(value)).toBeLessThan(-4);
});

test("shots", () => {
  const lines = linesOf(shots!);
  for (const [i, allocate] of ["even", "variance"].entries()) {
    const [name, value, , stderr, executions] = lines[i]!.split(" ");
    expect(name).toBe(allocate);
    expect(Math.abs(Number(value) + 1.857)).toBeLessThan(0.06 + 4 * Number(stderr));
    expect(Number(executions)).toBeLessThanOrEqual(61 * 2000);
  }
  expect(lines.at(-1)).toMatch(/^In all: 61 jobs/);
});

test("precision and the noise floor", () => {
  const lines = linesOf(precision!);
  expect(lines.some((line) => line.startsWith("In all, at most: 301 jobs"))).toBe(true);
  const [ended, steps] = lines.at(-2)!.split(" ");
  expect(ended).toBe("noise-floor");
  expect(Number(steps)).toBeLessThan(300);
  expect(Number(/grew (\d+) fold/.exec(lines.at(-1)!)![1])).toBeGreaterThan(1);
});

test("layer by layer", () => {
  const lines = linesOf(layerwise!).map((line) => line.split(" "));
  expect(lines.map(([name]) => name)).toEqual(["layer-1", "layer-2", "layer-3", "all", "all"]);
  const values = lines.map(([, value]) => Number(value));
  expect(values[3]).toBeLessThan(values[0]!);
  expect(values[4]).toBeGreaterThan(GROUND.chain4h1 - 1e-3);
  expect(values[4]).toBeLessThan(GROUND.chain4h1 + 0.1);
});

test("a model layer by layer", () => {
  const lines = linesOf(model!);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["layer-1", "layer-2", "all", "12"]);
  const losses = lines.slice(0, 3).map((line) => Number(line.split(" ")[1]));
  expect(losses[2]).toBeLessThan(losses[0]!);
});

test("the report of trainability is the one of the page", async () => {
  const { readFileSync } = await import("node:fs");
  const page = readFileSync(new URL("../docs/training.md", import.meta.url), "utf8");
  expect(page).toContain(`\`\`\`\n${execute(trainability!, folder).trim()}\n\`\`\``);
});
