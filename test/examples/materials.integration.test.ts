import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../../examples/materials/run.ts";
import type { DemoRow } from "../../src/cli/demo.ts";
import { execute, fencedPrograms } from "../support/documented-programs.ts";

const progress = { update: () => undefined, note: () => undefined };
const withoutTimes = (rows: readonly DemoRow[]) =>
  rows.map(({ seconds: _seconds, cpuSeconds: _cpu, joules: _joules, ...row }) => row);

test("the quick run writes its report, finds all ground states, and gives the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true };
  const out = mkdtempSync(join(tmpdir(), "lepton-materials-"));
  const result = await run({ ...options, out }, progress);
  for (const row of result.rows) {
    const isDevice = row.part?.includes("device") === true;
    if (row.role === "hybrid" && !isDevice) expect(row.value).toBeLessThan(1e-3);
    if (row.role === "hybrid" && isDevice) expect(row.quantumSeconds).toBeGreaterThan(1);
    if (row.role === "best classical") expect(row.value).toBe(0);
  }
  expect(new Set(result.rows.map(({ part }) => part)).size).toBe(4);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain("What this does not show");
  const again = await run({ ...options, out: mkdtempSync(join(tmpdir(), "lepton-materials-")) }, progress);
  expect(withoutTimes(again.rows)).toEqual(withoutTimes(result.rows));
});

test("the program of the page finds the ground state", () => {
  const folder = mkdtempSync(join(tmpdir(), "lepton-materials-"));
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
  const [program] = fencedPrograms("docs/applications/materials.md");
  const output = execute(program!, folder);
  rmSync(folder, { recursive: true, force: true });
  const [found, exact] = output.trim().split(" ").map(Number);
  expect(exact).toBeCloseTo(-7.29623, 4);
  expect(found! - exact!).toBeLessThan(1e-3);
});
