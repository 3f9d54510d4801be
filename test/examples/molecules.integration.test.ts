import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CURVE_METRIC } from "../../examples/molecules/curve.ts";
import { run } from "../../examples/molecules/run.ts";
import type { DemoRow } from "../../src/cli/demo.ts";
import { execute, fencedPrograms } from "../support/documented-programs.ts";

const SOLUBILITY_METRIC = "test RMSE (log mol/l)";
const progress = { update: () => undefined, note: () => undefined };
const withoutTimes = (rows: readonly DemoRow[]) =>
  rows.map(({ seconds: _seconds, cpuSeconds: _cpu, joules: _joules, ...row }) => row);

test("the quick run writes its report, finds all curves, and gives the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true };
  const out = mkdtempSync(join(tmpdir(), "lepton-molecules-"));
  const result = await run({ ...options, out }, progress);
  for (const row of result.rows) {
    const isDevice = row.part?.includes("device") === true;
    if (row.role === "hybrid" && row.metric === CURVE_METRIC) expect(row.value).toBeLessThan(1.6e-3);
    if (row.role === "hybrid" && isDevice) expect(row.quantumSeconds).toBeGreaterThan(1);
    if (row.role === "best classical" && row.metric !== SOLUBILITY_METRIC) expect(row.value).toBeLessThan(1e-9);
  }
  const solubility = result.rows.filter(({ metric }) => metric === SOLUBILITY_METRIC);
  expect(solubility).toHaveLength(5);
  for (const { value, also } of solubility) {
    // Better than telling every molecule the mean, which is off by 2.
    expect(value).toBeLessThan(1.8);
    expect(also![0]!.value).toBeGreaterThan(0.2);
  }
  const [full, small] = result.rows.filter(({ part, role }) => part?.includes("device") && role === "hybrid");
  expect(small!.value).toBeLessThan(full!.value / 3);
  const page = readFileSync(join(out, "index.html"), "utf8");
  expect(page).toContain("What this does not show");
  const again = await run({ ...options, out: mkdtempSync(join(tmpdir(), "lepton-molecules-")) }, progress);
  expect(withoutTimes(again.rows)).toEqual(withoutTimes(result.rows));
});

test("the program of the page finds the exact energy", () => {
  const folder = mkdtempSync(join(tmpdir(), "lepton-molecules-"));
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
  const [program] = fencedPrograms("docs/applications/molecules.md");
  const output = execute(program!, folder);
  rmSync(folder, { recursive: true, force: true });
  const [found, exact] = output.trim().split(" ").map(Number);
  expect(exact).toBeCloseTo(-1.137306, 6);
  expect(found).toBeCloseTo(exact!, 8);
});
